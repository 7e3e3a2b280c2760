"""Parts of which sounds are made: noise of a given spectrum, slow random curves, impulses through damped
resonators, harmonics of a wandering pitch, bubbles, struck bodies, voices, a room. Sounds are at 16 kHz; times are
in seconds, frequencies in hertz, unless said otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 16000
"""Samples a second of everything here."""
Rng = np.random.Generator
Signal = NDArray[np.float64]
Points = Sequence[tuple[float, float]]
"""A spectrum: (hertz, decibels), ascending, joined by straight lines over log frequency."""

MAKERS: dict[str, tuple[Callable[[int, Rng], Signal], bool]] = {}
"""By the name of each kind of sound: what makes n samples of it, and whether it is heard through a room at times."""


def kind(name: str, room: bool = True) -> Callable[[Callable[[int, Rng], Signal]], Callable[[int, Rng], Signal]]:
    """Register a maker of n samples; `room`: it is heard from a distance, so through a room at times."""

    def register(make: Callable[[int, Rng], Signal]) -> Callable[[int, Rng], Signal]:
        MAKERS[name] = (make, room)
        return make

    return register


def drawn(rng: Rng, low: float, high: float) -> float:
    """A number between `low` and `high`, drawn evenly over its logarithm."""
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def to_unit(x: Signal) -> Signal:
    """Scaled to a root mean square of 1; silence stays silent."""
    return x / max(1e-12, float(np.sqrt(np.mean(x * x))))


def to_peak(x: Signal) -> Signal:
    """Scaled to a peak of 1; silence stays silent."""
    return x / max(1e-12, float(np.abs(x).max()))


def time_axis(n: int) -> Signal:
    """The second of each of n samples."""
    return np.arange(n) / RATE


def _spectrum(n: int, rng: Rng, points: Points, spread: float) -> tuple[NDArray[np.complex128], Signal, int]:
    size = 1 << (n - 1).bit_length() if n < 1 << 14 else -(-n // 4096) * 4096
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    at, decibels = np.array(points, dtype=np.float64).T
    at = at * math.exp(rng.normal(0, 0.05 * spread))
    decibels = decibels + rng.normal(0, spread, decibels.size)
    gain = 10 ** (np.interp(np.log(np.maximum(hertz, 1.0)), np.log(at), decibels) / 20)
    bins = gain * (rng.standard_normal(hertz.size) + 1j * rng.standard_normal(hertz.size))
    bins[0] = 0
    return bins.astype(np.complex128), hertz.astype(np.float64), size


def shaped(n: int, rng: Rng, points: Points, spread: float = 2.0) -> Signal:
    """Gaussian noise of the spectrum `points`, each moved by about `spread` dB; root mean square 1."""
    bins, _, size = _spectrum(n, rng, points, spread)
    return to_unit(np.fft.irfft(bins, size)[:n])


def texture(n: int, rng: Rng, points: Points, hertz: float, depth: float, bands: int = 6) -> Signal:
    """Noise as `shaped`, each of its octave-wide bands with a slow swell of its own (about `hertz`, and `depth`
    nepers): sounds of turbulence are told by these envelopes (McDermott and Simoncelli, Neuron 71, 2011)."""
    bins, axis, size = _spectrum(n, rng, points, 2.0)
    where = np.clip(np.log2(np.maximum(axis, 1.0) / RATE * 2) + bands - 1, 0, bands - 1)
    out = np.zeros(n)
    for band in range(bands):
        part = np.fft.irfft(bins * np.maximum(0, 1 - np.abs(where - band)), size)[:n]
        out += part * np.exp(depth * wander(n, rng, hertz * rng.uniform(0.6, 1.6)))
    return to_unit(out)


def wander(n: int, rng: Rng, hertz: float) -> Signal:
    """A smooth random curve of about unit variance that turns about `hertz` times a second."""
    position = np.arange(n) * (2 * hertz / RATE) + rng.uniform()
    index = position.astype(np.intp)
    part = position - index
    part = part * part * (3 - 2 * part)
    knots = rng.standard_normal(int(index[-1]) + 2)
    return np.asarray(knots[index] * (1 - part) + knots[index + 1] * part)


def filtered(x: Signal, low: float, high: float, order: int = 2) -> Signal:
    """Butterworth filter; low 0 is a low-pass, high of 8000 Hz or more a high-pass."""
    if low <= 0:
        sos = butter(order, min(high, 7900.0), "lowpass", fs=RATE, output="sos")
    elif high >= RATE / 2:
        sos = butter(order, low, "highpass", fs=RATE, output="sos")
    else:
        sos = butter(order, (low, high), "bandpass", fs=RATE, output="sos")
    return np.asarray(sosfilt(sos, x))


def harmonic_sum(hertz: Signal, gains: Iterable[complex]) -> Signal:
    """The sum of gain_k sin(k phase) of a fundamental of `hertz` at each sample, without those above 7.7 kHz."""
    turn = np.exp(2j * np.pi * np.cumsum(hertz) / RATE)
    wave, out = np.ones_like(turn), np.zeros(hertz.size)
    low, high = float(hertz.min()), float(hertz.max())
    for k, gain in enumerate(gains, 1):
        if k * low > 7700:
            break
        wave = wave * turn
        part = (gain * wave).imag
        out += part if k * high <= 7700 else part * (k * hertz < 7700)
    return out


def with_phases(rng: Rng, gains: Signal) -> NDArray[np.complex128]:
    return np.asarray(gains * np.exp(2j * np.pi * rng.uniform(size=gains.size)))


def ringing(x: Signal, modes: Iterable[tuple[float, float, float]]) -> Signal:
    """`x` through damped resonators in parallel: (hertz, seconds to fall to 1/e, gain). A unit impulse makes each
    ring as gain exp(-t/tau) sin(2 pi f t)."""
    out = np.zeros_like(x)
    for hertz, tau, gain in modes:
        if 15 < hertz < 7800:
            w, r = 2 * np.pi * hertz / RATE, math.exp(-1 / (tau * RATE))
            out += lfilter([gain * math.sin(w)], [1, -2 * r * math.cos(w), r * r], x)
    return out


def through_formants(x: Signal, formants: Iterable[tuple[float, float]]) -> Signal:
    """`x` through formants in cascade: (hertz, bandwidth in hertz), each of unit gain at 0 Hz (Klatt, JASA 67,
    1980)."""
    for hertz, width in formants:
        if hertz < 7600:
            r = math.exp(-math.pi * width / RATE)
            b, c = 2 * r * math.cos(2 * np.pi * hertz / RATE), -r * r
            x = np.asarray(lfilter([1 - b - c], [1, -b, -c], x))
    return x


def impulses(n: int, rng: Rng, rate: float | Signal, spread: float = 0.8) -> Signal:
    """Impulses at random, `rate` a second (constant or at each sample), of log-normal heights (to two
    standard deviations) and random sign."""
    hits = np.flatnonzero(rng.random(n) < np.asarray(rate) / RATE)
    out = np.zeros(n)
    heights = np.exp(spread * np.minimum(2, rng.standard_normal(hits.size)))
    out[hits] = heights * rng.choice([-1.0, 1.0], hits.size)
    return out


def struck(n: int, starts: Iterable[tuple[float, float]], contact: float) -> Signal:
    """Blows at (second, strength), each a raised cosine that lasts `contact` seconds: the harder the bodies, the
    shorter the contact and the brighter the sound."""
    out = np.zeros(n)
    for start, strength in starts:
        if 0 <= (at := round(start * RATE)) < n:
            out[at] += strength
    window = np.hanning(max(3, round(contact * RATE) + 2))
    return np.asarray(lfilter(window / window.sum(), [1], out))


def occasions(n: int, rng: Rng, gap: float, regular: float = 0.3, first: float = 0.5) -> list[float]:
    """Seconds at which something happens, `gap` apart: 1/regular is how even it is; the first comes soon."""
    out, at = [], rng.uniform(0.05, max(0.1, min(first, gap)))
    while at < n / RATE - 0.05:
        out.append(float(at))
        at += gap * max(0.15, math.exp(rng.normal(0, regular)))
    return out


def mix_in(out: Signal, at: float, sound: Signal) -> None:
    """Add a sound in place that begins at a second, cut at the end."""
    start = round(at * RATE)
    if 0 <= start < out.size:
        part = sound[: out.size - start]
        out[start : start + part.size] += part


def polyline(n: int, *points: tuple[float, float]) -> Signal:
    """Straight lines through (part of the whole, value)."""
    at, value = zip(*points, strict=True)
    return np.asarray(np.interp(np.linspace(0, 1, n), at, value))


def hump(n: int) -> Signal:
    """Half a period of a sine: rises from 0 to 1 and falls."""
    return np.asarray(np.sin(np.pi * np.linspace(0, 1, n)))


def decay(n: int, attack: float, tau: float) -> Signal:
    """Rises within `attack` seconds, and falls to 1/e in `tau`."""
    t = time_axis(n)
    return np.asarray((1 - np.exp(-t / max(attack, 1e-4))) * np.exp(-t / tau))


def reverberant(x: Signal, rng: Rng) -> Signal:
    """What a microphone across the room gets: at times reverberation (noise that dies away, RT60 0.15-0.7 s), and a
    tilt of the spectrum."""
    if rng.random() < 0.6:
        rt60 = rng.uniform(0.15, 0.7)
        n = round(rt60 * 0.8 * RATE)
        tail = rng.standard_normal(n) * 10 ** (-3 * time_axis(n) / rt60)
        tail = to_unit(filtered(tail, 0, drawn(rng, 2500, 7500), 1)) / math.sqrt(n)
        tail[0] += 10 ** (rng.uniform(-5, 10) / 20)
        x = np.asarray(fftconvolve(x, tail)[: x.size])
    if rng.random() < 0.5:
        side = rng.uniform(-0.6, 0.6)
        x = np.asarray(lfilter([1, -side], [1], x))
    return x


def bubble(radius: float, rng: Rng) -> Signal:
    """A bubble of `radius` metres: rings at f = 3.26 m/s / r (Minnaert, Phil. Mag. 16, 1933), damped by
    0.13/r + 0.0072 r^-1.5 a second, rising as it nears the surface (van den Doel, ACM TAP 2, 2005)."""
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    n = max(16, min(RATE // 3, round(5 / damping * RATE)))
    t = time_axis(n)
    hertz = np.minimum(3.26 / radius * (1 + rng.choice([0.0, 0.1, 0.2]) * damping * t), 7600)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-damping * t))


def bubbles(n: int, rng: Rng, rate: float | Signal, small: float, large: float, sorts: int = 14) -> Signal:
    """Bubbles at random, `rate` a second in all, radii between `small` and `large` metres."""
    out = np.zeros(n)
    for radius in np.exp(rng.uniform(math.log(small), math.log(large), sorts)):
        one = bubble(float(radius), rng) * (radius / large) ** 0.8
        out += fftconvolve(impulses(n, rng, np.asarray(rate) / sorts), one)[:n]
    return to_unit(out)


def hard_body(
    rng: Rng, lowest: float, count: int, ring: float, ratios: Sequence[float] = ()
) -> list[tuple[float, float, float]]:
    """Modes of a hard body: inharmonic (those given, or growing as bending waves do, f_k ~ k^1.2-2), the higher the
    sooner gone."""
    power = rng.uniform(1.2, 2)
    ks = np.array(ratios) if len(ratios) else np.arange(1.0, count + 1) ** power
    hertz = lowest * ks * np.exp(rng.normal(0, 0.06, ks.size))
    tau = ring * (hertz / lowest) ** -rng.uniform(0.3, 1.1) * np.exp(rng.normal(0, 0.3, ks.size))
    gain = np.exp(rng.normal(0, 0.6, ks.size)) / ks**0.2
    return [(float(f), float(t), float(g)) for f, t, g in zip(hertz, tau, gain, strict=True)]


FREE_BAR = (1.0, 2.757, 5.404, 8.933)
"""Partials of a bar with free ends (Fletcher and Rossing, The Physics of Musical Instruments, 2.15)."""
CLAMPED_BAR = (1.0, 6.267, 17.548)
"""Partials of a bar held at one end, a music box's tongue (same, 2.16)."""
BELL = (0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0)
"""Partials of a church bell from the hum tone up (same, 21.4)."""
ROUND_PLATE = (1.0, 1.73, 2.33, 3.91, 4.11, 6.3)
"""Partials of a round plate with a free edge (same, 3.6)."""


