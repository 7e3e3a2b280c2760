"""How loud a sound is."""

from __future__ import annotations

import numpy as np
import pytest

from voiceguide.sound import BLOCK, RATE
from voiceguide.sound.levels import active_rms, amplitude, dbfs, frame_powers, loudness

TONE = 1000 * np.sin(2 * np.pi * 400 * np.arange(40 * BLOCK) / RATE)  # a whole number of periods in a block
RMS = 1000 / np.sqrt(2)


def test_pauses_do_not_count() -> None:
    pauses = np.concatenate([np.zeros(9 * BLOCK), TONE, TONE / 100])
    assert active_rms(pauses) == pytest.approx(RMS, rel=1e-6)
    assert active_rms(np.concatenate([TONE, TONE / 10])) == pytest.approx(RMS * np.sqrt(1.01 / 2), rel=1e-6)


def test_silence_has_no_level_and_nor_has_no_sound() -> None:
    assert active_rms(np.zeros(RATE, np.int16)) == active_rms(np.zeros(0, np.int16)) == 0.0
    assert loudness(np.zeros(BLOCK, np.int16)) == loudness(np.zeros(0, np.int16)) == 0.0
    assert dbfs(0.0) == pytest.approx(-110)


def test_the_last_frame_is_filled_up_with_silence() -> None:
    assert frame_powers(np.full(7, 2, np.int16), 4) == pytest.approx([4.0, 3.0])
    assert len(frame_powers(np.zeros(0), 4)) == 0


def test_int16_does_not_overflow() -> None:
    assert active_rms(np.full(BLOCK, -32768, np.int16)) == 32768
    assert loudness(np.full(BLOCK, -32768, np.int16)) == pytest.approx(90.3, abs=0.01)


def test_an_amplitude_has_its_level() -> None:
    assert dbfs(amplitude(-20.0)) == pytest.approx(-20.0)
    assert amplitude(-6.0206) == pytest.approx(16384, rel=1e-4)
    assert dbfs(amplitude(-20.0, 1.0), 1.0) == pytest.approx(-20.0)
