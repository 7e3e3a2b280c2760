"""Sound devices: which ones there are, which one is meant, and calls of PortAudio that can't hang the program.

PortAudio has one state for the whole process, so what we know about it is kept in this module. With a broken ALSA
configuration it aborts the process instead of reporting an error: nothing can be done about that from here.
"""

from __future__ import annotations

import atexit
import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar

from voiceguide.errors import SoundError
from voiceguide.files import private
from voiceguide.files.stderr import quiet
from voiceguide.sound import BLOCK, RATE, Kind

OPEN_LIMIT = 10.0
"""Seconds for listing the devices or opening streams; it usually takes 0.1 to 0.3."""
CLOSE_LIMIT = 2.0
"""Seconds for closing streams: the speaker plays what its device still holds."""
PIECE = 0.02
"""Seconds of sound that a device hands over or takes at a time. The microphone's are passed on as blocks: with 30 ms
from the device a command would be heard 15 ms later, and with 10 ms no sooner."""
DEPTH = 1.28
"""Seconds of sound that the microphone's device may hold, so that nothing is lost when this process is held up for a
second. That adds no delay: the device hands it over piece by piece."""
CHOSEN_BY: dict[Kind, str] = {"microphone": "PULSE_SOURCE", "speaker": "PULSE_SINK"}
"""The variables that name another device than the sound server's default."""
_OTHER_RATES = (48_000, 44_100, 32_000, 16_000)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device, as PortAudio sees it."""

    index: int
    name: str
    inputs: int
    """Channels for recording; 0 for a speaker."""
    outputs: int
    """Channels for playing; 0 for a microphone."""
    rate: int
    """The device's own sample rate."""
    host_api: str
    is_default_input: bool
    is_default_output: bool
    at: str = ""
    """Where this is a sound server: the name of the device there that is meant; empty for the server's default."""

    @property
    def lasting_name(self) -> str:
        """Its name wherever it's plugged in: ALSA adds the number of the card."""
        return self.name.rsplit(" (hw:", 1)[0]


def devices() -> list[Device]:
    """All sound devices: as they are now, or as they were when the first stream that's open now was opened.

    Raises SoundError where PortAudio is missing or doesn't answer."""
    return bounded(query, OPEN_LIMIT)


