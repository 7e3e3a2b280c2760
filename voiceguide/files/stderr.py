"""Standard error for what we say ourselves, while a library in C would print its own notes there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO


class _StandardError:
    """What C writes there is hidden, what Python writes is shown, while ``users`` is above zero."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._shown: tuple[TextIO, TextIO] | None = None
        """What ``sys.stderr`` was, and what it is meanwhile."""

    def hide(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            try:
                kept = os.dup(2)
            except OSError:  # closed: nobody would see anything
                return
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
            self._shown = sys.stderr, os.fdopen(kept, "w", buffering=1, errors="backslashreplace")
            sys.stderr = self._shown[1]

    def show(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users or self._shown is None:
                return
            before, meanwhile = self._shown
            self._shown = None
            meanwhile.flush()
            os.dup2(meanwhile.fileno(), 2)
            if sys.stderr is meanwhile:
                sys.stderr = before
            meanwhile.close()


_standard_error = _StandardError()


@contextmanager
def quiet() -> Iterator[None]:
    """PortAudio, libsndfile and what they load print notes of their own on standard error. A user gets one line, from
    us. May be entered again, and from any thread."""
    _standard_error.hide()
    try:
        yield
    finally:
        _standard_error.show()
