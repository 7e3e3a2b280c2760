"""What is kept for measuring: these voices and recordings are never trained on."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

HELD_OUT_FESTIVAL = ("ked_diphone",)
HELD_OUT_FLITE = ("awb",)
HELD_OUT_ESPEAK = ("en-gb-x-rp+f5", "en-us+m7", "en-gb-scotland+f2")

FIFTH = 5
_DEVICE = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-")
"""Names that begin with the id of a device or a person, as donateacry's do."""
_LARGEST_HASH = 2**27 - 1
_OFFICIAL_VALIDATION, _OFFICIAL_TEST = 10, 10
"""Per cent of the speakers of Speech Commands. (Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech
Recognition", 2018; ``which_set`` in the corpus's README.)"""
_WATCHED = 50


def held_out(recording: Path | str) -> bool:
    """Whether a recording is in the fifth kept for measuring, by the SHA-256 of its file name. If the name begins
    with the id of a device, only that is hashed, so that a baby is on one side only."""
    name = Path(recording).name.lower()
    device = _DEVICE.match(name)
    return _sha256(device[1] if device else name) % FIFTH == 0


def is_for_measuring(corpus: str) -> bool:
    """Whether packs of this name are kept for tuning and measuring."""
    return corpus.endswith(("-tuning", "-validation", "-test"))


def is_official_training(speaker: str) -> bool:
    """Whether Speech Commands puts a speaker into its training set."""
    hashed = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    per_cent = hashed % (_LARGEST_HASH + 1) * 100 / _LARGEST_HASH
    return per_cent >= _OFFICIAL_VALIDATION + _OFFICIAL_TEST


def watched(key: str) -> bool:
    """Whether this is one of the fiftieth that training does not use, and judges its progress by."""
    return _sha256(key) % _WATCHED == 0


def _sha256(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)
