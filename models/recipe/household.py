"""Kinds of sound that things make: water, air, machines, what is struck or rubbed, alarms, electronics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.recipe.acoustics import (
    FREE_BAR,
    RATE,
    ROUND_PLATE,
    Rng,
    Signal,
    bounces,
    bubble,
    bubbles,
    decay,
    drawn,
    filtered,
    hard_body,
    harmonic_sum,
    hump,
    impulses,
    kind,
    mix_in,
    occasions,
    polyline,
    ringing,
    shaped,
    struck,
    texture,
    thud,
    time_axis,
    to_peak,
    to_unit,
    wander,
    with_phases,
)
from models.recipe.tunes import one_note, pitch_hertz, play

# Water and air ------------------------------------------------------------------------------------------------------


@kind("tap")
def _tap(n: int, rng: Rng) -> Signal:
    top = drawn(rng, 1500, 5000)
    jet = texture(n, rng, ((60, -25), (300, -8), (top, 0), (7800, -10)), rng.uniform(2, 9), rng.uniform(0.1, 0.4))
    splash = bubbles(n, rng, drawn(rng, 100, 900), 0.0006, drawn(rng, 0.002, 0.005), 8)
    sink = ringing(jet, [(drawn(rng, 150, 900), rng.uniform(0.004, 0.02), rng.uniform(0, 0.1)) for _ in range(3)])
    return np.asarray((jet + splash * rng.uniform(0.1, 1.2) + sink) * np.exp(0.15 * wander(n, rng, 0.7)))


@kind("bath")
def _bath(n: int, rng: Rng) -> Signal:
    jet = texture(n, rng, ((60, -10), (400, 0), (2000, -6), (7800, -22)), rng.uniform(2, 6), rng.uniform(0.2, 0.5))
    rate = drawn(rng, 60, 400) * np.exp(0.6 * wander(n, rng, 1.5))
    glug = bubbles(n, rng, drawn(rng, 8, 50), 0.003, 0.008, 6)
    return jet * rng.uniform(0.2, 1) + bubbles(n, rng, rate, 0.001, 0.006) + glug * rng.uniform(0.2, 1)


@kind("drip")
def _drip(n: int, rng: Rng) -> Signal:
    out = shaped(n, rng, ((50, 0), (7800, -20))) * drawn(rng, 1e-4, 1e-2)
    base = drawn(rng, 0.0012, 0.005)
    for at in occasions(n, rng, drawn(rng, 0.25, 2), rng.uniform(0.03, 0.5)):
        slap = shaped(240, rng, ((500, 0), (7800, -10))) * decay(240, 0.0003, 0.002)
        mix_in(out, at, slap * rng.uniform(0.02, 0.3))
        mix_in(out, at + rng.uniform(0.002, 0.03), bubble(base * rng.uniform(0.8, 1.25), rng) * rng.uniform(0.5, 1))
    return out


@kind("shower")
def _shower(n: int, rng: Rng) -> Signal:
    points = ((80, -22), (500, -10), (drawn(rng, 2000, 6000), 0), (7800, rng.uniform(-10, 0)))
    hiss = texture(n, rng, points, rng.uniform(1, 5), rng.uniform(0.05, 0.25))
    patter = to_unit(filtered(impulses(n, rng, drawn(rng, 300, 2500), 1.0), drawn(rng, 400, 1500), 7000, 1))
    return hiss + patter * rng.uniform(0.2, 0.9) + bubbles(n, rng, 150, 0.0008, 0.003, 5) * rng.uniform(0, 0.4)


@kind("rain")
def _rain(n: int, rng: Rng) -> Signal:
    far = texture(n, rng, ((60, -12), (500, -5), (3000, 0), (7800, -6)), 0.7, rng.uniform(0.05, 0.3))
    rate = drawn(rng, 20, 1500) * np.exp(0.4 * wander(n, rng, 0.4))
    pane = [(drawn(rng, 250, 5000), drawn(rng, 0.001, 0.015), rng.uniform(0.2, 1)) for _ in range(5)]
    drops = to_unit(ringing(impulses(n, rng, rate, 1.1), pane))
    return far * rng.uniform(0.2, 1) + drops * rng.uniform(0.2, 1) + bubbles(n, rng, 60, 0.0008, 0.002, 4) * 0.2


@kind("wind", room=False)
def _wind(n: int, rng: Rng) -> Signal:
    """On the microphone: turbulence of steep spectrum in gusts, at times overloading the input."""
    gust = np.exp(rng.uniform(0.5, 1.3) * wander(n, rng, drawn(rng, 0.3, 2)))
    low = texture(n, rng, ((15, 0), (80, -3), (400, -30), (2000, -55), (7800, -70)), 8, 0.6) * gust
    howl = filtered(rng.standard_normal(n), 300, drawn(rng, 600, 2500), 1) * gust * gust * rng.uniform(0, 0.08)
    return np.asarray(np.tanh((low + howl) * drawn(rng, 0.1, 1.5)))


@kind("noise_machine")
def _noise_machine(n: int, rng: Rng) -> Signal:
    """White, pink or brown noise, or between, at times in waves like surf."""
    slope = rng.choice([0.0, -3.01, -6.02, rng.uniform(-7, 1)])
    points = [(30 * 2**octave, slope * octave) for octave in range(9)]
    out = shaped(n, rng, points, rng.choice([0.0, 1.5]))
    if rng.random() < 0.3:
        out *= 1 + rng.uniform(0.3, 0.9) * np.sin(2 * np.pi * (time_axis(n) / rng.uniform(3, 10) + rng.uniform()))
    return filtered(out, rng.uniform(30, 250), drawn(rng, 4000, 8000), 1)  # its small loudspeaker


# Motors, mains and machines -----------------------------------------------------------------------------------------


def _hum(n: int, rng: Rng, harmonics: int, fall: float, mains: float | None = None) -> Signal:
    """Harmonics of the mains, 50 or 60 Hz within 0.1 %, the even ones (of twice the mains: magnetic force)
    stronger, falling as k^-fall; root mean square 1."""
    mains = mains or float(rng.choice([50.0, 60.0]))
    k = np.arange(1.0, harmonics + 1)
    gains = k**-fall * np.exp(rng.normal(0, 0.7, harmonics)) * np.where(k % 2, rng.uniform(0.1, 0.7), 1.0)
    hertz = mains * (1 + 0.0004 * wander(n, rng, 0.2))
    return to_unit(harmonic_sum(hertz, with_phases(rng, gains)))


def _motor(n: int, rng: Rng, hertz: Signal, harmonics: int, fall: float) -> Signal:
    """Whine of a rotor at `hertz`: harmonics of uneven strength, each turn slightly unlike the last."""
    gains = np.arange(1.0, harmonics + 1) ** -fall * np.exp(rng.normal(0, 0.9, harmonics))
    tone = harmonic_sum(hertz * (1 + 0.002 * wander(n, rng, 15)), with_phases(rng, gains))
    return to_unit(tone * (1 + 0.1 * wander(n, rng, 20)))


def _speed(n: int, rng: Rng, hertz: float, start: float = 0.25) -> Signal:
    """A motor's speed: a slow wander, at times running up or down within the sound."""
    out = hertz * (1 + rng.uniform(0.001, 0.01) * wander(n, rng, 0.5))
    if rng.random() < start:
        t = time_axis(n) - rng.uniform(0, 0.7) * n / RATE
        ramp = 1 / (1 + np.exp(-t / rng.uniform(0.1, 0.5)))
        out *= 0.03 + 0.97 * (ramp if rng.random() < 0.5 else 1 - ramp)
    return out


