"""Household sound made from its physics, where no recording may be had: `noise(kind, seconds, rng)`.

Every kind is built from the same few parts: Gaussian noise of a given spectrum, slow random modulation, impulses
through damped resonators (whatever is struck, and bubbles), harmonics of a wandering pitch (motors, mains), and
voices (harmonics of a glottal source through the formants of a vocal tract). All parameters are drawn from the
generator, so that no two sounds are alike and the same seed gives the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 16000
"""Samples a second of everything here."""
PEAK = 0.5
"""The largest sample of a sound, of full scale, within a tenth."""
SHORTEST = 2.0
"""Seconds: shorter sounds are cut from one of this length, around its loudest sample."""

Rng = np.random.Generator
Signal = NDArray[np.float64]
Points = Sequence[tuple[float, float]]
"""A spectrum: (hertz, decibels), ascending, joined by straight lines over log frequency."""

_MAKERS: dict[str, tuple[Callable[[int, Rng], Signal], bool]] = {}


def noise(kind: str, seconds: float, rng: Rng) -> NDArray[np.float32]:
    """A sound of one of the `KINDS`: mono at 16 kHz, its peak about 0.5 of full scale; "silence" alone stays at one
    or two steps of 16 bits. KeyError for an unknown kind."""
    make, in_room = _MAKERS[kind]
    wanted = max(1, round(seconds * RATE))
    n = max(wanted, round(SHORTEST * RATE))
    sound = make(n, rng)
    if kind == "silence":
        return sound[:wanted].astype(np.float32)
    if in_room:
        sound = _room(sound, rng)
    sound = sound - sound.mean()
    if wanted < n:
        start = int(np.clip(np.argmax(np.abs(sound)) - rng.uniform() * wanted, 0, n - wanted))
        sound = sound[start : start + wanted]
    return np.asarray(_top(sound) * (PEAK * rng.uniform(0.9, 1.1)), dtype=np.float32)


def _kind(name: str, room: bool = True) -> Callable[[Callable[[int, Rng], Signal]], Callable[[int, Rng], Signal]]:
    """Register a maker of n samples; `room`: it is heard from a distance, so through a room at times."""

    def register(make: Callable[[int, Rng], Signal]) -> Callable[[int, Rng], Signal]:
        _MAKERS[name] = (make, room)
        return make

    return register


# Parts ---------------------------------------------------------------------------------------------------------


def _log(rng: Rng, low: float, high: float) -> float:
    """Drawn evenly over the logarithm."""
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def _unit(x: Signal) -> Signal:
    """Scaled to a root mean square of 1; silence stays silent."""
    return x / max(1e-12, float(np.sqrt(np.mean(x * x))))


def _top(x: Signal) -> Signal:
    """Scaled to a peak of 1; silence stays silent."""
    return x / max(1e-12, float(np.abs(x).max()))


def _time(n: int) -> Signal:
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


def _shaped(n: int, rng: Rng, points: Points, spread: float = 2.0) -> Signal:
    """Gaussian noise of the spectrum `points`, each moved by about `spread` dB; root mean square 1."""
    bins, _, size = _spectrum(n, rng, points, spread)
    return _unit(np.fft.irfft(bins, size)[:n])


def _texture(n: int, rng: Rng, points: Points, hertz: float, depth: float, bands: int = 6) -> Signal:
    """Noise as `_shaped`, each of its octave-wide bands with a slow swell of its own (about `hertz`, and `depth`
    nepers): sounds of turbulence are told by these envelopes (McDermott and Simoncelli, Neuron 71, 2011)."""
    bins, axis, size = _spectrum(n, rng, points, 2.0)
    where = np.clip(np.log2(np.maximum(axis, 1.0) / RATE * 2) + bands - 1, 0, bands - 1)
    out = np.zeros(n)
    for band in range(bands):
        part = np.fft.irfft(bins * np.maximum(0, 1 - np.abs(where - band)), size)[:n]
        out += part * np.exp(depth * _wander(n, rng, hertz * rng.uniform(0.6, 1.6)))
    return _unit(out)


def _wander(n: int, rng: Rng, hertz: float) -> Signal:
    """A smooth random curve of about unit variance that turns about `hertz` times a second."""
    position = np.arange(n) * (2 * hertz / RATE) + rng.uniform()
    index = position.astype(np.intp)
    part = position - index
    part = part * part * (3 - 2 * part)
    knots = rng.standard_normal(int(index[-1]) + 2)
    return np.asarray(knots[index] * (1 - part) + knots[index + 1] * part)


def _band(x: Signal, low: float, high: float, order: int = 2) -> Signal:
    """Butterworth filter; low 0 is a low-pass, high of 8000 Hz or more a high-pass."""
    if low <= 0:
        sos = butter(order, min(high, 7900.0), "lowpass", fs=RATE, output="sos")
    elif high >= RATE / 2:
        sos = butter(order, low, "highpass", fs=RATE, output="sos")
    else:
        sos = butter(order, (low, high), "bandpass", fs=RATE, output="sos")
    return np.asarray(sosfilt(sos, x))


def _harmonics(hertz: Signal, gains: Iterable[complex]) -> Signal:
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


def _phases(rng: Rng, gains: Signal) -> NDArray[np.complex128]:
    return np.asarray(gains * np.exp(2j * np.pi * rng.uniform(size=gains.size)))


def _ring(x: Signal, modes: Iterable[tuple[float, float, float]]) -> Signal:
    """`x` through damped resonators in parallel: (hertz, seconds to fall to 1/e, gain). A unit impulse makes each
    ring as gain exp(-t/tau) sin(2 pi f t)."""
    out = np.zeros_like(x)
    for hertz, tau, gain in modes:
        if 15 < hertz < 7800:
            w, r = 2 * np.pi * hertz / RATE, math.exp(-1 / (tau * RATE))
            out += lfilter([gain * math.sin(w)], [1, -2 * r * math.cos(w), r * r], x)
    return out


def _tract(x: Signal, formants: Iterable[tuple[float, float]]) -> Signal:
    """`x` through formants in cascade: (hertz, bandwidth in hertz), each of unit gain at 0 Hz (Klatt, JASA 67,
    1980)."""
    for hertz, width in formants:
        if hertz < 7600:
            r = math.exp(-math.pi * width / RATE)
            b, c = 2 * r * math.cos(2 * np.pi * hertz / RATE), -r * r
            x = np.asarray(lfilter([1 - b - c], [1, -b, -c], x))
    return x


def _impulses(n: int, rng: Rng, rate: float | Signal, spread: float = 0.8) -> Signal:
    """Impulses at random, `rate` a second (constant or at each sample), of log-normal heights (to two
    standard deviations) and random sign."""
    hits = np.flatnonzero(rng.random(n) < np.asarray(rate) / RATE)
    out = np.zeros(n)
    heights = np.exp(spread * np.minimum(2, rng.standard_normal(hits.size)))
    out[hits] = heights * rng.choice([-1.0, 1.0], hits.size)
    return out


def _blows(n: int, starts: Iterable[tuple[float, float]], contact: float) -> Signal:
    """Blows at (second, strength), each a raised cosine that lasts `contact` seconds: the harder the bodies, the
    shorter the contact and the brighter the sound."""
    out = np.zeros(n)
    for start, strength in starts:
        if 0 <= (at := round(start * RATE)) < n:
            out[at] += strength
    window = np.hanning(max(3, round(contact * RATE) + 2))
    return np.asarray(lfilter(window / window.sum(), [1], out))


def _times(n: int, rng: Rng, gap: float, regular: float = 0.3, first: float = 0.5) -> list[float]:
    """Seconds at which something happens, `gap` apart: 1/regular is how even it is; the first comes soon."""
    out, at = [], rng.uniform(0.05, max(0.1, min(first, gap)))
    while at < n / RATE - 0.05:
        out.append(float(at))
        at += gap * max(0.15, math.exp(rng.normal(0, regular)))
    return out


def _add(out: Signal, at: float, sound: Signal) -> None:
    """Add a sound in place that begins at a second, cut at the end."""
    start = round(at * RATE)
    if 0 <= start < out.size:
        part = sound[: out.size - start]
        out[start : start + part.size] += part


def _curve(n: int, *points: tuple[float, float]) -> Signal:
    """Straight lines through (part of the whole, value)."""
    at, value = zip(*points, strict=True)
    return np.asarray(np.interp(np.linspace(0, 1, n), at, value))


def _hump(n: int) -> Signal:
    """Half a period of a sine: rises from 0 to 1 and falls."""
    return np.asarray(np.sin(np.pi * np.linspace(0, 1, n)))


def _decay(n: int, attack: float, tau: float) -> Signal:
    """Rises within `attack` seconds, and falls to 1/e in `tau`."""
    t = _time(n)
    return np.asarray((1 - np.exp(-t / max(attack, 1e-4))) * np.exp(-t / tau))


def _room(x: Signal, rng: Rng) -> Signal:
    """What a microphone across the room gets: at times reverberation (noise that dies away, RT60 0.15-0.7 s), and a
    tilt of the spectrum."""
    if rng.random() < 0.6:
        rt60 = rng.uniform(0.15, 0.7)
        n = round(rt60 * 0.8 * RATE)
        tail = rng.standard_normal(n) * 10 ** (-3 * _time(n) / rt60)
        tail = _unit(_band(tail, 0, _log(rng, 2500, 7500), 1)) / math.sqrt(n)
        tail[0] += 10 ** (rng.uniform(-5, 10) / 20)
        x = np.asarray(fftconvolve(x, tail)[: x.size])
    if rng.random() < 0.5:
        side = rng.uniform(-0.6, 0.6)
        x = np.asarray(lfilter([1, -side], [1], x))
    return x


# Water and air -------------------------------------------------------------------------------------------------


def _bubble(radius: float, rng: Rng) -> Signal:
    """A bubble of `radius` metres: rings at f = 3.26 m/s / r (Minnaert, Phil. Mag. 16, 1933), damped by
    0.13/r + 0.0072 r^-1.5 a second, rising as it nears the surface (van den Doel, ACM TAP 2, 2005)."""
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    n = max(16, min(RATE // 3, round(5 / damping * RATE)))
    t = _time(n)
    hertz = np.minimum(3.26 / radius * (1 + rng.choice([0.0, 0.1, 0.2]) * damping * t), 7600)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-damping * t))


def _bubbles(n: int, rng: Rng, rate: float | Signal, small: float, large: float, sorts: int = 14) -> Signal:
    """Bubbles at random, `rate` a second in all, radii between `small` and `large` metres."""
    out = np.zeros(n)
    for radius in np.exp(rng.uniform(math.log(small), math.log(large), sorts)):
        one = _bubble(float(radius), rng) * (radius / large) ** 0.8
        out += fftconvolve(_impulses(n, rng, np.asarray(rate) / sorts), one)[:n]
    return _unit(out)


@_kind("tap")
def _tap(n: int, rng: Rng) -> Signal:
    top = _log(rng, 1500, 5000)
    jet = _texture(n, rng, ((60, -25), (300, -8), (top, 0), (7800, -10)), rng.uniform(2, 9), rng.uniform(0.1, 0.4))
    splash = _bubbles(n, rng, _log(rng, 100, 900), 0.0006, _log(rng, 0.002, 0.005), 8)
    sink = _ring(jet, [(_log(rng, 150, 900), rng.uniform(0.004, 0.02), rng.uniform(0, 0.1)) for _ in range(3)])
    return np.asarray((jet + splash * rng.uniform(0.1, 1.2) + sink) * np.exp(0.15 * _wander(n, rng, 0.7)))


@_kind("bath")
def _bath(n: int, rng: Rng) -> Signal:
    jet = _texture(n, rng, ((60, -10), (400, 0), (2000, -6), (7800, -22)), rng.uniform(2, 6), rng.uniform(0.2, 0.5))
    rate = _log(rng, 60, 400) * np.exp(0.6 * _wander(n, rng, 1.5))
    glug = _bubbles(n, rng, _log(rng, 8, 50), 0.003, 0.008, 6)
    return jet * rng.uniform(0.2, 1) + _bubbles(n, rng, rate, 0.001, 0.006) + glug * rng.uniform(0.2, 1)


@_kind("drip")
def _drip(n: int, rng: Rng) -> Signal:
    out = _shaped(n, rng, ((50, 0), (7800, -20))) * _log(rng, 1e-4, 1e-2)
    base = _log(rng, 0.0012, 0.005)
    for at in _times(n, rng, _log(rng, 0.25, 2), rng.uniform(0.03, 0.5)):
        slap = _shaped(240, rng, ((500, 0), (7800, -10))) * _decay(240, 0.0003, 0.002)
        _add(out, at, slap * rng.uniform(0.02, 0.3))
        _add(out, at + rng.uniform(0.002, 0.03), _bubble(base * rng.uniform(0.8, 1.25), rng) * rng.uniform(0.5, 1))
    return out


@_kind("shower")
def _shower(n: int, rng: Rng) -> Signal:
    points = ((80, -22), (500, -10), (_log(rng, 2000, 6000), 0), (7800, rng.uniform(-10, 0)))
    hiss = _texture(n, rng, points, rng.uniform(1, 5), rng.uniform(0.05, 0.25))
    patter = _unit(_band(_impulses(n, rng, _log(rng, 300, 2500), 1.0), _log(rng, 400, 1500), 7000, 1))
    return hiss + patter * rng.uniform(0.2, 0.9) + _bubbles(n, rng, 150, 0.0008, 0.003, 5) * rng.uniform(0, 0.4)


@_kind("rain")
def _rain(n: int, rng: Rng) -> Signal:
    far = _texture(n, rng, ((60, -12), (500, -5), (3000, 0), (7800, -6)), 0.7, rng.uniform(0.05, 0.3))
    rate = _log(rng, 20, 1500) * np.exp(0.4 * _wander(n, rng, 0.4))
    pane = [(_log(rng, 250, 5000), _log(rng, 0.001, 0.015), rng.uniform(0.2, 1)) for _ in range(5)]
    drops = _unit(_ring(_impulses(n, rng, rate, 1.1), pane))
    return far * rng.uniform(0.2, 1) + drops * rng.uniform(0.2, 1) + _bubbles(n, rng, 60, 0.0008, 0.002, 4) * 0.2


@_kind("wind", room=False)
def _wind(n: int, rng: Rng) -> Signal:
    """On the microphone: turbulence of steep spectrum in gusts, at times overloading the input."""
    gust = np.exp(rng.uniform(0.5, 1.3) * _wander(n, rng, _log(rng, 0.3, 2)))
    low = _texture(n, rng, ((15, 0), (80, -3), (400, -30), (2000, -55), (7800, -70)), 8, 0.6) * gust
    howl = _band(rng.standard_normal(n), 300, _log(rng, 600, 2500), 1) * gust * gust * rng.uniform(0, 0.08)
    return np.asarray(np.tanh((low + howl) * _log(rng, 0.1, 1.5)))


@_kind("noise_machine")
def _noise_machine(n: int, rng: Rng) -> Signal:
    """White, pink or brown noise, or between, at times in waves like surf."""
    slope = rng.choice([0.0, -3.01, -6.02, rng.uniform(-7, 1)])
    points = [(30 * 2**octave, slope * octave) for octave in range(9)]
    out = _shaped(n, rng, points, rng.choice([0.0, 1.5]))
    if rng.random() < 0.3:
        out *= 1 + rng.uniform(0.3, 0.9) * np.sin(2 * np.pi * (_time(n) / rng.uniform(3, 10) + rng.uniform()))
    return _band(out, rng.uniform(30, 250), _log(rng, 4000, 8000), 1)  # its small loudspeaker


# Motors, mains and machines --------------------------------------------------------------------------------------


def _hum(n: int, rng: Rng, harmonics: int, fall: float, mains: float | None = None) -> Signal:
    """Harmonics of the mains, 50 or 60 Hz within 0.1 %, the even ones (of twice the mains: magnetic force)
    stronger, falling as k^-fall; root mean square 1."""
    mains = mains or float(rng.choice([50.0, 60.0]))
    k = np.arange(1.0, harmonics + 1)
    gains = k**-fall * np.exp(rng.normal(0, 0.7, harmonics)) * np.where(k % 2, rng.uniform(0.1, 0.7), 1.0)
    hertz = mains * (1 + 0.0004 * _wander(n, rng, 0.2))
    return _unit(_harmonics(hertz, _phases(rng, gains)))


def _motor(n: int, rng: Rng, hertz: Signal, harmonics: int, fall: float) -> Signal:
    """Whine of a rotor at `hertz`: harmonics of uneven strength, each turn slightly unlike the last."""
    gains = np.arange(1.0, harmonics + 1) ** -fall * np.exp(rng.normal(0, 0.9, harmonics))
    tone = _harmonics(hertz * (1 + 0.002 * _wander(n, rng, 15)), _phases(rng, gains))
    return _unit(tone * (1 + 0.1 * _wander(n, rng, 20)))


def _speed(n: int, rng: Rng, hertz: float, start: float = 0.25) -> Signal:
    """A motor's speed: a slow wander, at times running up or down within the sound."""
    out = hertz * (1 + rng.uniform(0.001, 0.01) * _wander(n, rng, 0.5))
    if rng.random() < start:
        t = _time(n) - rng.uniform(0, 0.7) * n / RATE
        ramp = 1 / (1 + np.exp(-t / rng.uniform(0.1, 0.5)))
        out *= 0.03 + 0.97 * (ramp if rng.random() < 0.5 else 1 - ramp)
    return out


