"""What is kept for evaluation: these voices and recordings are never trained on."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

HELD_OUT_FESTIVAL = ("ked_diphone",)
HELD_OUT_FLITE = ("awb",)
HELD_OUT_ESPEAK = ("en-gb-x-rp+f5", "en-us+m7", "en-gb-scotland+f2")

FIFTH = 5
_DEVICE = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-")
"""Names that begin with a device's or person's id and go on: donateacry's."""


def held_out(recording: Path | str) -> bool:
    """Whether a recording is of the fifth kept for evaluation, by the SHA-256 of its file name; where that begins
    with the id of a device, of the id alone, so that a baby is on one side only."""
    name = Path(recording).name.lower()
    device = _DEVICE.match(name)
    key = device[1] if device else name
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % FIFTH == 0
