"""Silence at the pace of the clock, for a machine without sound devices."""

from __future__ import annotations

import numpy as np

from voiceguide.errors import SoundError
from voiceguide.sound import BLOCK, Block, Fill
from voiceguide.sound.clock import Pace


class SilentSound:
    """A Sound without any device: for a session with typed commands on a machine without a speaker.

    What's played is thrown away. ``fill`` is called by ``read``, in the same thread."""

    def __init__(self) -> None:
        self._fill: Fill | None = None
        self._pace = Pace()
        self.delay = 0.0

    def open(self, fill: Fill) -> None:
        self._fill = fill
        self._pace = Pace()

    def read(self) -> Block:
        if self._fill is None:
            raise SoundError("the sound is not open")
        at = self._pace.wait()
        played = self._fill(BLOCK)
        return Block(np.zeros(BLOCK, np.int16), at, played)

    def close(self) -> None:
        self._fill = None

    def troubles(self) -> list[str]:
        return []
