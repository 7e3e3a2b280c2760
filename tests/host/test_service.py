"""An appliance: the unit, what it tells systemd, and a guide that waits for "hello guide"."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Speak, need_espeak
from live_guide import RUN, Guide
from rig import GIVE_UP_S, RATE, Pcm, Rig, python, sound_rig

from voiceguide.cli.door import main
from voiceguide.errors import VoiceguideError
from voiceguide.hearing.listener import Listener
from voiceguide.host import service
from voiceguide.host.gpio import Panel
from voiceguide.host.notify import FLOWS_BLOCKS, Notify, WatchedSound
from voiceguide.language.language import Language, load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.model import known
from voiceguide.sessions import idle
from voiceguide.sound import BLOCK, Block
from voiceguide.sound.room import Room


class Manager:
    """Systemd's end of a notify socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))

    def __enter__(self) -> Manager:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def told(self, seconds: float = 0.0) -> str | None:
        """The next message within so many seconds."""
        self._socket.settimeout(seconds or 0.001)
        try:
            return self._socket.recv(100).decode()
        except TimeoutError:
            return None


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A path has at most 107 bytes; tmp_path may have more."""
    name = f"@voiceguide-test-{tmp_path.name}-{time.monotonic_ns()}"
    with Manager(name if request.param == "abstract" else f"/tmp/{name[1:]}") as made:
        yield made
    Path(f"/tmp/{name[1:]}").unlink(missing_ok=True)


# ---- What systemd is told ----


class Devices:
    """A Sound whose devices can be lost. Its clock counts its blocks."""

    delay = 0.0

    def __init__(self) -> None:
        self.blocks = 0
        self.lost: frozenset[str] = frozenset()

    def troubles(self) -> list[str]:
        return []

    def open(self, fill: Callable[[int], Pcm]) -> None:
        self.blocks = 0

    def read(self) -> Block:
        self.blocks += 1
        silence = np.zeros(BLOCK, np.int16)
        return Block(silence, self.blocks * BLOCK / RATE, silence, self.lost)  # type: ignore[arg-type]

    def close(self) -> None: ...


def test_the_watchdog_is_fed_only_while_blocks_come_from_the_devices(manager: Manager) -> None:
    devices = Devices()
    notify = Notify({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "2000000"})
    sound = WatchedSound(devices, notify)
    sound.open(lambda n: np.zeros(n, np.int16))

    def reads(seconds: float) -> list[str]:
        for _ in range(round(seconds * RATE / BLOCK)):
            sound.read()
        return [*iter(manager.told, None)]

    devices.lost = frozenset({"microphone"})
    assert reads(5) == []
    devices.lost = frozenset()
    assert reads(FLOWS_BLOCKS * BLOCK / RATE) == ["READY=1", "WATCHDOG=1"]
    assert reads(3.2) == ["WATCHDOG=1"] * 3
    devices.lost = frozenset({"speaker"})
    assert reads(60) == []
    devices.lost = frozenset()
    assert reads(1.5)[0] == "WATCHDOG=1"
    sound.open(lambda n: np.zeros(n, np.int16))  # the next session, whose clock starts again
    assert reads(FLOWS_BLOCKS * BLOCK / RATE) == ["WATCHDOG=1"], "at once, as loading took a while"


def test_a_guide_that_is_not_a_service_tells_nobody(manager: Manager) -> None:
    assert Notify({}).every is None
    Notify({}).tell("READY=1")
    Notify({"NOTIFY_SOCKET": "/nowhere/at/all"}).tell("READY=1")
    other = Notify({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"})
    assert other.every is None, "the watchdog watches another process"


# ---- The unit ----


@pytest.mark.parametrize("system", [False, True, None])
@pytest.mark.parametrize("version", [252, 257])
def test_systemd_accepts_the_unit(system: bool | None, version: int, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    if version > service.systemd_version():
        pytest.skip(f"systemd {service.systemd_version()} does not know all of it")
    path = tmp_path / service.NAME
    # None: that of the Debian package.
    path.write_text(
        service.packaged(sys.executable) if system is None else service.Unit(system, "root").text(version)
    )
    command = ["systemd-analyze", "verify", *(["--user"] if system is False else []), "--man=no", str(path)]
    verified = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/root"}
    )
    ours = [line for line in verified.stderr.splitlines() if "voiceguide" in line]
    assert (verified.returncode, ours) == (0, []), verified.stderr


def test_systemd_would_find_an_error(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    path = tmp_path / service.NAME
    path.write_text(service.Unit(True, "root").text(252).replace("Type=notify", "Type=notfy"))
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    assert "notfy" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_the_unit_waits_backs_off_and_opens_no_connection() -> None:
    new, old = service.Unit(False, "mia").text(257), service.Unit(False, "mia").text(252)
    for text in (new, old):
        assert re.search(r'^ExecStart=".*python.*" -P -m voiceguide run --wait$', text, re.MULTILINE)
        assert "Type=notify" in text and f"WatchdogSec={service.WATCHDOG_S}" in text
        assert "MemoryMax=75%" in text
        assert "RestrictAddressFamilies=AF_UNIX AF_NETLINK" in text
        assert "User=" not in text
    assert "RestartMaxDelaySec" in new and "RestartMaxDelaySec" not in old
    assert "User=mia" in service.Unit(True, "mia").text(252)


def test_a_path_that_systemd_would_misread_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", '/home/a b/100%/$x"/python')
    assert 'ExecStart="/home/a b/100%%/$$x\\"/python" -P -m' in service.Unit(False, "mia").text(252)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it's asked, in this file, and says that all is well. (The real one would
    change this machine.)"""
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    asked = tmp_path / "asked"
    program.write_text(
        f'#!/bin/sh\necho "$*" >>{asked}\ncase "$*" in *is-enabled*) echo enabled;; *is-active*) echo active;;'
        ' *--version) echo "systemd 252 (252.1)";; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(service, "LINGER", tmp_path / "linger")
    monkeypatch.setattr(service, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(service, "PACKAGED", tmp_path / "packaged")
    return asked


def test_a_service_is_installed_checked_and_removed(
    systemd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = tmp_path / "config" / "systemd" / "user" / service.NAME
    assert main(["service"]) == 1
    assert "it is not installed\n  -> voiceguide service install" in capsys.readouterr().out

    assert main(["service", "install"]) == 0
    out = capsys.readouterr().out
    assert unit.stat().st_mode & 0o777 == 0o644
    assert "it starts now, and at each boot" in out
    assert "without a login it does not start at boot; sudo loginctl enable-linger " in out
    calls = [line for line in systemd.read_text().splitlines() if "--version" not in line and "is-" not in line]
    assert calls == [
        "--user daemon-reload",
        "--user enable voiceguide.service",
        "--user restart --no-block voiceguide.service",
    ]

    assert main(["service", "status"]) == 1
    assert "sudo loginctl enable-linger" in capsys.readouterr().out
    service.LINGER.mkdir()
    (service.LINGER / service.unit(False).user).touch()
    assert main(["service", "status"]) == 0

    unit.write_text(unit.read_text().replace("--wait", ""))
    assert main(["service", "status"]) == 1
    assert "is not as this version writes it" in capsys.readouterr().out

    assert main(["service", "uninstall"]) == 0
    assert not unit.exists()
    assert main(["service", "uninstall"]) == 0
    assert "there is no" in capsys.readouterr().out


def test_with_sudo_a_user_does_not_get_a_service_of_root(
    systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUDO_USER", "mia")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert main(["service", "install"]) == 1
    assert "leave out sudo, or add --system" in capsys.readouterr().err
    assert not service.unit(False).path.exists()
    assert main(["service", "install", "--system"]) == 0
    assert "User=mia" in (tmp_path / "system" / service.NAME).read_text()


@pytest.mark.parametrize("first", [[], ["--system"]], ids=" ".join)
def test_two_services_side_by_side_are_told(
    first: list[str], systemd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = [] if first else ["--system"]
    assert main(["service", "install", *first]) == 0
    assert "two guides" not in capsys.readouterr().out
    assert main(["service", "install", *second]) == 0
    out = capsys.readouterr().out
    assert "two guides would start; " in out
    for scope in (first, second):
        assert main(["service", "status", *scope]) == 1
        assert "two guides would start\n" in capsys.readouterr().out
    remedy = out.partition("two guides would start; ")[2].splitlines()[0].removeprefix("sudo ").split()
    assert main(remedy[1:]) == 0
    main(["service", "status", *second])
    assert ("two guides" in capsys.readouterr().out) is False


def test_the_unit_of_the_package_is_seen(systemd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit = tmp_path / "packaged" / service.NAME
    unit.parent.mkdir()
    unit.write_text(service.packaged("/usr/bin/python3"))
    assert main(["service", "status", "--system"]) == 0
    assert capsys.readouterr().out == f"{unit}: enabled, and running\n"
    assert main(["service", "uninstall", "--system"]) == 0
    assert "of the package; sudo systemctl disable --now voiceguide.service" in capsys.readouterr().out

    wanted = tmp_path / "system" / "multi-user.target.wants" / service.NAME
    wanted.parent.mkdir(parents=True)
    wanted.symlink_to(unit)
    assert main(["service", "install"]) == 0
    out = capsys.readouterr().out
    assert "two guides would start; sudo systemctl disable --now voiceguide.service" in out
    assert main(["service", "status", "--system"]) == 1
    assert "two guides would start\n  -> voiceguide service uninstall" in capsys.readouterr().out

    assert main(["service", "uninstall"]) == 0
    program = tmp_path / "bin" / "systemctl"
    program.write_text(program.read_text().replace("echo enabled", "echo disabled"))
    capsys.readouterr()
    assert main(["service", "status", "--system"]) == 1
    assert "systemd says: disabled\n  -> sudo systemctl enable --now voiceguide.service" in capsys.readouterr().out


def test_without_systemd_it_says_what_to_do(
    systemd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["service", "install"]) == 0
    out = capsys.readouterr().out
    assert "there is no systemctl" in out
    assert f"systemctl --user daemon-reload && systemctl --user enable {service.NAME}" in out


def test_a_unit_that_cannot_be_written_is_an_error(
    systemd: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").write_text("no folder")
    assert main(["service", "install"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("voiceguide: cannot write ") and error.count("\n") == 1


# ---- Waiting ----


@pytest.fixture(scope="module")
def english() -> Language:
    return load_language("en")


@pytest.fixture(scope="module")
def idle_book(vosk_model: object, book: Phrasebook, english: Language) -> Phrasebook:
    return known(vosk_model, idle.book_of(english, book))  # type: ignore[arg-type]


def test_every_phrase_that_wakes_is_known_to_the_model_and_means_nothing_else(
    idle_book: Phrasebook, book: Phrasebook, english: Language
) -> None:
    assert english.wakes[0] == "hello guide"
    for phrase in english.wakes:
        assert idle_book.meanings[phrase].name == "ready"
        assert phrase not in book.meanings, "a session doesn't know it"


class Waiting(Room):
    """A room that gives up when nobody wakes the guide."""

    def read(self) -> Block:
        if self.now > 60:
            raise VoiceguideError("nobody has")
        return super().read()


def waits(room: Room, vosk_model: object, idle_book: Phrasebook, english: Language) -> str:
    return idle.wait(room, Listener(vosk_model, idle_book), english, Panel(None, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("phrase", ["hello guide", "hey guide", "good morning guide", "wake up guide"])
def test_the_guide_is_woken(
    phrase: str, speak: Speak, vosk_model: object, idle_book: Phrasebook, english: Language
) -> None:
    room = Waiting()
    _, until = room.place(speak(phrase), at=2.0)
    assert waits(room, vosk_model, idle_book, english) == phrase
    assert room.now < until + 1.5
    played = np.concatenate(room.speaker)
    assert not played[: int((until - 0.3) * RATE)].any(), (
        "it waits in silence: the last sound may decide before its end"
    )
    assert np.abs(played).max() > 1000, "and answers with the chime"


def test_nothing_else_wakes_it(speak: Speak, vosk_model: object, idle_book: Phrasebook, english: Language) -> None:
    room = Waiting()
    for n, phrase in enumerate(
        [
            "I'm ready",
            "next",
            "hello",
            "hello baby",
            "the guide is on the shelf",
            "hello, is the guide here",
            "continue",
        ]
    ):
        room.place(speak(phrase), at=2.0 + 5 * n)
    with pytest.raises(VoiceguideError, match="nobody has"):
        waits(room, vosk_model, idle_book, english)


def test_a_language_without_such_a_phrase_says_so(english: Language, book: Phrasebook) -> None:
    from dataclasses import replace

    with pytest.raises(VoiceguideError, match="has no phrase yet that wakes the guide; run without --wait"):
        idle.book_of(replace(english, wake=()), book)


# ---- All of it, on a virtual sound card ----


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    need_espeak()
    with sound_rig() as rig:
        yield rig


def test_an_appliance_waits_guides_and_tells_systemd(rig: Rig, speak: Speak, tmp_path: Path) -> None:
    with Manager(f"{rig.folder}/notify") as manager:
        watched = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "600000"}
        with python(RUN, {**rig.environment, **watched}, "run", "first-weeks", "--wait") as process:
            guide = Guide(process, rig, speak)
            guide.wait_for('Say "hello guide" to begin.')
            assert manager.told(GIVE_UP_S) == "READY=1"
            assert manager.told(GIVE_UP_S) == "WATCHDOG=1"
            assert manager.told(GIVE_UP_S) == "WATCHDOG=1"
            heard = guide.is_told("hello guide", "(hello guide)")
            guide.wait_for("(preparing)", heard)
            guide.wait_for("guide   ", heard)
            while manager.told():
                pass
            assert manager.told(GIVE_UP_S) == "WATCHDOG=1", "a session feeds it, too"

            rig.freeze()  # the loop goes on, and so does its clock
            time.sleep(2.0)
            while manager.told():
                pass
            starved = manager.told(2.0)
            rig.thaw()
            assert starved is None
            assert manager.told(GIVE_UP_S) == "WATCHDOG=1"

            process.send_signal(signal.SIGTERM)
            told = [manager.told(GIVE_UP_S)]
            while told[-1] == "WATCHDOG=1":
                told.append(manager.told(GIVE_UP_S))
            assert told[-1] == "STOPPING=1"
            assert process.wait(GIVE_UP_S) == 0