def bounces(rng: Rng, at: float, many: int, within: float) -> list[tuple[float, float]]:
    """Blows that follow on one, as when something is set down: a bounce gets sooner and weaker each time."""
    out, strength, gap = [], rng.uniform(0.4, 1.0), within * rng.uniform(0.3, 1)
    for _ in range(many):
        out.append((at, strength))
        at += gap * rng.uniform(0.6, 1.2)
        gap, strength = gap * rng.uniform(0.5, 1), strength * rng.uniform(0.3, 1)
    return out


VOWELS = {
    "a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410),
    "u": (300, 870, 2240), "er": (490, 1350, 1690), "m": (250, 1000, 2200),
}  # fmt: skip
"""First three formants of men, hertz (Peterson and Barney, JASA 24, 1952); "m", humming, has them damped."""


def vowel_formants(rng: Rng, name: str, scale: float) -> list[tuple[float, float]]:
    """Formants and bandwidths of a vowel in a tract 1/scale as long as a man's."""
    wide = 3.0 if name == "m" else 1.0
    formants = [*VOWELS[name], 3400, 4500]
    return [
        (f * scale * math.exp(rng.normal(0, 0.05)), (60 + 0.04 * f) * wide ** min(i, 1) * rng.uniform(0.8, 1.4))
        for i, f in enumerate(formants)
    ]


