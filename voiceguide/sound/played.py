"""What the speaker was given while the microphone heard a block: what an echo is an echo of."""

from __future__ import annotations

from threading import Lock

import numpy as np

from voiceguide.sound import BLOCK, RATE, Pcm

MARGIN = RATE * 10 // 1000
"""Samples by which either device may be irregular. ``played`` is aligned this much closer to the newest sound than
what the speaker's device holds, and at least this far away from it."""
SETTLE_BLOCKS = 8
"""Blocks (0.24 s) that are watched before it's aligned: after a loss the device fills up again, and takes its pieces
when it likes."""
ASTRAY = RATE * 60 // 1000
"""Samples that it may be further behind for a second before it's aligned again. Two clocks 100 millionths apart (as
far as the crystals of sound cards differ) drift that far in ten minutes."""


class Played:
    """What the speaker was given, until the microphone's blocks ask for it.

    Both ends count samples, and while neither loses any, the sound that ``meanwhile`` returns keeps its distance from
    the block it's returned for. Where either loses samples it's aligned again: as far behind what has been given as
    the speaker's device holds before it's given more. So an echo comes a little later than its original, by 20 to
    50 ms and its way through the room; two alignments may differ by 30 ms."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Pcm = np.zeros(1 << 16, np.int16)
        """A ring of 4 s, which is more than any device holds."""
        self._given = self._seen = self._asked = 0
        """Samples given in all, given when last asked, and asked for."""
        self._settling = SETTLE_BLOCKS
        """Blocks until it's aligned; 0 when it is."""
        self._low = self._blocks = 0
        """The least distance, in the last blocks, between their end and the newest sample; how many blocks those
        are."""
        self.piece = self.held = 0
        """Samples that the speaker's device asks for at a time, and that it holds."""
        self.alignments = 0
        """How often it has been aligned, including the first time."""

    def give(self, pcm: Pcm) -> None:
        """The speaker was given ``pcm``."""
        with self._lock:
            at = self._given % len(self._kept)
            first = pcm[: len(self._kept) - at]
            self._kept[at : at + len(first)] = first
            self._kept[: len(pcm) - len(first)] = pcm[len(first) :]
            self._given += len(pcm)

    def realign(self) -> None:
        """Samples were lost somewhere."""
        self._settling = SETTLE_BLOCKS

    def meanwhile(self, caught_up: bool) -> Pcm:
        """int16[BLOCK] for the microphone's next block. ``caught_up``: that's the newest there is."""
        with self._lock:
            if caught_up and self._given > self._seen:
                self._watch(self._given - self._asked - BLOCK)
            if self._given < self._asked + BLOCK and not self._settling:
                self.realign()
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
        if self._settling == SETTLE_BLOCKS:
            self._blocks = 0
        self._low = min(self._low, behind) if self._blocks else behind
        self._blocks += 1
        if self._settling:
            self._settling -= 1
            if self._settling == 0:
                self._asked += self._low - self._behind
                self._blocks = 0
                self.alignments += 1
        elif self._blocks * BLOCK >= RATE:
            self._blocks = 0
            if self._low > self._behind + ASTRAY:
                self.realign()

    @property
    def delay(self) -> float:
        """Seconds between giving the speaker a sample and that sample showing up in a block's ``played``."""
        return (self._behind + self.piece / 2) / RATE

    @property
    def _behind(self) -> int:
        return max(MARGIN, self.held - self.piece - MARGIN)