def _machine(speed: Signal, *parts: tuple[Signal, float]) -> Signal:
    """Tones and noises with weights, louder the faster the motor turns."""
    loud = (speed / speed.max()) ** 1.5
    return np.asarray(sum((part * weight for part, weight in parts), np.zeros(speed.size)) * loud)


@_kind("fan")
def _fan(n: int, rng: Rng) -> Signal:
    """Air noise falling with frequency, the blade-pass tone (turns a second times blades) and its modulation."""
    blades, turns = int(rng.integers(3, 8)), _log(rng, 6, 30)
    speed = _speed(n, rng, turns * blades, 0.1)
    tone = _motor(n, rng, speed, 14, rng.uniform(0.8, 1.8))
    corner = _log(rng, 150, 800)
    points = ((30, -6), (corner, 0), (2000, -8 - rng.uniform(0, 8)), (7800, -20 - rng.uniform(0, 16)))
    air = _texture(n, rng, points, 1.0, rng.uniform(0.03, 0.2))
    air *= 1 + rng.uniform(0, 0.4) * _harmonics(speed / blades, (0.5, 0, 0.3)) * rng.uniform(0, 1)
    swing = 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * _time(n) / rng.uniform(5, 14) + rng.uniform(0, 6))
    return _machine(speed, (tone, rng.uniform(0.05, 0.8)), (air, 1.0), (_hum(n, rng, 8, 1), 0.1)) * swing


