"""What's shown may never hold up what's done, nor stay where nobody deletes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from conftest import need_espeak
from rig import GIVE_UP_S, environment_without_sound

from voiceguide.language.language import load_language

TYPED = "ready\npause\nhe's fussing\nfinish\nyes\n"
RUN = [sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard"]


@pytest.fixture(autouse=True)
def voice() -> None:
    need_espeak()


@contextmanager
def unread(kind: str) -> Iterator[int]:
    """A file descriptor for output that nobody reads."""
    with ExitStack() as stack:
        if kind == "full disk":
            writing = os.open("/dev/full", os.O_WRONLY)
        else:
            reading, writing = os.pipe()
            if kind == "reader who left":
                os.close(reading)
            else:
                stack.callback(os.close, reading)
                os.set_blocking(writing, False)
                with suppress(BlockingIOError):
                    while True:
                        os.write(writing, b"x" * 4096)
                os.set_blocking(writing, True)
        stack.callback(os.close, writing)
        yield writing


def environment(log: Path) -> dict[str, str]:
    return environment_without_sound() | {"VOICEGUIDE_LOG": str(log)}


@pytest.mark.parametrize("options", [[], ["--json"], ["--verbose"]], ids=" ".join)
@pytest.mark.parametrize("kind", ["held terminal", "reader who left", "full disk"])
def test_the_guide_goes_on_though_nobody_reads_what_it_prints(kind: str, options: list[str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    with unread(kind) as writing:
        result = subprocess.run(
            [*RUN, *options],
            env=environment(log),
            input=TYPED.encode(),
            stdout=writing,
            stderr=writing,
            timeout=GIVE_UP_S,
            check=False,
        )
    assert result.returncode == 0
    told = log.read_text("utf-8")
    assert [state for state in ("paused", "tending", "finished") if f'"state": "{state}"' in told] == [
        "paused",
        "tending",
        "finished",
    ]


def test_sigterm_ends_a_guide_whose_output_nobody_reads(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        unread("held terminal") as writing,
        subprocess.Popen(RUN, env=environment(log), stdin=subprocess.PIPE, stdout=writing, stderr=writing) as guide,
    ):
        try:
            deadline = time.monotonic() + GIVE_UP_S
            while not (log.exists() and '"kind": "said"' in log.read_text("utf-8")):
                assert guide.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            guide.send_signal(signal.SIGTERM)
            assert guide.wait(GIVE_UP_S) == 0
        finally:
            guide.kill()


def printed(*options: str, more: dict[str, str] | None = None, to_the_journal: bool) -> str:
    """What a typed session prints, where systemd keeps what is printed in its journal, or elsewhere."""
    reading, writing = os.pipe()
    found = os.fstat(writing)
    inode = found.st_ino if to_the_journal else found.st_ino + 1
    stream = {"JOURNAL_STREAM": f"{found.st_dev}:{inode}"}
    with subprocess.Popen(
        [*RUN, *options],
        env=environment_without_sound() | stream | (more or {}),
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=writing,
    ) as guide:
        os.close(writing)
        assert guide.stdin is not None
        guide.stdin.write(f"{TYPED}something odd\n".encode())
        guide.stdin.close()
        with os.fdopen(reading, encoding="utf-8") as file:
            told = file.read()
        assert guide.wait(GIVE_UP_S) == 0
    return told


@pytest.mark.parametrize("options", [[], ["--json"]], ids=" ".join)
def test_what_is_said_and_heard_is_not_kept_in_the_journal_of_the_system(options: list[str]) -> None:
    assert printed(*options, to_the_journal=True) == ""


def test_it_is_there_if_it_is_asked_for_and_where_it_is_no_journal() -> None:
    for told in (
        printed(to_the_journal=True, more={"VOICEGUIDE_LOG_WORDS": "1"}),
        printed(to_the_journal=False),
    ):
        assert "heard stress (fussing): he's fussing" in told
        assert load_language("en").say("goodbye")[-1] in told
