"""Sound in and out. Everywhere between the two ends sound is mono, 16 kHz, 16 bit, in blocks of 30 ms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples a second: what Vosk's models are trained on."""
BLOCK = 480
"""Samples in a block: 30 ms, three of Vosk's 10 ms frames, which is one step of its network's output."""

Pcm = npt.NDArray[np.int16]
Fill = Callable[[int], Pcm]
"""``fill(n)`` gives the next ``n`` samples for the speaker."""


@dataclass(frozen=True, slots=True)
class Block:
    """What the microphone heard."""

    pcm: Pcm
    """int16[BLOCK]"""
    at: float
    """Seconds from the start of the session to the end of the block."""


class Sound(Protocol):
    """A speaker and a microphone: a sounddevice stream, or a simulated room."""

    def open(self, fill: Fill) -> None:
        """Start. From now on ``fill`` is called, perhaps from another thread, for each block to be played.

        Raises SoundError where there is no such device."""

    def read(self) -> Block:
        """Wait for the next block from the microphone.

        Raises SoundError when the device is lost."""

    def close(self) -> None:
        """Stop; harmless when not open."""


def loudness(pcm: Pcm) -> float:
    """RMS in dB over one step of 16 bit; 0 for silence, 90 for full scale."""
    return 10 * float(np.log10(np.mean(np.square(pcm, dtype=np.float32)) + 1.0)) if len(pcm) else 0.0
