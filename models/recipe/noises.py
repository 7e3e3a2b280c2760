"""Household sounds made from their physics, for lack of free recordings: `noise(kind, seconds, rng)`.

Every kind is built from the same few parts: Gaussian noise of a given spectrum, slow random modulation, impulses
through damped resonators (whatever is struck, and bubbles), harmonics of a wandering pitch (motors, mains), and
voices (harmonics of a glottal source through the formants of a vocal tract). All parameters are drawn from the
generator, so no two sounds are alike, and the same seed gives the same sound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import models.recipe.household
import models.recipe.voices  # noqa: F401 - registers its kinds, as does the module before
from models.recipe.acoustics import MAKERS, RATE, Rng, reverberant, to_peak

PEAK = 0.5
"""The peak of a sound within a tenth, full scale being 1."""
SHORTEST = 2.0
"""Seconds: shorter sounds are cut from one of this length, around its loudest sample."""


def noise(kind: str, seconds: float, rng: Rng) -> NDArray[np.float32]:
    """A sound of one of the `KINDS`: mono at 16 kHz, its peak about 0.5 of full scale; "silence" alone stays at one
    or two steps of 16 bits. KeyError for an unknown kind."""
    make, in_room = MAKERS[kind]
    wanted = max(1, round(seconds * RATE))
    n = max(wanted, round(SHORTEST * RATE))
    sound = make(n, rng)
    if kind == "silence":
        return sound[:wanted].astype(np.float32)
    if in_room:
        sound = reverberant(sound, rng)
    sound = sound - sound.mean()
    if wanted < n:
        start = int(np.clip(np.argmax(np.abs(sound)) - rng.uniform() * wanted, 0, n - wanted))
        sound = sound[start : start + wanted]
    return np.asarray(to_peak(sound) * (PEAK * rng.uniform(0.9, 1.1)), dtype=np.float32)


KINDS: tuple[str, ...] = tuple(MAKERS)
"""The names that `noise` knows."""
