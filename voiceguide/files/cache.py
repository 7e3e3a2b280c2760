"""A folder of files that can be made again, and that has a limit: the least recently used files go first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from voiceguide.files import atomic, private

_ON_DISK = 4096
"""A file takes up a multiple of this many bytes, on most file systems."""


class Cache:
    """Files by name. Several processes may share a folder.

    Nothing raises OSError: a cache that can't be used is simply empty."""

    def __init__(self, folder: Path, suffix: str, limit: int) -> None:
        """``folder``: made, for this user only, when something is written. ``suffix``: of our files; all others are
        left alone. ``limit``: bytes."""
        self._folder = folder
        self._suffix = suffix
        self._limit = limit
        self._bytes = self._prune()

    def read(self, name: str) -> bytes | None:
        """The file of that name; None where there's none."""
        path = self._folder / (name + self._suffix)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # when it was last used: access times are often not kept
        return content

    def write(self, name: str, content: bytes) -> None:
        """Keep a file, as a whole or not at all."""
        with contextlib.suppress(OSError):
            private.make(self._folder)
            atomic.write(self._folder / (name + self._suffix), content)
            self._bytes += _size(len(content))
        if self._bytes > self._limit:
            self._bytes = self._prune()

    def _prune(self) -> int:
        """Remove the least recently used files if there's too much; how many bytes are left."""
        files = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(self._suffix) and not entry.name.startswith(atomic.SCRATCH):
                    with contextlib.suppress(OSError):
                        state = entry.stat(follow_symlinks=False)
                        files.append((state.st_mtime, _size(state.st_size), entry.path))
        total = sum(size for _, size, _ in files)
        if total > self._limit:
            for _, size, path in sorted(files):
                if total <= 0.9 * self._limit:  # or every write from now on would have to prune
                    break
                with contextlib.suppress(OSError):
                    Path(path).unlink()
                    total -= size
        return total


def _size(content: int) -> int:
    return -(-content // _ON_DISK) * _ON_DISK
