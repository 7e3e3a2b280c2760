"""Lines that are printed while something goes on that mustn't wait: whoever reads them may be slow, or gone."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from voiceguide.files.streams import WAITING_LINES, PrintedLines

GAP = "({} left out)"
Pipe = tuple[int, io.TextIOWrapper]


@pytest.fixture(params=["blocking", "non-blocking"])
def full_pipe(request: pytest.FixtureRequest) -> Iterator[Pipe]:
    """A pipe that takes nothing more, with what it holds: its reading end, and a stream into it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, request.param == "blocking")
    with os.fdopen(writing, "w", encoding="utf-8", errors="backslashreplace") as stream:
        yield reading, stream
    with suppress(OSError):
        os.close(reading)


def read_to_the_end(reading: int) -> list[str]:
    with os.fdopen(reading, encoding="utf-8") as file:
        return file.read().lstrip("x").splitlines()


def test_nobody_waits_for_a_reader_who_does_not_read(full_pipe: Pipe) -> None:
    reading, stream = full_pipe
    lines = PrintedLines(stream, GAP)
    for n in range(WAITING_LINES + 50):
        lines.put(f"line {n}")  # without the queue, the first one would wait for ever
    os.set_blocking(reading, False)
    shown = b""
    while b"line 500\n" not in shown:
        with suppress(BlockingIOError):
            shown += os.read(reading, 65536)
    os.set_blocking(reading, True)
    lines.put("the last")
    lines.close(60.0)
    stream.close()
    printed = [*shown.decode().lstrip("x").splitlines(), *read_to_the_end(reading)]
    numbers = [line for line in "\n".join(printed).splitlines() if line]
    kept = len(numbers) - 2
    assert kept in (WAITING_LINES, WAITING_LINES + 1), "one may be with the writer already"
    assert numbers[:10] == [f"line {n}" for n in range(10)]
    assert numbers[-2:] == [f"({WAITING_LINES + 50 - kept} left out)", "the last"]


def test_closing_does_not_wait_for_ever_either(full_pipe: Pipe) -> None:
    _, stream = full_pipe
    lines = PrintedLines(stream)
    lines.put("never read")
    lines.close(0.05)


def test_a_reader_who_has_left_and_a_full_disk_are_no_errors(full_pipe: Pipe) -> None:
    reading, stream = full_pipe
    os.close(reading)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        for lost in (stream, full, None):
            lines = PrintedLines(lost)
            lines.put("nobody reads this")
            lines.close(60.0)
        full.flush()  # nothing is left in it that would fail when the program ends


def test_a_stream_that_is_no_file_gets_the_lines() -> None:
    stream = io.StringIO()
    lines = PrintedLines(stream)
    lines.put("one")
    lines.put("two")
    lines.close(60.0)
    assert stream.getvalue() == "one\ntwo\n"


def test_the_lines_are_in_the_encoding_of_the_stream() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii", errors="backslashreplace") as stream:
        lines = PrintedLines(stream)
        lines.put("José")
        lines.close(60.0)
    assert read_to_the_end(reading) == ["Jos\\xe9"]
