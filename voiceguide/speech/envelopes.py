"""How loud something is from sample to sample: ramps up and down, and volumes.

Every position on a ramp is a whole number of steps, and after that there are only + - * / and tables. So the result
doesn't depend on how many samples are asked for at a time.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from voiceguide.sound import RATE

Float = npt.NDArray[np.float32]

RAMP = RATE * 20 // 1000
"""Samples from one volume to another, and from open speech to ducked."""
GAIN_DB = (-60.0, 24.0)
"""The softest and the loudest volume."""


def decibels(depth: float, top: int) -> Float:
    """The gain at each position from 0 to ``top``, linear in decibels from 0 to ``depth``: float32[top + 1]."""
    curve: Float = (10 ** (depth / 20 * np.arange(top + 1) / top)).astype(np.float32)
    return curve


class Slope:
    """A position between 0 and ``top``. It rises by ``up`` a sample, and falls by ``down``."""

    def __init__(self, top: int, up: int = 1, down: int = 1) -> None:
        self.at = 0
        self._top, self._up, self._down = top, up, down

    def rests(self, high: bool) -> bool:
        """Whether it has arrived."""
        return self.at == (self._top if high else 0)

    def path(self, n: int, high: bool) -> npt.NDArray[np.int64] | int:
        """Its position at each of the next ``n`` samples, on its way to the top or to 0; a single number if it has
        arrived."""
        if self.rests(high):
            return self.at
        step = self._up if high else -self._down
        path = np.clip(self.at + step * np.arange(1, n + 1), 0, self._top)
        if n:
            self.at = int(path[-1])
        return path


class Volume:
    """A gain, 0 dB at first. A change takes 20 ms."""

    def __init__(self) -> None:
        self._db = 0.0
        self._from = self._to = 1.0
        self._at = RAMP  # RAMP: at ``_to``

    @property
    def db(self) -> float:
        return self._db

    @db.setter
    def db(self, decibels: float) -> None:
        if math.isnan(decibels):
            raise ValueError("the volume must be a number of decibels")
        self._db = min(max(decibels, GAIN_DB[0]), GAIN_DB[1])
        self._from += (self._to - self._from) * self._at / RAMP
        self._to = 10 ** (self._db / 20)
        self._at = 0

    @property
    def rests(self) -> bool:
        """Whether the last change is complete."""
        return self._at == RAMP

    def path(self, n: int) -> Float | np.float32:
        """The gain of each of the next ``n`` samples; a single number if it doesn't change."""
        if self.rests:
            return np.float32(self._to)
        path = np.minimum(self._at + np.arange(1, n + 1), RAMP)
        self._at = min(self._at + n, RAMP)
        gain: Float = (self._from + (self._to - self._from) * path / RAMP).astype(np.float32)
        gain[path == RAMP] = self._to  # rounding may have missed it
        return gain
