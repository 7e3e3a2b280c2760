"""A lullaby that's composed as it plays: slow, soft tones of a pentatonic scale over a quiet drone.

It's in triple time, as when one rocks a baby. A verse is a phrase, the same phrase with another ending, one that
wanders, and the first one again; then the drone is alone for a while. No two verses are alike, but the same seed
always gives the same ones.
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
"""Samples made at a time."""
BEAT = RATE * 11 // 10
"""Samples: 55 beats a minute, slower than a heart at rest."""
BAR = 3
"""Beats."""
TONE = 5 * RATE
"""Samples that a tone rings for; it fades out in the last half second."""
ROOT_HZ = 349.2  # F4: a small speaker can play it, and nothing goes below 170 Hz
SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
"""Semitones above the root, F4 to A5: five tones to the octave, none of which clashes with one that's still
ringing."""
RESTING = (0, 3, 5)
"""Degrees of the scale that a phrase may end on: root, fifth, octave."""
RHYTHMS = ((2, 1), (2, 1), (2, 1), (3,), (1, 1, 1))
"""Beats of the tones in a bar: mostly a long one and a short one, as in a cradle song."""
DRONE_S = 20
"""Seconds after which the drone repeats: all its frequencies are multiples of 1/20 Hz."""
DRONE = ((174.6, 0.6), (174.75, 0.3), (261.6, 0.4), (261.7, 0.2), (349.2, 0.25))
"""Hertz and amplitude: F3, C4 and F4. Pairs that are slightly apart swell and fade, every 7 and every 10 seconds."""
TONE_PEAK, DRONE_RMS = 1540.0, 150.0
"""Of 32768. Together they have an RMS of -38 dBFS, like other music; the drone alone has -47."""


def lullaby(seed: int = 1) -> Chunks:
    """Endless, in chunks of half a second. A second takes 0.1 ms to make; the tones take up 2.6 MB, the drone 1.3."""
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
    """The tones: the sample at which each starts, its degree, and its amplitude, up to 1."""
    beat = 1
    while True:
        theme, second, third = (_phrase(chance) for _ in range(3))
        for bar in (*theme, *theme[:2], *second[2:], *third, *theme):
            for beats, degree in bar:
                # Long ones are a little stronger, and none is exactly in time.
                size = (0.95 if beats > 1 else 0.7) - 0.15 * chance.random()
                yield beat * BEAT + round(0.02 * RATE * chance.random()), degree, size
                beat += beats
        beat += BAR * chance.randint(1, 2)


def _phrase(chance: random.Random) -> list[list[tuple[int, int]]]:
    """Four bars, the last of which rests on one tone: beats and degree of each tone."""
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
    """A softly struck tone, like a kalimba's: float32[TONE]. The higher partials die away sooner."""
    hertz = ROOT_HZ * 2 ** (SCALE[degree] / 12)
    t = np.arange(TONE) / RATE
    wave = sum(
        size * np.sin(2 * np.pi * n * hertz * t) * np.exp(-t / decay)
        for n, size, decay in ((1, 1.0, 1.3), (2, 0.22, 0.6), (3, 0.06, 0.3))
    )
    wave *= 0.5 - 0.5 * np.cos(np.pi * np.minimum(t / 0.03, 1))
    wave *= np.minimum(np.arange(TONE, 0, -1) / (RATE // 2), 1)
    # High tones sound louder than low ones of the same amplitude.
    tone: Float = (TONE_PEAK * np.sqrt(ROOT_HZ / hertz) * wave / np.abs(wave).max()).astype(np.float32)
    return tone


def _drone() -> Float:
    """float32[DRONE_S * RATE], for playing in a loop."""
    t = np.arange(DRONE_S * RATE) / RATE
    wave = sum(size * np.sin(2 * np.pi * hertz * t) for hertz, size in DRONE)
    drone: Float = (DRONE_RMS * wave / np.sqrt(np.mean(np.square(wave)))).astype(np.float32)
    return drone
