"""Replaces a file as a whole: whoever reads it, and whatever crashes, the old content is there or the new."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from functools import cache
from pathlib import Path

SCRATCH = ".new-"
"""How the name of an unfinished file begins. It stays behind when the process is killed while it writes."""
STALE_S = 3600.0
"""An unfinished file older than this belongs to nobody: no write takes so long."""


def write(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = False) -> None:
    """Write ``content`` to ``path`` in one step, replacing what's there. The folder must exist.

    ``mode``: the file's permissions; the default is for this user only. ``durable``: whether it must survive a power
    cut, which costs an fsync. Unfinished files that a crash left in the folder are removed. Raises OSError, and
    leaves the folder as it was.
    """
    _sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=SCRATCH)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed into ``folder`` survive a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache  # once for each folder is enough: this process cleans up after itself
def _sweep(folder: Path) -> None:
    before = time.time() - STALE_S
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{SCRATCH}*"):
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < before:
                    path.unlink()
