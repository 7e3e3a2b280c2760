"""What goes into the guide and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from voiceguide.guide.plan import AS_WRITTEN
from voiceguide.language.language import Command

ENDED = ("finished", "left early")
"""All steps are over, or it was finished before."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A session that did not come to its end."""

    progress: Progress
    """As it was kept; its step is one of the routine's."""
    ago: str = "some_time"
    """When, one of commands.AGO."""
    count: int = 0
    """How many minutes or hours ago."""
    ask: bool = True
    """Whether to ask first, or go on at once."""


# Events


@dataclass(frozen=True, slots=True)
class Heard:
    """The parent said a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class Doubted:
    """The parent may have told of a sign of danger; it is not sure."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Line ``index`` of utterance ``utterance`` is out. Those of an utterance that was replaced are ignored."""

    utterance: int
    index: int


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A timer that was started has elapsed."""

    timer: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The microphone or the speaker is away."""

    speaker: bool
    """Whether it is the speaker (or both): nothing can be said."""


@dataclass(frozen=True, slots=True)
class Found:
    """Both are there again."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """Progress could not be kept: after a power cut the session could not go on where it was."""


Event = Heard | Doubted | Spoken | Elapsed | Lost | Found | NotKept


# Actions


@dataclass(frozen=True, slots=True)
class Say:
    """Say these lines instead of whatever is being said or waits to be."""

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
    """Be silent at once, and forget what was to be said."""


@dataclass(frozen=True, slots=True)
class Chime:
    """A soft sound: ``heard`` for a command that is obeyed, ``no`` for one that makes no sense now."""

    kind: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Give Elapsed(name) in so many seconds; replaces the timer of that name."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget a timer; harmless when there is none."""

    name: str


@dataclass(frozen=True, slots=True)
class SetVolume:
    """How loud to speak, from -LEVELS to LEVELS."""

    level: int


@dataclass(frozen=True, slots=True)
class SetPace:
    """How fast to speak, from -LEVELS to LEVELS. Applies from the next Say on."""

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
class Progress:
    """How far the session is: to be kept before anything else is said. Only what has changed is told."""

    step: str | None = None
    """Where to go on, by its id; None before the first step and after the last."""
    done: tuple[str, ...] = ()
    """Ids of the parts whose last step is over."""
    signs: tuple[str, ...] = ()
    """What the parent has told of the baby: ids of signs, ``danger`` for a sign of danger, and ``mixed``."""
    stress: int = 0
    """How often the baby had to be tended to."""
    left_out: tuple[str, ...] = ()
    """Ids of the parts that are not to be done."""
    stroke: int = AS_WRITTEN
    """How long the strokes are: as Plan has it."""
    ended: str | None = None
    """One of ENDED, when no step is to come."""
    resumed: bool = False
    """Whether it is the session that was interrupted which goes on, or a new one."""


@dataclass(frozen=True, slots=True)
class End:
    """The session is over."""


Sounding = Say | Hush | Chime | SetVolume | SetPace | SetMusic | SetMusicVolume
Action = Sounding | StartTimer | CancelTimer | NotNow | Progress | End

LEVELS = 3
"""Steps of volume and of pace, up and down."""
