"""Whether lost devices are back: a process of its own finds out.

PortAudio lists the devices once, when it's initialised, and it can only be initialised again when all its streams are
closed. And its calls hang for ever when a sound server is frozen. Another process can look again and again while the
stream that's left plays on, and it can be killed.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from math import inf
from time import monotonic, sleep
from typing import Any, TypeVar

from voiceguide.errors import SoundError
from voiceguide.files import child
from voiceguide.sound import Kind
from voiceguide.sound import portaudio as pa
from voiceguide.sound.portaudio import Device

T = TypeVar("T")
log = logging.getLogger(__name__)

LIFE_S = 30.0
"""Seconds after which the process is replaced, in case it hangs where it shouldn't."""
PAUSE_S = 0.25
"""Seconds between two looks. A look takes 0.1 s of computing."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 16.0
"""Seconds before a process that died is replaced, at first and at most: it doubles each time."""
LATENCY_S = 0.1


class Probe:
    """Keeps the process running while somebody asks."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted: Mapping[Kind, Device] = {}
        self._began = self._not_before = -inf
        self._wait = FIRST_WAIT_S

    def sees(self, wanted: Mapping[Kind, Device]) -> bool:
        """Whether all these devices could be opened just now. It doesn't wait: ask again and again.

        Where it said so, and they were lost again or couldn't be opened after all, it looks less and less often."""
        now = monotonic()
        if wanted != self._wanted:
            self.stop()
            self._wanted = dict(wanted)
        if self._process and self._process.poll() is not None:
            seen = self._process.returncode == 0
            self._process = None
            self._not_before, self._wait = now + self._wait, min(2 * self._wait, LONGEST_WAIT_S)
            if seen:
                log.info("back: %s", ", ".join(self._wanted))
                return True
            log.info("the process that looks for devices died")
        if self._process and now > self._began + LIFE_S:
            self._end()
        if self._process is None and now >= self._not_before:
            self._began = now
            with suppress(OSError):  # no memory, or too many processes: next time, perhaps
                self._process = child.start("voiceguide.sound.probe", _written(self._wanted), str(os.getpid()))
        return False

    def stop(self) -> None:
        """Harmless when nothing was asked."""
        self._end()
        self._not_before, self._wait = -inf, FIRST_WAIT_S

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _written(wanted: Mapping[Kind, Device]) -> str:
    return json.dumps({kind: asdict(device) for kind, device in wanted.items()})


def _open_and_close(wanted: Mapping[Kind, Device]) -> None:
    """Raises SoundError where one of them can't be opened."""
    found = pa.query()
    streams = []
    try:
        for kind, lost in wanted.items():
            calls = partial(_silence, kind), _ignore
            device = pa.same(found, lost, kind)
            streams.append(pa.start(found, device, kind, LATENCY_S, partial(_always, calls)).stream)
    finally:
        pa.close(streams)


def _silence(kind: Kind, data: Any, *_: object) -> None:
    if kind == "speaker":
        data[:] = bytes(len(data))


def _ignore() -> None:
    pass


def _always(calls: T, rate: int, channels: int) -> T:
    return calls


def main(wanted: Mapping[Kind, Device], parent: int) -> None:
    """Return when all of them are back, or when the process that asked is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: not even a call that hangs outlives the parent
    while os.getppid() == parent:
        try:
            _open_and_close(wanted)
            return
        except SoundError:
            pass
        sleep(PAUSE_S)


if __name__ == "__main__":
    main({kind: Device(**one) for kind, one in json.loads(sys.argv[1]).items()}, int(sys.argv[2]))
