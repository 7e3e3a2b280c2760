"""A button next to the ears. What a press means depends on what the guide is doing."""

from __future__ import annotations

from collections.abc import Callable

from voiceguide.hearing.ears import Decided, Ears, Fake, Heard
from voiceguide.host.gpio import Panel
from voiceguide.language.command import Command
from voiceguide.sound import Pcm


class Button:
    """Ears with a button next to them: a short press pauses and resumes, a long one means "next"."""

    def __init__(self, ears: Ears, panel: Panel, state: Callable[[], str]) -> None:
        """``state``: the guide's present state."""
        self._ears = ears
        self._panel = panel
        self._state = state

    @property
    def voice(self) -> bool:
        return self._ears.voice

    @property
    def suspects(self) -> bool:
        return self._ears.suspects

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        heard = self._ears.hear(pcm, at, played=played)
        press = self._panel.press()
        if press is not None:
            short = {"guiding": "pause", "preparing": "ready"}.get(self._state(), "resume")
            command = Command("next" if press == "long" else short)
            heard.append(Heard(command, f"{press} press", 1.0, at, at, at))
        return heard

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        self._ears.own_voice(fakes, start)
