"""How far a benchmark has come, for a person who waits for it."""

from __future__ import annotations

import sys


def show(text: str) -> None:
    """In a line that the next one replaces. Nothing where nobody sees it."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}\r", end="", file=sys.stderr, flush=True)
