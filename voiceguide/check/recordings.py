"""The recordings that a routine names: can each of them be used?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from voiceguide.errors import FileError, VoiceguideError
from voiceguide.files.source import Document
from voiceguide.files.wording import printable
from voiceguide.routine.loading import schema
from voiceguide.routine.rules import RECORDINGS
from voiceguide.sessions.recorded_lines import line_of


def errors(document: Document, folder: Path) -> Iterator[FileError]:
    """The recordings that a routine in ``folder`` names but that can't be used."""
    inside = re.compile(schema()["$defs"]["recording"]["pattern"])
    found: dict[str, str | None] = {}
    for place in RECORDINGS:
        for where, name in document.each(*place):
            if isinstance(name, str) and inside.search(name):  # else it's the schema's error
                if name not in found:
                    found[name] = _error(folder / name)
                if what := found[name]:
                    instead = (
                        "name a recording of at most two minutes (WAV, FLAC, OGG, MP3), by its path from this file"
                    )
                    yield document.error(where, what, instead)


def _error(path: Path) -> str | None:
    """What is wrong with a recording."""
    try:
        line_of(path)
    except VoiceguideError as error:
        return printable(str(error))
    return None
