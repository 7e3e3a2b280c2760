"""The recordings that a routine names: can each of them be used?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from voiceguide.errors import FileError, VoiceguideError
from voiceguide.files.source import Document
from voiceguide.files.wording import printable
from voiceguide.routine.routine import schema
from voiceguide.routine.rules import RECORDINGS
from voiceguide.sessions.recorded_lines import line_of


def errors(document: Document, folder: Path) -> Iterator[FileError]:
    """The recordings that a routine in ``folder`` names, and that cannot be used."""
    inside = re.compile(schema()["$defs"]["recording"]["pattern"])
    faults: dict[str, str | None] = {}
    for place in RECORDINGS:
        for where, name in document.each(*place):
            if isinstance(name, str) and inside.search(name):  # else the schema tells of it
                if name not in faults:
                    faults[name] = _fault(folder / name)
                if fault := faults[name]:
                    instead = (
                        "name a recording of at most two minutes (WAV, FLAC, OGG, MP3), by its path from this file"
                    )
                    yield document.error(where, fault, instead)


def _fault(path: Path) -> str | None:
    """What is wrong with a recording."""
    try:
        line_of(path)
    except VoiceguideError as error:
        return printable(str(error))
    return None
