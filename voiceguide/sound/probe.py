"""Whether lost devices are there again: asked in a process of its own.

PortAudio lists devices once, when it is initialised, and can be initialised anew only when all its streams are
closed. And its calls hang for ever where a sound server is frozen. Another process can ask again and again while the
surviving stream plays on, and can be killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from voiceguide.errors import SoundError
from voiceguide.sound import Kind
from voiceguide.sound import portaudio as pa

T = TypeVar("T")

LIFE = 30.0
"""Seconds after which a process is replaced by another, in case it hangs where it need not."""
PAUSE = 0.25
"""Seconds between two looks. One costs 0.1 s of computing."""
LATENCY = 0.1


class Probe:
    """Runs the process while it is asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted: Mapping[Kind, str] = {}
        self._began = 0.0

    def sees(self, wanted: Mapping[Kind, str]) -> bool:
        """Whether all these devices, by their names, could be opened just now. It does not wait: a process looks, and
        is to be asked for again and again."""
        process = self._process
        if process and process.poll() is not None:
            self._process = None
            if process.returncode == 0 and wanted == self._wanted:
                return True
        if self._process is None or wanted != self._wanted or monotonic() > self._began + LIFE:
            self.stop()
            self._wanted, self._began = dict(wanted), monotonic()
            with suppress(OSError):  # no memory, no more processes: the next time, perhaps
                self._process = subprocess.Popen(
                    # As we were found, it is, and nothing of the user's current folder.
                    [
                        sys.executable,
                        "-P",
                        "-m",
                        "voiceguide.sound.probe",
                        json.dumps(self._wanted),
                        str(os.getpid()),
                    ],
                    env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in the terminal is our affair
                )
        return False

    def stop(self) -> None:
        """Harmless when nothing was asked."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _open(wanted: Mapping[Kind, str]) -> None:
    """And close. Raises SoundError."""
    found = pa.query()
    streams = []
    try:
        for kind, name in wanted.items():
            calls = partial(_silence, kind), _ignore
            device = pa.choose(found, name, kind)
            streams.append(pa.start(found, device, kind, LATENCY, partial(_always, calls)).stream)
    finally:
        pa.close(streams)


def _silence(kind: Kind, data: Any, *_: object) -> None:
    if kind == "speaker":
        data[:] = bytes(len(data))


def _ignore() -> None:
    pass


def _always(calls: T, rate: int, channels: int) -> T:
    return calls


def main(wanted: Mapping[Kind, str], parent: int) -> None:
    """Return when all are there, or the process that has asked is not."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not even a call that hangs outlives it
    while os.getppid() == parent:
        try:
            _open(wanted)
            return
        except SoundError:
            pass
        sleep(PAUSE)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), int(sys.argv[2]))
