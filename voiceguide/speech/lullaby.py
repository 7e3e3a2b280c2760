"""A lullaby that is made as it goes: slow, soft tones of a pentatonic scale over a quiet drone.

It is in three, as one rocks. Each verse has a phrase, the same with another ending, one that wanders, and the first
again; then the drone is alone for a while. Every verse is another one, and all of them the same for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from itertools import count

import numpy as np

from voiceguide.sound import RATE
from voiceguide.speech.envelopes import Float
from voiceguide.speech.music import Chunks

CHUNK = RATE // 2
"""Samples that are made at a time."""
BEAT = RATE * 11 // 10
"""Samples: 55 beats a minute, slower than a heart at rest."""
BAR = 3
"""Beats."""
TONE = 5 * RATE
"""Samples that a tone rings; its last half second fades out."""
ROOT_HZ = 349.2  # F4: a small speaker carries it, and nothing below 170 Hz is wanted of it
SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
"""Semitones over the root, F4 to A5: five tones to the octave, none of which clashes with one that still rings."""
RESTING = (0, 3, 5)
"""Degrees of the scale to end on: root, fifth, octave."""
RHYTHMS = ((2, 1), (2, 1), (2, 1), (3,), (1, 1, 1))
"""Beats of the tones in a bar: mostly long and short, as in a cradle song."""
DRONE_S = 20
"""Seconds after which the drone repeats; every frequency in it is a multiple of 1/20 Hz."""
DRONE = ((174.6, 0.6), (174.75, 0.3), (261.6, 0.4), (261.7, 0.2), (349.2, 0.25))
"""Hertz and size: F3, C4 and F4. Pairs that are a little apart swell and sink, in 7 and in 10 seconds."""
TONE_PEAK, DRONE_RMS = 1540.0, 150.0
"""Of 32768. Together they have -38 dB of full scale RMS, as other music, and the drone 47."""


def lullaby(seed: int = 1) -> Chunks:
    """It never ends: chunks of half a second. A second of it costs 0.1 ms; the tones take 2.6 MB, the drone 1.3."""
    drone = _drone()
    coming = np.zeros(CHUNK + TONE, np.float32)
    song = _song(random.Random(seed))
    at, degree, size = next(song)
    for start in count(0, CHUNK):
        while at < start + CHUNK:
            tone = _tone(degree)
            coming[at - start : at - start + TONE] += np.float32(size) * tone
            at, degree, size = next(song)
        place = start % len(drone)
        yield coming[:CHUNK] + drone[place : place + CHUNK]
        coming[:-CHUNK] = coming[CHUNK:].copy()
        coming[-CHUNK:] = 0


def _song(chance: random.Random) -> Iterator[tuple[int, int, float]]:
    """The tones: the sample at which one begins, its degree, and its size, up to 1."""
    beat = 1
    while True:
        theme, second, third = (_phrase(chance) for _ in range(3))
        for bar in (*theme, *theme[:2], *second[2:], *third, *theme):
            for beats, degree in bar:
                # The long ones are a little stronger, and none is quite in time.
                size = (0.95 if beats > 1 else 0.7) - 0.15 * chance.random()
                yield beat * BEAT + round(0.02 * RATE * chance.random()), degree, size
                beat += beats
        beat += BAR * chance.randint(1, 2)


def _phrase(chance: random.Random) -> list[list[tuple[int, int]]]:
    """Four bars, the last of them a tone of rest: beats and degree of each tone."""
    degree = chance.choice(RESTING)
    bars = []
    for _ in range(3):
        bar = []
        for beats in chance.choice(RHYTHMS):
            bar.append((beats, degree))
            degree = min(max(degree + chance.choice((-2, -1, -1, 1, 1, 2)), 0), len(SCALE) - 1)
        bars.append(bar)
    nearest = min(RESTING, key=lambda rest: abs(rest - degree))
    return [*bars, [(BAR, nearest)]]


@cache
def _tone(degree: int) -> Float:
    """A soft stroke, as of a kalimba: float32[TONE]. The higher partials die away sooner."""
    hertz = ROOT_HZ * 2 ** (SCALE[degree] / 12)
    t = np.arange(TONE) / RATE
    wave = sum(
        size * np.sin(2 * np.pi * n * hertz * t) * np.exp(-t / decay)
        for n, size, decay in ((1, 1.0, 1.3), (2, 0.22, 0.6), (3, 0.06, 0.3))
    )
    wave *= 0.5 - 0.5 * np.cos(np.pi * np.minimum(t / 0.03, 1))
    wave *= np.minimum(np.arange(TONE, 0, -1) / (RATE // 2), 1)
    # High tones sound louder than low ones of the same size.
    tone: Float = (TONE_PEAK * np.sqrt(ROOT_HZ / hertz) * wave / np.abs(wave).max()).astype(np.float32)
    return tone


def _drone() -> Float:
    """float32[20 s], to be repeated."""
    t = np.arange(DRONE_S * RATE) / RATE
    wave = sum(size * np.sin(2 * np.pi * hertz * t) for hertz, size in DRONE)
    drone: Float = (DRONE_RMS * wave / np.sqrt(np.mean(np.square(wave)))).astype(np.float32)
    return drone
