"""The process that makes speech, with pyttsx3: it answers the requests of a `Worker` (see `pipe`).

An engine is a driver that pyttsx3 finds under the name ``pyttsx3.drivers.NAME``, its own mechanism. Ours keep the
samples instead of playing them. There's one so far, `espeak`.

espeak-ng carries something over from one text to the next, so the same text would sound different each time. So each
text is rendered in a fork of a process that has never spoken, which takes 3 ms, and always sounds the same.
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

from voiceguide.speech.espeak import EspeakDriver
from voiceguide.speech.pipe import FAILED, NO_ESPEAK, NO_PYTTSX3, UNKNOWN_VOICE, UnknownVoiceError, plain

FORK_LIMIT_S = 90
"""A fork that hangs, and whose parent was killed from outside, ends by itself; longer than anyone waits for it."""


class Synthesiser:
    """pyttsx3's engine with a driver of ours."""

    def __init__(self, sign: Callable[[], None]) -> None:
        """``sign`` is called once pyttsx3 has loaded. Raises ImportError without pyttsx3, and OSError or RuntimeError
        without a working espeak-ng."""
        pyttsx3 = importlib.import_module("pyttsx3")
        sign()
        module = types.ModuleType("pyttsx3.drivers.voiceguide")
        vars(module)["buildDriver"] = self._build
        sys.modules[module.__name__] = module
        self._engine = pyttsx3.init("voiceguide")
        self._errors: list[Exception] = []
        self._engine.connect("error", lambda name, exception: self._errors.append(exception))

    def _build(self, proxy: Any) -> EspeakDriver:
        self._driver = EspeakDriver(proxy)
        return self._driver

    def render(self, text: str, voice: str, rate: int) -> tuple[bytes, int]:
        """PCM and its sample rate. Raises UnknownVoiceError, or whatever the engine runs into."""
        self._errors.clear()
        self._driver.pcm = bytearray()  # pyttsx3 doesn't pass on a blank text
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._run()  # on its own, as espeak-ng 1.51 crashes if it speaks after a variant was taken for a voice
        self._engine.say(plain(text))
        self._run()
        return bytes(self._driver.pcm), self._driver.hertz

    def _run(self) -> None:
        self._engine.runAndWait()
        if self._errors:
            raise self._errors[0]


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of ``requests`` until it ends."""

    sign = partial(_sign, answers)
    sign()
    synthesiser = None
    for line in requests:
        try:
            if synthesiser is None:
                synthesiser = Synthesiser(sign)
                sign()
        except ImportError as error:
            _send(answers, _error(NO_PYTTSX3, error))
        except Exception as error:
            _send(answers, _error(NO_ESPEAK, error))
        else:
            _in_a_fork(partial(_respond, answers, synthesiser, line))


def _in_a_fork(work: Callable[[], None]) -> None:
    """Do it in a copy of this process, and wait for that. If the copy dies, so does this process, so that the other
    end of the pipe notices."""
    fork = os.fork()
    if not fork:
        signal.alarm(FORK_LIMIT_S)
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
    return {"rate": hertz, "bytes": len(pcm), "cpu": time.process_time()}, pcm


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
        serve(sys.stdin.buffer, answers)
    os._exit(0)  # espeak-ng may fail an assertion while Python takes it down


if __name__ == "__main__":
    main()
