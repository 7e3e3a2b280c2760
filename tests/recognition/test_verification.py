"""A second look at what may be a phrase, with the model in the box and real voices of espeak-ng."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from voiceguide.recognition import models
from voiceguide.recognition.model import GrammarModel, load
from voiceguide.recognition.verification import Verifier
from voiceguide.sound import BLOCK, RATE, Pcm

Speak = Callable[..., Pcm]


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    found = load(models.box()).verifier
    assert found is not None
    return found


def around(pcm: Pcm, before: float = 1.0, after: float = 1.0) -> Pcm:
    """With silence on both sides, in seconds."""
    return np.concatenate([np.zeros(round(before * RATE), np.int16), pcm, np.zeros(round(after * RATE), np.int16)])


@pytest.mark.parametrize("phrase", ["baby is crying", "go to the legs", "wait a minute", "say that again"])
def test_what_was_said_fits_far_better_than_anything_else(verifier: Verifier, speak: Speak, phrase: str) -> None:
    sound = around(speak(phrase))
    said = verifier.look(sound, phrase.split())
    assert said is not None and said.fit > -1.2
    for other in ("they're restless", "do everything", "he's not breathing"):
        look = verifier.look(sound, other.split())
        assert look is None or look.fit < said.fit - 1.0, other


def test_it_is_found_where_it_was_said(verifier: Verifier, speak: Speak) -> None:
    said = speak("baby is crying")
    look = verifier.look(around(said, before=1.5), ["baby", "is", "crying"])
    assert look is not None
    step = BLOCK / RATE
    assert abs(look.first * step - 1.5) < 0.2 and abs(look.last * step - 1.5 - len(said) / RATE) < 0.25
    assert (look.begins, look.ends) == (look.first, look.last + 1)
    assert look.phones == 11


def test_of_the_same_said_twice_the_later_one_is_looked_at(verifier: Verifier, speak: Speak) -> None:
    said = speak("next")
    sound = np.concatenate([around(said), around((said // 2).astype(np.int16))])
    second = len(around(said)) // BLOCK
    look = verifier.look(sound, ["next"], since=second)
    assert look is not None and look.first > second
    anywhere = verifier.look(sound, ["next"])
    assert anywhere is not None and anywhere.fit >= look.fit - 0.5


def test_only_the_words_that_count_are_weighed(verifier: Verifier, speak: Speak) -> None:
    sound = around(speak("okay, pause, thank you"))
    words = ["okay", "pause", "thank", "you"]
    look = verifier.look(sound, words, 1, 2)
    assert look is not None
    assert look.first < look.begins < look.ends < look.last
    assert look.phones == 3 and look.around < 0.0
    wrong = verifier.look(sound, ["okay", "pause", "baby", "is"], 1, 2)
    assert wrong is not None and wrong.around < look.around


def test_speech_is_told_from_noise(verifier: Verifier, speak: Speak) -> None:
    noise = np.random.default_rng(5).normal(0, 300, 2 * RATE).astype(np.int16)
    said = speak("what a lovely day it is")
    in_noise, in_speech = verifier.look(around(noise), ["pause"]), verifier.look(around(said), ["pause"])
    assert in_noise is not None and in_speech is not None
    assert in_speech.speech.sum() > 10 * in_noise.speech.sum()


def test_too_little_sound_is_not_looked_at(verifier: Verifier) -> None:
    assert verifier.look(np.zeros(BLOCK * 4, np.int16), ["baby", "is", "crying"]) is None


def test_a_model_with_a_grammar_has_none() -> None:
    assert GrammarModel.verifier is None
