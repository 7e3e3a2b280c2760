"""Keeps the guide's own voice out of the recogniser where its loudness gives it away.

The guide knows how loud it speaks, and learns how loud that comes back. While nothing at the microphone stands out
from that, the recogniser hears silence. A voice that stands out opens the gate, and the recogniser also gets the
moment before it rose.

What the echo canceller leaves is much softer, so a voice stands out from it much sooner. But where the canceller does
badly (two devices with two clocks, a room that changes), what it leaves rises and falls like a voice. So the gate
goes by it only if the canceller has done well lately, and otherwise by the sound as it came from the microphone.

The power of an echo is the power of what was played in the last half second, weighted by how well the room carries
each moment of it, plus steady noise: in a room, the parts add up regardless of phase. The weights are learnt by NLMS
(normalised least mean squares), and kept at or above zero.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from voiceguide.sound import Pcm
from voiceguide.sound.levels import loudness

WAY_BLOCKS = 18
"""How late the echo may be: 0.54 s, with the buffers of a sound server and of a USB device."""
STANDS_OUT_DB = 6.0
"""A sound this much louder than the expected echo is somebody else's. In a quiet room, 99 % of an echo's blocks are
less than 4 dB louder than expected (docs/hearing.md). Clattering dishes stand out just like a voice."""
FIRST_RATE, LEARNING_RATE = 0.5, 0.2
"""NLMS step sizes, at first and later. An error counts for no more than what was expected: bursts of noise mustn't be
taken for the echo."""
UNSURE_DB, UNSURE_RATE = 9.0, 0.005
"""A block this much louder than expected is somebody else's, or the echo has grown: the weights follow by 2 dB a
second."""
FIRST_BLOCKS = 60
"""In the first 1.8 s of its own voice the gate knows little, and assumes an echo that's louder than most:"""
FIRST_ECHO = 0.01
"""20 dB below the voice in the speaker."""
HOLD_BLOCKS = 10
"""The gate stays open for 0.3 s after the last sound that stood out: words have soft sounds in them and at the
end."""
BEFORE_BLOCKS = 4
"""When it opens, the recogniser also gets the 0.12 s before, for the soft sounds at the start of a word."""
SILENT_DB = 20.0
"""Loudness, in dB over one step of 16 bits, below which the speaker is silent."""
TRUST_DB, TRUST_BLOCKS, TRUST_SHARE = 22.0, 200, 0.3
"""The canceller does well if it made at least 30 % of the last 6 s of loud echo softer by 22 dB. (It isn't to blame
for a parent who talks through half of them.) In the simulated room it manages 27 to 42 dB with one clock; with two,
20 to 27 dB if they're 10 ppm apart, up to 19 at 20 ppm, and up to 9 at 50 ppm. With less than 6 s of loud echo so
far, the canceller is still learning the way through the room."""
LOUD_DB = 15.0
"""An echo is loud when it's expected to be this much louder than the steady noise."""
FLOOR = 1e-5
"""The least weight: an echo 50 dB below the voice in the speaker. From there it grows by a half at a time."""
STEADY = 1e4
"""The input of the weight that stands for steady noise: the power of a sound 40 dB over one step of 16 bits."""


class Gate:
    """``take`` a block, and get the blocks for the recogniser."""

    def __init__(self) -> None:
        self._heard = _Echo()
        self._left = _Echo()
        self._did_well: deque[bool] = deque(maxlen=TRUST_BLOCKS)
        """Whether the canceller did well in each of the last blocks of loud echo."""
        self._trusted = False
        """Whether it does well on the whole."""
        self._kept: deque[tuple[Pcm, float]] = deque(maxlen=BEFORE_BLOCKS)
        self._open = 1
        """Blocks for which the gate stays open if nothing else stands out."""
        self.excess_db = math.inf
        """How far the last block stood out from the expected echo; infinite where none was expected."""
        self.shut = 0
        """Blocks since the gate was shut; 0 while it's open."""

    def take(self, pcm: Pcm, at: float, own_db: float, heard: Pcm | None = None) -> list[tuple[Pcm, float]]:
        """``pcm``: int16[n], which ends at ``at`` seconds. ``own_db``: the loudness of what the speaker played
        meanwhile. ``heard``: int16[n], what came from the microphone, if ``pcm`` is what a canceller left of it.

        Returns pairs like ``pcm`` and ``at``: the block, silence in its place, or the blocks before it as well."""
        excess = self._left.excess(pcm, own_db)
        if heard is not None:
            raw = self._heard.excess(heard, own_db)
            if self._heard.loud:
                self._did_well.append(self._heard.level - self._left.level >= TRUST_DB)
                share = self._did_well.count(True) / TRUST_BLOCKS
                self._trusted = len(self._did_well) == TRUST_BLOCKS and share >= TRUST_SHARE
            if not self._trusted:
                excess = raw
        self.excess_db = excess
        if math.isinf(excess):
            self._open = 1
        elif excess > STANDS_OUT_DB:
            self._open = HOLD_BLOCKS
        else:
            self._open = max(0, self._open - 1)
        self.shut = 0 if self._open else self.shut + 1
        if self.shut:
            self._kept.append((pcm, at))
            return [(np.zeros_like(pcm), at)]
        kept = list(self._kept)
        self._kept.clear()
        return [*kept, (pcm, at)]


class _Echo:
    """How loud the echo is expected to be, learnt from how loud it was."""

    def __init__(self) -> None:
        self._played = np.zeros(WAY_BLOCKS + 1)
        self._played[-1] = STEADY
        self._weights = np.full(WAY_BLOCKS + 1, FLOOR)
        self._learnt = 0
        self.loud = False
        """Whether the last block was expected to be much louder than the steady noise."""
        self.level = 0.0
        """How loud it was, if any echo was expected."""

    def excess(self, pcm: Pcm, own_db: float) -> float:
        """How far a block stands out from the expected echo, in dB; infinite if nothing was played lately. Learns
        from the block."""
        self._played[1:-1] = self._played[:-2]
        self._played[0] = 10 ** (own_db / 10) if own_db > SILENT_DB else 0.0
        self.loud = False
        if not self._played[:-1].any():
            return math.inf
        self.level = loudness(pcm)
        power = 10 ** (self.level / 10)
        expected = max(1.0, float(self._weights @ self._played))
        self.loud = expected > max(1.0, self._weights[-1] * STEADY) * 10 ** (LOUD_DB / 10)
        first = self._learnt < FIRST_BLOCKS
        self._learnt += 1
        sure = first or power < expected * 10 ** (UNSURE_DB / 10)
        rate = FIRST_RATE if first else LEARNING_RATE if sure else UNSURE_RATE
        step = rate * min(power - expected, expected) / float(self._played @ self._played)
        self._weights = np.maximum(FLOOR, self._weights + step * self._played)
        if first:
            expected = max(expected, FIRST_ECHO * float(self._played[:-1].max()))
        return 10 * math.log10(power / expected)