@_kind("vacuum")
def _vacuum(n: int, rng: Rng) -> Signal:
    """A universal motor (250-650 turns a second), the fan's blades, broadband air, and the nozzle on the floor."""
    speed = _speed(n, rng, rng.uniform(250, 650))
    whine = _motor(n, rng, speed, 24, rng.uniform(0.4, 1.2))
    points = ((60, -10), (400, -2), (_log(rng, 900, 3000), 0), (7800, -10 - rng.uniform(0, 8)))
    air = _texture(n, rng, points, 2, rng.uniform(0.1, 0.3))
    floor = np.exp(0.5 * _wander(n, rng, rng.uniform(0.4, 1.2)))
    grit = _unit(_band(_impulses(n, rng, 40 * floor, 1.2), 1500, 6000, 1)) * rng.uniform(0, 0.3)
    return _machine(speed, (whine, rng.uniform(0.1, 0.9)), (air * (0.7 + 0.3 * floor), 1), (grit, 1))


@_kind("hairdryer")
def _hairdryer(n: int, rng: Rng) -> Signal:
    speed = _speed(n, rng, rng.uniform(180, 400))
    whine = _motor(n, rng, speed * int(rng.integers(1, 4)), 16, rng.uniform(0.6, 1.5))
    points = ((80, -18), (600, -3), (_log(rng, 1200, 4000), 0), (7800, -8 - rng.uniform(0, 8)))
    air = _texture(n, rng, points, 2, 0.1)
    move = np.exp(0.35 * _wander(n, rng, rng.uniform(0.3, 1.5)))
    return _machine(speed, (whine, rng.uniform(0.1, 0.8)), (air * move, 1), (_hum(n, rng, 20, 0.7), 0.1))


@_kind("washing_machine")
def _washing_machine(n: int, rng: Rng) -> Signal:
    """The drum at 0.6-1 turns a second with water and laundry tumbling, or spinning at 8-22 turns a second."""
    if rng.random() < 0.5:
        speed = _speed(n, rng, rng.uniform(8, 22), 0.4)
        shake = _motor(n, rng, speed, 20, rng.uniform(0.8, 1.6))
        whine = _motor(n, rng, speed * rng.uniform(10, 20), 12, 1.0)
        air = _texture(n, rng, ((40, 0), (200, 0), (1500, -12), (7800, -30)), 2, 0.2)
        return _machine(speed, (shake, rng.uniform(0.3, 1)), (whine, rng.uniform(0.05, 0.5)), (air, 0.8))
    turn = 2 * np.pi * np.cumsum(_speed(n, rng, rng.uniform(0.6, 1.0), 0)) / RATE
    swing = np.maximum(0, np.sin(turn + 0.6 * np.sin(turn + rng.uniform(0, 6))))
    rumble = _texture(n, rng, ((30, 0), (120, 0), (600, -18), (7800, -50)), 5, 0.4) * (0.3 + swing)
    slosh = _texture(n, rng, ((100, -12), (500, 0), (2500, -8), (7800, -22)), 4, 0.6) * swing**2
    drops = _bubbles(n, rng, 150 * swing, 0.001, 0.005, 8) * rng.uniform(0.1, 0.6)
    motor = _motor(n, rng, _speed(n, rng, rng.uniform(80, 300), 0), 10, 1.2) * rng.uniform(0.05, 0.4)
    return np.asarray(rumble * rng.uniform(0.4, 1) + slosh * rng.uniform(0.3, 1) + drops + motor)


@_kind("fridge")
def _fridge(n: int, rng: Rng) -> Signal:
    hum = _hum(n, rng, int(rng.integers(6, 24)), rng.uniform(0.5, 1.5))
    rattle = _ring(_impulses(n, rng, rng.choice([0.0, 30.0])), [(_log(rng, 300, 2500), 0.004, 0.02)] * 1)
    air = _shaped(n, rng, ((40, 0), (200, -6), (1500, -24), (7800, -45)))
    return np.asarray(hum * (1 + 0.1 * _wander(n, rng, 1)) + air * rng.uniform(0.03, 0.3) + rattle)


@_kind("microwave")
def _microwave(n: int, rng: Rng) -> Signal:
    """Hum of its transformer, a fan, the turntable; most times it ends with beeps."""
    hum = _hum(n, rng, 30, rng.uniform(0.3, 0.9))
    air = _texture(n, rng, ((60, -4), (300, 0), (2000, -10), (7800, -26)), 1, 0.1)
    out = (hum * rng.uniform(0.3, 1.2) + air) * (1 + 0.1 * _wander(n, rng, 0.3))
    if rng.random() < 0.7:
        stop = rng.uniform(0.1, 0.8)
        out *= _curve(n, (0, 1), (stop, 1), (min(1, stop + 0.02), rng.uniform(0, 0.3)), (1, 0))
        hertz, length, gap = rng.uniform(1000, 4000), rng.uniform(0.1, 0.9), rng.uniform(0.2, 1)
        for i in range(int(rng.integers(1, 6))):
            _add(out, stop * n / RATE + 0.2 + i * (length + gap), 2 * _beep(hertz, length, 0.3))
    return np.asarray(out)


@_kind("aircraft")
def _aircraft(n: int, rng: Rng) -> Signal:
    """Passing far above: a low rumble that swells over many seconds, and turbine or propeller tones that sink."""
    rise = 1 / (1 + ((_time(n) - rng.uniform(0, n / RATE)) / rng.uniform(3, 12)) ** 2)
    rumble = _texture(n, rng, ((25, -3), (100, 0), (500, -8), (2000, -28), (7800, -60)), 0.8, rng.uniform(0.1, 0.4))
    hertz = _log(rng, 60, 900) * np.linspace(1.05, rng.uniform(0.8, 1), n)
    tone = _motor(n, rng, hertz, 12, rng.uniform(0.8, 2)) * np.exp(0.5 * _wander(n, rng, 1.5))
    return np.asarray((rumble + tone * rng.uniform(0, 0.4)) * rise)


@_kind("heating")
def _heating(n: int, rng: Rng) -> Signal:
    """A boiler or an air conditioner: drone, pump tone, air; now and then a tick of metal that warms."""
    drone = _texture(n, rng, ((30, 0), (120, 0), (600, -14), (7800, -42)), 0.6, 0.15)
    pump = _motor(n, rng, _speed(n, rng, _log(rng, 25, 120), 0.1), 12, rng.uniform(0.7, 1.5))
    metal = [(_log(rng, 400, 5000), _log(rng, 0.003, 0.05), 1.0) for _ in range(4)]
    ticks = _ring(_impulses(n, rng, rng.choice([0.0, 0.7]), 0.5), metal)
    return np.asarray(drone + pump * rng.uniform(0, 0.8) + _hum(n, rng, 10, 1) * rng.uniform(0, 0.3) + ticks)


@_kind("traffic")
def _traffic(n: int, rng: Rng) -> Signal:
    """Outside: rumble, and cars passing (tyres around 1 kHz, an engine), each louder as 1/distance; often behind a
    closed window; at times a horn."""
    out = _texture(n, rng, ((30, 0), (100, 0), (800, -14), (7800, -45)), 0.5, 0.3) * rng.uniform(0.1, 0.7)
    for _ in range(int(rng.integers(1, 5))):
        t = _time(n) - rng.uniform(-0.1, 1.1) * n / RATE
        away = np.sqrt(1 + (t / rng.uniform(0.5, 2.5)) ** 2)
        tyres = _shaped(n, rng, ((60, -8), (300, -6), (900, 0), (2000, -10), (7800, -32)))
        sink = 1 - rng.uniform(0.02, 0.06) * t / np.maximum(1e-6, np.abs(t) + 1)  # Doppler: 7-20 m/s of 343
        engine = _motor(n, rng, _log(rng, 30, 110) * sink, 14, rng.uniform(0.8, 1.4))
        out += (tyres + engine * rng.uniform(0.1, 1)) / away * _log(rng, 0.3, 1.5)
    if rng.random() < 0.15:
        for at in _times(n, rng, rng.uniform(1.5, 5)):
            m = round(rng.uniform(0.15, 0.9) * RATE)
            two = sum(_harmonics(np.full(m, f), 0.85 ** np.arange(16)) for f in (rng.uniform(330, 420), 500.0))
            _add(out, at, two * _curve(m, (0, 0), (0.05, 1), (0.95, 1), (1, 0)) * rng.uniform(0.2, 0.8))
    return _band(out, 0, _log(rng, 500, 2500), 1) if rng.random() < 0.5 else out


