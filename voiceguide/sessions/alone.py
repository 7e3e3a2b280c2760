"""One session at a time: two guides in a room would hear and obey each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from voiceguide.errors import VoiceguideError
from voiceguide.files import private
from voiceguide.files.paths import user_folder

NAME = "session.lock"


class BusyError(VoiceguideError):
    """Another process guides."""


@contextmanager
def alone() -> Iterator[None]:
    """While inside, no other process of this user is.

    Raises BusyError where one is. Where the folder can't be written, nobody is kept out."""
    folder = user_folder("state")
    try:
        private.make(folder)
        lock = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.read(lock, 20).decode("ascii", "replace").strip()
            raise BusyError(
                f"another session is running (process {who}), and the two would obey each other: end that one first"
            ) from None
        except OSError:  # a file system without locks
            pass
        with suppress(OSError):  # a full disk
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
