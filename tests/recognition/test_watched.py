"""A recogniser that hangs or fails is replaced, and what is said afterwards is heard.

The recogniser is Vosk's; a wrapper makes it hang or fail at the moment that the test says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from conftest import Speak
from rig import GIVE_UP_S

from voiceguide.errors import ModelError
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.model import Model
from voiceguide.recognition.watched import LIMIT_S, OFTEN, WatchedRecogniser
from voiceguide.sound import BLOCK, RATE, Pcm

SOUND = np.full(BLOCK, 500, np.int16)


class Faulty:
    """A model whose recognisers do ``fault()`` with the sound that comes next, each time that one is asked for."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.settings = model.settings
        self.knows = model.knows
        self.verifier = model.verifier
        self.faults: list[Callable[[], None]] = []

    def recogniser(self, book: Phrasebook) -> Any:
        real, faults = self._model.recogniser(book), self.faults

        class Recogniser:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def AcceptWaveform(self, sound: bytes) -> Any:  # noqa: N802
                if faults:
                    faults.pop()()
                return real.AcceptWaveform(sound)

        return Recogniser()


@pytest.fixture
def forever() -> Iterator[Callable[[], None]]:
    """Hangs until the test is over."""
    over = threading.Event()

    def hang() -> None:
        over.wait(GIVE_UP_S)

    yield hang
    over.set()


def failing() -> None:
    raise RuntimeError("no more memory")


def hear(ears: Listener, pcm: Pcm, start: float) -> list[str]:
    pcm = np.pad(pcm, (RATE // 2, RATE - len(pcm) % BLOCK))
    found: list[str] = []
    for i in range(0, len(pcm) // BLOCK * BLOCK, BLOCK):
        decided = ears.hear(pcm[i : i + BLOCK], start + (i + BLOCK) / RATE)
        found += [one.phrase for one in decided if isinstance(one, Heard)]
    return found


def test_readings_of_an_utterance(vosk_model: Model, book: Phrasebook, speak: Speak) -> None:
    ears = WatchedRecogniser(partial(vosk_model.recogniser, book))
    one, other = (np.pad(speak(phrase), RATE // 2) for phrase in ("leave out the leg", "leave out the face"))
    length = min(len(one), len(other))
    unclear = one[:length] / 2 + other[:length] / 2
    for i in range(0, length, BLOCK):
        ears.accept(unclear[i : i + BLOCK].astype(np.int16).tobytes())
    answer = ears.close()
    assert answer is not None and answer.readings is not None
    probable = [reading.probability for reading in answer.readings]
    assert len(probable) > 1
    assert sum(probable) == pytest.approx(1)
    assert probable == sorted(probable, reverse=True)
    assert len({tuple(word.text for word in reading.words) for reading in answer.readings}) == len(probable)


def test_of_nothing_there_is_nothing_to_read(vosk_model: Model, book: Phrasebook) -> None:
    ears = WatchedRecogniser(partial(vosk_model.recogniser, book))
    answer = ears.close()
    assert answer is not None and answer.readings is not None
    assert not any(reading.words for reading in answer.readings)


@pytest.mark.parametrize("fault", ["hangs", "fails"])
def test_one_that_hangs_or_fails_is_replaced(
    fault: str, vosk_model: Model, book: Phrasebook, speak: Speak, forever: Callable[[], None]
) -> None:
    model = Faulty(vosk_model)
    ears = Listener(model, book)
    assert hear(ears, speak("pause"), 0.0) == ["pause"]
    model.faults.append(forever if fault == "hangs" else failing)
    began = time.monotonic()
    assert ears.hear(SOUND, 10.0) == []
    assert time.monotonic() - began < LIMIT_S + GIVE_UP_S / 2, "it was not waited for"
    assert not model.faults
    assert ears.replaced == 1
    assert hear(ears, speak("baby is fussing"), 10.0) == ["baby is fussing"]
    assert ears.replaced == 1


def test_word_times_are_right_after_it_was_replaced(vosk_model: Model, book: Phrasebook, speak: Speak) -> None:
    model = Faulty(vosk_model)
    fine, ears = Listener(vosk_model, book), Listener(model, book)
    pcm = np.pad(speak("pause"), (RATE, RATE))
    pcm = pcm[: len(pcm) // BLOCK * BLOCK]
    times = []
    for one in (fine, ears):
        if one is ears:
            model.faults.append(failing)
            one.hear(SOUND, 99.0)
        found = [
            heard
            for i in range(0, len(pcm), BLOCK)
            for heard in one.hear(pcm[i : i + BLOCK], 100 + (i + BLOCK) / RATE)
            if isinstance(heard, Heard)
        ]
        times.append([(heard.phrase, heard.at, heard.until) for heard in found])
    assert [phrase for phrase, _, _ in times[0]] == ["pause"]
    assert times[1][0][1:] == pytest.approx(times[0][0][1:], abs=0.06)


def test_one_that_fails_again_and_again_is_told_of(vosk_model: Model, book: Phrasebook) -> None:
    model = Faulty(vosk_model)
    ears = Listener(model, book)
    model.faults += [failing] * (OFTEN + 1)
    for n in range(OFTEN):
        assert ears.hear(SOUND, float(n)) == []
    with pytest.raises(ModelError, match=r"again and again \(no more memory\)"):
        ears.hear(SOUND, 9.0)


def test_no_thread_is_left_of_a_listener_that_is_gone(vosk_model: Model, book: Phrasebook) -> None:
    def working() -> int:
        return sum(thread.name == "recogniser" for thread in threading.enumerate())

    before = working()
    ears = Listener(vosk_model, book)
    assert working() == before + 1
    del ears
    deadline = time.monotonic() + GIVE_UP_S
    while working() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert working() == before