# Things that strike, rub and rustle ------------------------------------------------------------------------------


def _object(rng: Rng, lowest: float, count: int, ring: float, ratios: Sequence[float] = ()) -> list[
    tuple[float, float, float]
]:
    """Modes of a hard body: inharmonic (those given, or growing as bending waves do, f_k ~ k^1.2-2), the higher the
    sooner gone."""
    power = rng.uniform(1.2, 2)
    ks = np.array(ratios) if len(ratios) else np.arange(1.0, count + 1) ** power
    hertz = lowest * ks * np.exp(rng.normal(0, 0.06, ks.size))
    tau = ring * (hertz / lowest) ** -rng.uniform(0.3, 1.1) * np.exp(rng.normal(0, 0.3, ks.size))
    gain = np.exp(rng.normal(0, 0.6, ks.size)) / ks**0.2
    return [(float(f), float(t), float(g)) for f, t, g in zip(hertz, tau, gain, strict=True)]


_FREE_BAR = (1.0, 2.757, 5.404, 8.933)
"""Partials of a bar with free ends (Fletcher and Rossing, The Physics of Musical Instruments, 2.15)."""
_CLAMPED_BAR = (1.0, 6.267, 17.548)
"""Partials of a bar held at one end, a music box's tongue (same, 2.16)."""
_BELL = (0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0)
"""Partials of a church bell from the hum tone up (same, 21.4)."""
_ROUND_PLATE = (1.0, 1.73, 2.33, 3.91, 4.11, 6.3)
"""Partials of a round plate with a free edge (same, 3.6)."""


def _cluster(rng: Rng, at: float, many: int, within: float) -> list[tuple[float, float]]:
    """Blows that follow on one, as when something is set down: a bounce gets sooner and weaker each time."""
    out, strength, gap = [], rng.uniform(0.4, 1.0), within * rng.uniform(0.3, 1)
    for _ in range(many):
        out.append((at, strength))
        at += gap * rng.uniform(0.6, 1.2)
        gap, strength = gap * rng.uniform(0.5, 1), strength * rng.uniform(0.3, 1)
    return out


def _clatter(
    n: int, rng: Rng, objects: int, gap: float, low: tuple[float, float], ring: tuple[float, float],
    ratios: Sequence[float] = (), contact: tuple[float, float] = (0.0001, 0.0006), many: int = 5,
) -> Signal:
    """Several bodies, each struck in clusters about `gap` seconds apart."""
    out = np.zeros(n)
    for _ in range(objects):
        when = [
            blow
            for at in _times(n, rng, gap, 0.8, first=1.5)
            for blow in _cluster(rng, at, int(rng.integers(1, many + 1)), 0.12)
        ]
        modes = _object(rng, _log(rng, *low), 10, _log(rng, *ring), ratios)
        out += _top(_ring(_blows(n, when, _log(rng, *contact)), modes)) * _log(rng, 0.2, 1)
    return out


@_kind("dishes")
def _dishes(n: int, rng: Rng) -> Signal:
    gap = _log(rng, 0.6, 3)
    plates = _clatter(n, rng, 2, gap, (500, 1800), (0.02, 0.12), _ROUND_PLATE)
    glasses = _clatter(n, rng, 2, gap * 1.5, (1200, 3500), (0.03, 0.35), many=2)
    cutlery = _clatter(n, rng, 2, gap, (900, 3000), (0.01, 0.1), _FREE_BAR, many=7)
    board = _clatter(n, rng, 1, gap, (90, 300), (0.005, 0.02), contact=(0.001, 0.003))
    return plates + glasses * rng.uniform(0, 1) + cutlery * rng.uniform(0, 1) + board * rng.uniform(0, 0.6)


@_kind("scraping")
def _scraping(n: int, rng: Rng) -> Signal:
    """A knife or spoon over a plate: stick-slip as dense impulses while it moves, through the plate's modes."""
    move = np.zeros(n)
    for at in _times(n, rng, _log(rng, 0.3, 1.2), 0.4):
        m = round(rng.uniform(0.08, 0.6) * RATE)
        _add(move, at, _hump(m) ** rng.uniform(0.4, 2) * rng.uniform(0.3, 1))
    slips = _impulses(n, rng, 200 + 3000 * move, 0.6) * move
    plate = _object(rng, _log(rng, 600, 2200), 10, _log(rng, 0.005, 0.05), _ROUND_PLATE)
    knife = _object(rng, _log(rng, 1500, 4000), 6, _log(rng, 0.004, 0.05), _FREE_BAR)
    hiss = _band(rng.standard_normal(n), 2000, 7500, 1) * move * 0.05
    ring = _top(_ring(slips, plate + knife)) + hiss
    return ring + _clatter(n, rng, 1, 1.5, (1000, 3000), (0.02, 0.1), _FREE_BAR) * rng.uniform(0, 0.6)


@_kind("pans")
def _pans(n: int, rng: Rng) -> Signal:
    gap = _log(rng, 0.7, 3)
    pans = _clatter(n, rng, 2, gap, (150, 700), (0.06, 0.5), contact=(0.0002, 0.0015), many=4)
    lids = _clatter(n, rng, 1, gap, (300, 1200), (0.1, 0.6), _ROUND_PLATE, many=10)
    sizzle = _unit(_band(_impulses(n, rng, 900.0, 1.2), 2000, 7500, 1)) * rng.choice([0.0, 0.03, 0.1])
    return np.asarray(pans + lids * rng.uniform(0, 1) + sizzle)


def _thud(rng: Rng, hard: float = 0.0) -> Signal:
    """Something heavy or soft against wood: a few strongly damped low modes and a dull slap; `hard` 0-1."""
    n = RATE // 2
    modes = _object(rng, _log(rng, 45, 140), 7, _log(rng, 0.012, 0.06))
    blow = _blows(n, [(0.0, 1.0)], 0.012 * (1 - hard) + 0.001)
    slap = _shaped(n, rng, ((60, 0), (400, -6), (3000, -22 + 12 * hard), (7800, -40 + 20 * hard)))
    return _top(_ring(blow, modes)) + _top(slap * _decay(n, 0.001, rng.uniform(0.006, 0.025))) * rng.uniform(0.1, 0.6)


@_kind("thuds")
def _thuds(n: int, rng: Rng) -> Signal:
    out = np.zeros(n)
    for at in _times(n, rng, _log(rng, 0.5, 3), 0.9):
        _add(out, at, _thud(rng, rng.uniform(0, 0.7)) * _log(rng, 0.2, 1))
    return out


