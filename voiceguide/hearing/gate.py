"""Keeps the guide's own voice out of the recogniser where it can be told by its loudness.

The guide knows how loud it speaks, and learns how loud that comes back. While nothing in the microphone stands out
from that, the recogniser hears silence. A voice that stands out opens the gate: the recogniser then hears again
the moment before it rose, which it had been kept from.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from voiceguide.sound import Pcm, loudness

WAY_BLOCKS = 17
"""How late the echo may come: 0.5 s, with the buffers of a sound server and of a USB device."""
DECAY_DB = 4.5
"""How fast it fades, each block: by 60 dB in 0.4 s."""
STANDS_OUT_DB = 13.0
"""Above the usual echo a sound is someone else's. What is expected of an echo by these rules is its upper edge, so
that 99 % of its blocks are less than 12 dB above the median, whatever the room (docs/hearing.md). At an echo 20 dB
below the parent's voice that lets pass all but the softest sounds of the parent."""
HOLD_BLOCKS = 10
"""The gate stays open for 0.3 s after the last sound that stood out: the soft sounds of a word and its end."""
BEFORE_BLOCKS = 4
"""It opens 0.12 s in arrears: the soft sounds with which a word begins."""
LEARN_BLOCKS = 200
"""It learns from the last 6 s of its own voice."""
UNLEARNT_DB = -12.0
"""What it expects of the echo, relative to its voice in the speaker, before it has heard any."""
SILENT_DB = 20.0
"""Loudness, in dB over one step of 16 bit, under which the speaker is silent."""


class Gate:
    """``take`` a block, get the blocks for the recogniser."""

    def __init__(self) -> None:
        self._played: deque[float] = deque([0.0] * WAY_BLOCKS, WAY_BLOCKS)
        self._ratios: deque[float] = deque(maxlen=LEARN_BLOCKS)
        self._echo = 0.0
        self._kept: deque[tuple[Pcm, float]] = deque(maxlen=BEFORE_BLOCKS)
        self._left = HOLD_BLOCKS
        """Blocks for which the gate stays open, if nothing stands out any more."""

    @property
    def open(self) -> bool:
        """Whether the recogniser hears the microphone."""
        return self._left > 0

    def take(self, pcm: Pcm, at: float, own_db: float) -> list[tuple[Pcm, float]]:
        """``pcm``: int16[n], which ends at ``at`` seconds; ``own_db``: the loudness of what the speaker played
        meanwhile. Gives pairs of the same kind: the block, silence instead of it, or also those before it."""
        self._played.append(own_db)
        self._echo = max(*self._played, self._echo - DECAY_DB)
        if self._echo < SILENT_DB:
            self._left = HOLD_BLOCKS
        else:
            excess = loudness(pcm) - self._echo
            self._ratios.append(excess)
            usual = float(np.median(self._ratios)) if len(self._ratios) > 10 else UNLEARNT_DB
            self._left = HOLD_BLOCKS if excess > usual + STANDS_OUT_DB else max(0, self._left - 1)
        if not self._left:
            self._kept.append((pcm, at))
            return [(np.zeros_like(pcm), at)]
        kept = list(self._kept)
        self._kept.clear()
        return [*kept, (pcm, at)]
