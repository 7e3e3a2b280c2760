"""SIGTERM: ends a session politely, and soon, whatever hangs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from voiceguide.files.streams import PrintedLines, close_printed_lines

GRACE_S = 0.7
"""Seconds after SIGTERM. Whatever still hangs then, as a sound server may, is left behind."""


class Terminated(BaseException):
    """SIGTERM has come. Like KeyboardInterrupt it's no error, and nothing on the way may catch it."""


@contextmanager
def termination() -> Iterator[list[Callable[[], None]]]:
    """In this block SIGTERM calls the functions in the list, then raises Terminated, once. It ends the process after
    GRACE_S in any case."""
    last_wishes: list[Callable[[], None]] = []

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leave = threading.Timer(GRACE_S, leave_now)
        leave.daemon = True
        leave.start()
        for wish in last_wishes:
            wish()
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield last_wishes  # Python has signals in the main thread only
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield last_wishes
    finally:
        signal.signal(signal.SIGTERM, before)


def leave_now() -> None:
    """End the process with exit code 0, without waiting for threads: one may be rendering a sentence, or listening to
    it, for seconds."""
    PrintedLines(sys.stderr).put("voiceguide: terminated")
    close_printed_lines()
    os._exit(0)
