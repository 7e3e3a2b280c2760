"""All language files: each is as complete as the English one, and as safe; the massage in each of them, by typing."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby
from string import Formatter
from typing import Any

import numpy as np
import pytest
import yaml

from voiceguide.cli import door as cli
from voiceguide.errors import VoiceguideError
from voiceguide.guide.machine import Guide
from voiceguide.hearing.keyboard import Keyboard
from voiceguide.language.command import CALMING, NAMES, Command
from voiceguide.language.language import Language, is_own_sentence, known_languages, load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.routine.baby import Baby
from voiceguide.routine.library import find, in_language
from voiceguide.routine.loading import folder_of_routines, load
from voiceguide.routine.routine import Routine
from voiceguide.routine.rules import COMFORT_SIGNS, REASONS, STRESS_SIGNS
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.script import built_in, load_script, translated
from voiceguide.sessions.session import Session
from voiceguide.sound import RATE
from voiceguide.sound.room import Room
from voiceguide.speech.voice import Voice

LANGUAGES = known_languages()
OTHERS = [code for code in LANGUAGES if code != "en"]
FREQUENT = "ready next back repeat pause resume stop finish skip calm how_long where help".split()
TOLD = {
    "en": r"\b(?:You can say|[Ss]ay) ([^.?]*)",
    "es": r"\b(?:Puedes decir|[Dd]i) ([^.?]*)",
    "fr": r"\b(?:Vous pouvez dire|[Dd]ites) ([^.?]*)",
}
"""How a prompt introduces what the parent can say."""
AFTER = {
    "en": r",? when you\b.*|,? to (begin|hear the whole list|go on there|go on|try again|finish|stay)\b"
    r"|,? at any time| for today$",
    "es": r",? cuando quieras\b.*|,? para \w+( ahí| otra vez| un poco más| toda la lista)?|,? en cualquier.*",
    "fr": r",? quand vous voulez\b.*|,? pour (?!aujourd)\w+( là| toute la liste)?|,? à tout moment",
}
"""What a prompt says of when to say it."""
OR = {"en": "or", "es": "o", "fr": "ou"}


@cache
def book(code: str) -> Phrasebook:
    return load_language(code).phrasebook()


def places(language: Language, prompt: str) -> set[str]:
    return {
        name
        for sentence in language.prompts[prompt]
        for _, name, _, _ in Formatter().parse(sentence)
        if name is not None
    }


# As complete as English


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_command_sign_and_kind_of_crying_can_be_said(code: str) -> None:
    found = book(code).meanings.values()
    assert {command.name for command in found} == set(NAMES)
    assert {command.sign for command in found if command.name == "comfort"} == set(COMFORT_SIGNS)
    assert {command.sign for command in found if command.name == "stress"} == set(STRESS_SIGNS)
    assert {command.reason for command in found if command.sign == "crying"} == {None, *REASONS}
    assert any(command.danger for command in found)


@pytest.mark.parametrize("code", LANGUAGES)
def test_there_are_eight_ways_to_say_what_is_said_often(code: str) -> None:
    ways = Counter(command.name for command in book(code).meanings.values())
    assert {name: ways[name] for name in FREQUENT if ways[name] < 8} == {}


@pytest.mark.parametrize("code", OTHERS)
def test_every_prompt_is_there_with_all_that_is_filled_in(code: str) -> None:
    english, language = load_language("en"), load_language(code)
    assert language.prompts.keys() == english.prompts.keys()
    for prompt, sentences in english.prompts.items():
        assert bool(language.prompts[prompt]) == bool(sentences), prompt
        missing = places(english, prompt) - places(language, prompt)
        assert not missing, f"{prompt} does not say {missing}"


@pytest.mark.parametrize("code", OTHERS)
def test_every_part_that_can_be_named_in_english_can_be_named(code: str) -> None:
    assert len(load_language(code).parts) == len(load_language("en").parts)


@pytest.mark.parametrize("code", LANGUAGES)
def test_prompts_are_sentences(code: str) -> None:
    for sentences in load_language(code).prompts.values():
        for sentence in sentences:
            first = sentence.lstrip("¿¡")
            assert first[0] == "{" or first[0].isupper(), sentence
            assert sentence[-1] in ".?", sentence


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_wakes_the_guide_means_nothing_else(code: str) -> None:
    wakes = load_language(code).wakes
    assert len(wakes) >= 8
    assert [phrase for phrase in wakes if len(phrase.split()) < 2 or phrase in book(code).meanings] == []


@pytest.mark.parametrize(
    ("code", "number", "said"),
    [
        ("en", "000", "Dial zero zero zero now,"),
        ("en", "112", "Dial one one two now,"),
        ("es", "911", "Marca ya el nueve uno uno,"),
        ("fr", "15", "Composez le un cinq maintenant,"),
    ],
)
def test_the_number_to_call_is_said_digit_by_digit_and_can_be_rendered_ahead(
    code: str, number: str, said: str
) -> None:
    guide = Guide(massage(code), load_language(code, number))
    assert [line for line in guide.at_once() if said in line]
    assert set(guide.at_once()) <= set(guide.texts())
    assert not [line for line in guide.texts() if "{" in line]


# As safe


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_phrase_has_two_meanings(code: str) -> None:
    language = load_language(code)
    meant: dict[str, Command] = {}
    for template in language.templates:
        alone = replace(language, templates=(template,)).phrasebook().meanings
        assert alone, f"{template[0]} gives no phrase"
        for phrase, command in alone.items():
            assert meant.setdefault(phrase, command) == command, phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_obeyed_at_once_begins_nothing_else(code: str) -> None:
    """Nor would it where the baby has a name."""
    assert {p for p in book(code).ambiguous() if book(code).meanings[p].name in CALMING} == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_decoys_mean_nothing(code: str) -> None:
    assert not any(decoy in book(code).meanings for decoy in book(code).decoys)


def told(code: str) -> Iterator[tuple[str, str]]:
    """Each phrase that a prompt tells the parent to say, and the prompt."""
    for sentences in load_language(code).prompts.values():
        for sentence in sentences:
            for phrases in re.findall(TOLD[code], sentence):
                for phrase in re.split(rf", {OR[code]} |, | {OR[code]} ", re.sub(AFTER[code], "", phrases)):
                    yield phrase, sentence


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_the_guide_tells_the_parent_to_say_is_understood(code: str) -> None:
    assert len(list(told(code))) > 40
    assert [(phrase, prompt) for phrase, prompt in told(code) if book(code).meaning(phrase) is None] == []


# The massage in other languages


def routine_file(code: str) -> dict[str, Any]:
    name = "infant-massage" if code == "en" else f"infant-massage-{code}"
    data: dict[str, Any] = yaml.safe_load((folder_of_routines() / f"{name}.yaml").read_text("utf-8"))
    return data


@cache
def massage(code: str) -> Routine:
    return load(find("infant-massage" if code == "en" else f"infant-massage-{code}"))


TRANSLATED = {"title", "name", "also", "about"}


def skeleton(node: Any) -> Any:
    """A routine without its words: ids, times, sources, and how many sentences each passage has."""
    if isinstance(node, dict):
        return {
            key: len(value) if key == "say" else key == "again" or skeleton(value)
            for key, value in node.items()
            if key not in TRANSLATED
        }
    return [skeleton(value) for value in node] if isinstance(node, list) else node


def spoken(routine: Routine, language: Language) -> tuple[str, ...]:
    return Guide(routine, language).texts()


@pytest.mark.parametrize("code", OTHERS)
def test_the_massage_is_translated_as_a_whole(code: str) -> None:
    english, translated = routine_file("en"), routine_file(code)
    differ = {"routine": f"infant-massage-{code}", "language": code}
    assert skeleton(translated) == skeleton(english) | differ
    same = set(spoken(massage("en"), load_language("en"))) & set(spoken(massage(code), load_language(code)))
    assert same == set(), "left in English"


@pytest.mark.parametrize("code", OTHERS)
def test_its_sentences_can_be_followed_and_spoken(code: str) -> None:
    for sentence in spoken(massage(code), load_language(code)):
        assert len(sentence.split()) <= 20, sentence
        assert re.fullmatch(r"[\w ,;:.?¿'’-]+", sentence), sentence
        assert not re.search(r"\d|\b[A-Z]{2,}\b", sentence), sentence


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_of_it_is_a_command_as_a_whole(code: str) -> None:
    phrases = load_language(code).phrasebook(massage(code).parts)
    assert [s for s in spoken(massage(code), load_language(code)) if phrases.meaning(s) is not None] == []


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_of_its_routine_begins_or_ends_with_a_command(code: str) -> None:
    """But for what it tells the parent to say, and a Spanish sentence's "no"."""
    routine = massage(code)
    phrases = load_language(code).phrasebook(routine.parts).meanings.keys() - {"no"}
    for sentence in spoken(routine, load_language(code)):
        if is_own_sentence(sentence, code):
            continue
        words = normal(re.sub(r", (?:di|dites) [^.,]+\.$", "", sentence)).split()
        ends = {" ".join(words[:n]) for n in range(1, len(words))} | {
            " ".join(words[n:]) for n in range(1, len(words))
        }
        assert not ends & phrases, sentence


