"""Sessions that are cut off or ended from outside, and then resumed: the program as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import need_espeak
from rig import GIVE_UP_S, Program, environment_without_sound, python

from voiceguide.guide.progress import Progress
from voiceguide.sessions.journal import Journal

RUN = "import runpy; runpy.run_module('voiceguide', run_name='__main__', alter_sys=True)"
ASKED = "Say continue to go on, or start again."


@contextmanager
def session(*options: str) -> Iterator[Program]:
    need_espeak()
    with python(RUN, environment_without_sound(), "run", "first-weeks", "--keyboard", *options) as process:
        yield Program(process)


def voiceguide(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voiceguide", *arguments]
    return subprocess.run(
        command,
        env=environment_without_sound(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )


def history() -> list[dict[str, object]]:
    result = voiceguide("history", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def cut_off() -> None:
    """A session that was killed at its second step."""
    with session() as guide:
        guide.type("ready\nhe's fussing\ncontinue\nnext")
        guide.wait_for_next("(guiding legs-2)")
        guide.process.send_signal(signal.SIGKILL)
        guide.process.wait()


def test_after_a_kill_it_offers_to_go_on_and_does() -> None:
    cut_off()
    with session() as guide:
        guide.wait_for_next("We stopped at the legs, a moment ago.")
        guide.wait_for_next(ASKED)
        guide.type("continue")
        guide.wait_for_next("(guiding legs-2)")
        guide.type("finish\nyes")
        guide.wait_for_next("(finished)")
    (one,) = history()
    assert (one["routine"], one["ended"], one["signs"]) == ("first-weeks", "left early", ["fussing"])


def test_or_starts_again() -> None:
    cut_off()
    with session() as guide:
        guide.wait_for_next("We stopped")
        guide.type("start again")
        guide.wait_for_next("Hello, and welcome")
        guide.type("ready")
        guide.wait_for_next("(guiding legs-1)")
        new, old = history()
        assert (new["ended"], old["ended"]) == ("running", "cut off")


def test_with_an_option_it_does_not_ask() -> None:
    cut_off()
    with session("--resume") as guide:
        guide.wait_for_next("(guiding legs-2)")
        assert not any("We stopped" in line for line in guide.printed)
    with session("--no-resume") as guide:
        guide.wait_for_next("Hello, and welcome")
        assert not any("We stopped" in line for line in guide.printed)


def test_who_has_done_it_to_its_end_is_prepared_in_a_few_sentences_and_hears_what_fits() -> None:
    with Journal() as journal:
        journal.keep("first-weeks", Progress("legs-1"))
        journal.keep("first-weeks", Progress(ended="finished"))
    with session("--minutes", "3") as guide:
        guide.wait_for_next("Welcome back, both of you.")
        guide.type("ready")
        guide.wait_for_next("About 2 minutes, for the legs.")


def test_there_may_be_nothing_to_resume() -> None:
    need_espeak()
    result = voiceguide("run", "first-weeks", "--keyboard", "--resume")
    assert result.returncode == 0
    assert result.stderr == (
        "voiceguide: no unfinished session of first-weeks is kept; starting from the beginning\n"
    )


@pytest.mark.parametrize("waiting", ["(preparing)", "(guiding legs-1)", "guide   Lovely, here we go."])
def test_sigterm_ends_it_with_exit_code_0(waiting: str) -> None:
    with session() as guide:
        guide.type("ready")
        guide.wait_for_next(waiting)
        guide.process.terminate()
        assert guide.process.wait(GIVE_UP_S) == 0
        assert guide.process.stderr is not None
        assert guide.process.stderr.read() == "voiceguide: terminated\n"
    if "preparing" not in waiting:
        assert [one["ended"] for one in history()] == ["terminated"]
        with session() as guide:
            guide.wait_for_next("We stopped at the legs")


def test_the_end_of_what_is_typed_and_ctrl_c_are_meant() -> None:
    need_espeak()
    assert voiceguide("run", "first-weeks", "--keyboard", typed="ready\nnext\n").returncode == 0
    with session() as guide:
        guide.wait_for_next("Hello, and welcome")
        guide.type("ready")
        guide.wait_for_next("(guiding legs-1)")
        guide.process.send_signal(signal.SIGINT)
        assert guide.process.wait(GIVE_UP_S) == 130
    assert [one["ended"] for one in history()] == ["stopped", "stopped"]


# Without a journal


@pytest.mark.parametrize("state_home", ["/proc/nowhere", "/dev/null"])
def test_without_a_place_for_it_the_session_goes_on(state_home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state_home)
    need_espeak()
    result = voiceguide("run", "first-weeks", "--keyboard", typed="ready\nnext\nfinish\nyes\n")
    assert result.returncode == 0 and "(finished)" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("voiceguide: this session is not kept") and state_home in line


def test_that_it_is_not_kept_is_also_said_for_nobody_looks_at_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    with session() as guide:
        guide.type("ready")
        guide.wait_for_next("(guiding legs-1)")
        guide.type("next")
        guide.wait_for_next("(guiding legs-2)")
        guide.wait_for_next("By the way, I can't remember this session.")
        guide.wait_for_next("If the power fails")
        guide.type("next")
        guide.wait_for_next("(guiding legs-3)")
        guide.type("finish\nyes")
        guide.wait_for_next("(finished)")
        assert sum("can't remember" in line for line in guide.printed) == 1


def test_a_broken_one_is_set_aside_with_a_line_about_it() -> None:
    need_espeak()
    folder = Path(os.environ["XDG_STATE_HOME"], "voiceguide")
    folder.mkdir()
    (folder / "journal.db").write_bytes(b"torn" * 1000)
    result = voiceguide("run", "first-weeks", "--keyboard", typed="ready\n")
    assert result.returncode == 0
    (line,) = result.stderr.splitlines()
    assert re.search(r"^voiceguide: the journal was broken, and is kept as .*journal\.db\.broken-\d{8}-\d{6};", line)
    assert [one["ended"] for one in history()] == ["stopped"]


# History


def test_history_without_any() -> None:
    assert voiceguide("history").stdout == "no sessions are kept\n"
    assert history() == []
    assert not Path(os.environ["XDG_STATE_HOME"], "voiceguide").exists(), "to look is not to write"


def test_history_is_listed_and_deleted() -> None:
    cut_off()
    cut_off_line, *none = voiceguide("history").stdout.splitlines()
    assert none == []
    assert re.fullmatch(
        r"   1  \d{4}-\d\d-\d\d \d\d:\d\d  first-weeks      cut off     no part; signs: fussing", cut_off_line
    )
    (one,) = history()
    assert set(one) == {"id", "began", "changed", "routine", "parts_done", "signs", "ended"}
    kept = voiceguide("history", "--delete", "1", typed="no\n")
    assert (kept.returncode, kept.stderr) == (1, "voiceguide: nothing was deleted\n")
    wrong = voiceguide("history", "--delete", "7", "--yes")
    assert wrong.returncode == 1 and wrong.stderr.startswith("voiceguide: no session 7; see: voiceguide history")
    assert voiceguide("history", "--delete", "1", typed="yes\n").returncode == 0
    assert history() == []
    cut_off()
    assert voiceguide("history", "--delete", "all", "--yes").stdout == "all 1 sessions deleted\n"
    assert history() == []
