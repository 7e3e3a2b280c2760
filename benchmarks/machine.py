"""What figures are to be read with: the machine, and what else it was doing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def facts() -> str:
    """One line."""
    cpu = next((line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    packages = ", ".join(f"{name} {version(name)}" for name in ("vosk", "sounddevice", "numpy"))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    processor = f"{os.cpu_count()} cores {cpu or platform.machine()}"
    return f"{processor}, Python {platform.python_version()}, {packages}, load {load}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
