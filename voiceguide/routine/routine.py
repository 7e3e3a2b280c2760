"""A routine: what is said and done in a massage, from the welcome to the closing words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

_WORDS_PER_MINUTE = 140
_PAUSE = 0.4  # seconds after a sentence
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences, said together."""

    say: tuple[str, ...]
    source: tuple[str, ...]
    """Keys of ``Routine.sources``."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to prepare before the first step."""

    id: str
    say: tuple[str, ...]
    source: tuple[str, ...]
    again: tuple[str, ...] = ()
    """What is said instead to a parent who knows the routine; nothing where they can do without."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke."""

    id: str
    part: str
    """Id of the part that the step belongs to."""
    title: str
    say: tuple[str, ...]
    hold: float
    """Seconds that the stroke goes on after the words."""
    source: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Its own answers to questions on how to do it, by what they ask about: "side", "pressure", "times" …"""
    drawing: str | None = None
    """A name of ``drawing.strokes.STROKES``: what a screen shows."""

    @property
    def seconds(self) -> float:
        """About how long it takes, words and stroke."""
        return self.hold + sum(map(seconds_to_say, self.say))


@dataclass(frozen=True, slots=True)
class Part:
    """The steps for one part of the body."""

    id: str
    name: str
    """As spoken, as in "go to the legs"."""
    also: tuple[str, ...]
    """Other words for it."""
    steps: tuple[Step, ...]
    calm: bool = False
    """Whether it is a calm one, to end with where there isn't time for all."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What the guide answers when the parent names a sign of the baby."""

    id: str
    """One of COMFORT_SIGNS or STRESS_SIGNS."""
    kind: Literal["comfort", "stress"]
    name: str
    say: tuple[str, ...]
    reasons: Mapping[str, tuple[str, ...]]
    """Crying: what to say for each of REASONS. Other signs have none."""
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What the guide says as one: a sentence, or a whole step that is in one recording."""

    text: str
    where: str
    """The id of the step, or what it belongs to."""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Routine:
    """A routine, complete: every sign is covered, every id is unique, every source key is in ``sources``."""

    id: str
    title: str
    language: str
    about: str
    sources: Mapping[str, str]
    welcome: tuple[Passage, ...]
    preparation: tuple[Item, ...]
    parts: tuple[Part, ...]
    closing: tuple[Passage, ...]
    why: tuple[Passage, ...]
    signs: Mapping[str, Sign]
    mixed: Passage
    danger: Passage | None
    care: Mapping[str, Passage] = field(default_factory=dict)
    """What to say where something matters more than the massage: by one of CARE."""
    whom: Literal["baby", "parent"] = "baby"
    """Whose body it is for."""
    bedtime: bool = False
    """Whether it is spoken softer and slower from step to step."""
    pronounce: Mapping[str, str] = field(default_factory=dict)
    """Words of the parts' names that a recognition model may not know, each spelt as it sounds."""
    respell: Mapping[str, str] = field(default_factory=dict)
    """Words that the voice pronounces badly, in small letters, and how they are written for it."""
    recordings: Mapping[str, Path] = field(default_factory=dict)
    """Sound files in which somebody says a line, by the text of it. A file may be missing."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all parts, in order."""
        return tuple(step for part in self.parts for step in part.steps)

    def lines(self) -> Iterator[Line]:
        """Everything that's said, in the order in which it may be said. A line may come more than once."""
        for passage in self.welcome:
            yield from (Line(text, "welcome") for text in passage.say)
        for item in self.preparation:
            yield from (Line(text, item.id) for text in (*item.say, *item.again))
        for step in self.steps:
            yield from (Line(text, step.id, step.part) for text in (*step.say, *step.answers.values()))
        for passage in self.closing:
            yield from (Line(text, "closing") for text in passage.say)
        for sign in self.signs.values():
            yield from (Line(text, sign.name) for text in (*sign.say, *sum(sign.reasons.values(), ())))
        once = {"mixed": self.mixed, "danger": self.danger, **self.care}
        yield from (Line(text, name) for name, passage in once.items() if passage for text in passage.say)
        yield from (Line(text, "why") for passage in self.why for text in passage.say)

    @property
    def seconds(self) -> float:
        """About how long it takes from the first step to the last word, without the parent's own pauses."""
        closing = sum(seconds_to_say(line.text) for line in self.lines() if line.where == "closing")
        return closing + sum(step.seconds for step in self.steps)


def respelt(text: str, respell: Mapping[str, str]) -> str:
    """A line as it is written for the voice: whole words of ``respell`` as they stand there."""
    if not respell:
        return text
    words = re.compile(rf"\b({'|'.join(map(re.escape, respell))})\b", re.IGNORECASE)
    # A letter may match without regard to case, and yet be another one (the dotless i): that word is left as it is.
    return words.sub(lambda word: respell.get(word[0].lower(), word[0]), text)


def seconds_to_say(text: str) -> float:
    """About how many seconds it takes to say ``text`` at the usual rate, with a pause after each sentence."""
    words = len(text.split())
    sentences = max(len(_SENTENCE_END.findall(text)), 1) if words else 0
    return words * 60 / _WORDS_PER_MINUTE + sentences * _PAUSE
