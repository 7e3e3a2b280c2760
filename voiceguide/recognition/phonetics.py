"""A process that asks espeak-ng how words are pronounced; it makes no sound.

Each line of standard input is a JSON string. The answer to it is a line with a list: its pronunciation by each of the
VOICES in IPA, with "_" between the phones. It's run by its path, so it imports nothing from voiceguide. It uses a
private module of pyttsx3, as speech/espeak.py does.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Sequence

VOICES = ("gmw/en-US", "gmw/en")
"""American first, as the lexicon is; British is a second way to say a word."""
_IPA = 0x02 | ord("_") << 8


def written(spellings: Sequence[str]) -> list[list[str]]:
    from pyttsx3.drivers import _espeak

    # Bit 15: if its data are missing, return an error instead of ending the process.
    if _espeak.Initialize(_espeak.AUDIO_OUTPUT_SYNCHRONOUS, 100, None, 0x8000) <= 0:
        raise SystemExit(1)
    to_phonemes = _espeak.dll.espeak_TextToPhonemes
    to_phonemes.restype = ctypes.c_char_p
    to_phonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    answers: list[list[str]] = [[] for _ in spellings]
    for voice in VOICES:
        if _espeak.SetVoiceByName(voice.encode()) != _espeak.EE_OK:
            raise SystemExit(1)
        for spelling, answer in zip(spellings, answers, strict=True):
            rest = ctypes.c_char_p(spelling.encode())
            said = b""
            while rest.value:  # a clause at a time
                said += to_phonemes(ctypes.byref(rest), _espeak.CHARS_UTF8, _IPA) or b""
            answer.append(said.decode("utf-8", "replace"))
    return answers


def main() -> None:
    answers = written([json.loads(line) for line in sys.stdin])
    print("\n".join(map(json.dumps, answers)), flush=True)
    os._exit(0)  # espeak-ng may fail an assertion while Python shuts down


if __name__ == "__main__":
    main()
