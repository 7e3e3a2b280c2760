"""What a parent sees on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from conftest import need_espeak
from rig import REPOSITORY, environment_without_sound

from voiceguide.guide.situations import State
from voiceguide.hearing import ears
from voiceguide.language.command import Command
from voiceguide.sessions import entries
from voiceguide.sessions.assembly import Options, content
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.screen import OWN_SAYABLE, SAYABLE, TITLES, Screen

FUSSING = ears.Heard(Command("stress", sign="fussing"), "she's fussing", 0.9, 1.0, 2.0, 2.1)


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(*content(Options(routine="infant-massage")))


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (entries.Said(1.0, "Hello."), "  Hello."),
        (entries.Said(1.0, "Hello.", error="no voice"), "  Hello. (not spoken)"),
        (entries.Unheard(1.0, "Hm."), "  Hm. (to be said when the speaker is back)"),
        (entries.Heard(1.0, FUSSING, True), '    understood: "she\'s fussing"'),
        (entries.Heard(1.0, FUSSING, False), None),
        (entries.Ignored(1.0, "next", "not_now"), '    "next" makes no sense just now'),
        (entries.Ignored(1.0, "next", "low_confidence"), None),
        (entries.Ignored(1.0, "next", "own_voice"), None),
        (entries.Lost(1.0, "speaker"), "    the speaker is lost: waiting until it is back"),
        (entries.Found(1.0, "speaker"), "    the speaker is back"),
        (entries.Hushed(1.0), None),
        (entries.Timer(1.0, "hold"), None),
        (entries.End(1.0), None),
    ],
)
def test_what_concerns_a_parent_is_shown(screen: Screen, entry: Entry, line: str | None) -> None:
    assert screen.line(entry) == line


def test_the_place_in_the_massage_is_shown_and_what_can_be_said(screen: Screen) -> None:
    line = screen.line(entries.State(9.0, "guiding", "legs-2"))
    assert line is not None
    assert line.startswith("\nLegs, step 2 of 28: ") and '(say "next", ' in line


@pytest.mark.parametrize("routine", ["infant-massage", "hand-and-wrist", "infant-massage-es", "infant-massage-fr"])
def test_every_state_has_a_title_and_what_it_names_can_be_said(routine: str) -> None:
    found, language = content(Options(routine=routine))
    screen = Screen(found, language)
    sayable = SAYABLE | (OWN_SAYABLE if found.whom == "parent" else {})
    for state in get_args(State):
        assert state == "guiding" or state in TITLES
        line = screen.line(entries.State(0.0, state, found.steps[0].id))
        assert line is not None
        book = language.phrasebook(found.parts)
        meant = [book.meaning(phrase) for phrase in line.split('"')[1::2]]
        assert [command and command.name for command in meant] == list(sayable.get(state, ()))


def test_a_session_on_a_terminal(tmp_path: Path) -> None:
    need_espeak()
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard"],
        env=environment_without_sound() | {"HOME": str(tmp_path)},
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        assert process.stdin is not None
        process.stdin.write(b"I'm ready\npause\n")
        process.stdin.close()
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert "Getting ready" in text and "step 1 of 6" in text and "Paused" in text
    assert 'understood: "I\'m ready"' in text
    assert "0:0" not in text, "no times"
