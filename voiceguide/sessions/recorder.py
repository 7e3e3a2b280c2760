"""``voiceguide record``: walks through the lines of a routine, and records them in the user's own voice.

Nothing is said while it records, and nothing is stored that was not kept.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, TextIO

import numpy as np

from voiceguide.errors import VoiceguideError
from voiceguide.routine.routine import Routine
from voiceguide.sessions.recorded_lines import LONGEST_S, Own
from voiceguide.sound import BLOCK, RATE, Pcm, Sound
from voiceguide.speech.player import Player
from voiceguide.speech.voice import levelled

FRAME = RATE // 50
"""20 ms."""
STEADY = 4
"""Frames out of five in which there is sound where speech begins and ends: the click of a key is shorter."""
BEFORE, AFTER = RATE * 15 // 100, RATE // 4
"""Samples kept on either side: the soft sounds at the beginning and the end of a sentence."""
OVER_NOISE_DB, UNDER_LOUDEST_DB, SURE_DB = 10.0, 30.0, 10.0
"""Speech is 10 dB over the room's noise (which the softest tenth shows), not more than 30 dB below its loudest; and
what is within 10 dB of that is speech in any noise."""
NOTHING_DB, SOFT_DB = -60.0, -45.0
"""Of full scale, RMS. Below, there is nothing; or it is so soft that levelling raises the noise by 25 dB."""
FULL, CLIPPED = 32700, 3
"""More samples than this at full scale are heard as a crackle."""

Answer = Literal["record", "keep", "again", "skip", "quit"]
BEFOREHAND: dict[str, Answer] = {"": "record", "s": "skip", "q": "quit"}
AFTERWARDS: dict[str, Answer] = {"k": "keep", "a": "again", "s": "skip", "q": "quit"}


@dataclass(frozen=True, slots=True)
class Line:
    """Something that the guide says as one."""

    text: str
    where: str
    """The id of the step, or what it belongs to."""
    part: str = ""


def lines_of(routine: Routine) -> tuple[Line, ...]:
    """All lines of a routine, in the order in which they may be said, and each once."""

    def all_lines() -> Iterator[Line]:
        for passage in routine.welcome:
            yield from (Line(text, "welcome") for text in passage.say)
        for item in routine.preparation:
            yield from (Line(text, item.id) for text in item.say)
        for step in routine.steps:
            yield from (Line(text, step.id, step.part) for text in (*step.say, *step.answers.values()))
        for passage in routine.closing:
            yield from (Line(text, "closing") for text in passage.say)
        for sign in routine.signs.values():
            yield from (Line(text, sign.name) for text in (*sign.say, *sum(sign.reasons.values(), ())))
        once = {"mixed": routine.mixed, "danger": routine.danger, **routine.care}
        yield from (Line(text, name) for name, passage in once.items() if passage for text in passage.say)
        yield from (Line(text, "why") for passage in routine.why for text in passage.say)

    found: dict[str, Line] = {}
    for line in all_lines():
        found.setdefault(line.text, line)
    return tuple(found.values())


def from_step(lines: Sequence[Line], step: str, routine: str) -> tuple[Line, ...]:
    """Those from a step or part on. Raises VoiceguideError where there is none of that name."""
    for n, line in enumerate(lines):
        if step in (line.where, line.part):
            return tuple(lines[n:])
    raise VoiceguideError(f"{routine} has no step '{step}'; see: voiceguide show {routine}")


def trimmed(pcm: Pcm) -> Pcm:
    """A recording without the silence, and the clicks of keys, before and after the speech; empty where none is."""
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    if len(power) < 5 or power.max() < _power(NOTHING_DB):
        return pcm[:0]
    loudest = np.quantile(power, 0.98)  # a click is louder, and rarer
    noise = np.quantile(power, 0.1) * 10 ** (OVER_NOISE_DB / 10)
    least = max(loudest * 10 ** (-UNDER_LOUDEST_DB / 10), min(noise, loudest * 10 ** (-SURE_DB / 10)))
    steady = np.flatnonzero(np.convolve(power > max(least, _power(NOTHING_DB)), np.ones(5), "valid") >= STEADY)
    if not len(steady):
        return pcm[:0]
    return pcm[max(0, int(steady[0]) * FRAME - BEFORE) : (int(steady[-1]) + 5) * FRAME + AFTER]


def warnings(pcm: Pcm) -> list[str]:
    """What is wrong with a recording that was ``trimmed``."""
    if not len(pcm):
        return ["nothing was heard: is it the right microphone (voiceguide devices), and is it on?"]
    found = []
    power = np.mean(np.square(pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME), dtype=np.float64), axis=1)
    if power[power >= power.max() * 1e-3].mean() < _power(SOFT_DB):
        found.append("it is very soft: come nearer to the microphone")
    if np.count_nonzero(np.abs(pcm.astype(np.int32)) >= FULL) > CLIPPED:
        found.append("it is too loud in places, and crackles: go further away, or turn the microphone down")
    return found


def _power(decibels: float) -> float:
    return float(32768**2 * 10 ** (decibels / 10))


class Recorder:
    """One walk through lines, with a microphone and a speaker."""

    def __init__(self, sound: Sound, keys: TextIO, say: Callable[[str], None], own: Own) -> None:
        """``keys``: where lines are typed; ``say``: prints a line."""
        self._sound = sound
        self._say = say
        self._own = own
        self._player = Player()
        self._typed: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._ended = False
        threading.Thread(target=self._read, args=(keys,), daemon=True, name="keys").start()

    def walk(self, lines: Sequence[Line]) -> int:
        """Record these, one after the other, until the end or until the user has enough; how many were kept.

        Raises SoundError where there is no device, and VoiceguideError where nothing can be written."""
        kept = 0
        self._sound.open(self._player.fill)
        try:
            for n, line in enumerate(lines, 1):
                self._say(f"\n{n}/{len(lines)}  {line.where}\n  {line.text}")
                answer = self._ask("Enter: record · s: skip · q: quit", BEFOREHAND)
                while answer in ("record", "again"):
                    answer = self._record(line)
                kept += answer == "keep"
                if answer == "quit":
                    break
        finally:
            self._sound.close()
        return kept

    def _record(self, line: Line) -> Answer:
        pcm = trimmed(self._take())
        for warning in warnings(pcm):
            self._say(warning)
        if not len(pcm):
            return self._ask("Enter: record again · s: skip · q: quit", BEFOREHAND)
        self._play(pcm)
        answer = self._ask(f"{len(pcm) / RATE:.1f} s · k: keep · a: again · s: skip · q: quit", AFTERWARDS)
        if answer == "keep":
            self._own.keep(line.text, pcm)
        return answer

    def _take(self) -> Pcm:
        """What the microphone hears until Enter."""
        self._say("recording … Enter ends it")
        blocks = [np.zeros(0, np.int16)]
        while self._typed.empty() and not self._ended:
            block = self._sound.read()
            if "microphone" in block.lost:
                self._say("the microphone was lost: see that it is plugged in")
                return np.zeros(0, np.int16)
            blocks.append(block.pcm)
            if len(blocks) * BLOCK > LONGEST_S * RATE:
                self._say(f"that is {LONGEST_S} seconds: enough")
                return np.concatenate(blocks)
        self._key()
        return np.concatenate(blocks)

    def _play(self, pcm: Pcm) -> None:
        """As it will be heard."""
        line: Future[Pcm] = Future()
        line.set_result(levelled(pcm.astype("<i2").tobytes(), RATE))
        self._player.say(1, [line])
        while self._player.speaking and "speaker" not in self._sound.read().lost:
            pass
        self._player.hush()

    def _ask(self, question: str, answers: dict[str, Answer]) -> Answer:
        self._say(question)
        while True:
            while self._typed.empty() and not self._ended:
                self._sound.read()  # what is heard meanwhile is thrown away
            key = self._key()
            if key is None:
                return "quit"
            if (answer := answers.get(key[:1])) is not None:
                return answer
            self._say(question)

    def _key(self) -> str | None:
        """What was typed; None at the end of the input."""
        line = None if self._ended else self._typed.get()
        self._ended = line is None
        return line.strip().lower() if line is not None else None

    def _read(self, keys: TextIO) -> None:
        try:
            for line in keys:
                self._typed.put(line)
        except (OSError, ValueError):
            pass  # it was closed: the same as its end
        self._typed.put(None)
