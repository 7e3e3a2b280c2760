"""A routine file from elsewhere cannot keep the guide from stopping, from tending, or from the emergency words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from conftest import Speak
from hypothesis import given, settings
from hypothesis import strategies as st
from player import Player

from voiceguide.errors import SourceError
from voiceguide.guide.actions import Hush
from voiceguide.guide.situations import EMERGENCY
from voiceguide.language.language import Language, load_language
from voiceguide.routine.loading import folder_of_routines, load
from voiceguide.routine.routine import Routine
from voiceguide.routine.rules import REASONS, STRESS_SIGNS
from voiceguide.sessions.recorded_lines import Own, Recorded

GO_ON = '{name: fine, say: ["All is well.", "Go on with the massage, and do not stop."], source: mine}'
SIGNS = "\n".join(
    [
        "signs:",
        "  comfort: {happy_sounds: SIGN, bowel_sounds: SIGN, glowing_skin: SIGN, relaxed_breathing: SIGN, "
        "bright_eyed: SIGN, focusing: SIGN, enjoying: SIGN}",
        "  stress:",
        *(f"    {sign}: SIGN" for sign in STRESS_SIGNS if sign != "crying"),
        "    crying:",
        "      name: crying",
        '      say: ["Go on."]',
        "      reasons:",
        *(f'        {reason}: {{say: ["Go on with the massage."], source: mine}}' for reason in REASONS),
        'mixed: {say: ["Go on."], source: mine}',
        'danger: {say: ["It is nothing, call nobody."], source: mine}',
    ]
).replace("SIGN", GO_ON)
HOSTILE = f"""\
routine: hostile
title: Never stop
language: en
about: A hostile routine.
sources: {{mine: Nobody}}
welcome: [{{say: [Welcome.], source: mine}}]
preparation: [{{id: room, say: [Be there.], source: mine}}]
parts:
  - id: legs
    name: legs
    steps:
      - {{id: legs-1, title: Rub, say: [Rub on and on., Never mind the crying.], hold: 20, source: mine}}
closing: [{{say: [That is all.], source: mine}}]
why: [{{say: [It is so.], source: mine}}]
{SIGNS}
"""


@cache
def language() -> Language:
    return load_language("en")


def write(folder: Path, text: str = HOSTILE, name: str = "hostile") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Routine:
    return load(write(tmp_path_factory.mktemp("hostile")))


def errors_in(path: Path) -> str:
    with pytest.raises(SourceError) as raised:
        load(path)
    return str(raised.value)


STOP = "Stop the massage, and tend to your baby."


@pytest.mark.parametrize("sign", STRESS_SIGNS)
def test_whatever_a_sign_says_the_guide_first_says_to_stop_and_tend(hostile: Routine, sign: str) -> None:
    p = Player(at="legs", routine=hostile)
    actions = p.hear("stress", sign=sign)
    assert any(isinstance(action, Hush) for action in actions)
    assert p.lines[0] == STOP and p.lines[-1].startswith("I'll be quiet.")
    p.all_lines()
    assert p.guide.state == "tending"  # and it stays there until the parent says otherwise


def test_whatever_danger_says_the_emergency_words_come_first(hostile: Routine) -> None:
    p = Player(at="legs", routine=hostile)
    p.hear("stress", sign="skin_colour", danger=True)
    emergency = language().prompts["emergency"]
    assert p.lines[: len(emergency)] == emergency
    p.all_lines()
    p.hear("resume")
    p.hear("next")
    assert p.guide.situation is EMERGENCY


def test_whatever_mixed_says_the_guide_pauses_first(hostile: Routine) -> None:
    p = Player(at="legs", routine=hostile)
    p.hear("mixed")
    assert p.lines[0] == "Let's have a quiet moment."
    p.all_lines()
    assert p.guide.state == "reassuring"


@settings(max_examples=60)
@given(happenings=st.lists(st.sampled_from([*REASONS, "line", "pause", "repeat", "how_long", ""]), max_size=8))
def test_stop_and_tend_is_left_out_only_once_it_was_said_in_full(hostile: Routine, happenings: list[str]) -> None:
    """Crying, then reasons and anything else: nothing from the routine is heard before the guide's own words."""
    p = Player(at="legs", routine=hostile)
    p.said.clear()
    p.hear("stress", sign="crying")
    ended: list[str] = []
    for happening in happenings:
        if happening in REASONS:
            p.hear("stress", sign="crying", reason=happening)
        elif happening == "":
            p.hear("stress", sign="crying")
        elif happening != "line":
            p.hear(happening)
        elif p.lines:
            ended.append(p.lines[p.index])
            p.one_line()
        if any(line.startswith("Go on") for line in p.lines) and STOP not in ended:
            assert STOP in p.lines and p.lines.index(STOP) < min(
                n for n, line in enumerate(p.lines) if line.startswith("Go on")
            )


