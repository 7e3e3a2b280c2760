"""Commands typed on standard input: for a machine without a microphone, and for trying things out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from voiceguide.files.streams import TypedLines
from voiceguide.hearing.ears import Decided, Fake, Heard
from voiceguide.language.phrasebook import Phrasebook, unaccented
from voiceguide.sound import Pcm

PIPED_S = 0.5
"""Lines from a pipe all arrive at once. They're taken this far apart, so that the guide can answer each."""


class Keyboard:
    """Ears for typed lines."""

    def __init__(self, phrasebook: Phrasebook, lines: TextIO, say: Callable[[str], None], ask: str) -> None:
        """``say``: prints a line about what was typed and isn't a command. ``ask``: how to ask for help in this
        language."""
        self._book = phrasebook
        self._plain = phrasebook.without_accents()
        self._say = say
        self._ask = ask
        self._pace = 0.0 if lines.isatty() else PIPED_S
        self._next = self._pace
        self._lines = TypedLines(lines)

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        """The command that was typed since the last call, if any. The sound doesn't matter."""
        if at < self._next or not self._lines.ready:
            return []
        line = self._lines.next()
        self._next = at + self._pace
        if line is not None and line.strip():
            command = self._book.meaning(line) or self._plain.meaning(unaccented(line))
            if command is not None:
                return [Heard(command, line.strip(), 1.0, at, at, at)]
            self._say(f'"{line.strip()}" is no command; type {self._ask} to see what can be said now')
        return []

    @property
    def ended(self) -> bool:
        """Standard input has ended, and everything typed has been heard."""
        return self._lines.ended

    @property
    def voice(self) -> bool:
        """False: nobody is heard speaking."""
        return False

    @property
    def suspects(self) -> bool:
        """What is typed is certain."""
        return False

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        """A keyboard doesn't hear the guide's voice."""
