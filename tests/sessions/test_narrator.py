"""Nobody waits for a voice: a line that is late is said by another one, and the better one is let go in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import JOE, need_piper
from rig import GIVE_UP_S

from voiceguide.guide.machine import Guide
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.model import Model
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import load
from voiceguide.sessions import entries
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.session import PACES, Session
from voiceguide.sound import Block, Pcm
from voiceguide.sound.room import Room
from voiceguide.speech.voice import DEFAULT_RATE, DEFAULT_VOICE, Voice

SLOW, QUICK = "en-us+f2", "en-us+f3"
LINE = "Say continue to try again."


class SlowVoice(Voice):
    """A voice that takes all the time in the world for whatever SLOW has to say, until it's told to go on."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache=cache)
        self.go_on = threading.Event()

    def render(self, text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE) -> Pcm:
        if voice == SLOW and self.kept(text, voice=voice, rate=rate) is None:
            self.go_on.wait(GIVE_UP_S)
        return super().render(text, voice=voice, rate=rate)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowVoice]:
    with SlowVoice(tmp_path) as voice:
        yield voice
        voice.go_on.set()


@pytest.fixture
def narrator(slow: SlowVoice) -> Iterator[Narrator]:
    made = Narrator(slow, None, ahead=True, names=(SLOW, QUICK))
    yield made
    slow.go_on.set()
    made.close()


def wait_until(it_is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while not it_is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_line_that_is_late_is_said_by_the_quicker_voice(slow: SlowVoice, narrator: Narrator) -> None:
    line = narrator.line(LINE)
    assert not line.done()
    narrator.hurry(LINE)
    assert np.array_equal(line.result(GIVE_UP_S), slow.render(LINE, voice=QUICK))
    slow.go_on.set()
    wait_until(lambda: slow.kept(LINE, voice=SLOW) is not None)
    assert np.array_equal(narrator.line(LINE).result(0), slow.render(LINE, voice=QUICK)), "not changed in the middle"


def test_a_line_that_is_not_late_is_waited_for(slow: SlowVoice, narrator: Narrator) -> None:
    line = narrator.line(LINE)
    wait_until(lambda: slow.kept(LINE, voice=QUICK) is not None)
    slow.go_on.set()
    assert np.array_equal(line.result(GIVE_UP_S), slow.render(LINE, voice=SLOW))
    narrator.hurry(LINE)
    assert np.array_equal(line.result(0), slow.render(LINE, voice=SLOW)), "there's no hurry any more"


def test_the_same_voice_at_another_pace_is_better_than_another_voice(tmp_path: Path, narrator: Narrator) -> None:
    with Voice(cache=tmp_path) as voice:
        other = voice.render(LINE, voice=SLOW, rate=PACES[1])
    narrator.prepare((), rates=PACES)
    line = narrator.line(LINE)
    narrator.hurry(LINE)
    assert np.array_equal(line.result(GIVE_UP_S), other)


def test_the_first_line_of_a_session_comes_soon(slow: SlowVoice, narrator: Narrator) -> None:
    assert np.array_equal(narrator.first(LINE), slow.render(LINE, voice=QUICK))


def test_a_line_that_is_no_longer_wanted_is_not_made(slow: SlowVoice, narrator: Narrator) -> None:
    narrator.line("This one takes all the time.")
    line = narrator.line(LINE)
    assert line.cancel()
    slow.go_on.set()
    narrator.line("And this one comes after it.").result(GIVE_UP_S)
    assert slow.kept(LINE, voice=SLOW) is None


def test_what_may_have_to_be_said_at_once_is_made_at_every_pace(slow: SlowVoice, narrator: Narrator) -> None:
    slow.go_on.set()
    narrator.prepare(("One.", LINE), at_once=(LINE,), rates=PACES)
    wait_until(lambda: all(slow.kept(LINE, voice=SLOW, rate=rate) is not None for rate in PACES))
    assert slow.kept("One.", voice=SLOW) is not None
    assert slow.kept("One.", voice=SLOW, rate=PACES[1]) is None


def test_after_a_change_of_pace_the_rest_is_made_at_that_pace(slow: SlowVoice, narrator: Narrator) -> None:
    slow.go_on.set()
    narrator.prepare(("One.", LINE))
    wait_until(lambda: slow.kept(LINE, voice=SLOW) is not None)
    narrator.rate = PACES[1]
    wait_until(lambda: all(slow.kept(text, voice=SLOW, rate=PACES[1]) is not None for text in ("One.", LINE)))


def test_a_neural_voice_is_let_go_when_all_is_made(tmp_path: Path) -> None:
    need_piper()
    with Voice(cache=tmp_path) as voice:
        narrator = Narrator(voice, None, ahead=True, names=(JOE, QUICK))
        narrator.prepare(("One.", "Two."))
        wait_until(lambda: voice.kept("Two.", voice=JOE) is not None and voice.worker_pid is None)
        narrator.close()


def test_a_voice_that_fails_is_told_once_and_the_next_one_speaks(tmp_path: Path) -> None:
    said: list[str] = []
    with Voice(cache=tmp_path) as voice:
        narrator = Narrator(voice, None, ahead=True, names=("en_GB-cori-medium", QUICK), warn=said.append)
        for text in ("One.", "Two."):
            assert np.array_equal(narrator.line(text).result(GIVE_UP_S), voice.render(text, voice=QUICK))
        narrator.close()
    assert said == [
        "the voice en_GB-cori-medium is not installed; install it: voiceguide voices install en_GB-cori-medium; "
        f"{QUICK} speaks instead"
    ]


def test_what_a_late_line_would_fake_is_known(slow: SlowVoice, vosk_model: Model, book: Phrasebook) -> None:
    own_voice = OwnVoice(vosk_model, book, cache=None)
    narrator = Narrator(slow, own_voice, ahead=True, names=(SLOW, QUICK))
    line = narrator.line(LINE)
    narrator.hurry(LINE)
    line.result(GIVE_UP_S)
    assert "continue" in {fake.phrase for fake in narrator.fakes(LINE)}
    slow.go_on.set()
    narrator.close()


class WaitingRoom(Room):
    """A room whose clock lets other threads work."""

    def read(self) -> Block:
        time.sleep(0.001)
        return super().read()


class Deaf:
    voice = suspects = False

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[object]:
        return []

    def own_voice(self, fakes: object, start: float) -> None:
        pass


def test_a_session_says_a_late_line_in_the_quicker_voice(slow: SlowVoice, narrator: Narrator) -> None:
    guide = Guide(load(find("first-weeks")), load_language("en"))
    room = WaitingRoom()
    session = Session(guide, room, narrator, Deaf())  # type: ignore[arg-type]
    said: list[Entry] = []

    def each_turn(happened: list[Entry]) -> None:
        said.extend(entry for entry in happened if isinstance(entry, entries.Said))
        if len(said) == 2:
            session.leave()

    session.run(each_turn, "legs-1")
    assert [entry.error for entry in said if isinstance(entry, entries.Said)] == [None, None]
    assert np.concatenate(room.speaker).any()


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_what_is_made_first_includes_what_cannot_wait(path: Path) -> None:
    routine = load(path)
    guide = Guide(routine, load_language(routine.language))
    at_once, texts = guide.at_once(), guide.texts()
    assert set(at_once) <= set(texts)
    said = [line for sign in routine.signs.values() for line in sign.say]
    assert set(said) | set(load_language(routine.language).say("stop_and_tend")) <= set(at_once)
    if routine.danger:
        assert set(routine.danger.say) <= set(at_once)
