"""How loud a sound is.

A sound is int16 PCM, whose full scale is 32768, or float samples in any measure; levels come out in the measure that
went in. dBFS is decibels below full scale.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceguide.sound import BLOCK, Pcm

FULL_SCALE = 32768.0
ACTIVE_DB = 30.0
"""Frames of speech or music within 30 dB of the loudest one aren't pauses."""

Sound = npt.NDArray[Any]


def loudness(pcm: Pcm) -> float:
    """RMS in dB over one step of 16 bits: 0 for silence, 90 for full scale."""
    if not len(pcm):
        return 0.0
    samples = pcm.astype(np.float32)
    return 10 * math.log10(float(samples @ samples) / len(samples) + 1.0)


def dbfs(amplitude: float, full_scale: float = FULL_SCALE) -> float:
    """An amplitude in dBFS; -110 for silence."""
    return 20 * math.log10(max(amplitude / full_scale, 10 ** (-110 / 20)))


def amplitude(level_db: float, full_scale: float = FULL_SCALE) -> float:
    """The amplitude at a level in dBFS."""
    return full_scale * 10 ** (level_db / 20)


def soft_limit(samples: npt.NDArray[np.float32], knee: float, ceiling: float) -> npt.NDArray[np.float32]:
    """``samples`` up to ±``knee`` as they are; beyond that bent smoothly, so that none goes over ±``ceiling``."""
    # Only + - * /: unlike tanh, their results don't depend on how a signal is cut into blocks.
    size = np.abs(samples)
    if size.max(initial=0) <= np.float32(knee):
        return samples
    over = np.maximum(size - np.float32(knee), np.float32(0))
    room = np.float32(ceiling - knee)
    return np.clip(samples, -knee, knee) + np.copysign(over * room / (over + room), samples)


def frame_powers(sound: Sound, frame: int = BLOCK) -> npt.NDArray[np.float64]:
    """The mean square of each frame of ``frame`` samples; the last one is filled up with silence."""
    frames = np.pad(sound, (0, -len(sound) % frame)).reshape(-1, frame)
    powers: npt.NDArray[np.float64] = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return powers


def active_power(powers: npt.NDArray[np.float64]) -> float:
    """The mean of the ``frame_powers`` that aren't pauses; 0 for no sound."""
    loudest = powers.max(initial=0.0)
    return float(powers[powers >= loudest * 10 ** (-ACTIVE_DB / 10)].mean()) if loudest else 0.0


def active_rms(sound: Sound, frame: int = BLOCK) -> float:
    """The RMS of a sound without its pauses; 0 for no sound."""
    return math.sqrt(active_power(frame_powers(sound, frame)))
