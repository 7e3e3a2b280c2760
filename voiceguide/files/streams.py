"""Lines in and out, each stream in a thread of its own so that nobody has to wait for it."""

from __future__ import annotations

import io
import os
import queue
import select
import sys
import threading
import time
from contextlib import suppress
from typing import TextIO
from weakref import WeakSet

WAITING_LINES = 1000
"""Lines that may wait to be written. A session tells about one in two seconds."""
CLOSE_S = 0.5
"""Seconds in which the last lines must be written."""


def standard_input() -> TextIO:
    """Standard input; if it was closed before the program started, one that's at its end."""
    return sys.stdin if sys.stdin is not None else io.StringIO()


class TypedLines:
    """What has been typed so far, line by line. For one reader."""

    def __init__(self, stream: TextIO) -> None:
        """Bytes that aren't valid in the stream's encoding become question marks; they don't end the input."""
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.ended = False
        """The reader has reached the end of the input."""
        threading.Thread(target=self._read, args=(stream,), daemon=True, name="typed lines").start()

    @property
    def ready(self) -> bool:
        """Whether ``next`` returns at once: with a line, or because the input has ended."""
        return self.ended or not self._lines.empty()

    def next(self) -> str | None:
        """The next line, waiting for it if need be; None at the end of the input."""
        line = None if self.ended else self._lines.get()
        self.ended = line is None
        return line

    def _read(self, stream: TextIO) -> None:
        with suppress(OSError, ValueError):  # closed meanwhile: the same as its end
            if isinstance(stream, io.TextIOWrapper):
                with suppress(io.UnsupportedOperation):  # something has been read already
                    stream.reconfigure(errors="replace")
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)


class PrintedLines:
    """Lines to print while something goes on that must neither wait for the reader nor end with it.

    A terminal can be held (Ctrl-S), a pipe full or closed, a disk full. What can't be written is left out."""

    def __init__(self, stream: TextIO | None, gap: str = "") -> None:
        """``gap``: a line that stands for those that were left out, with ``{}`` for how many; none by default."""
        self._stream = stream
        self._descriptor = _duplicate(stream)
        self._gap = gap
        self._left_out = 0
        self._putting = threading.Lock()
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING_LINES)
        self._writing = threading.Thread(target=self._write_all, daemon=True, name="printed lines")
        self._writing.start()
        _open.add(self)

    def put(self, line: str) -> None:
        """Print a line, soon. It returns at once."""
        with self._putting:
            try:
                if self._left_out:
                    if self._gap:
                        self._lines.put_nowait(self._gap.format(self._left_out))
                    self._left_out = 0
                self._lines.put_nowait(line)
            except queue.Full:
                self._left_out += 1

    def close(self, seconds: float = CLOSE_S) -> None:
        """Wait until all is written, but no longer than so many ``seconds``. What's put later may be lost."""
        until = time.monotonic() + seconds
        _open.discard(self)
        with suppress(queue.Full):
            self._lines.put(None, timeout=seconds)
        self._writing.join(max(0.0, until - time.monotonic()))

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            with suppress(OSError, ValueError):  # nobody reads it, the disk is full, or the stream is closed
                self._write(f"{line}\n")
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        if self._descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        # Not through the stream: it would keep what it can't write, and fail with that when the program ends.
        data = text.encode(self._stream.encoding or "utf-8", self._stream.errors or "strict")
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # another program that shares the terminal has asked for this
                select.select([], [self._descriptor], [])


_open: WeakSet[PrintedLines] = WeakSet()


def close_printed_lines() -> None:
    """Close them all, before the process ends without waiting for its threads."""
    for lines in list(_open):
        lines.close()


def _duplicate(stream: TextIO | None) -> int | None:
    """A descriptor of our own: that of standard error is another one while C libraries are kept quiet. None for a
    stream that isn't a file."""
    try:
        return None if stream is None else os.dup(stream.fileno())
    except (OSError, ValueError):
        return None
