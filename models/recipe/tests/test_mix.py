"""Speech in noise, for the evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe.measures.mix import LEAD_S, Samples, chance_for, mixed
from models.recipe.store import RATE
from voiceguide.sound import BLOCK, Pcm

if TYPE_CHECKING:
    pass


def _speech(chance: np.random.Generator) -> Pcm:
    """Two loud words with a pause between them."""
    word = chance.normal(scale=3000, size=RATE // 2)
    return np.concatenate([word, np.zeros(RATE // 4), word]).astype(np.int16)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 30), st.integers(0, 1000))
def test_the_noise_is_as_far_below_the_speech_as_was_asked(snr_db: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    speech = _speech(chance)
    bursts = np.repeat(chance.uniform(0, 1, 20), RATE // 4)  # a noise that comes and goes
    noise: Samples = (chance.normal(scale=500, size=len(bursts)) * bursts).astype(np.float32)
    quiet = mixed(speech, chance_for(seed), level_db=-28).pcm.astype(np.float64)
    noisy = mixed(speech, chance_for(seed), noise=noise, snr_db=snr_db, level_db=-28).pcm.astype(np.float64)
    power = np.mean(quiet.reshape(-1, BLOCK) ** 2, axis=1)
    active = power > power.max() * 1e-3
    added = np.mean((noisy - quiet).reshape(-1, BLOCK)[active] ** 2)
    assert 10 * np.log10(np.mean(power[active]) / added) == pytest.approx(snr_db, abs=0.3)
    assert 10 * np.log10(np.mean(power[active]) / 32768**2) == pytest.approx(-28, abs=0.1)


def test_speech_ends_where_it_fell_silent() -> None:
    speech = np.concatenate([_speech(np.random.default_rng(1)), np.zeros(RATE // 2, np.int16)])
    one = mixed(speech, chance_for("end"))
    assert one.start == pytest.approx(LEAD_S, abs=0.005)
    assert one.end == pytest.approx(LEAD_S + 1.25, abs=0.005)
    assert len(one.pcm) % BLOCK == 0
