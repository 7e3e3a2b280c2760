"""The process that makes speech, with pyttsx3: it answers the requests of a `Worker` (see `pipe`).

An engine is a driver that pyttsx3 finds under the name ``pyttsx3.drivers.NAME``, its own mechanism. Ours keep the
samples instead of playing them. A process has one engine, whose name is its argument.

espeak-ng carries something over from one text to the next, so the same text would sound different each time. So it
renders each text in a fork of a process that has never spoken, which takes 3 ms, and always sounds the same. Piper
can't be forked, as its threads would be lost.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
import types
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from voiceguide.speech.driver import Driver
from voiceguide.speech.espeak import EspeakDriver
from voiceguide.speech.pico import PicoDriver
from voiceguide.speech.pipe import FAILED, NO_ENGINE, NO_PYTTSX3, UNKNOWN_VOICE, UnknownVoiceError, plain
from voiceguide.speech.piper import PiperDriver

LIMIT_S = 90
"""A rendering that hangs, after whoever asked for it was killed, ends by itself; longer than anyone waits for it."""
DRIVERS: dict[str, type[Driver]] = {"espeak": EspeakDriver, "pico": PicoDriver, "piper": PiperDriver}


class MissingError(Exception):
    """There's no pyttsx3."""


class Synthesiser:
    """pyttsx3's engine with a driver of ours."""

    def __init__(self, engine: str, sign: Callable[[], None]) -> None:
        """``engine``: one of DRIVERS. ``sign`` is called once pyttsx3 has loaded.

        Raises MissingError without pyttsx3, and what the driver raises where its engine is missing or half there."""
        try:
            pyttsx3 = importlib.import_module("pyttsx3")
        except ImportError as error:
            raise MissingError(str(error)) from error
        sign()
        module = types.ModuleType(f"pyttsx3.drivers.voiceguide_{engine}")
        vars(module)["buildDriver"] = partial(self._build, DRIVERS[engine])
        sys.modules[module.__name__] = module
        self._engine = pyttsx3.init(f"voiceguide_{engine}")
        self._errors: list[Exception] = []
        self.cpu_s = 0.0
        """CPU seconds that the last text took, without loading its voice."""
        self._engine.connect("error", lambda name, exception: self._errors.append(exception))

    def _build(self, driver: type[Driver], proxy: Any) -> Driver:
        self._driver = driver(proxy)
        return self._driver

    @property
    def forks(self) -> bool:
        return self._driver.forks

    def render(self, text: str, voice: str, rate: int) -> tuple[bytes, int]:
        """PCM and its sample rate. Raises UnknownVoiceError, or whatever the engine runs into."""
        self._errors.clear()
        self._driver.pcm = bytearray()  # pyttsx3 doesn't pass on a blank text
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._run()  # on its own, as espeak-ng 1.51 crashes if it speaks after a variant was taken for a voice
        began = time.process_time()
        self._engine.say(plain(text))
        self._run()
        self.cpu_s = time.process_time() - began
        return bytes(self._driver.pcm), self._driver.hertz

    def _run(self) -> None:
        self._engine.runAndWait()
        if self._errors:
            raise self._errors[0]


def serve(engine: str, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of ``requests`` until it ends."""
    sign = partial(_sign, answers)
    sign()
    synthesiser = None
    for line in requests:
        try:
            if synthesiser is None:
                synthesiser = Synthesiser(engine, sign)
                sign()
        except MissingError as error:
            _send(answers, _error(NO_PYTTSX3, error))
        except Exception as error:
            _send(answers, _error(NO_ENGINE, error))
        else:
            respond = partial(_respond, answers, synthesiser, line)
            (_in_a_fork if synthesiser.forks else _within_limit)(respond)


def _within_limit(work: Callable[[], None]) -> None:
    """Do it here. A process that hangs in it is ended."""
    signal.alarm(LIMIT_S)
    work()
    signal.alarm(0)


def _in_a_fork(work: Callable[[], None]) -> None:
    """Do it in a copy of this process, and wait for that. If the copy dies, so does this process, so that the other
    end of the pipe notices."""
    fork = os.fork()
    if not fork:
        signal.alarm(LIMIT_S)
        with contextlib.suppress(BrokenPipeError):
            work()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    if status < 0:
        os.kill(os.getpid(), -status)
    if status:
        os._exit(status)


def _respond(answers: BinaryIO, synthesiser: Synthesiser, line: bytes) -> None:
    _sign(answers)
    _send(answers, *_answer(synthesiser, line))


def _answer(synthesiser: Synthesiser, line: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        request = json.loads(line)
        pcm, hertz = synthesiser.render(request["text"], request["voice"], request["rate"])
    except UnknownVoiceError as error:
        return _error(UNKNOWN_VOICE, error), b""
    except Exception as error:
        return _error(FAILED, error), b""
    return {"rate": hertz, "bytes": len(pcm), "cpu": synthesiser.cpu_s}, pcm


def _error(kind: str, error: Exception) -> dict[str, Any]:
    return {"error": kind, "detail": " ".join(str(error).split()) or type(error).__name__}


def _sign(answers: BinaryIO) -> None:
    _send(answers, {"pid": os.getpid()})


def _send(answers: BinaryIO, header: dict[str, Any], pcm: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + pcm)
    answers.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints mustn't get between the answers
    with contextlib.suppress(BrokenPipeError):
        serve(sys.argv[1], sys.stdin.buffer, answers)
    os._exit(0)  # espeak-ng may fail an assertion while Python takes it down


if __name__ == "__main__":
    main()
