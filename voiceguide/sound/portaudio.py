"""Sound devices: which there are, which one is meant, and calls of PortAudio that cannot hang the program.

PortAudio has one state for the whole process, so what is known of it is kept here in the module. With a
broken ALSA configuration it aborts the process instead of raising: nothing can be done about that from here.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

from voiceguide.errors import SoundError
from voiceguide.sound import Kind

OPEN_LIMIT = 10.0
"""Seconds for reading the list of devices or opening streams; usually it takes 0.1 to 0.3."""

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


def _listed(found: Sequence[Device]) -> str:
    return ", ".join(f'{device.index} "{device.name}"' for device in found)


in_use: list[Any] = []
"""Streams that are open: while there are any, the list of devices cannot be read anew."""
_hung: list[Thread] = []
"""The calls that PortAudio has not come back from."""


def query() -> list[Device]:
    """The same as ``devices``, without a limit of time: for use in a task that is ``bounded``."""
    try:
        import sounddevice
    except OSError:  # no library, or one that cannot be loaded
        raise SoundError(
            "the sound library PortAudio is missing: install it with `sudo apt install libportaudio2`"
        ) from None
    try:
        if not in_use:  # PortAudio makes its list of devices when it is initialised, and never again
            while sounddevice._initialized:
                sounddevice._terminate()
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

    _hung[:] = [call for call in _hung if call.is_alive()]
    if not _hung:
        call = Thread(target=work, name="portaudio", daemon=True)
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


@contextmanager
def quiet() -> Iterator[None]:
    """ALSA and PortAudio print notes of their own on standard error; a user gets one line, from us."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: nobody would see them
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
