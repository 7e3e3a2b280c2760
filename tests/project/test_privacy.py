"""Nothing leaves, and nothing is written but what the documentation names: whole sessions, watched by the
interpreter's own audit events, and in a network without interfaces."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Speak, need_espeak
from rig import GIVE_UP_S, environment_without_sound, python, sound_rig

from voiceguide.sessions.recorded_lines import Own
from voiceguide.sound import RATE

WATCH = """
import os, socket, sys

log = open(os.environ["WATCHED"], "a", buffering=1)
FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")

def watch(event, arguments):
    if event == "socket.__new__" and arguments[1] != socket.AF_UNIX or event in RESOLVING:
        log.write(f"socket {event} {arguments!r}\\n")
        raise PermissionError("no network here")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & FLAGS:
        if not isinstance(arguments[0], int):
            log.write(f"wrote {os.path.abspath(os.fsdecode(arguments[0]))}\\n")
    if event == "sqlite3.connect":
        log.write(f"wrote {os.path.abspath(os.fsdecode(arguments[0]))}\\n")

sys.addaudithook(watch)
log.write("watching\\n")
"""
SCRIPT = """
routine: first-weeks
parent:
  - {at: 2.0, say: stop}
  - {when: {state: paused, silent_for: 1.0}, say: "he's crying"}
"""
RUN = "import runpy; runpy.run_module('voiceguide', run_name='__main__', alter_sys=True)"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which every Python program tells what it opens, and no socket is made but local ones."""
    need_espeak()
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH, "utf-8")
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    yield {
        "PYTHONPATH": str(tmp_path / "hook"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCHED": str(tmp_path / "log"),
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        **{
            f"XDG_{kind}_HOME": str(tmp_path / "home" / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")
        },
    }


def log_of(watched: dict[str, str]) -> tuple[list[str], set[Path]]:
    """The sockets that were wanted, and what was opened for writing, without devices and temporary files, which are
    gone (a model is put together in a folder of its own)."""
    lines = Path(watched["WATCHED"]).read_text("utf-8").splitlines()
    assert lines.count("watching") >= 2, "the program and its voice's process"
    written = {Path(line.removeprefix("wrote ")) for line in lines if line.startswith("wrote ")}
    sockets = [line for line in lines if line.startswith("socket ")]
    assert [*Path(watched["TMPDIR"]).iterdir()] == []
    gone = ("/dev", watched["TMPDIR"])
    return sockets, {path for path in written if not any(path.is_relative_to(folder) for folder in gone)}


def outside(written: set[Path], home: Path) -> set[Path]:
    """What is neither the journal nor a cache."""
    allowed = (home / "cache" / "voiceguide", home / "state" / "voiceguide")
    return {path for path in written if not any(path.is_relative_to(folder) for folder in allowed)}


def check_home(home: Path) -> None:
    """Everything that is left is for this user only."""
    found = [path for path in home.rglob("*") if "voiceguide" in path.parts]
    assert found
    for path in found:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


def test_the_watch_sees_what_it_is_to_see(watched: dict[str, str], tmp_path: Path) -> None:
    code = f"import socket; open({str(tmp_path / 'x')!r}, 'w'); socket.socket(socket.AF_UNIX); socket.socket()"
    environment = environment_without_sound() | watched
    for _ in range(2):
        result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert b"no network here" in result.stderr
    sockets, written = log_of(watched)
    assert len(sockets) == 2 and tmp_path / "x" in written


def test_a_rehearsal_opens_no_socket_and_writes_only_its_caches(watched: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(SCRIPT, "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", "rehearse", "--script", str(tmp_path / "script.yaml")],
        env=environment_without_sound() | watched,
        cwd=tmp_path / "home",
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
        umask=0,
    )
    assert (result.returncode, result.stderr) == (0, "")
    sockets, written = log_of(watched)
    assert sockets == []
    assert outside(written, tmp_path / "home") == set()
    assert not (tmp_path / "home" / "state").exists(), "a rehearsal is no session"
    check_home(tmp_path / "home")


def test_a_session_by_voice_opens_no_socket_but_that_of_the_sound_server(
    watched: dict[str, str], tmp_path: Path, speak: Speak
) -> None:
    sound = np.pad((speak("I'm ready") * 0.5).astype(np.int16), (RATE // 2, 2 * RATE))
    with sound_rig() as rig:
        environment = rig.environment | watched
        with python(RUN, environment, "run", "first-weeks") as process:
            assert process.stdout is not None and process.stderr is not None
            for line in process.stdout:
                if "guide  " in line:
                    break
            guiding = False
            for _ in range(3):
                with rig.playing(sound):
                    for line in process.stdout:
                        guiding |= "(guiding" in line
                        if guiding or "guide  " in line:
                            break
                if guiding:
                    break
            assert guiding
            process.terminate()
            assert process.wait(GIVE_UP_S) == 0
    sockets, written = log_of(watched)
    assert sockets == []
    assert outside(written, tmp_path / "home") == set()
    assert tmp_path / "home" / "state" / "voiceguide" / "journal.db" in written
    check_home(tmp_path / "home")


def may_unshare() -> bool:
    """Whether the kernel lets this user have a network of its own; root needs no user namespace for it."""
    command = [*UNSHARE, "true"]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


UNSHARE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
needs_unshare = pytest.mark.skipif(
    not may_unshare(), reason="this kernel gives no network namespace, or unshare is missing"
)


@needs_unshare
def test_a_whole_session_works_without_any_network_interface(tmp_path: Path) -> None:
    need_espeak()
    code = "import socket; print([name for _, name in socket.if_nameindex()]); "
    code += "socket.create_connection(('127.0.0.1', 9))"
    alone = subprocess.run([*UNSHARE, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert alone.stdout in ("['lo']\n", "[]\n") and "unreachable" in alone.stderr
    result = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard"],
        env=environment_without_sound(),
        cwd=tmp_path,
        input="ready\nnext\nhe's crying\ncontinue\nfinish\nyes\n",
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "(finished)" in result.stdout
    shown = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "voiceguide", "history", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    (one,) = map(json.loads, shown.stdout.splitlines())
    assert one["ended"] == "left early" and one["signs"] == ["crying"]


def test_recordings_are_for_this_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    before = os.umask(0)
    try:
        Own("first-weeks").keep("Hello.", (np.sin(np.arange(RATE) / 20) * 9000).astype(np.int16))
    finally:
        os.umask(before)
    check_home(tmp_path)
