"""Small music: tunes over chords, played on a few instruments made from their physics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.recipe.acoustics import (
    BELL,
    CLAMPED_BAR,
    RATE,
    Rng,
    Signal,
    decay,
    filtered,
    harmonic_sum,
    mix_in,
    ringing,
    time_axis,
    to_peak,
    with_phases,
)

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 7, 9, 12, 14))
CHORDS = ((0, 3, 4, 0), (0, 4, 5, 3), (0, 5, 3, 4), (0, 0, 3, 4), (1, 4, 0, 0), (5, 3, 0, 4))
TIMBRES = ("pluck", "piano", "bell", "box", "pad", "organ", "flute", "reed")


def pluck(hertz: float, n: int, rng: Rng, bright: float) -> Signal:
    """A plucked string: noise that runs round a delay line through a mean of neighbours (Karplus and Strong,
    Computer Music Journal 7, 1983), a block of one period at a time."""
    period = int(RATE / hertz)
    side = min(0.8, max(0.2, RATE / hertz - period))
    out = np.zeros(n + 2 * period + 2)
    head = period + 1
    out[:head] = filtered(rng.uniform(-1, 1, head), 0, 500 + 6500 * bright, 1)
    out[:head] -= out[:head].mean()
    loss = 10 ** (-3 / (hertz * rng.uniform(2, 6)))
    for start in range(head, n + head, period):
        before = out[start - head : start]
        out[start : start + period] = loss * ((1 - side) * before[1:] + side * before[:-1])
    return out[:n]


def one_note(timbre: str, hertz: float, seconds: float, rng: Rng, bright: float) -> Signal:
    """One note of peak 1; `bright` 0-1 is the instrument's, the rest differs note by note."""
    n = round(seconds * RATE)
    k = np.arange(1.0, 13)
    if timbre == "pluck":
        sound = pluck(hertz, n, rng, bright)
    elif timbre in ("piano", "bell", "box"):
        strike = np.zeros(n)
        strike[: 1 + round(12 * (1 - bright))] = 1
        if timbre == "piano":  # stiff strings: f_k = k f sqrt(1 + B k^2)
            stiff = k * np.sqrt(1 + 0.0004 * k * k)
            modes = [(hertz * r, 0.9 / (1 + 0.3 * i), i ** -(1.8 - bright)) for i, r in enumerate(stiff, 1)]
        else:
            ratios = BELL if timbre == "bell" else CLAMPED_BAR
            modes = [(hertz * r, 1.2 / r, (0.3 + 0.7 * bright) ** i) for i, r in enumerate(ratios)]
        sound = ringing(strike, [(f, t, float(g) * rng.uniform(0.8, 1.2)) for f, t, g in modes])
    else:
        fall = {"pad": 1.2, "organ": 0.8, "flute": 2.5, "reed": 0.6}[timbre] + 1 - bright
        shake = 1 + (0.006 if timbre in ("flute", "reed") else 0.001) * np.sin(2 * np.pi * 5.5 * time_axis(n))
        sound = harmonic_sum(hertz * shake, with_phases(rng, k**-fall))
        if timbre == "pad":
            sound = sound + harmonic_sum(hertz * shake * 1.006, with_phases(rng, k**-fall))
        attack = {"pad": 0.3, "organ": 0.02, "flute": 0.08, "reed": 0.05}[timbre]
        sound = sound * np.minimum(1, time_axis(n) / attack)
        if timbre == "flute":
            sound = sound + 0.03 * rng.standard_normal(n) * float(np.abs(sound).max())
    release = min(n, 800)
    sound[n - release :] *= np.linspace(1, 0, release)
    return to_peak(sound)


def pitch_hertz(note: float) -> float:
    """Of a MIDI note number: A4, 69, is 440 Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def drums_part(n: int, rng: Rng, beat: float) -> Signal:
    """Kick (a sine that sinks), snare (a mode and noise), hi-hat (high noise), one pattern over and over."""
    m = RATE // 4
    sinking = 45 + rng.uniform(60, 160) * np.exp(-time_axis(m) / 0.03)
    kick = harmonic_sum(sinking, (1.0,)) * decay(m, 0, 0.1)
    snare = filtered(rng.standard_normal(m), 800, 7000, 1) * decay(m, 0, rng.uniform(0.03, 0.1))
    snare = to_peak(snare) + np.sin(2 * np.pi * 190 * time_axis(m)) * decay(m, 0, 0.05)
    hat = to_peak(filtered(rng.standard_normal(m), 5500, 8000) * decay(m, 0, rng.uniform(0.01, 0.06)))
    out, hits = np.zeros(n), rng.random((3, 8)) < np.array([[0.25], [0.12], [0.7]])
    hits[0, 0] = hits[1, 4] = True
    for step in range(int(n / RATE / beat * 2) + 1):
        for drum, hit, loud in zip((kick, snare, hat), hits[:, step % 8], (1.0, 0.7, 0.3), strict=True):
            if hit:
                mix_in(out, step * beat / 2, drum * loud * rng.uniform(0.8, 1))
    return out


def melody_line(
    rng: Rng, beats: float, scale: Sequence[int], rhythm: Sequence[float]
) -> list[tuple[float, float, float]]:
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


def play(n: int, rng: Rng, melody: str, chords: str | None, bass: bool, drums: bool, beat: float) -> Signal:
    scale, key = SCALES[rng.integers(len(SCALES))], int(rng.integers(48, 60))
    bar = int(rng.choice([3, 4]))
    beats, made = n / RATE / beat, {}
    out, bright = np.zeros(n), rng.uniform(0.1, 1, 3)

    def sound(timbre: str, note: float, length: float, part: int) -> Signal:
        length = min(3.0, max(0.1, round(length * beat, 1)))
        if timbre in ("bell", "box", "pluck", "piano"):
            length = max(1.2, length)
        if (timbre, note, length) not in made:
            made[timbre, note, length] = one_note(timbre, pitch_hertz(note), length, rng, float(bright[part]))
        return made[timbre, note, length]

    up = 24 if melody in ("box", "bell") else 12
    for at, length, note in melody_line(rng, beats, scale, (0.5, 1, 1, 1, 2) if beat < 0.8 else (0.25, 0.5, 0.5, 1)):
        human = max(0.0, at * beat + rng.normal(0, 0.008))
        mix_in(out, human, sound(melody, key + up + note, length, 0) * rng.uniform(0.5, 0.9))
    chain, broken = CHORDS[rng.integers(len(CHORDS))], rng.random() < 0.5
    for index in range(int(beats / bar) + 1):
        root = chain[index % 4]
        triad = [key + scale[(root + d) % 7] + 12 * ((root + d) // 7) for d in (0, 2, 4)]
        for i in range(bar if broken else 3):
            if chords:
                when = (index * bar + (i if broken else 0)) * beat
                mix_in(out, when, sound(chords, triad[i % 3], 1 if broken else bar, 1) * rng.uniform(0.2, 0.4))
        if bass:
            for i in (0, 2):
                mix_in(out, (index * bar + i) * beat, sound("pluck", triad[0] - 12, 2, 2) * 0.5)
    return out + drums_part(n, rng, beat) * rng.uniform(0.2, 0.8) if drums else out
