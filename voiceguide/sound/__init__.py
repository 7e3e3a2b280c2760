"""Sound in and out. Everywhere between the two ends sound is mono, 16 kHz, 16 bit, in blocks of 30 ms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second: what Vosk's models are trained on."""
BLOCK = 480
"""Samples in a block: 30 ms, three of Vosk's 10 ms frames, which is one step of its network's output."""

Pcm = npt.NDArray[np.int16]
Fill = Callable[[int], Pcm]
"""``fill(n)`` gives the next ``n`` samples for the speaker."""
Kind = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class Block:
    """What the microphone heard."""

    pcm: Pcm
    """int16[BLOCK]"""
    at: float
    """Seconds from the start of the session to the end of the block."""
    played: Pcm
    """int16[BLOCK]: what the speaker was given meanwhile. As long as no samples are lost on either side it lies at
    one constant distance from ``pcm``."""
    lost: frozenset[Kind] = frozenset()
    """What is away just now. While the microphone is, ``pcm`` is silence."""


class Sound(Protocol):
    """A speaker and a microphone: a sounddevice stream, or a simulated room."""

    @property
    def delay(self) -> float:
        """Seconds from ``fill`` until what it gave is in a block's ``played``."""

    def open(self, fill: Fill) -> None:
        """Start. From now on ``fill`` is called, perhaps from another thread, for each block to be played.

        Raises SoundError where there is no such device."""

    def read(self) -> Block:
        """Wait for the next block from the microphone. A device that is lost is looked for until it is back; until
        then blocks come at the pace of the clock."""

    def close(self) -> None:
        """Stop; harmless when not open."""

    def troubles(self) -> list[str]:
        """What has gone wrong since ``open``, as short clauses for people: "the microphone was lost twice"."""
