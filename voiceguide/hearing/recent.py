"""The last seconds of sound, to be looked at once more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceguide.sound import RATE, Pcm

KEPT_S = 6.0
"""The longest phrase takes 3 s; 0.6 s before it and 0.5 s after it count, and the network looks back for half a
second."""
GAP_S = 1.0
"""A microphone that loses sound, or whose program is held up, moves the clock forward, within a second. No phrase
goes on over a longer gap."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of sound, and when each sample of it was heard, in seconds on the session's clock."""

    pcm: Pcm
    """int16[n]"""
    samples: npt.NDArray[np.float64]
    times: npt.NDArray[np.float64]
    """Both float64[k], never falling: how many samples had been heard when. In between, the clock runs evenly."""

    def at(self, samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The times at which so many samples had been heard."""
        beyond = np.maximum(samples - self.samples[-1], 0.0) / RATE
        return np.asarray(np.interp(samples, self.samples, self.times) + beyond)

    def until(self, time: float) -> int:
        """How many samples had been heard at a time; at most all."""
        return round(float(np.interp(time, self.times, self.samples)))


class Recent:
    """What a recogniser was given lately."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[Pcm, float]] = deque()
        self._samples = 0

    def note(self, pcm: Pcm, at: float) -> None:
        """``pcm``: int16[n], which ends at ``at`` seconds. After a gap, or where the clock begins anew, only what
        follows is kept. Where the gate opens, the clock goes back a little: it gives what it had silenced."""
        if self._blocks and abs(at - len(pcm) / RATE - self._blocks[-1][1]) > GAP_S:
            self._blocks.clear()
            self._samples = 0
        self._blocks.append((pcm, at))
        self._samples += len(pcm)
        while self._samples - len(self._blocks[0][0]) >= KEPT_S * RATE:
            self._samples -= len(self._blocks.popleft()[0])

    def since(self, start: float) -> Stretch:
        """What is kept from ``start`` seconds on."""
        if not self._blocks:
            return Stretch(np.zeros(0, np.int16), np.zeros(1), np.array([start]))
        first, at = self._blocks[0]
        ends = np.cumsum([len(pcm) for pcm, _ in self._blocks])
        times = np.array([at - len(first) / RATE, *(at for _, at in self._blocks)])
        kept = Stretch(
            np.concatenate([pcm for pcm, _ in self._blocks]),
            np.concatenate(([0.0], ends)),
            np.minimum.accumulate(times[::-1])[::-1],
        )
        skipped = kept.until(start)
        later = int(np.searchsorted(kept.samples, skipped, side="right"))
        return Stretch(
            kept.pcm[skipped:],
            np.concatenate(([0.0], kept.samples[later:] - skipped)),
            np.concatenate((kept.at(np.array([float(skipped)])), kept.times[later:])),
        )
