"""The process that looks for lost devices, without a process: it's seen to die, to hang, to find them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from voiceguide.sound import Kind
from voiceguide.sound import probe as module
from voiceguide.sound.portaudio import Device
from voiceguide.sound.probe import LIFE_S, LONGEST_WAIT_S, Probe

TICK_S = 0.1
SPEAKER: Mapping[Kind, Device] = {"speaker": Device(0, "spk", 0, 2, 48_000, "ALSA", False, True)}


class Process:
    """As far as the probe can see it."""

    def __init__(self, code: int | None) -> None:
        self.returncode = code

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        self.returncode = -9

    def wait(self) -> None:
        assert self.returncode is not None


class Machine:
    """Where processes start, and time passes as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.code: int | None = None
        """What the next processes end with, at once; None: they run on."""
        self.started: list[Process] = []
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        monkeypatch.setattr(module.child, "start", self.start)
        self.probe = Probe()

    def start(self, *_: str) -> Process:
        self.started.append(Process(self.code))
        return self.started[-1]

    def ask(self, seconds: float, wanted: Mapping[Kind, Device] = SPEAKER) -> bool:
        """At every tick for so long, or until it sees them."""
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            if self.probe.sees(wanted):
                return True
        return False


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_devices_are_seen_when_the_process_ends_well(machine: Machine) -> None:
    assert not machine.ask(5.0)
    (process,) = machine.started
    process.returncode = 0
    assert machine.ask(TICK_S)


def test_a_process_that_dies_at_once_is_replaced_less_and_less_often(machine: Machine) -> None:
    machine.code = 1
    counts = []
    for _ in range(4):
        assert not machine.ask(LONGEST_WAIT_S)
        counts.append(len(machine.started))
    assert counts[0] <= 6
    assert counts[3] - counts[2] == 1
    machine.probe.stop()
    machine.code = 0
    assert machine.ask(2 * TICK_S), "the next loss is looked into at once"


def test_a_process_that_hangs_is_replaced(machine: Machine) -> None:
    assert not machine.ask(LIFE_S + 1.0)
    hung, current = machine.started
    assert hung.returncode == -9
    current.returncode = 0
    assert machine.ask(TICK_S)


def test_what_was_seen_of_one_device_says_nothing_about_another(machine: Machine) -> None:
    machine.ask(1.0)
    machine.started[0].returncode = 0
    assert not machine.ask(TICK_S, {"microphone": Device(1, "mic", 1, 0, 48_000, "ALSA", True, False)})
    assert len(machine.started) == 2
