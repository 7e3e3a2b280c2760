"""Which devices of a sound server our streams are on.

When a device disappears, PulseAudio and PipeWire move its streams to another one without telling PortAudio: a guide
whose microphone was unplugged would listen to its own speaker. So we ask the server, through pulsectl, whenever
something has changed there. A stream that was moved because its device has gone counts as away; when a device of that
name is back, the stream is moved back. A stream that the user moves stays where it is.

A server without a microphone records from a monitor, which hears what a speaker plays; one without a speaker plays to
a dummy. Neither is a device: the guide would obey its own voice, or speak to nobody.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import sleep
from typing import Any

from voiceguide.files.wording import quoted
from voiceguide.sound import Kind
from voiceguide.sound.portaudio import CHOSEN_BY

log = logging.getLogger(__name__)

AGAIN_S = 0.2
"""Seconds from one attempt to reach a server that's gone to the next."""
LISTEN_S = 1.0
"""Seconds that it waits for a change before it checks whether it's still needed."""
ANSWER_S = 5.0
"""Seconds for a server to say what devices it has; only one that hangs takes longer than a moment."""
_NO_SINK = 0xFFFF_FFFF
"""The ``monitor_of_sink`` of a source that isn't a monitor: PA_INVALID_INDEX of pulse/def.h."""
_DUMMY = "auto_null"
"""What PulseAudio (module-always-sink) and PipeWire call the sink that stands in for a missing speaker."""


def unfit(kind: Kind, device: Any) -> str | None:
    """Why a ``device`` of pulsectl's is no microphone or speaker, and what to do; None if it is one."""
    if kind == "microphone" and device.monitor_of_sink != _NO_SINK:
        return (
            f"no sound device: the sound server has no microphone, only {quoted(device.description)}, which hears "
            "what the speaker plays; connect a microphone, or choose one with `pactl set-default-source`"
        )
    if kind == "speaker" and device.name == _DUMMY:
        return (
            "no sound device: the sound server has no speaker, only a dummy that plays to nobody; connect a speaker, "
            "or choose one with `pactl set-default-sink`"
        )
    return None


@dataclass(frozen=True, slots=True)
class Served:
    """A microphone or a speaker of the sound server."""

    kind: Kind
    name: str
    """As ``pactl`` has it."""
    description: str
    """For people."""
    is_default: bool
    unfit: str | None
    """Why it's none, and what to do."""


def devices() -> list[Served]:
    """The server's. Empty where no server answers."""
    found: list[Served] = []

    def ask() -> None:
        try:
            import pulsectl
        except (ImportError, OSError):
            return
        with suppress(pulsectl.PulseError), pulsectl.Pulse("voiceguide", connect=False) as pulse:
            pulse.connect()  # for ever, where the server hangs; and it doesn't start one
            info = pulse.server_info()
            kinds: list[tuple[Kind, str, list[Any]]] = [
                ("microphone", info.default_source_name, pulse.source_list()),
                ("speaker", info.default_sink_name, pulse.sink_list()),
            ]
            found.extend(
                Served(kind, one.name, one.description, one.name == default, unfit(kind, one))
                for kind, default, those in kinds
                for one in those
            )

    asking = Thread(target=ask, name="sound server", daemon=True)
    asking.start()
    asking.join(ANSWER_S)
    return [] if asking.is_alive() else found


def named(wanted: str | int | None, kind: Kind) -> Served | None:
    """The server's device that is meant by a name, a description, or a part of either; None where that's none or more
    than one."""
    text = str(wanted).strip().casefold()
    fit = [one for one in devices() if one.kind == kind and one.unfit is None]
    for meant in (
        [one for one in fit if text in (one.name.casefold(), one.description.casefold())],
        [one for one in fit if text and not text.isdigit() and text in f"{one.name} {one.description}".casefold()],
    ):
        if len(meant) == 1:
            return meant[0]
    return None


def unfit_defaults() -> dict[Kind, str]:
    """Why the server's default microphone or speaker is none. Empty where they're fine, where $PULSE_SOURCE or
    $PULSE_SINK names another, and where no server answers."""
    return {
        one.kind: one.unfit
        for one in devices()
        if one.is_default and one.unfit and CHOSEN_BY[one.kind] not in os.environ
    }


class Server:
    """Watches, in a thread of its own. Where there's no server to ask, nothing is ever away."""

    def __init__(self, wake: Event) -> None:
        self.away: frozenset[Kind] = frozenset()
        """The ends whose devices have gone, while their streams go on elsewhere, or that never had one."""
        self.unfit: dict[Kind, str] = {}
        """Why the streams that never had a device can't do without."""
        self.looked = Event()
        """Set once it knows where the streams are, or that it can't ask."""
        self._wake = wake
        self._homes: dict[Kind, Any] = {}
        """The device that each stream belongs on, as pulsectl gave it."""
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

        something = reached = False

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
                    reached = True
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
                # The streams have ended as well, and PortAudio says so. Whether they're on their devices once they're
                # open again is known when the server is back.
                if not reached:
                    self.looked.set()
                sleep(AGAIN_S)

    def _look(self, pulse: Any, *, reconnected: bool = False) -> None:
        away: set[Kind] = set()
        unfit_ones: dict[Kind, str] = {}
        self._streams.clear()
        kinds: list[tuple[Kind, list[Any], list[Any], str]] = [
            ("microphone", pulse.source_output_list(), pulse.source_list(), "source"),
            ("speaker", pulse.sink_input_list(), pulse.sink_list(), "sink"),
        ]
        clients = {client.index for client in pulse.client_list() if _is_ours(client)}
        for kind, streams, devices, name_of_device in kinds:
            ours = [s for s in streams if s.client in clients or _is_ours(s)]
            if not ours:
                continue
            stream = ours[-1]
            self._streams.add(stream.index)
            on = next((d for d in devices if d.index == getattr(stream, name_of_device)), None)
            home = self._homes.get(kind)
            back = home and _same(devices, home)
            if home is not None and back is None:
                away.add(kind)
            elif home and back and on is not back and (reconnected or back.index != home.index):
                move = pulse.source_output_move if kind == "microphone" else pulse.sink_input_move
                move(stream.index, back.index)
                self._homes[kind] = back
            elif home is None and on is not None and CHOSEN_BY[kind] not in os.environ and (why := unfit(kind, on)):
                away.add(kind)
                unfit_ones[kind] = why
            elif on is not None:
                self._homes[kind] = on
        self.unfit = unfit_ones
        self._set(frozenset(away))

    def _set(self, away: frozenset[Kind]) -> None:
        if away != self.away:
            log.info("moved to another device: %s", ", ".join(sorted(away)) or "none any more")
            self.away = away
            self._wake.set()
        self.looked.set()


def _same(devices: list[Any], home: Any) -> Any | None:
    """The device that ``home`` was, which may have another name by now: with a number, where it came back before it
    had quite gone, or with another profile, as Bluetooth headsets have. Its description stays."""
    named = next((one for one in devices if one.name == home.name), None)
    if named is not None:
        return named
    alike = [one for one in devices if one.description == home.description]
    return alike[0] if len(alike) == 1 else None


def _is_ours(it: Any) -> bool:
    """Whether a stream or a client is this process's. PipeWire's ALSA plugin names the process at the client only."""
    return bool(it.proplist.get("application.process.id") == str(os.getpid()))
