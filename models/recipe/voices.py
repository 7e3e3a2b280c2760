"""Kinds of sound without words that babies, people, animals, music and a television make."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

from models.recipe.acoustics import (
    RATE,
    VOWELS,
    Rng,
    Signal,
    decay,
    drawn,
    filtered,
    glottal,
    harmonic_sum,
    hump,
    impulses,
    infant_tract,
    kind,
    mix_in,
    occasions,
    polyline,
    ringing,
    shaped,
    texture,
    through_formants,
    thud,
    time_axis,
    to_peak,
    to_unit,
    vowel_formants,
    wander,
)
from models.recipe.tunes import SCALES, TIMBRES, melody_line, play

# Voices without words -----------------------------------------------------------------------------------------------


@kind("crying")
def _crying(n: int, rng: Rng) -> Signal:
    """Bouts of 0.5-1.5 s at 350-600 Hz that rise and fall, each after a gasp; partly hoarse (dysphonation), seldom
    an octave above (hyperphonation)."""
    out = np.zeros(n)
    pitch, fury, body = rng.uniform(380, 560), rng.uniform(0, 1), infant_tract(rng)
    at = rng.uniform(0, 0.4)
    while at < n / RATE - 0.2:
        m = round(rng.uniform(0.5, 1.5) * RATE)
        peak = rng.uniform(0.15, 0.6)
        span = rng.uniform(0.08, 0.25)
        contour = pitch * polyline(m, (0, 1 - span), (peak, 1 + span * 0.4), (0.9, 1 - span * 0.6), (1, 0.75))
        contour = np.clip(contour * (1 + 0.03 * wander(m, rng, 4)), 300, 650)
        if rng.random() < 0.12 * fury:
            contour = contour * 2
        rough = fury * rng.uniform(0, 0.8)
        hoarse = np.clip(rough * (1 + wander(m, rng, 2)), 0, 1)
        clear, torn = (glottal(contour, rng, rng.uniform(0.6, 1.1), 0.03, r) for r in (0.0, max(0.1, rough)))
        loud = polyline(m, (0, 0), (0.08, 0.8), (peak, 1), (0.85, rng.uniform(0.4, 0.9)), (1, 0))
        if rng.random() < 0.3:  # shaken by sobs, or a trembling jaw
            loud = loud * (1 - 0.5 * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(5, 11) * time_axis(m))))
        mix_in(out, at, through_formants((clear * (1 - hoarse) + torn * hoarse) * loud, body))
        at += m / RATE + rng.uniform(0.05, 0.25)
        g = round(rng.uniform(0.12, 0.35) * RATE)
        gasp = shaped(g, rng, ((400, -12), (1500, 0), (4000, -4), (7800, -14))) * hump(g)
        if rng.random() < 0.3:
            gasp += glottal(polyline(g, (0, 450), (1, 800)), rng, 1.2) * hump(g) * 0.6
        mix_in(out, at, to_unit(gasp) * rng.uniform(0.02, 0.25))
        at += g / RATE + rng.uniform(0.02, 0.2) + (rng.uniform(0.5, 2) if rng.random() < 0.15 * (1 - fury) else 0)
    return out


@kind("cooing")
def _cooing(n: int, rng: Rng) -> Signal:
    """Vowels of 0.3-1.2 s at 250-500 Hz, some cut into babbled syllables, 2-5 a second, by closing lips."""
    out, pitch = np.zeros(n), rng.uniform(260, 450)
    for at in occasions(n, rng, rng.uniform(0.9, 2.2), 0.5):
        m = round(rng.uniform(0.3, 1.2) * RATE)
        bend = polyline(m, (0, rng.uniform(0.8, 1.1)), (rng.uniform(0.3, 0.7), rng.uniform(0.9, 1.4)), (1, 0.8))
        sound = glottal(pitch * bend, rng, rng.uniform(1.2, 2), rng.uniform(0.02, 0.15), rng.choice([0.0, 0.0, 0.3]))
        mouth = polyline(m, (0, rng.uniform(0, 1)), (0.5, rng.uniform(0, 1)), (1, rng.uniform(0, 1)))
        sound = through_formants(sound, infant_tract(rng, 0.9)) * mouth + through_formants(
            sound, infant_tract(rng, 0.5)
        ) * (1 - mouth)
        if rng.random() < 0.4:
            sound = sound * np.abs(np.sin(np.pi * rng.uniform(2, 5) * time_axis(m))) ** 0.6
        mix_in(out, at, to_peak(sound * polyline(m, (0, 0), (0.15, 1), (0.7, 0.8), (1, 0))) * rng.uniform(0.3, 1))
    return out


@kind("laughing")
def _laughing(n: int, rng: Rng) -> Signal:
    """Bursts of "ha", 3-6 a second and each softer and lower than the one before, a breath, and again: a baby's at
    300-600 Hz, an adult's at 150-400 Hz, at times a squeal first."""
    out, infant = np.zeros(n), rng.random() < 0.6
    pitch = rng.uniform(300, 600) if infant else rng.uniform(150, 400)
    body = infant_tract(rng) if infant else vowel_formants(rng, str(rng.choice(["a", "er", "o"])), 1.1)
    for at in occasions(n, rng, rng.uniform(1.5, 3), 0.3):
        begin = at
        if rng.random() < 0.25:
            m = round(rng.uniform(0.2, 0.6) * RATE)
            squeal = glottal(pitch * rng.uniform(1.3, 2) * polyline(m, (0, 0.8), (0.5, 1.2), (1, 1)), rng, 0.9)
            mix_in(out, at, through_formants(squeal * hump(m), body))
            begin += m / RATE + 0.05
        gap, fall = 1 / rng.uniform(3, 6), rng.uniform(0.9, 0.99)
        for i in range(int(rng.integers(3, 9))):
            m = round(gap * rng.uniform(0.4, 0.7) * RATE)
            voice = glottal(pitch * fall**i * polyline(m, (0, 1.15), (1, 0.85)), rng, 1.1, 0.1, rng.uniform(0, 0.2))
            mix_in(out, begin + i * gap, through_formants(voice * hump(m), body) * fall ** (2 * i))
            breath = shaped(m, rng, ((400, -8), (1500, 0), (6000, -8))) * hump(m)
            mix_in(out, begin + i * gap - 0.04, to_unit(breath) * rng.uniform(0.05, 0.3))
    return out


