"""Sound in and out: microphones and speakers, recordings, a simulated room. All sound is mono, 16 kHz, 16 bits, and
comes in blocks of 30 ms."""

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
"""``fill(n)`` returns the next ``n`` samples for the speaker."""
Kind = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class Block:
    """30 ms of what the microphone heard."""

    pcm: Pcm
    """int16[BLOCK]"""
    at: float
    """Seconds from the start of the session to the end of the block."""
    played: Pcm
    """int16[BLOCK]: what the speaker was given at the same time. Unless samples are lost on either side, the echo of
    ``played`` keeps a constant distance from it in ``pcm``."""
    lost: frozenset[Kind] = frozenset()
    """The devices that are missing at the moment. While that's the microphone, ``pcm`` is silence."""


class Sound(Protocol):
    """A speaker and a microphone: real ones, simulated ones, or none at all."""

    @property
    def delay(self) -> float:
        """Seconds between ``fill`` returning a sample and that sample showing up in a block's ``played``."""

    def open(self, fill: Fill) -> None:
        """Start. From now on ``fill`` is called, possibly from another thread, for whatever is to be played.

        Raises SoundError where there's no such device."""

    def read(self) -> Block:
        """Wait for the next block. A device that's lost is looked for until it's back; until then, blocks come at the
        pace of the clock.

        Raises SoundError when it isn't open."""

    def close(self) -> None:
        """Stop. Harmless when it isn't open."""

    def troubles(self) -> list[str]:
        """What has gone wrong since ``open``, as clauses for people: "the microphone was lost 2 times"."""
