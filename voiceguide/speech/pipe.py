"""What both ends of the pipe to the synthesis process agree on. The process imports little, so that it starts fast.

A request is one line of JSON, ``{"text": …, "voice": …, "rate": …}``. The answer is one line of JSON,
``{"rate": hertz, "bytes": n, "cpu": seconds}``, followed by ``n`` bytes of mono 16-bit little-endian PCM, or
``{"error": kind, "detail": …}``, whose kind is one of the constants below. Before an answer there may be signs of
life, each a line ``{"pid": …}`` that names the process at work now: it's running, pyttsx3 has loaded, the engine has
loaded, it has begun to render. The process ends when its input does.

``voice`` is what the engine calls it, and ``rate`` what it takes for a pace: see the drivers.
"""

from __future__ import annotations

import unicodedata

NO_ENGINE = "no_engine"
NO_PYTTSX3 = "no_pyttsx3"
UNKNOWN_VOICE = "unknown_voice"
FAILED = "failed"

HEADER_LIMIT = 65_536
"""Bytes: no first line of an answer is longer."""
SOUND_LIMIT = 1 << 28
"""Bytes: no sound is longer."""


class UnknownVoiceError(ValueError):
    """The engine has no such voice."""


def plain(text: str) -> str:
    """``text`` as it may be spoken: one line of composed characters, with nothing that espeak-ng takes as a command.

    Tags and ``[[…]]`` do nothing, as neither SSML nor phoneme input is switched on. But U+0001 starts a command in
    any text and U+0000 ends the text, so control, private and unassigned characters become spaces. Invisible format
    characters are removed, except the two joiners that some scripts need.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category == "Cf" and char not in "\u200c\u200d":
            continue
        kept.append(" " if category in ("Cc", "Cs", "Co", "Cn") else char)
    return " ".join("".join(kept).split())
