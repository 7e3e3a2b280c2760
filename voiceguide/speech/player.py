"""Plays rendered lines one after the other: with gaps, chimes, ducking, volume and music, and a hush at any sample.

The player makes no sound by itself: whoever owns the speaker calls `Player.fill` for the next samples. Everything is
counted in samples, and nothing depends on how many are asked for at a time. So a rehearsal is exact, and a live
session plays the same.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

import numpy as np

from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import FULL_SCALE, soft_limit
from voiceguide.speech.bed import Bed
from voiceguide.speech.chimes import CHIMES, ChimeKind
from voiceguide.speech.envelopes import RAMP, Float, Slope, Volume
from voiceguide.speech.music import Music

FADE = RATE * 5 // 1000
"""Samples that a hush takes: too few to be heard as a delay, and enough not to click."""
DUCK_DB = -12.0

_FADE_OUT = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, FADE + 1) / (FADE + 1))).astype(np.float32)
_DUCK = np.linspace(1.0, 10 ** (DUCK_DB / 20), RAMP + 1, dtype=np.float32)  # 0 open … RAMP ducked
_NONE: Float = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Started:
    """A line has started. ``at``: the position of its first sample."""

    utterance: int
    index: int
    at: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A line was played to its end, or failed; it wasn't hushed. ``at``: the position after its end."""

    utterance: int
    index: int
    at: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A line couldn't be rendered. It's skipped, along with the gap after it: there was no Started, but a Finished
    follows."""

    utterance: int
    index: int
    error: BaseException


Event = Started | Finished | Failed


@dataclass(slots=True)
class _Saying:
    """The lines that are being said."""

    utterance: int
    lines: Sequence[Future[Pcm]]
    gap: int
    """Samples of silence between two lines."""
    wait: int
    """Samples of silence before the line ``index``."""
    index: int = 0
    pcm: Pcm | None = None
    """That line, once it has started."""
    offset: int = 0
    """How many of its samples have been played."""


class Player:
    """Plays. Every method may be called from any thread, and none waits for a line to be rendered."""

    def __init__(self, music: Music | None = None) -> None:
        """``music`` is played under everything else once it's turned on. The caller closes it."""
        self._lock = threading.Lock()
        self._position = 0
        self._events: list[Event] = []
        self._saying: _Saying | None = None
        self._chime: Float = _NONE
        """What's left of it."""
        self._tail: Float = _NONE
        """What's left of sounds that were cut off, with their fade-out."""
        self._sounded = False
        """There was speech or a chime in the last fill."""
        self._held = False
        self._rising = 0
        """Samples of a line, after it was held, that still fade in."""
        self._ducked = False
        self._duck = Slope(RAMP)
        self._volume = Volume()
        self._bed = Bed(music)

    def say(self, utterance: int, lines: Sequence[Future[Pcm]], *, gap: float = 0.35, delay: float = 0.0) -> None:
        """Say ``lines`` instead of what's being said now, which is hushed. A chime rings on.

        There are ``delay`` seconds of silence first, and ``gap`` seconds between lines; until the future of a line is
        done there's silence, too. Events carry the number ``utterance``. To resume at a line, say that line and those
        after it again.
        """
        with self._lock:
            self._cut(speech=True, chime=False)
            if lines:
                wait = max(0, round(delay * RATE))
                self._saying = _Saying(utterance, tuple(lines), max(0, round(gap * RATE)), wait)

    def hush(self) -> bool:
        """From the next sample on there's no speech, except for a fade-out of 5 ms. All lines and chimes are dropped;
        music goes on.

        Returns whether a line or a chime was cut off.
        """
        with self._lock:
            sounding = (self._in_line() and not self._held) or len(self._chime) > 0
            self._cut(speech=True, chime=True)
            self._rising = 0
            return sounding

    def hold(self, on: bool) -> bool:
        """Stop in the middle of a word, with a fade-out of 5 ms; not ``on``, go on there. Nothing is dropped, chimes
        ring and music plays. True when a line that was sounding has just been stopped."""
        with self._lock:
            stopped = on and not self._held and self._in_line()
            if stopped:
                self._fade_out(self._speech_left())
            if self._held and not on:
                self._rising = FADE
            self._held = on
            return stopped

    def chime(self, kind: ChimeKind = "heard") -> None:
        """Ring now, for 0.22 s, with speech ducked under it."""
        with self._lock:
            self._cut(speech=False, chime=True)
            self._chime = CHIMES[kind]

    def duck(self, on: bool) -> None:
        """Bring speech and music down by 12 dB, within 20 ms; or back up, speech within 20 ms and music within 1
        s."""
        with self._lock:
            self._ducked = on

    @property
    def gain_db(self) -> float:
        """The volume of speech and chimes, -60 to 24; at 0 they're as rendered. A change takes 20 ms. Loud sounds are
        bent softly and never wrap around. Raises ValueError for NaN."""
        return self._volume.db

    @gain_db.setter
    def gain_db(self, decibels: float) -> None:
        with self._lock:
            self._volume.db = decibels

    @property
    def music_on(self) -> bool:
        """Whether there's music. It fades in within 2 s, and out within 0.5 s. Always False if no music was given.

        It's 12 dB down while something is said, also between two lines, and under a chime."""
        return self._bed.on

    @music_on.setter
    def music_on(self, on: bool) -> None:
        with self._lock:
            self._bed.on = on

    @property
    def music_sounding(self) -> bool:
        """There'll be music in the next fill, if only the end of it."""
        return self._bed.sounding

    @property
    def music_db(self) -> float:
        """The volume of the music; 0 is about -38 dBFS. As ``gain_db``, and independent of it."""
        return self._bed.volume.db

    @music_db.setter
    def music_db(self, decibels: float) -> None:
        with self._lock:
            self._bed.volume.db = decibels

    @property
    def speaking(self) -> bool:
        """A line is sounding; or it's waiting for its turn, for the end of a gap, or to be rendered."""
        return self._saying is not None

    @property
    def sounding(self) -> bool:
        """There was speech or a chime in the last fill, or there'll be some in the next.

        False in a delay, in a gap and while a line is being rendered. Music doesn't count."""
        with self._lock:
            return self._sounded or self._in_line() or len(self._chime) > 0 or len(self._tail) > 0

    @property
    def due(self) -> int | None:
        """The index of a line that would be said now, if it were rendered; None if there's none."""
        with self._lock:
            saying = self._saying
            if saying is None or self._held or saying.wait or saying.pcm is not None:
                return None
            return None if saying.lines[saying.index].done() else saying.index

    @property
    def position(self) -> int:
        """Samples since the start."""
        return self._position

    def events(self) -> list[Event]:
        """What has happened since the last call, in order."""
        with self._lock:
            events, self._events = self._events, []
            return events

    def fill(self, n: int) -> Pcm:
        """The next ``n`` samples, int16[n]. Fast enough for the thread that feeds the speaker."""
        with self._lock:
            self._sounded = len(self._tail) > 0
            if self._still():
                self._position += n
                return np.zeros(n, np.int16)
            mix = np.zeros(n, np.float32)
            music = np.zeros(n, np.float32)
            at = 0
            while at < n:
                # A piece ends where a line, a gap or a chime ends.
                size, speech = self._speak(min(n - at, len(self._chime) or n))
                piece = mix[at : at + size]
                ringing = len(self._chime) > 0
                duck = _DUCK[self._duck.path(size, self._ducked or ringing)]
                if speech is not None:
                    np.multiply(speech, duck, out=piece, casting="same_kind")
                    self._sounded = True
                under = ringing or speech is not None or self._saying is not None
                self._bed.add(music[at : at + size], under=under, listening=self._ducked)
                if ringing:
                    piece += self._chime[:size]
                    self._chime = self._chime[size:]
                    self._sounded = True
                at += size
                self._position += size
            faded = min(n, len(self._tail))
            mix[:faded] += self._tail[:faded]
            self._tail = self._tail[faded:]
            mix *= self._volume.path(n)
            mix += music
        out: Pcm = np.rint(soft_limit(mix, 0.9 * FULL_SCALE, FULL_SCALE - 1)).astype(np.int16)
        return out

    def _still(self) -> bool:
        """Nothing is sounding or about to, and no volume is changing: true for most of a session."""
        return (
            self._saying is None
            and not len(self._chime)
            and not len(self._tail)
            and self._duck.rests(self._ducked)
            and self._volume.rests
            and self._bed.rests(under=False, listening=self._ducked)
        )

    def _speak(self, n: int) -> tuple[int, Pcm | None]:
        """The next piece, up to ``n`` samples: its length, and samples of a line, or None for silence."""
        while (saying := self._saying) is not None:
            if self._held:
                return n, None
            if saying.wait:
                size = min(n, saying.wait)
                saying.wait -= size
                return size, None
            if saying.pcm is None:
                line = saying.lines[saying.index]
                if not line.done():
                    return n, None
                error = CancelledError() if line.cancelled() else line.exception(0)
                if error is not None:
                    self._events.append(Failed(saying.utterance, saying.index, error))
                    self._finish(saying, self._position, gap=0)
                    continue
                saying.pcm = line.result(0)
                self._events.append(Started(saying.utterance, saying.index, self._position))
            pcm = saying.pcm[saying.offset : saying.offset + n]
            saying.offset += len(pcm)
            if saying.offset == len(saying.pcm):
                self._finish(saying, self._position + len(pcm), saying.gap)
            if len(pcm) and self._rising:
                size = min(len(pcm), self._rising)
                rise = _FADE_OUT[::-1][FADE - self._rising :][:size]
                self._rising -= size
                pcm = np.concatenate([np.rint(pcm[:size] * rise).astype(np.int16), pcm[size:]])
            if len(pcm):
                return len(pcm), pcm
        return n, None

    def _finish(self, saying: _Saying, at: int, gap: int) -> None:
        self._events.append(Finished(saying.utterance, saying.index, at))
        saying.index += 1
        saying.pcm, saying.offset, saying.wait = None, 0, gap
        if saying.index == len(saying.lines):
            self._saying = None

    def _cut(self, *, speech: bool, chime: bool) -> None:
        """Drop what's being said, or the chime, with a fade-out of 5 ms."""
        rest = np.zeros(FADE, np.float32)
        if speech and self._saying is not None:
            if not self._held:  # else it has faded out already
                rest = self._speech_left()
            self._saying = None
        if chime:
            rest[: len(self._chime)] += self._chime[:FADE]
            self._chime = _NONE
        self._fade_out(rest)

    def _speech_left(self) -> Float:
        """float32[FADE]: the next samples of the line."""
        rest = np.zeros(FADE, np.float32)
        if self._saying is not None and self._saying.pcm is not None:
            left = self._saying.pcm[self._saying.offset :][:FADE]
            rest[: len(left)] = left * _DUCK[self._duck.at]
        return rest

    def _fade_out(self, rest: Float) -> None:
        """``rest``: float32[FADE], what would have been heard next."""
        rest *= _FADE_OUT
        rest[: len(self._tail)] += self._tail
        self._tail = rest if rest.any() else _NONE

    def _in_line(self) -> bool:
        return self._saying is not None and self._saying.pcm is not None
