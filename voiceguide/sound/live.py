"""Real sound: a microphone and a speaker, through PortAudio.

Two streams are opened, one for each direction. A single duplex stream stalled for seconds when the speaker was
asleep, and underran where two streams didn't. And the microphone and the speaker are often two devices.

A thread of its own, the keeper, looks after them: it notices when a device is lost, opens it again when it's back,
and lets the speaker's device hold more sound when it runs out of it.
"""

from __future__ import annotations

import logging
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import replace
from math import inf
from threading import Event, Thread
from time import monotonic, sleep

import numpy as np

from voiceguide.errors import SoundError
from voiceguide.files.stderr import quiet
from voiceguide.sound import BLOCK, RATE, Block, Fill, Kind, ends, server
from voiceguide.sound import portaudio as pa
from voiceguide.sound.clock import Pace
from voiceguide.sound.ends import End, Microphone, Speaker
from voiceguide.sound.played import Played
from voiceguide.sound.portaudio import Device, Running, choose, devices
from voiceguide.sound.probe import Probe
from voiceguide.sound.server import Server

log = logging.getLogger(__name__)

__all__ = ["Device", "LiveSound", "Running", "choose", "devices"]

LATENCIES = (0.06, 0.09, 0.12, 0.21)
"""Seconds of sound that the speaker's device may hold: what it starts with, and what it gets when it runs out."""
SETTLE_S = 0.3
"""Seconds of silence in which a latency is tried at the start."""
LOOK_LIMIT = 1.0
"""Seconds for the sound server to say where the streams are; it usually takes less than ``SETTLE_S``."""
TICK_S = 0.1
"""Seconds between two looks of the keeper."""
APART_S, TROUBLE_S = 0.5, 10.0
"""Two underruns at least APART_S apart, so that they aren't the same one, within TROUBLE_S are one too many."""
LEAVE_S = 2.0
"""Seconds without any device after which their streams are closed; a server that's only slow is back by then."""
HURRY_S = 0.5
"""Only a device that runs out again and again asks for this many more seconds than it has had time to play."""