@pytest.mark.parametrize("code", OTHERS)
def test_with_its_parts_no_phrase_has_two_meanings_and_what_is_obeyed_at_once_begins_nothing_else(code: str) -> None:
    language = load_language(code)
    meant: dict[str, Command] = {}
    for template in language.templates:
        alone = replace(language, templates=(template,)).phrasebook(massage(code).parts).meanings
        for phrase, command in alone.items():
            assert meant.setdefault(phrase, command) == command, phrase
    with_name = Baby("Mia").language(language).phrasebook(massage(code).parts)
    assert {p for p in with_name.ambiguous() if with_name.meanings[p].name in CALMING} == set()
    assert {command.target for command in meant.values()} == {None, *(part.id for part in massage(code).parts)}


@pytest.mark.parametrize("code", OTHERS)
def test_what_its_steps_tell_the_parent_to_say_is_understood(code: str) -> None:
    phrases = load_language(code).phrasebook(massage(code).parts)
    told = [
        p for step in massage(code).steps for line in step.say for p in re.findall(r", (?:di|dites) ([^.,]+)", line)
    ]
    meant = [phrases.meaning(phrase) for phrase in told]
    assert meant == [Command("mixed"), Command("goto", target="chest"), Command("skip")], told


PROMISED = {"en": "nobody can promise it", "es": "nadie puede prometerlo", "fr": "personne ne peut le promettre"}


