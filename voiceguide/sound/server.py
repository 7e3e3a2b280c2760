"""Which devices of a sound server our streams are on.

When a device disappears, PulseAudio and PipeWire move its streams to another one without telling PortAudio: a guide
whose microphone was unplugged would listen to its own speaker. So we ask the server, through pulsectl, whenever
something has changed there. A stream that was moved because its device has gone counts as away; when a device of that
name is back, the stream is moved back. A stream that the user moves stays where it is.
"""

from __future__ import annotations

import logging
import os
from threading import Event, Thread
from time import sleep
from typing import Any

from voiceguide.sound import Kind

log = logging.getLogger(__name__)

LISTEN_S = 1.0
"""Seconds that it waits for a change before it checks whether it's still needed."""


class Server:
    """Watches, in a thread of its own. Where there's no server to ask, nothing is ever away."""

    def __init__(self, wake: Event) -> None:
        self.away: frozenset[Kind] = frozenset()
        """The ends whose devices have gone, while their streams go on elsewhere."""
        self.looked = Event()
        """Set once it knows where the streams are, or that it can't ask."""
        self._wake = wake
        self._homes: dict[Kind, tuple[str, int]] = {}
        """Name and index of the device that each stream belongs on."""
        self._streams: set[int] = set()
        """Indices of our streams."""
        self._closing = False
        Thread(target=self._watch, name="sound server", daemon=True).start()

    def close(self) -> None:
        """Stop watching: within LISTEN_S, or once a server that hangs goes away."""
        self._closing = True

    def _watch(self) -> None:
        try:
            import pulsectl
        except (ImportError, OSError):  # no libpulse, so no stream goes through it either
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
                    pulse.connect()  # for ever, where the server hangs; and it doesn't start one
                    pulse.event_mask_set("sink", "source", "sink_input", "source_output")
                    pulse.event_callback_set(changed)
                    self._look(pulse, reconnected=True)
                    while not self._closing:
                        if not something:
                            pulse.event_listen(timeout=LISTEN_S)
                        if something:
                            something = False
                            self._look(pulse)
            except (pulsectl.PulseError, pulsectl.PulseDisconnected):
                log.info("the sound server is gone, or can't be reached")
                self._set(frozenset())  # the streams have ended as well, and PortAudio says so
                sleep(LISTEN_S)

    def _look(self, pulse: Any, *, reconnected: bool = False) -> None:
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
            elif home is not None and back is not None and on is not back and (reconnected or back.index != home[1]):
                move = pulse.source_output_move if kind == "microphone" else pulse.sink_input_move
                move(stream.index, back.index)
                self._homes[kind] = back.name, back.index
            elif on is not None:
                self._homes[kind] = on.name, on.index
        self._set(frozenset(away))

    def _set(self, away: frozenset[Kind]) -> None:
        if away != self.away:
            log.info("moved to another device: %s", ", ".join(sorted(away)) or "none any more")
            self.away = away
            self._wake.set()
        self.looked.set()
