"""Paths as users write them, and the user's own folders."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Literal

import platformdirs

NOWHERE = Path("/nonexistent")
"""The home of a user who has none (a container's, without $HOME), as Debian writes it in /etc/passwd. What can't be
kept there is done without."""


def expanded(text: str) -> Path:
    """A path with ``~`` for a user's home. If there's no such user it stays as it is (pathlib would raise)."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


def home() -> Path:
    """The user's home, or NOWHERE."""
    found = expanded("~")
    return found if found.is_absolute() else NOWHERE


def user_folder(kind: Literal["cache", "config", "data", "state"]) -> Path:
    """Our folder among the user's, such as ``~/.cache/voiceguide``, or where $XDG_CACHE_HOME says."""
    find = getattr(platformdirs, f"user_{kind}_dir")
    try:
        found = expanded(find("voiceguide", appauthor=False))
    except RuntimeError:  # no home
        return NOWHERE / kind
    return found if found.is_absolute() else NOWHERE / kind  # as older versions of platformdirs return it


def user_name() -> str:
    """The user's name; the number of one who has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
