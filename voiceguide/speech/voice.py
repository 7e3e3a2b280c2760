"""Text to sound: `Voice` renders a sentence by the worker process, at one level, and keeps the result."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import struct
import tempfile
import threading
import time
from collections import OrderedDict
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import platformdirs
import soxr

from voiceguide.errors import SpeechError
from voiceguide.files import private
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import FULL_SCALE, active_power, amplitude, frame_powers
from voiceguide.speech import worker as pipe
from voiceguide.speech.player import soft_limit
from voiceguide.speech.worker import Worker, WorkerHangsError, WorkerLostError, WorkerRefusedError, plain

DEFAULT_CACHE = Path(platformdirs.user_cache_dir("voiceguide")) / "speech"
DEFAULT_VOICE = "en-us+f3"
"""American English at a woman's pitch, which small speakers carry better than a man's. PocketSphinx
understood 33 to 34 of 40 phrases by it, and 34 by plain en-us, the best of espeak-ng's voices tried."""
DEFAULT_RATE = 140
"""Words a minute: calm. At 130 and at 150 PocketSphinx understood as much."""
RATES = range(80, 451)
"""What espeak-ng is made for: anything slower it renders as 80, and a faster rate is no speech to follow."""

LEVEL_DB = -20.0
"""RMS of active speech, in dB of full scale."""
PEAK_DB = -3.0
FRAME = RATE // 50
"""Samples in a frame whose power is measured: 20 ms."""
LEAD = RATE * 20 // 1000
"""Samples of silence kept before speech, at most."""
TRAIL = RATE * 60 // 1000
"""Samples of silence kept after speech, at most."""
SILENCE_DB = -50.0
"""Below it, after levelling, is silence."""

DISK_LIMIT = 200 * 1000 * 1000
"""Bytes in the cache's folder, at most."""
HUNG_S = 1.2
"""Seconds after which a worker that has answered before hangs: a long sentence takes 0.1 s here, and a new worker is
there 0.4 s later. Where a busy machine held it up instead, nothing is lost but that."""
STARTING_S = 1.5
"""Seconds between two signs of life of a new worker, after which it hangs. Where a cold SD card held it up instead,
the next one finds all of it in memory."""
SLOWEST = 8.0
"""The machine may be slow rather than the worker hung: after one was given up, the next has twice as long, up to this
many times as long as above."""
_TRIES = 3
_MEMORY_LIMIT, _MEMORY_LIMIT_ALONE = 4 * 1000 * 1000, 32 * 1000 * 1000  # 2 and 16 minutes of speech: without a disk
_PACKAGES = "libespeak-ng1 espeak-ng-data"
_INSTALL = f"sudo apt install {_PACKAGES}"
_REINSTALL = f"sudo apt install --reinstall {_PACKAGES}"


