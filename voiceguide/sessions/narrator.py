"""Has the guide's lines rendered before they're needed, and finds out which commands each would fake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from types import MappingProxyType

from voiceguide.errors import SpeechError
from voiceguide.hearing.ears import Fake
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.routine.routine import respelt
from voiceguide.sound import Pcm
from voiceguide.speech.choice import Voices
from voiceguide.speech.voice import DEFAULT_RATE, DEFAULT_VOICE, Voice

LINES = 64
"""How many rendered lines are kept in memory: more than are said at once. The others are on the disk."""
FIRST_S = 0.5
"""Seconds that the first line of a session is waited for before the quicker voice says it."""

Key = tuple[str, int]
"""A text, and words a minute."""


class Narrator:
    """Renders lines, and finds out which commands each of them would fake.

    With ``ahead`` it works in threads of its own; without, at once when it's asked, for a rehearsal whose clock
    waits.

    A neural voice may be too slow for a line that nobody expected. While it's at it, the quicker voice makes the
    same line; whoever finds that the line is due asks to `hurry`, and then the quicker voice says it.
    """

    def __init__(
        self,
        voice: Voice,
        own_voice: OwnVoice | None,
        *,
        ahead: bool,
        names: tuple[str, ...] = (DEFAULT_VOICE,),
        warn: Callable[[str], None] = lambda line: None,
        recorded: Callable[[str], Pcm | None] = lambda text: None,
        respell: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``names``: of the voice that speaks, and of those that take over; ``warn``: as for Voices. ``recorded``
        returns a line in somebody's own voice, if there's a recording; then that is said. ``respell``: as in
        ``Routine``."""
        self._voices = Voices(voice, names, warn)
        self._recorded = recorded
        self._respell = respell
        self._own_voice = own_voice
        self._pool = ThreadPoolExecutor(1, "narrator") if ahead else None
        self._urgent = ThreadPoolExecutor(1, "narrator-urgent") if ahead else None
        self._quick = ThreadPoolExecutor(1, "narrator-quick") if ahead and self._voices.quicker else None
        self._lock = threading.Lock()
        self._lines: dict[Key, Future[Pcm]] = {}
        self._latest: dict[str, Key] = {}
        """For each text, the line that was asked for last."""
        self._fakes: dict[Key, tuple[Fake, ...]] = {}
        self._stand_ins: dict[Key, tuple[Pcm, tuple[Fake, ...]]] = {}
        """Lines in the quicker voice, until the better one is there."""
        self._late: set[Key] = set()
        """Lines that are due."""
        self._texts: tuple[str, ...] = ()
        self._at_once: tuple[str, ...] = ()
        self._rates: tuple[int, ...] = ()
        self._made: set[Key] = set()
        self._asked = 0
        """How many lines that were asked for aren't there yet."""
        self._working = False
        self._closed = False
        self._rate = DEFAULT_RATE

    @property
    def rate(self) -> int:
        """Words a minute, for lines that are asked for from now on."""
        return self._rate

    @rate.setter
    def rate(self, rate: int) -> None:
        self._rate = rate
        self._work()

    def line(self, text: str) -> Future[Pcm]:
        """The sound of a line: done when it's rendered."""
        key = self._latest[text] = (text, self._rate)
        future = self._lines.get(key)
        if future is None or future.cancelled() or (future.done() and future.exception() is not None):
            future = self._lines[key] = self._start(key)
            if len(self._lines) > LINES:
                self._lines.pop(next(iter(self._lines)))
        return future

    def first(self, text: str) -> Pcm:
        """A line that is waited for, but not for long. Raises SpeechError."""
        future = self.line(text)
        try:
            return future.result(FIRST_S if self._quick is not None else None)
        except TimeoutError:
            self.hurry(text)
            return future.result()

    def hurry(self, text: str) -> None:
        """A line that was asked for is due: if it isn't there, whatever is at hand is said instead: the same voice at
        another pace, or else the quicker one."""
        key = self._latest.get(text)
        future = self._lines.get(key) if key is not None else None
        if key is None or future is None or future.done() or self._quick is None or key in self._late:
            return
        with self._lock:
            self._late.add(key)
            ready = self._stand_ins.get(key)
        if ready is not None:
            self._resolve(key, future, *ready)

    def prepare(self, texts: tuple[str, ...], *, at_once: tuple[str, ...] = (), rates: tuple[int, ...] = ()) -> None:
        """Render these in the background, in this order, at the pace of the moment; then those that may be needed
        ``at_once`` at all ``rates``. When all is made, the memory of a neural voice is given back."""
        self._texts, self._at_once, self._rates = texts, at_once, rates
        if self._quick is not None:
            self._quick.submit(self._warm, at_once)
        self._work()

    def fakes(self, text: str) -> tuple[Fake, ...]:
        """The commands that a line would fake; it must have been rendered."""
        return self._fakes.get(self._latest.get(text, (text, self._rate)), ())

    def close(self) -> None:
        self._closed = True
        for pool in (self._pool, self._urgent, self._quick):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)

    # ---- a line that was asked for ----

    def _start(self, key: Key) -> Future[Pcm]:
        future: Future[Pcm] = Future()
        self._late.discard(key)
        if self._urgent is not None:
            if self._quick is not None:
                self._quick.submit(self._stand_in, key)
            with self._lock:
                self._asked += 1
            self._urgent.submit(self._fill_in_turn, key, future)
        else:
            self._fill(key, future)
        return future

    def _fill_in_turn(self, key: Key, future: Future[Pcm]) -> None:
        self._fill(key, future)
        with self._lock:
            self._asked -= 1
        self._work()

    def _fill(self, key: Key, future: Future[Pcm]) -> None:
        if self._closed or future.done():
            return
        try:
            pcm, fakes = self._render(key)
        except Exception as error:
            self._settle(future, error)
        else:
            self._resolve(key, future, pcm, fakes)

    def _stand_in(self, key: Key) -> None:
        """Make a line in the quicker voice, in case the other one is late."""
        future = self._lines.get(key)
        if self._closed or key in self._stand_ins or self._kept(key) is not None:
            return
        if future is not None and future.done():
            return
        try:
            pcm = self._at_another_pace(key)
            if pcm is None:
                pcm = self._voices.quickly(self._spoken(key[0]), key[1])
        except SpeechError:
            return  # the better one may still come, and if it fails says why
        # First with what the text gives away; to listen takes a while.
        fakes = self._own_voice.in_text(key[0], pcm) if self._own_voice is not None else ()
        self._keep_stand_in(key, pcm, fakes)
        if self._own_voice is not None and key not in self._late:
            self._keep_stand_in(key, pcm, self._own_voice.fakes(key[0], pcm))

    def _warm(self, texts: tuple[str, ...]) -> None:
        """Have these at hand in the quicker voice, one after the other, behind all that was asked for."""
        if self._closed or self._quick is None or not texts:
            return
        with suppress(SpeechError):
            if self._kept((texts[0], self._rate)) is None:
                self._voices.quickly(self._spoken(texts[0]), self._rate)
        with suppress(RuntimeError):  # it has been closed meanwhile
            self._quick.submit(self._warm, texts[1:])

    def _keep_stand_in(self, key: Key, pcm: Pcm, fakes: tuple[Fake, ...]) -> None:
        with self._lock:
            self._stand_ins[key] = (pcm, fakes)
            if len(self._stand_ins) > LINES:  # of lines that nobody wanted any more
                self._stand_ins.pop(next(iter(self._stand_ins)))
            late = key in self._late
        future = self._lines.get(key)
        if late and future is not None:
            self._resolve(key, future, pcm, fakes)

    def _at_another_pace(self, key: Key) -> Pcm | None:
        text, rate = key
        others = sorted((other for other in self._rates if other != rate), key=lambda other: abs(other - rate))
        return next((pcm for other in others if (pcm := self._kept((text, other))) is not None), None)

    def _resolve(self, key: Key, future: Future[Pcm], pcm: Pcm, fakes: tuple[Fake, ...]) -> None:
        """The line is there: unless it was there already."""
        with self._lock:
            if not future.done():
                self._fakes[key] = fakes
                self._settle(future, pcm)
            self._stand_ins.pop(key, None)

    @staticmethod
    def _settle(future: Future[Pcm], result: Pcm | Exception) -> None:
        with suppress(InvalidStateError):  # it was cancelled, or another voice was quicker
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    # ---- ahead ----

    def _work(self) -> None:
        """Go on in the background, if there's something to do."""
        with self._lock:
            if self._pool is None or self._working or self._closed or not self._texts:
                return
            self._working = True
        with suppress(RuntimeError):  # it has been closed meanwhile
            self._pool.submit(self._make_all)

    def _make_all(self) -> None:
        while True:
            key = next((key for key in self._plan() if key not in self._made), None)
            with self._lock:
                if key is None or self._closed:
                    self._working = False
                    break
            self._made.add(key)
            with suppress(SpeechError):  # it's tried again when the line is needed, and the failure is reported then
                self._render(key)
        if not self._closed and not self._asked:
            self._voices.rest()

    def _plan(self) -> Iterator[Key]:
        rate = self._rate
        yield from ((text, rate) for text in self._texts)
        yield from ((text, other) for other in self._rates for text in self._at_once)

    # ---- the sound ----

    def _spoken(self, text: str) -> str:
        return respelt(text, self._respell)

    def _kept(self, key: Key) -> Pcm | None:
        """A line that needn't be made."""
        return self._voices.kept(self._spoken(key[0]), key[1])

    def _render(self, key: Key) -> tuple[Pcm, tuple[Fake, ...]]:
        pcm = self._recorded(key[0])
        if pcm is None:
            pcm = self._voices.render(self._spoken(key[0]), key[1])
        return pcm, self._own_voice.fakes(key[0], pcm) if self._own_voice is not None else ()
