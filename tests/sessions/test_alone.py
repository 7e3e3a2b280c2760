"""One session at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need_espeak
from rig import GIVE_UP_S, REPOSITORY, environment_without_sound

from voiceguide.sessions.alone import BusyError, alone


def test_a_second_one_is_refused_while_the_first_lasts() -> None:
    with alone(), pytest.raises(BusyError, match=f"process {os.getpid()}"), alone():
        pytest.fail("two at once")
    with alone():
        pass


def test_a_session_that_was_killed_leaves_nothing_locked() -> None:
    program = "from voiceguide.sessions.alone import alone\nwith alone():\n    print('in', flush=True)\n    input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(BusyError), alone():
            pass
        other.kill()
        other.wait()
        with alone():
            pass


def test_a_folder_that_cannot_be_written_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with alone(), alone():
        pass


def test_run_says_so_in_one_line() -> None:
    need_espeak()
    with alone():
        result = subprocess.run(
            [sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard"],
            env=environment_without_sound(),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GIVE_UP_S,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and "another session is running" in result.stderr
