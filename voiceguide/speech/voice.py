"""Text to sound: `Voice` has a sentence rendered by a worker process, levels it, and keeps the result."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import struct
import threading
from collections import OrderedDict
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soxr

from voiceguide.errors import SpeechError
from voiceguide.files.cache import Cache
from voiceguide.files.paths import user_folder
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import FULL_SCALE, active_power, amplitude, frame_powers, soft_limit
from voiceguide.speech import pipe
from voiceguide.speech.patience import FIRST_CPU_S, Patience
from voiceguide.speech.pipe import plain
from voiceguide.speech.worker import Answer, Worker, WorkerLostError, WorkerRefusedError

log = logging.getLogger(__name__)

DEFAULT_CACHE = user_folder("cache") / "speech"
DEFAULT_VOICE = "en-us+f3"
"""American English at a woman's pitch, which small speakers reproduce better than a man's. PocketSphinx understood 33
to 34 of 40 phrases spoken by it, and 34 by plain en-us, the best of espeak-ng's voices that were tried."""
DEFAULT_RATE = 140
"""Words a minute: calm. At 130 and at 150 PocketSphinx understood just as much."""
RATES = range(80, 451)
"""What espeak-ng is made for: it renders anything slower as 80, and nobody can follow anything faster."""

LEVEL_DB = -20.0
"""RMS of active speech, in dB of full scale."""
PEAK_DB = -3.0
FRAME = RATE // 50
"""Samples in a frame whose power is measured: 20 ms."""
LEAD = RATE * 20 // 1000
"""Most samples of silence kept before speech."""
TRAIL = RATE * 60 // 1000
"""Most samples of silence kept after speech."""
SILENCE_DB = -50.0
"""Anything softer than this, after levelling, is silence."""

DISK_LIMIT = 200 * 1000 * 1000
"""Bytes in the cache's folder."""
_TRIES = 3
_MEMORY_LIMIT, _MEMORY_LIMIT_ALONE = 4 * 1000 * 1000, 32 * 1000 * 1000  # 2 and 16 minutes of speech: without a disk
_PACKAGES = "libespeak-ng1 espeak-ng-data"
_INSTALL = f"sudo apt install {_PACKAGES}"
_REINSTALL = f"sudo apt install --reinstall {_PACKAGES}"


