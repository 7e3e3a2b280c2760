"""A recogniser that may hang or fail: it works in a thread of its own, and is replaced.

Vosk is native code: a call that does not return can be neither ended nor waited for. So the thread is left behind,
and another one with a new recogniser takes its place; the loaded model is the same. What an utterance had come to is
lost with it. (Where native code ends the process, only another process can help: see docs/reliability.md.)
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import math
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

from voiceguide.errors import ModelError

log = logging.getLogger(__name__)

LIMIT_S = 1.2
"""Seconds for an answer; mostly it takes one or two thousandths."""
LOOK_S = 0.1
"""It is waited for in so many looks that a process which was stopped as a whole counts as one of them."""
OFTEN, OFTEN_S = 3, 60.0
"""Replaced so often within so many seconds, it will not get better."""
ALTERNATIVES = 10
"""So many ways to read an utterance are asked for; Vosk knows those that are e^2 times less likely than the first, at
most (lattice-beam in the model's settings)."""


@dataclass(frozen=True, slots=True)
class Word:
    """Times are seconds of the sound that the recogniser was given."""

    text: str
    at: float
    until: float

    @property
    def middle(self) -> float:
        return (self.at + self.until) / 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What an utterance may have been."""

    words: tuple[Word, ...]
    probability: float
    """Of all readings together 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the recogniser makes of the sound so far."""

    partial: str
    """The words of the utterance that goes on; empty where there are none or it has ended."""
    readings: tuple[Reading, ...] | None
    """Of the utterance, where it has ended: the likeliest first."""


class WatchedRecogniser:
    """A ``vosk.KaldiRecognizer``, for one thread at a time."""

    def __init__(self, make: Callable[[], Any]) -> None:
        """``make`` gives a recogniser, the first one at once; what it raises then is raised."""

        def made() -> Any:
            recogniser = make()
            recogniser.SetMaxAlternatives(ALTERNATIVES)
            return recogniser

        self._make = made
        self._losses: deque[float] = deque(maxlen=OFTEN)
        self.replaced = 0
        """How often."""
        self._start(made())

    def accept(self, sound: bytes) -> Answer | None:
        """Take 16 bit, 16 kHz, mono; None where the recogniser had to be replaced, and all before is lost.

        Raises ModelError where it had to be again and again."""
        return self._ask(sound)

    def close(self) -> Answer | None:
        """End the utterance; as ``accept``."""
        return self._ask(b"")

    def _start(self, recogniser: Any | None) -> None:
        self._sounds: SimpleQueue[bytes | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | Exception] = SimpleQueue()
        task = (self._make, recogniser, self._sounds, self._answers)
        Thread(target=_work, args=task, name="recogniser", daemon=True).start()
        self._end = weakref.finalize(self, self._sounds.put, None)
        self._end.atexit = False

    def _ask(self, sound: bytes) -> Answer | None:
        self._sounds.put(sound)
        answer: Answer | Exception = TimeoutError("it does not answer")
        for _ in range(round(LIMIT_S / LOOK_S)):
            try:
                answer = self._answers.get(timeout=LOOK_S)
                break
            except Empty:
                continue
        if isinstance(answer, Answer):
            return answer
        self._end()  # should it ever come back
        now = monotonic()
        if len(self._losses) == OFTEN and now - self._losses[0] < OFTEN_S:
            raise ModelError(f"the recogniser fails again and again ({answer}); install the model again")
        self._losses.append(now)
        self.replaced += 1
        log.info("the recogniser is replaced: %s (%d times so far)", answer, self.replaced)
        self._start(None)
        return None


def _work(
    make: Callable[[], Any],
    recogniser: Any | None,
    sounds: SimpleQueue[bytes | None],
    answers: SimpleQueue[Answer | Exception],
) -> None:
    while (sound := sounds.get()) is not None:
        try:
            recogniser = recogniser or make()
            answer = _answer(recogniser, sound)
            answers.put(answer)
            if answer.readings is not None:
                _give_back()
        except Exception as error:
            answers.put(error)
            return


def _give_back() -> None:
    """To the system what an utterance took, ten megabytes after a long one; in a third of a millisecond."""
    with contextlib.suppress(OSError, AttributeError):  # glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _answer(recogniser: Any, sound: bytes) -> Answer:
    if not sound:
        return Answer("", _readings(json.loads(recogniser.FinalResult())))
    if recogniser.AcceptWaveform(sound):
        return Answer("", _readings(json.loads(recogniser.Result())))
    return Answer(json.loads(recogniser.PartialResult())["partial"], None)


def _readings(result: dict[str, Any]) -> tuple[Reading, ...]:
    """From Vosk's result with alternatives, whose "confidence" is the natural logarithm of a likelihood."""
    found = [
        (tuple(Word(word["word"], word["start"], word["end"]) for word in one.get("result", [])), one["confidence"])
        for one in result.get("alternatives", [])
    ]
    likeliest = max((log for _, log in found), default=0.0)
    total = sum(math.exp(log - likeliest) for _, log in found)
    return tuple(Reading(words, math.exp(log - likeliest) / total) for words, log in found)