def _machine(speed: Signal, *parts: tuple[Signal, float]) -> Signal:
    """Tones and noises with weights, louder the faster the motor turns."""
    loud = (speed / speed.max()) ** 1.5
    return np.asarray(sum((part * weight for part, weight in parts), np.zeros(speed.size)) * loud)


@kind("fan")
def _fan(n: int, rng: Rng) -> Signal:
    """Air noise falling with frequency, the blade-pass tone (turns a second times blades) and its modulation."""
    blades, turns = int(rng.integers(3, 8)), drawn(rng, 6, 30)
    speed = _speed(n, rng, turns * blades, 0.1)
    tone = _motor(n, rng, speed, 14, rng.uniform(0.8, 1.8))
    corner = drawn(rng, 150, 800)
    points = ((30, -6), (corner, 0), (2000, -8 - rng.uniform(0, 8)), (7800, -20 - rng.uniform(0, 16)))
    air = texture(n, rng, points, 1.0, rng.uniform(0.03, 0.2))
    air *= 1 + rng.uniform(0, 0.4) * harmonic_sum(speed / blades, (0.5, 0, 0.3)) * rng.uniform(0, 1)
    swing = 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * time_axis(n) / rng.uniform(5, 14) + rng.uniform(0, 6))
    return _machine(speed, (tone, rng.uniform(0.05, 0.8)), (air, 1.0), (_hum(n, rng, 8, 1), 0.1)) * swing


