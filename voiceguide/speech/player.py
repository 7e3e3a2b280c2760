"""Plays rendered lines, one after the other, sample by sample: hush, gap, delay, chime, ducking, volume, music.

The player makes no sound by itself: whoever owns the speaker calls `Player.fill` for the next samples.
Everything is counted in samples and nothing depends on how many are asked for at a time, so a rehearsal is
exact and a live session plays the same.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voiceguide.sound import RATE, Pcm
from voiceguide.speech.bed import Bed
from voiceguide.speech.envelopes import RAMP, Float, Slope, Volume
from voiceguide.speech.music import Music

ChimeKind = Literal["heard", "no"]

FADE = RATE * 5 // 1000
"""Samples that a hush takes: short enough to be silence at once, long enough not to click."""
DUCK_DB = -12.0

_FADE_OUT = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, FADE + 1) / (FADE + 1))).astype(np.float32)
_DUCK = np.linspace(1.0, 10 ** (DUCK_DB / 20), RAMP + 1, dtype=np.float32)  # 0 open … RAMP ducked
_NONE: Float = np.zeros(0, np.float32)


def soft_limit(samples: Float, knee: float, ceiling: float) -> Float:
    """``samples`` as they are up to ±``knee``; beyond it bent, smoothly, never to pass ±``ceiling``."""
    # Only + - * /: their results do not depend on how a signal is cut into blocks, which holds for no tanh.
    size = np.abs(samples)
    if size.max(initial=0) <= np.float32(knee):
        return samples
    over = np.maximum(size - np.float32(knee), np.float32(0))
    room = np.float32(ceiling - knee)
    return np.clip(samples, -knee, knee) + np.copysign(over * room / (over + room), samples)


def _notes(*notes: tuple[float, float]) -> Float:
    """``(start in seconds, hertz)`` each: soft, short tones with a little of the octave, 0.22 s in all."""
    mix = np.zeros(RATE * 22 // 100)
    for start, hertz in notes:
        t = np.arange(len(mix) - round(start * RATE)) / RATE
        tone = np.sin(2 * np.pi * hertz * t) + 0.25 * np.sin(4 * np.pi * hertz * t)
        mix[-len(t) :] += tone * np.minimum(t / 0.012, 1) * np.exp(-t / 0.05)
    mix *= np.minimum(np.arange(len(mix), 0, -1) / (0.04 * RATE), 1)
    mix *= 10 ** (-18 / 20) * 32768 / np.abs(mix).max()
    return mix.astype(np.float32)


# Up for "heard", down and lower for "no": to be told apart with half an ear. Peaks at -18 dBFS: audible
# beside speech of -20 dBFS RMS, and soft enough for a sleepy room.
_CHIMES: dict[ChimeKind, Float] = {
    "heard": _notes((0.0, 659.3), (0.07, 880.0)),
    "no": _notes((0.0, 392.0), (0.07, 311.1)),
}


@dataclass(frozen=True, slots=True)
class Started:
    """A line begins. ``at``: the position of its first sample."""

    utterance: int
    index: int
    at: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A line was played to its end, or failed; never a hushed one. ``at``: the position after its end."""

    utterance: int
    index: int
    at: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A line could not be rendered: skipped, with the gap after it. No Started, but a Finished follows."""

    utterance: int
    index: int
    error: BaseException


Event = Started | Finished | Failed


@dataclass(slots=True)
class _Saying:
    """What is being said. ``wait``: samples of silence before line ``index``; ``pcm``: it, once begun."""

    utterance: int
    lines: Sequence[Future[Pcm]]
    gap: int
    wait: int
    index: int = 0
    pcm: Pcm | None = None
    offset: int = 0


class Player:
    """The voice's mouth. Every method may be called from any thread; none waits for a rendering."""

    def __init__(self, music: Music | None = None) -> None:
        """``music``: what is played below all else, once it is turned on; whoever gives it closes it."""
        self._lock = threading.Lock()
        self._position = 0
        self._events: list[Event] = []
        self._saying: _Saying | None = None
        self._chime: Float = _NONE  # what remains of it
        self._tail: Float = _NONE  # what remains of sounds that were cut off, already faded
        self._sounded = False  # in what was last filled
        self._held = False
        self._rising = 0  # samples of a line, after it was held, that are still to fade in
        self._ducked = False
        self._duck = Slope(RAMP)
        self._volume = Volume()
        self._bed = Bed(music)

    def say(self, utterance: int, lines: Sequence[Future[Pcm]], *, gap: float = 0.35, delay: float = 0.0) -> None:
        """Say ``lines`` instead of what is being said, which is hushed; a chime rings on.

        First ``delay`` s of silence, and ``gap`` s between lines. A line is waited for, in silence, until its
        future is done. Events carry ``utterance``. To resume at a line, say it and those after it again.
        """
        with self._lock:
            self._cut(speech=True, chime=False)
            if lines:
                wait = max(0, round(delay * RATE))
                self._saying = _Saying(utterance, tuple(lines), max(0, round(gap * RATE)), wait)

    def hush(self) -> bool:
        """No speech from the next sample on but for a fade-out of 5 ms; drops all lines and chimes. Music stays.

        True when something was sounding: a line or a chime was cut off.
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
        """Ring, now: 0.22 s, with speech ducked under it."""
        with self._lock:
            self._cut(speech=False, chime=True)
            self._chime = _CHIMES[kind]

    def duck(self, on: bool) -> None:
        """Speech and music 12 dB down within 20 ms; or speech as it was within 20 ms, and music within 1 s."""
        with self._lock:
            self._ducked = on

    @property
    def gain_db(self) -> float:
        """The volume, for speech and chimes: 0 as rendered, from -60 to 24. Reached within 20 ms; loud sounds
        are bent softly, and never wrap around. Raises ValueError for what is no number."""
        return self._volume.db

    @gain_db.setter
    def gain_db(self, decibels: float) -> None:
        with self._lock:
            self._volume.db = decibels

    @property
    def music_on(self) -> bool:
        """Whether there is music: it comes within 2 s, and goes within 0.5 s. Never True without any music.

        It is 12 dB down while something is said, between its sentences as well, and under a chime."""
        return self._bed.on

    @music_on.setter
    def music_on(self, on: bool) -> None:
        with self._lock:
            self._bed.on = on

    @property
    def music_sounding(self) -> bool:
        """There will be music in what is filled next, if only its end."""
        return self._bed.sounding

    @property
    def music_db(self) -> float:
        """The volume of the music, apart from that of speech: 0 is about -38 dB of full scale. As ``gain_db``."""
        return self._bed.volume.db

    @music_db.setter
    def music_db(self, decibels: float) -> None:
        with self._lock:
            self._bed.volume.db = decibels

    @property
    def speaking(self) -> bool:
        """A line is sounding, or waits for its turn, for a delay or gap to pass, or for its rendering."""
        return self._saying is not None

    @property
    def sounding(self) -> bool:
        """There was speech or a chime in what was last filled, or there will be in what is filled next.

        False in a delay, in a gap and while waiting for a rendering; music does not count."""
        with self._lock:
            return self._sounded or self._in_line() or len(self._chime) > 0 or len(self._tail) > 0

    @property
    def position(self) -> int:
        """Samples filled since the start."""
        return self._position

    def events(self) -> list[Event]:
        """What has happened since the last call, in order."""
        with self._lock:
            events, self._events = self._events, []
            return events

    def fill(self, n: int) -> Pcm:
        """The next ``n`` samples, int16[n]. Quick, for the thread that feeds the speaker."""
        with self._lock:
            self._sounded = len(self._tail) > 0
            if self._still():
                self._position += n
                return np.zeros(n, np.int16)
            mix = np.zeros(n, np.float32)
            music = np.zeros(n, np.float32)
            at = 0
            while at < n:
                # A piece ends where a line, a pause or a chime does.
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
        out: Pcm = np.rint(soft_limit(mix, 0.9 * 32768, 32767)).astype(np.int16)
        return out

    def _still(self) -> bool:
        """Nothing sounds or is about to, and nothing is on its way to another volume: most of a session."""
        return (
            self._saying is None
            and not len(self._chime)
            and not len(self._tail)
            and self._duck.rests(self._ducked)
            and self._volume.rests
            and self._bed.rests(under=False, listening=self._ducked)
        )

    def _speak(self, n: int) -> tuple[int, Pcm | None]:
        """How many of the next ``n`` samples are alike, and these: samples of a line, or None for silence."""
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
        """Drop what is being said, or the chime; what would have been heard in the next 5 ms fades out."""
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
