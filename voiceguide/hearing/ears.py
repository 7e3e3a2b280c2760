"""What hears: the protocol of whatever gives commands, and what it gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

from voiceguide.language.command import Command
from voiceguide.sound import Pcm


@dataclass(frozen=True, slots=True)
class Heard:
    """A command. Times are seconds on the session's clock."""

    command: Command
    phrase: str
    confidence: float
    """How probable it is that this was said, and said to the guide, 0 to 1."""
    at: float
    until: float
    """Start and end of the phrase."""
    decided: float
    """The end of the block at which it was decided."""
    noticed: float = math.inf
    """The end of the block at which it was first thought possible, where that was before: ``Ears.suspects`` became
    true then, for a command that calms."""

    def as_json(self) -> dict[str, object]:
        """The object of ``hear --json``."""
        return {
            "at": round(self.at, 2),
            "until": round(self.until, 2),
            **self.command.as_json(),
            "phrase": self.phrase,
            "confidence": round(self.confidence, 2),
            "decided": round(self.decided, 2),
        }


@dataclass(frozen=True, slots=True)
class Ignored:
    """A phrase that was recognised and not obeyed."""

    phrase: str
    why: Literal["own_voice", "low_confidence"]
    decided: float
    danger: bool = False
    """It may have been a danger sign, and the guide had better ask."""


@dataclass(frozen=True, slots=True)
class Crying:
    """A baby has been crying for several seconds."""

    decided: float
    confidence: float
    """How much it sounds like crying, 0 to 1."""


Decided = Heard | Ignored | Crying


@dataclass(frozen=True, slots=True)
class Fake:
    """What the guide's own voice would fake: a command, and from when to when in the sentence, in seconds."""

    phrase: str
    command: Command
    at: float
    until: float


class Ears(Protocol):
    """Whatever gives commands: a listener, a keyboard, a button beside either."""

    @property
    def voice(self) -> bool:
        """Whether somebody is speaking, or spoke a moment ago, and hasn't given a command since."""

    @property
    def suspects(self) -> bool:
        """Whether what was just said may be a command that calms: the guide stays silent until that is decided."""

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        """Take the next samples, which end at ``at`` seconds, and return what was decided because of them.

        ``pcm``: int16[n], 16 kHz. ``played``: int16[n], what the speaker was given meanwhile, as Block.played; None
        where there is no speaker."""

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        """The guide starts a sentence at ``start`` seconds; ``fakes`` are the commands that it would fake."""