@pytest.mark.parametrize("code", OTHERS)
def test_it_promises_no_more_than_the_english_one(code: str) -> None:
    """Whatever the article says of benefits is followed by: nobody can promise it."""
    for english, own in zip(massage("en").why, massage(code).why, strict=True):
        for one, other in zip(english.say, own.say, strict=True):
            assert (PROMISED["en"] in one.casefold()) == (PROMISED[code] in other.casefold()), other


@pytest.mark.parametrize("code", OTHERS)
def test_its_file_is_good(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(find(f"infant-massage-{code}"))]) == 0
    assert "good" in capsys.readouterr().out


@pytest.mark.parametrize("code", OTHERS)
def test_without_a_model_its_rehearsal_is_one_line_that_says_what_to_install(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rehearse", f"infant-massage-{code}"]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no recognition model for the language '{code}'" in line
    assert f"voiceguide models install {load_language(code).model} (or type the commands: run --keyboard)" in line


@pytest.mark.parametrize("code", OTHERS)
def test_with_a_model_the_parent_of_its_rehearsal_would_say_the_same_in_its_language(code: str) -> None:
    english = load_script(built_in(massage(code)))
    own = translated(english, code)
    assert [entry.when for entry in own.parent] == [entry.when for entry in english.parent]
    for one, other in zip(english.parent, own.parent, strict=True):
        assert one.say is not None and other.say is not None
        meant = book("en").meaning(one.say)
        assert meant is not None and book(code).meaning(other.say) == meant


@pytest.mark.parametrize("code", OTHERS)
def test_the_language_asked_for_takes_the_translation_and_back(code: str) -> None:
    assert in_language("infant-massage", code) == in_language(f"infant-massage-{code}", None) == massage(code)
    assert in_language(f"infant-massage-{code}", "en") == massage("en")
    with pytest.raises(
        VoiceguideError, match=f"there is no first-weeks-{code}: first-weeks is in the language 'en'; "
    ):
        in_language("first-weeks", code)


NAMED = {
    "es": ("Deja el masaje y atiende a Anna.", "Anna está llorando", "Abrázala, y deja el masaje por hoy."),
    "fr": (
        "Laissez le massage, et occupez-vous d'Anna.",
        "Anna pleure",
        "Prenez-la contre vous, et laissez le massage pour aujourd'hui.",
    ),
}


@pytest.mark.parametrize("code", OTHERS)
def test_the_babys_name_and_pronoun_are_said_and_understood(code: str) -> None:
    tend, crying, close = NAMED[code]
    baby = Baby("Anna", "she")
    language = baby.language(load_language(code))
    assert language.say("stop_and_tend") == (tend,)
    assert language.phrasebook().meaning(crying) == Command("stress", sign="crying")
    assert close in baby.routine(massage(code), load_language(code)).signs["crying"].reasons["pain"]


# … stands for ten seconds in which nothing is typed.
TYPED = {
    "es": ["bla", "empezamos", "sigue sin esperarme", "¡Está llorando!…", "tristeza…", "ya esta mejor", "continúa"],
    "fr": [
        "bla",
        "c'est parti",
        "continue sans moi",
        "Elle s’est mise à pleurer…",
        "triste…",
        "ca va mieux",
        "continue",
    ],
}


@pytest.mark.parametrize("code", OTHERS)
def test_a_session_by_typing_from_the_first_word_to_the_last(code: str, voice: Voice) -> None:
    """With its real voice; the clock is that of a room, so that it takes seconds."""
    routine, language = massage(code), load_language(code)
    told: list[Entry] = []
    odd: list[str] = []
    typed = io.StringIO("\n".join(TYPED[code]).replace("…", "\n" * 20))
    ears = Keyboard(language.phrasebook(routine.parts), typed, odd.append, language.examples("help")[0])
    narrator = Narrator(voice, None, ahead=False, names=(language.voice,))
    guide = Guide(routine, language)
    Session(guide, Room(), narrator, ears).run(told.extend)
    lines = [entry.as_json() for entry in told]
    assert odd == [f'"bla" is no command; type {language.examples("help")[0]} to see what can be said now']
    heard = [line["command"] for line in lines if line["kind"] == "heard"]
    assert heard == ["ready", "keep_going", "stress", "stress", "calm", "resume"]
    states = [state for state, _ in groupby(line["state"] for line in lines if line["kind"] == "state")]
    assert states == ["preparing", "guiding", "tending", "guiding", "finishing", "finished"]
    assert not [line for line in lines if "error" in line]
    said = [line["text"] for line in lines if line["kind"] == "said"]
    tending = said.index(language.say("stop_and_tend")[0])
    assert routine.signs["crying"].reasons["sad"][0] in said[tending:]
    everything = [text for step in routine.steps for text in step.say]
    everything += [text for passage in routine.closing for text in passage.say]
    after = iter(said[tending:])
    assert all(text in after for text in everything), "each sentence, in its order"
    assert said[-1] == language.say("goodbye")[-1]


@pytest.mark.parametrize("code", OTHERS)
def test_its_voice_makes_sound_of_what_is_said(code: str, voice: Voice) -> None:
    language = load_language(code)
    for text in spoken(massage(code), language)[::12]:
        pcm = voice.render(text, voice=language.voice)
        assert len(pcm) > 0.04 * RATE * len(text), text
        assert np.sqrt(np.mean(np.square(pcm.astype(float)))) > 500, text