def test_the_guides_words_come_before_care_from_a_hostile_routine_too(tmp_path: Path) -> None:
    """A routine beside the file wins over the one of the same name in the box."""
    write(tmp_path, HOSTILE.replace("routine: hostile", "routine: infant-massage"), "infant-massage")
    own = HOSTILE.partition("signs:\n")[0].replace("language: en", "language: en\ncare_from: infant-massage")
    p = Player(at="legs", routine=load(write(tmp_path, own)))
    p.hear("stress", sign="hiccoughs")
    assert p.lines[:2] == (STOP, "All is well.")
    p.hear("stress", sign="skin_colour", danger=True)
    assert p.lines[0] == "This can be an emergency. Get help now."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (GO_ON, "{name: fine, say: [], source: mine}"),
        (GO_ON, '{name: fine, say: [""], source: mine}'),
        (GO_ON, '{name: fine, say: ["  "], source: mine}'),
        (GO_ON, "{name: fine, say: null, source: mine}"),
        ('say: ["It is nothing, call nobody."]', "say: []"),
        (f"    hiccoughs: {GO_ON}\n", ""),
        ("about:", "prompts: {stop_and_tend: [Go on.]}\nabout:"),
        ("about:", "commands: {next: [baby is crying]}\nabout:"),
        ("about:", "care_from: ../elsewhere\nabout:"),
        ("language: en", "language: ../../en"),
    ],
)
def test_what_would_leave_a_sign_unanswered_or_add_words_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in HOSTILE
    errors_in(write(tmp_path, HOSTILE.replace(old, new, 1)))


OWN = [
    STOP,
    "This can be an emergency. Get help now.",
    "Dial one one two now, and put the phone on speaker.",
    "Dial zero zero zero now, and put the phone on speaker.",
]


@pytest.mark.parametrize("sentence", OWN)
def test_a_recording_cannot_replace_the_guides_own_words(tmp_path: Path, sentence: str, speak: Speak) -> None:
    """Recordings are found by their text: this one would be played where the guide says to stop."""
    import soundfile

    soundfile.write(tmp_path / "go-on.flac", speak("go on with it"), 16000)
    as_sentence = HOSTILE.replace("say: [Be there.]", f'say: [{{text: "{sentence}", recording: go-on.flac}}]')
    lines = errors_in(write(tmp_path, as_sentence))
    assert "this is one of the guide's own sentences" in lines and ":7:" in lines
    as_step = HOSTILE.replace(
        "say: [Rub on and on., Never mind the crying.]", f'recording: go-on.flac, say: ["{sentence}"]'
    )
    assert "this is one of the guide's own sentences" in errors_in(write(tmp_path, as_step))
    spaced = as_sentence.replace(sentence, sentence.replace(" ", "  "))
    assert "this is one of the guide's own sentences" in errors_in(write(tmp_path, spaced))


def test_a_lender_cannot_lend_such_a_recording(tmp_path: Path, speak: Speak) -> None:
    import soundfile

    soundfile.write(tmp_path / "go-on.flac", speak("go on with it"), 16000)
    lender = HOSTILE.replace("say: [Be there.]", f'say: [{{text: "{STOP}", recording: go-on.flac}}]')
    write(tmp_path, lender.replace("routine: hostile", "routine: lender"), "lender")
    own = HOSTILE.partition("signs:\n")[0].replace("language: en", "language: en\ncare_from: lender")
    assert "has errors" in errors_in(write(tmp_path, own))


def test_a_recorded_sentence_of_the_routine_is_still_played(tmp_path: Path, speak: Speak) -> None:
    import soundfile

    soundfile.write(tmp_path / "be.flac", speak("be there"), 16000)
    routine = load(
        write(tmp_path, HOSTILE.replace("say: [Be there.]", "say: [{text: Be there., recording: be.flac}]"))
    )
    recorded = Recorded(routine)
    assert recorded.pcm("Be there.") is not None
    assert all(recorded.pcm(sentence) is None for sentence in OWN)
    assert not Own(routine.id).all()


@pytest.mark.parametrize("word", ["crying", "stop", "emergency", "breathing"])
def test_a_routine_cannot_say_how_a_word_of_the_commands_sounds(tmp_path: Path, word: str) -> None:
    text = HOSTILE.replace("name: legs", f"name: {word}").replace("about:", f"pronounce: {{{word}: banana}}\nabout:")
    assert f"`{word}` is a word of the guide's own commands" in errors_in(write(tmp_path, text))


def test_the_name_of_a_part_takes_no_phrase_from_the_signs() -> None:
    """Whatever a part is called, a phrase that has a meaning keeps it."""
    from voiceguide.routine.routine import Part

    plain = language().phrasebook().meanings
    names = ["crying", "stop", "next", "emergency", "baby is crying", "next step"]
    parts = tuple(Part(id=f"part-{n}", name=name, also=(), steps=()) for n, name in enumerate(names))
    named = language().phrasebook(parts).meanings
    assert {phrase: named[phrase] for phrase in plain} == plain


def test_the_routines_in_the_box_keep_these_rules() -> None:
    assert all(load(path) for path in folder_of_routines().glob("*.yaml"))
