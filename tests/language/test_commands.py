"""The language file: what is understood, what it means, and what the guide says of its own."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import voiceguide.guide
from voiceguide.errors import VoiceguideError
from voiceguide.guide.machine import Guide
from voiceguide.guide.situations import SITUATIONS
from voiceguide.language import language as commands
from voiceguide.language.command import ADVANCING, CALMING, NAMES, Command
from voiceguide.language.language import AGO, Language, folder_of_languages, load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition.model import known
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Part, Routine

# The contract of `hear --json`.
IDENTIFIERS = (
    "ready next back repeat pause resume stop finish goto skip how_long where help louder quieter faster slower "
    "wait_for_me keep_going yes no comfort stress mixed calm"
).split()
COMFORT = "happy_sounds bowel_sounds glowing_skin relaxed_breathing bright_eyed focusing enjoying".split()
STRESS = "hiccoughs skin_colour unable_to_focus restless irritable disinterested crying fussing".split()
CRYING = "hungry pain sad tired frightened".split()


@cache
def english() -> Language:
    return load_language("en")


@cache
def routines() -> tuple[Routine, ...]:
    """Those in English: tests/test_languages.py goes through the others."""
    return tuple(routine for routine in map(load, all_routines()) if routine.language == "en")


@cache
def infant_massage() -> Routine:
    return next(routine for routine in routines() if routine.id == "infant-massage")


@cache
def phrases() -> Phrasebook:
    return english().phrasebook(infant_massage().parts)


# What is understood


def test_a_phrase_is_what_it_means() -> None:
    meaning = phrases().meaning
    assert meaning("pause") == Command("pause")
    assert meaning("Continue!") == Command("resume")
    assert meaning("I’m ready.") == Command("ready")
    assert meaning("go to the tummy") == Command("goto", target="belly")
    assert meaning("baby is fussing") == Command("stress", sign="fussing")
    assert meaning("she's crying") == Command("stress", sign="crying")
    assert meaning("the baby is hungry") == Command("stress", sign="crying", reason="hungry")
    assert meaning("he is cooing") == Command("comfort", sign="happy_sounds")
    assert meaning("baby is calm now") == Command("calm")


def test_a_part_of_a_sentence_is_no_command() -> None:
    for sentence in ("the next door neighbour", "do not stop", "pause for thought", "we are not ready yet", ""):
        assert phrases().meaning(sentence) is None


def test_the_names_are_those_of_the_contract_and_why() -> None:
    assert len(NAMES) == len(set(NAMES))
    music = {"music_on", "music_off", "music_louder", "music_quieter"}
    plan = {"leave_out", "only", "everything", "minutes", "shorter", "longer", "bedtime", "start_again"}
    talk = {"done", "other_side", "away", "ask", "there", "asleep", "unwell", "injury", "overwhelmed"}
    assert set(NAMES) == {*IDENTIFIERS, "why", "signs", *music, *plan, *talk}
    assert not CALMING & ADVANCING
    assert set(NAMES) >= CALMING | ADVANCING


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_phrases(name: str) -> None:
    assert name in {command.name for command in phrases().meanings.values()}


def test_every_sign_and_every_kind_of_crying_has_phrases() -> None:
    found = phrases().meanings.values()
    assert {c.sign for c in found if c.name == "comfort"} == set(COMFORT)
    assert {c.sign for c in found if c.name == "stress"} == set(STRESS)
    assert {c.reason for c in found if c.sign == "crying"} == {None, *CRYING}


def test_only_what_a_command_has_is_set() -> None:
    for phrase, command in phrases().meanings.items():
        assert command.name in NAMES, phrase
        assert (command.target is not None) == (command.name == "goto"), phrase
        assert (command.sign is not None) == (command.name in ("comfort", "stress")), phrase
        assert command.reason is None or command.sign == "crying", phrase
        assert not command.danger or command.sign == "skin_colour", phrase


@pytest.mark.parametrize("routine", routines(), ids=lambda routine: routine.id)
def test_whatever_is_understood_is_known_to_the_routine(routine: Routine) -> None:
    for phrase, command in english().phrasebook(routine.parts).meanings.items():
        if command.sign is not None:
            assert command.sign in routine.signs, phrase
        if command.reason is not None:
            assert command.reason in routine.signs["crying"].reasons, phrase
        if command.target is not None:
            # A part that the routine lacks is known as well: the guide says that it lacks it.
            assert command.target in {part.id for part in routine.parts} | set(english().parts), phrase


@pytest.mark.parametrize("routine", routines(), ids=lambda routine: routine.id)
def test_every_part_can_be_gone_to_by_each_of_its_names(routine: Routine) -> None:
    book = english().phrasebook(routine.parts)
    for part in routine.parts:
        for word in (part.name, *part.also):
            assert book.meaning(f"go to the {word}") == Command("goto", target=part.id)


def test_without_a_routine_only_the_parts_that_people_name_are_known() -> None:
    book = english().phrasebook()
    assert not any("{" in phrase for phrase in book.meanings)
    assert {c.target for c in book.meanings.values() if c.name == "goto"} == set(english().parts)
    assert book.meanings.items() <= phrases().meanings.items()


def test_no_phrase_has_two_meanings() -> None:
    meant: dict[str, Command] = {}
    for template in english().templates:
        alone = replace(english(), templates=(template,)).phrasebook(infant_massage().parts)
        assert alone.meanings, f"{template[0]} gives no phrase"
        for phrase, command in alone.meanings.items():
            # Twice in the same place is no harm; a danger sign is one of skin colour as well.
            assert meant.setdefault(phrase, command) == command, phrase


def test_phrases_are_written_as_the_recogniser_writes_them() -> None:
    for phrase in (*phrases().meanings, *phrases().decoys):
        assert phrase == normal(phrase) != ""


def test_the_model_in_the_box_knows_every_word(vosk_model: Any) -> None:
    for routine in routines():
        book = english().phrasebook(routine.parts)
        left_out = set(book.meanings) - set(known(vosk_model, book).meanings)
        assert not left_out


def test_decoys() -> None:
    assert not any(decoy in phrases().meanings for decoy in phrases().decoys)
    assert len(phrases().decoys) == len(set(phrases().decoys)) > 20


def test_examples_for_help_mean_what_they_are_examples_of() -> None:
    for name in set(NAMES) - {"goto", "leave_out", "only"}:
        examples = english().examples(name)
        assert examples
        for example in examples:
            command = phrases().meaning(example)
            assert command is not None and command.name == name


# Safety


def test_phrases_with_which_others_begin_are_known() -> None:
    go_on, alone = Command("resume"), Command("keep_going")
    book = Phrasebook({"keep going": go_on, "keep going by yourself": alone, "go on": go_on, "go on then": go_on}, ())
    assert book.ambiguous() == {"keep going"}
    assert Phrasebook({"keep": go_on, "keeping on": alone}, ()).ambiguous() == frozenset()


def test_what_calms_need_not_be_waited_for() -> None:
    calming = {p for p in phrases().ambiguous() if phrases().meanings[p].name in CALMING}
    assert calming == set()


@pytest.mark.parametrize(
    "phrase",
    ["baby is turning blue", "she's blue", "lips are grey", "he can't breathe", "my baby is not breathing",
     "the baby is limp", "baby won't wake up", "he is having a seizure"],
)  # fmt: skip
def test_danger_is_an_emergency(phrase: str) -> None:
    assert phrases().meaning(phrase) == Command("stress", sign="skin_colour", danger=True)


@pytest.mark.parametrize("phrase", ["baby is turning red", "she's very pale", "the baby is changing color"])
def test_a_change_of_colour_that_is_no_emergency(phrase: str) -> None:
    assert phrases().meaning(phrase) == Command("stress", sign="skin_colour")


def test_danger_wins_over_whatever_else_a_phrase_could_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english_file = (folder_of_languages() / "en.yaml").read_text("utf-8")
    for found in ('restless: ["', 'skin_colour: ["', 'happy_sounds: ["', '"no": ["'):
        assert found in english_file
        english_file = english_file.replace(found, found + 'baby is blue", "')
    (tmp_path / "xx.yaml").write_text(english_file, "utf-8")
    monkeypatch.setattr(commands, "folder_of_languages", lambda: tmp_path)
    assert load_language("xx").phrasebook().meaning("baby is blue") == phrases().meaning("baby is blue")


def test_as_json_leaves_out_what_is_not_set() -> None:
    assert Command("goto", target="legs").as_json() == {"command": "goto", "target": "legs"}
    assert Command("pause").as_json() == {"command": "pause"}
    crying = Command("stress", sign="crying", reason="tired")
    assert crying.as_json() == {"command": "stress", "sign": "crying", "reason": "tired"}
    danger = Command("stress", sign="skin_colour", danger=True)
    assert danger.as_json() == {"command": "stress", "sign": "skin_colour", "danger": True}


# Normal form


@pytest.mark.parametrize(
    ("text", "as_recognised"),
    [
        ("  Next,   please! ", "next please"),
        ("I’m ready.", "i'm ready"),
        ("What's next?", "what's next"),
        ("that's-enough…for\ttoday\n", "that's enough for today"),
        ("?!", ""),
    ],
)
def test_normal(text: str, as_recognised: str) -> None:
    assert normal(text) == as_recognised


@given(st.text())
def test_what_is_normal_stays_as_it_is(text: str) -> None:
    once = normal(text)
    assert normal(once) == once
    assert once == once.strip() and "  " not in once


# What the guide says of its own


def prompts_of_the_machine() -> set[str]:
    """The names in `massage.say("…")` and `massage.first_time("…", "…")`; an f-string stands for all its
    situations."""
    found = set()
    sources = sorted(Path(voiceguide.guide.__file__).parent.rglob("*.py"))
    for call in (node for source in sources for node in ast.walk(ast.parse(source.read_text("utf-8")))):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr not in ("say", "first_time"):
            continue
        for argument in call.args:
            if isinstance(argument, ast.JoinedStr):
                start = argument.values[0]
                assert isinstance(start, ast.Constant) and isinstance(start.value, str)
                found |= {start.value + situation for situation in situations_with(start.value)}
            else:
                nodes = ast.walk(argument)
                found |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def situations_with(kind: str) -> set[str]:
    """Each state has its own help and hint, and so have some situations; nothing is said when all is over. Asking for
    help makes no sense while a device is lost."""
    if kind == "stopped_":
        return set(AGO)
    if kind in ("ask_", "away_"):
        commands = (command for _, command in english().templates)
        return {str(command.about) for command in commands if f"{command.name}_" == kind}
    return {situation.words for situation in SITUATIONS} - {"finished", *(["lost"] if kind == "help_" else [])}


def test_every_prompt_that_the_machine_uses_is_there_and_every_prompt_is_used() -> None:
    assert len(prompts_of_the_machine()) > 30
    assert set(english().prompts) == prompts_of_the_machine()


def test_prompts_are_sentences() -> None:
    for name, sentences in english().prompts.items():
        assert sentences or name in ("hint_guiding", "hint_lost"), name  # a chime says enough; it cannot hear
        for sentence in sentences:
            assert sentence[0] in "{" or sentence[0].isupper(), sentence
            assert sentence[-1] in ".?", sentence


def test_prompts_are_filled_in() -> None:
    places = {"parts", "part", "title", "step", "steps", "seconds", "minutes", "signs", "last", "other", "count"}
    for sentences in english().prompts.values():
        for sentence in sentences:
            assert {field for _, field, _, _ in Formatter().parse(sentence) if field is not None} <= places
    values = {"part": "legs", "title": "Soles", "step": 4, "steps": 28}
    assert english().say("where", **values) == ("We're at the legs: Soles.", "That's step 4 of 28.")


@pytest.mark.parametrize("routine", routines(), ids=lambda routine: routine.id)
def test_no_sentence_of_the_guide_is_a_command_as_a_whole(routine: Routine) -> None:
    book = english().phrasebook(routine.parts)
    texts = Guide(routine, english()).texts()
    assert len(texts) > 80
    assert [text for text in texts if book.meaning(text) is not None] == []


def test_what_the_guide_tells_the_parent_to_say_is_understood() -> None:
    told = [s for sentences in english().prompts.values() for s in sentences if re.match(r"You can say |Say ", s)]
    assert len(told) > 10
    for sentence in told:
        said = re.sub(
            r"^(You can say|Say) | (when|to (hear|begin|go on|try again|finish|stay))\b[^,]*|\.$", "", sentence
        )
        for words in re.split(r", or |, | or ", said):
            phrase = re.sub(r" for today$", "", words)
            assert phrases().meaning(phrase) is not None, sentence


# The file


def test_an_unknown_language_names_those_that_there_are() -> None:
    with pytest.raises(VoiceguideError, match=r"^no language 'tlh'; choose one of: (\w+, )*en(, \w+)*$"):
        load_language("tlh")


def test_every_language_file_is_of_the_language_of_its_name() -> None:
    for path in folder_of_languages().glob("*.yaml"):
        assert load_language(path.stem).code == path.stem


def test_a_region_without_a_file_of_its_own_has_that_of_the_language() -> None:
    assert load_language("en-gb") == load_language("en")


def test_words_run_together_where_something_was_filled_in() -> None:
    language = replace(
        english(),
        joined={r"\ba el\b": "al"},
        prompts={"where": ("Vamos a {part}.",), "begin": ("Vamos a el parque.",)},
        templates=(("(ve|vamos) a {part}", Command("goto")),),
    )
    assert language.say("where", part="el cuello") == ("Vamos al cuello.",)
    assert language.say("begin") == ("Vamos a el parque.",), "what is written whole is right as it is"
    book = language.phrasebook((Part(id="neck", name="el cuello", also=("la nuca",), steps=()),))
    assert book.meaning("vamos al cuello") == book.meaning("ve a la nuca") == Command("goto", target="neck")
    assert book.meaning("ve a el cuello") is None


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("at the {part}:", "at the {prat}:", "`prat` is not filled in here; write `part` if you"),
        ('["Lovely, here we go."]', '["{minutes}."]', "`minutes` is not filled in here; delete it"),
        ('["Lovely, here we go."]', '["Let us { begin."]', "`{` is not filled in here; delete it"),
        ('"<baby> (rosy|pink)"', '"<baby> (rosy|pink"', "this is no template"),
        ('"<baby> (rosy|pink)"', '"<babe> (rosy|pink)"', "there is no rule `babe`; write `baby` if you meant that"),
        ('"no need for a doctor"', '"no need for <doctor>"', "there is no rule `doctor`"),
        ("named:\n", "joined: {'(': x}\nnamed:\n", "this is no regular expression"),
    ],
)
def test_what_would_fail_in_a_session_is_told_when_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, told: str
) -> None:
    text = (folder_of_languages() / "en.yaml").read_text("utf-8")
    assert right in text
    (tmp_path / "en.yaml").write_text(text.replace(right, wrong), "utf-8")
    monkeypatch.setattr(commands, "folder_of_languages", lambda: tmp_path)
    with pytest.raises(VoiceguideError, match=rf"en\.yaml:\d+:\d+: {told}"):
        load_language("en")


def test_a_mistake_in_a_language_file_is_shown_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (folder_of_languages() / "en.yaml").read_text("utf-8")
    lines = text.replace("\ndanger:", "\ndangr:").splitlines()
    line = 1 + lines.index("dangr:")
    (tmp_path / "en.yaml").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(commands, "folder_of_languages", lambda: tmp_path)
    with pytest.raises(VoiceguideError, match=rf"en\.yaml:{line}:\d+: .*dangr"):
        load_language("en")
