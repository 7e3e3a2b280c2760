"""Which devices of a sound server our streams are on.

When a device goes away, PulseAudio and PipeWire move its streams to another, and PortAudio is not told: a guide whose
microphone was pulled out would listen to its own speaker. So the server is asked, by way of pulsectl, each time that
something has changed there. A stream that was moved because its device is gone counts as away; when a device of that
name is there again, it is moved back. A stream that the user moves stays where it is.
"""

from __future__ import annotations

import os
from threading import Event, Thread
from time import sleep
from typing import Any

from voiceguide.sound import Kind

LISTEN_S = 1.0
"""Seconds for which it waits for a change before it sees whether it is still wanted."""


class Server:
    """Watches, in a thread of its own. Where no server can be asked nothing is ever away."""

    def __init__(self, wake: Event) -> None:
        self.away: frozenset[Kind] = frozenset()
        """The ends whose devices are gone, while their streams play on elsewhere."""
        self.looked = Event()
        """It knows where the streams are, or that it cannot ask."""
        self._wake = wake
        self._homes: dict[Kind, tuple[str, int]] = {}
        """Name and number of the device that each stream belongs on."""
        self._streams: set[int] = set()
        """Numbers of our streams."""
        self._closing = False
        Thread(target=self._watch, name="sound server", daemon=True).start()

    def close(self) -> None:
        """It ends within LISTEN_S, or when a server that hangs does."""
        self._closing = True

    def _watch(self) -> None:
        try:
            import pulsectl
        except (ImportError, OSError):  # no libpulse: then no stream goes through it, either
            self.looked.set()
            return

        something = False

        def changed(event: Any) -> None:
            nonlocal something
            stream = event.facility in ("sink_input", "source_output")
            if stream and event.t == "change" and event.index not in self._streams:
                return  # another program's
            something = True
            raise pulsectl.PulseLoopStop

        while not self._closing:
            try:
                with pulsectl.Pulse("voiceguide", connect=False) as pulse:
                    pulse.connect()  # for ever, where the server hangs; and starts none
                    pulse.event_mask_set("sink", "source", "sink_input", "source_output")
                    pulse.event_callback_set(changed)
                    self._look(pulse, met_anew=True)
                    while not self._closing:
                        if not something:
                            pulse.event_listen(timeout=LISTEN_S)
                        if something:
                            something = False
                            self._look(pulse)
            except (pulsectl.PulseError, pulsectl.PulseDisconnected):
                self._set(frozenset())  # the streams have ended, too, and PortAudio says so
                sleep(LISTEN_S)

    def _look(self, pulse: Any, *, met_anew: bool = False) -> None:
        away: set[Kind] = set()
        self._streams.clear()
        kinds: list[tuple[Kind, list[Any], list[Any], str]] = [
            ("microphone", pulse.source_output_list(), pulse.source_list(), "source"),
            ("speaker", pulse.sink_input_list(), pulse.sink_list(), "sink"),
        ]
        for kind, streams, devices, name_of_device in kinds:
            ours = [s for s in streams if s.proplist.get("application.process.id") == str(os.getpid())]
            if not ours:
                continue
            stream = ours[-1]
            self._streams.add(stream.index)
            on = next((d for d in devices if d.index == getattr(stream, name_of_device)), None)
            home = self._homes.get(kind)
            back = next((d for d in devices if home and d.name == home[0]), None)
            if home is not None and back is None:
                away.add(kind)
            elif home is not None and back is not None and on is not back and (met_anew or back.index != home[1]):
                move = pulse.source_output_move if kind == "microphone" else pulse.sink_input_move
                move(stream.index, back.index)
                self._homes[kind] = back.name, back.index
            elif on is not None:
                self._homes[kind] = on.name, on.index
        self._set(frozenset(away))

    def _set(self, away: frozenset[Kind]) -> None:
        if away != self.away:
            self.away = away
            self._wake.set()
        self.looked.set()
