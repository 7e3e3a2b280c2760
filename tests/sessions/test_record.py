"""Recording a routine's sentences: what is kept of a recording; the walk; all of it through the real PortAudio."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Speak, need_espeak
from hypothesis import given
from hypothesis import strategies as st
from rig import GIVE_UP_S, Program, Rig, sound_rig

from voiceguide.errors import VoiceguideError
from voiceguide.hearing.ears import Heard, Ignored
from voiceguide.hearing.listener import Listener
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Line, Routine
from voiceguide.sessions.recorded_lines import Own, line_of
from voiceguide.sessions.recorder import AFTER, BEFORE, FRAME, Recorder, from_step, lines_of, trimmed, warnings
from voiceguide.sound import BLOCK, RATE, Block, Kind, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import Room


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has recordings of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data/voiceguide/recordings"


def first_weeks() -> Routine:
    return load(find("first-weeks"))


# ---- what is kept of a recording ----


def click(size: int = RATE // 50) -> Pcm:
    """A key being pressed: 20 ms, at full scale."""
    chance = np.random.default_rng(3)
    return (
        (chance.normal(size=size) * 8000 * np.exp(-np.arange(size) / (size / 4))).clip(-32768, 32767).astype(np.int16)
    )


@given(before=st.floats(0.4, 2.0), after=st.floats(0.4, 2.0), gain=st.floats(0.05, 1.0), snr_db=st.floats(25, 60))
def test_silence_and_the_clicks_of_keys_are_cut_off_and_all_of_the_speech_is_kept(
    speak: Speak, before: float, after: float, gain: float, snr_db: float
) -> None:
    speech = (speak("rest both hands on your baby's legs") * gain).astype(np.int16)
    first, last = (int(n) for n in np.flatnonzero(np.abs(speech.astype(int)) > 0.03 * np.abs(speech).max())[[0, -1]])
    start, end = round(before * RATE), round(after * RATE)
    rms = np.sqrt(np.mean(np.square(speech, dtype=np.float64)))
    room = np.random.default_rng(1).normal(scale=rms * 10 ** (-snr_db / 20), size=start + len(speech) + end)
    room[start : start + len(speech)] += speech
    room[: len(click())] += click()
    room[-len(click()) :] += click()
    recording = room.round().clip(-32768, 32767).astype(np.int16)
    kept = trimmed(recording)
    assert last - first < len(kept) <= last - first + BEFORE + AFTER + RATE // 5
    places = range(len(recording) - len(kept) + 1)
    begun = next(n for n in places if recording[n] == kept[0] and np.array_equal(recording[n:][: len(kept)], kept))
    assert begun <= start + first and begun + len(kept) >= start + last


@given(st.integers(0, 3 * RATE), st.floats(0, 30))
def test_without_speech_nothing_is_kept(size: int, noise: float) -> None:
    room = np.random.default_rng(size).normal(scale=noise, size=size).astype(np.int16)
    assert len(trimmed(room)) == 0
    assert warnings(trimmed(room))[0].startswith("nothing was heard")


def test_clicks_alone_are_not_speech() -> None:
    room = np.random.default_rng(1).normal(scale=3, size=2 * RATE).astype(np.int16)
    for at in (0, RATE, 2 * RATE - FRAME):
        room[at : at + FRAME] += click(FRAME)
    assert len(trimmed(room)) == 0


def test_a_recording_too_soft_or_crackling_has_a_warning(speak: Speak) -> None:
    speech = speak("rest both hands on your baby's legs").astype(float)
    for gain, words in ((0.5, None), (0.03, "very soft: come nearer"), (20.0, "too loud in places")):
        given = warnings(trimmed((speech * gain).clip(-32768, 32767).astype(np.int16)))
        assert [words in line for line in given if words] == ([True] if words else [])
        assert bool(given) == bool(words)


# ---- the lines ----


def test_every_line_is_asked_for_once_in_the_order_of_the_routine() -> None:
    routine = load(find("infant-massage"))
    lines = lines_of(routine)
    texts = [line.text for line in lines]
    assert len(set(texts)) == len(texts)
    assert texts[0] == routine.welcome[0].say[0]
    steps = [text for step in routine.steps for text in step.say]
    assert [text for text in texts if text in set(steps)] == list(dict.fromkeys(steps))
    others = [*routine.closing, *routine.why, routine.mixed, *routine.signs.values(), *routine.preparation]
    assert {text for one in others for text in one.say} <= set(texts)


def test_one_may_begin_at_a_step_or_a_part() -> None:
    routine = first_weeks()
    lines = lines_of(routine)
    second = routine.steps[1]
    assert from_step(lines, second.id, routine.id)[0].text == second.say[0]
    assert from_step(lines, routine.steps[0].part, routine.id)[0].text == routine.steps[0].say[0]
    with pytest.raises(VoiceguideError, match="has no step 'knees'; see: voiceguide show first-weeks"):
        from_step(lines, "knees", routine.id)


# ---- the walk, in a simulated room ----


class Reader(Room):
    """A room with somebody who reads aloud as soon as it records, and presses the keys."""

    def __init__(self, speech: dict[str, Pcm], keys: list[str]) -> None:
        super().__init__(echo_db=-60.0)
        out, into = os.pipe()
        self.keyboard = os.fdopen(out, encoding="utf-8")
        self._pressed = os.fdopen(into, "w", encoding="utf-8")
        self._speech = speech
        self._keys = keys
        self._until = float("inf")
        self._text = ""
        self.printed: list[str] = []

    def say(self, line: str) -> None:
        """What the recorder prints."""
        self.printed.append(line)
        if line.startswith("\n"):
            self._text = line.splitlines()[-1].strip()
        elif line.startswith("recording"):
            _, self._until = self.place(self._speech[self._text], at=self.now + 0.5)
        elif self._keys:
            self._press(self._keys.pop(0))
        else:
            self._pressed.close()

    def read(self) -> Block:
        block = super().read()
        if block.at > self._until + 0.5:
            self._until = float("inf")
            self._press("")
        time.sleep(0.0005)  # so that the key, which comes in real time, comes soon in the room's
        return block

    def _press(self, key: str) -> None:
        self._pressed.write(key + "\n")
        self._pressed.flush()


def walk(texts: list[str], speech: dict[str, Pcm], *keys: str) -> tuple[Reader, int]:
    room = Reader(speech, list(keys))
    lines = [Line(text, f"step-{n}") for n, text in enumerate(texts)]
    return room, Recorder(room, room.keyboard, room.say, Own("feet")).walk(lines)


@pytest.fixture
def spoken(speak: Speak) -> dict[str, Pcm]:
    return {text: speak(text) for text in ("baby is crying", "move on", "hold on")}


def test_what_is_kept_is_stored_and_what_is_skipped_is_not(spoken: dict[str, Pcm]) -> None:
    room, kept = walk([*spoken], spoken, "", "k", "s", "", "a", "K")
    own = Own("feet")
    assert kept == 2
    assert [own.path(text).is_file() for text in spoken] == [True, False, True]
    assert [line.splitlines()[1].split()[0] for line in room.printed if line.startswith("\n")] == [
        "1/3",
        "2/3",
        "3/3",
    ]
    for text in ("baby is crying", "hold on"):
        pcm = read_recording(own.path(text))
        assert len(pcm) / RATE == pytest.approx(len(spoken[text]) / RATE, abs=0.5)
    assert sum(line.startswith("recording") for line in room.printed) == 3


def test_what_was_recorded_is_played_and_the_guide_is_silent_while_it_records(spoken: dict[str, Pcm]) -> None:
    room, _ = walk(["baby is crying"], spoken, "", "k")
    sounding = np.array([block.any() for block in room.speaker])
    first = int(np.flatnonzero(sounding)[0])
    assert first * BLOCK / RATE > 0.5 + len(spoken["baby is crying"]) / RATE
    heard = np.concatenate(room.speaker[first:])
    expected = line_of(Own("feet").path("baby is crying"))
    assert abs(len(np.trim_zeros(heard)) - len(np.trim_zeros(expected))) <= 0.2 * RATE


def test_nothing_is_stored_that_was_not_kept(spoken: dict[str, Pcm], data: Path) -> None:
    for keys in (("", "q"), ("", "a", "s", "q"), ("q",), ("what", "s"), ()):
        _, kept = walk(["baby is crying", "move on"], spoken, *keys)
        assert kept == 0
    assert not data.exists()


def test_the_end_of_the_input_is_the_end_of_the_walk(spoken: dict[str, Pcm], data: Path) -> None:
    room = Room()
    printed: list[str] = []
    for typed in ("", "\n", "\n\n", "\n\n\n", "s\n", "x\n"):
        recorder = Recorder(room, io.StringIO(typed), printed.append, Own("feet"))
        assert recorder.walk([Line("move on", "a"), Line("hold on", "b")]) == 0
    assert not data.exists()
    assert any(line.startswith("nothing was heard") for line in printed)


@pytest.mark.parametrize(("end", "kept"), [("microphone", 0), ("speaker", 1)])
def test_a_device_that_is_lost_keeps_nobody_waiting(spoken: dict[str, Pcm], end: Kind, kept: int) -> None:
    class Unplugged(Reader):
        """After half a second."""

        _gone = 0.5

        def read(self) -> Block:
            lost = frozenset({end}) if self.now > self._gone else frozenset()
            if lost and end == "speaker":
                self._fill, fill = lambda n: np.zeros(n, np.int16), self._fill  # it takes no sound
                block = super().read()
                self._fill = fill
            else:
                block = super().read()
            return replace(block, lost=lost)

    room = Unplugged(spoken, ["", "k"] if kept else ["", "q"])
    recorder = Recorder(room, room.keyboard, room.say, Own("feet"))
    assert recorder.walk([Line("baby is crying", "a")]) == kept
    assert any("the microphone was lost" in line for line in room.printed) == (end == "microphone")


# ---- with a real microphone and speaker ----


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    need_espeak()
    with sound_rig() as rig:
        yield rig


@contextmanager
def recording(rig: Rig, data: Path, *arguments: str) -> Iterator[Program]:
    with subprocess.Popen(
        [sys.executable, "-m", "voiceguide", "record", "first-weeks", *arguments],
        env={**rig.environment, "XDG_DATA_HOME": str(data)},
        cwd=rig.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


def test_a_voice_in_the_microphone_becomes_a_recording(
    rig: Rig, tmp_path: Path, speak: Speak, vosk_model: object, book: object
) -> None:
    first = first_weeks().steps[0].say[0]
    spoken = np.pad((speak("baby is crying") * 0.5).astype(np.int16), (RATE // 2, RATE // 2))
    with recording(rig, tmp_path / "data", "--from", "legs-1") as at_work:
        at_work.wait_for_next(first)
        at_work.wait_for_next("Enter: record")
        at_work.type()
        at_work.wait_for_next("recording")
        time.sleep(0.5)
        with rig.playing(spoken):
            time.sleep(len(spoken) / RATE + 1.0)
        with rig.recording() as heard:
            at_work.type()
            at_work.wait_for_next("k: keep")
            time.sleep(0.5)
        at_work.type("k")
        at_work.wait_for_next("2/")
        at_work.type("q")
        at_work.wait_for_next("1 recorded")
        assert at_work.process.wait(GIVE_UP_S) == 0
        assert at_work.process.stderr is not None and at_work.process.stderr.read() == ""

    path = Own("first-weeks").path(first)
    assert path.is_relative_to(tmp_path / "data") and path.is_file()
    for sound in (read_recording(path), heard[0]):  # what was stored, and what was played back
        ears = Listener(vosk_model, book)  # type: ignore[arg-type]
        decided: list[Heard | Ignored] = []
        quiet = np.pad(sound, RATE)
        for at in range(0, len(quiet) - BLOCK, BLOCK):
            decided += ears.hear(quiet[at : at + BLOCK], (at + BLOCK) / RATE)
        assert [one.command.sign for one in decided if isinstance(one, Heard)] == ["crying"]

    with recording(rig, tmp_path / "data", "--from", "legs-1") as at_work:
        at_work.wait_for_next(first_weeks().steps[0].say[1])
        at_work.type("q")
        at_work.wait_for_next("0 recorded")

    result = command(tmp_path, "--list")
    assert f"recorded     legs-1               {first}" in result.stdout.splitlines()
    assert f"1 of {len(lines_of(first_weeks()))} sentences are recorded" in result.stdout


def command(tmp_path: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voiceguide", "record", "first-weeks", *arguments],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")},
        input=typed,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )


# ---- the list, and away with them ----


def test_recordings_are_listed_and_deleted(tmp_path: Path, speak: Speak) -> None:
    own = Own("first-weeks")
    own.keep(first_weeks().steps[0].say[0], speak("move on"))
    own.keep("A sentence that is no longer there.", speak("move on"))
    listed = command(tmp_path, "--list").stdout.splitlines()
    assert sum(line.startswith("recorded ") for line in listed) == 1
    assert listed[-2].startswith("1 of ") and str(own.folder) in listed[-2]
    assert listed[-1] == "1 of yours are of sentences that are no longer there: they are not used"

    refused = command(tmp_path, "--delete", typed="no\n")
    assert (refused.returncode, refused.stderr) == (1, "voiceguide: nothing was deleted\n")
    assert len(own.all()) == 2
    assert command(tmp_path, "--delete").returncode == 1, "the end of the input is no yes"
    assert command(tmp_path, "--delete", typed="yes\n").stdout.endswith("2 recordings are deleted\n")
    assert own.all() == []
    own.keep("One.", speak("move on"))
    assert command(tmp_path, "--delete", "--yes").stdout == "1 recordings are deleted\n"
    assert command(tmp_path, "--delete").stdout.startswith("there are no recordings in ")


def test_what_is_recorded_is_not_asked_for_again_but_by_option(tmp_path: Path, speak: Speak) -> None:
    for line in lines_of(first_weeks()):
        Own("first-weeks").keep(line.text, speak("move on"))
    done = command(tmp_path)
    assert (done.returncode, done.stdout) == (0, "all of it is recorded; to record it again: --again\n")
    assert (
        f"{len(lines_of(first_weeks()))} sentences to record"
        in command(tmp_path, "--again", "--input-device", "no such one").stdout
    )
