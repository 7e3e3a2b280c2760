"""Recordings in files: read at any rate and in any format that libsndfile knows, written as WAV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceguide.errors import VoiceguideError
from voiceguide.files.stderr import quiet
from voiceguide.files.wording import printable
from voiceguide.sound import BLOCK, RATE, Pcm

Samples = npt.NDArray[np.float32]

RATES = (4_000, 384_000)
"""Samples a second: from less than a telephone to the most that sound cards can do. A damaged header may say
anything, and a resampler's filters grow with it."""
MOST_CHANNELS = 16
"""A second of this many at the highest rate takes 25 MB."""
PIECE = 65_536
"""Values read at a time, all channels together."""
LONGEST_S = 600
"""Recordings that are held in memory (noise, and what's played in a rehearsal) may be this long: 20 MB."""


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A SoundFile that can be read. Raises VoiceguideError, also for whatever is raised while it's read.

    It says that it isn't seekable, although ``seek`` works: after each read of a seekable file, soundfile (0.14)
    seeks to where it is already, and an MP3 decoder starts afresh there, with up to a tenth of a second of
    silence."""
    import soundfile

    if not is_there(path):
        raise VoiceguideError(f"there is no recording {printable(str(path))}")
    try:
        with quiet(), soundfile.SoundFile(path) as file:  # libmpg123 is talkative
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise ValueError(f"it has {file.samplerate} samples a second; from {RATES[0]} to {RATES[1]} will do")
            if file.channels > MOST_CHANNELS:
                raise ValueError(f"it has {file.channels} channels; up to {MOST_CHANNELS} will do")
            file.seekable = lambda: False
            yield file
    except (soundfile.LibsndfileError, OSError, ValueError, RuntimeError) as error:
        reason = printable(str(error)).rstrip(".") or "it cannot be read"
        raise VoiceguideError(
            f"{printable(str(path))} is no recording that can be read (WAV, FLAC, OGG, MP3): {reason}"
        ) from None


OTHER_FORMATS = (".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff")
"""Endings that would tell a lie about a WAV file."""


def pieces_of(path: Path) -> Iterator[Pcm]:
    """A recording in pieces of up to some seconds, int16[n], mono, 16 kHz, read as they're asked for.

    Raises VoiceguideError where the file is missing or isn't a recording."""
    import soxr

    with _opened(path) as file:
        resampler = soxr.ResampleStream(file.samplerate, RATE, 1, dtype="float32")
        size = PIECE // file.channels
        last = False
        while not last:
            chunk = file.read(size, dtype="float32", always_2d=True)
            last = len(chunk) < size
            samples = resampler.resample_chunk(_mono(chunk), last=last)
            yield np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


def blocks_of(path: Path) -> Iterator[Pcm]:
    """As ``pieces_of``, but in blocks of int16[BLOCK]. The last one is filled up with silence."""
    rest: Pcm = np.zeros(0, np.int16)
    for piece in pieces_of(path):
        rest = np.concatenate([rest, piece])
        whole = len(rest) // BLOCK * BLOCK
        yield from rest[:whole].reshape(-1, BLOCK)
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, BLOCK - len(rest)))


def is_there(path: Path) -> bool:
    """Whether it's a file; False where we aren't allowed to know."""
    try:
        return path.is_file()
    except OSError:
        return False


def _mono(sound: Samples) -> Samples:
    """float32[n, channels] as float32[n]. A file of floats may contain NaN, or values beyond full scale."""
    mono: Samples = np.clip(np.nan_to_num(sound), -1.0, 1.0).mean(axis=1, dtype=np.float32)
    return mono


def excerpts_of(path: Path, count: int, seconds: float) -> Iterator[Samples]:
    """``count`` excerpts of a recording, spread evenly over it, or all of it if it's shorter than that: float32[n]
    each, mono, 16 kHz, full scale 1.

    Raises VoiceguideError, as ``blocks_of`` does."""
    import soxr

    with _opened(path) as file:
        size = round(seconds * file.samplerate)
        step = max(size, (file.frames - size) // count)
        for start in range(0, max(1, file.frames), step)[: count + 1]:
            file.seek(start)
            sound = _mono(file.read(size, dtype="float32", always_2d=True))
            yield soxr.resample(sound, file.samplerate, RATE, "MQ")


def rate_of(path: Path) -> int:
    """The sample rate of a recording; 0 where the file isn't one."""
    try:
        with _opened(path) as file:
            return int(file.samplerate)
    except VoiceguideError:
        return 0


def read_recording(path: Path) -> Pcm:
    """A whole recording, int16[n], mono, 16 kHz. Raises VoiceguideError, as ``blocks_of`` does, and where it's longer
    than LONGEST_S."""
    blocks = []
    for block in blocks_of(path):
        blocks.append(block)
        if len(blocks) * BLOCK > LONGEST_S * RATE:
            minutes = LONGEST_S // 60
            raise VoiceguideError(f"{printable(str(path))} is longer than {minutes} minutes; take a part of it")
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def check_writable(path: Path) -> None:
    """Raises VoiceguideError where a WAV file can't be written there, or its name is that of another format."""
    if path.is_dir():
        raise VoiceguideError(f"cannot write {path}: it is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise VoiceguideError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise VoiceguideError(f"cannot write {path}: Permission denied")
    if path.suffix.lower() in OTHER_FORMATS:
        raise VoiceguideError(f"cannot write {path}: it would be a WAV file; name it {path.with_suffix('.wav').name}")


def write_wav(path: Path, pcm: Pcm) -> None:
    """``pcm``: int16[n] or int16[n, channels] at 16 kHz. Raises VoiceguideError where it can't be written."""
    import soundfile

    check_writable(path)
    try:
        soundfile.write(path, pcm, RATE, subtype="PCM_16", format="WAV")
    except (soundfile.LibsndfileError, OSError) as error:
        raise VoiceguideError(f"cannot write {path}: {error}") from None
