"""Standard error belongs to us: what C libraries print there is hidden, or collected."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock


class _Redirection:
    """C's writes to file descriptor 2 go to another file. Python's ``sys.stderr`` still shows what it's given."""

    def __init__(self, kept: int, target: int) -> None:
        """``kept``: a duplicate of file descriptor 2, closed by ``undo``."""
        os.dup2(target, 2)
        self._before = sys.stderr
        self._shown = os.fdopen(kept, "w", buffering=1, errors="backslashreplace")
        sys.stderr = self._shown

    def undo(self) -> None:
        self._shown.flush()
        os.dup2(self._shown.fileno(), 2)
        if sys.stderr is self._shown:
            sys.stderr = self._before
        self._shown.close()


_lock = RLock()
"""Held while a redirection starts or ends, and for as long as ``collected`` runs."""
_quiet_users = 0
_hidden: _Redirection | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what PortAudio, libsndfile and the libraries they load print, so that a user sees only our own line.

    Can be nested, and used from any thread."""
    global _quiet_users, _hidden  # noqa: PLW0603 - a process has one standard error
    with _lock:
        _quiet_users += 1
        if _quiet_users == 1 and (kept := _duplicate()) is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            _hidden = _Redirection(kept, nowhere)
            os.close(nowhere)
    try:
        yield
    finally:
        with _lock:
            _quiet_users -= 1
            if _quiet_users == 0 and _hidden is not None:
                _hidden.undo()
                _hidden = None


@contextmanager
def collected() -> Iterator[list[str]]:
    """A list that, after the ``with`` block, holds the lines that C code printed in it. Empty where standard error
    is closed. Other threads that want to redirect standard error wait until the block is done."""
    lines: list[str] = []
    with _lock:
        kept = _duplicate()
        if kept is None:
            yield lines
            return
        with os.fdopen(os.memfd_create("stderr"), "rb") as memory:
            redirection = _Redirection(kept, memory.fileno())
            try:
                yield lines
            finally:
                redirection.undo()
                memory.seek(0)
                lines += memory.read().decode(errors="replace").splitlines()


def _duplicate() -> int | None:
    """Another descriptor for standard error; None where that's closed, and nobody would see anything anyway."""
    try:
        return os.dup(2)
    except OSError:
        return None
