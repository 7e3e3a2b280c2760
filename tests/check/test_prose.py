"""What ``voiceguide check`` says about the sentences of a routine: those that it refuses, and the near misses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.check import prose
from voiceguide.errors import SourceError
from voiceguide.files.source import parse
from voiceguide.language.claims import Claims
from voiceguide.language.language import known_languages, load_language
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load, schema

TEXT = """\
language: {language}
about: A minute for the feet.
sources: {{leaflet: A leaflet}}
parts:
  - id: feet
    name: feet
    steps:
      - id: feet-1
        say: [{step}]
        source: leaflet
why:
  - say: ["Many parents enjoy this time."]
    source: leaflet
signs:
  stress:
    hiccoughs: {{name: hiccoughs, say: ["Hold your baby upright."], source: leaflet}}
    crying:
      name: crying
      reasons: {{}}
      say: ["Hold your baby close."]
      source: leaflet
"""


def said(*step: str, language: str = "en", text: str = TEXT) -> list[str]:
    """What is found in a routine whose step has these sentences, from the line on."""
    sentences = ", ".join(f'"{sentence}"' for sentence in step)
    content = text.format(step=sentences, language=language).encode()
    return [str(error).removeprefix("r.yaml:") for error in prose.errors(parse(content, "r.yaml", {}))]


def of(kind: str, sentence: str, language: str = "en") -> bool:
    return kind in dict(load_language(language).claims.found(sentence))


def words(count: int) -> str:
    return " ".join([*["softly"] * (count - 1), "down."])


# Sentences that are too long


def test_a_sentence_of_twenty_one_words_is_too_long_by_ear() -> None:
    assert said(words(21)) == [
        "9:15: this sentence has 21 words; by ear, nobody follows more than 20; make two sentences of it"
    ]


def test_a_sentence_of_twenty_words_is_not() -> None:
    assert said(words(20)) == []


def test_a_dash_is_no_word() -> None:
    assert said(words(20).replace("softly ", "softly – ", 1)) == []


def test_a_sentence_that_the_routines_own_rules_refuse_is_reported_once() -> None:
    assert said(words(31)) == []


def test_an_answer_to_a_question_is_heard_as_well() -> None:
    text = TEXT.replace("        source: leaflet\nwhy", f"        answers: {{{{side: {words(21)}}}}}\nwhy")
    (found,) = said("Rest your hands.", text=text)
    assert found.startswith("10:25: this sentence has 21 words")


# Neighbours that sound like a repeat


def test_two_neighbours_that_differ_in_one_word_sound_like_a_repeat() -> None:
    assert said("Stroke the left leg four times.", "Stroke the right leg four times.") == [
        "9:50: this has nearly the same words as the sentence before it, so it sounds like a repeat; "
        "say only what is new, or make one sentence of both"
    ]


@pytest.mark.parametrize(
    "step",
    [
        ("Stroke each leg four times.",),
        ("Go up your baby's right side.", "Come down your baby's left side."),
        ("Stroke the leg four times.", "Let your shoulders drop.", "Stroke the leg four times."),
        ("Rest.", "Breathe."),
    ],
)
def test_neighbours_with_words_of_their_own_are_fine(step: tuple[str, ...]) -> None:
    assert said(*step) == []


def test_the_end_of_one_passage_and_the_beginning_of_the_next_are_no_neighbours() -> None:
    text = TEXT.replace('["Many parents enjoy this time."]', '["Rest your hands."]')
    assert said("Rest your hands.", text=text) == []


@given(
    st.lists(st.sampled_from("rest your warm hands on both small feet and be still".split()), min_size=1), st.data()
)
def test_the_same_words_are_alike_in_any_order_and_writing(sentence: list[str], data: st.DataObject) -> None:
    other = data.draw(st.permutations(sentence))
    assert prose.in_common(" ".join(sentence).capitalize() + ".", ", ".join(other).upper() + "!") == 1


@given(st.text(), st.text())
def test_what_two_sentences_share_does_not_depend_on_their_order(one: str, other: str) -> None:
    assert 0 <= prose.in_common(one, other) == prose.in_common(other, one) <= 1


# Sources


def test_words_about_crying_without_a_source_are_reported() -> None:
    assert said("Rest.", text=TEXT[: TEXT.rindex("      source")]) == [
        "20:7: these words about care name no source; add `source:` with a key of `sources`"
    ]


@pytest.mark.parametrize(
    "place",
    [
        ("preparation", 0),
        ("parts", 0, "steps", 0),
        ("closing", 0),
        ("why", 0),
        ("signs", "comfort", "focusing"),
        ("signs", "stress", "hiccoughs"),
        ("signs", "stress", "crying"),
        ("signs", "stress", "crying", "reasons", "pain"),
        ("mixed",),
        ("danger",),
        ("care", "unwell"),
        ("care", "distress"),
    ],
    ids=lambda place: " ".join(map(str, place)),
)
def test_no_passage_about_care_goes_without_a_source(place: tuple[str | int, ...], tmp_path: Path) -> None:
    routine = yaml.safe_load(next(p for p in all_routines() if p.stem == "infant-massage").read_text("utf-8"))
    passage = routine
    for name in place:
        passage = passage[name]
    del passage["source"]
    path = tmp_path / "infant-massage.yaml"
    path.write_text(yaml.safe_dump(routine, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
    with pytest.raises(SourceError) as found:
        load(path, prose.errors)
    (error,) = found.value.errors
    assert "source" in error.what


# Promises


PROMISES = {
    "en": [
        "This will cure colic.",
        "It guarantees a quiet night.",
        "A warm hand always calms.",
        "These strokes are proven to help with wind.",
        "This makes your baby sleep.",
        "I promise you a calm evening.",
        "Your baby will sleep, and you will too.",
        "Don't worry, this relieves gas.",
        "There is no hurry, and massage cures colic.",
        "Your hands will soothe your baby.",
        "It improves your baby's digestion.",
        "It can't hurt.",
        "Massage can cure colic.",
        "Here is a stroke to relieve wind.",
        "Massage helps with colic.",
        "It’s completely safe.",
    ],
    "es": [
        "Esto cura el cólico.",
        "El masaje puede curar el cólico.",
        "El masaje garantiza una noche tranquila.",
        "Siempre calma.",
        "Está demostrado que ayuda.",
        "Esto hace dormir a tu bebé.",
        "No hay prisa, y esto alivia los gases.",
    ],
    "fr": [
        "Cela guérit la colique.",
        "Le massage peut guérir la colique.",
        "Le massage garantit une nuit calme.",
        "Cela apaise toujours.",
        "C'est prouvé, il est prouvé que cela aide.",
        "Ce geste fait dormir votre bébé.",
        "Rien ne presse, et cela soulage les coliques.",
    ],
}
NO_PROMISES = {
    "en": [
        "The article says that massage may help with colic; nobody can promise it.",
        "Studies have found no strong support, so I promise none.",
        "This gives them easy movement, and promises nothing more.",
        "Nobody says that a massage will cure colic.",
        "Nothing is proven to help.",
        "Nothing can cure colic.",
        "Massage doesn't cure anything.",
        "Wait until the cord has healed.",
        "Always keep one hand on your baby.",
        "Never wake a sleeping baby.",
        "Put your baby to sleep on the back.",
        "If your baby goes to sleep, let the massage end.",
    ],
    "es": [
        "El artículo dice que puede ayudar a tu bebé a dormir; nadie puede prometerlo.",
        "No prometo ninguno.",
        "Esto no cura el cólico.",
        "Ten siempre una mano sobre tu bebé.",
    ],
    "fr": [
        "L'article dit que cela peut aider votre bébé à dormir ; personne ne peut le promettre.",
        "Je n'en promets aucun.",
        "Rien ne garantit une nuit calme.",
        "Gardez toujours une main sur votre bébé.",
    ],
}
DIAGNOSES = {
    "en": [
        "Your baby has colic.",
        "This is reflux.",
        "It's an infection.",
        "It’s only wind.",
        "Your baby is teething, so be gentle.",
        "That's nothing to worry about.",
        "If the crying stops, it was hunger, and it's colic.",
    ],
    "es": ["Tu bebé tiene cólicos.", "Esto es reflujo.", "Es una infección.", "No es nada grave."],
    "fr": ["Votre bébé a une colique.", "C'est un reflux.", "C'est une infection.", "Ce n'est rien."],
}
NO_DIAGNOSES = {
    "en": [
        "If your baby has colic, hold your baby upright.",
        "A doctor can say whether it's an infection.",
        "It's not an infection that you can see.",
        "This may mean that your baby has a fever.",
        "Could it be colic?",
        "Your baby has had enough for now.",
        "Welcome to a massage for a baby with a windy tummy.",
        "With a fever, see a doctor.",
    ],
    "es": ["Si tu bebé tiene fiebre, ve al médico.", "¿Es un cólico?", "No es una infección que se vea."],
    "fr": ["Si votre bébé a de la fièvre, voyez un médecin.", "Est-ce une colique ?", "S'il a une otite, attendez."],
}


def each(sentences: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, sentence) for language, of_it in sentences.items() for sentence in of_it]


def test_a_promise_is_reported_where_it_stands_with_what_to_write() -> None:
    assert said("Rest your hands.", "This will cure colic.") == [
        "9:35: `will cure` promises what nobody can promise; say what parents may enjoy, or what a source has found, "
        "and that nobody can promise it"
    ]


def test_a_diagnosis_is_reported_where_it_stands_with_what_to_write() -> None:
    assert said("This is reflux.") == [
        "9:15: `this is reflux` is a diagnosis, and the guide cannot see the baby; say what a parent can notice, "
        "and when to ask a doctor"
    ]


def test_what_is_shown_promises_no_more_than_what_is_said() -> None:
    (found,) = said("Rest.", text=TEXT.replace("A minute for the feet.", "A massage that cures colic."))
    assert found.startswith("2:8: `cures colic` promises")


@pytest.mark.parametrize(("language", "sentence"), each(PROMISES))
def test_promises(language: str, sentence: str) -> None:
    assert of("promise", sentence, language)


@pytest.mark.parametrize(("language", "sentence"), each(NO_PROMISES))
def test_no_promises(language: str, sentence: str) -> None:
    assert not of("promise", sentence, language)


@pytest.mark.parametrize(("language", "sentence"), each(DIAGNOSES))
def test_diagnoses(language: str, sentence: str) -> None:
    assert of("diagnosis", sentence, language)


@pytest.mark.parametrize(("language", "sentence"), each(NO_DIAGNOSES))
def test_no_diagnoses(language: str, sentence: str) -> None:
    assert not of("diagnosis", sentence, language)


CLAIMS = Claims({"promise": ("will (cure|fix) it",)}, denies=frozenset({"nobody", "none"}), joins=frozenset({"and"}))
WORDS = st.lists(st.sampled_from(["warm", "hands", "nobody", "none", "and", "will", "cure"]), max_size=5)


@given(WORDS)
def test_a_claim_that_begins_its_clause_is_one_whatever_stood_before_the_comma(before: list[str]) -> None:
    found = dict(CLAIMS.found(f"{' '.join(before)}, will cure it now."))
    assert found == {"promise": "will cure it"}


@given(WORDS)
def test_a_denial_in_the_same_clause_makes_it_none(between: list[str]) -> None:
    between = [word for word in between if word != "and"]
    assert dict(CLAIMS.found(f"Nobody {' '.join(between)} will cure it.")) == {}


@given(st.text())
def test_any_text_at_all_can_be_looked_at(text: str) -> None:
    assert [kind for kind, _ in CLAIMS.found(text)] in ([], ["promise"])


DOCUMENTED = re.compile(r'^\| ("[^|]+) \| "([^|]+)" \|$', re.MULTILINE)


def test_the_examples_in_the_documentation_are_what_they_say() -> None:
    page = (Path(__file__).parents[2] / "docs/writing-a-routine.md").read_text("utf-8")
    rows = DOCUMENTED.findall(page)
    assert len(rows) == 4
    for refused, good in rows:
        assert all(said(sentence) for sentence in re.findall(r'"([^"]+)"', refused))
        assert said(good) == []


# What comes with the guide


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_the_routines_in_the_box_are_good(path: Path) -> None:
    document = parse(path.read_bytes(), path.name, schema())
    assert list(prose.errors(document)) == []


@pytest.mark.parametrize("code", known_languages())
def test_the_guide_itself_claims_nothing_in_any_language(code: str) -> None:
    language = load_language(code)
    assert language.claims.templates["promise"] and language.claims.templates["diagnosis"]
    said = [sentence for prompt in language.prompts.values() for sentence in prompt]
    assert [(sentence, *claim) for sentence in said for claim in language.claims.found(sentence)] == []
