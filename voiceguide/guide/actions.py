"""What comes out of the guide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voiceguide.guide.events import Timer
from voiceguide.guide.progress import Progress
from voiceguide.language.command import Command


@dataclass(frozen=True, slots=True)
class Say:
    """Say these lines, in place of whatever is being said or is still to be said."""

    utterance: int
    lines: tuple[str, ...]
    delay: float = 0.0
    """Seconds of silence first."""
    gap: float = 0.35
    """Seconds of silence between the lines."""
    soft: bool = False
    """More softly than usual."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Fall silent at once, and forget what was still to be said."""


@dataclass(frozen=True, slots=True)
class Chime:
    """A soft sound: `heard` for a command that is obeyed, `no` for one that makes no sense now."""

    kind: Literal["heard", "no"]


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Give `Elapsed(name)` after so many seconds. Replaces a timer of that name."""

    name: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget a timer. Harmless when there is none."""

    name: Timer


@dataclass(frozen=True, slots=True)
class SetVolume:
    """How loud to speak, from -LEVELS to LEVELS."""

    level: int


@dataclass(frozen=True, slots=True)
class SetPace:
    """How fast to speak, from -LEVELS to LEVELS. Applies from the next `Say` on."""

    level: int


@dataclass(frozen=True, slots=True)
class SetMusic:
    """Play music under everything, or none."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetMusicVolume:
    """How loud the music is, from -LEVELS to LEVELS."""

    level: int


@dataclass(frozen=True, slots=True)
class NotNow:
    """A command made no sense now; nothing was changed."""

    command: Command


@dataclass(frozen=True, slots=True)
class End:
    """The session is over."""


Setting = SetVolume | SetPace | SetMusic | SetMusicVolume
Action = Say | Hush | Chime | Setting | StartTimer | CancelTimer | NotNow | Progress | End
