"""Folders of recordings."""

from __future__ import annotations

from pathlib import Path

KINDS = {".wav", ".flac", ".ogg", ".mp3"}


def below(folder: Path) -> list[Path]:
    """Every recording in a folder and the folders in it, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix in KINDS)