@_kind("steps")
def _steps(n: int, rng: Rng) -> Signal:
    """Heel, then toe 60-150 ms later, 1.5-2.3 steps a second, coming nearer or going; hard shoes or socks."""
    out, hard, toe = np.zeros(n), rng.uniform(0, 1), rng.uniform(0.06, 0.15)
    feet = (_thud(rng, hard), _thud(rng, hard))
    for i, at in enumerate(_times(n, rng, 1 / rng.uniform(1.5, 2.3), 0.06)):
        _add(out, at, feet[i % 2] * rng.uniform(0.6, 1))
        _add(out, at + toe, _thud(rng, hard)[: RATE // 8] * rng.uniform(0.1, 0.4))
    return out * _curve(n, (0, _log(rng, 0.1, 1)), (rng.uniform(0.2, 0.8), 1), (1, _log(rng, 0.1, 1)))


@_kind("knocks")
def _knocks(n: int, rng: Rng) -> Signal:
    out = np.zeros(n)
    for at in _times(n, rng, _log(rng, 1, 4), 0.6):
        panel = _object(rng, _log(rng, 110, 400), 9, _log(rng, 0.008, 0.04))
        gap = rng.uniform(0.1, 0.3)
        rap = [(0.01 + i * gap * rng.uniform(0.9, 1.1), rng.uniform(0.6, 1)) for i in range(int(rng.integers(2, 6)))]
        _add(out, at, _top(_ring(_blows(RATE * 2, rap, _log(rng, 0.0005, 0.003)), panel)) * rng.uniform(0.5, 1))
    return out


@_kind("door")
def _door(n: int, rng: Rng) -> Signal:
    """A latch that clicks, hinges that creak (stick-slip: a pulse train of uneven, gliding rate), a slam."""
    out = np.zeros(n)
    for at in _times(n, rng, _log(rng, 1.5, 4), 0.5):
        m = round(rng.uniform(0.3, 1.4) * RATE)
        slips = _log(rng, 15, 250) * np.exp(0.5 * _wander(m, rng, 3))
        turns = np.cumsum(slips * np.exp(0.3 * rng.standard_normal(m))) / RATE
        wood = _object(rng, _log(rng, 300, 1100), 8, _log(rng, 0.002, 0.015))
        creak = _top(_ring(np.diff(np.floor(turns), prepend=0), wood)) * _hump(m)
        _add(out, at, creak * rng.choice([0.0, 0.2, 0.6]))
        latch = _object(rng, _log(rng, 900, 2500), 8, _log(rng, 0.003, 0.02))
        clicks = _blows(RATE // 2, _cluster(rng, 0.005, 3, 0.08), 0.0003)
        shut = at + m / RATE
        _add(out, shut, _thud(rng, rng.uniform(0.2, 1)) * rng.uniform(0.1, 1))
        _add(out, shut + rng.uniform(-0.05, 0.05), _top(_ring(clicks, latch)) * rng.uniform(0.05, 0.5))
    return out


def _strokes(n: int, rng: Rng, gap: float) -> Signal:
    """How fast a hand moves: strokes of 0.1-0.8 s, each rough in itself."""
    out = np.zeros(n)
    for at in _times(n, rng, gap, 0.6):
        m = round(rng.uniform(0.1, 0.8) * RATE)
        _add(out, at, _hump(m) ** rng.uniform(0.6, 2.5) * _log(rng, 0.15, 1))
    return out * np.exp(0.5 * _wander(n, rng, 18))


@_kind("cloth", room=False)
def _cloth(n: int, rng: Rng) -> Signal:
    """A blanket near the microphone: noise of fibres that slip, with bumps where it touches."""
    move = _strokes(n, rng, _log(rng, 0.25, 1.2))
    points = ((30, -4), (200, 0), (_log(rng, 700, 3000), -2), (7800, -12 - rng.uniform(0, 14)))
    rub = _texture(n, rng, points, 12, 0.5) * move
    fibres = _unit(_band(_impulses(n, rng, 20 + 600 * move, 1.0), 500, 6000, 1)) * move
    bumps = _top(_band(_impulses(n, rng, 1 + 4 * move, 0.7), 0, _log(rng, 60, 200)))
    return rub + fibres * rng.uniform(0.1, 0.5) + bumps * _log(rng, 0.3, 3)


@_kind("paper", room=False)
def _paper(n: int, rng: Rng) -> Signal:
    """Paper, a nappy's tab, a plastic bag: crackles of widely spread strength (power law), each a buckling sheet."""
    move = _strokes(n, rng, _log(rng, 0.2, 1.2))
    snaps = _impulses(n, rng, 2 + _log(rng, 80, 900) * move, rng.uniform(0.9, 1.5))
    sheet = [(_log(rng, 700, 7000), _log(rng, 0.0002, 0.002), rng.uniform(0.3, 1)) for _ in range(8)]
    rub = _shaped(n, rng, ((300, -12), (3000, 0), (7800, -3))) * move
    return _unit(_ring(snaps, sheet)) + rub * rng.uniform(0.05, 0.6)


@_kind("typing")
def _typing(n: int, rng: Rng) -> Signal:
    out, case = np.zeros(n), _object(rng, _log(rng, 150, 500), 6, 0.008)
    key = _object(rng, _log(rng, 1200, 3000), 8, _log(rng, 0.001, 0.006))
    downs: list[tuple[float, float]] = []
    for at in _times(n, rng, _log(rng, 0.09, 0.3), rng.uniform(0.2, 0.7)):
        downs += [(at, rng.uniform(0.5, 1)), (at + rng.uniform(0.05, 0.12), rng.uniform(0.1, 0.5))]
    blows = _blows(n, downs, 0.0004)
    out += _top(_ring(blows, key)) + _top(_ring(blows, case)) * rng.uniform(0.2, 1)
    return out + _band(rng.standard_normal(n), 100, 4000, 1) * 0.002


@_kind("clicks", room=False)
def _clicks(n: int, rng: Rng) -> Signal:
    """The microphone or its table touched: pops, clicks, thumps, rubbing; at times one sample that jumps."""
    out = _shaped(n, rng, ((30, 0), (7800, -15))) * _log(rng, 1e-4, 1e-2)
    for at in _times(n, rng, _log(rng, 0.15, 1.5), 1.0):
        sort = rng.integers(4)
        if sort == 0:
            sound = _top(_thud(rng, 0.2))
        elif sort == 1:
            sound = _top(_ring(_blows(2000, [(0, 1.0)], 0.0002), _object(rng, _log(rng, 600, 3000), 6, 0.003)))
        elif sort == 2:
            sound = np.full(round(_log(rng, 1, 400)), rng.choice([-1.0, 1.0]))
            sound = sound * _decay(sound.size, 0.0001, _log(rng, 0.0005, 0.01))
        else:
            m = round(rng.uniform(0.05, 0.4) * RATE)
            sound = _top(_shaped(m, rng, ((40, 0), (500, -8), (7800, -30))) * _hump(m))
        _add(out, at, sound * _log(rng, 0.1, 1))
    return out


# Voices without words --------------------------------------------------------------------------------------------

_VOWELS = {
    "a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410),
    "u": (300, 870, 2240), "er": (490, 1350, 1690), "m": (250, 1000, 2200),
}  # fmt: skip
"""First three formants of men, hertz (Peterson and Barney, JASA 24, 1952); "m", humming, has them damped."""


def _vowel(rng: Rng, name: str, scale: float) -> list[tuple[float, float]]:
    """Formants and bandwidths of a vowel in a tract 1/scale as long as a man's."""
    wide = 3.0 if name == "m" else 1.0
    formants = [*_VOWELS[name], 3400, 4500]
    return [
        (f * scale * math.exp(rng.normal(0, 0.05)), (60 + 0.04 * f) * wide ** min(i, 1) * rng.uniform(0.8, 1.4))
        for i, f in enumerate(formants)
    ]


def _source(hertz: Signal, rng: Rng, fall: float = 1.3, breath: float = 0.05, rough: float = 0.0) -> Signal:
    """What leaves the glottis, differentiated by the lips: harmonics as k^-fall (1 is -6 dB an octave), jitter,
    shimmer, breath noise; `rough` 0-1 adds subharmonics and hoarseness. Not above 0.3 of a second a run."""
    n = hertz.size
    hertz = hertz * (1 + (0.004 + 0.03 * rough) * _wander(n, rng, 60))
    voiced = _harmonics(hertz, np.arange(1.0, 61) ** -fall)
    if rough > 0:
        voiced = voiced * (1 + 0.7 * rough * _harmonics(hertz / 2, (1.0,)))
    air = _band(rng.standard_normal(n), 300, 8000, 1) * (1 + 0.5 * _harmonics(hertz, (1.0,)))
    return np.asarray(voiced * (1 + 0.05 * _wander(n, rng, 30)) + air * (breath + 0.6 * rough))


def _infant(rng: Rng, opening: float = 1.0) -> list[tuple[float, float]]:
    """Formants of an infant's tract of 7-9 cm as a tube: (2k-1) c / 4 L, so about 1.07, 3.2, 5.4 kHz at 8 cm; the
    first moves with the mouth's opening."""
    quarter = 343 / (4 * rng.uniform(0.07, 0.09))
    return [(quarter * opening, 150.0), (quarter * 3 * rng.uniform(0.85, 1.05), 250.0), (quarter * 5, 400.0)]


@_kind("crying")
def _crying(n: int, rng: Rng) -> Signal:
    """Bouts of 0.5-1.5 s at 350-600 Hz that rise and fall, each after a gasp; partly hoarse (dysphonation), seldom
    an octave above (hyperphonation)."""
    out = np.zeros(n)
    pitch, fury, body = rng.uniform(380, 560), rng.uniform(0, 1), _infant(rng)
    at = rng.uniform(0, 0.4)
    while at < n / RATE - 0.2:
        m = round(rng.uniform(0.5, 1.5) * RATE)
        peak = rng.uniform(0.15, 0.6)
        span = rng.uniform(0.08, 0.25)
        contour = pitch * _curve(m, (0, 1 - span), (peak, 1 + span * 0.4), (0.9, 1 - span * 0.6), (1, 0.75))
        contour = np.clip(contour * (1 + 0.03 * _wander(m, rng, 4)), 300, 650)
        if rng.random() < 0.12 * fury:
            contour = contour * 2
        rough = fury * rng.uniform(0, 0.8)
        hoarse = np.clip(rough * (1 + _wander(m, rng, 2)), 0, 1)
        clear, torn = (_source(contour, rng, rng.uniform(0.6, 1.1), 0.03, r) for r in (0.0, max(0.1, rough)))
        loud = _curve(m, (0, 0), (0.08, 0.8), (peak, 1), (0.85, rng.uniform(0.4, 0.9)), (1, 0))
        if rng.random() < 0.3:  # shaken by sobs, or a trembling jaw
            loud = loud * (1 - 0.5 * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(5, 11) * _time(m))))
        _add(out, at, _tract((clear * (1 - hoarse) + torn * hoarse) * loud, body))
        at += m / RATE + rng.uniform(0.05, 0.25)
        g = round(rng.uniform(0.12, 0.35) * RATE)
        gasp = _shaped(g, rng, ((400, -12), (1500, 0), (4000, -4), (7800, -14))) * _hump(g)
        if rng.random() < 0.3:
            gasp += _source(_curve(g, (0, 450), (1, 800)), rng, 1.2) * _hump(g) * 0.6
        _add(out, at, _unit(gasp) * rng.uniform(0.02, 0.25))
        at += g / RATE + rng.uniform(0.02, 0.2) + (rng.uniform(0.5, 2) if rng.random() < 0.15 * (1 - fury) else 0)
    return out


@_kind("cooing")
def _cooing(n: int, rng: Rng) -> Signal:
    """Vowels of 0.3-1.2 s at 250-500 Hz, some cut into babbled syllables, 2-5 a second, by closing lips."""
    out, pitch = np.zeros(n), rng.uniform(260, 450)
    for at in _times(n, rng, rng.uniform(0.9, 2.2), 0.5):
        m = round(rng.uniform(0.3, 1.2) * RATE)
        bend = _curve(m, (0, rng.uniform(0.8, 1.1)), (rng.uniform(0.3, 0.7), rng.uniform(0.9, 1.4)), (1, 0.8))
        sound = _source(pitch * bend, rng, rng.uniform(1.2, 2), rng.uniform(0.02, 0.15), rng.choice([0.0, 0.0, 0.3]))
        mouth = _curve(m, (0, rng.uniform(0, 1)), (0.5, rng.uniform(0, 1)), (1, rng.uniform(0, 1)))
        sound = _tract(sound, _infant(rng, 0.9)) * mouth + _tract(sound, _infant(rng, 0.5)) * (1 - mouth)
        if rng.random() < 0.4:
            sound = sound * np.abs(np.sin(np.pi * rng.uniform(2, 5) * _time(m))) ** 0.6
        _add(out, at, _top(sound * _curve(m, (0, 0), (0.15, 1), (0.7, 0.8), (1, 0))) * rng.uniform(0.3, 1))
    return out


@_kind("hiccups")
def _hiccups(n: int, rng: Rng) -> Signal:
    """A gasp of 60-180 ms with a rising squeak, shut off by the glottis, every 1.2-4 s."""
    out = _shaped(n, rng, ((50, 0), (7800, -20))) * 0.001
    pitch, body = rng.uniform(280, 550), _infant(rng, rng.uniform(0.6, 1))
    for at in _times(n, rng, rng.uniform(1.2, 4), 0.2, first=0.8):
        m = round(rng.uniform(0.06, 0.18) * RATE)
        squeak = _source(pitch * _curve(m, (0, 0.7), (0.7, 1.3), (1, 1.5)), rng, 1.2, 0.2, rng.uniform(0, 0.4))
        _add(out, at, _top(_tract(squeak * _curve(m, (0, 0), (0.6, 1), (0.97, 0.9), (1, 0)), body)))
        _add(out, at + m / RATE, _thud(rng, 0.4)[: RATE // 10] * rng.uniform(0, 0.2))
    return out


@_kind("coughs")
def _coughs(n: int, rng: Rng) -> Signal:
    """The glottis bursts open (noise, 30-60 ms), steady flow (0.1-0.25 s), at times a voiced close; in fits."""
    out = np.zeros(n)
    scale = rng.choice([1.0, 1.15, rng.uniform(1.4, 1.7)])
    mouth = _vowel(rng, str(rng.choice(["a", "er", "o"])), scale)
    for fit in _times(n, rng, _log(rng, 1.5, 5), 0.4, first=1.0):
        at = fit
        for _ in range(int(rng.integers(1, 5))):
            burst, flow = rng.uniform(0.03, 0.06), rng.uniform(0.1, 0.25)
            m = round((burst + flow + 0.15) * RATE)
            air = _shaped(m, rng, ((150, -6), (600, 0), (2500, -2), (7800, -10)))
            air *= _decay(m, 0.003, burst) + 0.3 * _decay(m, 0.02, flow)
            voice = _source(_curve(m, (0, 1.2), (1, 0.8)) * 130 * scale**2, rng, 1.2, 0.1, 0.6)
            voice *= _curve(m, (0, rng.uniform(0, 0.4)), (0.5, 0.1), (0.75, rng.uniform(0, 0.5)), (1, 0))
            _add(out, at, _top(_tract(air + voice, mouth) + 0.1 * air) * rng.uniform(0.4, 1))
            at += burst + flow + rng.uniform(0.1, 0.4)
    return out


@_kind("sneezes")
def _sneezes(n: int, rng: Rng) -> Signal:
    """One to three gasps, then a hiss that bursts from the teeth and opens into a vowel."""
    out, scale = np.zeros(n), rng.uniform(0.95, 1.7)
    for fit in _times(n, rng, _log(rng, 2.5, 6), 0.3, first=0.8):
        at = fit
        for _ in range(int(rng.integers(0, 4))):
            m = round(rng.uniform(0.15, 0.45) * RATE)
            gasp = _source(_curve(m, (0, 160), (1, 260)) * scale, rng, 1.5, 0.4) * _curve(m, (0, 0), (0.8, 1), (1, 0))
            _add(out, at, _top(_tract(gasp, _vowel(rng, "a", scale))) * rng.uniform(0.05, 0.4))
            at += m / RATE + rng.uniform(0.05, 0.3)
        m = round(rng.uniform(0.25, 0.6) * RATE)
        centre = rng.uniform(2500, 5000)
        hiss = _shaped(m, rng, ((300, -25), (centre / 2, -12), (centre, 0), (7800, -6)))
        hiss *= _decay(m, rng.uniform(0.003, 0.02), rng.uniform(0.05, 0.15))
        cry = _tract(_source(_curve(m, (0, 320), (1, 150)) * scale, rng, 1.0, 0.2, 0.4), _vowel(rng, "u", scale))
        cry = _top(cry * _curve(m, (0, 0), (0.1, rng.uniform(0, 1)), (0.5, 0.5), (1, 0)))
        _add(out, at, _top(hiss) + cry * rng.uniform(0.1, 0.9))
    return out


@_kind("dog")
def _dog(n: int, rng: Rng) -> Signal:
    """Barks of 80-250 ms, the pitch up and down an arc, in runs; a small dog's higher than a large one's."""
    out, size = np.zeros(n), rng.uniform(0, 1)
    pitch, tract = 900 - 600 * size, rng.uniform(0.09, 0.22) * (0.6 + 0.7 * size)
    tube = [((2 * k - 1) * 343 / (4 * tract), 150.0 * k) for k in (1, 2, 3, 4)]
    for run in _times(n, rng, _log(rng, 1, 4), 0.5, first=0.8):
        at = run
        for _ in range(int(rng.integers(1, 6))):
            m = round(rng.uniform(0.08, 0.25) * RATE)
            arc = pitch * rng.uniform(0.9, 1.1) * _curve(m, (0, 0.6), (0.35, 1.1), (1, 0.55))
            bark = _tract(_source(arc, rng, rng.uniform(0.6, 1.1), 0.2, rng.uniform(0.2, 0.9)), tube)
            _add(out, at, _top(bark * _curve(m, (0, 0), (0.12, 1), (0.5, 0.6), (1, 0))) * rng.uniform(0.6, 1))
            at += m / RATE + rng.uniform(0.1, 0.5)
    return out


@_kind("birds")
def _birds(n: int, rng: Rng) -> Signal:
    """Songs of whistled sweeps at 2-7 kHz, each bird repeating its own phrase; at times a dove or a crow."""
    out = _texture(n, rng, ((50, 0), (500, -10), (7800, -25)), 0.5, 0.4) * _log(rng, 0.003, 0.1)
    for _ in range(int(rng.integers(1, 5))):
        phrase = np.zeros(RATE * 2)
        at, loud = 0.0, _log(rng, 0.1, 1)
        sort = rng.random()
        for _ in range(int(rng.integers(1, 9))):
            if sort < 0.75:
                m, base = round(_log(rng, 0.03, 0.25) * RATE), _log(rng, 2000, 6000)
                bend = _curve(m, (0, rng.uniform(0.7, 1.3)), (rng.uniform(0.2, 0.8), 1.0), (1, rng.uniform(0.7, 1.3)))
                bend = bend + rng.choice([0.0, 0.15]) * np.sin(2 * np.pi * rng.uniform(20, 60) * _time(m))
                call = _harmonics(base * bend, (1.0, rng.uniform(0, 0.2)))
            elif sort < 0.9:
                m = round(rng.uniform(0.2, 0.6) * RATE)
                call = _harmonics(_curve(m, (0, 450), (0.3, 540), (1, 430)), (1.0, 0.15, 0.05))
            else:
                m = round(rng.uniform(0.2, 0.4) * RATE)
                call = _tract(_source(_curve(m, (0, 450), (1, 380)), rng, 0.5, 0.2, 0.8), ((1400, 300), (3000, 500)))
            repeat = int(rng.integers(1, 6)) if sort < 0.3 else 1
            for _ in range(repeat):
                _add(phrase, at, _top(call * _hump(m) ** 0.7))
                at += m / RATE + rng.uniform(0.02, 0.15)
        for start in _times(n, rng, min(at, 2) + _log(rng, 0.3, 4), 0.4, first=1.5):
            _add(out, start, phrase * loud * rng.uniform(0.6, 1))
    return out


# Music -----------------------------------------------------------------------------------------------------------

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 7, 9, 12, 14))
_CHORDS = ((0, 3, 4, 0), (0, 4, 5, 3), (0, 5, 3, 4), (0, 0, 3, 4), (1, 4, 0, 0), (5, 3, 0, 4))
_TIMBRES = ("pluck", "piano", "bell", "box", "pad", "organ", "flute", "reed")


def _pluck(hertz: float, n: int, rng: Rng, bright: float) -> Signal:
    """A plucked string: noise that runs round a delay line through a mean of neighbours (Karplus and Strong,
    Computer Music Journal 7, 1983), a block of one period at a time."""
    period = int(RATE / hertz)
    side = min(0.8, max(0.2, RATE / hertz - period))
    out = np.zeros(n + 2 * period + 2)
    head = period + 1
    out[:head] = _band(rng.uniform(-1, 1, head), 0, 500 + 6500 * bright, 1)
    out[:head] -= out[:head].mean()
    loss = 10 ** (-3 / (hertz * rng.uniform(2, 6)))
    for start in range(head, n + head, period):
        before = out[start - head : start]
        out[start : start + period] = loss * ((1 - side) * before[1:] + side * before[:-1])
    return out[:n]


def _note(timbre: str, hertz: float, seconds: float, rng: Rng, bright: float) -> Signal:
    """One note of peak 1; `bright` 0-1 is the instrument's, the rest differs note by note."""
    n = round(seconds * RATE)
    k = np.arange(1.0, 13)
    if timbre == "pluck":
        sound = _pluck(hertz, n, rng, bright)
    elif timbre in ("piano", "bell", "box"):
        strike = np.zeros(n)
        strike[: 1 + round(12 * (1 - bright))] = 1
        if timbre == "piano":  # stiff strings: f_k = k f sqrt(1 + B k^2)
            stiff = k * np.sqrt(1 + 0.0004 * k * k)
            modes = [(hertz * r, 0.9 / (1 + 0.3 * i), i ** -(1.8 - bright)) for i, r in enumerate(stiff, 1)]
        else:
            ratios = _BELL if timbre == "bell" else _CLAMPED_BAR
            modes = [(hertz * r, 1.2 / r, (0.3 + 0.7 * bright) ** i) for i, r in enumerate(ratios)]
        sound = _ring(strike, [(f, t, float(g) * rng.uniform(0.8, 1.2)) for f, t, g in modes])
    else:
        fall = {"pad": 1.2, "organ": 0.8, "flute": 2.5, "reed": 0.6}[timbre] + 1 - bright
        shake = 1 + (0.006 if timbre in ("flute", "reed") else 0.001) * np.sin(2 * np.pi * 5.5 * _time(n))
        sound = _harmonics(hertz * shake, _phases(rng, k**-fall))
        if timbre == "pad":
            sound = sound + _harmonics(hertz * shake * 1.006, _phases(rng, k**-fall))
        attack = {"pad": 0.3, "organ": 0.02, "flute": 0.08, "reed": 0.05}[timbre]
        sound = sound * np.minimum(1, _time(n) / attack)
        if timbre == "flute":
            sound = sound + 0.03 * rng.standard_normal(n) * float(np.abs(sound).max())
    release = min(n, 800)
    sound[n - release :] *= np.linspace(1, 0, release)
    return _top(sound)


def _hertz(note: float) -> float:
    """Of a MIDI note number: A4, 69, is 440 Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def _drums(n: int, rng: Rng, beat: float) -> Signal:
    """Kick (a sine that sinks), snare (a mode and noise), hi-hat (high noise), one pattern over and over."""
    m = RATE // 4
    sinking = 45 + rng.uniform(60, 160) * np.exp(-_time(m) / 0.03)
    kick = _harmonics(sinking, (1.0,)) * _decay(m, 0, 0.1)
    snare = _band(rng.standard_normal(m), 800, 7000, 1) * _decay(m, 0, rng.uniform(0.03, 0.1))
    snare = _top(snare) + np.sin(2 * np.pi * 190 * _time(m)) * _decay(m, 0, 0.05)
    hat = _top(_band(rng.standard_normal(m), 5500, 8000) * _decay(m, 0, rng.uniform(0.01, 0.06)))
    out, hits = np.zeros(n), rng.random((3, 8)) < np.array([[0.25], [0.12], [0.7]])
    hits[0, 0] = hits[1, 4] = True
    for step in range(int(n / RATE / beat * 2) + 1):
        for drum, hit, loud in zip((kick, snare, hat), hits[:, step % 8], (1.0, 0.7, 0.3), strict=True):
            if hit:
                _add(out, step * beat / 2, drum * loud * rng.uniform(0.8, 1))
    return out


def _tune(rng: Rng, beats: float, scale: Sequence[int], rhythm: Sequence[float]) -> list[tuple[float, float, float]]:
    """A melody as (beat, beats, semitones above the key note): a walk over the scale by small steps, some rests."""
    out, at, degree = [], 0.0, int(rng.integers(0, 7))
    while at < beats:
        length = float(rng.choice(rhythm))
        if rng.random() > 0.08:
            octave, step = divmod(degree, 7)
            out.append((at, length, float(scale[step] + 12 * octave)))
        at += length
        degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4]), -4, 11))
    return out


def _play(n: int, rng: Rng, melody: str, chords: str | None, bass: bool, drums: bool, beat: float) -> Signal:
    scale, key = _SCALES[rng.integers(len(_SCALES))], int(rng.integers(48, 60))
    bar = int(rng.choice([3, 4]))
    beats, made = n / RATE / beat, {}
    out, bright = np.zeros(n), rng.uniform(0.1, 1, 3)

    def sound(timbre: str, note: float, length: float, part: int) -> Signal:
        length = min(3.0, max(0.1, round(length * beat, 1)))
        if timbre in ("bell", "box", "pluck", "piano"):
            length = max(1.2, length)
        if (timbre, note, length) not in made:
            made[timbre, note, length] = _note(timbre, _hertz(note), length, rng, float(bright[part]))
        return made[timbre, note, length]

    up = 24 if melody in ("box", "bell") else 12
    for at, length, note in _tune(rng, beats, scale, (0.5, 1, 1, 1, 2) if beat < 0.8 else (0.25, 0.5, 0.5, 1)):
        human = max(0.0, at * beat + rng.normal(0, 0.008))
        _add(out, human, sound(melody, key + up + note, length, 0) * rng.uniform(0.5, 0.9))
    chain, broken = _CHORDS[rng.integers(len(_CHORDS))], rng.random() < 0.5
    for index in range(int(beats / bar) + 1):
        root = chain[index % 4]
        triad = [key + scale[(root + d) % 7] + 12 * ((root + d) // 7) for d in (0, 2, 4)]
        for i in range(bar if broken else 3):
            if chords:
                when = (index * bar + (i if broken else 0)) * beat
                _add(out, when, sound(chords, triad[i % 3], 1 if broken else bar, 1) * rng.uniform(0.2, 0.4))
        if bass:
            for i in (0, 2):
                _add(out, (index * bar + i) * beat, sound("pluck", triad[0] - 12, 2, 2) * 0.5)
    return out + _drums(n, rng, beat) * rng.uniform(0.2, 0.8) if drums else out


@_kind("music")
def _music(n: int, rng: Rng) -> Signal:
    beat = 60 / rng.uniform(65, 160)
    melody, chords = (str(rng.choice(_TIMBRES)) for _ in range(2))
    return _play(n, rng, melody, chords, rng.random() < 0.6, rng.random() < 0.5, beat)


@_kind("lullaby")
def _lullaby(n: int, rng: Rng) -> Signal:
    """A music box or a mobile above the bed, slow, alone or over soft chords."""
    melody = str(rng.choice(["box", "bell", "box", "flute"]))
    chords = rng.choice(["box", "pad", "pluck", ""])
    out = _play(n, rng, melody, str(chords) or None, False, False, 60 / rng.uniform(50, 100))
    return np.asarray(out + _shaped(n, rng, ((100, 0), (7800, -15))) * _log(rng, 0.0003, 0.01))


@_kind("singing")
def _singing(n: int, rng: Rng) -> Signal:
    """Someone sings or hums without words: a melody with glides, vibrato of 5-6.5 Hz, two vowels in turn."""
    low, tract = ((45, 1.0), (55, 1.17), (60, 1.35))[rng.integers(3)]
    key, beat = low + rng.integers(0, 7), 60 / rng.uniform(60, 120)
    scale = _SCALES[rng.integers(len(_SCALES))]
    note, loud = np.full(n, float(key)), np.zeros(n)
    for at, length, step in _tune(rng, n / RATE / beat, scale, (1, 1, 2, 0.5)):
        start, end = round(at * beat * RATE), round((at + length) * beat * RATE)
        note[start:] = key + step
        loud[start : end - round(rng.uniform(0, 0.08) * RATE)] = rng.uniform(0.6, 1)
    smooth = math.exp(-1 / (rng.uniform(0.02, 0.06) * RATE))
    note = key + np.asarray(lfilter([1 - smooth], [1, -smooth], note - key))
    loud = np.asarray(lfilter([0.0015], [1, -0.9985], loud))
    vibrato = rng.uniform(0, 0.5) * _harmonics(rng.uniform(5, 6.5) + 0.3 * _wander(n, rng, 2), (1.0,))
    hertz = 440 * 2 ** ((note + vibrato + 0.15 * _wander(n, rng, 1) - 69) / 12)
    voice = _source(hertz, rng, rng.uniform(1.0, 1.6), rng.uniform(0.01, 0.1)) * loud
    if rng.random() < 0.4:
        return _tract(voice, _vowel(rng, "m", tract))
    first, second = (_top(_tract(voice, _vowel(rng, str(v), tract))) for v in rng.choice([*_VOWELS], 2))
    mix = 0.5 + 0.5 * np.tanh(2 * _wander(n, rng, 1.2))
    return np.asarray(first * mix + second * (1 - mix))


@_kind("television")
def _television(n: int, rng: Rng) -> Signal:
    """Behind the speech of a programme: music that is cut off, applause, swooshes, bangs, through a small
    loudspeaker."""
    out = _shaped(n, rng, ((60, 0), (1000, -8), (7800, -25))) * _log(rng, 0.01, 0.2)
    cuts = [0.0, *sorted(rng.uniform(0, 1, 2)), 1.0]
    played = _top((_music if rng.random() < 0.7 else _singing)(n, rng))
    for left, right in pairwise(cuts):
        start, end = round(left * n), round(right * n)
        m = end - start
        if m < RATE // 10:
            continue
        part = played[start:end] * rng.uniform(0.4, 1)
        sort = rng.random()
        if sort < 0.3:  # applause: many claps, each a short noise of cupped hands
            hands = [(_log(rng, 600, 2800), _log(rng, 0.0005, 0.002), 1.0) for _ in range(6)]
            swell = _curve(m, (0, 0.1), (rng.uniform(0.1, 0.4), 1), (0.8, 0.8), (1, 0.1))
            part = 0.3 * part + 0.2 * _unit(_ring(_impulses(m, rng, _log(rng, 60, 900) * swell, 0.5), hands))
        elif sort < 0.6:
            for at in _times(m, rng, rng.uniform(0.5, 2), 0.6):
                size = round(rng.uniform(0.2, 0.9) * RATE)
                burst = _shaped(size, rng, ((60, 0), (_log(rng, 200, 4000), 0), (7800, -20)))
                shape = _decay(size, 0.002, 0.12) if rng.random() < 0.5 else _hump(size) ** 2
                _add(part, at, _top(burst * shape) * rng.uniform(0.2, 1))
        out[start:end] += part * _curve(m, (0, 0), (0.01, 1), (0.99, 1), (1, 0))
    return _band(out, rng.uniform(80, 250), _log(rng, 4000, 7900), 1)


# Signals and electronics -----------------------------------------------------------------------------------------


def _beep(hertz: float, seconds: float, square: float) -> Signal:
    """A tone with edges of 3 ms; `square` 0-1: how much of a square wave's odd harmonics."""
    n = max(200, round(seconds * RATE))
    edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 48)
    odd = [square / k if k % 2 else 0.0 for k in range(2, 10)]
    return _harmonics(np.full(n, hertz), [1.0, *odd]) * edge


