"""A simulated room with a speaker, a microphone, a parent and noise. Its clock runs as fast as it's read.

The microphone hears the parent, the guide's own voice through the room (delayed, with reverberation), noise, and the
hiss of its own amplifier. Everything is exact to the sample and, for a given seed, the same in every run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from voiceguide.sound import BLOCK, RATE, Block, Fill, Pcm
from voiceguide.sound.levels import active_rms, amplitude

VOICE_DB = -20.0
"""RMS of active speech as speech/voice.py renders it, in dBFS."""
PARENT_DB = -26.0
"""The same for the parent's voice at the microphone: speaking up a little, at arm's length."""
HISS_LSB = 2.0
"""RMS of the microphone's own noise: about -84 dBFS, as of a cheap USB microphone."""
DIRECT_TO_REVERB_DB = 3.0
"""Ratio within the echo, for a speaker and a microphone on the same table."""

Samples = npt.NDArray[np.float32]


class Room:
    """The Sound of a rehearsal. Reading a block moves the clock on by 30 ms."""

    def __init__(
        self,
        *,
        echo_db: float = -20.0,
        delay_ms: float = 40.0,
        reverb_s: float = 0.3,
        noise: Pcm | None = None,
        snr_db: float = 15.0,
        seed: int = 0,
    ) -> None:
        """``echo_db``: the guide's voice at the microphone, relative to the parent's. ``delay_ms``: how long it takes
        to get there. ``reverb_s``: RT60 of the room. ``noise``: int16[n] at 16 kHz, played in a loop, ``snr_db``
        below the parent's voice."""
        self._chance = np.random.default_rng(seed)
        gain = 10 ** ((PARENT_DB - VOICE_DB + echo_db) / 20)
        self._echo = gain * impulse_response(delay_ms / 1000, reverb_s, self._chance)
        self._size = 1 << int(np.ceil(np.log2(BLOCK + len(self._echo))))
        self._spectrum = np.fft.rfft(self._echo, self._size)
        self._ringing = np.zeros(self._size, np.float32)
        """Echo that's still on its way to the microphone."""
        self._noise = None if noise is None else _at_level(noise, PARENT_DB - snr_db)
        self._placed: list[tuple[int, Samples]] = []
        self._position = 0
        self._fill: Fill | None = None
        self.speaker: list[Pcm] = []
        self.microphone: list[Pcm] = []
        """What has been played and heard so far, block by block."""
        self.delay = 0.0

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self._position / RATE

    def place(self, pcm: Pcm, *, at: float | None = None, gain_db: float = 0.0) -> tuple[float, float]:
        """Have the parent say ``pcm`` (levelled to VOICE_DB) ``at`` so many seconds, or now.

        Returns the start and end of the sound, in seconds."""
        start = self._position if at is None else max(self._position, round(at * RATE))
        gain = 10 ** ((PARENT_DB - VOICE_DB + gain_db) / 20)
        self._placed.append((start, pcm.astype(np.float32) * np.float32(gain)))
        size = np.abs(pcm.astype(np.int32))
        loud = np.flatnonzero(size > 0.02 * size.max(initial=1))
        first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(pcm))
        return (start + first) / RATE, (start + last) / RATE

    def open(self, fill: Fill) -> None:
        self._fill = fill

    def read(self) -> Block:
        assert self._fill is not None, "the room is not open"
        played = self._fill(BLOCK)
        heard = self._chance.normal(scale=HISS_LSB, size=BLOCK).astype(np.float32) + self._reverberate(played)
        if self._noise is not None:
            heard += np.take(self._noise, np.arange(self._position, self._position + BLOCK), mode="wrap")
        end = self._position + BLOCK
        for start, pcm in self._placed:
            a, b = max(start, self._position), min(start + len(pcm), end)
            if a < b:
                heard[a - self._position : b - self._position] += pcm[a - start : b - start]
        self._placed = [(start, pcm) for start, pcm in self._placed if start + len(pcm) > end]
        self._position = end
        microphone = np.clip(np.rint(heard), -32768, 32767).astype(np.int16)
        self.speaker.append(played)
        self.microphone.append(microphone)
        return Block(microphone, end / RATE, played)

    def close(self) -> None:
        self._fill = None

    def troubles(self) -> list[str]:
        return []

    def _reverberate(self, played: Pcm) -> Samples:
        """Overlap-add convolution of a block with the impulse response from the speaker to the microphone."""
        if played.any():
            spectrum: npt.NDArray[Any] = np.fft.rfft(played.astype(np.float32), self._size) * self._spectrum
            self._ringing += np.fft.irfft(spectrum, self._size).astype(np.float32)
        now = self._ringing[:BLOCK].copy()
        self._ringing[:-BLOCK] = self._ringing[BLOCK:]
        self._ringing[-BLOCK:] = 0
        return now


def impulse_response(delay_s: float, reverb_s: float, chance: np.random.Generator) -> Samples:
    """From the speaker to the microphone: the direct sound, then a tail of noise that decays by 60 dB in ``reverb_s``
    (Polack's model of diffuse reverberation). float32[n] of energy 1."""
    delay = round(delay_s * RATE)
    tail = round(reverb_s * RATE)
    response = np.zeros(delay + 1 + tail, np.float32)
    response[delay] = 1.0
    if tail:
        decay = np.exp(np.log(1e-3) * np.arange(tail) / tail)
        diffuse = chance.normal(size=tail) * decay
        ratio = 10 ** (-DIRECT_TO_REVERB_DB / 20) / np.sqrt(np.sum(diffuse**2))
        response[delay + 1 :] = diffuse * ratio
    unit: Samples = (response / np.sqrt(np.sum(response**2))).astype(np.float32)
    return unit


def _at_level(pcm: Pcm, level_db: float) -> Samples:
    rms = active_rms(pcm)
    return (pcm * (amplitude(level_db) / rms if rms else 0.0)).astype(np.float32)
