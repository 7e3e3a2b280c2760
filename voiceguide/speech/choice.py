"""Which voice speaks, and which take over where it can't: Piper, then Pico, then espeak-ng."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from voiceguide.errors import SpeechError
from voiceguide.sound import Pcm
from voiceguide.speech import catalogue, speeds
from voiceguide.speech.catalogue import ENGINES, Known
from voiceguide.speech.voice import DEFAULT_RATE, Voice

log = logging.getLogger(__name__)

Wanted = Mapping[str, str]
"""The voices that the user has named, by language; that of ``""`` is for every language that it speaks. A name of
``piper``, ``pico`` or ``espeak`` stands for the best one of that engine."""
NONE_WANTED: Wanted = MappingProxyType({})

SESSION_MB = 150
"""What a session takes beside its voice."""
_MEMORY = Path("/proc/meminfo")


def choose(language: str, usual: str, wanted: Wanted = NONE_WANTED) -> tuple[tuple[str, ...], list[str]]:
    """The voices for a language, at most one of each engine, the one to speak with first; and a line about one that
    was asked for and can't speak. ``usual``: espeak-ng's."""
    base, _, region = language.partition("-")
    name = wanted.get(language) or wanted.get(base) or wanted.get("")
    notes: list[str] = []
    engines = ENGINES
    first: list[Known] = []
    if name in ENGINES:
        engines = ENGINES[ENGINES.index(name) :]
    elif name is not None:
        try:
            found = catalogue.find(name)
        except SpeechError as error:
            notes.append(str(error))
        else:
            if found.language in ("", base):
                first = [found]
            elif language in wanted or base in wanted:
                notes.append(f"the voice {name} speaks {found.language!r}, not {base!r}; see: voiceguide voices")
    voices = [*first, *catalogue.installed((usual,))]
    usable = []
    for voice in voices:
        if voice.language not in ("", base) or (voice.id.startswith("mb/") and voice not in first):
            continue
        if voice not in first and (reason := unfit(voice)):
            log.info("%s", reason)
        else:
            usable.append(voice)
    if region:
        usable.sort(key=lambda voice: (voice not in first, voice.accent != region.upper()))
    chain = first[:]
    for engine in engines:
        if engine not in {voice.engine for voice in chain}:
            chain += [voice for voice in usable if voice.engine == engine][:1]
    names = tuple(voice.name for voice in chain)
    return (names if usual in names else (*names, usual)), notes


def unfit(voice: Known) -> str:
    """Why this machine can't use a voice; empty if it can."""
    cost = speeds.measured(voice)
    if cost is not None and cost > speeds.TOO_SLOW:
        return f"this machine is too slow for the voice {voice.name}: a second of speech takes {cost:.1f} s"
    if voice.engine == "piper" and (free := _free_mb()) is not None and free < voice.memory + SESSION_MB:
        return f"there is too little memory for the voice {voice.name}: {free} MB are free"
    return ""


def _free_mb() -> int | None:
    try:
        lines = _MEMORY.read_text().splitlines()
        return next(int(line.split()[1]) // 1000 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


class Voices:
    """The voice that speaks, and those that take over, one after the other, when it fails. Thread-safe."""

    def __init__(self, voice: Voice, names: tuple[str, ...], warn: Callable[[str], None] = lambda line: None) -> None:
        """``warn`` gets a line when another one takes over."""
        self._voice = voice
        self._names = names
        self._warn = warn
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The one that speaks."""
        return self._names[0]

    @property
    def quicker(self) -> str | None:
        """The one that speaks where there's no time: the next one; None if there's none."""
        return self._names[1] if len(self._names) > 1 else None

    def render(self, text: str, rate: int = DEFAULT_RATE) -> Pcm:
        """As Voice.render, by whichever can. Raises SpeechError if none can."""
        while True:
            name = self.name
            try:
                return self._voice.render(text, voice=name, rate=rate)
            except SpeechError as error:
                with self._lock:
                    if self._voice.closed or (self.name == name and len(self._names) == 1):
                        raise
                    if self.name == name:
                        self._names = self._names[1:]
                        log.info("the voice %s fails: %s", name, error)
                        self._warn(f"{error}; {self.name} speaks instead")

    def kept(self, text: str, rate: int = DEFAULT_RATE) -> Pcm | None:
        """As ``render``, where the sound is at hand."""
        try:
            return self._voice.kept(text, voice=self.name, rate=rate)
        except SpeechError:
            return None

    def quickly(self, text: str, rate: int = DEFAULT_RATE) -> Pcm:
        """By the quicker one. Raises SpeechError."""
        return self._voice.render(text, voice=self.quicker or self.name, rate=rate)

    def rest(self) -> None:
        """There's nothing to be made just now: let the memory of a neural voice go."""
        if catalogue.engine_of(self.name) == "piper":
            self._voice.rest("piper")
