"""How loud something is from sample to sample: ways up and down, and volumes.

Every place on the way is a whole number of steps, and there are only + - * / and tables after that: so what is
heard does not depend on how many samples are asked for at a time.
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
"""The bounds of a volume."""


def decibels(depth: float, top: int) -> Float:
    """The gain at each place from 0 to ``top``, even in decibels from 0 to ``depth``: float32[top + 1]."""
    curve: Float = (10 ** (depth / 20 * np.arange(top + 1) / top)).astype(np.float32)
    return curve


class Slope:
    """A place between 0 and ``top``: it climbs by ``up`` a sample, and falls by ``down``."""

    def __init__(self, top: int, up: int = 1, down: int = 1) -> None:
        self.at = 0
        self._top, self._up, self._down = top, up, down

    def rests(self, high: bool) -> bool:
        """Whether it is where it is to be."""
        return self.at == (self._top if high else 0)

    def path(self, n: int, high: bool) -> npt.NDArray[np.int64] | int:
        """Where it is at each of the next ``n`` samples, on its way to the top or to 0; a number where it stays."""
        if self.rests(high):
            return self.at
        step = self._up if high else -self._down
        path = np.clip(self.at + step * np.arange(1, n + 1), 0, self._top)
        if n:
            self.at = int(path[-1])
        return path


class Volume:
    """A gain in decibels, 0 at first; a new one is reached within 20 ms."""

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
        """Whether it is as it is to be."""
        return self._at == RAMP

    def path(self, n: int) -> Float | np.float32:
        """The gain of each of the next ``n`` samples; a number where it stays."""
        if self.rests:
            return np.float32(self._to)
        path = np.minimum(self._at + np.arange(1, n + 1), RAMP)
        self._at = min(self._at + n, RAMP)
        gain: Float = (self._from + (self._to - self._from) * path / RAMP).astype(np.float32)
        gain[path == RAMP] = self._to  # the sum above may miss it by a rounding
        return gain
