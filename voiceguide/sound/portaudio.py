"""Sound devices: which there are, which one is meant, and calls of PortAudio that cannot hang the program.

PortAudio has one state for the whole process, so what is known of it is kept here in the module. With a
broken ALSA configuration it aborts the process instead of raising: nothing can be done about that from here.
"""

from __future__ import annotations

import atexit
import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Lock, Thread
from typing import Any, TypeVar

from voiceguide.errors import SoundError
from voiceguide.files import private
from voiceguide.files.stderr import quiet
from voiceguide.sound import BLOCK, RATE, Kind

OPEN_LIMIT = 10.0
"""Seconds for reading the list of devices or opening streams; usually it takes 0.1 to 0.3."""
CLOSE_LIMIT = 2.0
"""Seconds for closing them: what the speaker's device holds is heard to its end."""
PIECE = 0.02
"""Seconds of sound that a device hands over or takes at a time. The microphone's are given on as blocks, as they are
read: with 30 ms from the device a command is heard 15 ms later, and with 10 ms no sooner."""
DEPTH = 1.28
"""Seconds of sound that the microphone's device may hold, so that nothing is lost where this process is held up
for a second. It is no delay: the device hands it over piece by piece."""
_OTHER_RATES = (48_000, 44_100, 32_000, 16_000)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio sees it."""

    index: int
    name: str
    inputs: int
    """Channels to hear with; 0 for a speaker."""
    outputs: int
    """Channels to play with; 0 for a microphone."""
    rate: int
    """The device's own samples a second."""
    host_api: str
    is_default_input: bool
    is_default_output: bool

    @property
    def lasting_name(self) -> str:
        """What it is called wherever it is plugged in: ALSA adds the number of the card to the name."""
        return self.name.rsplit(" (hw:", 1)[0]


def devices() -> list[Device]:
    """All sound devices, read anew unless one is in use. Empty where there is none.

    Raises SoundError where PortAudio is missing or does not answer."""
    return bounded(query, OPEN_LIMIT)


def choose(found: Sequence[Device], wanted: str | int | None, kind: Kind) -> Device:
    """The device meant by its index (a number or digits), its name or a part of it; by None, the default.

    Upper and lower case are the same; a whole name goes before an index, and that before a part of a name.
    Raises SoundError, with what there is to choose from, where nothing or more than one is meant."""
    microphone = kind == "microphone"
    fit = [device for device in found if (device.inputs if microphone else device.outputs)]
    if not fit:
        lacks = f"no {kind}" if found else "neither a microphone nor a speaker"
        raise SoundError(f"no sound device: this machine has {lacks}; connect one and see `voiceguide devices`")
    if wanted is None:
        default = [d for d in fit if (d.is_default_input if microphone else d.is_default_output)]
        return (default or fit)[0]
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


def served(found: Sequence[Device]) -> bool:
    """Whether there is a sound server: ALSA has devices of these names, then."""
    return any(device.name in ("pulse", "pipewire") for device in found)


def _listed(found: Sequence[Device]) -> str:
    return ", ".join(f'{device.index} "{device.name}"' for device in found)


in_use: list[Any] = []
"""Streams that are open: while there are any, the list of devices cannot be read anew."""
_hung: list[Thread] = []
"""The calls that PortAudio has not come back from."""
_one_at_a_time = Lock()


def query() -> list[Device]:
    """The same as ``devices``, without a limit of time: for use in a task that is ``bounded``."""
    try:
        _silence_alsa()
        with private.all_made():  # JACK's library leaves files in /dev/shm
            import sounddevice
    except OSError:  # no library, or one that cannot be loaded
        raise SoundError(
            "the sound library PortAudio is missing: install it with `sudo apt install libportaudio2`"
        ) from None
    try:
        if not in_use:  # PortAudio makes its list of devices when it is initialised, and never again
            while sounddevice._initialized:
                sounddevice._terminate()
            with private.all_made():
                sounddevice._initialize()
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
    """A stream that runs, and what the device took."""

    kind: Kind
    device: Device
    rate: int
    channels: int
    latency: float
    """Seconds of sound that the speaker's device holds, or that the microphone's hands over at a time."""
    stream: Any


def start(
    found: Sequence[Device],
    device: Device,
    kind: Kind,
    latency: float,
    prepare: Callable[[int, int], tuple[Callable[..., None], Callable[[], None]]],
) -> Running:
    """A stream of ``device``, one of those ``found``, running.

    It is opened at the first rate and number of channels that the device takes: the device's own rate, but 16 kHz of
    a sound server, which resamples anyhow; and as few channels as it can have. ``latency``: for the speaker, in
    seconds. ``prepare(rate, channels)`` gives the two functions that PortAudio is to call: with each piece of sound,
    and when the stream has ended. Raises SoundError."""
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
                _set_periods(sounddevice, periods)
                stream = make(
                    device=device.index,
                    samplerate=rate,
                    channels=channels,
                    dtype="int16",
                    latency=held,
                    blocksize=round(BLOCK * rate / RATE) if microphone else 0,  # as the device likes it
                    callback=callback,
                    finished_callback=finished,
                )
                in_use.append(stream)
                try:
                    stream.start()
                except sounddevice.PortAudioError:
                    close([stream])  # or the next attempt finds the device in use, by us
                    raise
                latency = stream.latency / periods if microphone else stream.latency
                return Running(kind, device, rate, channels, latency, stream)
            except sounddevice.PortAudioError as error:
                refused = refused or error
    raise SoundError(
        f'the {kind} "{device.name}" cannot be opened ({refused}): see that no other program is using it'
    )


def close(streams: Sequence[Any], *, heard_out: bool = False) -> None:
    """Stop and close streams, and with ``heard_out`` wait until what the devices hold is heard: a sleeping one takes
    2 s. Hangs where a sound server is frozen: for use in a task that is ``bounded``."""
    import sounddevice

    for stream in [stream for stream in streams if stream in in_use]:
        for end in (stream.stop if heard_out else stream.abort, stream.close):
            with suppress(sounddevice.PortAudioError):  # the device is gone
                end()
        in_use.remove(stream)


def _set_periods(sounddevice: Any, count: int) -> None:
    """Of a stream that is about to be opened through ALSA. sounddevice has no name for it, PortAudio has."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(sounddevice._libname).PaAlsa_SetNumPeriods(count)


def bounded(task: Callable[[], T], seconds: float) -> T:
    """``task()``, which calls PortAudio, in a thread that can be left behind.

    Where a sound server is frozen, PortAudio's calls hang for ever, and so does every later one.
    Raises SoundError when the task is not done in that time, and whatever the task raises."""
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(task())
        except BaseException as error:
            outcome.set_exception(error)

    with _one_at_a_time:
        _hung[:] = [call for call in _hung if call.is_alive()]
        if not _hung:
            call = Thread(target=work, name="portaudio", daemon=True)
            with quiet():
                call.start()
                call.join(seconds)
            if not call.is_alive():
                return outcome.result()
            _hung.append(call)
            _forget_at_exit()
    raise SoundError(
        "the sound device does not answer: restart the sound server, or plug the device in again, and start again"
    )


def _forget_at_exit() -> None:
    """sounddevice ends PortAudio when the process ends; that would hang as well."""
    with suppress(ImportError, OSError, AttributeError):
        import sounddevice

        atexit.unregister(sounddevice._exit_handler)


_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_say_nothing = _Handler(lambda *message: None)


@cache
def _silence_alsa() -> None:
    """ALSA prints a note on standard error for each device that it does not find, and for each underrun."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_say_nothing)
