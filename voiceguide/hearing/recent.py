"""The last seconds of sound, to be looked at once more."""

from __future__ import annotations

from collections import deque

import numpy as np

from voiceguide.sound import BLOCK, RATE, Pcm

KEPT_S = 6.0
"""The longest phrase takes 3 s; 0.6 s before it and 0.5 s after it count, and the network looks back for half a
second."""


class Recent:
    """What a recogniser was given lately. Times are seconds on the session's clock."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[Pcm, float]] = deque()
        self._samples = 0

    def note(self, pcm: Pcm, at: float) -> None:
        """``pcm``: int16[n], which ends at ``at`` seconds. After a jump of the clock only what follows is kept."""
        if self._blocks and at - len(pcm) / RATE > self._blocks[-1][1] + 0.5 * BLOCK / RATE:
            self._blocks.clear()
            self._samples = 0
        self._blocks.append((pcm, at))
        self._samples += len(pcm)
        while self._samples - len(self._blocks[0][0]) >= KEPT_S * RATE:
            self._samples -= len(self._blocks.popleft()[0])

    def since(self, start: float) -> tuple[Pcm, float]:
        """What is kept from ``start`` seconds on, and when that begins."""
        if not self._blocks:
            return np.zeros(0, np.int16), start
        pcm = np.concatenate([pcm for pcm, _ in self._blocks])
        end = self._blocks[-1][1]
        begin = end - len(pcm) / RATE
        skipped = max(0, round((start - begin) * RATE))
        return pcm[skipped:], begin + skipped / RATE
