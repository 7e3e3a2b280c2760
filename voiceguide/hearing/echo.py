"""Removes the guide's own voice from the microphone's sound: an echo canceller.

We know what the speaker was given, so we can learn the way through the room as a filter, and subtract what the filter
predicts. It's learnt by a Kalman filter in the frequency domain, in partitions of one step each (Enzner and Vary,
"Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones", Signal Processing 86,
2006; Kuech and others, "State-space architecture of the partitioned-block-based acoustic echo controller", ICASSP
2014). It needs no double-talk detector: how much it learns at any moment follows from how certain it is of the filter
and how much else is heard. That's what matters here, where a parent talks over the guide.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voiceguide.sound import Pcm

STEP = 240
"""Samples: half a block, 15 ms. Shorter steps learn faster and cost more."""
PARTS = 32
"""Partitions, 0.48 s in all: the buffers of the devices and the sound server, the way through the room, and its
reverberation."""
STAYS = 0.997
"""How much of the filter stays the same from one step to the next (A in the papers): people move, and two devices
have two clocks. With one clock, 0.9997 cancels 1 to 3 dB more; with clocks 20 ppm apart 0.997 cancels 17 dB, and
0.9997 only 8."""
FOLLOW = 0.3
"""How quickly the estimate of what else is heard follows when it gets softer. When it gets louder it follows at
once."""
DECAY_DB = 20.0
"""How much weaker the end of the filter is expected to be than its start, at first, as in a room."""

Spectra = npt.NDArray[np.complex64]
Real = npt.NDArray[np.float32]


class EchoCanceller:
    """``take`` what was heard and what was played, and get what others have said."""

    def __init__(self) -> None:
        shape = (PARTS, STEP + 1)
        self._played = np.zeros(2 * STEP, np.float32)
        self._spectra_twice: Spectra = np.zeros((2 * PARTS, STEP + 1), np.complex64)
        """Of what was played in each of the last steps and the step before it. The same ring twice, so that from
        ``_newest`` on they're contiguous, newest first."""
        self._power_twice: Real = np.zeros((2 * PARTS, STEP + 1), np.float32)
        self._newest = 0
        self._filter: Spectra = np.zeros(shape, np.complex64)
        decay = 10 ** (-DECAY_DB / 10 * np.arange(PARTS, dtype=np.float32) / PARTS)
        self._unsure: Real = np.repeat(decay[:, None], STEP + 1, axis=1)
        """Variance of the filter's error. At first the echo may be as loud as what was played."""
        self._else: Real = np.ones(STEP + 1, np.float32)
        """Power of what else is heard, by frequency."""
        self._next = 0
        """The partition whose length is corrected next."""
        self._silent = PARTS
        """Steps since anything was played."""
        self._work: Spectra = np.zeros(shape, np.complex64)
        self._gain: Real = np.zeros(shape, np.float32)
        """Scratch space: making new arrays in each step costs more."""

    def take(self, pcm: Pcm, played: Pcm) -> Pcm:
        """``pcm`` and ``played``: int16[n], 16 kHz, where n is a multiple of STEP. Returns int16[n]."""
        if self._silent >= PARTS and not played.any():
            return pcm
        rest = [self._step(pcm[i : i + STEP], played[i : i + STEP]) for i in range(0, len(pcm), STEP)]
        return np.clip(np.rint(np.concatenate(rest)), -32768, 32767).astype(np.int16)

    def _step(self, pcm: Pcm, played: Pcm) -> Real:
        self._played[:STEP] = self._played[STEP:]
        self._played[STEP:] = played
        self._newest = (self._newest - 1) % PARTS
        spectrum = _spectrum(self._played)
        self._spectra_twice[self._newest :: PARTS] = spectrum
        self._power_twice[self._newest :: PARTS] = _power(spectrum)
        heard = pcm.astype(np.float32)
        self._silent = 0 if self._played.any() else self._silent + 1
        last = slice(self._newest, self._newest + PARTS)
        spectra, power = self._spectra_twice[last], self._power_twice[last]
        echo = np.fft.irfft(np.multiply(spectra, self._filter, out=self._work).sum(axis=0))[STEP:]
        rest: Real = heard - echo.astype(np.float32, copy=False)
        error = _spectrum(np.concatenate((np.zeros(STEP, np.float32), rest)))
        self._learn(error, spectra, power)
        return rest

    def _learn(self, error: Spectra, spectra: Spectra, power: Real) -> None:
        """One step of the Kalman filter. Half of each window is new: hence 2 and 0.5."""
        size = _power(error)
        self._else += np.float32(FOLLOW) * (size - self._else)
        expected = np.einsum("pf,pf->f", self._unsure, power)
        gain = np.divide(self._unsure, expected + 2 * np.maximum(self._else, size) + np.float32(1e-3), out=self._gain)
        step = np.conjugate(spectra, out=self._work)
        step *= gain
        step *= error
        self._filter += step
        # unsure = STAYS² (1 - 0.5 gain power) unsure + (1 - STAYS²) |filter|²
        gain *= power
        gain *= np.float32(-0.5 * STAYS**2)
        gain += np.float32(STAYS**2)
        self._unsure *= gain
        lost = np.square(self._filter.real, out=gain)
        lost += np.square(self._filter.imag)
        lost *= np.float32(1 - STAYS**2)
        self._unsure += lost
        # A partition of the filter is as long as a step. Two at a time are cut back to that length.
        parts = [self._next, (self._next + PARTS // 2) % PARTS]
        taps = np.fft.irfft(self._filter[parts])
        taps[:, STEP:] = 0
        self._filter[parts] = np.fft.rfft(taps)
        self._next = (self._next + 1) % PARTS


def _spectrum(samples: Real) -> Spectra:
    return np.fft.rfft(samples).astype(np.complex64, copy=False)  # numpy 1 only has double precision


def _power(spectrum: Spectra) -> Real:
    power: Real = np.square(spectrum.real) + np.square(spectrum.imag)
    return power
