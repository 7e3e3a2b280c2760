"""SVOX Pico as an engine of pyttsx3 (PyPI's py-nanotts, Apache-2.0): small, quick, six languages."""

from __future__ import annotations

from typing import Any

from voiceguide.speech.driver import Driver
from voiceguide.speech.pipe import UnknownVoiceError

HERTZ = 16_000


class PicoDriver(Driver):
    """A voice is a language and region, such as ``en-US``. The rate is in per cent of Pico's own."""

    def __init__(self, proxy: Any) -> None:
        """Raises ImportError without py-nanotts."""
        super().__init__(proxy)
        from py_nanotts import NanoTTS, Voice

        self._pico = NanoTTS()
        self._voices = {voice.value for voice in Voice}
        self._voice = ""
        self._speed = 1.0
        self.hertz = HERTZ

    def set_voice(self, voice: str) -> None:
        if voice not in self._voices:
            raise UnknownVoiceError(voice)
        self._voice = voice

    def set_rate(self, rate: int) -> None:
        self._speed = rate / 100

    def say(self, text: str) -> None:
        # Pico takes "<" for the start of a command, such as <pitch>.
        text = text.replace("<", " ").replace(">", " ")
        self.pcm = bytearray(self._pico.speak(text, voice=self._voice, speed=self._speed))
