"""A button next to the ears. What a press means depends on what the guide is doing."""

from __future__ import annotations

from collections.abc import Callable

from voiceguide.hearing.ears import Around, Decided, Ears, Heard
from voiceguide.host.gpio import Panel
from voiceguide.language.command import Command
from voiceguide.sound import Pcm


class Button(Around):
    """Ears with a button next to them: a short press pauses and resumes, a long one means "next"."""

    def __init__(self, ears: Ears, panel: Panel, state: Callable[[], str]) -> None:
        """``state``: the guide's present state."""
        super().__init__(ears)
        self._panel = panel
        self._state = state

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        heard = super().hear(pcm, at, played=played)
        press = self._panel.press()
        if press is not None:
            short = {"guiding": "pause", "preparing": "ready"}.get(self._state(), "resume")
            command = Command("next" if press == "long" else short)
            heard.append(Heard(command, f"{press} press", 1.0, at, at, at))
        return heard
