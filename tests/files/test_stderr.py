"""Standard error, while C libraries print on it."""

from __future__ import annotations

import os
import sys

import pytest

from voiceguide.files.stderr import collected, quiet


def test_our_own_lines_are_shown_while_libraries_are_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet(), quiet():
        os.write(2, b"library\n")
        print("guide", file=sys.stderr)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "guide\nafter\n"


def test_what_libraries_print_is_collected_and_our_own_lines_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with collected() as lines:
        os.write(2, b"one\ntwo \xff\n")
        print("guide", file=sys.stderr)
    os.write(2, b"after\n")
    assert lines == ["one", "two \ufffd"]
    assert capfd.readouterr().err == "guide\nafter\n"


def test_lines_are_collected_even_where_libraries_are_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        with collected() as lines:
            os.write(2, b"collected\n")
        os.write(2, b"hidden again\n")
    assert lines == ["collected"]
    assert capfd.readouterr().err == ""


def test_a_closed_standard_error_is_left_alone() -> None:
    kept = os.dup(2)
    os.close(2)
    try:
        with quiet(), collected() as lines:
            print("guide is heard by nobody")
        assert lines == []
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(2)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
