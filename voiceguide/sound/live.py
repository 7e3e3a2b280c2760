"""Real sound: a microphone and a speaker through PortAudio; and silence, for a machine that has neither.

Two streams are opened, one for each direction: a single duplex stream stalled for seconds where the speaker
was asleep, and underran where two did not. And microphone and speaker are often two devices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Condition, Event
from time import monotonic, sleep
from typing import Any

import numpy as np
import soxr

from voiceguide.errors import SoundError
from voiceguide.sound import BLOCK, RATE, Block, Fill, Kind, Pcm
from voiceguide.sound.portaudio import (
    OPEN_LIMIT,
    Device,
    bounded,
    choose,
    devices,
    in_use,
    query,
    quiet,
)

__all__ = ["Device", "LiveSound", "SilentSound", "choose", "devices"]

LATENCY = 0.1
"""Seconds of sound that the device may hold. With 0.06 a sound server underruns 30 times a second."""
PATIENCE = 1.0
"""Seconds without a callback after which a device counts as lost."""
START_PATIENCE = 3.0
"""The same for the first callback: a sleeping sink of a sound server takes up to 2 s to wake."""
CLOSE_LIMIT = 2.0
CHUNKS = 100
"""A second, from the microphone: small, for a command is waiting."""
QUEUE = 5 * CHUNKS
"""Chunks kept for a reader that is late."""
PULL = BLOCK // 3
"""Samples asked of ``fill`` at once: with what the resampler holds, 25 ms are ahead of the device at most."""

_OTHER_RATES = (48_000, 44_100, 32_000, 16_000)


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
        self._wanted = input_device, output_device
        self._microphone = _Microphone() if microphone else None
        self._speaker = _Speaker()
        self._pace = _Pace()
        self._streams: list[Any] = []

    @property
    def overflows(self) -> int:
        """How often the device lost sound of the microphone since ``open``."""
        return self._microphone.overflows if self._microphone else 0

    @property
    def dropped(self) -> int:
        """Chunks of 10 ms thrown away since ``open``, because they were not read within five seconds."""
        return self._microphone.dropped if self._microphone else 0

    @property
    def underflows(self) -> int:
        """How often the speaker's device ran out of sound since ``open``."""
        return self._speaker.underflows

    def open(self, fill: Fill) -> None:
        """Raises SoundError where a device is missing, unknown, busy, or does not answer.

        ``fill`` is called from another thread until ``close``. Can be opened again after ``close``, for
        instance when a lost device is back."""
        self.close()
        self._microphone = _Microphone() if self._microphone else None
        self._speaker = _Speaker(fill)
        ends = self._ends()
        try:
            bounded(lambda: self._start(ends), OPEN_LIMIT)
        except BaseException:
            self.close()
            raise
        self._pace = _Pace()

    def _ends(self) -> list[_End]:
        return [self._microphone, self._speaker] if self._microphone else [self._speaker]

    def _start(self, ends: Sequence[_End]) -> None:
        found = query()
        wanted = {"microphone": self._wanted[0], "speaker": self._wanted[1]}
        chosen = [choose(found, wanted[end.kind], end.kind) for end in ends]
        for end, device in zip(ends, chosen, strict=True):
            stream = _open_stream(device, end)
            in_use.append(stream)
            self._streams.append(stream)

    def read(self) -> Block:
        """The next 30 ms. ``at`` is when its end came from the device, in seconds since ``open`` was called;
        for how that is known see ``MicrophoneClock``.

        Raises SoundError when the microphone or the speaker is lost or not open. What ``fill`` raised is
        raised here."""
        if not self._streams:
            raise SoundError("the sound is not open")
        self._speaker.check()
        if self._microphone:
            return self._microphone.read()
        return Block(np.zeros(BLOCK, np.int16), self._pace.wait(), np.zeros(BLOCK, np.int16))

    def close(self) -> None:
        """Stop, when what the speaker's device holds has been heard (0.1 s). A device that does not answer is
        left alone after two seconds."""
        streams, self._streams = self._streams, []
        for end in self._ends():
            end.end()
        if streams:
            with suppress(SoundError):
                bounded(lambda: _close_streams(streams), CLOSE_LIMIT)
        for end in self._ends():
            end.release()


