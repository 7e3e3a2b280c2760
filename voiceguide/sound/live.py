"""Real sound: a microphone and a speaker through PortAudio.

Two streams are opened, one for each direction: a single duplex stream stalled for seconds where the speaker
was asleep, and underran where two did not. And microphone and speaker are often two devices.

A thread of its own, the keeper, sees to them: it notices what is lost and opens it again when it is back, and gives
the speaker's device more to hold when it runs out of sound.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, suppress
from math import inf
from threading import Event, Thread
from time import monotonic, sleep

import numpy as np

from voiceguide.errors import SoundError
from voiceguide.files.stderr import quiet
from voiceguide.sound import BLOCK, RATE, Block, Fill, Kind
from voiceguide.sound import portaudio as pa
from voiceguide.sound.ends import End, Microphone, Speaker
from voiceguide.sound.played import Played
from voiceguide.sound.portaudio import Device, Running, choose, devices
from voiceguide.sound.probe import Probe
from voiceguide.sound.server import Server
from voiceguide.sound.silent import Pace

__all__ = ["Device", "LiveSound", "Running", "choose", "devices"]

LATENCIES = (0.06, 0.09, 0.12, 0.21)
"""Seconds of sound that the speaker's device may hold: what it begins with, and what it is given when it runs out."""
SETTLE = 0.3
"""Seconds of silence in which a latency is tried at the start."""
LOOK_LIMIT = 1.0
"""Seconds for the sound server to say where the streams are; usually it takes less than ``SETTLE``."""
TICK = 0.1
"""Seconds between two looks of the keeper."""
APART_S, TROUBLE_S = 0.5, 10.0
"""Two underruns that are not one (apart by so much), within so many seconds, are one too many."""
HURRY_S = 0.5
"""No device asks for so much more than it has had time to play, but for one that runs out again and again."""


class LiveSound:
    """A microphone and a speaker (``voiceguide.sound.Sound``), each at its device's own rate.

    ``input_device`` and ``output_device`` are as for ``choose``. Without ``microphone`` only the speaker is
    opened, and ``read`` gives silence at the pace of the clock."""

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
        """How often the device lost sound of the microphone since ``open``."""
        return self._microphone.troubles if self._microphone else 0

    @property
    def dropped(self) -> float:
        """Seconds of sound thrown away since ``open``, because they were not read within five seconds."""
        return self._microphone.dropped if self._microphone else 0.0

    @property
    def underflows(self) -> int:
        """How often the speaker's device ran out of sound since ``open``."""
        return self._speaker.troubles

    @property
    def placings(self) -> int:
        """How often ``played`` was placed beside ``pcm``: once, and again for each time that samples were lost."""
        return self._played.placings

    @property
    def delay(self) -> float:
        """Seconds from ``fill`` until what it gave is in ``played``; 20 ms more or less."""
        return self._played.delay

    @property
    def running(self) -> list[Running]:
        """The streams, microphone first."""
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
        """Raises SoundError where a device is missing, unknown, busy, or does not answer.

        ``fill`` is called from another thread until ``close``. Can be opened again after ``close``."""
        self.close()
        self._forget()
        self._quiet.enter_context(quiet())
        try:
            pa.bounded(self._start, pa.OPEN_LIMIT)
        except BaseException:
            self.close()
            raise
        self._pace = Pace()
        if self._microphone:
            self._microphone.begin(self._pace.began)
        self._speaker.fill = fill
        self._closing = False
        self._keeper = Thread(target=self._keep, name="sound keeper", daemon=True)
        self._keeper.start()

    def _start(self) -> None:
        found = pa.query()
        chosen = {end.kind: choose(found, self._wanted[end.kind], end.kind) for end in self._ends}
        self._open_streams(found, chosen)
        if pa.served(found):
            self._server = Server(self._wake)
        while True:
            before = self.underflows
            sleep(SETTLE)
            if self.underflows == before or self._latency == len(LATENCIES) - 1:
                break
            self._latency += 1
            self._reopen_speaker()
        if self._server:  # or a device that goes away at once would never have been the stream's
            self._server.looked.wait(LOOK_LIMIT)

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
        """All streams anew, on the devices that bear the names of those that were in use."""
        pa.close([running.stream for running in self._running.values()])
        found = pa.query()
        self._open_streams(found, {kind: choose(found, name, kind) for kind, name in self._names.items()})

    @property
    def _names(self) -> dict[Kind, str]:
        return {kind: running.device.lasting_name for kind, running in self._running.items()}

    def read(self) -> Block:
        """The next 30 ms. ``at`` is when its end came from the device, in seconds since ``open`` was done;
        for how that is known see ``MicrophoneClock``, and for ``played`` see ``Played``. While the microphone is lost
        blocks are silent, and come at the pace of the clock.

        Raises SoundError when it is not open. What ``fill`` raised is raised here."""
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

    def close(self) -> None:
        """Stop, when what the speaker's device holds has been heard. A device that does not answer is left alone
        after two seconds."""
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
        while not self._closing:
            self._wake.wait(TICK)
            self._wake.clear()
            now = monotonic()
            for end in self._ends:
                end.look(now - before)
            self._tell()
            gone = [end.kind for end in self._ends if end.lost]
            if supply.short(now, now - before) and not gone:
                self._widen()
            before = now
            if not gone:
                probe.stop()
            elif probe.sees({kind: self._names[kind] for kind in gone}):
                with suppress(Exception):  # whatever a driver gives: it is tried again, as long as it takes
                    pa.bounded(self._restart, pa.OPEN_LIMIT)
                before = monotonic()
        probe.stop()

    def _widen(self) -> None:
        """Give the speaker's device more to hold, if there is more to give."""
        if self._latency < len(LATENCIES) - 1:
            self._latency += 1
            with suppress(Exception):  # as in ``_keep``: the stream has ended then, and counts as lost
                pa.bounded(self._reopen_speaker, pa.OPEN_LIMIT)

    def _tell(self) -> None:
        """What is lost, for ``read``."""
        moved = self._server.away if self._server else frozenset[Kind]()
        self._speaker.away = "speaker" in moved
        lost = frozenset(end.kind for end in self._ends if end.lost) | moved
        if lost == self._lost:
            return
        for kind in lost - self._lost:
            self._losses[kind] = self._losses.get(kind, 0) + 1
        self._played.place_anew()
        self._lost = lost
        if self._microphone:
            with self._microphone.arrived:
                self._microphone.arrived.notify()


class _Supply:
    """Whether the speaker's device runs out of sound. It says so; or it asks for more than it can have played."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._troubles = speaker.troubles
        self._least = inf
        """By how many seconds of sound it has been ahead of the clock, at least."""
        self._times: deque[float] = deque([-TROUBLE_S], 2)

    def short(self, now: float, waited: float) -> bool:
        """Whether it has run out for the second time lately. ``waited``: since the last call."""
        troubles, self._troubles = self._troubles, self._speaker.troubles
        ahead = self._speaker.seconds - now
        hurry = ahead - self._least > HURRY_S
        self._least = ahead if hurry else min(self._least, ahead)
        # Where the process was held up it is no fault of the latency.
        if (self._troubles > troubles or hurry) and waited < 3 * TICK and now - self._times[-1] > APART_S:
            self._times.append(now)
            return self._times[-1] - self._times[0] < TROUBLE_S
        return False
