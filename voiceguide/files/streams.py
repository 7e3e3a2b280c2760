"""Lines from standard input, read in a thread so that nobody has to wait for them."""

from __future__ import annotations

import io
import queue
import sys
import threading
from contextlib import suppress
from typing import TextIO


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
