"""Finds out how a voice speaks if it's left alone, so that it can be made to sound like the others."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from voiceguide.files import atomic
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import active_power, frame_powers
from voiceguide.speech.catalogue import MEASURED, Known, Manner
from voiceguide.speech.voice import FRAME, Voice

_SHELF = (1681.97, 0.7072, 10 ** (3.99984 / 20))
_PASS = (38.135, 0.5003)
"""ITU-R BS.1770-4's two filters as analogue ones: a frequency in Hz, Q and, for the shelf, its gain."""


def loudness_db(pcm: Pcm) -> float:
    """How loud speech sounds, without its pauses, in LUFS: weighted as ITU-R BS.1770 does. int16[n], 16 kHz."""
    spectrum = np.fft.rfft(pcm / 32768)
    s = 2j * np.pi * np.fft.rfftfreq(len(pcm), 1 / RATE)
    f, q, gain = _SHELF
    w = 2 * np.pi * f
    shelf = (gain * s**2 + gain**0.5 * w / q * s + w**2) / (s**2 + w / q * s + w**2)
    f, q = _PASS
    w = 2 * np.pi * f
    high = s**2 / (s**2 + w / q * s + w**2)
    weighted = np.fft.irfft(spectrum * shelf * high, len(pcm))
    return 10 * math.log10(active_power(frame_powers(weighted, FRAME)) + 1e-12) - 0.691


def measure(voice: Voice, known: Known, usual: str, texts: Sequence[str]) -> Manner:
    """How ``known`` says ``texts`` beside espeak-ng's voice ``usual``. Raises SpeechError."""
    made = [(voice.render(text, voice=known.name), voice.render(text, voice=usual)) for text in texts]
    ours, theirs = (sum(map(len, sounds)) for sounds in zip(*made, strict=True))
    softer = [loudness_db(other) - loudness_db(one) for one, other in made]
    now = known.manner
    return replace(now, wpm=now.wpm * theirs / ours, gain_db=now.gain_db + sum(softer) / len(softer))


def keep(folder: Path, manner: Manner) -> None:
    """In the folder of an installed voice. Raises OSError."""
    found = {"wpm": round(manner.wpm, 1), "gain_db": round(manner.gain_db, 2)}
    atomic.write(folder / MEASURED, json.dumps(found).encode())
