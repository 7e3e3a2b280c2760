"""Paths as users write them."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(text: str) -> Path:
    """A path with ``~`` for a user's home. If there's no such user it stays as it is (pathlib would raise)."""
    return Path(os.path.expanduser(text))  # noqa: PTH111
