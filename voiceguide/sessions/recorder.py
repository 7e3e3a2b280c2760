"""Walks through the lines of a routine, and records them in the user's own voice.

Nothing is said while it records, and nothing is stored unless the user keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Literal, TextIO

import numpy as np
import numpy.typing as npt

from voiceguide.errors import VoiceguideError
from voiceguide.files.streams import TypedLines
from voiceguide.routine.routine import Line, Routine
from voiceguide.sessions.recorded_lines import LONGEST_S, Own
from voiceguide.sound import BLOCK, RATE, Pcm, Sound
from voiceguide.sound.levels import amplitude, frame_powers
from voiceguide.speech.player import Player
from voiceguide.speech.voice import levelled

FRAME = RATE // 50
"""20 ms."""
STEADY = 4
"""Where speech starts and ends, this many frames out of five have sound. The click of a key is shorter."""
BEFORE, AFTER = RATE * 15 // 100, RATE // 4
"""Samples kept on either side, for the soft sounds at the start and the end of a sentence."""
OVER_NOISE_DB, UNDER_LOUDEST_DB, SURE_DB = 10.0, 30.0, 10.0
"""Speech is at least 10 dB above the room's noise, which the softest tenth shows, and at most 30 dB below the loudest
speech. Whatever is within 10 dB of the loudest is speech in any noise."""
NOTHING_DB, SOFT_DB = -60.0, -45.0
"""dBFS, RMS. Below the first there's nothing; below the second it's so soft that levelling raises the noise by 25
dB."""
FULL, CLIPPED = 32700, 3
"""If more samples than CLIPPED reach FULL, they're heard as a crackle."""

Answer = Literal["record", "keep", "again", "skip", "quit"]
BEFOREHAND: dict[str, Answer] = {"": "record", "s": "skip", "q": "quit"}
AFTERWARDS: dict[str, Answer] = {"k": "keep", "a": "again", "s": "skip", "q": "quit"}


def lines_of(routine: Routine) -> tuple[Line, ...]:
    """All lines of a routine, each once, in the order in which they may be said."""
    found: dict[str, Line] = {}
    for line in routine.lines():
        found.setdefault(line.text, line)
    return tuple(found.values())


def from_step(lines: Sequence[Line], step: str, routine: str) -> tuple[Line, ...]:
    """The lines from a step or part on. Raises VoiceguideError if there's no such step or part."""
    for n, line in enumerate(lines):
        if step in (line.where, line.part):
            return tuple(lines[n:])
    raise VoiceguideError(f"{routine} has no step '{step}'; see: voiceguide show {routine}")


def trimmed(pcm: Pcm) -> Pcm:
    """A recording without the silence, and the clicks of keys, before and after the speech; empty if there's no
    speech."""
    power = _powers(pcm)
    if len(power) < 5 or power.max() < _power(NOTHING_DB):
        return pcm[:0]
    loudest = np.quantile(power, 0.98)  # a click is louder, but rarer
    noise = np.quantile(power, 0.1) * 10 ** (OVER_NOISE_DB / 10)
    least = max(loudest * 10 ** (-UNDER_LOUDEST_DB / 10), min(noise, loudest * 10 ** (-SURE_DB / 10)))
    steady = np.flatnonzero(np.convolve(power > max(least, _power(NOTHING_DB)), np.ones(5), "valid") >= STEADY)
    if not len(steady):
        return pcm[:0]
    return pcm[max(0, int(steady[0]) * FRAME - BEFORE) : (int(steady[-1]) + 5) * FRAME + AFTER]


def warnings(pcm: Pcm) -> list[str]:
    """What's wrong with a recording after it was ``trimmed``."""
    if not len(pcm):
        return ["nothing was heard: is it the right microphone (voiceguide devices), and is it on?"]
    found = []
    power = _powers(pcm)
    if power[power >= power.max() * 1e-3].mean() < _power(SOFT_DB):
        found.append("it is very soft: come nearer to the microphone")
    if np.count_nonzero(np.abs(pcm.astype(np.int32)) >= FULL) > CLIPPED:
        found.append("it is too loud in places, and crackles: go further away, or turn the microphone down")
    return found


def _powers(pcm: Pcm) -> npt.NDArray[np.float64]:
    """Of each whole frame."""
    return frame_powers(pcm[: len(pcm) // FRAME * FRAME], FRAME)


def _power(decibels: float) -> float:
    return amplitude(decibels) ** 2


class Recorder:
    """One walk through lines, with a microphone, a speaker and a keyboard."""

    def __init__(self, sound: Sound, keys: TextIO, say: Callable[[str], None], own: Own) -> None:
        """``keys`` is where the user types; ``say`` prints a line."""
        self._sound = sound
        self._say = say
        self._own = own
        self._player = Player()
        self._typed = TypedLines(keys)

    def walk(self, lines: Sequence[Line]) -> int:
        """Record the lines one after the other, until the last one or until the user quits. Returns how many were
        kept.

        Raises SoundError if there's no device, and VoiceguideError if nothing can be written."""
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
        while not self._typed.ready:
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
        """Play it as it will sound."""
        line: Future[Pcm] = Future()
        line.set_result(levelled(pcm.astype("<i2").tobytes(), RATE))
        self._player.say(1, [line])
        while self._player.speaking and "speaker" not in self._sound.read().lost:
            pass
        self._player.hush()

    def _ask(self, question: str, answers: dict[str, Answer]) -> Answer:
        self._say(question)
        while True:
            while not self._typed.ready:
                self._sound.read()  # what's heard meanwhile is thrown away
            key = self._key()
            if key is None:
                return "quit"
            if (answer := answers.get(key[:1])) is not None:
                return answer
            self._say(question)

    def _key(self) -> str | None:
        """What was typed; None at the end of the input."""
        line = self._typed.next()
        return line.strip().lower() if line is not None else None
