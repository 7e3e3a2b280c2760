"""The household sounds that the recipe makes: their form, and whether their spectra are right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="the recipe that trains the model needs scipy; the guide does not")

from models.recipe.acoustics import RATE
from models.recipe.noises import KINDS, PEAK, noise

SECONDS = 2.0


@cache
def made(kind: str, seed: int = 0, seconds: float = SECONDS) -> NDArray[np.float32]:
    return noise(kind, seconds, np.random.default_rng(seed))


def power(sound: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies in hertz, and the power at each."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size))) ** 2
    return np.asarray(np.fft.rfftfreq(sound.size, 1 / RATE), dtype=np.float64), spectrum.astype(np.float64)


def share(sound: NDArray[np.float32], low: float, high: float) -> float:
    """The share of a sound's energy between two frequencies."""
    hertz, spectrum = power(sound)
    return float(spectrum[(hertz >= low) & (hertz < high)].sum() / spectrum.sum())


def pitches(sound: NDArray[np.float32], low: float, high: float) -> list[float]:
    """The fundamental of the loud and clearly periodic 40 ms frames, by autocorrelation."""
    size = RATE // 25
    frames = sound[: sound.size // size * size].reshape(-1, size).astype(np.float64)
    frames = frames[frames.std(axis=1) > 0.3 * frames.std(axis=1).max()]
    found = []
    for frame in frames:
        same = np.correlate(frame, frame, "full")[size - 1 :] / (np.arange(size, 0, -1) * frame.var())
        first, last = int(RATE / high), int(RATE / low)
        lag = first + int(np.argmax(same[first : last + 1] > 0.9 * same[first : last + 1].max()))
        lag += int(np.argmax(same[lag : lag + 4]))
        if same[lag] > 0.5:
            found.append(RATE / lag)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_length_and_level_and_follows_its_seed(kind: str) -> None:
    sound = made(kind)
    assert sound.shape == (round(SECONDS * RATE),)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    peak = float(np.abs(sound).max())
    if kind == "silence":
        assert peak <= 2 / 32768
    else:
        assert 0.9 * PEAK - 1e-3 <= peak <= 1.1 * PEAK + 1e-3
        assert float(np.sqrt(np.mean(sound**2))) > 0.001
    assert np.array_equal(sound, noise(kind, SECONDS, np.random.default_rng(0)))
    assert not np.array_equal(sound, made(kind, seed=1))


@pytest.mark.parametrize("kind", ["drip", "thuds", "door", "knocks", "hiccups", "sneezes", "alarm", "birds"])
def test_a_short_sound_is_not_silent(kind: str) -> None:
    sound = made(kind, seed=3, seconds=0.2)
    assert sound.shape == (3200,)
    assert 0.9 * PEAK - 1e-3 <= float(np.abs(sound).max()) <= 1.1 * PEAK + 1e-3


def test_the_generator_moves_on_from_sound_to_sound() -> None:
    rng = np.random.default_rng(0)
    assert not np.array_equal(noise("rain", 0.5, rng), noise("rain", 0.5, rng))


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        made("unicorn")


def test_the_fridge_hums_at_multiples_of_the_mains() -> None:
    for seed in range(4):
        sound = made("fridge", seed, 4)
        hertz, spectrum = power(sound)
        at = {mains: np.abs(hertz - mains * np.round(hertz / mains)) < 1.5 for mains in (50, 60)}
        at = {mains: near & (hertz > 25) for mains, near in at.items()}
        assert max(spectrum[near].sum() for near in at.values()) > 0.8 * spectrum.sum()


def test_crying_has_the_pitch_of_an_infant() -> None:
    found = [pitch for seed in range(4) for pitch in pitches(made("crying", seed, 4), 200, 1200)]
    assert len(found) > 40
    assert 350 <= float(np.median(found)) <= 600
    assert np.mean([300 <= pitch <= 700 for pitch in found]) > 0.8


def test_singing_and_barking_have_a_pitch_and_rain_has_none() -> None:
    assert len(pitches(made("singing", 1, 4), 80, 900)) > 30
    assert len(pitches(made("dog", 1, 4), 150, 1200)) > 3
    assert len(pitches(made("shower", 1, 4), 80, 900)) == 0


@pytest.mark.parametrize(
    ("kind", "low", "high", "least"),
    [
        ("wind", 0, 300, 0.8),
        ("aircraft", 0, 1000, 0.8),
        ("shower", 1000, 8000, 0.6),
        ("paper", 500, 8000, 0.8),
        ("scraping", 500, 8000, 0.8),
        ("thuds", 0, 1000, 0.8),
        ("dishes", 400, 8000, 0.5),
        ("birds", 350, 8000, 0.7),
    ],
)
def test_each_kind_has_its_energy_where_it_should(kind: str, low: float, high: float, least: float) -> None:
    assert np.median([share(made(kind, seed), low, high) for seed in range(5)]) > least


def test_knocks_are_impulsive_and_machines_are_steady() -> None:
    def crest(kind: str) -> float:
        sounds = [made(kind, seed) for seed in range(3)]
        return float(np.median([np.abs(sound).max() / np.sqrt(np.mean(sound**2)) for sound in sounds]))

    assert min(map(crest, ("knocks", "typing", "clicks", "drip"))) > 6
    assert max(map(crest, ("fan", "noise_machine", "fridge"))) < 6