def glottal(hertz: Signal, rng: Rng, fall: float = 1.3, breath: float = 0.05, rough: float = 0.0) -> Signal:
    """What leaves the glottis, differentiated by the lips: harmonics as k^-fall (1 is -6 dB an octave), jitter,
    shimmer, breath noise; `rough` 0-1 adds subharmonics and hoarseness."""
    n = hertz.size
    hertz = hertz * (1 + (0.004 + 0.03 * rough) * wander(n, rng, 60))
    voiced = harmonic_sum(hertz, np.arange(1.0, 61) ** -fall)
    if rough > 0:
        voiced = voiced * (1 + 0.7 * rough * harmonic_sum(hertz / 2, (1.0,)))
    air = filtered(rng.standard_normal(n), 300, 8000, 1) * (1 + 0.5 * harmonic_sum(hertz, (1.0,)))
    return np.asarray(voiced * (1 + 0.05 * wander(n, rng, 30)) + air * (breath + 0.6 * rough))


def infant_tract(rng: Rng, opening: float = 1.0) -> list[tuple[float, float]]:
    """Formants of an infant's tract of 7-9 cm as a tube: (2k-1) c / 4 L, so about 1.07, 3.2, 5.4 kHz at 8 cm; the
    first moves with the mouth's opening."""
    quarter = 343 / (4 * rng.uniform(0.07, 0.09))
    return [(quarter * opening, 150.0), (quarter * 3 * rng.uniform(0.85, 1.05), 250.0), (quarter * 5, 400.0)]


def thud(rng: Rng, hard: float = 0.0) -> Signal:
    """Something heavy or soft against wood: a few strongly damped low modes and a dull slap; `hard` 0-1."""
    n = RATE // 2
    modes = hard_body(rng, drawn(rng, 45, 140), 7, drawn(rng, 0.012, 0.06))
    blow = struck(n, [(0.0, 1.0)], 0.012 * (1 - hard) + 0.001)
    slap = shaped(n, rng, ((60, 0), (400, -6), (3000, -22 + 12 * hard), (7800, -40 + 20 * hard)))
    return to_peak(ringing(blow, modes)) + to_peak(slap * decay(n, 0.001, rng.uniform(0.006, 0.025))) * rng.uniform(
        0.1, 0.6
    )
