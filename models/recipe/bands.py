"""Log mel bands as Kaldi computes them (feat/mel-computations.cc, feat/feature-window.cc), on any device of torch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.network import BANDS
from models.recipe.store import RATE

WINDOW, SHIFT, FFT = 400, 160, 512
"""In samples: an analysis window, the shift between windows, and the length of the FFT."""
LOW_HZ, HIGH_HZ = 20, 7600
_FLOOR = 1.1920929e-07
"""Kaldi's smallest band energy (its log is -15.94)."""


def mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Kaldi's mel scale."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hz) / 700.0))


def mel_banks(warp: float = 1.0) -> NDArray[np.float32]:
    """Triangular bands over the power spectrum, float32[257, 40]. A warp over 1 shifts the sound up."""
    low, high = mel(LOW_HZ), mel(HIGH_HZ)
    step = (high - low) / (BANDS + 1)
    # The last bin is at half the rate: Kaldi leaves it out.
    frequency = np.arange(FFT // 2 + 1) * RATE / FFT * warp
    edges = low + step * np.arange(BANDS + 2)
    bins = mel(frequency)[:, None]
    up, down = (bins - edges[:-2]) / step, (edges[2:] - bins) / step
    banks = np.maximum(0.0, np.minimum(up, down))
    banks[-1] = 0
    return banks.astype(np.float32)


def povey() -> NDArray[np.float32]:
    """Kaldi's usual window, float32[400]."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85
    return window.astype(np.float32)


def log_mel(wave: Tensor, window: Tensor, banks: Tensor) -> Tensor:
    """float32[B, frames, 40] of float32[B, n] at the scale of 16 bits. ``banks``: float32[B, 257, 40]."""
    frames = wave.unfold(1, WINDOW, SHIFT)
    frames = frames - frames.mean(dim=2, keepdim=True)
    # Pre-emphasis. Kaldi repeats the first sample before the start.
    frames = torch.cat([0.03 * frames[..., :1], frames[..., 1:] - 0.97 * frames[..., :-1]], dim=2) * window
    spectrum = torch.fft.rfft(frames, FFT)
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.bmm(power, banks).clamp_(min=_FLOOR).log_()
