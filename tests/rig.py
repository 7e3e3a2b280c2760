"""A sound card for tests: a private PulseAudio or PipeWire, with a speaker and a microphone that aren't there.

What a program plays on the default device goes to the sink ``spk``; what's played into the sink ``room`` is what the
default microphone hears. Nothing about this process or the machine is changed: the daemon lives in a folder of its
own, and its address is in ``Rig.environment``, for the programs that a test starts. PortAudio reads it when it's
initialised, so live sound is tested in a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

RATE = 16_000
GIVE_UP_S = 600.0
"""Seconds after which a test gives up waiting. It only ends a test that would hang, so it's far longer than anything
takes on a machine that is ten times as busy."""
Pcm = npt.NDArray[np.int16]
REPOSITORY = Path(__file__).parents[1]
PROGRAMS = ("pactl", "paplay", "parec")
SERVERS = ("pulseaudio", "pipewire")
MONO_16K = "rate=16000 channels=1"
FORMAT = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1")

# On its own, on a machine without a sound card, this has no device at all. Without it PortAudio would abort.
ALSA_DEFAULTS = Path("/usr/share/alsa/alsa.conf")
ALSA = f"""
<{ALSA_DEFAULTS}>
pcm.!default {{ type pulse hint {{ show on description "default (pulse)" }} }}
ctl.!default {{ type pulse }}
"""
# With all sinks at 16 kHz what is recorded is what was played, to 77 dB. The two loopbacks into `trash` keep the null
# sinks awake: otherwise they wake every 2 s, and a new stream waits that long for its first block.
STAY = "source_dont_move=true sink_dont_move=true"
MICROPHONE = ("module-remap-source source_name=mic master=room.monitor channels={microphone}",)
SPEAKER = (
    "module-null-sink sink_name=spk {speaker}",
    f"module-loopback source=spk.monitor sink=trash latency_msec=20 {STAY}",
)
PULSE = (
    "module-native-protocol-unix socket={folder}/native auth-anonymous=1 auth-cookie-enabled=0",
    "module-null-sink sink_name=trash rate=16000 channels=1",
    *SPEAKER,
    "module-null-sink sink_name=room {room}",
    f"module-loopback source=room.monitor sink=trash latency_msec=20 {STAY}",
    *MICROPHONE,
)
DEFAULTS = ("set-default-sink spk", "set-default-source mic")
DAEMON = (
    *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit"),
    *("--realtime=no", "--high-priority=no", "--disable-shm=yes", "--log-target=stderr", "--log-level=warn", "-F"),
)
# What the packages pipewire, wireplumber and pipewire-pulse start on a desktop; WirePlumber needs a session bus.
PIPEWIRE = (
    ("dbus-daemon", "--session", "--address=unix:path={folder}/bus", "--nofork", "--nopidfile"),
    ("pipewire",),
    ("wireplumber",),
    ("pipewire-pulse",),
)


@contextmanager
def sound_rig(
    speaker: str = MONO_16K, room: str = MONO_16K, microphone: int = 1, server: str = "pulseaudio"
) -> Iterator[Rig]:
    """A ``server`` that's ready. However the ``with`` block is left, it's gone then, with all that it wrote.
    ``speaker`` and ``room`` are PulseAudio's arguments, ``microphone`` is how many channels that has.

    Skips the test where the server isn't installed."""
    daemons = ("pulseaudio",) if server == "pulseaudio" else tuple(command[0] for command in PIPEWIRE)
    missing = [program for program in (*PROGRAMS, *daemons) if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {server} for a virtual sound card: no {', '.join(missing)}")
    if not any(Path("/usr/lib").glob("**/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("needs ALSA's plugin for PulseAudio: the Debian package libasound2-plugins")
    # A short path: that of a unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="rig"))
    kind = Rig if server == "pulseaudio" else PipeWireRig
    rig = kind(folder, {"speaker": speaker, "room": room, "microphone": str(microphone), "folder": str(folder)})
    try:
        rig.start()
        yield rig
    finally:
        rig.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Rig:
    """A PulseAudio daemon in a folder of its own. (A PipeWireRig is the same with other daemons.)"""

    def __init__(self, folder: Path, devices: Mapping[str, str]) -> None:
        self.folder = folder
        self._devices = devices
        runtime = folder / "runtime"
        for private in (runtime, runtime / "pulse", folder / "state"):
            private.mkdir(mode=0o700)
        modules = [f"load-module {module.format(**devices)}\n" for module in PULSE]
        (folder / "rig.pa").write_text("".join(modules) + "".join(f"{line}\n" for line in DEFAULTS))
        (folder / "alsa.conf").write_text(ALSA)
        # With a display or a session bus, PulseAudio's programs would look for the user's own daemon there.
        kept = {
            name: value
            for name, value in environment_without_sound().items()
            if name not in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        }
        self.environment = kept | {
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_RUNTIME_PATH": str(runtime / "pulse"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
        }
        """The whole environment of a program that uses this rig."""
        self.daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the server, also after ``kill``. Returns when it answers."""
        (self.folder / "native").unlink(missing_ok=True)
        self._launch([*DAEMON, str(self.folder / "rig.pa")])
        self._wait_for("mic")

    def _launch(self, command: Sequence[str]) -> None:
        with (self.folder / "log").open("ab") as log:
            self.daemons.append(
                subprocess.Popen(
                    command,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_die_with_us,  # noqa: PLW1509 - the tests have no other thread
                )
            )

    def _wait_for(self, source: str) -> None:
        """Until the default source's name has this in it."""
        deadline = time.monotonic() + GIVE_UP_S
        while time.monotonic() < deadline:
            asked = ["pactl", "get-default-source"]
            answer = subprocess.run(asked, env=self.environment, capture_output=True, text=True, check=False)
            if answer.returncode == 0 and source in answer.stdout:
                return
            if any(daemon.poll() is not None for daemon in self.daemons):
                break
            time.sleep(0.05)
        log_text = (self.folder / "log").read_text(errors="replace")
        pytest.fail(f"the sound server of the test did not start:\n{log_text}")

    def kill(self) -> None:
        """Crash the sound server."""
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        self.daemons.clear()

    def freeze(self) -> None:
        """Make the sound server hang."""
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGCONT)

    def pull_out(self, device: str) -> None:
        """Unplug the ``microphone`` or the ``speaker``; the daemon runs on."""
        name = {"microphone": "source_name=mic", "speaker": "sink_name=spk"}[device]
        for line in self.pactl("list", "short", "modules").splitlines():
            if name in line.split():
                self.pactl("unload-module", line.split()[0])

    def plug_in(self, device: str) -> None:
        """Plug it in again."""
        for module in {"microphone": MICROPHONE, "speaker": SPEAKER}[device]:
            self.pactl("load-module", *module.format(**self._devices).split())

    def echo(self, decibels: float) -> None:
        """From now on the room also hears what the speaker plays, this much louder."""
        loop = ["source=spk.monitor", "sink=room", "latency_msec=20", *STAY.split()]
        module = self.pactl("load-module", "module-loopback", *loop).strip()
        inputs = self.pactl("list", "sink-inputs").split("Sink Input #")
        (stream,) = [i.split()[0] for i in inputs if f"Owner Module: {module}\n" in i]
        self.pactl("set-sink-input-volume", stream, f"{decibels}dB")

    def pactl(self, *arguments: str) -> str:
        """The output of PulseAudio's own program."""
        return subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, text=True, check=True
        ).stdout

    def streams(self) -> dict[str, str]:
        """Which device each of Python's streams is on: "sink-inputs" and "source-outputs", by the devices' names."""
        found = {}
        for streams, devices in (("sink-inputs", "sinks"), ("source-outputs", "sources")):
            names = dict(line.split("\t")[:2] for line in self.pactl("list", "short", devices).splitlines())
            for one in json.loads(self.pactl("-f", "json", "list", streams)):
                if "python" in str(one["properties"]).lower():
                    found[streams] = names.get(str(one[devices[:-1]]), "")
        return found

    @contextmanager
    def playing(self, pcm: Pcm) -> Iterator[None]:
        """Play ``pcm`` (int16 mono, 16 kHz) in the room, until the ``with`` block is left."""
        path = self.folder / "room.raw"
        pcm.tofile(path)
        with _running("paplay", "--device=room", *FORMAT, str(path), environment=self.environment):
            yield

    @contextmanager
    def recording(self) -> Iterator[list[Pcm]]:
        """A list that, after the ``with`` block, holds what the speaker played in it: int16 mono, 16 kHz."""
        path = self.folder / "speaker.raw"
        heard: list[Pcm] = []
        command = ("parec", "--device=spk.monitor", "--latency-msec=20", *FORMAT, str(path))
        with _running(*command, environment=self.environment):
            yield heard
        heard.append(np.fromfile(path, np.int16))


class PipeWireRig(Rig):
    """PipeWire, as Raspberry Pi OS has it: with WirePlumber, and what speaks PulseAudio's protocol.

    (Debian's pipewire-alsa, PipeWire's own plugin for ALSA, can't be installed beside PulseAudio.)"""

    def __init__(self, folder: Path, devices: Mapping[str, str]) -> None:
        super().__init__(folder, devices)
        runtime = Path(self.environment["XDG_RUNTIME_DIR"])
        self.environment |= {
            "PULSE_SERVER": f"unix:{runtime}/pulse/native",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def start(self) -> None:
        for command in PIPEWIRE:
            self._launch([part.format(folder=self.folder) for part in command])
            if command[0] == "dbus-daemon":
                while not (self.folder / "bus").exists():
                    time.sleep(0.05)
        self._wait_for("")
        _, *modules = PULSE  # without the socket, which is there
        for module in modules:
            self.pactl("load-module", *module.format(**self._devices).split())
        for line in DEFAULTS:
            self.pactl(*line.split())
        self._wait_for("mic")

    def kill(self) -> None:
        super().kill()
        (self.folder / "bus").unlink(missing_ok=True)


def environment_without_sound() -> dict[str, str]:
    """An environment in which PortAudio finds no devices except the machine's own sound cards, if any."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "ALSA_"))}
    return kept | {"ALSA_CONFIG_PATH": str(ALSA_DEFAULTS)}


@contextmanager
def python(program: str, environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program, running. It ends by itself after GIVE_UP_S, so that whoever reads its output isn't left
    waiting, and it doesn't outlive tests that were killed."""
    # Where the tests run in the background, Ctrl-C is ignored by all that they start.
    heeded = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    limited = f"import signal; signal.alarm({GIVE_UP_S:.0f}); {heeded}\n{program}"
    with subprocess.Popen(
        [sys.executable, "-c", limited, *arguments],
        env=environment,
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Program:
    """A running program, and what it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed: list[str] = []
        self._seen = 0
        self._ended = False
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.printed.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, text: str, after: int = 0) -> int:
        """Wait until a line with ``text`` has been printed, leaving out the first ``after`` lines. Returns how many
        lines there are up to that one."""

        def found() -> int | None:
            return next((n for n, line in enumerate(self.printed) if n >= after and text in line), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None or self._ended, GIVE_UP_S)
            number = found()
        if number is None:
            if self._ended and self.process.stderr is not None:
                pytest.fail(f"it ended without {text!r}: {self.printed} {self.process.stderr.read()}")
            pytest.fail(f"no {text!r} in {self.printed}")
        return number + 1

    def wait_for_next(self, text: str) -> None:
        """As ``wait_for``, after the line that this method found last."""
        self._seen = self.wait_for(text, self._seen)

    def type(self, line: str = "") -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()


@contextmanager
def _running(*command: str, environment: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _die_with_us() -> None:
    """Called in the new process: the kernel ends it when the tests are killed, so that no daemon is left behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
