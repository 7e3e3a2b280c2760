"""Speech at a given level and SNR; and the noises kept for evaluation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipe.split import FIFTH, held_out
from voiceguide.errors import VoiceguideError
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import HISS_LSB

Samples = npt.NDArray[np.float32]

LEVELS_DB = (-40.0, -22.0)
"""RMS of the active speech at the microphone, in dBFS: from across a table to close by."""
LEAD_S, TAIL_S = 1.5, 1.5
"""Lead-in and tail: long enough for the recogniser to settle and for all rules of the listener."""
ACTIVE = 1e-3
"""A block of 30 ms is active within 30 dB of the loudest, as in sound/room.py."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """What the microphone hears."""

    pcm: Pcm
    """int16[n], 16 kHz, whole blocks"""
    start: float
    end: float
    """Start and end of the speech, in seconds: the first and last sample over 2 % of its peak."""


def mixed(
    speech: Pcm,
    chance: np.random.Generator,
    *,
    noise: Samples | None = None,
    snr_db: float = 0.0,
    level_db: float | None = None,
) -> Mixed:
    """``speech`` (int16[n], 16 kHz) at ``level_db``: by default a level drawn from LEVELS_DB, and for NaN its own.
    Adds a microphone's hiss and a random stretch of ``noise``.

    The SNR compares the mean powers over the active blocks of the speech. A stretch in which the noise pauses is not
    used: its power must be at least a quarter of the noise's mean power while it sounds."""
    voice = np.concatenate(
        [np.zeros(round(LEAD_S * RATE)), speech.astype(np.float32), np.zeros(round(TAIL_S * RATE))]
    ).astype(np.float32)
    voice = np.concatenate([voice, np.zeros(-len(voice) % BLOCK, np.float32)])
    active = _active(voice)
    drawn = chance.uniform(*LEVELS_DB)
    target = drawn if level_db is None else level_db
    if not np.isnan(target):
        voice *= np.float32(32768 * 10 ** (target / 20) / np.sqrt(_power(voice, active)))
    heard = voice + chance.normal(scale=HISS_LSB, size=len(voice)).astype(np.float32)
    if noise is not None:
        usual = _power(noise[: len(noise) // BLOCK * BLOCK], _active(noise[: len(noise) // BLOCK * BLOCK]))
        for _ in range(100):
            stretch = np.take(noise, np.arange(len(voice)) + chance.integers(len(noise)), mode="wrap")
            if (power := _power(stretch, active)) >= usual / 4:
                break
        heard += stretch * np.float32(np.sqrt(_power(voice, active) / power / 10 ** (snr_db / 10)))
    loud = np.flatnonzero(np.abs(voice) > 0.02 * np.abs(voice).max())
    pcm = np.clip(np.rint(heard), -32768, 32767).astype(np.int16)
    return Mixed(pcm, loud[0] / RATE, (loud[-1] + 1) / RATE)


def _active(samples: Samples) -> npt.NDArray[np.bool_]:
    power = np.mean(samples.reshape(-1, BLOCK).astype(np.float64) ** 2, axis=1)
    return np.asarray(power > power.max() * ACTIVE)


def _power(samples: Samples, active: npt.NDArray[np.bool_]) -> float:
    """Mean power over the blocks that ``active`` (bool[n]) names."""
    return float(np.mean(samples.reshape(-1, BLOCK)[active].astype(np.float64) ** 2))


def chance_for(*names: object) -> np.random.Generator:
    """A random generator that is the same in every run for the same names."""
    digest = hashlib.sha256("\0".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def kitchen(recordings: Path) -> Samples:
    """The last fifth of the one recording of kitchen noise; the first four are for training.

    Raises VoiceguideError if it is missing."""
    pcm = read_recording(recordings / "noise" / "kitchen.flac")
    return pcm[len(pcm) * (FIFTH - 1) // FIFTH :].astype(np.float32)


def cries(recordings: Path) -> Samples:
    """The cries of the held-out babies, one after another, all at the same level, so that no baby dominates.

    Raises VoiceguideError if there are none."""
    files = sorted(path for path in (recordings / "cries").rglob("*.flac") if held_out(path))
    parts = []
    for path in files:
        pcm = read_recording(path).astype(np.float32)
        pcm = pcm[: len(pcm) // BLOCK * BLOCK]
        power = _power(pcm, _active(pcm))
        if power > 100.0:  # a file of silence is no cry
            parts.append(pcm / np.float32(np.sqrt(power)) * 1000)
    if not parts:
        raise VoiceguideError(f"there are no cries in {recordings}")
    return np.concatenate(parts)
