"""A button and a light on a Raspberry Pi's pins, for anyone with an elbow free. Both are optional; through
gpiozero."""

from __future__ import annotations

import os
import queue
import sys
import tempfile
import warnings
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self

from voiceguide.errors import VoiceguideError

Press = Literal["short", "long"]

HOLD_S = 1.0
"""A press this long is a long one. It counts at once, so that the chime says when to let go."""
BOUNCE_S = 0.05
"""Contacts bounce for less than this."""
BLINK_S = 0.5
"""How long the light is on, and off, while the guide waits for the parent."""
PINS = range(2, 28)
"""BCM numbers of the pins on the 40-pin header; 0 and 1 are for add-on boards."""


def pin_of(text: str, what: str) -> int:
    """The BCM number of a pin. Raises VoiceguideError."""
    if text not in map(str, PINS):
        told = f"{what}: {text!r} is no pin"
        raise VoiceguideError(f"{told}; give its BCM number, {PINS[0]} to {PINS[-1]}, as in `pinout`")
    return int(text)


class Panel:
    """The button and the light, or one of them, or neither."""

    def __init__(self, button: str | None, led: str | None) -> None:
        """``button``, ``led``: pins; None where there's none. Raises VoiceguideError where they can't be used."""
        self._presses: queue.SimpleQueue[Press] = queue.SimpleQueue()
        self._held = False
        self._button: Any = None
        self._led: Any = None
        if button is None and led is None:
            return
        pins = [None if one is None else pin_of(one, what) for one, what in ((button, "button"), (led, "led"))]
        os.environ.setdefault("LG_WD", os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())  # lgpio's pipe
        try:
            import gpiozero
        except ImportError:
            raise VoiceguideError(
                "for a button or a led the package gpiozero is needed; "
                f"{sys.executable} -m pip install 'gpiozero>=2' lgpio"  # another pip would meet EXTERNALLY-MANAGED
            ) from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns about each kind of pins that it doesn't find
                if pins[0] is not None:
                    self._button = gpiozero.Button(pins[0], bounce_time=BOUNCE_S, hold_time=HOLD_S)
                    self._button.when_held = self._hold
                    self._button.when_released = self._release
                if pins[1] is not None:
                    self._led = gpiozero.LED(pins[1])
        except (gpiozero.GPIOZeroError, OSError) as error:
            self.close()
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise VoiceguideError(
                f"the pins cannot be used ({reason}); is this a Raspberry Pi, and are you in its group gpio? "
                f"Else take button and led out of the settings"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Turn the light off, and free the pins."""
        if self._led is not None:
            self._led.off()
            self._led.close()
        if self._button is not None:
            self._button.close()

    def press(self) -> Press | None:
        """The oldest press that hasn't been asked for yet."""
        with suppress(queue.Empty):
            return self._presses.get_nowait()
        return None

    def show(self, state: str) -> None:
        """Show a state of the guide: on while it guides, blinking while it waits for the parent, off at the end."""
        if self._led is None:
            return
        if state in ("preparing", "guiding"):
            self._led.on()
        elif state == "finished":
            self._led.off()
        else:
            self._led.blink(BLINK_S, BLINK_S)

    def _hold(self) -> None:
        self._held = True
        self._presses.put("long")

    def _release(self) -> None:
        if not self._held:
            self._presses.put("short")
        self._held = False
