"""The two ends of live sound as PortAudio calls them, each in its own thread: a microphone and a speaker.

They know nothing of streams and devices. ``prepare`` makes an end ready for a stream, a first one or another: with
that the samples are counted anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from threading import Condition, Event
from time import monotonic
from typing import Any

import numpy as np
import soxr

from voiceguide.sound import BLOCK, RATE, Fill, Kind, Pcm
from voiceguide.sound.played import Played

QUEUE_S = 5.0
"""Seconds of the microphone's sound that are kept for a reader that is late."""
PULL = BLOCK // 3
"""Samples asked of ``fill`` at once where they are resampled: with what the resampler holds, 25 ms are ahead of the
device at most."""
SILENT_S = 0.7
"""Seconds without any sound from a device or to it after which it counts as lost."""
START_S = 3.0
"""The same in the first seconds of a stream: a sleeping sink of a sound server takes up to 2 s to wake."""
LOOK_S = 0.15
"""A look counts for no more seconds: where the whole process was held up, no device counts as lost for that."""

Callback = Callable[[Any, int, Any, Any], None]


class MicrophoneClock:
    """The time of a place in the microphone's sound.

    Counting samples gives even steps, but loses time with each sample that the device loses, and drifts with
    the device's crystal. The times of arrival are true in the long run, but each may be late. So samples are
    counted, and the count is moved by the least lateness of the last second: after a loss it is true again
    within a second. Time never goes backwards: a block is at least half a block later than the one before."""

    def __init__(self) -> None:
        self._lateness: deque[tuple[float, float]] = deque()
        self.last = 0.0
        """The time that was given last."""

    def arrived(self, counted: float, at: float) -> None:
        """What is ``counted`` seconds of samples from the start was here at ``at`` seconds."""
        self._lateness.append((counted, at - counted))
        while self._lateness[0][0] < counted - 1.0:
            self._lateness.popleft()

    def at(self, counted: float) -> float:
        """The time at the end of a block that ends at ``counted`` seconds of samples."""
        least = min(map(itemgetter(1), self._lateness))
        self.last = max(counted + least, self.last + BLOCK / RATE / 2)
        return self.last


class End:
    """What both have in common."""

    kind: Kind

    def __init__(self, wake: Event) -> None:
        self.ended = False
        """PortAudio has ended the stream: the device or the server is gone."""
        self.lost = False
        """It has ended, or nothing has come of it lately."""
        self.troubles = 0
        """How often the device has lost sound, or run out of it."""
        self._wake = wake
        """To be set at its end."""
        self._streams = 0
        self._calls = self._seen = 0
        self._age = self._silent = 0.0
        """Calls by the present stream, calls at the last look, and seconds of it."""

    def prepare(self, rate: int, channels: int) -> tuple[Callback, Callable[[], None]]:
        """For a stream at this rate that is about to be opened: what it is to call with each piece of sound, and at
        its end. What an earlier stream still calls comes to nothing."""
        self._streams += 1
        this = self._streams
        take = self._taker(rate, channels)
        self._calls = self._seen = 0
        self._age = self._silent = 0.0
        self.ended = False

        def callback(data: Any, frames: int, time: Any, status: Any) -> None:
            if this == self._streams:
                self._calls += 1
                if self.lost:
                    self._wake.set()
                take(data, frames, status)

        def finished() -> None:
            if this == self._streams:
                self.ended = True
                self._wake.set()

        return callback, finished

    def look(self, seconds: float) -> None:
        """See whether it is lost; by the keeper, so many seconds after the last time."""
        seconds = min(seconds, LOOK_S)
        self._age += seconds
        self._silent = 0.0 if self._calls != self._seen else self._silent + seconds
        self._seen = self._calls
        if self.ended or self._silent >= (SILENT_S if self._age > START_S else START_S):
            self.lost = True
        elif self._silent == 0 and self._calls:
            self.lost = False

    def finish(self) -> None:
        """It is over. A stream that hangs holds on to its callback, which must not hold on to soxr: at the end of the
        process it would print a page about what was not given back to it."""
        self._streams += 1
        self.ended = True

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        """What takes or fills int16[frames, channels]."""
        raise NotImplementedError


@dataclass(slots=True)
class _Stream:
    """Where a reader is in the sound of one stream of the microphone."""

    rate: int
    clock: MicrophoneClock
    resample: Callable[[Pcm], Pcm]
    next: int = 0
    """The device's sample that comes next."""
    counted: float = 0.0
    """Seconds of sound up to the end of ``ready``, with those that were dropped."""
    ready: Pcm = field(default_factory=lambda: np.zeros(0, np.int16))