def choose(found: Sequence[Device], wanted: str | int | None, kind: Kind) -> Device:
    """The device that's meant by an index (a number or digits), a name or a part of it; the default one for None.

    Case doesn't matter. A whole name takes precedence over an index, and an index over a part of a name. Raises
    SoundError, with the devices to choose from, where no device or more than one is meant."""
    microphone = kind == "microphone"
    fit = [device for device in found if (device.inputs if microphone else device.outputs)]
    if not fit:
        lacks = f"no {kind}" if found else "neither a microphone nor a speaker"
        raise SoundError(f"no sound device: this machine has {lacks}; connect one and see `voiceguide devices`")
    if wanted is None:
        default = next((d for d in fit if (d.is_default_input if microphone else d.is_default_output)), fit[0])
        names = {device.name: device for device in fit}
        # PipeWire is reached by PulseAudio's plugin, too, and that one survives its restarts: through the plugin of
        # its own, PortAudio hangs or asks for memory without end once the server is gone (raspberrypi/linux#5951).
        if default.name in ("default", "pipewire") and {"pipewire", "pulse"} <= names.keys():
            return names["pulse"]
        return default
    text = str(wanted).strip().casefold()
    for matches in (
        [device for device in fit if device.name.casefold() == text],
        [device for device in fit if str(device.index) == text],
        [device for device in fit if text and text in device.name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise SoundError(f'"{wanted}" may be any of {_listed(matches)}: choose the {kind} by its number')
    raise SoundError(f'there is no {kind} "{wanted}"; choose from {_listed(fit)}')


def same(found: Sequence[Device], device: Device, kind: Kind) -> Device:
    """The device that ``device`` is now: of its number and name, of its name, or plugged in elsewhere. Raises
    SoundError where there's none."""
    fit = [one for one in found if (one.inputs if kind == "microphone" else one.outputs)]
    alike = sorted(
        (one for one in fit if one.lasting_name == device.lasting_name),
        key=lambda one: (one.name != device.name, one.index != device.index),
    )
    if not alike:
        raise SoundError(f'there is no {kind} "{device.name}" any more')
    return replace(alike[0], at=device.at)


def served(found: Sequence[Device]) -> bool:
    """Whether there's a sound server: ALSA then has devices with these names."""
    return any(device.name in ("pulse", "pipewire") for device in found)


def _listed(found: Sequence[Device]) -> str:
    return ", ".join(f'{device.index} "{device.name}"' for device in found)


in_use: list[Any] = []
"""Open streams. While there are any, the devices can't be listed again."""
_hung: list[Thread] = []
"""Calls that PortAudio hasn't come back from."""
_one_at_a_time = Lock()


def query() -> list[Device]:
    """As ``devices``, but without a time limit: for use in a ``bounded`` task."""
    try:
        _silence_alsa()
        with private.all_made():  # JACK's library leaves files in /dev/shm
            import sounddevice
    except OSError:  # no library, or one that can't be loaded
        raise SoundError(
            "the sound library PortAudio is missing: install it with `sudo apt install libportaudio2`"
        ) from None
    try:
        if not in_use:
            _initialise_again(sounddevice)
        apis = sounddevice.query_hostapis()
        default_input, default_output = sounddevice.default.device
        found = list(sounddevice.query_devices())
    except sounddevice.PortAudioError as error:
        raise SoundError(f"no sound device: PortAudio cannot list any ({error}); see `voiceguide doctor`") from None
    return [
        Device(
            index=index,
            name=str(info["name"]),
            inputs=int(info["max_input_channels"]),
            outputs=int(info["max_output_channels"]),
            rate=round(info["default_samplerate"]),
            host_api=str(apis[info["hostapi"]]["name"]),
            is_default_input=index == default_input,
            is_default_output=index == default_output,
        )
        for index, info in enumerate(found)
    ]


@dataclass(frozen=True, slots=True)
class Running:
    """A running stream, and what its device accepted."""

    kind: Kind
    device: Device
    rate: int
    channels: int
    latency: float
    """Seconds of sound that the speaker's device holds, or that the microphone's device hands over at a time."""
    stream: Any


def start(
    found: Sequence[Device],
    device: Device,
    kind: Kind,
    latency: float,
    prepare: Callable[[int, int], tuple[Callable[..., None], Callable[[], None]]],
) -> Running:
    """Open a stream on ``device``, one of those ``found``, and start it.

    It's opened at the first rate and number of channels that the device accepts: the device's own rate, or 16 kHz
    with a sound server, which resamples anyway; and as few channels as possible. ``latency``: the speaker's, in
    seconds. ``prepare(rate, channels)`` returns the two functions that PortAudio has to call: with each piece of
    sound, and when the stream has ended. Raises SoundError."""
    import sounddevice

    microphone = kind == "microphone"
    most = device.inputs if microphone else device.outputs
    make = sounddevice.RawInputStream if microphone else sounddevice.RawOutputStream
    server = served([device]) or (device.name == "default" and served(found))
    held = DEPTH if microphone else latency
    periods = max(2, round(held / PIECE))
    refused: Exception | None = None
    for rate in dict.fromkeys((RATE if server else device.rate, *_OTHER_RATES)):
        for channels in sorted({1, min(2, most), most}):
            callback, finished = prepare(rate, channels)
            try:
                _set_periods(periods)
                with _pointed(kind, device.at):
                    stream = make(
                        device=device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        latency=held,
                        blocksize=round(BLOCK * rate / RATE) if microphone else 0,  # whatever the device likes
                        callback=callback,
                        finished_callback=finished,
                    )
                in_use.append(stream)
                try:
                    stream.start()
                except sounddevice.PortAudioError:
                    close([stream])  # or the next attempt would find the device in use, by us
                    raise
                latency = stream.latency / periods if microphone else stream.latency
                return Running(kind, device, rate, channels, latency, stream)
            except sounddevice.PortAudioError as error:
                refused = refused or error
    raise SoundError(
        f'the {kind} "{device.name}" cannot be opened ({refused}): see that no other program is using it'
    )


@contextmanager
def _pointed(kind: Kind, at: str) -> Iterator[None]:
    """What is opened inside through ALSA's plugin for PulseAudio is this device of the server's."""
    name = CHOSEN_BY[kind]
    before = os.environ.get(name)
    if at:
        os.environ[name] = at
    try:
        yield
    finally:
        if before is not None:
            os.environ[name] = before
        elif at:
            del os.environ[name]


def close(streams: Sequence[Any], *, heard_out: bool = False) -> None:
    """Stop and close streams. With ``heard_out``, wait until the speaker has played all it holds, which takes 2 s if
    it's asleep. Hangs when the sound server is frozen: for use in a ``bounded`` task."""
    import sounddevice

    for stream in [stream for stream in streams if stream in in_use]:
        for end in (stream.stop if heard_out else stream.abort, stream.close):
            with suppress(sounddevice.PortAudioError):  # the device is gone
                end()
        in_use.remove(stream)


def bounded(task: Callable[[], T], seconds: float) -> T:
    """``task()``, which calls PortAudio, in a thread that can be left behind.

    When a sound server is frozen, PortAudio's calls hang for ever, and so does every later one. Raises SoundError
    when the task isn't done in time, and whatever the task raises."""
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(task())
        except BaseException as error:
            outcome.set_exception(error)

    until = monotonic() + seconds
    if _one_at_a_time.acquire(timeout=seconds):
        try:
            _hung[:] = [call for call in _hung if call.is_alive()]
            if not _hung:
                call = Thread(target=work, name="portaudio", daemon=True)
                with quiet():
                    call.start()
                    call.join(max(0.0, until - monotonic()))
                if not call.is_alive():
                    return outcome.result()
                _hung.append(call)
                _leave_at_exit()
        finally:
            _one_at_a_time.release()
    raise SoundError(
        "the sound device does not answer: restart the sound server, or plug the device in again, and start again"
    )


# ---- what has no public name ---------------------------------------------------------------------


def _initialise_again(sounddevice: Any) -> None:
    """PortAudio lists the devices when it's initialised, and never again. sounddevice initialises it on import, and
    has no public call for doing it again."""
    with suppress(sounddevice.PortAudioError):  # the last attempt failed, so it isn't initialised
        sounddevice._terminate()
    with private.all_made():
        sounddevice._initialize()


def _leave_at_exit() -> None:
    """When the process ends sounddevice terminates PortAudio. After a call that hung, that would hang as well."""
    with suppress(ImportError, OSError, AttributeError):
        import sounddevice

        atexit.unregister(sounddevice._exit_handler)


def _set_periods(count: int) -> None:
    """Of a stream that's about to be opened through ALSA. PortAudio has a function for this, sounddevice hasn't."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libportaudio.so.2").PaAlsa_SetNumPeriods(count)  # the library that sounddevice has loaded


_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_say_nothing = _Handler(lambda *message: None)


@cache
def _silence_alsa() -> None:
    """ALSA prints a line on standard error for every device it doesn't find, and for every underrun."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_say_nothing)
