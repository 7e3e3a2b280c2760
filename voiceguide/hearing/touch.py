"""Ears with something to touch next to them: a page on a screen."""

from __future__ import annotations

from collections.abc import Callable

from voiceguide.hearing.ears import Around, Decided, Ears, Heard
from voiceguide.language.command import Command
from voiceguide.sound import Pcm


class Touch(Around):
    """Ears, and commands that are touched: those are certain, and decided at once."""

    def __init__(self, ears: Ears, touched: Callable[[], Command | None], phrase: Callable[[Command], str]) -> None:
        """``touched``: the next command that was touched, or None. ``phrase``: how it would be said."""
        super().__init__(ears)
        self._touched = touched
        self._phrase = phrase

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        heard = super().hear(pcm, at, played=played)
        while (command := self._touched()) is not None:
            heard.append(Heard(command, self._phrase(command), 1.0, at, at, at))
        return heard
