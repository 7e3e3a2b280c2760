"""Room impulse responses, and the frequency responses of microphones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.recipe.store import RATE

_ROOM_S = 0.5


def rooms(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Impulse responses, float32[n, 8000], of energy 1, the direct sound first: a few early reflections from the
    walls, then noise that decays by 60 dB within the reverberation time of 0.1 to 0.8 s."""
    length = int(_ROOM_S * RATE)
    time = np.arange(length) / RATE
    out = np.zeros((n, length), np.float32)
    for row in range(n):
        decay = math.log(1000) / rng.uniform(0.1, 0.8)
        late = rng.normal(size=length) * np.exp(-decay * time)
        late[: int(rng.uniform(0.002, 0.012) * RATE)] = 0
        # High frequencies decay faster.
        late[1:] += rng.uniform(0, 0.7) * late[:-1]
        late /= math.sqrt(float(np.square(late).sum())) + 1e-9
        early = np.zeros(length)
        for _ in range(rng.integers(2, 8)):  # first and second images of the source in walls 0.3 to 5 m away
            delay = rng.uniform(0.0015, 0.03)
            early[int(delay * RATE)] += rng.choice((-1, 1)) * rng.uniform(0.2, 0.8) / (1 + 200 * delay)
        direct = 10 ** (rng.uniform(-4, 14) / 20)
        response = late + early * min(direct, 1.5)
        response[0] = direct
        out[row] = response / math.sqrt(float(np.square(response).sum()))
    return out


def colours(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Gains at 65 points of the spectrum, float32[n, 65], like those of microphones, loudspeakers and corners."""
    x = np.linspace(0, 1, 65)
    gain = np.zeros((n, len(x)))  # in nepers
    for k in (1, 2, 3, 5):
        gain += rng.normal(size=(n, 1)) * 0.45 / k * np.cos(np.pi * k * x + rng.uniform(0, 2 * np.pi, (n, 1)))
    corner, depth = rng.uniform(0.3, 1, (n, 1)), rng.uniform(0.5, 4, (n, 1)) * (rng.random((n, 1)) < 0.2)
    gain -= depth * np.maximum(0, x - corner) / 0.3
    corner, depth = rng.uniform(0.01, 0.1, (n, 1)), rng.uniform(0.5, 3, (n, 1)) * (rng.random((n, 1)) < 0.25)
    gain -= depth * np.maximum(0, 1 - x / corner)
    return np.exp(gain).astype(np.float32)