class LiveSound:
    """A Sound with a real microphone and speaker, each at its device's own rate.

    ``input_device`` and ``output_device`` are as for ``choose``. Without ``microphone`` only the speaker is opened,
    and ``read`` returns silence at the pace of the clock."""

    def __init__(
        self,
        input_device: str | int | None = None,
        output_device: str | int | None = None,
        *,
        microphone: bool = True,
    ) -> None:
        self._wanted: dict[Kind, str | int | None] = {"speaker": output_device}
        if microphone:
            self._wanted["microphone"] = input_device
        self._wake = Event()
        self._closing = False
        self._keeper: Thread | None = None
        self._quiet = ExitStack()
        self._forget()

    def _forget(self) -> None:
        self._pace = Pace()
        self._played = Played()
        self._speaker = Speaker(self._wake, self._played)
        heard = "microphone" in self._wanted
        self._microphone = Microphone(self._wake, self._played) if heard else None
        self._ends: list[End] = [self._speaker] if self._microphone is None else [self._microphone, self._speaker]
        self._running: dict[Kind, Running] = {}
        self._latency = 0
        self._server: Server | None = None
        self._losses: dict[Kind, int] = {}
        self._lost: frozenset[Kind] = frozenset()

    @property
    def overflows(self) -> int:
        """How often the microphone's device has lost sound since ``open``."""
        return self._microphone.xruns if self._microphone else 0

    @property
    def dropped(self) -> float:
        """Seconds of sound thrown away since ``open`` because they weren't read within five seconds."""
        return self._microphone.dropped if self._microphone else 0.0

    @property
    def underflows(self) -> int:
        """How often the speaker's device has run out of sound since ``open``."""
        return self._speaker.xruns

    @property
    def alignments(self) -> int:
        """How often ``played`` was aligned with ``pcm``: once, and again each time that samples were lost."""
        return self._played.alignments

    @property
    def delay(self) -> float:
        """As for Sound; right to within 20 ms."""
        return self._played.delay

    @property
    def running(self) -> list[Running]:
        """The running streams, the microphone's first."""
        return [self._running[end.kind] for end in self._ends if end.kind in self._running]

    def troubles(self) -> list[str]:
        counts = [
            (self._losses.get("microphone", 0), "the microphone was lost {}"),
            (self._losses.get("speaker", 0), "the speaker was lost {}"),
            (self.overflows, "the microphone's device lost sound {}"),
            (self.underflows, "the speaker ran out of sound {}"),
        ]
        found = [text.format("once" if n == 1 else f"{n} times") for n, text in counts if n]
        if self.dropped:
            found.append(f"{self.dropped:.1f} s of the microphone's sound came too late to be heard")
        return found

    def open(self, fill: Fill) -> None:
        """Raises SoundError where a device is missing, unknown or busy, doesn't answer, or is a monitor or a dummy.

        ``fill`` is called from another thread until ``close``. Can be opened again after that."""
        self.close()
        self._forget()
        self._quiet.enter_context(quiet())
        try:
            pa.bounded(self._start, pa.OPEN_LIMIT)
        except BaseException:
            self.close()
            raise
        self._log_running("open")
        self._pace = Pace()
        if self._microphone:
            self._microphone.begin(self._pace.began)
        self._speaker.fill = fill
        self._closing = False
        self._keeper = Thread(target=self._keep, name="sound keeper", daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        found = pa.query()
        chosen = {end.kind: _chosen(found, self._wanted[end.kind], end.kind) for end in self._ends}
        self._open_streams(found, chosen)
        if pa.served(found):
            self._server = Server(self._wake)
        while True:
            before = self.underflows
            sleep(SETTLE_S)
            if self.underflows == before or self._latency == len(LATENCIES) - 1:
                break
            self._latency += 1
            self._reopen_speaker()
        if self._server:  # or a device that's unplugged at once would never have been the stream's
            self._server.looked.wait(LOOK_LIMIT)
            for why in self._server.unfit.values():
                raise SoundError(why)

    def _open_streams(self, found: list[Device], chosen: dict[Kind, Device]) -> None:
        for end in self._ends:
            latency = LATENCIES[self._latency]
            self._running[end.kind] = pa.start(found, chosen[end.kind], end.kind, latency, end.prepare)
        self._played.held = round(self._running["speaker"].latency * RATE)

    def _reopen_speaker(self) -> None:
        device = self._running["speaker"].device
        pa.close([self._running["speaker"].stream])
        self._running["speaker"] = pa.start(
            pa.query(), device, "speaker", LATENCIES[self._latency], self._speaker.prepare
        )
        self._played.held = round(self._running["speaker"].latency * RATE)

    def _restart(self) -> None:
        """Open all streams again, on the devices with the names of those that were in use."""
        pa.close([running.stream for running in self._running.values()])
        found = pa.query()
        self._open_streams(found, {kind: pa.same(found, device, kind) for kind, device in self._devices.items()})

    @property
    def _devices(self) -> dict[Kind, Device]:
        return {kind: running.device for kind, running in self._running.items()}

    def _leave(self) -> None:
        """Close all streams, whose sound server is gone. PortAudio's threads would go round in ALSA's plugin for
        PipeWire meanwhile, which takes a processor and, after a minute, 200 MB more each second."""
        streams = [running.stream for running in self._running.values()]
        with suppress(Exception):  # as in ``_keep``
            pa.bounded(lambda: pa.close(streams), pa.CLOSE_LIMIT)

    def read(self) -> Block:
        """The next 30 ms. ``at`` is when its end came from the device, in seconds since ``open`` returned (see
        ``MicrophoneClock``); for ``played`` see ``Played``. Raises what ``fill`` has raised, too."""
        if not self._running:
            raise SoundError("the sound is not open")
        heard = self._microphone and self._microphone.read(lambda: "microphone" in self._lost)
        if self._speaker.failure is not None:
            raise self._speaker.failure
        if heard:
            pcm, self._pace.at, newest = heard
        else:
            pcm, newest = np.zeros(BLOCK, np.int16), True
            at = self._pace.wait()
            if self._microphone:
                self._microphone.skip(at)
        return Block(pcm, self._pace.at, self._played.meanwhile(newest), self._lost)

    def _log_running(self, what: str) -> None:
        for one in self.running:
            held = f"{one.rate} Hz, {one.channels} channels, {one.latency * 1000:.0f} ms"
            log.info("%s: %s, %s, %s", what, one.kind, one.device.name, held)

    def close(self) -> None:
        """Stop, once the speaker has played what its device holds. A device that doesn't answer is left alone after
        two seconds."""
        self._closing = True
        self._wake.set()
        if self._keeper:
            self._keeper.join(pa.CLOSE_LIMIT)
            self._keeper = None
        if self._server:
            self._server.close()
        streams = [running.stream for running in self._running.values()]
        self._speaker.fill = None
        if streams:
            with suppress(SoundError):
                pa.bounded(lambda: pa.close(streams, heard_out=True), pa.CLOSE_LIMIT)
        self._running = {}
        for end in self._ends:
            end.finish()
        self._quiet.close()

    # ---- the keeper ----

    def _keep(self) -> None:
        probe = Probe()
        supply = _Supply(self._speaker)
        before = monotonic()
        alone = 0.0
        while not self._closing:
            self._wake.wait(TICK_S)
            self._wake.clear()
            now = monotonic()
            for end in self._ends:
                end.look(now - before)
            self._publish_lost()
            gone = [end.kind for end in self._ends if end.lost]
            left = alone > LEAVE_S
            alone = alone + min(now - before, ends.LOOK_S) if len(gone) == len(self._ends) else 0.0
            if alone > LEAVE_S and not left:
                self._leave()
            if supply.short(now, now - before) and not gone:
                self._widen()
            before = now
            if not gone:
                probe.stop()
            elif probe.sees({kind: self._devices[kind] for kind in gone}):
                try:
                    if self._server:
                        self._server.looked.clear()
                    pa.bounded(self._restart, pa.OPEN_LIMIT)
                    self._log_running("open again")
                    if self._server:  # or what's elsewhere would count as back, and then as lost again
                        self._server.looked.wait(LOOK_LIMIT)
                except Exception:  # whatever a driver throws at us: we try again, for as long as it takes
                    log.info("could not open the devices again", exc_info=True)
                before = monotonic()
        probe.stop()

    def _widen(self) -> None:
        """Let the speaker's device hold more, up to the last of LATENCIES."""
        if self._latency < len(LATENCIES) - 1:
            self._latency += 1
            log.info("the speaker runs out of sound: its device may hold %d ms", 1000 * LATENCIES[self._latency])
            with suppress(Exception):  # as in ``_keep``: the stream has ended, and counts as lost
                pa.bounded(self._reopen_speaker, pa.OPEN_LIMIT)

    def _publish_lost(self) -> None:
        """For ``read``: which devices are lost."""
        moved = self._server.away if self._server else frozenset[Kind]()
        self._speaker.away = "speaker" in moved
        lost = frozenset(end.kind for end in self._ends if end.lost) | moved
        if lost == self._lost:
            return
        log.info("lost: %s", ", ".join(sorted(lost)) or "nothing any more")
        for kind in lost - self._lost:
            self._losses[kind] = self._losses.get(kind, 0) + 1
        self._played.realign()
        self._lost = lost
        if self._microphone:
            with self._microphone.arrived:
                self._microphone.arrived.notify()


def _chosen(found: list[Device], wanted: str | int | None, kind: Kind) -> Device:
    """The device that's meant: one of PortAudio's or, where none of them is, one of the sound server's."""
    try:
        return choose(found, wanted, kind)
    except SoundError:
        pulse = next((device for device in found if device.name == "pulse"), None)
        served = server.named(wanted, kind) if pulse else None
        if pulse is None or served is None:
            raise
        return replace(pulse, at=served.name)


class _Supply:
    """Whether the speaker's device runs out of sound: it says so, or it asks for more than it can have played."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._xruns = speaker.xruns
        self._least = inf
        """The least seconds of sound by which it has been ahead of the clock."""
        self._times: deque[float] = deque([-TROUBLE_S], 2)

    def short(self, now: float, waited: float) -> bool:
        """Whether it has run out for the second time lately. ``waited``: seconds since the last call."""
        xruns, self._xruns = self._xruns, self._speaker.xruns
        if self._xruns > xruns:
            log.info("the speaker ran out of sound: %d times so far", self._xruns)
        if waited > 3 * TICK_S:
            log.info("the process was held up for %.1f s", waited)
        ahead = self._speaker.seconds - now
        hurry = ahead - self._least > HURRY_S
        self._least = ahead if hurry else min(self._least, ahead)
        # If our process was held up, the latency isn't to blame.
        if (self._xruns > xruns or hurry) and waited < 3 * TICK_S and now - self._times[-1] > APART_S:
            self._times.append(now)
            return self._times[-1] - self._times[0] < TROUBLE_S
        return False
