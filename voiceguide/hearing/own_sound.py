"""The guide's own voice in the microphone: when it sounded, what stood out from it, and what it would fake."""

from __future__ import annotations

import math
from collections import deque
from itertools import islice

from voiceguide.hearing.ears import Fake
from voiceguide.hearing.gate import STANDS_OUT_DB
from voiceguide.language.command import Command

ECHO_S = 0.5
"""How long after the guide's voice the microphone may still hear it: the way there, and the room's reverberation."""
CLEAR_DB = 10.0
"""What stands out so far from the guide's own voice is someone else's, whatever the guide is saying."""
GUARD_S = 0.3
"""A command is the guide's own when its middle lies within this of where the guide's voice fakes it. (A parent
answers "say continue" 0.2 s after its end, and the middle of that word comes later still.)"""


class OwnSound:
    """What is known of the guide's own voice in the microphone. Times are seconds on the session's clock."""

    def __init__(self) -> None:
        self._excess: deque[tuple[float, float]] = deque(maxlen=200)
        """How far each of the last blocks stood out from it, in dB."""
        self._sounded: deque[tuple[float, float]] = deque(maxlen=64)
        self._fakes: deque[tuple[Fake, float]] = deque(maxlen=64)

    def note(self, start: float, end: float, excess_db: float, *, sounded: bool) -> None:
        """A block, how far it stood out from the guide's voice, and whether that sounded."""
        self._excess.append((end, excess_db))
        if sounded:
            end += ECHO_S
            if self._sounded and start <= self._sounded[-1][1]:
                start = self._sounded.pop()[0]
            self._sounded.append((start, end))

    def says(self, fakes: tuple[Fake, ...], start: float) -> None:
        """The guide starts a sentence at ``start`` seconds, which fakes these commands."""
        self._fakes.extend((fake, start) for fake in fakes)

    def between(self, start: float, end: float) -> bool:
        """Whether it could be heard then."""
        return any(a < end and start < b for a, b in self._sounded)

    def others(self, start: float, end: float) -> bool:
        """Whether what was heard then is someone else's: it could not be heard, or something stood out from it."""
        if not self.between(start, end):
            return True
        return any(db > STANDS_OUT_DB for at, db in self._excess if start < at <= end + 0.03)

    def somebody(self, blocks: int, since: float, least: int) -> bool:
        """Whether ``least`` of the last ``blocks`` stood out from it, without those until ``since``."""
        latest = [db for then, db in islice(reversed(self._excess), blocks) if then > since]
        return sum(STANDS_OUT_DB < db < math.inf for db in latest) >= least

    def faked(self, command: Command, at: float, until: float) -> bool:
        """Whether a command that was heard then is what its own voice fakes, and no louder than that may be."""
        excess = sorted(db for then, db in self._excess if at < then <= until)
        if excess and excess[len(excess) // 2] >= CLEAR_DB:
            return False
        middle = (at + until) / 2
        return any(
            fake.command == command and start + fake.at - GUARD_S < middle < start + fake.until + GUARD_S
            for fake, start in self._fakes
        )
