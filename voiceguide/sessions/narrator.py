"""Has the guide's lines rendered before they're needed, and finds out which commands each would fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType

from voiceguide.errors import SpeechError
from voiceguide.hearing.ears import Fake
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.routine.routine import respelt
from voiceguide.sound import Pcm
from voiceguide.speech.voice import DEFAULT_RATE, DEFAULT_VOICE, Voice

LINES = 64
"""How many rendered lines are kept in memory: more than are said at once. The others are on the disk."""


class Narrator:
    """Renders lines, and finds out which commands each of them would fake.

    With ``ahead`` it works in threads of its own; without, at once when it's asked, for a rehearsal whose clock
    waits.
    """

    def __init__(
        self,
        voice: Voice,
        own_voice: OwnVoice | None,
        *,
        ahead: bool,
        name: str = DEFAULT_VOICE,
        recorded: Callable[[str], Pcm | None] = lambda text: None,
        respell: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``recorded`` returns a line in somebody's own voice, if there's a recording; then that is said.
        ``respell``: as in ``Routine``."""
        self._voice = voice
        self._recorded = recorded
        self._respell = respell
        self._own_voice = own_voice
        self._name = name
        self._pool = ThreadPoolExecutor(1, "narrator") if ahead else None
        self._urgent = ThreadPoolExecutor(1, "narrator-urgent") if ahead else None
        self._lines: dict[tuple[str, int], Future[Pcm]] = {}
        self._fakes: dict[tuple[str, int], tuple[Fake, ...]] = {}
        self._closed = False
        self.rate = DEFAULT_RATE
        """Words a minute, for lines that are asked for from now on."""

    def line(self, text: str) -> Future[Pcm]:
        """The sound of a line: done when it's rendered."""
        key = (text, self.rate)
        future = self._lines.get(key)
        if future is None or future.cancelled() or (future.done() and future.exception() is not None):
            future = self._lines[key] = self._start(key)
            if len(self._lines) > LINES:
                self._lines.pop(next(iter(self._lines)))
        return future

    def prepare(self, texts: tuple[str, ...]) -> None:
        """Render these in the background, in this order."""
        if self._pool is not None:
            for text in texts:
                self._pool.submit(self._render_quietly, (text, self.rate))

    def fakes(self, text: str) -> tuple[Fake, ...]:
        """The commands that a line would fake; it must have been rendered."""
        return self._fakes.get((text, self.rate), ())

    def close(self) -> None:
        self._closed = True
        for pool in (self._pool, self._urgent):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, key: tuple[str, int]) -> Future[Pcm]:
        if self._urgent is not None:
            return self._urgent.submit(self._render, key)
        future: Future[Pcm] = Future()
        try:
            future.set_result(self._render(key))
        except SpeechError as error:
            future.set_exception(error)
        return future

    def _render_quietly(self, key: tuple[str, int]) -> None:
        try:
            if not self._closed and key not in self._lines:
                self._render(key)
        except SpeechError:
            pass  # it's tried again when the line is needed, and the failure is reported then

    def _render(self, key: tuple[str, int]) -> Pcm:
        pcm = self._recorded(key[0])
        if pcm is None:
            pcm = self._voice.render(respelt(key[0], self._respell), voice=self._name, rate=key[1])
        if self._own_voice is not None:
            self._fakes[key] = self._own_voice.fakes(key[0], pcm)
        return pcm