class SilentSound:
    """No device at all: ``read`` gives silence at the pace of the clock, what ``fill`` gives is thrown away.

    For a session with typed commands on a machine without a speaker."""

    def __init__(self) -> None:
        self._fill: Fill | None = None
        self._pace = _Pace()

    def open(self, fill: Fill) -> None:
        """Never fails. ``fill`` is called by ``read``, in its thread."""
        self._fill = fill
        self._pace = _Pace()

    def read(self) -> Block:
        """30 ms of silence, when they have passed. Raises SoundError when not open."""
        if self._fill is None:
            raise SoundError("the sound is not open")
        at = self._pace.wait()
        return Block(np.zeros(BLOCK, np.int16), at, self._fill(BLOCK))

    def close(self) -> None:
        """Harmless when not open."""
        self._fill = None


class _Pace:
    """Blocks at the pace of the clock. One that is asked for late comes at once; a long stall is left out."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._at = 0.0

    def wait(self) -> float:
        """Seconds from the start to the end of the block; returns when that is reached."""
        self._at = max(self._at + BLOCK / RATE, monotonic() - self._began - PATIENCE)
        sleep(max(0.0, self._began + self._at - monotonic()))
        return self._at


class MicrophoneClock:
    """The time of a place in the microphone's sound.

    Counting samples gives even steps, but loses time with each sample that the device loses, and drifts with
    the device's crystal. The times of arrival are true in the long run, but each may be late. So samples are
    counted, and the count is moved by the least lateness of the last second: after a loss it is true again
    within a second. Time never goes backwards: a block is at least half a block later than the one before."""

    def __init__(self) -> None:
        self._lateness: deque[float] = deque(maxlen=CHUNKS)
        self._last = 0.0

    def arrived(self, counted: float, at: float) -> None:
        """What is ``counted`` seconds of samples from the start was here at ``at`` seconds."""
        self._lateness.append(at - counted)

    def at(self, counted: float) -> float:
        """The time at the end of a block that ends at ``counted`` seconds of samples."""
        self._last = max(counted + min(self._lateness), self._last + BLOCK / RATE / 2)
        return self._last


class _End:
    """What microphone and speaker have in common: PortAudio calls them, in its own thread, until it ends."""

    kind: Kind
    silence: str

    def __init__(self) -> None:
        self.began = self.called = monotonic()
        self.patience = START_PATIENCE
        self.ended = Event()
        self._channels = 1
        self._resample: Callable[[Pcm], Pcm] = _unchanged

    def prepare(self, rate: int, channels: int) -> None:
        """For a stream at this rate that is about to be opened."""
        self._channels = channels
        self.called = monotonic()

    def release(self) -> None:
        """After the last use. A stream that hangs holds on to its callback: soxr, at the end of the process, would
        print a page about what was not given back to it."""
        self._resample = _unchanged

    def callback(self, data: Any, frames: int, time: Any, status: Any) -> None:
        """int16[frames, channels] to be read or written."""
        raise NotImplementedError

    def end(self) -> None:
        """It is over: closed by us, or, as PortAudio tells at once, the device or the server is gone."""
        self.ended.set()

    def check(self) -> float:
        """Seconds until it counts as lost. Raises SoundError when it is."""
        remedy = "see that it is plugged in and the sound server runs (`voiceguide devices`), and start again"
        if self.ended.is_set():
            raise SoundError(f"the {self.kind} was lost: {remedy}")
        if (left := self.called + self.patience - monotonic()) <= 0:
            long = "a second" if self.patience == PATIENCE else f"{self.patience:g} seconds"
            raise SoundError(f"the {self.kind} {self.silence} for {long}: {remedy}")
        return left

    def _touch(self) -> None:
        self.called = monotonic()
        self.patience = PATIENCE


class _Microphone(_End):
    kind: Kind = "microphone"
    silence = "gave no sound"

    def __init__(self) -> None:
        super().__init__()
        self.overflows = self.dropped = 0
        self._arrived = Condition()
        self._chunks: deque[tuple[Pcm, int, float]] = deque()
        """Samples, how many of the device's samples came before them, and the time when they arrived."""
        self._frames = 0
        self._clock = MicrophoneClock()
        self._ready: Pcm = np.zeros(0, np.int16)
        self._counted = 0.0
        """Seconds of sound up to the end of ``_ready``, with those that were dropped."""
        self._next = 0
        self._rate = RATE

    def prepare(self, rate: int, channels: int) -> None:
        super().prepare(rate, channels)
        self._rate = rate
        self._resample = _resampler(rate, RATE)

    def callback(self, data: Any, frames: int, time: Any, status: Any) -> None:
        self._touch()
        self.overflows += bool(status.input_overflow)
        # The first channel, not the mean: an array of microphones has its cleaned sound there, and a stereo
        # input with one microphone would lose 6 dB.
        pcm = np.frombuffer(data, np.int16).reshape(frames, self._channels)[:, 0].copy()
        with self._arrived:
            self._chunks.append((pcm, self._frames, self.called))
            self._frames += frames
            if len(self._chunks) > QUEUE:
                self._chunks.popleft()
                self.dropped += 1
            self._arrived.notify()

    def end(self) -> None:
        super().end()
        with self._arrived:
            self._arrived.notify()

    def read(self) -> Block:
        while len(self._ready) < BLOCK:
            pcm, first, at = self._take()
            # What was dropped before this chunk has passed all the same.
            self._counted += (first - self._next) / self._rate
            self._next = first + len(pcm)
            self._clock.arrived(self._next / self._rate, at - self.began)
            more = self._resample(pcm)
            self._counted += len(more) / RATE
            self._ready = np.concatenate((self._ready, more))
        block, self._ready = self._ready[:BLOCK], self._ready[BLOCK:]
        return Block(block, self._clock.at(self._counted - len(self._ready) / RATE), np.zeros(BLOCK, np.int16))

    def _take(self) -> tuple[Pcm, int, float]:
        with self._arrived:
            while not self._chunks:
                self._arrived.wait(self.check())
            return self._chunks.popleft()


