"""A button and a light, on gpiozero's mock pins."""

from __future__ import annotations

import io
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from rig import GIVE_UP_S

gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed")
from gpiozero.pins.mock import MockFactory  # noqa: E402

from voiceguide.cli.door import main  # noqa: E402
from voiceguide.errors import VoiceguideError  # noqa: E402
from voiceguide.hearing.button import Button  # noqa: E402
from voiceguide.hearing.ears import Heard  # noqa: E402
from voiceguide.host import gpio  # noqa: E402
from voiceguide.host.gpio import Panel  # noqa: E402
from voiceguide.sound import BLOCK, live  # noqa: E402

SILENCE = np.zeros(BLOCK, np.int16)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The pins of a Raspberry Pi. A press is long after a tenth of a second, so that the tests aren't."""
    monkeypatch.setattr(gpio, "HOLD_S", 0.1)
    monkeypatch.setattr(gpio, "BOUNCE_S", None)  # mock pins don't bounce
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def soon(holds: Callable[[], object]) -> bool:
    """Whether it comes true: gpiozero works in threads of its own."""
    deadline = time.monotonic() + GIVE_UP_S
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return bool(holds())


class Deaf:
    """Ears that hear nothing."""

    voice = False

    def hear(self, pcm: object, at: float, *, played: object) -> list[Any]:
        return []

    def own_voice(self, fakes: object, start: float) -> None: ...


def pressed_in(panel: Panel, state: str) -> list[str]:
    heard = Button(Deaf(), panel, lambda: state).hear(SILENCE, 1.0, played=None)
    return [one.command.name for one in heard if isinstance(one, Heard)]


@pytest.mark.parametrize(
    ("state", "means"),
    [
        ("preparing", "ready"),
        ("guiding", "pause"),
        ("paused", "resume"),
        ("tending", "resume"),
        ("finishing", "resume"),
    ],
)
def test_a_short_press_pauses_and_continues(state: str, means: str, pins: Any) -> None:
    with Panel("17", None) as panel:
        assert pressed_in(panel, state) == []
        pins.pin(17).drive_low()
        pins.pin(17).drive_high()
        assert pressed_in(panel, state) == [means]
        assert pressed_in(panel, state) == []


def test_a_long_press_is_next_and_counts_while_it_is_held(pins: Any) -> None:
    with Panel("17", None) as panel:
        pins.pin(17).drive_low()
        assert soon(lambda: not panel._presses.empty())
        assert pressed_in(panel, "guiding") == ["next"]
        pins.pin(17).drive_high()
        assert pressed_in(panel, "guiding") == []


def test_the_light_is_on_then_blinks_then_is_off(pins: Any) -> None:
    with Panel(None, "27") as panel:
        pin = pins.pin(27)
        assert not pin.state
        panel.show("preparing")
        panel.show("guiding")
        assert pin.state
        panel.show("paused")
        assert soon(lambda: not pin.state) and soon(lambda: pin.state), "it blinks"
        panel.show("finished")
        assert not pin.state
        panel.show("guiding")
    assert not pin.state, "closed"


def test_pins_are_free_again(pins: Any) -> None:
    for _ in range(2):
        with Panel("17", "27") as panel:
            assert panel.press() is None


@pytest.mark.parametrize(
    ("button", "led", "told"),
    [
        ("99", None, "button: '99' is no pin"),
        (None, "1", "led: '1' is no pin"),
        ("17", "17", "the pins cannot be used"),
    ],
)
def test_a_pin_that_cannot_be_used_is_an_error(button: str | None, led: str | None, told: str, pins: Any) -> None:
    with pytest.raises(VoiceguideError, match=told) as problem:
        Panel(button, led)
    assert "\n" not in str(problem.value)
    with Panel("17", None):
        pass  # what it had taken is free again


def test_on_another_machine_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The real factory, on a machine without pins."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            gpiozero.Button(17).close()
        except gpiozero.BadPinFactory:
            pass
        else:
            pytest.skip("this machine has pins")
    assert main(["run", "first-weeks", "--keyboard", "--button", "17"]) == 1
    error = capsys.readouterr().err
    assert "the pins cannot be used" in error and error.count("\n") == 1


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(VoiceguideError, match="-m pip install 'gpiozero>=2' lgpio"):
        Panel("17", None)


def test_without_pins_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with Panel(None, None) as panel:
        panel.show("guiding")
        assert panel.press() is None


def test_a_session_is_paused_by_the_button_and_lights_the_light(
    pins: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While commands are typed; the button is pressed as soon as the light is on."""
    lit: list[bool] = []

    def press() -> None:
        lit.append(soon(lambda: pins.pin(27).state))
        pins.pin(17).drive_low()
        pins.pin(17).drive_high()

    monkeypatch.setattr(live, "devices", list)  # without a speaker
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" * 12 + "finish\nyes\n"))
    thread = threading.Thread(target=press)
    thread.start()
    assert main(["run", "first-weeks", "--keyboard", "--from", "legs-1", "--button", "17", "--led", "27"]) == 0
    thread.join()
    out = capsys.readouterr().out
    assert lit == [True]
    assert "heard pause: short press" in out or "heard ready: short press" in out
