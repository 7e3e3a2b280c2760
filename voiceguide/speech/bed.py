"""Music under speech: it fades in and out, and gives way to whoever is speaking."""

from __future__ import annotations

import numpy as np

from voiceguide.sound import RATE
from voiceguide.speech.envelopes import Float, Slope, Volume, decibels
from voiceguide.speech.music import Music

FADE_IN, FADE_OUT = 2 * RATE, RATE // 2
"""Samples in which music fades in, and out."""
DUCK_DB = -12.0
"""Under speech; and as much again while somebody speaks to the guide."""
ATTACK, RELEASE = RATE // 10, RATE
"""Samples in which it goes down for speech, and comes back: so slowly that it stays down between two lines."""
QUICK = RATE * 20 // 1000
"""Samples in which it goes down for somebody who speaks to the guide: less than the first sound of a word."""

_DUCKED = decibels(DUCK_DB, RELEASE)


class Bed:
    """Music as it's heard. For the player, which holds its own lock."""

    def __init__(self, music: Music | None) -> None:
        self._music = music
        self._on = False
        self._fade = Slope(FADE_IN, 1, FADE_IN // FADE_OUT)
        self._under = Slope(RELEASE, RELEASE // ATTACK, 1)
        self._listening = Slope(RELEASE, RELEASE // QUICK, 1)
        self.volume = Volume()

    @property
    def on(self) -> bool:
        return self._on

    @on.setter
    def on(self, on: bool) -> None:
        self._on = on and self._music is not None

    @property
    def sounding(self) -> bool:
        return self._on or self._fade.at > 0

    def rests(self, *, under: bool, listening: bool) -> bool:
        """Whether ``add`` would add nothing, and change nothing."""
        still = self._under.rests(under) and self._listening.rests(listening) and self.volume.rests
        return still and not self.sounding

    def add(self, out: Float, *, under: bool, listening: bool) -> None:
        """Write the next samples into ``out``, which is all zeros. ``under``: there's speech above it; ``listening``:
        somebody speaks to the guide. The music goes on where it stopped: what isn't heard isn't taken from it."""
        n = len(out)
        down = _DUCKED[self._under.path(n, under)] * _DUCKED[self._listening.path(n, listening)]
        volume = self.volume.path(n)
        fade = self._fade.path(n, self._on)
        heard = n if isinstance(fade, int) else int(np.count_nonzero(fade))
        if self._music is None or heard == 0 or (isinstance(fade, int) and fade == 0):
            return
        # Squared: smooth enough to the ear, and it needs no table.
        gain = np.square(np.asarray(fade / FADE_IN, np.float32)) * down * volume
        out[:heard] = self._music.take(heard)
        out *= gain
