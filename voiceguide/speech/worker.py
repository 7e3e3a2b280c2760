"""Our end of the pipe to the process that makes speech (`voiceguide.speech.synthesis`).

Speech is made in a process of its own because a synthesis in C can't be interrupted and can't be trusted to return,
because espeak-ng allows only one engine in a process, and because the memory of a neural voice is free again only
when its process ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import IO, Any

from voiceguide.files import child
from voiceguide.speech.patience import LOOK_S, Watch, vitals
from voiceguide.speech.pipe import HEADER_LIMIT, SOUND_LIMIT

NONSENSE = "its answer makes no sense"


class WorkerLostError(Exception):
    """The worker hangs, has died, or gives nonsense for an answer: it's of no more use."""


class WorkerRefusedError(Exception):
    """The worker is well, but can't make this sound. ``kind``: one of the kinds of error in `pipe`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """A sound."""

    pcm: bytes
    """Mono, 16 bits, little-endian."""
    hertz: int
    cpu_s: float
    """CPU seconds that it took."""


class Worker:
    """A running synthesis process. For one thread at a time, except for `kill`."""

    def __init__(self, engine: str = "espeak") -> None:
        """``engine``: one of synthesis.DRIVERS. Raises OSError where no process can be started."""
        self._process = child.start("voiceguide.speech.synthesis", engine, piped=True)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self._at_work = self.pid
        """The process that's making the answer: this one or its fork."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, text: str, voice: str, rate: int, cpu_limit_s: float) -> Answer:
        """``text``, spoken.

        Raises WorkerRefusedError, or WorkerLostError where the worker dies or hangs (see `patience`): it may use
        ``cpu_limit_s`` after the request and after each sign of life."""
        request = json.dumps({"text": text, "voice": voice, "rate": rate})
        answer = bytearray()
        try:
            self._at_work = self.pid
            self._watch = Watch(vitals(self.pid), cpu_limit_s)
            self._send(request.encode() + b"\n")
            header = self._header(answer)
            while "pid" in header:
                self._at_work = int(header["pid"])
                with contextlib.suppress(OSError):  # it's done already
                    self._watch.sign(vitals(self._at_work))
                header = self._header(answer)
            if "error" in header:
                raise WorkerRefusedError(str(header["error"]), str(header["detail"]))
            size, hertz, cpu_s = int(header["bytes"]), int(header["rate"]), float(header["cpu"])
            if not (0 <= size <= SOUND_LIMIT and hertz > 0):
                raise WorkerLostError(NONSENSE)
            while len(answer) < size:
                self._receive(answer)
        except (ValueError, KeyError, TypeError) as error:
            raise WorkerLostError(NONSENSE) from error
        except OSError as error:
            raise WorkerLostError(self._end()) from error
        return Answer(bytes(answer[:size]), hertz, cpu_s)

    def close(self) -> None:
        """End the process at once: it has nothing to lose."""
        self.kill()
        self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._stdout.close()

    def kill(self) -> None:
        """From any thread: whoever is waiting in `ask` gets WorkerLostError at once."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # with its fork, which may be what hangs

    def _header(self, answer: bytearray) -> dict[str, Any]:
        """The next line, taken out of ``answer``, into which as much is received as it takes."""
        while (end := answer.find(b"\n")) < 0:
            if len(answer) > HEADER_LIMIT:
                raise WorkerLostError(NONSENSE)
            self._receive(answer)
        header = json.loads(answer[:end])
        if not isinstance(header, dict):
            raise WorkerLostError(NONSENSE)
        del answer[: end + 1]
        return header

    def _send(self, data: bytes) -> None:
        while data:
            self._wait(self._stdin, select.POLLOUT)
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._stdin.fileno(), data) :]

    def _receive(self, into: bytearray) -> None:
        self._wait(self._stdout, select.POLLIN)
        with contextlib.suppress(BlockingIOError):
            part = os.read(self._stdout.fileno(), 1 << 20)
            if not part:
                raise WorkerLostError(self._end())
            into += part

    def _wait(self, pipe: IO[bytes], event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        began = time.monotonic()
        while not poll.poll(LOOK_S * 1000):
            now = time.monotonic()
            try:
                seen = vitals(self._at_work)
            except OSError:  # it's done, and will be heard, or has died, and we'll see the end of the pipe
                seen = None
            if self._watch.hangs(seen, now - began):
                raise WorkerLostError("it does not answer")
            began = now

    def _end(self) -> str:
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its end of the pipe"
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
