"""Typed commands, from a pipe and from a real terminal (a pty)."""

from __future__ import annotations

import io
import os
import pty
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import numpy as np
import pytest
from rig import GIVE_UP_S

from voiceguide.hearing.ears import Fake, Heard
from voiceguide.hearing.keyboard import PIPED_S, Keyboard
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sound import BLOCK, RATE

STEP = BLOCK / RATE
SILENCE = np.zeros(BLOCK, np.int16)


@pytest.fixture(scope="module")
def phrases() -> Phrasebook:
    return load_language("en").phrasebook(load(find("infant-massage")).parts)


def start(
    phrases: Phrasebook, lines: TextIO, say: Callable[[str], None] = lambda line: None, ask: str = "help"
) -> Keyboard:
    """A keyboard that has read all its input, so that nothing depends on how fast its thread is."""
    keyboard = Keyboard(phrases, lines, say, ask)
    for thread in threading.enumerate():
        if thread.name == "typed lines":
            thread.join(GIVE_UP_S)
    return keyboard


def listen(keyboard: Keyboard, seconds: float, begin: float = 0.0) -> list[Heard]:
    heard = []
    for n in range(1, round(seconds / STEP) + 1):
        for decided in keyboard.hear(SILENCE, begin + n * STEP):
            assert isinstance(decided, Heard)
            heard.append(decided)
    return heard


@contextmanager
def terminal(typed: bytes) -> Iterator[TextIO]:
    """A terminal on which ``typed`` was typed; Ctrl-D ends the input."""
    outside, inside = pty.openpty()
    try:
        with os.fdopen(inside, encoding="utf-8") as lines:
            os.write(outside, typed)
            yield lines
    finally:
        os.close(outside)


# Lines


def test_typed_lines_become_commands(phrases: Phrasebook) -> None:
    keyboard = start(phrases, io.StringIO("ready\nGo to the tummy!\n  Baby is fussing. \nmixed signs\n"))
    heard = listen(keyboard, 5)
    assert [h.command for h in heard] == [
        Command("ready"),
        Command("goto", target="belly"),
        Command("stress", sign="fussing"),
        Command("mixed"),
    ]
    assert [h.phrase for h in heard] == ["ready", "Go to the tummy!", "Baby is fussing.", "mixed signs"]
    for h in heard:
        assert h.at == h.until == h.decided and h.confidence == 1.0


def test_for_a_line_that_is_no_command_it_says_so(phrases: Phrasebook) -> None:
    told: list[str] = []
    keyboard = start(phrases, io.StringIO("next\nthe next door neighbour\n\n   \npause"), told.append)
    assert [h.phrase for h in listen(keyboard, 5)] == ["next", "pause"]
    assert told == ['"the next door neighbour" is no command; type help to see what can be said now']


def test_the_last_line_needs_no_line_break(phrases: Phrasebook) -> None:
    assert [h.phrase for h in listen(start(phrases, io.StringIO("stop")), 2)] == ["stop"]


def test_accents_may_be_left_out_unless_that_means_something_else() -> None:
    book = Phrasebook({"más despacio": Command("slower"), "sí": Command("yes"), "si": Command("no")}, ())
    keyboard = start(book, io.StringIO("mas despacio\nMa\u0301s despacio\nSÍ\nsi\n"))
    assert [h.command.name for h in listen(keyboard, 5)] == ["slower", "slower", "yes", "no"]


def test_the_word_for_help_depends_on_the_language() -> None:
    told: list[str] = []
    listen(start(Phrasebook({}, ()), io.StringIO("hola\n"), told.append, "ayuda"), 2)
    assert told == ['"hola" is no command; type ayuda to see what can be said now']


# Pace


def test_lines_from_a_pipe_are_taken_one_after_the_other(phrases: Phrasebook) -> None:
    """They all arrive at once, but the guide gets time to answer each."""
    keyboard = start(phrases, io.StringIO("ready\nnext\nlouder\nnext\n"))
    moments = [h.decided for h in listen(keyboard, 5)]
    assert len(moments) == 4
    for earlier, later in zip([0.0, *moments], moments, strict=False):
        assert PIPED_S <= later - earlier + 1e-9 < PIPED_S + 2 * STEP


