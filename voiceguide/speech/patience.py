"""When a synthesis process counts as hung. A slow machine, or a busy one, mustn't look like a hung process.

So it isn't the clock on the wall that decides. A process that does nothing at all, although it was asked for a
sentence, hangs soon. One that computes is given the CPU time that sentences have taken on this machine, several times
over. One that waits for a CPU or for the disk is only waiting.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 0.1
"""Seconds between two looks at the process. No look counts for more: if our own process was held up as well, that's
no fault of the other one."""
IDLE_S = 1.2
"""Seconds of doing nothing after which a process hangs: a thousand times what it needs to take up a request."""
LEAST_CPU_S = 1.2
"""CPU seconds that any sentence may take. A long one takes 0.1 s on a PC."""
FIRST_CPU_S = 20.0
"""The same while nothing is known about this machine, and between two signs of life of a new process. Under emulation
Python takes 5 s to start."""
TIMES = 10
"""How many times as much as usual a sentence may take."""
SHORT = 20
"""Characters: shorter texts cost as much as this, because of what every text costs."""
REMEMBERED = 20
"""Sentences that "usual" is judged by."""
LONGEST_S = 60.0
"""Seconds without a sign of life after which a process hangs, whatever it's doing: its disk is dead, say."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a process has done so far, and is doing."""

    cpu_s: float
    """CPU seconds used."""
    waits: bool
    """It's running, or waiting for a CPU or the disk."""


def vitals(pid: int) -> Vitals:
    """Of a process that hasn't been waited for. See proc_pid_stat(5). Raises OSError."""
    state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[10]) + int(fields[11])  # utime and stime
    return Vitals(ticks / os.sysconf("SC_CLK_TCK"), state in ("R", "D"))


class Watch:
    """Watches a process that is due to answer."""

    def __init__(self, now: Vitals, cpu_limit_s: float) -> None:
        """``cpu_limit_s``: as much CPU time may pass without a sign of life."""
        self._limit = cpu_limit_s
        self.sign(now)

    def sign(self, now: Vitals) -> None:
        """It has shown that it's alive."""
        self._start = self._last = now.cpu_s
        self._idle = self._waited = 0.0

    def hangs(self, now: Vitals | None, seconds: float) -> bool:
        """Whether it hangs; to be called every LOOK_S. ``now``: None where the process is gone. ``seconds``: since
        the last call, or the last sign of life."""
        seconds = min(seconds, LOOK_S)
        busy = now is not None and (now.waits or now.cpu_s > self._last)
        self._idle = 0.0 if busy else self._idle + seconds
        self._waited += seconds
        if now is not None:
            self._last = now.cpu_s
        return self._idle >= IDLE_S or self._last - self._start > self._limit or self._waited >= LONGEST_S


class Patience:
    """How much CPU time a text may take on this machine, learnt from what others have taken."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=REMEMBERED)
        """CPU seconds a character of the last sentences."""

    def learn(self, text: str, cpu_s: float) -> None:
        """``text`` took this much."""
        self._usual.append(cpu_s / max(len(text), SHORT))

    def limit(self, text: str) -> float:
        """The CPU seconds that ``text`` may take."""
        if not self._usual:
            return FIRST_CPU_S
        return max(LEAST_CPU_S, TIMES * max(self._usual) * max(len(text), SHORT))
