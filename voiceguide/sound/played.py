"""What the speaker was given while the microphone heard a block: what an echo is an echo of."""

from __future__ import annotations

from threading import Lock

import numpy as np

from voiceguide.sound import BLOCK, RATE, Pcm

MARGIN = RATE * 20 // 1000
"""How far behind the newest piece given to the speaker a block's ``played`` must end at least when it is placed, for
the sound of the microphone comes in pieces too."""
SETTLE_BLOCKS = 5
"""Blocks (0.15 s) before it is placed anew after a loss: the speaker's device first fills up again."""
ASTRAY = RATE * 60 // 1000
"""How much further behind it may be for a second before it is placed anew. Two clocks that differ by 100 millionths
(crystals of sound cards differ by up to that) drift as far in ten minutes."""


class Played:
    """What the speaker was given, until the microphone's blocks ask for it.

    Both ends count samples, and where both count all of them, ``meanwhile`` stays at one distance from what it is
    asked for. Where samples were lost, on either side, it is placed anew, by what has just been given: as far behind
    that as the speaker's device holds, so that an echo comes a little later than what it is an echo of, and never
    earlier. That is as true as devices are regular: two placings may differ by a piece or two, 20 to 40 ms."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Pcm = np.zeros(1 << 16, np.int16)
        """A ring: 4 s, which is more than any device holds."""
        self._given = self._seen = self._asked = 0
        self._astray = 1
        """Blocks after which it is placed; 0 when it is well placed."""
        self._low = self._blocks = 0
        self.piece = self.held = 0
        """Samples that the speaker's device asks for at a time, and that it holds."""
        self.placings = 0
        """How often it was placed, the first time included."""

    def give(self, pcm: Pcm) -> None:
        """The speaker was given ``pcm``."""
        with self._lock:
            at = self._given % len(self._kept)
            first = pcm[: len(self._kept) - at]
            self._kept[at : at + len(first)] = first
            self._kept[: len(pcm) - len(first)] = pcm[len(first) :]
            self._given += len(pcm)

    def place_anew(self) -> None:
        """Samples were lost somewhere."""
        self._astray = SETTLE_BLOCKS

    def meanwhile(self, caught_up: bool) -> Pcm:
        """int16[BLOCK] for the next block of the microphone. ``caught_up``: no later sound of it is here yet."""
        with self._lock:
            behind = self._given - self._asked - BLOCK
            if caught_up:
                self._low = min(self._low, behind) if self._blocks else behind
                self._blocks += 1
                if self._blocks * BLOCK >= RATE:
                    if self._low > self._margin + ASTRAY:
                        self._astray = 1
                    self._blocks = 0
                if self._astray > 0 and self._given > self._seen:
                    self._astray -= 1
                    if self._astray == 0:
                        self._asked = self._given - BLOCK - self._margin
                        self._blocks = 0
                        self.placings += 1
            if self._given < self._asked + BLOCK and not self._astray:
                self._astray = SETTLE_BLOCKS
            self._seen = self._given
            played = np.zeros(BLOCK, np.int16)
            first = max(0, self._asked, self._given - len(self._kept))
            last = min(self._asked + BLOCK, self._given)
            if first < last:
                indices = np.arange(first, last) % len(self._kept)
                played[first - self._asked : last - self._asked] = self._kept[indices]
            self._asked += BLOCK
            return played

    @property
    def delay(self) -> float:
        """Seconds from giving a sample to the speaker until it is in a block's ``played``."""
        return self._margin / RATE

    @property
    def _margin(self) -> int:
        return max(MARGIN + self.piece, self.held)