@_kind("alarm")
def _alarm(n: int, rng: Rng) -> Signal:
    """Phone rings, ringtones, beeps, chimes, door bells, timers, a smoke alarm (near 3.1 kHz, three and a rest)."""
    out = _shaped(n, rng, ((50, 0), (7800, -20))) * 0.001
    sort, square = rng.integers(6), rng.uniform(0, 1)
    pitch = _log(rng, 600, 3500)
    if sort == 0:  # an electronic ring: two tones in turn, 10-25 a second
        speed, other = rng.uniform(10, 25), rng.uniform(1.1, 1.4)
        for at in _times(n, rng, rng.uniform(2, 4), 0.02):
            m = round(rng.uniform(0.8, 1.8) * RATE)
            hertz = pitch * np.where((_time(m) * speed) % 1 < 0.5, 1.0, other)
            _add(out, at, _harmonics(hertz, (1.0, 0, square / 3)) * _curve(m, (0, 0), (0.02, 1), (0.98, 1), (1, 0)))
    elif sort == 1:  # a bell with a clapper, 18-28 blows a second
        gong = _object(rng, _log(rng, 900, 2200), 8, rng.uniform(0.05, 0.4))
        for at in _times(n, rng, rng.uniform(2, 4), 0.02):
            gap = 1 / rng.uniform(18, 28)
            blows = [(i * gap, rng.uniform(0.7, 1)) for i in range(int(rng.integers(10, 40)))]
            _add(out, at, _top(_ring(_blows(RATE * 3, blows, 0.0003), gong)))
    elif sort == 2:  # door bell or notification: two to four notes that ring on
        notes = [_hertz(float(rng.integers(67, 96))) for _ in range(int(rng.integers(1, 5)))]
        gap, timbre = rng.uniform(0.1, 0.6), str(rng.choice(["bell", "box", "piano", "flute"]))
        made = [_note(timbre, f, 1.5, rng, 0.6) for f in notes]
        for at in _times(n, rng, len(notes) * gap + _log(rng, 0.5, 4), 0.2):
            for i, one in enumerate(made):
                _add(out, at + i * gap, one)
    elif sort == 3:  # a ringtone
        timbre = str(rng.choice(["box", "reed", "organ", "bell"]))
        return _play(n, rng, timbre, None, False, False, rng.uniform(0.2, 0.4))
    elif sort == 4:  # a timer, a clock, a thermometer, a reversing lorry: groups of beeps
        many, length = int(rng.integers(1, 5)), _log(rng, 0.04, 0.5)
        for at in _times(n, rng, many * length * 2 + rng.uniform(0.1, 1), 0.01):
            for i in range(many):
                _add(out, at + i * length * rng.uniform(1.99, 2.01), _beep(pitch, length, square))
    else:
        pitch = rng.uniform(2900, 3400)
        for at in _times(n, rng, 4.0, 0.001):
            for i in range(3):
                _add(out, at + i, _beep(pitch, 0.5, square))
    return out


