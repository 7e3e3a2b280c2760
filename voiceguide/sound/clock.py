"""Two kinds of time: the microphone's own, and the pace of the clock where there's no microphone."""

from __future__ import annotations

from collections import deque
from operator import itemgetter
from time import monotonic, sleep

from voiceguide.sound import BLOCK, RATE

STALL_S = 1.0
"""Blocks at the pace of the clock don't catch up after a stall that's longer than this."""


class MicrophoneClock:
    """Tells when a sample of the microphone was heard.

    Counting samples gives even steps, but it loses time with every sample that the device loses, and it drifts with
    the device's crystal. Times of arrival are right in the long run, but each of them may be late. So samples are
    counted, and the count is shifted by the least lateness of the last second: within a second of a loss it's right
    again. Time never goes backwards: a block ends at least half a block after the one before."""

    def __init__(self) -> None:
        self._lateness: deque[tuple[float, float]] = deque()
        self.last = 0.0
        """The last time that ``at`` returned."""

    def arrived(self, counted: float, at: float) -> None:
        """The first ``counted`` seconds of samples had arrived by ``at`` seconds."""
        self._lateness.append((counted, at - counted))
        while self._lateness[0][0] < counted - 1.0:
            self._lateness.popleft()

    def at(self, counted: float) -> float:
        """The time at the end of a block that ends after ``counted`` seconds of samples."""
        least = min(map(itemgetter(1), self._lateness))
        self.last = max(counted + least, self.last + BLOCK / RATE / 2)
        return self.last


class Pace:
    """Blocks at the pace of the clock. One that's asked for late comes at once; a long stall is skipped."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.at = 0.0
        """The time at the end of the last block, in seconds."""

    def wait(self) -> float:
        """Wait for the end of the next block; the seconds from the start until then."""
        self.at = max(self.at + BLOCK / RATE, monotonic() - self.began - STALL_S)
        sleep(max(0.0, self.began + self.at - monotonic()))
        return self.at
