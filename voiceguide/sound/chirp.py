"""Measures the way from the speaker to the microphone: a chirp is played, and looked for in what's heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceguide.sound import BLOCK, RATE, Fill, Pcm
from voiceguide.sound.levels import amplitude, dbfs, frame_powers

SECONDS = 5.5
"""How long the measurement takes. The speaker's latency is widened within the first second, if need be."""
CHIRP_FROM_S, CHIRP_S = 1.5, 0.5
"""When the chirp starts, leaving more than a second for the noise floor, and how long it lasts."""
BAND_HZ = (300, 3500)
"""What small speakers play and telephones hear."""
CHIRP_DB = -20.0
"""RMS in dBFS: as loud as the guide speaks."""
FADE_S = 0.02
LONGEST_S = 3.0
"""The longest delay that's looked for. AirPlay holds 2 s, a network with several speakers (Snapcast) 1 s, Bluetooth a
few tenths."""
FOUND = 8.0
"""How far the best match has to stand out from the RMS of all others: in ten thousand places, noise reaches 5."""
DEAD = 1
"""Samples that never exceed this don't come from a microphone: even the cheapest hisses by 2."""
CLIPPING_DB, NOISY_DB, LOUD_ECHO_DB = -0.5, -35.0, 0.0
"""From here on they're too loud: a peak, a noise floor (a parent's voice is at -26), an echo relative to that voice.
With an echo as loud as the parent, nine out of ten commands are heard (docs/hearing.md)."""

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loop:
    """What was heard of the chirp, and besides it."""

    floor_db: float
    """RMS of the softest tenth of the blocks before the chirp, in dBFS."""
    peak_db: float
    """The loudest sample, in dBFS."""
    dead: bool
    """The microphone gives nothing at all."""
    delay: float | None
    """Seconds from the chirp in ``Block.played`` to the chirp that was heard; None where it wasn't found."""
    echo_db: float | None
    """RMS of the chirp that was heard, in dBFS."""


def tone() -> Pcm:
    """The chirp, int16[n]: a tone that glides through BAND_HZ at a constant number of octaves a second."""
    t = np.arange(round(CHIRP_S * RATE)) / RATE
    low, high = BAND_HZ
    rise = np.log(high / low)
    sound = np.sin(2 * np.pi * low * CHIRP_S / rise * (np.exp(t / CHIRP_S * rise) - 1))
    fade = np.clip(np.minimum(t, CHIRP_S - t) / FADE_S, 0.0, 1.0)
    sound *= fade
    sound *= amplitude(CHIRP_DB) / np.sqrt(np.mean(sound**2))
    pcm: Pcm = np.rint(sound).astype(np.int16)
    return pcm


def player() -> Fill:
    """Plays silence, the chirp, and silence again."""
    rest = np.concatenate([np.zeros(round(CHIRP_FROM_S * RATE), np.int16), tone()])

    def fill(n: int) -> Pcm:
        nonlocal rest
        now, rest = rest[:n], rest[n:]
        return np.pad(now, (0, n - len(now)))

    return fill


def heard(microphone: Pcm, played: Pcm) -> Loop:
    """``microphone`` and ``played``: int16[n] each, aligned as in Block."""
    sound = microphone.astype(np.float64)
    peak = float(np.abs(sound).max(initial=0.0))
    # Before the chirp, ``played`` is silent, and the room is as usual.
    begins = int(np.flatnonzero(played)[0]) if played.any() else len(played)
    blocks = np.sort(np.sqrt(frame_powers(sound[: begins // BLOCK * BLOCK])))
    softest = blocks[: max(1, len(blocks) // 10)]
    floor = float(np.mean(softest)) if len(softest) else 0.0
    delay, echo = _found(sound, begins)
    return Loop(dbfs(floor), dbfs(peak), peak <= DEAD, delay, echo)


def _found(sound: Samples, begins: int) -> tuple[float | None, float | None]:
    wanted = tone().astype(np.float64)
    after = sound[begins:]
    if len(after) < len(wanted):
        return None, None
    size = len(after) + len(wanted)
    match = np.fft.irfft(np.fft.rfft(after, size) * np.conj(np.fft.rfft(wanted, size)), size)
    match = np.abs(match[: min(round(LONGEST_S * RATE), len(after) - len(wanted) + 1)])
    best = int(np.argmax(match))
    others = np.delete(match, slice(max(0, best - RATE // 100), best + RATE // 100))
    if not len(others) or match[best] < FOUND * np.sqrt(np.mean(others**2)) + 1e-9:
        return None, None
    # The power where it lies, less the power of the room without it.
    there = float(np.mean(after[best : best + len(wanted)] ** 2)) - float(np.mean(sound[: max(1, begins)] ** 2))
    return best / RATE, dbfs(max(there, 0.0) ** 0.5)
