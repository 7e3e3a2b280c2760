"""Every kind of entry: the JSON of its contract, and the line that people read."""

from __future__ import annotations

import json

import pytest

from voiceguide.hearing import ears
from voiceguide.language.command import Command
from voiceguide.sessions import entries, transcript
from voiceguide.sessions.entries import Entry

HUNGRY = ears.Heard(Command("stress", sign="crying", reason="hungry"), "she's hungry", 0.987, 61.234, 61.987, 62.123)
SAMPLES: list[tuple[Entry, dict[str, object], str | None]] = [
    (entries.State(0.0, "preparing", None), {"state": "preparing", "step": None}, "  0:00.0    (preparing)"),
    (entries.State(9.0, "guiding", "a-1"), {"state": "guiding", "step": "a-1"}, "  0:09.0    (guiding a-1)"),
    (entries.Said(-0.01234, "Hello."), {"text": "Hello."}, "  0:00.0  guide   Hello."),
    (entries.Said(1.0, "Hm.", "a-1"), {"text": "Hm.", "step": "a-1"}, "  0:01.0  guide   Hm."),
    (
        entries.Said(1.0, "Hm.", "a-1", "no voice"),
        {"text": "Hm.", "step": "a-1", "error": "no voice"},
        "  0:01.0  guide   Hm. (not spoken)",
    ),
    (entries.Unheard(1.0, "Hm."), {"text": "Hm."}, "  0:01.0  guide   Hm. (to be said when the speaker is back)"),
    (entries.Hushed(1.0), {}, "  0:01.0    (hushed)"),
    (entries.Chime(1.0, "heard"), {"sound": "heard"}, None),
    (
        entries.Heard(62.123, HUNGRY, True),
        {
            "at": 61.23,
            "until": 61.99,
            "command": "stress",
            "sign": "crying",
            "reason": "hungry",
            "phrase": "she's hungry",
            "confidence": 0.99,
        },
        "  1:02.1    heard stress (crying, hungry): she's hungry",
    ),
    (
        entries.Ignored(1.0, "next", "own_voice"),
        {"phrase": "next", "why": "own_voice"},
        "  0:01.0    (next: own voice)",
    ),
    (entries.Crying(1.0, 0.8765), {"confidence": 0.88}, "  0:01.0    (sounds like crying)"),
    (entries.Timer(1.0, "hold"), {"name": "hold"}, None),
    (
        entries.Lost(1.0, "speaker"),
        {"device": "speaker"},
        "  0:01.0    (speaker lost: waiting until it is back)",
    ),
    (entries.Found(1.0, "speaker"), {"device": "speaker"}, "  0:01.0    (speaker back)"),
    (entries.Parent(1.0, "next", 1.51234), {"text": "next", "until": 1.512}, "  0:01.0  parent  next"),
    (entries.End(1.0), {}, None),
]


def test_every_kind_is_tried_here() -> None:
    kinds = {one for one in vars(entries).values() if isinstance(one, type) and issubclass(one, Entry)}
    assert {type(entry) for entry, _, _ in SAMPLES} == kinds - {Entry}


@pytest.mark.parametrize(("entry", "details", "line"), SAMPLES, ids=[type(sample[0]).__name__ for sample in SAMPLES])
def test_an_entry_has_the_keys_of_its_kind_and_its_line(
    entry: Entry, details: dict[str, object], line: str | None
) -> None:
    printed = json.loads(json.dumps(entry.as_json()))
    assert printed == {"t": round(entry.t, 3), "kind": type(entry).__name__.lower(), **details}
    assert list(printed)[:2] == ["t", "kind"]
    assert transcript.line(entry) == line


def test_the_summary_has_its_keys_and_its_line() -> None:
    score = entries.Summary(12, 11, 1, {"median": 123.4, "p95": None}, 0.01, 90.0, 3.0)
    assert json.loads(json.dumps(score.as_json())) == {
        "kind": "summary",
        "commands_given": 12,
        "commands_obeyed": 11,
        "false_commands": 1,
        "reaction_ms": {"median": 123.4, "p95": None},
        "compute_rtf": 0.01,
        "duration_s": 90.0,
        "wall_s": 3.0,
    }
    assert transcript.summary(score) == (
        "Rehearsed 1.5 minutes in 3 s: 12 commands given, 11 obeyed, 1 false commands; median reaction 123 ms."
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Command("pause"), "pause: x"),
        (Command("goto", target="legs"), "goto (legs): x"),
        (Command("stress", sign="skin_colour", danger=True), "stress (skin_colour, danger): x"),
    ],
)
def test_a_command_is_printed_with_its_details(command: Command, words: str) -> None:
    assert transcript.meaning(ears.Heard(command, "x", 1.0, 0.0, 0.0, 0.0)) == words
