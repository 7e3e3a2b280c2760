"""`run --page`: a whole session with its page, as a program."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="the page needs the extra `page`: no aiohttp")

from conftest import need_espeak
from rig import GIVE_UP_S, environment_without_sound

WATCH = """
import os, sys

log = open(os.environ["WATCHED"], "a", buffering=1)
RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")

def watch(event, arguments):
    if event in ("socket.bind", "socket.connect", "socket.sendto"):
        log.write(f"{event} {arguments[1]!r}\\n")
    if event == "socket.getaddrinfo":
        log.write(f"{event} {arguments[0]!r}\\n")

sys.addaudithook(watch)
"""


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_S)
    connection.request(method, path, body, {"Origin": f"http://127.0.0.1:{port}"} if body else {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_a_session_is_shown_and_touched_and_only_this_machine_is_listened_on(tmp_path: Path) -> None:
    need_espeak()
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH, "utf-8")
    environment = environment_without_sound() | {"WATCHED": str(tmp_path / "log")}
    environment["PYTHONPATH"] = ":".join([str(tmp_path / "hook"), *filter(None, [environment.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard", "--page"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        port = 0
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                port = int(found[1])
                break
        assert port
        status, page = ask(port, "GET", "/")
        assert status == 200 and "<h1>" in page
        assert ask(port, "POST", "/touch", b"crying")[0] == 204
        for line in process.stdout:
            if "heard stress (crying)" in line:
                break
        process.stdin.write("finish\nyes\n")
        process.stdin.close()
        rest = process.stdout.read()
        assert "(finished)" in rest and process.wait(GIVE_UP_S) == 0
    events = (tmp_path / "log").read_text("utf-8").splitlines()
    assert [one for one in events if one.startswith("socket.bind")] == [f"socket.bind ('127.0.0.1', {port})"]
    assert all("127.0.0.1" in one for one in events if one.startswith("socket.getaddrinfo")), events
    assert not [one for one in events if one.startswith(("socket.connect", "socket.sendto")) and "'/" not in one]


def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a Python program without a sound device, and with nothing typed, has come to."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment_without_sound(),
        input="",
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--page-host", "127.0.0.1"], "--page-host goes with --page"),
        (["--page", "--page-host", "kitchen"], "--page-host takes one address of this machine"),
        (["--page", "--page-host", "192.0.2.1"], "the page can't be served on 192.0.2.1"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line(options: list[str], line: str) -> None:
    need_espeak()
    result = ended("-m", "voiceguide", "run", "--keyboard", *options)
    assert result.returncode == 1 and result.stderr.startswith(f"voiceguide: {line}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("brought_by", "how"),
    [
        ("", ".venv/bin/pip install -e '.[page]'"),
        ("pipx_metadata.json", "pipx inject voiceguide aiohttp"),
        ("uv-receipt.toml", "uv tool install --with aiohttp WHEEL, "),
    ],
)
def test_without_the_package_the_user_is_told_how_to_get_it(brought_by: str, how: str, tmp_path: Path) -> None:
    (tmp_path / (brought_by or "pyvenv.cfg")).touch()
    code = "import sys; sys.modules['aiohttp'] = None; from voiceguide.cli import main; "
    code += f"sys.prefix = {str(tmp_path)!r}; sys.exit(main())"
    result = ended("-c", code, "run", "--keyboard", "--page")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert f"--page needs the package aiohttp: {how}" in result.stderr