class Microphone(End):
    """Keeps what comes, for ``read``."""

    kind: Kind = "microphone"

    def __init__(self, wake: Event, played: Played) -> None:
        super().__init__(wake)
        self.dropped = 0.0
        """Seconds of sound that were not read in time."""
        self.arrived = Condition()
        """To be notified when sound has come, or will not come."""
        self._began = monotonic()
        self._played = played
        self._chunks: deque[tuple[Pcm, int, float, _Stream]] = deque()
        """Samples, how many of the device's samples came before them, the time when they arrived, and of which
        stream."""
        self._waiting = 0.0
        self._stale = 0.0
        """When sound came last that is of a time for which silence has been given; 0 when there is none."""
        self._reading: _Stream | None = None
        self.last = 0.0
        """The time of the block that was read last."""

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        stream = _Stream(rate, MicrophoneClock(), resampler(rate, RATE))
        frames_before = 0
        with self.arrived:
            self._chunks.clear()
            self._waiting = 0.0

        def take(data: Any, frames: int, status: Any) -> None:
            nonlocal frames_before
            if status.input_overflow:
                self.troubles += 1
                self._played.place_anew()
            # The first channel, not the mean: an array of microphones has its cleaned sound there, and a stereo
            # input with one microphone would lose 6 dB.
            pcm = np.frombuffer(data, np.int16).reshape(frames, channels)[:, 0].copy()
            with self.arrived:
                self._chunks.append((pcm, frames_before, monotonic() - self._began, stream))
                frames_before += frames
                self._waiting += frames / rate
                while self._waiting > QUEUE_S:
                    late = len(self._chunks.popleft()[0]) / rate
                    self._waiting -= late
                    self.dropped += late
                    self._played.place_anew()
                self.arrived.notify()

        return take

    def read(self, given_up: Callable[[], bool]) -> tuple[Pcm, float, bool] | None:
        """The next block, the time of its end, and whether it is the newest; None when ``given_up()``."""
        while (stream := self._reading) is None or len(stream.ready) < BLOCK:
            with self.arrived:
                while not given_up() and not self._chunks:
                    self.arrived.wait()
                if given_up():
                    return None
                pcm, first, at, of = self._chunks.popleft()
                self._waiting -= len(pcm) / of.rate
            if self._stale:
                # What was held back meanwhile comes all at once, and then the present at its own pace.
                self._stale, before = at, self._stale
                if at - before < len(pcm) / of.rate / 2 or before < 0:
                    continue
                self._stale = 0.0
                of.clock = MicrophoneClock()
            if of is not stream:
                self._reading = of
                self._played.place_anew()
            # What was dropped before this chunk has passed all the same.
            of.counted += (first - of.next) / of.rate
            of.next = first + len(pcm)
            of.clock.arrived(of.next / of.rate, at)
            more = of.resample(pcm)
            of.counted += len(more) / RATE
            of.ready = np.concatenate((of.ready, more))
        block, stream.ready = stream.ready[:BLOCK], stream.ready[BLOCK:]
        stream.clock.last = self.last
        self.last = stream.clock.at(stream.counted - len(stream.ready) / RATE)
        return block, self.last, not self._chunks and len(stream.ready) < BLOCK

    def begin(self, at: float) -> None:
        """Time is counted from this moment of ``monotonic``, and what was heard before is not read."""
        with self.arrived:
            self._began = at
            self._chunks.clear()
            self._waiting = 0.0

    def skip(self, until: float) -> None:
        """What was heard so far is not read: silence was given until this time."""
        self.last = until
        self._stale = -1.0
        with self.arrived:
            self._chunks.clear()
            self._waiting = 0.0

    def finish(self) -> None:
        super().finish()
        self._reading = None
        self._chunks.clear()


class Speaker(End):
    """Plays what ``fill`` gives, and silence before ``fill`` is set."""

    kind: Kind = "speaker"

    def __init__(self, wake: Event, played: Played) -> None:
        super().__init__(wake)
        self.fill: Fill | None = None
        self.away = False
        """What it is given would be heard by nobody: it gets silence, and ``fill`` is not asked."""
        self.failure: Exception | None = None
        """What ``fill`` raised."""
        self.seconds = 0.0
        """Of sound that the device has taken."""
        self._played = played

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        resample = resampler(RATE, rate)
        ahead: Pcm = np.zeros(0, np.int16)
        self._played.place_anew()

        def take(data: Any, frames: int, status: Any) -> None:
            nonlocal ahead
            self.seconds += frames / rate
            self._played.piece = frames * RATE // rate
            if status.output_underflow:
                self.troubles += 1
                self._played.place_anew()
            out = np.frombuffer(data, np.int16).reshape(frames, channels)
            if self.fill is None or self.away or self.failure is not None:
                out[:] = 0
                return
            try:
                if rate == RATE:
                    out[:] = self._filled(frames)[:, None]
                    return
                while len(ahead) < frames:
                    ahead = np.concatenate((ahead, resample(self._filled(PULL))))
            except Exception as failure:  # raised again by read(), in the thread of the session
                self.failure = failure
                out[:] = 0
                return
            out[:] = ahead[:frames, None]
            ahead = ahead[frames:]

        return take

    def _filled(self, n: int) -> Pcm:
        assert self.fill is not None
        pcm = self.fill(n)
        if len(pcm) != n:
            raise ValueError(f"fill({n}) gave {len(pcm)} samples")
        self._played.give(pcm)
        return pcm


def resampler(source: int, target: int) -> Callable[[Pcm], Pcm]:
    """What makes samples at ``target`` a second of int16[n] at ``source``, piece by piece."""
    if source == target:
        return lambda pcm: pcm
    # soxr's variable-rate filter, although the rate is fixed: it holds back 12 to 15 ms where the others hold
    # back 37 to 58 ms; it is flat up to 7 kHz, and what is above 8 kHz is 82 dB down.
    resample: Callable[[Pcm], Pcm] = soxr.ResampleStream(
        source, target, 1, dtype="int16", quality="HQ", vr=True
    ).resample_chunk
    return resample