@kind("vacuum")
def _vacuum(n: int, rng: Rng) -> Signal:
    """A universal motor (250-650 turns a second), the fan's blades, broadband air, and the nozzle on the floor."""
    speed = _speed(n, rng, rng.uniform(250, 650))
    whine = _motor(n, rng, speed, 24, rng.uniform(0.4, 1.2))
    points = ((60, -10), (400, -2), (drawn(rng, 900, 3000), 0), (7800, -10 - rng.uniform(0, 8)))
    air = texture(n, rng, points, 2, rng.uniform(0.1, 0.3))
    floor = np.exp(0.5 * wander(n, rng, rng.uniform(0.4, 1.2)))
    grit = to_unit(filtered(impulses(n, rng, 40 * floor, 1.2), 1500, 6000, 1)) * rng.uniform(0, 0.3)
    return _machine(speed, (whine, rng.uniform(0.1, 0.9)), (air * (0.7 + 0.3 * floor), 1), (grit, 1))


@kind("hairdryer")
def _hairdryer(n: int, rng: Rng) -> Signal:
    speed = _speed(n, rng, rng.uniform(180, 400))
    whine = _motor(n, rng, speed * int(rng.integers(1, 4)), 16, rng.uniform(0.6, 1.5))
    points = ((80, -18), (600, -3), (drawn(rng, 1200, 4000), 0), (7800, -8 - rng.uniform(0, 8)))
    air = texture(n, rng, points, 2, 0.1)
    move = np.exp(0.35 * wander(n, rng, rng.uniform(0.3, 1.5)))
    return _machine(speed, (whine, rng.uniform(0.1, 0.8)), (air * move, 1), (_hum(n, rng, 20, 0.7), 0.1))


@kind("washing_machine")
def _washing_machine(n: int, rng: Rng) -> Signal:
    """The drum at 0.6-1 turns a second with water and laundry tumbling, or spinning at 8-22 turns a second."""
    if rng.random() < 0.5:
        speed = _speed(n, rng, rng.uniform(8, 22), 0.4)
        shake = _motor(n, rng, speed, 20, rng.uniform(0.8, 1.6))
        whine = _motor(n, rng, speed * rng.uniform(10, 20), 12, 1.0)
        air = texture(n, rng, ((40, 0), (200, 0), (1500, -12), (7800, -30)), 2, 0.2)
        return _machine(speed, (shake, rng.uniform(0.3, 1)), (whine, rng.uniform(0.05, 0.5)), (air, 0.8))
    turn = 2 * np.pi * np.cumsum(_speed(n, rng, rng.uniform(0.6, 1.0), 0)) / RATE
    swing = np.maximum(0, np.sin(turn + 0.6 * np.sin(turn + rng.uniform(0, 6))))
    rumble = texture(n, rng, ((30, 0), (120, 0), (600, -18), (7800, -50)), 5, 0.4) * (0.3 + swing)
    slosh = texture(n, rng, ((100, -12), (500, 0), (2500, -8), (7800, -22)), 4, 0.6) * swing**2
    drops = bubbles(n, rng, 150 * swing, 0.001, 0.005, 8) * rng.uniform(0.1, 0.6)
    motor = _motor(n, rng, _speed(n, rng, rng.uniform(80, 300), 0), 10, 1.2) * rng.uniform(0.05, 0.4)
    return np.asarray(rumble * rng.uniform(0.4, 1) + slosh * rng.uniform(0.3, 1) + drops + motor)