def test_an_empty_or_unknown_line_takes_its_time_too(phrases: Phrasebook) -> None:
    keyboard = start(phrases, io.StringIO("\nabracadabra\nnext\n"))
    (heard,) = listen(keyboard, 5)
    assert heard.decided >= 3 * PIPED_S - 1e-9


def test_lines_from_a_terminal_are_taken_at_once(phrases: Phrasebook) -> None:
    with terminal(b"ready\nnext\n\x04") as lines:
        keyboard = start(phrases, lines)
        assert [h.phrase for h in keyboard.hear(SILENCE, STEP)] == ["ready"]
        assert [h.phrase for h in keyboard.hear(SILENCE, 2 * STEP)] == ["next"]


def test_nothing_is_waited_for(phrases: Phrasebook) -> None:
    """The loop doesn't wait for a line; it's taken once it's there."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, encoding="utf-8") as lines, os.fdopen(write_end, "w", encoding="utf-8") as parent:
        keyboard = Keyboard(phrases, lines, lambda line: None, "help")
        assert listen(keyboard, 60) == []
        assert not keyboard.ended
        parent.write("pause\n")
        parent.close()
        for thread in threading.enumerate():
            if thread.name == "typed lines":
                thread.join(GIVE_UP_S)
        assert [h.decided for h in listen(keyboard, 1, begin=60)] == [pytest.approx(60 + STEP)]


# The end


def test_the_end_of_the_input_comes_after_its_last_line(phrases: Phrasebook) -> None:
    keyboard = start(phrases, io.StringIO("ready\nnext\n"))
    listen(keyboard, 2 * PIPED_S + STEP)
    assert not keyboard.ended
    listen(keyboard, 1, begin=2 * PIPED_S + STEP)
    assert keyboard.ended
    assert listen(keyboard, 60, begin=5) == []
    assert keyboard.ended


def test_ctrl_d_is_the_end(phrases: Phrasebook) -> None:
    with terminal(b"pause\n\x04") as lines:
        keyboard = start(phrases, lines)
        assert [h.phrase for h in listen(keyboard, 1)] == ["pause"]
        assert keyboard.ended


def test_an_empty_input_ends_at_once(phrases: Phrasebook) -> None:
    keyboard = start(phrases, io.StringIO())
    assert listen(keyboard, 1) == []
    assert keyboard.ended


def test_a_line_that_is_not_valid_utf_8_is_no_command_and_the_next_one_is_read(phrases: Phrasebook) -> None:
    told: list[str] = []
    lines = io.TextIOWrapper(io.BytesIO(b"next\nr\xe9p\xe8te\npause\n"), encoding="utf-8")
    keyboard = start(phrases, lines, told.append)
    assert [h.phrase for h in listen(keyboard, 5)] == ["next", "pause"]
    assert told == ['"r\ufffdp\ufffdte" is no command; type help to see what can be said now']
    assert keyboard.ended


def test_an_input_that_is_closed_meanwhile_has_ended(phrases: Phrasebook) -> None:
    class Closed(io.StringIO):
        def isatty(self) -> bool:
            return False

    lines = Closed("next\n")
    lines.close()
    keyboard = start(phrases, lines)
    assert listen(keyboard, 2) == []
    assert keyboard.ended


# What isn't typed


def test_neither_sound_nor_the_guides_own_voice_matters(phrases: Phrasebook) -> None:
    keyboard = start(phrases, io.StringIO("continue\n"))
    keyboard.own_voice((Fake("continue", Command("resume"), 0.0, 10.0),), 0.0)
    noise = np.random.default_rng(1).integers(-32768, 32768, BLOCK).astype(np.int16)
    (heard,) = keyboard.hear(noise, 1.0, played=noise)
    assert isinstance(heard, Heard) and heard.command == Command("resume")
    assert not keyboard.voice
