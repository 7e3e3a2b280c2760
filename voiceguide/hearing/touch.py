"""Ears with something to touch next to them: a page on a screen."""

from __future__ import annotations

from collections.abc import Callable

from voiceguide.hearing.ears import Decided, Ears, Fake, Heard
from voiceguide.language.command import Command
from voiceguide.sound import Pcm


class Touch:
    """Ears, and commands that are touched: those are certain, and decided at once."""

    def __init__(self, ears: Ears, touched: Callable[[], Command | None], phrase: Callable[[Command], str]) -> None:
        """``touched``: the next command that was touched, or None. ``phrase``: how it would be said."""
        self._ears = ears
        self._touched = touched
        self._phrase = phrase

    @property
    def voice(self) -> bool:
        return self._ears.voice

    @property
    def suspects(self) -> bool:
        return self._ears.suspects

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        heard = self._ears.hear(pcm, at, played=played)
        while (command := self._touched()) is not None:
            heard.append(Heard(command, self._phrase(command), 1.0, at, at, at))
        return heard

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        self._ears.own_voice(fakes, start)
