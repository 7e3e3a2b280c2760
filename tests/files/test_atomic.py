"""Files that are replaced as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voiceguide.files import atomic

OLD = (1_000_000, 1_000_000)


def test_a_file_is_replaced_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    path.chmod(0o644)
    atomic.write(path, b"new", durable=True)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    atomic.write(path, b"newer", mode=0o644)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-folder" / "full").touch()
    with pytest.raises(OSError):
        atomic.write(tmp_path / "a-folder", b"new")
    with pytest.raises(FileNotFoundError):
        atomic.write(tmp_path / "missing" / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a-folder"]


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from voiceguide.files import atomic
os.fchmod = lambda handle, mode: os.kill(os.getpid(), signal.SIGKILL)
atomic.write(Path(sys.argv[1]), b"new")
"""


def test_what_a_crash_left_is_removed_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    (left,) = set(tmp_path.iterdir()) - {path}
    os.utime(left, OLD)
    fresh = tmp_path / f"{atomic.SCRATCH}of-another-process"
    fresh.touch()
    atomic.write(path, b"new")
    assert set(tmp_path.iterdir()) == {path, fresh}
