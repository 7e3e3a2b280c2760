"""Two chimes: one answers "heard", the other "no"."""

from __future__ import annotations

from typing import Literal

import numpy as np

from voiceguide.sound import RATE
from voiceguide.sound.levels import amplitude
from voiceguide.speech.envelopes import Float

ChimeKind = Literal["heard", "no"]

PEAK_DB = -18.0
"""In dBFS: audible beside speech with an RMS of -20 dBFS, and soft enough for a sleepy room."""


def _notes(*notes: tuple[float, float]) -> Float:
    """``(start in seconds, hertz)`` each: soft, short tones with a little of the octave, 0.22 s in all."""
    mix = np.zeros(RATE * 22 // 100)
    for start, hertz in notes:
        t = np.arange(len(mix) - round(start * RATE)) / RATE
        tone = np.sin(2 * np.pi * hertz * t) + 0.25 * np.sin(4 * np.pi * hertz * t)
        mix[-len(t) :] += tone * np.minimum(t / 0.012, 1) * np.exp(-t / 0.05)
    mix *= np.minimum(np.arange(len(mix), 0, -1) / (0.04 * RATE), 1)
    mix *= amplitude(PEAK_DB) / np.abs(mix).max()
    return mix.astype(np.float32)


# Rising for "heard", falling and lower for "no": easy to tell apart even with half an ear.
CHIMES: dict[ChimeKind, Float] = {
    "heard": _notes((0.0, 659.3), (0.07, 880.0)),
    "no": _notes((0.0, 392.0), (0.07, 311.1)),
}
"""Samples whose full scale is 32768."""
