"""espeak-ng as an engine of pyttsx3, which makes samples instead of playing them.

pyttsx3's own espeak driver is of no use here: it plays with ``aplay`` in espeak's callback, can't be stopped on
Linux, and loses errors. This one lets espeak run synchronously and keeps the samples. It uses pyttsx3's private
binding of the library, ``pyttsx3.drivers._espeak``, which is why pyttsx3 is pinned to one version.
"""

from __future__ import annotations

import ctypes
from typing import Any

from voiceguide.speech.driver import Driver
from voiceguide.speech.pipe import UnknownVoiceError


class EspeakDriver(Driver):
    """A voice is an identifier or a language of espeak-ng's, perhaps with a variant. The rate is in words a minute.

    Only one in a process: espeak-ng keeps its state in global variables."""

    forks = True

    def __init__(self, proxy: Any) -> None:
        """Raises OSError without the library, RuntimeError without its data."""
        super().__init__(proxy)
        from pyttsx3.drivers import _espeak

        self._espeak = _espeak
        self._failure: BaseException | None = None
        # Bit 15 of the options: return an error instead of ending the process when the data are missing.
        # espeak-ng 1.51 then returns 0, not -1 as its documentation says.
        self.hertz = int(_espeak.Initialize(_espeak.AUDIO_OUTPUT_SYNCHRONOUS, 100, None, 0x8000))
        if self.hertz <= 0:
            raise RuntimeError("espeak-ng finds no data (package espeak-ng-data)")
        _espeak.SetSynthCallback(self._take)

    def _take(self, wave: Any, samples: int, _events: Any) -> int:
        # An exception mustn't leave a ctypes callback: it would be printed and forgotten.
        try:
            if wave and samples > 0:
                self.pcm += ctypes.string_at(wave, 2 * samples)
        except BaseException as error:
            self._failure = error
            return 1
        return 0

    def say(self, text: str) -> None:
        self.pcm = bytearray()
        self._failure = None
        code = self._espeak.Synth(text.encode("utf-8"), flags=self._espeak.CHARS_UTF8 | self._espeak.ENDPAUSE)
        if self._failure is not None:
            raise self._failure
        if code != self._espeak.EE_OK:
            raise RuntimeError(f"espeak_Synth gives {code}")
        # MBROLA's voices have a rate of their own, which is known once one has been chosen
        # (https://github.com/nateshmbhat/pyttsx3/issues/220).
        self.hertz = int(self._espeak.dll.espeak_ng_GetSampleRate())

    def set_rate(self, rate: int) -> None:
        self._espeak.SetParameter(self._espeak.RATE, rate, 0)

    def set_voice(self, voice: str) -> None:
        # A NUL would end the name in C.
        if not (voice.isprintable() and (self._accepts(voice) or self._accepts_language(voice))):
            raise UnknownVoiceError(voice)

    def _accepts(self, name: str) -> bool:
        code = self._espeak.SetVoiceByName(name.encode("utf-8"))
        current = self._espeak.GetCurrentVoice()
        known: bytes = (current and current.contents.identifier) or b""
        # espeak-ng reports no error for an unknown variant ("+f33", "+F3": it uses none), nor for a variant in
        # place of a voice ("f3": it's then silent, or crashes).
        bare = "+" in name and b"+" not in known
        return code == self._espeak.EE_OK and not bare and not known.startswith(b"!v")

    def _accepts_language(self, tag: str) -> bool:
        # "en-gb" isn't the name of a voice but the language of "gmw/en", stored after a byte for its priority.
        # MBROLA's voices are listed whether they're installed or not.
        language, plus, variant = tag.partition("+")
        for voice in self._espeak.ListVoices(None):
            found: bytes = (voice.languages or b"")[1:]
            if found == language.lower().encode() and not voice.identifier.startswith(b"mb/"):
                return self._accepts(voice.identifier.decode() + plus + variant)
        return False
