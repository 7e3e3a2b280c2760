"""Which channel of a microphone is heard."""

from __future__ import annotations

import numpy as np
import pytest

from voiceguide.sound import RATE, Pcm
from voiceguide.sound.ends import Channel

PIECE = RATE // 50


def noise(rms: float, seconds: float = 2.0) -> Pcm:
    return np.random.default_rng(round(rms)).normal(scale=rms, size=round(seconds * RATE)).astype(np.int16)


def heard(*channels: Pcm) -> Pcm:
    sound = np.stack(channels, axis=1)
    choice = Channel(len(channels))
    return np.concatenate([choice.of(sound[at : at + PIECE]) for at in range(0, len(sound), PIECE)])


def last(pcm: Pcm) -> Pcm:
    return pcm[-RATE:]


VOICE, HISS, NOTHING = noise(1_500), noise(3), noise(0)


@pytest.mark.parametrize("other", [HISS, NOTHING], ids=["hiss", "nothing"])
def test_a_voice_is_heard_on_either_side(other: Pcm) -> None:
    assert np.array_equal(heard(VOICE, other), VOICE)
    assert np.array_equal(last(heard(other, VOICE)), last(VOICE))


def test_the_first_of_two_alike_is_kept_and_so_is_that_of_two_that_hiss() -> None:
    assert np.array_equal(heard(VOICE, noise(2_000)), VOICE)
    assert np.array_equal(heard(HISS, noise(20)), HISS)


def test_an_array_has_its_cleaned_sound_first_and_the_speakers_last() -> None:
    assert np.array_equal(heard(HISS, noise(500), noise(4_000)), HISS)
    assert np.array_equal(last(heard(NOTHING, noise(500), VOICE)), last(VOICE)), "the first one is dead"


def test_a_single_channel_is_itself() -> None:
    assert np.array_equal(heard(VOICE), VOICE)
