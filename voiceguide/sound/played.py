"""What the speaker was given while the microphone heard a block: what an echo is an echo of."""

from __future__ import annotations

from threading import Lock

import numpy as np

from voiceguide.sound import BLOCK, RATE, Pcm

MARGIN = RATE * 10 // 1000
"""For what both devices are irregular: ``played`` is placed so much nearer to the sound given last than the speaker's
device holds, and so much away from it at least."""
SETTLE_BLOCKS = 8
"""Blocks (0.24 s) that are watched before it is placed: the device fills up again after a loss, and takes its pieces
when it likes."""
ASTRAY = RATE * 60 // 1000
"""How much further behind it may be for a second before it is placed anew. Two clocks that differ by 100 millionths
(crystals of sound cards differ by up to that) drift as far in ten minutes."""


class Played:
    """What the speaker was given, until the microphone's blocks ask for it.

    Both ends count samples, and where both count all of them, ``meanwhile`` stays at one distance from what it is
    asked for. Where samples were lost, on either side, it is placed anew: as far behind what has been given as the
    speaker's device holds before it is given more. So an echo comes a little later than what it is an echo of, 20 to
    50 ms and its way through the room, and two placings may differ by 30 ms."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Pcm = np.zeros(1 << 16, np.int16)
        """A ring: 4 s, which is more than any device holds."""
        self._given = self._seen = self._asked = 0
        self._astray = SETTLE_BLOCKS
        """Blocks after which it is placed; 0 when it is well placed."""
        self._low = self._blocks = 0
        """How far behind what has been given the last blocks have ended, at least; and how many blocks that are."""
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
            if caught_up and self._given > self._seen:
                self._watch(self._given - self._asked - BLOCK)
            if self._given < self._asked + BLOCK and not self._astray:
                self.place_anew()
            self._seen = self._given
            played = np.zeros(BLOCK, np.int16)
            first = max(0, self._asked, self._given - len(self._kept))
            last = min(self._asked + BLOCK, self._given)
            if first < last:
                at = first % len(self._kept)
                piece = self._kept[at : at + last - first]
                rest = self._kept[: last - first - len(piece)]
                played[first - self._asked : last - self._asked] = np.concatenate((piece, rest))
            self._asked += BLOCK
            return played

    def _watch(self, behind: int) -> None:
        if self._astray == SETTLE_BLOCKS:
            self._blocks = 0
        self._low = min(self._low, behind) if self._blocks else behind
        self._blocks += 1
        if self._astray:
            self._astray -= 1
            if self._astray == 0:
                self._asked += self._low - self._behind
                self._blocks = 0
                self.placings += 1
        elif self._blocks * BLOCK >= RATE:
            self._blocks = 0
            if self._low > self._behind + ASTRAY:
                self.place_anew()

    @property
    def delay(self) -> float:
        """Seconds from giving a sample to the speaker until it is in a block's ``played``."""
        return (self._behind + self.piece / 2) / RATE

    @property
    def _behind(self) -> int:
        return max(MARGIN, self.held - self.piece - MARGIN)
