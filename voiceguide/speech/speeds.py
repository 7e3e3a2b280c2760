"""How fast each neural voice is on this machine: measured while it works, and kept.

A voice that needs more than three seconds of CPU for a second of speech would take an hour to make a routine, so
another one speaks. Four times slower than a PC is still fast enough.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from pathlib import Path

from voiceguide.files import atomic, private
from voiceguide.files.paths import user_folder
from voiceguide.speech.catalogue import Known

TOO_SLOW = 3.0
"""CPU seconds for a second of speech."""
_LIMIT = 65_536


def measured(voice: Known) -> float | None:
    """CPU seconds that the voice takes for a second of speech; None while that isn't known."""
    found = _read().get(_key(voice))
    return float(found) if isinstance(found, int | float) and found > 0 else None


def keep(voice: Known, cost: float) -> None:
    """Keep what was measured. Where that's impossible it's measured again."""
    with contextlib.suppress(OSError):
        private.make(_path().parent)
        atomic.write(_path(), json.dumps(_read() | {_key(voice): round(cost, 3)}).encode())


def _read() -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        with _path().open("rb") as file:
            found = json.loads(file.read(_LIMIT))
        if isinstance(found, dict):
            return found
    return {}


def _key(voice: Known) -> str:
    """With the machine: a card with this home on it may be put into another one."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        model = next(
            (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))), ""
        )
    return f"{voice.name}, {platform.machine()}, {model}, {os.cpu_count()}"


def _path() -> Path:
    return user_folder("cache") / "speeds.json"
