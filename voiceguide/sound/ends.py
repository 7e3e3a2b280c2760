"""The two ends of live sound, a microphone and a speaker, as PortAudio calls them, each in a thread of its own.

They know nothing about streams and devices. ``prepare`` gets an end ready for a stream, be it the first one or a
replacement; the count of samples starts again with each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from voiceguide.sound import BLOCK, RATE, Fill, Kind, Pcm
from voiceguide.sound.clock import MicrophoneClock
from voiceguide.sound.played import Played

QUEUE_S = 5.0
"""Seconds of the microphone's sound that are kept for a reader that's late."""
PULL = BLOCK // 3
"""Samples asked of ``fill`` at a time where they're resampled. With what the resampler holds back, that's at most 25
ms ahead of the device."""
SILENT_S = 0.7
"""Seconds without a callback after which a device counts as lost."""
START_S = 3.0
"""The same in the first seconds of a stream: a sleeping sink of a sound server takes up to 2 s to wake up."""
LOOK_S = 0.15
"""A look counts for no more seconds than this: no device counts as lost because our whole process was held up."""

FOLLOW = 0.04
"""Of each piece of 20 ms: half a second's mean."""
CLEARLY, DEAD_POWER, SOUND_POWER = 10.0, 1.0, 1_000.0
"""Ten times the power, 10 dB, is clearly louder. Where there's no more than this, nothing is connected; and from here
on, 60 dB below full scale, it's more than the hiss of an input."""

Callback = Callable[[Any, int, Any, Any], None]
Powers = npt.NDArray[np.float64]


class End:
    """What both ends have in common."""

    kind: Kind

    def __init__(self, wake: Event) -> None:
        """``wake`` is set when the keeper should have a look."""
        self.ended = False
        """PortAudio has ended the stream: the device or the sound server is gone."""
        self.lost = False
        """It has ended, or its callback hasn't been called lately."""
        self.xruns = 0
        """How often the device has lost sound (overflow) or run out of it (underflow)."""
        self._wake = wake
        self._streams = 0
        self._calls = self._seen = 0
        """Callbacks of the present stream, in all and up to the last look."""
        self._age = self._silent = 0.0
        """Seconds since the present stream was opened, and since its last callback."""

    def prepare(self, rate: int, channels: int) -> tuple[Callback, Callable[[], None]]:
        """Get ready for a stream at this rate, which is about to be opened. Returns what the stream has to call with
        each piece of sound, and at its end. Whatever an earlier stream still calls has no effect."""
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
        """See whether it's lost. For the keeper; ``seconds``: since the last look."""
        seconds = min(seconds, LOOK_S)
        self._age += seconds
        self._silent = 0.0 if self._calls != self._seen else self._silent + seconds
        self._seen = self._calls
        if self.ended or self._silent >= (SILENT_S if self._age > START_S else START_S):
            self.lost = True
        elif self._silent == 0 and self._calls:
            self.lost = False

    def finish(self) -> None:
        """No more callbacks. A stream that hangs holds on to its callback, which mustn't hold on to soxr: when the
        process ended, soxr would print a page about what it hasn't been given back."""
        self._streams += 1
        self.ended = True

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        """A function that takes or fills int16[frames, channels]."""
        raise NotImplementedError


class Channel:
    """Which of a microphone's channels is heard.

    The first one, not the mean: an array of microphones has its cleaned sound there, and a stereo input with one
    microphone would lose 6 dB. But that one microphone may be on the right; and any input may be dead."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._powers: Powers | None = None
        """Of the last half second, by channel."""
        self.chosen = 0

    def of(self, sound: Pcm) -> Pcm:
        """int16[n] from int16[n, channels]."""
        if self._channels > 1 and len(sound):
            new: Powers = np.mean(sound.astype(np.float64) ** 2, axis=0)
            powers = new if self._powers is None else self._powers + FOLLOW * (new - self._powers)
            self._powers = powers
            best = int(powers.argmax())
            there, here = powers[best], powers[self.chosen]
            # An array may have what the speaker plays on one of its channels, and that's no microphone.
            better = there > CLEARLY * here if self._channels == 2 else here < DEAD_POWER
            if there > SOUND_POWER and better:
                self.chosen = best
        pcm: Pcm = sound[:, self.chosen].copy()
        return pcm


@dataclass(slots=True)
class _Stream:
    """How far a reader has got in the sound of one stream of the microphone."""

    rate: int
    clock: MicrophoneClock
    resample: Callable[[Pcm], Pcm]
    next: int = 0
    """The device's next sample."""
    counted: float = 0.0
    """Seconds of sound up to the end of ``ready``, including what was dropped."""
    ready: Pcm = field(default_factory=lambda: np.zeros(0, np.int16))


