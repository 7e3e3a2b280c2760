"""The errors that a user can meet. Each has a text of one line: what is wrong, and what to do.

VoiceguideError          exit code 1
├── SourceError          errors in a YAML file, all of them at once
├── SpeechError          the voice cannot be made
├── InstallError         a model cannot be fetched or unpacked
├── SoundError           exit code 3: no sound device, or it was lost
└── ModelError           exit code 4: no recognition model, or a damaged one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class VoiceguideError(Exception):
    """Something a user can put right. ``exit_code`` is what the process ends with."""

    exit_code = 1


class SpeechError(VoiceguideError):
    """The voice cannot be made: espeak-ng is missing, or the worker fails again and again."""


class InstallError(VoiceguideError):
    """A model cannot be fetched or unpacked; those that are installed are as they were."""


class SoundError(VoiceguideError):
    """The sound device asked for isn't there, or was lost."""

    exit_code = 3


class ModelError(VoiceguideError):
    """There is no recognition model, or the folder is not one that Vosk can load."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class FileError:
    """One error in a file. ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int
    what: str
    """What is wrong."""
    instead: str
    """What to write instead."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.instead}"


class SourceError(VoiceguideError):
    """One or more errors in a YAML file; the text has one line for each."""

    def __init__(self, errors: Sequence[FileError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(map(str, self.errors)))