def levelled(sound: bytes, hertz: int) -> Pcm:
    """``sound`` (mono, 16 bits, little-endian) at 16 kHz, trimmed and levelled; 0.2 s of silence for silence.

    Gain = -20 dBFS / RMS of the active frames of 20 ms. Peaks over -6 dBFS are then bent so that none goes over
    -3 dBFS.
    """
    samples = np.frombuffer(sound, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
    samples = soxr.resample(samples, hertz, RATE, "HQ")
    powers = frame_powers(samples, FRAME)
    if powers.max(initial=0.0) < 1e-6:
        return _silence()
    samples = samples * np.float32(amplitude(LEVEL_DB, 1.0) / np.sqrt(active_power(powers)))
    loud = np.flatnonzero(np.abs(samples) > amplitude(SILENCE_DB, 1.0))
    samples = samples[max(0, loud[0] - LEAD) : loud[-1] + 1 + TRAIL]
    samples = soft_limit(samples, 0.5, amplitude(PEAK_DB, 1.0))
    return np.rint(samples * 32767).astype(np.int16)


def _silence() -> Pcm:
    silence = np.zeros(RATE // 5, np.int16)
    silence.setflags(write=False)
    return silence


class Voice:
    """Text to speech: pyttsx3 with espeak-ng, in a worker process that's replaced when it hangs or dies.

    Rendered texts are kept in memory and, unless ``cache`` is None, in that folder: at most 200 MB of them. All
    methods may be called from any thread. A context manager.
    """

    def __init__(self, *, cache: Path | None = DEFAULT_CACHE) -> None:
        self._disk = Cache(cache, ".pcm", DISK_LIMIT) if cache is not None else None
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._memory_bytes = 0
        self._memory_lock = threading.Lock()
        self._worker: Worker | None = None
        self._worker_lock = threading.Lock()  # one request at a time; cached texts don't wait for it
        self._patience = Patience()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def worker_pid(self) -> int | None:
        """The worker process; None until there's something to render, and after `close`."""
        worker = self._worker
        return worker.pid if worker is not None else None

    def render(self, text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE) -> Pcm:
        """``text``, read out as plain text: int16[n], 16 kHz mono, read-only. Blocks until it's rendered.

        ``voice``: an identifier of espeak-ng, with or without a variant: ``en-us``, ``gmw/en-us``, ``en-gb+f2``.
        ``rate``: words a minute, 80 to 450. A text without a word gives 0.2 s of silence. Raises SpeechError.
        """
        if rate not in RATES:
            raise SpeechError(f"cannot speak at {rate} words a minute; use {RATES[0]} to {RATES[-1]}")
        text = plain(text)
        if not text:
            return _silence()
        key = _key(text, voice, rate)
        if (pcm := self._recall(key)) is not None:
            return pcm
        with self._worker_lock:
            if (pcm := self._recall(key)) is not None:  # another thread was quicker
                return pcm
            answer = self._ask(text, voice, rate)
            pcm = levelled(answer.pcm, answer.hertz)
            self._keep(key, pcm)
            if self._disk is not None:
                self._disk.write(key, _packed(pcm))
            return pcm

    def close(self) -> None:
        """End the worker, whatever it's doing: from now on only cached texts can be had."""
        self._closed = True
        while not self._worker_lock.acquire(timeout=0.05):
            if (worker := self._worker) is not None:
                worker.kill()  # it may hang, and nobody should have to wait for it
        try:
            self._drop()
        finally:
            self._worker_lock.release()

    # ---- the worker: with _worker_lock held ----

    def _ask(self, text: str, voice: str, rate: int) -> Answer:
        why = ""
        for _ in range(_TRIES):
            if self._closed:
                raise SpeechError("the voice has been closed")
            try:
                limit = self._patience.limit(text)
                if self._worker is None or not self._worker.alive:
                    self._drop()
                    self._worker = Worker()
                    limit = max(limit, FIRST_CPU_S)
                answer = self._worker.ask(text, voice, rate, limit)
                self._patience.learn(text, answer.cpu_s)
                log.debug("rendered %d characters in %.2f CPU seconds", len(text), answer.cpu_s)
                return answer
            except WorkerRefusedError as error:
                if error.kind in (pipe.NO_ESPEAK, pipe.NO_PYTTSX3):
                    self._drop()  # perhaps it's installed by the next time
                raise SpeechError(_refused(error, voice)) from None
            except (WorkerLostError, OSError) as error:
                why = str(error)
                if not self._closed:
                    log.info("the worker is lost: %s", why)
                self._drop()
            except BaseException:  # Ctrl-C: the rest of this answer mustn't be taken for the next one
                self._drop()
                raise
        raise SpeechError(f"the voice fails again and again: {why}; reinstall espeak-ng: {_REINSTALL}")

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # ---- rendered texts ----

    def _recall(self, key: str) -> Pcm | None:
        with self._memory_lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        content = self._disk.read(key) if self._disk is not None else None
        pcm = _unpacked(content) if content is not None else None
        if pcm is not None:
            self._keep(key, pcm)
        return pcm

    def _keep(self, key: str, pcm: Pcm) -> None:
        pcm.setflags(write=False)
        with self._memory_lock:
            if key not in self._memory:
                self._memory[key] = pcm
                self._memory_bytes += pcm.nbytes
            limit = _MEMORY_LIMIT if self._disk is not None else _MEMORY_LIMIT_ALONE
            while self._memory_bytes > limit:
                self._memory_bytes -= self._memory.popitem(last=False)[1].nbytes


def _refused(error: WorkerRefusedError, voice: str) -> str:
    if error.kind == pipe.UNKNOWN_VOICE:
        return f"espeak-ng has no voice {voice!r}; use one such as en-us, en-gb or en-us+f3 (espeak-ng --voices)"
    if error.kind == pipe.NO_ESPEAK:
        return f"there is no voice: espeak-ng is not installed, or not as a whole; install it: {_INSTALL}"
    if error.kind == pipe.NO_PYTTSX3:
        return f"there is no voice: pyttsx3 is not installed ({error}); install it: pip install pyttsx3==2.99"
    return f"espeak-ng cannot speak a sentence ({error}); reinstall it: {_REINSTALL}"


# ---- on the disk ---------------------------------------------------------------------------------

_FORMAT = 2
"""Counted up with every change to how a text sounds or how the files are laid out."""
_HEADER = struct.Struct("<8sI16s")  # magic, samples, digest of the samples
_MAGIC = b"vgspeech"


@functools.cache
def _maker() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("pyttsx3")
    return ""


def _key(text: str, voice: str, rate: int) -> str:
    return hashlib.sha256(json.dumps([_FORMAT, _maker(), voice, rate, text]).encode()).hexdigest()


def _packed(pcm: Pcm) -> bytes:
    sound = pcm.astype("<i2").tobytes()
    return _HEADER.pack(_MAGIC, len(pcm), _digest(sound)) + sound


def _unpacked(content: bytes) -> Pcm | None:
    """The sound in a file; None where the file is damaged."""
    if len(content) < _HEADER.size:
        return None
    magic, samples, digest = _HEADER.unpack_from(content)
    sound = content[_HEADER.size :]
    if magic != _MAGIC or len(sound) != 2 * samples or _digest(sound) != digest:
        return None
    return np.frombuffer(sound, "<i2").astype(np.int16)


def _digest(sound: bytes) -> bytes:
    return hashlib.blake2b(sound, digest_size=16).digest()
