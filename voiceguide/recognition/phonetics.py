"""A process that asks espeak-ng how spellings are said; it makes no sound.

Standard input has a JSON text a line; the answer has a line for each, with a list of its phonetic writing (IPA, the
phones parted by "_") for each voice. Run by its path, so it imports nothing of voiceguide. The private binding of
pyttsx3 is used, as in speech/espeak.py.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Sequence

VOICES = ("gmw/en-US", "gmw/en")
"""American first: the lexicon is American, and British is a second way to say a word."""
_IPA = 0x02 | ord("_") << 8


def written(spellings: Sequence[str]) -> list[list[str]]:
    from pyttsx3.drivers import _espeak

    # Bit 15 gives an error back instead of ending the process where the data are missing.
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
    os._exit(0)  # espeak-ng may fail an assertion while Python takes it down


if __name__ == "__main__":
    main()