@kind("hiccups")
def _hiccups(n: int, rng: Rng) -> Signal:
    """A gasp of 60-180 ms with a rising squeak, shut off by the glottis, every 1.2-4 s."""
    out = shaped(n, rng, ((50, 0), (7800, -20))) * 0.001
    pitch, body = rng.uniform(280, 550), infant_tract(rng, rng.uniform(0.6, 1))
    for at in occasions(n, rng, rng.uniform(1.2, 4), 0.2, first=0.8):
        m = round(rng.uniform(0.06, 0.18) * RATE)
        squeak = glottal(pitch * polyline(m, (0, 0.7), (0.7, 1.3), (1, 1.5)), rng, 1.2, 0.2, rng.uniform(0, 0.4))
        mix_in(out, at, to_peak(through_formants(squeak * polyline(m, (0, 0), (0.6, 1), (0.97, 0.9), (1, 0)), body)))
        mix_in(out, at + m / RATE, thud(rng, 0.4)[: RATE // 10] * rng.uniform(0, 0.2))
    return out


@kind("coughs")
def _coughs(n: int, rng: Rng) -> Signal:
    """The glottis bursts open (noise, 30-60 ms), steady flow (0.1-0.25 s), at times a voiced close; in fits."""
    out = np.zeros(n)
    scale = rng.choice([1.0, 1.15, rng.uniform(1.4, 1.7)])
    mouth = vowel_formants(rng, str(rng.choice(["a", "er", "o"])), scale)
    for fit in occasions(n, rng, drawn(rng, 1.5, 5), 0.4, first=1.0):
        at = fit
        for _ in range(int(rng.integers(1, 5))):
            burst, flow = rng.uniform(0.03, 0.06), rng.uniform(0.1, 0.25)
            m = round((burst + flow + 0.15) * RATE)
            air = shaped(m, rng, ((150, -6), (600, 0), (2500, -2), (7800, -10)))
            air *= decay(m, 0.003, burst) + 0.3 * decay(m, 0.02, flow)
            voice = glottal(polyline(m, (0, 1.2), (1, 0.8)) * 130 * scale**2, rng, 1.2, 0.1, 0.6)
            voice *= polyline(m, (0, rng.uniform(0, 0.4)), (0.5, 0.1), (0.75, rng.uniform(0, 0.5)), (1, 0))
            mix_in(out, at, to_peak(through_formants(air + voice, mouth) + 0.1 * air) * rng.uniform(0.4, 1))
            at += burst + flow + rng.uniform(0.1, 0.4)
    return out


@kind("sneezes")
def _sneezes(n: int, rng: Rng) -> Signal:
    """Up to three gasps, then a hiss that bursts from the teeth and opens into a vowel."""
    out, scale = np.zeros(n), rng.uniform(0.95, 1.7)
    for fit in occasions(n, rng, drawn(rng, 2.5, 6), 0.3, first=0.8):
        at = fit
        for _ in range(int(rng.integers(0, 4))):
            m = round(rng.uniform(0.15, 0.45) * RATE)
            gasp = glottal(polyline(m, (0, 160), (1, 260)) * scale, rng, 1.5, 0.4) * polyline(
                m, (0, 0), (0.8, 1), (1, 0)
            )
            mix_in(out, at, to_peak(through_formants(gasp, vowel_formants(rng, "a", scale))) * rng.uniform(0.05, 0.4))
            at += m / RATE + rng.uniform(0.05, 0.3)
        m = round(rng.uniform(0.25, 0.6) * RATE)
        centre = rng.uniform(2500, 5000)
        hiss = shaped(m, rng, ((300, -25), (centre / 2, -12), (centre, 0), (7800, -6)))
        hiss *= decay(m, rng.uniform(0.003, 0.02), rng.uniform(0.05, 0.15))
        cry = through_formants(
            glottal(polyline(m, (0, 320), (1, 150)) * scale, rng, 1.0, 0.2, 0.4), vowel_formants(rng, "u", scale)
        )
        cry = to_peak(cry * polyline(m, (0, 0), (0.1, rng.uniform(0, 1)), (0.5, 0.5), (1, 0)))
        mix_in(out, at, to_peak(hiss) + cry * rng.uniform(0.1, 0.9))
    return out


@kind("dog")
def _dog(n: int, rng: Rng) -> Signal:
    """Barks of 80-250 ms, the pitch up and down an arc, in runs; a small dog's higher than a large one's."""
    out, size = np.zeros(n), rng.uniform(0, 1)
    pitch, tract = 900 - 600 * size, rng.uniform(0.09, 0.22) * (0.6 + 0.7 * size)
    tube = [((2 * k - 1) * 343 / (4 * tract), 150.0 * k) for k in (1, 2, 3, 4)]
    for run in occasions(n, rng, drawn(rng, 1, 4), 0.5, first=0.8):
        at = run
        for _ in range(int(rng.integers(1, 6))):
            m = round(rng.uniform(0.08, 0.25) * RATE)
            arc = pitch * rng.uniform(0.9, 1.1) * polyline(m, (0, 0.6), (0.35, 1.1), (1, 0.55))
            source = glottal(arc, rng, rng.uniform(0.6, 1.1), 0.2, rng.uniform(0.2, 0.9))
            bark = to_peak(through_formants(source, tube)) + to_peak(source) * rng.uniform(0.02, 0.1)
            mix_in(out, at, to_peak(bark * polyline(m, (0, 0), (0.12, 1), (0.5, 0.6), (1, 0))) * rng.uniform(0.6, 1))
            at += m / RATE + rng.uniform(0.1, 0.5)
    return out


@kind("birds")
def _birds(n: int, rng: Rng) -> Signal:
    """Songs of whistled sweeps at 2-7 kHz, each bird repeating its own phrase; at times a dove or a crow."""
    out = texture(n, rng, ((50, 0), (500, -10), (7800, -25)), 0.5, 0.4) * drawn(rng, 0.003, 0.1)
    for _ in range(int(rng.integers(1, 5))):
        phrase = np.zeros(RATE * 2)
        at, loud = 0.0, drawn(rng, 0.1, 1)
        sort = rng.random()
        for _ in range(int(rng.integers(1, 9))):
            if sort < 0.75:
                m, base = round(drawn(rng, 0.03, 0.25) * RATE), drawn(rng, 2000, 6000)
                bend = polyline(
                    m, (0, rng.uniform(0.7, 1.3)), (rng.uniform(0.2, 0.8), 1.0), (1, rng.uniform(0.7, 1.3))
                )
                bend = bend + rng.choice([0.0, 0.15]) * np.sin(2 * np.pi * rng.uniform(20, 60) * time_axis(m))
                call = harmonic_sum(base * bend, (1.0, rng.uniform(0, 0.2)))
            elif sort < 0.9:
                m = round(rng.uniform(0.2, 0.6) * RATE)
                call = harmonic_sum(polyline(m, (0, 450), (0.3, 540), (1, 430)), (1.0, 0.15, 0.05))
            else:
                m = round(rng.uniform(0.2, 0.4) * RATE)
                call = through_formants(
                    glottal(polyline(m, (0, 450), (1, 380)), rng, 0.5, 0.2, 0.8), ((1400, 300), (3000, 500))
                )
            repeat = int(rng.integers(1, 6)) if sort < 0.3 else 1
            for _ in range(repeat):
                mix_in(phrase, at, to_peak(call * hump(m) ** 0.7))
                at += m / RATE + rng.uniform(0.02, 0.15)
        for start in occasions(n, rng, min(at, 2) + drawn(rng, 0.3, 4), 0.4, first=1.5):
            mix_in(out, start, phrase * loud * rng.uniform(0.6, 1))
    return out


# Music --------------------------------------------------------------------------------------------------------------


@kind("music")
def _music(n: int, rng: Rng) -> Signal:
    beat = 60 / rng.uniform(65, 160)
    melody, chords = (str(rng.choice(TIMBRES)) for _ in range(2))
    return play(n, rng, melody, chords, rng.random() < 0.6, rng.random() < 0.5, beat)


@kind("lullaby")
def _lullaby(n: int, rng: Rng) -> Signal:
    """A music box or a mobile above the bed, slow, alone or over soft chords."""
    melody = str(rng.choice(["box", "bell", "box", "flute"]))
    chords = rng.choice(["box", "pad", "pluck", ""])
    out = play(n, rng, melody, str(chords) or None, False, False, 60 / rng.uniform(50, 100))
    return np.asarray(out + shaped(n, rng, ((100, 0), (7800, -15))) * drawn(rng, 0.0003, 0.01))


@kind("singing")
def _singing(n: int, rng: Rng) -> Signal:
    """Someone sings or hums without words: a melody with glides, vibrato of 5-6.5 Hz, two vowels in turn."""
    low, tract = ((45, 1.0), (55, 1.17), (60, 1.35))[rng.integers(3)]
    key, beat = low + rng.integers(0, 7), 60 / rng.uniform(60, 120)
    scale = SCALES[rng.integers(len(SCALES))]
    note, loud = np.full(n, float(key)), np.zeros(n)
    for at, length, step in melody_line(rng, n / RATE / beat, scale, (1, 1, 2, 0.5)):
        start, end = round(at * beat * RATE), round((at + length) * beat * RATE)
        note[start:] = key + step
        loud[start : end - round(rng.uniform(0, 0.08) * RATE)] = rng.uniform(0.6, 1)
    smooth = math.exp(-1 / (rng.uniform(0.02, 0.06) * RATE))
    note = key + np.asarray(lfilter([1 - smooth], [1, -smooth], note - key))
    loud = np.asarray(lfilter([0.0015], [1, -0.9985], loud))
    vibrato = rng.uniform(0, 0.5) * harmonic_sum(rng.uniform(5, 6.5) + 0.3 * wander(n, rng, 2), (1.0,))
    hertz = 440 * 2 ** ((note + vibrato + 0.15 * wander(n, rng, 1) - 69) / 12)
    voice = glottal(hertz, rng, rng.uniform(1.0, 1.6), rng.uniform(0.01, 0.1)) * loud
    if rng.random() < 0.4:
        return through_formants(voice, vowel_formants(rng, "m", tract))
    first, second = (
        to_peak(through_formants(voice, vowel_formants(rng, str(v), tract))) for v in rng.choice([*VOWELS], 2)
    )
    mix = 0.5 + 0.5 * np.tanh(2 * wander(n, rng, 1.2))
    return np.asarray(first * mix + second * (1 - mix))


@kind("television")
def _television(n: int, rng: Rng) -> Signal:
    """Behind the speech of a programme: music that is cut off, applause, swooshes, bangs, through a small
    loudspeaker."""
    out = shaped(n, rng, ((60, 0), (1000, -8), (7800, -25))) * drawn(rng, 0.01, 0.2)
    cuts = [0.0, *sorted(rng.uniform(0, 1, 2)), 1.0]
    played = to_peak((_music if rng.random() < 0.7 else _singing)(n, rng))
    for left, right in pairwise(cuts):
        start, end = round(left * n), round(right * n)
        m = end - start
        if m < RATE // 10:
            continue
        part = played[start:end] * rng.uniform(0.4, 1)
        sort = rng.random()
        if sort < 0.3:  # applause: many claps, each a short noise of cupped hands
            hands = [(drawn(rng, 600, 2800), drawn(rng, 0.0005, 0.002), 1.0) for _ in range(6)]
            swell = polyline(m, (0, 0.1), (rng.uniform(0.1, 0.4), 1), (0.8, 0.8), (1, 0.1))
            part = 0.3 * part + 0.2 * to_unit(ringing(impulses(m, rng, drawn(rng, 60, 900) * swell, 0.5), hands))
        elif sort < 0.6:
            for at in occasions(m, rng, rng.uniform(0.5, 2), 0.6):
                size = round(rng.uniform(0.2, 0.9) * RATE)
                burst = shaped(size, rng, ((60, 0), (drawn(rng, 200, 4000), 0), (7800, -20)))
                shape = decay(size, 0.002, 0.12) if rng.random() < 0.5 else hump(size) ** 2
                mix_in(part, at, to_peak(burst * shape) * rng.uniform(0.2, 1))
        out[start:end] += part * polyline(m, (0, 0), (0.01, 1), (0.99, 1), (1, 0))
    return filtered(out, rng.uniform(80, 250), drawn(rng, 4000, 7900), 1)
