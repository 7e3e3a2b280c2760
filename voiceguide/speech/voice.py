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
from collections.abc import Callable
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
from voiceguide.speech import catalogue, pipe, speeds
from voiceguide.speech.catalogue import Engine, Known
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
FADE = RATE * 5 // 1000
"""Samples of a fade at either end: a neural voice is never quite silent."""
SILENCE_DB = -50.0
"""Anything softer than this, after levelling, is silence."""

DISK_LIMIT = 200 * 1000 * 1000
"""Bytes in the cache's folder."""
MEASURED_S = 5.0
"""Seconds of speech by which the speed of a voice is known."""
_TRIES = 3
_MEMORY_LIMIT, _MEMORY_LIMIT_ALONE = 4 * 1000 * 1000, 32 * 1000 * 1000  # 2 and 16 minutes of speech: without a disk
_CALLED = {"espeak": "espeak-ng", "pico": "Pico", "piper": "Piper"}
_INSTALL = {
    "espeak": "sudo apt install libespeak-ng1 espeak-ng-data",
    "pico": "pip install py-nanotts",
    "piper": "pip install piper-tts",
}
_REINSTALL = {
    "espeak": "sudo apt install --reinstall libespeak-ng1 espeak-ng-data",
    "pico": "pip install --force-reinstall --no-deps py-nanotts",
    "piper": "pip install --force-reinstall --no-deps piper-tts onnxruntime",
}


