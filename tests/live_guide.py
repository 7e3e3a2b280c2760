"""The program as a parent runs it, through the real PortAudio, in a room of a virtual sound card (`rig`)."""

from __future__ import annotations

import subprocess
import time

import numpy as np
import pytest
from conftest import Speak
from rig import GIVE_UP_S, RATE, Pcm, Program, Rig

RUN = "import runpy; runpy.run_module('voiceguide', run_name='__main__', alter_sys=True)"
"""The program, for `rig.python`."""
SPOKEN = "  guide   "
"""What a line of the transcript with a sentence of the guide contains."""
SILENT_DB = -60.0
PARENT_GAIN = 0.5
"""The parent is 6 dB softer at the microphone than the guide is in its speaker."""


def level(pcm: Pcm) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) / 32768**2 + 1e-12))


class Guide(Program):
    """``voiceguide run first-weeks`` at work."""

    def __init__(self, process: subprocess.Popen[str], rig: Rig, speak: Speak) -> None:
        super().__init__(process)
        self._rig = rig
        self._speak = speak

    def interrupted(self, at: int) -> str:
        """The last sentence that was said in the first ``at`` lines."""
        return next(line for line in reversed(self.printed[:at]) if SPOKEN in line).partition(SPOKEN)[2]

    def is_told(self, phrase: str, until: str, after: int | None = None) -> int:
        """The parent says ``phrase``, again if need be, until ``until`` is printed."""
        after = len(self.printed) if after is None else after
        sound = np.pad((self._speak(phrase) * PARENT_GAIN).astype(np.int16), (RATE // 2, 2 * RATE))
        for _ in range(10):  # a busy machine may lose some of the sound
            with self._rig.playing(sound):
                deadline = time.monotonic() + len(sound) / RATE + 2.0
                while time.monotonic() < deadline:
                    if any(until in line for line in self.printed[after:]):
                        return self.wait_for(until, after)
                    time.sleep(0.05)
        pytest.fail(f"{phrase!r} was not heard: {self.printed[after:]}")

    def falls_silent(self) -> None:
        """Wait until it has finished what it's saying."""
        deadline = time.monotonic() + GIVE_UP_S
        while level(self.plays(1.0)) >= SILENT_DB:
            assert time.monotonic() < deadline, "it doesn't fall silent"

    def plays(self, seconds: float) -> Pcm:
        """What the speaker plays in the next seconds."""
        with self._rig.recording() as heard:
            time.sleep(seconds)
        return heard[0]
