"""What a session tells: one class for each kind of entry, as ``rehearse --json`` prints them.

An entry's kind is its class's name in lower case. Times are seconds from the start of the session.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from voiceguide.hearing import ears
from voiceguide.sound import Kind
from voiceguide.speech.chimes import ChimeKind

WORDS = frozenset({"text", "phrase", "command", "target", "targets", "sign", "reason", "danger"})
"""The keys that have what was said or heard."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at ``t`` seconds."""

    t: float

    def as_json(self) -> dict[str, object]:
        """The entry as an object of ``rehearse --json``."""
        return {"t": round(self.t, 3), "kind": type(self).__name__.lower(), **self._details()}

    def _details(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "t"}


@dataclass(frozen=True, slots=True)
class State(Entry):
    """The guide is in another state, or at another step."""

    state: str
    step: str | None
    """The step's id; None before the first step and after the last."""


@dataclass(frozen=True, slots=True)
class Said(Entry):
    """The guide starts a sentence."""

    text: str
    step: str | None = None
    error: str | None = None
    """Why it couldn't be spoken; None if it is."""

    def _details(self) -> dict[str, object]:
        details = {"text": self.text, "step": self.step, "error": self.error}
        return {key: value for key, value in details.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Unheard(Entry):
    """The guide would say this, but the speaker is lost: it's said when the speaker is back."""

    text: str


@dataclass(frozen=True, slots=True)
class Hushed(Entry):
    """The guide was cut off."""


@dataclass(frozen=True, slots=True)
class Chime(Entry):
    """A chime rings."""

    sound: ChimeKind


@dataclass(frozen=True, slots=True)
class Heard(Entry):
    """A command was heard; ``t`` is when it was decided."""

    heard: ears.Heard
    obeyed: bool
    """False if it made no sense at that moment; an Ignored follows."""

    def _details(self) -> dict[str, object]:
        return {key: value for key, value in self.heard.as_json().items() if key != "decided"}


@dataclass(frozen=True, slots=True)
class Ignored(Entry):
    """A phrase was heard but not obeyed."""

    phrase: str
    why: Literal["own_voice", "low_confidence", "not_now"]


@dataclass(frozen=True, slots=True)
class Crying(Entry):
    """A baby has been heard crying for several seconds."""

    confidence: float

    def _details(self) -> dict[str, object]:
        return {"confidence": round(self.confidence, 2)}


@dataclass(frozen=True, slots=True)
class Timer(Entry):
    """A timer of the guide's has elapsed."""

    name: str


@dataclass(frozen=True, slots=True)
class Lost(Entry):
    """The microphone or the speaker was lost."""

    device: Kind


@dataclass(frozen=True, slots=True)
class Found(Entry):
    """It is back."""

    device: Kind


@dataclass(frozen=True, slots=True)
class Parent(Entry):
    """In a rehearsal: the parent says something, or a recording is played."""

    text: str
    until: float

    def _details(self) -> dict[str, object]:
        return {"text": self.text, "until": round(self.until, 3)}


@dataclass(frozen=True, slots=True)
class End(Entry):
    """The session is over."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The score of a rehearsal: its last line."""

    commands_given: int
    commands_obeyed: int
    false_commands: int
    reaction_ms: dict[Literal["median", "p95"], float | None]
    """From the end of the parent's phrase to the guide's reaction; None if there was no reaction."""
    compute_rtf: float
    """Seconds of computing for one second of sound, on the hearing path."""
    duration_s: float
    wall_s: float

    def as_json(self) -> dict[str, object]:
        """The entry as an object of ``rehearse --json``."""
        return {"kind": "summary"} | {field.name: getattr(self, field.name) for field in fields(self)}