@_kind("self_noise", room=False)
def _self_noise(n: int, rng: Rng) -> Signal:
    """A microphone's and its amplifier's own: white to pink, hum, at times the 1 kHz whine of USB frames or the
    steps of a coarse converter."""
    slope = rng.uniform(0, 3)
    out = _shaped(n, rng, [(30 * 2**octave, -slope * octave) for octave in range(9)], 1.0)
    out += _hum(n, rng, int(rng.integers(2, 30)), rng.uniform(0.2, 1.5)) * _log(rng, 0.02, 1.5)
    if rng.random() < 0.3:
        out += _harmonics(np.full(n, 1000.0), _phases(rng, rng.uniform(0, 1, 7))) * _log(rng, 0.05, 0.5)
    if rng.random() < 0.3:
        step = _log(rng, 0.3, 2)
        out = np.round(out / step) * step
    return out


@_kind("silence", room=False)
def _silence(n: int, rng: Rng) -> Signal:
    """Digital silence with dither of one bit: some share of the samples a step of 16 bits above or below 0."""
    share, offset = rng.choice([0.02, 0.25, 0.5, rng.uniform(0, 1)]), int(rng.integers(-1, 2))
    steps = np.where(rng.random(n) < share, rng.choice([-1, 1], n), 0) + (offset if rng.random() < 0.2 else 0)
    return np.asarray(steps / 32768.0)


KINDS: tuple[str, ...] = tuple(_MAKERS)
"""The names that `noise` knows."""
