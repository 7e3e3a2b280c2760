"""Keeps the guide's own voice out of the recogniser where it can be told by its loudness.

The guide knows how loud it speaks, and learns how loud that comes back. While nothing in the microphone stands out
from that, the recogniser hears silence. A voice that stands out opens the gate: the recogniser then hears again
the moment before it rose, which it had been kept from.

What the echo canceller leaves is far softer, and a voice stands out from it much sooner. But where the canceller does
not do well (two devices with two clocks, a room that changes), what it leaves rises and falls as a voice does. So it
must have done well lately to be gone by; else the sound is gone by as it came from the microphone.

The power of an echo is the power of what was played in the last half second, weighted by how the room carries each
moment of it, plus steady noise: in a room the parts add up without regard to phase. The weights are learnt by NLMS
(normalised least mean squares), held at or above zero.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from voiceguide.sound import Pcm
from voiceguide.sound.levels import loudness

WAY_BLOCKS = 18
"""How late the echo may come: 0.54 s, with the buffers of a sound server and of a USB device."""
STANDS_OUT_DB = 6.0
"""Above what is expected of the echo a sound is someone else's: in a quiet room 99 % of the blocks of an echo are
less than 4 dB louder than expected (docs/hearing.md). Clattering dishes stand out as a voice does."""
FIRST_RATE, LEARNING_RATE = 0.5, 0.2
"""An error counts for no more than what was expected: bursts of noise must not pass for the echo."""
UNSURE_DB, UNSURE_RATE = 9.0, 0.005
"""A block that is so much louder than expected is someone else's, or the echo has grown: it follows by 2 dB a
second."""
FIRST_BLOCKS = 60
"""The first 1.8 s of its own voice, in which it knows little, and takes the echo for louder than most are:"""
FIRST_ECHO = 0.01
"""at 20 dB below the voice in the speaker."""
HOLD_BLOCKS = 10
"""The gate stays open for 0.3 s after the last sound that stood out: the soft sounds of a word and its end."""
BEFORE_BLOCKS = 4
"""It opens 0.12 s in arrears: the soft sounds with which a word begins."""
SILENT_DB = 20.0
"""Loudness, in dB over one step of 16 bit, under which the speaker is silent."""
TRUST_DB, TRUST_BLOCKS, TRUST_SHARE = 22.0, 200, 0.3
"""It does well if, of the last 6 s of loud moments of the echo, 30 % were made softer by so much (a parent who talks
through half of them is no failure of its). In the simulated room with one clock it is 27 to 42 dB; with two clocks
20 to 27 where they are 10 ppm apart, up to 19 with 20 ppm, and up to 9 with 50 ppm. Before there were so many moments
it is still learning the way through the room."""
LOUD_DB = 15.0
"""A moment of the echo is loud when so much is expected of it above steady noise."""
FLOOR = 1e-5
"""Least weight: an echo 50 dB below the voice in the speaker. From there it grows by a half at a time."""
STEADY = 1e4
"""Input of the weight that stands for steady noise: the power of a sound of 40 dB over one step of 16 bit."""


class Gate:
    """``take`` a block, get the blocks for the recogniser."""

    def __init__(self) -> None:
        self._heard = _Echo()
        self._left = _Echo()
        self._did_well: deque[bool] = deque(maxlen=TRUST_BLOCKS)
        """Whether the canceller did, in each of the last loud moments of the echo."""
        self._trusted = False
        """Whether it does."""
        self._kept: deque[tuple[Pcm, float]] = deque(maxlen=BEFORE_BLOCKS)
        self._open = 1
        """Blocks for which the gate stays open, if nothing stands out any more."""
        self.excess_db = math.inf
        """How far the last block stood out from the echo that was expected; infinite where none was."""
        self.shut = 0
        """Blocks for which the recogniser has heard silence instead of the microphone; 0 while the gate is open."""

    def take(self, pcm: Pcm, at: float, own_db: float, heard: Pcm | None = None) -> list[tuple[Pcm, float]]:
        """``pcm``: int16[n], which ends at ``at`` seconds; ``own_db``: the loudness of what the speaker played
        meanwhile; ``heard``: int16[n], what came from the microphone, where ``pcm`` is what a canceller left of it.
        Gives pairs of the kind of ``pcm`` and ``at``: the block, silence instead of it, or also those before it."""
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
    """How loud an echo is expected to be, learnt from how loud it was."""

    def __init__(self) -> None:
        self._played = np.zeros(WAY_BLOCKS + 1)
        self._played[-1] = STEADY
        self._weights = np.full(WAY_BLOCKS + 1, FLOOR)
        self._learnt = 0
        self.loud = False
        """Whether much more was expected of the last block than of steady noise."""
        self.level = 0.0
        """How loud it was, where something was expected."""

    def excess(self, pcm: Pcm, own_db: float) -> float:
        """How far a block stands out from what is expected of it, in dB; infinite where nothing was played lately.
        Learns from it."""
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