class Microphone(End):
    """Keeps what comes in, for ``read``."""

    kind: Kind = "microphone"

    def __init__(self, wake: Event, played: Played) -> None:
        super().__init__(wake)
        self.dropped = 0.0
        """Seconds of sound that weren't read in time."""
        self.arrived = Condition()
        """Notified when sound has come, or when none will come."""
        self._began = monotonic()
        self._played = played
        self._chunks: deque[tuple[Pcm, int, float, _Stream]] = deque()
        """Samples, how many of the device's samples came before them, when they arrived, and which stream they're
        from."""
        self._waiting = 0.0
        """Seconds of sound in ``_chunks``."""
        self._stale = 0.0
        """When the last sound came whose time has been filled with silence already; 0 when there's none."""
        self._reading: _Stream | None = None
        self.last = 0.0
        """The time at the end of the block that was read last."""

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        stream = _Stream(rate, MicrophoneClock(), resampler(rate, RATE))
        choice = Channel(channels)
        frames_before = 0
        with self.arrived:
            self._chunks.clear()
            self._waiting = 0.0

        def take(data: Any, frames: int, status: Any) -> None:
            nonlocal frames_before
            if status.input_overflow:
                self.xruns += 1
                self._played.realign()
            pcm = choice.of(np.frombuffer(data, np.int16).reshape(frames, channels))
            with self.arrived:
                self._chunks.append((pcm, frames_before, monotonic() - self._began, stream))
                frames_before += frames
                self._waiting += frames / rate
                while self._waiting > QUEUE_S:
                    late = len(self._chunks.popleft()[0]) / rate
                    self._waiting -= late
                    self.dropped += late
                    self._played.realign()
                self.arrived.notify()

        return take

    def read(self, given_up: Callable[[], bool]) -> tuple[Pcm, float, bool] | None:
        """The next block, the time at its end, and whether it's the newest; None when ``given_up()``."""
        while (stream := self._reading) is None or len(stream.ready) < BLOCK:
            with self.arrived:
                while not given_up() and not self._chunks:
                    self.arrived.wait()
                if given_up():
                    return None
                pcm, first, at, of = self._chunks.popleft()
                self._waiting -= len(pcm) / of.rate
            if self._stale:
                # What was held back meanwhile comes all at once; after that, the present comes at its own pace.
                self._stale, before = at, self._stale
                if at - before < len(pcm) / of.rate / 2 or before < 0:
                    continue
                self._stale = 0.0
                of.clock = MicrophoneClock()
            if of is not stream:
                self._reading = of
                self._played.realign()
            # Time has passed for what was dropped before this chunk, too.
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
        """Count time from this moment of ``monotonic``, and drop what was heard before."""
        with self.arrived:
            self._began = at
            self._chunks.clear()
            self._waiting = 0.0

    def skip(self, until: float) -> None:
        """Drop what has been heard so far: silence was given up to this time."""
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
    """Plays what ``fill`` returns, and silence until ``fill`` is set."""

    kind: Kind = "speaker"

    def __init__(self, wake: Event, played: Played) -> None:
        super().__init__(wake)
        self.fill: Fill | None = None
        self.away = False
        """Nobody would hear what it plays: it plays silence, and ``fill`` isn't called."""
        self.failure: Exception | None = None
        """What ``fill`` raised."""
        self.seconds = 0.0
        """Seconds of sound that the device has taken."""
        self._played = played

    def _taker(self, rate: int, channels: int) -> Callable[[Any, int, Any], None]:
        resample = resampler(RATE, rate)
        ahead: Pcm = np.zeros(0, np.int16)
        self._played.realign()

        def take(data: Any, frames: int, status: Any) -> None:
            nonlocal ahead
            self.seconds += frames / rate
            self._played.piece = frames * RATE // rate
            if status.output_underflow:
                self.xruns += 1
                self._played.realign()
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
            except Exception as failure:  # read() raises it again, in the session's thread
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
            raise ValueError(f"fill({n}) returned {len(pcm)} samples")
        self._played.give(pcm)
        return pcm


def resampler(source: int, target: int) -> Callable[[Pcm], Pcm]:
    """A function that turns int16[n] at ``source`` samples a second into samples at ``target``, piece by piece."""
    if source == target:
        return lambda pcm: pcm
    # soxr's variable-rate filter, although the rate is fixed: it holds back 12 to 15 ms, where the others hold back
    # 37 to 58 ms. It's flat up to 7 kHz, and 82 dB down above 8 kHz.
    resample: Callable[[Pcm], Pcm] = soxr.ResampleStream(
        source, target, 1, dtype="int16", quality="HQ", vr=True
    ).resample_chunk
    return resample