@kind("fridge")
def _fridge(n: int, rng: Rng) -> Signal:
    hum = _hum(n, rng, int(rng.integers(6, 24)), rng.uniform(0.5, 1.5))
    rattle = ringing(impulses(n, rng, rng.choice([0.0, 30.0])), [(drawn(rng, 300, 2500), 0.004, 0.02)])
    air = shaped(n, rng, ((40, 0), (200, -6), (1500, -24), (7800, -45)))
    return np.asarray(hum * (1 + 0.1 * wander(n, rng, 1)) + air * rng.uniform(0.03, 0.3) + rattle)


@kind("microwave")
def _microwave(n: int, rng: Rng) -> Signal:
    """Hum of its transformer, a fan, the turntable; most times it ends with beeps."""
    hum = _hum(n, rng, 30, rng.uniform(0.3, 0.9))
    air = texture(n, rng, ((60, -4), (300, 0), (2000, -10), (7800, -26)), 1, 0.1)
    out = (hum * rng.uniform(0.3, 1.2) + air) * (1 + 0.1 * wander(n, rng, 0.3))
    if rng.random() < 0.7:
        stop = rng.uniform(0.1, 0.8)
        out *= polyline(n, (0, 1), (stop, 1), (min(1, stop + 0.02), rng.uniform(0, 0.3)), (1, 0))
        hertz, length, gap = rng.uniform(1000, 4000), rng.uniform(0.1, 0.9), rng.uniform(0.2, 1)
        for i in range(int(rng.integers(1, 6))):
            mix_in(out, stop * n / RATE + 0.2 + i * (length + gap), 2 * _beep(hertz, length, 0.3))
    return np.asarray(out)


@kind("aircraft")
def _aircraft(n: int, rng: Rng) -> Signal:
    """Passing far above: a low rumble that swells over many seconds, and turbine or propeller tones that sink."""
    rise = 1 / (1 + ((time_axis(n) - rng.uniform(0, n / RATE)) / rng.uniform(3, 12)) ** 2)
    rumble = texture(n, rng, ((25, -3), (100, 0), (500, -8), (2000, -28), (7800, -60)), 0.8, rng.uniform(0.1, 0.4))
    hertz = drawn(rng, 60, 900) * np.linspace(1.05, rng.uniform(0.8, 1), n)
    tone = _motor(n, rng, hertz, 12, rng.uniform(0.8, 2)) * np.exp(0.5 * wander(n, rng, 1.5))
    return np.asarray((rumble + tone * rng.uniform(0, 0.4)) * rise)


@kind("heating")
def _heating(n: int, rng: Rng) -> Signal:
    """A boiler or an air conditioner: drone, pump tone, air; now and then a tick of metal that warms."""
    drone = texture(n, rng, ((30, 0), (120, 0), (600, -14), (7800, -42)), 0.6, 0.15)
    pump = _motor(n, rng, _speed(n, rng, drawn(rng, 25, 120), 0.1), 12, rng.uniform(0.7, 1.5))
    metal = [(drawn(rng, 400, 5000), drawn(rng, 0.003, 0.05), 1.0) for _ in range(4)]
    ticks = ringing(impulses(n, rng, rng.choice([0.0, 0.7]), 0.5), metal)
    return np.asarray(drone + pump * rng.uniform(0, 0.8) + _hum(n, rng, 10, 1) * rng.uniform(0, 0.3) + ticks)


@kind("traffic")
def _traffic(n: int, rng: Rng) -> Signal:
    """Outside: rumble, and cars passing (tyres around 1 kHz, an engine), each louder as 1/distance; often behind a
    closed window; at times a horn."""
    out = texture(n, rng, ((30, 0), (100, 0), (800, -14), (7800, -45)), 0.5, 0.3) * rng.uniform(0.1, 0.7)
    for _ in range(int(rng.integers(1, 5))):
        t = time_axis(n) - rng.uniform(-0.1, 1.1) * n / RATE
        away = np.sqrt(1 + (t / rng.uniform(0.5, 2.5)) ** 2)
        tyres = shaped(n, rng, ((60, -8), (300, -6), (900, 0), (2000, -10), (7800, -32)))
        sink = 1 - rng.uniform(0.02, 0.06) * t / np.maximum(1e-6, np.abs(t) + 1)  # Doppler: 7-20 m/s of 343
        engine = _motor(n, rng, drawn(rng, 30, 110) * sink, 14, rng.uniform(0.8, 1.4))
        out += (tyres + engine * rng.uniform(0.1, 1)) / away * drawn(rng, 0.3, 1.5)
    if rng.random() < 0.15:
        for at in occasions(n, rng, rng.uniform(1.5, 5)):
            m = round(rng.uniform(0.15, 0.9) * RATE)
            two = sum(harmonic_sum(np.full(m, f), 0.85 ** np.arange(16)) for f in (rng.uniform(330, 420), 500.0))
            mix_in(out, at, two * polyline(m, (0, 0), (0.05, 1), (0.95, 1), (1, 0)) * rng.uniform(0.2, 0.8))
    return filtered(out, 0, drawn(rng, 500, 2500), 1) if rng.random() < 0.5 else out