def levelled(sound: bytes, hertz: int) -> Pcm:
    """``sound`` (mono, 16 bit) at 16 kHz, trimmed and brought to one level; 0.2 s of silence for silence.

    Gain = -20 dBFS / RMS of the active frames, a frame being 20 ms, and active within 30 dB of the loudest.
    Then peaks over -6 dBFS are bent so that none passes -3 dBFS.
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
    """Text to speech: pyttsx3 with espeak-ng, in a worker process that is replaced when it hangs or dies.

    What was rendered is kept in memory and, but for ``cache=None``, in the folder ``cache``, made when
    missing: at most 200 MB, by voice, rate and text. A folder that cannot be used is done without. All methods may
    be called from any thread; a context manager too.
    """

    def __init__(self, *, cache: Path | None = DEFAULT_CACHE) -> None:
        self._disk = _Disk(cache, DISK_LIMIT) if cache is not None else None
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._memory_bytes = 0
        self._memory_lock = threading.Lock()
        self._worker: Worker | None = None
        self._worker_lock = threading.Lock()  # one request at a time; what is cached does not wait for it
        self._slowness = 1.0  # how many times as long as usual an answer may take here
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def worker_pid(self) -> int | None:
        """The process that speaks; None until there is something to render, and after `close`."""
        worker = self._worker
        return worker.pid if worker is not None else None

    def render(self, text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE) -> Pcm:
        """``text``, read as plain text, as int16[n], 16 kHz mono, read-only. Blocks until it is rendered.

        ``voice``: an identifier of espeak-ng, perhaps with a variant: ``en-us``, ``gmw/en-us``, ``en-gb+f2``;
        ``rate``: words a minute, 80 to 450. Text without a word gives 0.2 s of silence. Raises SpeechError.
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
            pcm = levelled(*self._ask(text, voice, rate))
            self._keep(key, pcm)
            if self._disk is not None:
                self._disk.write(key, pcm)
            return pcm

    def close(self) -> None:
        """End the worker, whatever it is at: from now on only what is cached can be rendered."""
        self._closed = True
        while not self._worker_lock.acquire(timeout=0.05):
            if (worker := self._worker) is not None:
                worker.kill()  # it may hang: nobody need wait for the timeout
        try:
            self._drop()
        finally:
            self._worker_lock.release()

    # ---- the worker: with _worker_lock held ----

    def _ask(self, text: str, voice: str, rate: int) -> tuple[bytes, int]:
        why = ""
        for _ in range(_TRIES):
            if self._closed:
                raise SpeechError("the voice has been closed")
            try:
                limit = HUNG_S
                if self._worker is None or not self._worker.alive:
                    self._drop()
                    self._worker = Worker()
                    limit = STARTING_S
                return self._worker.ask(text, voice, rate, limit * self._slowness)
            except WorkerRefusedError as error:
                if error.kind in (pipe.NO_ESPEAK, pipe.NO_PYTTSX3):
                    self._drop()  # the next one may find it installed
                raise SpeechError(_refused(error, voice)) from None
            except (WorkerLostError, OSError) as error:
                why = str(error)
                if isinstance(error, WorkerHangsError):
                    self._slowness = min(2 * self._slowness, SLOWEST)
                self._drop()
            except BaseException:  # Ctrl-C: the rest of the answer must not be taken for the next one's
                self._drop()
                raise
        raise SpeechError(f"the voice fails again and again: {why}; reinstall espeak-ng: {_REINSTALL}")

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # ---- what has been rendered ----

    def _recall(self, key: str) -> Pcm | None:
        with self._memory_lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        pcm = self._disk.read(key) if self._disk is not None else None
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


# ---- the disk ------------------------------------------------------------------------------------

_FORMAT = 2
"""To be counted up with every change of what a text sounds like or of how the files are laid out."""
_HEADER = struct.Struct("<8sI16s")  # magic, samples, digest of the samples
_MAGIC = b"vgspeech"
_NAME = re.compile(r"[0-9a-f]{64}\.pcm")
_STALE_S = 3600.0


@functools.cache
def _maker() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("pyttsx3")
    return ""


def _key(text: str, voice: str, rate: int) -> str:
    return hashlib.sha256(json.dumps([_FORMAT, _maker(), voice, rate, text]).encode()).hexdigest()


def _digest(sound: bytes) -> bytes:
    return hashlib.blake2b(sound, digest_size=16).digest()


class _Disk:
    """A folder of rendered texts. Never raises OSError: a cache that cannot be used is no cache."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._bytes = self._prune()

    def read(self, key: str) -> Pcm | None:
        path = self._folder / f"{key}.pcm"
        try:
            data = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # by this the least recently used are known: access times are often not kept
        if len(data) < _HEADER.size:
            return None
        magic, samples, digest = _HEADER.unpack_from(data)
        sound = data[_HEADER.size :]
        if magic != _MAGIC or len(sound) != 2 * samples or _digest(sound) != digest:
            return None
        return np.frombuffer(sound, "<i2").astype(np.int16)

    def write(self, key: str, pcm: Pcm) -> None:
        sound = pcm.astype("<i2").tobytes()
        data = _HEADER.pack(_MAGIC, len(pcm), _digest(sound)) + sound
        with contextlib.suppress(OSError):
            private.make(self._folder)
            handle, new = tempfile.mkstemp(dir=self._folder, prefix=".new-")  # for this user only
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(new).replace(self._folder / f"{key}.pcm")
            except OSError:
                Path(new).unlink()
                raise
            self._bytes += len(data)
        if self._bytes > self._limit:
            self._bytes = self._prune()

    def _prune(self) -> int:
        """Remove what a crash left and, above the limit, the least recently used; the bytes that remain."""
        files = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    if _NAME.fullmatch(entry.name):
                        files.append((state.st_mtime, state.st_size, entry.path))
                    elif entry.name.startswith(".new-") and state.st_mtime < time.time() - _STALE_S:
                        Path(entry.path).unlink()
        total = sum(size for _, size, _ in files)
        if total > self._limit:
            for _, size, path in sorted(files):
                if total <= 0.9 * self._limit:  # lest every write from now on prune again
                    break
                with contextlib.suppress(OSError):
                    Path(path).unlink()
                    total -= size
        return total
