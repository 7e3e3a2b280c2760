"""What goes into the guide."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voiceguide.language.command import Command


class Timer(StrEnum):
    """What the guide waits for."""

    HOLD = "hold"
    """The end of a stroke."""
    SILENCE = "silence"
    """The end of its patience: nobody has said anything."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The parent said a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class Spoken:
    """Line `index` of utterance `utterance` has been said. Ignored if that utterance has been replaced."""

    utterance: int
    index: int


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A timer has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Cry:
    """A baby has been crying for several seconds, and nobody has said so."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The microphone or the speaker is gone."""

    speaker: bool
    """Whether it's the speaker (or both), so that nothing can be said."""


@dataclass(frozen=True, slots=True)
class Found:
    """Both are there again."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """Progress could not be saved: after a power cut the session could not go on where it was."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """The parent may have said a danger sign, but it isn't certain."""


@dataclass(frozen=True, slots=True)
class Missed:
    """The parent said something to the guide, and it wasn't understood."""


Event = Heard | Doubted | Missed | Spoken | Elapsed | Cry | Lost | Found | NotKept
