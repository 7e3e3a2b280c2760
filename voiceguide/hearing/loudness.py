"""How loud it has been lately: whether the speaker has fallen silent, and whether it has been quiet for long."""

from __future__ import annotations

from collections import deque
from itertools import islice
from operator import itemgetter

KEPT_S, PEAK_S = 4.0, 1.2
"""How far back loudness is remembered, and how far back the loudest is looked for, in seconds."""
DROP_DB = 15.0
"""The speaker has fallen silent when two blocks in a row are this far below the loudest of the last 1.2 s."""
STEADY_DB = 3.0
"""Silence, or steady noise, is what is no more than this above the softest of the last KEPT_S. A voice as loud as the
noise adds as much."""


class Loudness:
    """Of the last blocks of one stream, in dB over one step of 16 bit."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque()

    def note(self, at: float, level: float) -> None:
        """A block of this loudness ended at ``at`` seconds."""
        self._levels.append((at, level))
        while self._levels[0][0] < at - KEPT_S:
            self._levels.popleft()

    def steady(self, level: float) -> bool:
        """Whether a block of this loudness, which is not noted yet, is silence or steady noise."""
        return level <= min(map(itemgetter(1), self._levels), default=level) + STEADY_DB

    @property
    def fallen(self) -> bool:
        """Whether the speaker has fallen silent."""
        if not self._levels:
            return True
        now = self._levels[-1][0]
        peak = max(level for at, level in self._levels if at > now - PEAK_S)
        return all(level < peak - DROP_DB for _, level in islice(reversed(self._levels), 2))