# Things that strike, rub and rustle ---------------------------------------------------------------------------------


def _clatter(
    n: int,
    rng: Rng,
    objects: int,
    gap: float,
    low: tuple[float, float],
    ring: tuple[float, float],
    ratios: Sequence[float] = (),
    contact: tuple[float, float] = (0.0001, 0.0006),
    many: int = 5,
) -> Signal:
    """Several bodies, each struck in clusters about `gap` seconds apart."""
    out = np.zeros(n)
    for _ in range(objects):
        when = [
            blow
            for at in occasions(n, rng, gap, 0.8, first=1.5)
            for blow in bounces(rng, at, int(rng.integers(1, many + 1)), 0.12)
        ]
        modes = hard_body(rng, drawn(rng, *low), 10, drawn(rng, *ring), ratios)
        out += to_peak(ringing(struck(n, when, drawn(rng, *contact)), modes)) * drawn(rng, 0.2, 1)
    return out


@kind("dishes")
def _dishes(n: int, rng: Rng) -> Signal:
    gap = drawn(rng, 0.6, 3)
    plates = _clatter(n, rng, 2, gap, (500, 1800), (0.02, 0.12), ROUND_PLATE)
    glasses = _clatter(n, rng, 2, gap * 1.5, (1200, 3500), (0.03, 0.35), many=2)
    cutlery = _clatter(n, rng, 2, gap, (900, 3000), (0.01, 0.1), FREE_BAR, many=7)
    board = _clatter(n, rng, 1, gap, (90, 300), (0.005, 0.02), contact=(0.001, 0.003))
    return plates + glasses * rng.uniform(0, 1) + cutlery * rng.uniform(0, 1) + board * rng.uniform(0, 0.6)


@kind("scraping")
def _scraping(n: int, rng: Rng) -> Signal:
    """A knife or spoon over a plate: stick-slip as dense impulses while it moves, through the plate's modes."""
    move = np.zeros(n)
    for at in occasions(n, rng, drawn(rng, 0.3, 1.2), 0.4):
        m = round(rng.uniform(0.08, 0.6) * RATE)
        mix_in(move, at, hump(m) ** rng.uniform(0.4, 2) * rng.uniform(0.3, 1))
    slips = impulses(n, rng, 200 + 3000 * move, 0.6) * move
    plate = hard_body(rng, drawn(rng, 600, 2200), 10, drawn(rng, 0.005, 0.05), ROUND_PLATE)
    knife = hard_body(rng, drawn(rng, 1500, 4000), 6, drawn(rng, 0.004, 0.05), FREE_BAR)
    hiss = filtered(rng.standard_normal(n), 2000, 7500, 1) * move * 0.05
    ring = to_peak(ringing(slips, plate + knife)) + hiss
    return ring + _clatter(n, rng, 1, 1.5, (1000, 3000), (0.02, 0.1), FREE_BAR) * rng.uniform(0, 0.6)


@kind("pans")
def _pans(n: int, rng: Rng) -> Signal:
    gap = drawn(rng, 0.7, 3)
    pans = _clatter(n, rng, 2, gap, (150, 700), (0.06, 0.5), contact=(0.0002, 0.0015), many=4)
    lids = _clatter(n, rng, 1, gap, (300, 1200), (0.1, 0.6), ROUND_PLATE, many=10)
    sizzle = to_unit(filtered(impulses(n, rng, 900.0, 1.2), 2000, 7500, 1)) * rng.choice([0.0, 0.03, 0.1])
    return np.asarray(pans + lids * rng.uniform(0, 1) + sizzle)