class _Speaker(_End):
    kind: Kind = "speaker"
    silence = "took no sound"

    def __init__(self, fill: Fill | None = None) -> None:
        super().__init__()
        self.underflows = 0
        self._fill = fill
        self._failure: Exception | None = None
        self._ahead: Pcm = np.zeros(0, np.int16)

    def prepare(self, rate: int, channels: int) -> None:
        super().prepare(rate, channels)
        self._resample = _resampler(RATE, rate)

    def callback(self, data: Any, frames: int, time: Any, status: Any) -> None:
        self._touch()
        self.underflows += bool(status.output_underflow)
        out = np.frombuffer(data, np.int16).reshape(frames, self._channels)
        out[:] = 0
        if self.ended.is_set() or self._fill is None:
            return
        try:
            while len(self._ahead) < frames:
                pcm = self._fill(PULL)
                if len(pcm) != PULL:
                    raise ValueError(f"fill({PULL}) gave {len(pcm)} samples")
                self._ahead = np.concatenate((self._ahead, self._resample(pcm)))
        except Exception as failure:  # raised again by read(), in the thread of the session
            self._failure = failure
            self.ended.set()
            return
        out[:] = self._ahead[:frames, None]
        self._ahead = self._ahead[frames:]

    def check(self) -> float:
        if self._failure:
            raise self._failure
        return super().check()


def _unchanged(pcm: Pcm) -> Pcm:
    return pcm


def _resampler(source: int, target: int) -> Callable[[Pcm], Pcm]:
    if source == target:
        return _unchanged
    # soxr's variable-rate filter, although the rate is fixed: it holds back 12 to 15 ms where the others hold
    # back 37 to 58 ms; it is flat up to 7 kHz, and what is above 8 kHz is 82 dB down.
    resample: Callable[[Pcm], Pcm] = soxr.ResampleStream(
        source, target, 1, dtype="int16", quality="HQ", vr=True
    ).resample_chunk
    return resample


def _open_stream(device: Device, end: _End) -> Any:
    """A stream that runs, at the first rate and number of channels that the device takes."""
    import sounddevice

    microphone = end.kind == "microphone"
    most = device.inputs if microphone else device.outputs
    make = sounddevice.RawInputStream if microphone else sounddevice.RawOutputStream
    refused: Exception | None = None
    for rate in dict.fromkeys((device.rate, *_OTHER_RATES)):
        for channels in sorted({1, min(2, most), most}):
            end.prepare(rate, channels)
            try:
                with quiet():
                    stream = make(
                        device=device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        latency=LATENCY,
                        blocksize=rate // CHUNKS if microphone else 0,
                        callback=end.callback,
                        finished_callback=end.end,
                    )
                    try:
                        stream.start()
                    except sounddevice.PortAudioError:
                        stream.close()  # or the next attempt finds the device in use, by us
                        raise
                    return stream
            except sounddevice.PortAudioError as error:
                refused = refused or error
    raise SoundError(
        f'the {end.kind} "{device.name}" cannot be opened ({refused}): see that no other program is using it'
    )


def _close_streams(streams: Sequence[Any]) -> None:
    for stream in streams:
        stream.stop()
        stream.close()
        in_use.remove(stream)
