"""Recordings in files: read in whatever rate and format libsndfile knows, written as WAV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceguide.errors import VoiceguideError
from voiceguide.sound import BLOCK, RATE, Pcm

Samples = npt.NDArray[np.float32]


def blocks_of(path: Path) -> Iterator[Pcm]:
    """A recording as mono blocks of int16[BLOCK] at 16 kHz, read as it is asked for; the last one is filled up with
    silence.

    Raises VoiceguideError where the file is missing or is no recording."""
    import soundfile
    import soxr

    _need_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            resampler = soxr.ResampleStream(file.samplerate, RATE, 1, dtype="float32")
            rest = np.zeros(0, np.float32)
            while True:
                chunk = file.read(file.samplerate, dtype="float32", always_2d=True)
                last = len(chunk) < file.samplerate
                rest = np.concatenate([rest, resampler.resample_chunk(_mono(chunk), last=last)])
                if last:
                    rest = np.concatenate([rest, np.zeros(-len(rest) % BLOCK, np.float32)])
                whole = len(rest) // BLOCK * BLOCK
                samples = np.clip(np.rint(rest[:whole] * 32768), -32768, 32767).astype(np.int16)
                yield from samples.reshape(-1, BLOCK)
                rest = rest[whole:]
                if last:
                    return
    except (soundfile.LibsndfileError, ValueError, RuntimeError) as error:
        raise _unreadable(path, error) from None


def is_there(path: Path) -> bool:
    """Whether it is a file; not, where that is for others to know."""
    try:
        return path.is_file()
    except OSError:
        return False


def _need_file(path: Path) -> None:
    if not is_there(path):
        raise VoiceguideError(f"there is no recording {path}")


def _mono(sound: Samples) -> Samples:
    """float32[n, channels] as float32[n]; a file of floats may hold what is no number."""
    mono: Samples = np.nan_to_num(sound.mean(axis=1, dtype=np.float32), posinf=1.0, neginf=-1.0)
    return mono


def _unreadable(path: Path, error: Exception) -> VoiceguideError:
    reason = str(error).splitlines()[0].rstrip(".") if str(error) else "it cannot be read"
    return VoiceguideError(f"{path} is no recording that can be read (WAV, FLAC, OGG, MP3): {reason}")


def excerpts_of(path: Path, count: int, seconds: float) -> Iterator[Samples]:
    """``count`` excerpts of a recording, evenly spread over it, or all of it where that is no longer: float32[n]
    each, mono, 16 kHz, full scale 1.

    Raises VoiceguideError as ``blocks_of``."""
    import soundfile
    import soxr

    _need_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            size = round(seconds * file.samplerate)
            step = max(size, (file.frames - size) // count)
            for start in range(0, max(1, file.frames), step)[: count + 1]:
                file.seek(start)
                sound = _mono(file.read(size, dtype="float32", always_2d=True))
                yield soxr.resample(sound, file.samplerate, RATE, "MQ")
    except (soundfile.LibsndfileError, OSError, ValueError, RuntimeError) as error:
        raise _unreadable(path, error) from None


def rate_of(path: Path) -> int:
    """Samples a second of a recording; 0 where it is none."""
    import soundfile

    try:
        return int(soundfile.info(path).samplerate)
    except (soundfile.LibsndfileError, OSError):
        return 0


def read_recording(path: Path) -> Pcm:
    """A whole recording, int16[n], mono, 16 kHz. Raises VoiceguideError as ``blocks_of``."""
    blocks = list(blocks_of(path))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


def check_writable(path: Path) -> None:
    """Raises VoiceguideError where a file cannot be written there."""
    if path.is_dir():
        raise VoiceguideError(f"cannot write {path}: it is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise VoiceguideError(f"cannot write {path}: there is no folder {path.parent}")


def write_wav(path: Path, pcm: Pcm) -> None:
    """``pcm``: int16[n] or int16[n, channels] at 16 kHz. Raises VoiceguideError where it cannot be written."""
    import soundfile

    check_writable(path)
    try:
        soundfile.write(path, pcm, RATE, subtype="PCM_16", format="WAV")
    except (soundfile.LibsndfileError, OSError) as error:
        raise VoiceguideError(f"cannot write {path}: {error}") from None