def levelled(sound: bytes, hertz: int, gain_db: float = 0.0) -> Pcm:
    """``sound`` (mono, 16 bits, little-endian) at 16 kHz, trimmed and levelled; 0.2 s of silence for silence.

    It fades in and out within 5 ms, so that no voice begins or ends with a click.
    Gain = (-20 dBFS + ``gain_db``) / RMS of the active frames of 20 ms. Peaks over -6 dBFS are then bent so that none
    goes over -3 dBFS.
    """
    samples = np.frombuffer(sound, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
    samples = soxr.resample(samples, hertz, RATE, "HQ")
    powers = frame_powers(samples, FRAME)
    if powers.max(initial=0.0) < 1e-6:
        return _silence()
    samples = samples * np.float32(amplitude(LEVEL_DB + gain_db, 1.0) / np.sqrt(active_power(powers)))
    loud = np.flatnonzero(np.abs(samples) > amplitude(SILENCE_DB, 1.0))
    samples = samples[max(0, loud[0] - LEAD) : loud[-1] + 1 + TRAIL]
    samples = soft_limit(samples, 0.5, amplitude(PEAK_DB, 1.0))
    fade = min(FADE, len(samples) // 2)
    samples[:fade] *= np.arange(fade, dtype=np.float32) / FADE
    samples[len(samples) - fade :] *= np.arange(fade, dtype=np.float32)[::-1] / FADE
    return np.rint(samples * 32767).astype(np.int16)


def _silence() -> Pcm:
    silence = np.zeros(RATE // 5, np.int16)
    silence.setflags(write=False)
    return silence


class _Bench:
    """Where the sentences of one engine are made: its worker, which is replaced when it hangs or dies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._patience = Patience()
        self.lock = threading.Lock()
        """One request at a time."""
        self.worker: Worker | None = None
        self._cpu_s = self._seconds = 0.0
        self._measured = False

    def ask(self, text: str, voice: Known, wpm: int, closed: Callable[[], bool]) -> Answer:
        """``text``, spoken; with the lock held. It gives up as soon as it's ``closed``. Raises SpeechError."""
        why = ""
        for _ in range(_TRIES):
            if closed():
                raise SpeechError("the voice has been closed")
            try:
                limit = self._patience.limit(text)
                if self.worker is None or not self.worker.alive:
                    self.drop()
                    self.worker = Worker(self._engine)
                    limit = max(limit, FIRST_CPU_S)
                answer = self.worker.ask(text, voice.id, voice.rate(wpm), limit)
                self._patience.learn(text, answer.cpu_s)
                log.debug("%s rendered %d characters in %.2f CPU seconds", self._engine, len(text), answer.cpu_s)
                return answer
            except WorkerRefusedError as error:
                if error.kind in (pipe.NO_ENGINE, pipe.NO_PYTTSX3):
                    self.drop()  # perhaps it's installed by the next time
                raise SpeechError(_refused(error, voice)) from None
            except (WorkerLostError, OSError) as error:
                why = str(error)
                if not closed():
                    log.info("the worker of %s is lost: %s", self._engine, why)
                self.drop()
            except BaseException:  # Ctrl-C: the rest of this answer mustn't be taken for the next one
                self.drop()
                raise
        what = f"reinstall {_CALLED[self._engine]}: {_REINSTALL[self._engine]}"
        raise SpeechError(f"the voice fails again and again: {why}; {what}")

    def measure(self, voice: Known, cpu_s: float, seconds: float) -> None:
        """Note what a sentence has cost; what a few have cost is kept once (see `speeds`)."""
        self._cpu_s += cpu_s
        self._seconds += seconds
        if not self._measured and self._seconds >= MEASURED_S:
            self._measured = True
            speeds.keep(voice, self._cpu_s / self._seconds)

    def drop(self) -> None:
        """End the worker; with the lock held."""
        if self.worker is not None:
            self.worker.close()
            self.worker = None


class Voice:
    """Text to speech in any voice of the catalogue: pyttsx3, in a worker process for each engine.

    Rendered texts are kept in memory and, unless ``cache`` is None, in that folder: at most 200 MB of them. All
    methods may be called from any thread. A context manager.
    """

    def __init__(self, *, cache: Path | None = DEFAULT_CACHE) -> None:
        self._disk = Cache(cache, ".pcm", DISK_LIMIT) if cache is not None else None
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._memory_bytes = 0
        self._memory_lock = threading.Lock()
        self._benches = {engine: _Bench(engine) for engine in catalogue.ENGINES}
        self._known: dict[str, Known] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def worker_pid(self) -> int | None:
        """A worker process; None until there's something to render, and after `close`."""
        return next((worker.pid for bench in self._benches.values() if (worker := bench.worker) is not None), None)

    def render(self, text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE) -> Pcm:
        """``text``, read out as plain text: int16[n], 16 kHz mono, read-only. Blocks until it's rendered.

        ``voice``: the name of one in the catalogue, or any that espeak-ng has, with or without a variant: ``en-us``,
        ``gmw/en-us``, ``en-gb+f2``. ``rate``: words a minute, 80 to 450. A text without a word gives 0.2 s of
        silence. Raises SpeechError.
        """
        known, text, key = self._asked(text, voice, rate)
        if not text:
            return _silence()
        if (pcm := self._recall(key)) is not None:
            return pcm
        bench = self._benches[known.engine]
        with bench.lock:  # cached texts don't wait for it
            if (pcm := self._recall(key)) is not None:  # another thread was quicker
                return pcm
            answer = bench.ask(text, known, rate, lambda: self._closed)
            pcm = levelled(answer.pcm, answer.hertz, known.manner.gain_db)
            if known.engine == "piper":
                bench.measure(known, answer.cpu_s, len(pcm) / RATE)
            self._keep(key, pcm)
            if self._disk is not None:
                self._disk.write(key, _packed(pcm))
            return pcm

    def kept(self, text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE) -> Pcm | None:
        """As ``render``, where that needn't be made; None where it has to be. Raises SpeechError."""
        _, text, key = self._asked(text, voice, rate)
        return self._recall(key) if text else _silence()

    def rest(self, engine: Engine) -> None:
        """Let the engine's process go, with all of its memory, once it has made what it's making."""
        bench = self._benches[engine]
        with bench.lock:
            bench.drop()

    def close(self) -> None:
        """End the workers, whatever they're doing: from now on only cached texts can be had."""
        self._closed = True
        for bench in self._benches.values():
            while not bench.lock.acquire(timeout=0.05):
                if (worker := bench.worker) is not None:
                    worker.kill()  # it may hang, and nobody should have to wait for it
            try:
                bench.drop()
            finally:
                bench.lock.release()

    def _asked(self, text: str, voice: str, rate: int) -> tuple[Known, str, str]:
        """The voice, the text as it may be spoken, and the key of its sound. Raises SpeechError."""
        if rate not in RATES:
            raise SpeechError(f"cannot speak at {rate} words a minute; use {RATES[0]} to {RATES[-1]}")
        if (known := self._known.get(voice)) is None:
            known = self._known[voice] = catalogue.find(voice)
        text = plain(text)
        return known, text, _key(text, known, rate)

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


def _refused(error: WorkerRefusedError, voice: Known) -> str:
    called = _CALLED[voice.engine]
    if error.kind == pipe.UNKNOWN_VOICE:
        if voice.engine == "espeak":
            others = "use one such as en-us, en-gb or en-us+f3 (espeak-ng --voices)"
            return f"espeak-ng has no voice {voice.name!r}; {others}"
        return f"the voice {voice.name} is damaged; {catalogue.again(voice.name)}"
    if error.kind == pipe.NO_ENGINE:
        return (
            f"there is no voice: {called} is not installed, or not as a whole; install it: {_INSTALL[voice.engine]}"
        )
    if error.kind == pipe.NO_PYTTSX3:
        return f"there is no voice: pyttsx3 is not installed ({error}); install it: pip install pyttsx3==2.99"
    return f"{called} cannot speak a sentence ({error}); reinstall it: {_REINSTALL[voice.engine]}"


# ---- on the disk ---------------------------------------------------------------------------------

_FORMAT = 3
"""Counted up with every change to how a text sounds or how the files are laid out."""
_HEADER = struct.Struct("<8sI16s")  # magic, samples, digest of the samples
_MAGIC = b"vgspeech"


@functools.cache
def _maker(package: str) -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return ""


def _key(text: str, voice: Known, rate: int) -> str:
    """What the sound depends on."""
    made: list[object] = [_FORMAT, _maker("pyttsx3"), voice.name, rate, text]
    if voice.engine != "espeak":
        made += [_maker(catalogue.package_of(voice.engine)), voice.megabytes, voice.rate(rate), voice.manner.gain_db]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()


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
