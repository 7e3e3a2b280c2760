"""Music as a stream of samples that's always ready in time: the user's own files, or something generated.

PortAudio's thread must never wait for a disk. So in a live session a thread of its own keeps a few seconds ready, but
no more: an album is never held in memory. In a rehearsal, whose clock waits, samples are made when they're asked for,
and every run hears the same.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from voiceguide.errors import VoiceguideError
from voiceguide.sound import RATE
from voiceguide.sound.files import excerpts_of, pieces_of, rate_of
from voiceguide.sound.levels import active_power, amplitude, frame_powers
from voiceguide.speech.envelopes import Float

LEVEL_DB = -38.0
"""RMS of music in dBFS: 18 dB below speech, which is easily understood over it."""
SILENT_DB = -70.0
"""In a file that's softer than this there's nothing to hear, or nothing but noise once it's raised."""
AHEAD = 4 * RATE
"""Samples kept ready (0.25 MB): longer than most disks take to wake up."""
EXCERPTS, EXCERPT_S = 40, 1.0
"""A file's level is measured in this many excerpts spread over it, or in all of a short file."""
JOIN = 50 * RATE // 1000
"""Samples in which a file fades in and out, as not every file starts and ends in silence."""
SUFFIXES = frozenset(
    ".wav .flac .ogg .oga .opus .mp3 .aif .aiff .au .caf .w64 .m4a .aac .wma".split()  # the last three: to say so
)

Chunks = Generator[Float, None, None]
"""float32 samples whose full scale is 32768, as the player has it, in pieces of any size."""


class Music:
    """Gives the next samples when asked. A context manager, or ``close`` it.

    With ``ahead`` a thread keeps four seconds ready, and ``take`` never waits: where the thread is too slow there's
    silence, which is counted in ``missed``. Otherwise ``take`` makes the samples itself."""

    def __init__(self, chunks: Chunks, *, ahead: bool) -> None:
        self._chunks = chunks
        self._ready: deque[Float] = deque()
        self._count = 0  # samples in ``_ready``
        self._ended = False
        self.missed = 0
        """Samples that weren't ready in time."""
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="music", daemon=True) if ahead else None
        if self._thread is not None:
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self, n: int) -> Float:
        """The next ``n`` samples, float32[n]; silence once the music has ended."""
        if self._thread is None:
            while self._count < n and not self._ended:
                self._put(next(self._chunks, None))
        out = np.zeros(n, np.float32)
        at = 0
        with self._change:
            while at < n and self._ready:
                piece = self._ready.popleft()
                size = min(n - at, len(piece))
                out[at : at + size] = piece[:size]
                if size < len(piece):
                    self._ready.appendleft(piece[size:])
                at += size
            self._count -= at
            self.missed += 0 if self._ended else n - at
            self._change.notify()
        return out

    def close(self) -> None:
        """End the thread, and close the file that it reads. From now on there's silence. Takes a second at most."""
        with self._change:
            self._ended = True
            self._ready.clear()
            self._count = 0
            self._change.notify()
        if self._thread is not None:
            self._thread.join(1.0)
        else:
            self._chunks.close()

    def _put(self, chunk: Float | None) -> None:
        with self._change:
            if chunk is None:
                self._ended = True
            elif not self._ended:
                self._ready.append(chunk)
                self._count += len(chunk)

    def _work(self) -> None:
        with contextlib.closing(self._chunks):
            for chunk in self._chunks:
                self._put(chunk)
                with self._change:
                    self._change.wait_for(lambda: self._count < AHEAD or self._ended)
                    if self._ended:
                        return
        self._put(None)


def files_of(path: Path) -> tuple[Path, ...]:
    """The music in a file, or in a folder and its subfolders, sorted by name. At least one of them can be read.

    Raises VoiceguideError where there's none."""
    if not path.is_dir():
        next(pieces_of(path), None)  # raises an error that says what's wrong with it
        return (path,)
    found = (file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))
    files = sorted(file for file in found if file.is_file())
    if not any(map(rate_of, files)):
        there = f"none of its {len(files)} files can be read" if files else "there is none in it"
        raise VoiceguideError(f"no music in {path}: {there}; name a folder or file of WAV, FLAC, OGG or MP3")
    return tuple(files)


def recorded(files: tuple[Path, ...], say: Callable[[str], None]) -> Chunks:
    """The files one after the other, in a loop, all at the same level: an RMS of -38 dBFS without the pauses.

    ``say`` is given a line about each file that can't be read, and the file is left out. Ends when none is left."""
    left = list(files)
    while left:
        for file in tuple(left):
            try:
                yield from _joined(file, _gain(file))
            except (VoiceguideError, OSError) as error:
                say(f"{error}; it is left out")
                left.remove(file)


def _gain(file: Path) -> float:
    powers = []
    for sound in excerpts_of(file, EXCERPTS, EXCERPT_S):
        powers.append(frame_powers(sound))
    power = np.concatenate(powers)
    if power.max(initial=0.0) < amplitude(SILENT_DB, 1.0) ** 2:
        raise VoiceguideError(f"{file} is silent")
    return amplitude(LEVEL_DB, 1.0) / math.sqrt(active_power(power))


def _joined(file: Path, gain: float) -> Chunks:
    """A file at its level, faded in and out."""
    slope = (np.arange(1, JOIN + 1) / JOIN).astype(np.float32)
    held = np.zeros(0, np.float32)  # at least its last JOIN samples so far, unless it's shorter
    first = True
    for piece in pieces_of(file):
        sound = piece * np.float32(gain)
        if first:
            sound[:JOIN] *= slope[: len(sound)]
            first = False
        held = np.concatenate([held, sound])
        if len(held) > JOIN:
            yield held[:-JOIN]
            held = held[-JOIN:]
    yield held * slope[::-1][JOIN - len(held) :]
