"""Lines in somebody's own voice: from files that a routine names, or recorded with ``voiceguide record``.

The latter are found by the text of the line, so a recording of a sentence that has since been changed isn't used.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from voiceguide.errors import VoiceguideError
from voiceguide.files import atomic, private
from voiceguide.files.paths import user_folder
from voiceguide.routine.routine import Routine
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.files import blocks_of, is_there
from voiceguide.speech.voice import levelled

LONGEST_S = 120
"""A sentence of 30 words takes 15 seconds, and the longest step less than a minute."""
SILENT = 33
"""A recording that's never louder than this, 60 dB below full scale, is silent."""
_NAME = re.compile(r"[0-9a-f]{32}\.flac")


def line_of(path: Path) -> Pcm:
    """A recording as a line to be said: int16[n], 16 kHz, trimmed and levelled like rendered speech.

    Raises VoiceguideError if it's missing, not a recording, silent, or longer than two minutes."""
    blocks, size = [], 0
    for block in blocks_of(path):
        blocks.append(block)
        size += len(block)
        if size > LONGEST_S * RATE:
            raise VoiceguideError(f"{path} is longer than {LONGEST_S} seconds")
    sound = np.concatenate([np.zeros(0, np.int16), *blocks])
    if np.abs(sound.astype(np.int32)).max(initial=0) <= SILENT:
        raise VoiceguideError(f"{path} is silent")
    pcm = levelled(sound.astype("<i2").tobytes(), RATE)
    pcm.setflags(write=False)
    return pcm


class Own:
    """The user's recordings of a routine's lines."""

    def __init__(self, routine: str) -> None:
        self.folder = user_folder("data") / "recordings" / routine

    def path(self, text: str) -> Path:
        """Where the recording of a line is, or would be."""
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.flac"

    def all(self) -> list[Path]:
        """Every recording, including those of lines that the routine no longer has."""
        with contextlib.suppress(OSError):
            return sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        return []

    def keep(self, text: str, pcm: Pcm) -> None:
        """Keep ``pcm``, int16[n] at 16 kHz, for a line, in place of an older recording. For this user only.

        Raises VoiceguideError if it can't be written."""
        import soundfile

        path = self.path(text)
        try:
            private.make(self.folder)
            flac = io.BytesIO()
            soundfile.write(flac, pcm, RATE, format="FLAC", subtype="PCM_16")
            atomic.write(path, flac.getvalue())
        except (OSError, soundfile.LibsndfileError) as error:
            raise VoiceguideError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None

    def delete(self) -> None:
        """Delete them all."""
        for path in self.all():
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


class Recorded:
    """The recorded lines of a routine. Those that its file names come before the user's own."""

    def __init__(self, routine: Routine, say: Callable[[str], None] = lambda line: None) -> None:
        """``say`` gets one line about each recording that can't be used; the voice speaks its line instead."""
        self._named = routine.recordings
        self._own = Own(routine.id)
        self._say = say
        self._told: set[Path] = set()
        for path in self._named.values():
            if not is_there(path):
                self._tell(path, f"there is no recording {path}")

    def paths(self, text: str) -> list[Path]:
        """The existing recordings of a line, the one to use first."""
        return [path for path in (self._named.get(text), self._own.path(text)) if path is not None and is_there(path)]

    def pcm(self, text: str) -> Pcm | None:
        """A line as ``line_of`` returns it; None if there's no usable recording."""
        for path in self.paths(text):
            try:
                return line_of(path)
            except VoiceguideError as error:
                self._tell(path, str(error))
        return None

    def _tell(self, path: Path, what: str) -> None:
        if path not in self._told:
            self._told.add(path)
            self._say(f"{what}; the voice says it")
