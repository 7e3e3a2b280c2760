"""What is for this user only: the caches, the journal, the recordings."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODE = 0o700
"""Also the XDG specification's for the folders of a user that are not there yet."""


def make(folder: Path) -> None:
    """Make a folder where it is missing, and those above it, all of them for this user only. (``Path.mkdir`` gives
    the mode to the last one alone.) One that others may read is closed to them. Raises OSError."""
    for path in reversed([folder, *folder.parents]):
        if not path.is_dir():
            try:
                path.mkdir(MODE, exist_ok=True)
            except FileExistsError:  # a file is in the way
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
    if folder.stat().st_mode & 0o777 & ~MODE:
        folder.chmod(MODE)


@contextmanager
def all_made() -> Iterator[None]:
    """Whatever is made inside, by libraries too, is for this user only. (The umask is that of the whole process.)"""
    mask = os.umask(0o777 & ~MODE)
    try:
        yield
    finally:
        os.umask(mask)
