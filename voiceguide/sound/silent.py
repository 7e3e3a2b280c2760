"""Silence at the pace of the clock: for a machine without devices, and while one is lost."""

from __future__ import annotations

from time import monotonic, sleep

import numpy as np

from voiceguide.errors import SoundError
from voiceguide.sound import BLOCK, RATE, Block, Fill, Pcm

STALL = 1.0
"""Seconds; where nothing is heard blocks are given at the pace of the clock, and a longer stall is left out."""


class SilentSound:
    """No device at all: ``read`` gives silence at the pace of the clock, what ``fill`` gives is thrown away.

    For a session with typed commands on a machine without a speaker."""

    def __init__(self) -> None:
        self._fill: Fill | None = None
        self._pace = Pace()
        self.delay = 0.0

    def open(self, fill: Fill) -> None:
        """Never fails. ``fill`` is called by ``read``, in its thread."""
        self._fill = fill
        self._pace = Pace()

    def read(self) -> Block:
        """30 ms of silence, when they have passed. Raises SoundError when not open."""
        if self._fill is None:
            raise SoundError("the sound is not open")
        at = self._pace.wait()
        played: Pcm = self._fill(BLOCK)
        return Block(np.zeros(BLOCK, np.int16), at, played)

    def close(self) -> None:
        """Harmless when not open."""
        self._fill = None

    def troubles(self) -> list[str]:
        return []


class Pace:
    """Blocks at the pace of the clock. One that is asked for late comes at once; a long stall is left out."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.at = 0.0
        """The time of the last block, in seconds."""

    def wait(self) -> float:
        """Seconds from the start to the end of the block; returns when that is reached."""
        self.at = max(self.at + BLOCK / RATE, monotonic() - self.began - STALL)
        sleep(max(0.0, self.began + self.at - monotonic()))
        return self.at
