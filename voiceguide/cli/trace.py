"""The log for finding faults in the field: on standard error, or in a file that the user names.

It has states, devices that are lost and found, what was replaced, and what took long. It has no words that were said
or heard unless the user asks for them.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from voiceguide.errors import VoiceguideError
from voiceguide.files.paths import expanded
from voiceguide.files.streams import PrintedLines

FORMAT = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"


class _StandardError(logging.Handler):
    """Writes to standard error without waiting for whoever reads it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = PrintedLines(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.put(self.format(record))

    def close(self) -> None:
        self._lines.close()
        super().close()


def start(verbose: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Log to standard error if the user is ``verbose``; and to the file that $VOICEGUIDE_LOG names, "-" for standard
    error. With $VOICEGUIDE_LOG_WORDS=1 the log also has what was said and heard.

    Raises VoiceguideError if the file can't be written."""
    where = environment.get("VOICEGUIDE_LOG", "")
    stop()
    logger = logging.getLogger("voiceguide")
    handlers: list[logging.Handler] = [_StandardError()] if verbose or where == "-" else []
    if where not in ("", "-"):
        path = expanded(where)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
            handlers.append(logging.FileHandler(path, encoding="utf-8"))
        except OSError as error:
            raise VoiceguideError(f"cannot write {path}: {error.strerror}; check $VOICEGUIDE_LOG") from None
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT, "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if handlers else logging.CRITICAL)
    words = logging.getLogger("voiceguide.words")
    words.setLevel(logging.DEBUG if words_wanted(environment) else logging.CRITICAL)


def stop() -> None:
    """End the log, once all of it is written."""
    logger = logging.getLogger("voiceguide")
    for handler in [*logger.handlers]:
        logger.removeHandler(handler)
        handler.close()


def words_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the user wants what was said and heard to be kept in logs."""
    return environment.get("VOICEGUIDE_LOG_WORDS", "") not in ("", "0")
