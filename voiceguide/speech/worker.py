"""Both ends of the pipe to the process that makes the voice: `Worker` here, `main` in the child.

The voice is pyttsx3 with espeak-ng. It lives in a process of its own because a synthesis in C can neither
be interrupted nor be trusted to return, and because espeak-ng allows one engine in a process.

A request is one line of JSON, ``{"text": …, "voice": …, "rate": …}``. The answer is one line of JSON,
``{"rate": hertz, "bytes": n}``, followed by ``n`` bytes of mono 16-bit PCM, or
``{"error": kind, "detail": …}`` with `NO_ESPEAK`, `NO_PYTTSX3`, `UNKNOWN_VOICE` or `FAILED` as kind. Until
its first answer the child gives signs of life, empty lines: it runs, pyttsx3 is there, espeak-ng is there. It
ends at the end of its input.

pyttsx3's own espeak driver is of no use here: it plays by ``aplay`` in espeak's callback, cannot be stopped
on Linux, and loses errors. So a driver is registered by pyttsx3's own mechanism, a module of the name
``pyttsx3.drivers.NAME``, that lets espeak run synchronously and keeps the PCM. It uses the private binding
``pyttsx3.drivers._espeak``, which is why the version of pyttsx3 is pinned.

espeak-ng carries something over from one text to the next, so that the same text would sound different each time.
Each text is therefore rendered in a fork of a process that has never spoken (3 ms), and sounds the same every time.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import types
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

NO_ESPEAK = "no_espeak"
NO_PYTTSX3 = "no_pyttsx3"
UNKNOWN_VOICE = "unknown_voice"
FAILED = "failed"

_HEADER_LIMIT = 65_536
_SOUND_LIMIT = 1 << 28
_FORK_LIMIT_S = 60
"""A fork that hangs, and whose parent was killed from outside, ends by itself."""


def plain(text: str) -> str:
    """``text`` as it may be spoken: one line, composed characters, nothing espeak-ng takes for a command.

    Tags and ``[[…]]`` are inert, for neither SSML nor phoneme input is switched on; but U+0001 starts a
    command in any text and U+0000 ends the text, so control, private and unassigned characters become
    blanks. Invisible format characters vanish, all but the two joiners that some scripts are spelt with.
    """
    kept = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category == "Cf" and char not in "\u200c\u200d":
            continue
        kept.append(" " if category in ("Cc", "Cs", "Co", "Cn") else char)
    return " ".join("".join(kept).split())


# ---- the parent's end ----------------------------------------------------------------------------


class WorkerLostError(Exception):
    """The worker hangs, has died, or says what is no answer: it is of no more use."""


class WorkerHangsError(WorkerLostError):
    """There was no answer in time: the worker hangs, or the machine is slower than was thought."""


class WorkerRefusedError(Exception):
    """The worker is well, but cannot make this sound. ``kind``: one of this module's kinds of error."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class Worker:
    """A running worker process. For one thread at a time, but for `kill`."""

    def __init__(self) -> None:
        # By path and with -P: the child imports nothing from the user's current folder.
        # A process group of its own: Ctrl-C in the terminal is the parent's affair from the first moment on.
        # Standard error is dropped: what espeak-ng prints there comes back as an answer all the same.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            process_group=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, text: str, voice: str, rate: int, timeout_s: float) -> tuple[bytes, int]:
        """The PCM of ``text`` (mono, 16 bit, little-endian) and its samples a second.

        Raises WorkerRefusedError, or WorkerLostError when there is no whole answer within ``timeout_s`` of the
        request, or of the last sign of life.
        """
        until = time.monotonic() + timeout_s
        request = json.dumps({"text": text, "voice": voice, "rate": rate})
        try:
            self._send(request.encode() + b"\n", until)
            answer = bytearray()
            while (end := answer.find(b"\n")) <= 0:
                if end == 0:
                    until = time.monotonic() + timeout_s
                    del answer[:1]
                    continue
                if len(answer) > _HEADER_LIMIT:
                    raise WorkerLostError("it answers with what is no answer")
                self._receive(answer, until)
            header = json.loads(answer[:end])
            if "error" in header:
                raise WorkerRefusedError(str(header["error"]), str(header["detail"]))
            size, hertz = int(header["bytes"]), int(header["rate"])
            if not (0 <= size <= _SOUND_LIMIT and hertz > 0):
                raise WorkerLostError("it answers with what is no answer")
            while len(answer) < end + 1 + size:
                self._receive(answer, until)
        except (ValueError, KeyError, TypeError) as error:
            raise WorkerLostError("it answers with what is no answer") from error
        except OSError as error:
            raise WorkerLostError(self._end()) from error
        return bytes(answer[end + 1 : end + 1 + size]), hertz

    def close(self) -> None:
        """End the process, at once: it has nothing to lose."""
        self.kill()
        self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._stdout.close()

    def kill(self) -> None:
        """From any thread: whoever waits in `ask` gets WorkerLostError at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # and its fork, which may be what hangs

    def _send(self, data: bytes, until: float) -> None:
        while data:
            self._wait(self._stdin, select.POLLOUT, until)
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._stdin.fileno(), data) :]

    def _receive(self, into: bytearray, until: float) -> None:
        self._wait(self._stdout, select.POLLIN, until)
        with contextlib.suppress(BlockingIOError):
            part = os.read(self._stdout.fileno(), 1 << 20)
            if not part:
                raise WorkerLostError(self._end())
            into += part

    def _wait(self, pipe: Any, event: int, until: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise WorkerHangsError("it does not answer")

    def _end(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its end of the pipe"
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"


# ---- the child's end -----------------------------------------------------------------------------


class UnknownVoiceError(ValueError):
    """espeak-ng has no such voice."""


class PcmDriver:
    """A pyttsx3 driver that keeps the sound in memory. One in a process: espeak-ng has but one state."""

    def __init__(self, proxy: Any) -> None:
        from pyttsx3.drivers import _espeak

        self._proxy = proxy
        self._espeak = _espeak
        self.pcm = bytearray()
        self._trouble: BaseException | None = None
        # Bit 15 of the options: give an error back instead of ending the process when the data are missing;
        # espeak-ng 1.51 then gives 0, not the -1 of its documentation.
        self.hertz = int(_espeak.Initialize(_espeak.AUDIO_OUTPUT_SYNCHRONOUS, 100, None, 0x8000))
        if self.hertz <= 0:
            raise RuntimeError("espeak-ng finds no data (package espeak-ng-data)")
        _espeak.SetSynthCallback(self._take)

    def _take(self, wave: Any, samples: int, _events: Any) -> int:
        # An exception must not leave a ctypes callback: it would be printed and forgotten.
        try:
            if wave and samples > 0:
                self.pcm += ctypes.string_at(wave, 2 * samples)
        except BaseException as error:
            self._trouble = error
            return 1
        return 0

    # The names from here on are pyttsx3's. Its queue swallows exceptions and reports them as event "error".

    def say(self, text: str) -> None:
        self.pcm = bytearray()
        self._trouble = None
        code = self._espeak.Synth(text.encode("utf-8"), flags=self._espeak.CHARS_UTF8 | self._espeak.ENDPAUSE)
        if self._trouble is not None:
            raise self._trouble
        if code != self._espeak.EE_OK:
            raise RuntimeError(f"espeak_Synth gives {code}")

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        if name == "voice":
            self._set_voice(str(value))
        elif name == "rate":
            self._espeak.SetParameter(self._espeak.RATE, int(value), 0)
        else:
            raise KeyError(f"unknown property {name}")

    def _set_voice(self, name: str) -> None:
        # A NUL would end the name in C.
        if not (name.isprintable() and (self._took(name) or self._took_language(name))):
            raise UnknownVoiceError(name)

    def _took(self, name: str) -> bool:
        code = self._espeak.SetVoiceByName(name.encode("utf-8"))
        current = self._espeak.GetCurrentVoice()
        known: bytes = (current and current.contents.identifier) or b""
        # espeak-ng gives no error for an unknown variant ("+f33", "+F3": it takes none), nor for a variant in
        # the place of a voice ("f3": it is then silent, or crashes).
        bare = "+" in name and b"+" not in known
        return code == self._espeak.EE_OK and not bare and not known.startswith(b"!v")

    def _took_language(self, tag: str) -> bool:
        # "en-gb" is no voice's name, but the language of "gmw/en", written after a byte for its priority.
        # The voices of MBROLA are listed whether they are installed or not.
        language, plus, variant = tag.partition("+")
        for voice in self._espeak.ListVoices(None):
            found: bytes = (voice.languages or b"")[1:]
            if found == language.lower().encode() and not voice.identifier.startswith(b"mb/"):
                return self._took(voice.identifier.decode() + plus + variant)
        return False

    def startLoop(self) -> None:  # noqa: N802
        self._proxy.setBusy(False)  # runs all that is in the queue, at the end of it endLoop

    def endLoop(self) -> None:  # noqa: N802
        """Nothing to end: `say` blocks."""

    def stop(self) -> None:
        """Nothing to stop: pyttsx3 calls this when the queue has been done."""

    def destroy(self) -> None:
        """espeak-ng is kept until the process ends."""


class Synthesiser:
    """pyttsx3's engine with the driver of this module.

    ``sign`` is called where pyttsx3 is there. Raises ImportError without it, RuntimeError without a working
    espeak-ng.
    """

    def __init__(self, sign: Callable[[], None]) -> None:
        pyttsx3 = importlib.import_module("pyttsx3")
        sign()
        module = types.ModuleType("pyttsx3.drivers.voiceguide")
        vars(module)["buildDriver"] = self._build
        sys.modules[module.__name__] = module
        self._engine = pyttsx3.init("voiceguide")
        self._errors: list[Exception] = []
        self._engine.connect("error", lambda name, exception: self._errors.append(exception))

    def _build(self, proxy: Any) -> PcmDriver:
        self._driver = PcmDriver(proxy)
        return self._driver

    def render(self, text: str, voice: str, rate: int) -> tuple[bytes, int]:
        """PCM and its samples a second. Raises UnknownVoiceError, or what espeak-ng runs into."""
        self._errors.clear()
        self._driver.pcm = bytearray()  # pyttsx3 does not pass a blank text on
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._run()  # by itself, for espeak-ng 1.51 crashes on speaking after a variant was taken for a voice
        self._engine.say(plain(text))
        self._run()
        return bytes(self._driver.pcm), self._driver.hertz

    def _run(self) -> None:
        self._engine.runAndWait()
        if self._errors:
            raise self._errors[0]


def _answer(synthesiser: Synthesiser, line: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        request = json.loads(line)
        pcm, hertz = synthesiser.render(request["text"], request["voice"], request["rate"])
    except UnknownVoiceError as error:
        return _error(UNKNOWN_VOICE, error), b""
    except Exception as error:
        return _error(FAILED, error), b""
    return {"rate": hertz, "bytes": len(pcm)}, pcm


def _error(kind: str, error: Exception) -> dict[str, Any]:
    return {"error": kind, "detail": " ".join(str(error).split()) or type(error).__name__}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of ``requests`` until it ends."""

    def sign() -> None:
        answers.write(b"\n")
        answers.flush()

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
            _in_a_fork(lambda: _send(answers, *_answer(synthesiser, line)))  # noqa: B023 - called at once


def _send(answers: BinaryIO, header: dict[str, Any], pcm: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + pcm)
    answers.flush()


def _in_a_fork(work: Callable[[], None]) -> None:
    """Do it in a copy of this process, and wait for it. A copy that dies takes this process with it, so that
    the other end of the pipe sees it."""
    child = os.fork()
    if not child:
        signal.alarm(_FORK_LIMIT_S)
        with contextlib.suppress(BrokenPipeError):
            work()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        os.kill(os.getpid(), -status)
    if status:
        os._exit(status)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what any library prints must not get between the answers
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)
    os._exit(0)  # espeak-ng may fail an assertion while Python takes it down


if __name__ == "__main__":
    main()