@kind("thuds")
def _thuds(n: int, rng: Rng) -> Signal:
    out = np.zeros(n)
    for at in occasions(n, rng, drawn(rng, 0.5, 3), 0.9):
        mix_in(out, at, thud(rng, rng.uniform(0, 0.7)) * drawn(rng, 0.2, 1))
    return out


@kind("steps")
def _steps(n: int, rng: Rng) -> Signal:
    """Heel, then toe 60-150 ms later, 1.5-2.3 steps a second, coming nearer or going; hard shoes or socks."""
    out, hard, toe = np.zeros(n), rng.uniform(0, 1), rng.uniform(0.06, 0.15)
    feet = (thud(rng, hard), thud(rng, hard))
    for i, at in enumerate(occasions(n, rng, 1 / rng.uniform(1.5, 2.3), 0.06)):
        mix_in(out, at, feet[i % 2] * rng.uniform(0.6, 1))
        mix_in(out, at + toe, thud(rng, hard)[: RATE // 8] * rng.uniform(0.1, 0.4))
    return out * polyline(n, (0, drawn(rng, 0.1, 1)), (rng.uniform(0.2, 0.8), 1), (1, drawn(rng, 0.1, 1)))


@kind("knocks")
def _knocks(n: int, rng: Rng) -> Signal:
    out = np.zeros(n)
    for at in occasions(n, rng, drawn(rng, 1, 4), 0.6):
        panel = hard_body(rng, drawn(rng, 110, 400), 9, drawn(rng, 0.008, 0.04))
        gap = rng.uniform(0.1, 0.3)
        rap = [(0.01 + i * gap * rng.uniform(0.9, 1.1), rng.uniform(0.6, 1)) for i in range(int(rng.integers(2, 6)))]
        mix_in(
            out, at, to_peak(ringing(struck(RATE * 2, rap, drawn(rng, 0.0005, 0.003)), panel)) * rng.uniform(0.5, 1)
        )
    return out


@kind("door")
def _door(n: int, rng: Rng) -> Signal:
    """A latch that clicks, hinges that creak (stick-slip: a pulse train of uneven, gliding rate), a slam."""
    out = np.zeros(n)
    for at in occasions(n, rng, drawn(rng, 1.5, 4), 0.5):
        m = round(rng.uniform(0.3, 1.4) * RATE)
        slips = drawn(rng, 15, 250) * np.exp(0.5 * wander(m, rng, 3))
        turns = np.cumsum(slips * np.exp(0.3 * rng.standard_normal(m))) / RATE
        wood = hard_body(rng, drawn(rng, 300, 1100), 8, drawn(rng, 0.002, 0.015))
        creak = to_peak(ringing(np.diff(np.floor(turns), prepend=0), wood)) * hump(m)
        mix_in(out, at, creak * rng.choice([0.0, 0.2, 0.6]))
        latch = hard_body(rng, drawn(rng, 900, 2500), 8, drawn(rng, 0.003, 0.02))
        clicks = struck(RATE // 2, bounces(rng, 0.005, 3, 0.08), 0.0003)
        shut = at + m / RATE
        mix_in(out, shut, thud(rng, rng.uniform(0.2, 1)) * rng.uniform(0.1, 1))
        mix_in(out, shut + rng.uniform(-0.05, 0.05), to_peak(ringing(clicks, latch)) * rng.uniform(0.05, 0.5))
    return out


def _strokes(n: int, rng: Rng, gap: float) -> Signal:
    """How fast a hand moves: strokes of 0.1-0.8 s, each rough in itself."""
    out = np.zeros(n)
    for at in occasions(n, rng, gap, 0.6):
        m = round(rng.uniform(0.1, 0.8) * RATE)
        mix_in(out, at, hump(m) ** rng.uniform(0.6, 2.5) * drawn(rng, 0.15, 1))
    return out * np.exp(0.5 * wander(n, rng, 18))


@kind("cloth", room=False)
def _cloth(n: int, rng: Rng) -> Signal:
    """A blanket near the microphone: noise of fibres that slip, with bumps where it touches."""
    move = _strokes(n, rng, drawn(rng, 0.25, 1.2))
    points = ((30, -4), (200, 0), (drawn(rng, 700, 3000), -2), (7800, -12 - rng.uniform(0, 14)))
    rub = texture(n, rng, points, 12, 0.5) * move
    fibres = to_unit(filtered(impulses(n, rng, 20 + 600 * move, 1.0), 500, 6000, 1)) * move
    bumps = to_peak(filtered(impulses(n, rng, 1 + 4 * move, 0.7), 0, drawn(rng, 60, 200)))
    return rub + fibres * rng.uniform(0.1, 0.5) + bumps * drawn(rng, 0.3, 3)


@kind("paper", room=False)
def _paper(n: int, rng: Rng) -> Signal:
    """Paper, a nappy's tab, a plastic bag: crackles of widely spread strength (power law), each a buckling sheet."""
    move = _strokes(n, rng, drawn(rng, 0.2, 1.2))
    snaps = impulses(n, rng, 2 + drawn(rng, 80, 900) * move, rng.uniform(0.9, 1.5))
    sheet = [(drawn(rng, 700, 7000), drawn(rng, 0.0002, 0.002), rng.uniform(0.3, 1)) for _ in range(8)]
    rub = shaped(n, rng, ((300, -12), (3000, 0), (7800, -3))) * move
    return to_unit(ringing(snaps, sheet)) + rub * rng.uniform(0.05, 0.6)


@kind("typing")
def _typing(n: int, rng: Rng) -> Signal:
    out, case = np.zeros(n), hard_body(rng, drawn(rng, 150, 500), 6, 0.008)
    key = hard_body(rng, drawn(rng, 1200, 3000), 8, drawn(rng, 0.001, 0.006))
    downs: list[tuple[float, float]] = []
    for at in occasions(n, rng, drawn(rng, 0.09, 0.3), rng.uniform(0.2, 0.7)):
        downs += [(at, rng.uniform(0.5, 1)), (at + rng.uniform(0.05, 0.12), rng.uniform(0.1, 0.5))]
    blows = struck(n, downs, 0.0004)
    out += to_peak(ringing(blows, key)) + to_peak(ringing(blows, case)) * rng.uniform(0.2, 1)
    return out + filtered(rng.standard_normal(n), 100, 4000, 1) * 0.002


@kind("clicks", room=False)
def _clicks(n: int, rng: Rng) -> Signal:
    """The microphone or its table touched: pops, clicks, thumps, rubbing; at times one sample that jumps."""
    out = shaped(n, rng, ((30, 0), (7800, -15))) * drawn(rng, 1e-4, 1e-2)
    for at in occasions(n, rng, drawn(rng, 0.15, 1.5), 1.0):
        sort = rng.integers(4)
        if sort == 0:
            sound = to_peak(thud(rng, 0.2))
        elif sort == 1:
            sound = to_peak(
                ringing(struck(2000, [(0, 1.0)], 0.0002), hard_body(rng, drawn(rng, 600, 3000), 6, 0.003))
            )
        elif sort == 2:
            sound = np.full(round(drawn(rng, 1, 400)), rng.choice([-1.0, 1.0]))
            sound = sound * decay(sound.size, 0.0001, drawn(rng, 0.0005, 0.01))
        else:
            m = round(rng.uniform(0.05, 0.4) * RATE)
            sound = to_peak(shaped(m, rng, ((40, 0), (500, -8), (7800, -30))) * hump(m))
        mix_in(out, at, sound * drawn(rng, 0.1, 1))
    return out


# Signals and electronics --------------------------------------------------------------------------------------------


def _beep(hertz: float, seconds: float, square: float) -> Signal:
    """A tone with edges of 3 ms; `square` 0-1: how much of a square wave's odd harmonics."""
    n = max(200, round(seconds * RATE))
    edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 48)
    odd = [square / k if k % 2 else 0.0 for k in range(2, 10)]
    return harmonic_sum(np.full(n, hertz), [1.0, *odd]) * edge


@kind("alarm")
def _alarm(n: int, rng: Rng) -> Signal:
    """Phone rings, ringtones, beeps, chimes, door bells, timers, a smoke alarm (near 3.1 kHz, three and a rest)."""
    out = shaped(n, rng, ((50, 0), (7800, -20))) * 0.001
    sort, square = rng.integers(6), rng.uniform(0, 1)
    pitch = drawn(rng, 600, 3500)
    if sort == 0:  # an electronic ring: two tones in turn, 10-25 a second
        speed, other = rng.uniform(10, 25), rng.uniform(1.1, 1.4)
        for at in occasions(n, rng, rng.uniform(2, 4), 0.02):
            m = round(rng.uniform(0.8, 1.8) * RATE)
            hertz = pitch * np.where((time_axis(m) * speed) % 1 < 0.5, 1.0, other)
            mix_in(
                out, at, harmonic_sum(hertz, (1.0, 0, square / 3)) * polyline(m, (0, 0), (0.02, 1), (0.98, 1), (1, 0))
            )
    elif sort == 1:  # a bell with a clapper, 18-28 blows a second
        gong = hard_body(rng, drawn(rng, 900, 2200), 8, rng.uniform(0.05, 0.4))
        for at in occasions(n, rng, rng.uniform(2, 4), 0.02):
            gap = 1 / rng.uniform(18, 28)
            blows = [(i * gap, rng.uniform(0.7, 1)) for i in range(int(rng.integers(10, 40)))]
            mix_in(out, at, to_peak(ringing(struck(RATE * 3, blows, 0.0003), gong)))
    elif sort == 2:  # door bell or notification: two to four notes that ring on
        notes = [pitch_hertz(float(rng.integers(67, 96))) for _ in range(int(rng.integers(1, 5)))]
        gap, timbre = rng.uniform(0.1, 0.6), str(rng.choice(["bell", "box", "piano", "flute"]))
        made = [one_note(timbre, f, 1.5, rng, 0.6) for f in notes]
        for at in occasions(n, rng, len(notes) * gap + drawn(rng, 0.5, 4), 0.2):
            for i, one in enumerate(made):
                mix_in(out, at + i * gap, one)
    elif sort == 3:  # a ringtone
        timbre = str(rng.choice(["box", "reed", "organ", "bell"]))
        return play(n, rng, timbre, None, False, False, rng.uniform(0.2, 0.4))
    elif sort == 4:  # a timer, a clock, a thermometer, a reversing lorry: groups of beeps
        many, length = int(rng.integers(1, 5)), drawn(rng, 0.04, 0.5)
        for at in occasions(n, rng, many * length * 2 + rng.uniform(0.1, 1), 0.01):
            for i in range(many):
                mix_in(out, at + i * length * rng.uniform(1.99, 2.01), _beep(pitch, length, square))
    else:
        pitch = rng.uniform(2900, 3400)
        for at in occasions(n, rng, 4.0, 0.001):
            for i in range(3):
                mix_in(out, at + i, _beep(pitch, 0.5, square))
    return out


@kind("self_noise", room=False)
def _self_noise(n: int, rng: Rng) -> Signal:
    """A microphone's and its amplifier's own: white to pink, hum, at times the 1 kHz whine of USB frames or the
    steps of a coarse converter."""
    slope = rng.uniform(0, 3)
    out = shaped(n, rng, [(30 * 2**octave, -slope * octave) for octave in range(9)], 1.0)
    out += _hum(n, rng, int(rng.integers(2, 30)), rng.uniform(0.2, 1.5)) * drawn(rng, 0.02, 1.5)
    if rng.random() < 0.3:
        out += harmonic_sum(np.full(n, 1000.0), with_phases(rng, rng.uniform(0, 1, 7))) * drawn(rng, 0.05, 0.5)
    if rng.random() < 0.3:
        step = drawn(rng, 0.3, 2)
        out = np.round(out / step) * step
    return out


@kind("silence", room=False)
def _silence(n: int, rng: Rng) -> Signal:
    """Digital silence with dither of one bit: some share of the samples a step of 16 bits above or below 0."""
    share, offset = rng.choice([0.02, 0.25, 0.5, rng.uniform(0, 1)]), int(rng.integers(-1, 2))
    steps = np.where(rng.random(n) < share, rng.choice([-1, 1], n), 0) + (offset if rng.random() < 0.2 else 0)
    return np.asarray(steps / 32768.0)
