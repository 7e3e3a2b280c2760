"""The loop: sound -> hearing -> guide -> speech -> sound.

It turns once for each block of 30 ms from the microphone, and takes its time from the blocks, so it runs on a live
stream and in a simulated room alike.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future

from voiceguide.guide import events as guide_events
from voiceguide.guide.actions import (
    Action,
    CancelTimer,
    Chime,
    End,
    Hush,
    NotNow,
    Say,
    SetMusic,
    SetMusicVolume,
    SetPace,
    SetVolume,
    StartTimer,
)
from voiceguide.guide.events import Elapsed, Found, Lost, NotKept, Spoken, Timer
from voiceguide.guide.levels import LEVELS
from voiceguide.guide.machine import Guide
from voiceguide.guide.progress import Progress
from voiceguide.hearing.ears import Crying, Decided, Ears, Ignored
from voiceguide.sessions import entries
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sound import RATE, Block, Kind, Pcm, Sound
from voiceguide.speech.chimes import ChimeKind
from voiceguide.speech.music import Music
from voiceguide.speech.player import Failed, Finished, Player, Started
from voiceguide.speech.voice import DEFAULT_RATE

log = logging.getLogger(__name__)
words = logging.getLogger("voiceguide.words")
"""The log may have what was said and heard only if somebody has set the level of this logger to allow it."""
if words.level == logging.NOTSET:
    words.setLevel(logging.CRITICAL)

LOUDER_DB = 4.0
"""One step of volume, of speech and of music."""
FASTER_WPM = 12
"""One step of pace."""
PACES = tuple(DEFAULT_RATE + level * FASTER_WPM for level in sorted(range(-LEVELS, LEVELS + 1), key=abs))
"""All there are, in words a minute; the usual one first."""
LATE_S = 0.1
"""Seconds after which a line that is due counts as late."""
SOFT_DB = -6.0
"""How much softer than usual a soft sentence is."""
SILENCE_TIMES = 3
"""The timer of silence starts again while somebody speaks, but takes at most this many times its length: a television
never ends."""
MUSIC_ENDS_BLOCKS = 20
"""At the end the music fades out in 0.6 s. No longer: the speaker may be lost."""
CHIME_AFTER_CUT_S = 0.1
"""If speech was cut off, the chime waits a moment, so that the silence itself is heard first."""
MISS_S = 2.5
"""What was said less than this after the guide spoke may have been the rest of its own voice; then it's no miss. A
phrase takes a second or two, and is decided on 0.8 s later."""
SPEECH_AFTER_CHIME_S = 0.45
"""A chime takes 0.22 s; the answer comes after it."""


class Session:
    """One guided session: ``run`` it, or ``start`` it, take one ``turn`` after the other, and ``close`` it."""

    def __init__(
        self,
        guide: Guide,
        sound: Sound,
        narrator: Narrator,
        ears: Ears,
        music: Music | None = None,
        keep: Callable[[Progress], bool] = lambda progress: True,
    ) -> None:
        """``keep`` writes progress to the disk before it returns, or returns False; only then is more said."""
        self._guide = guide
        self._sound = sound
        self._narrator = narrator
        self._ears = ears
        self._player = Player(music)
        self._keep = keep
        self._happened: list[Entry] = []
        """In this turn."""
        self._timers: dict[Timer, float] = {}
        """When each elapses."""
        self._silence = (0.0, 0.0)
        """The length of the silence timer, and when it elapses even if somebody is speaking."""
        self._lost: frozenset[Kind] = frozenset()
        self._volume_db = self._soft_db = 0.0
        self._utterance = 0
        self._lines: tuple[str, ...] = ()
        """The lines of that utterance."""
        self._pending: list[Future[Pcm]] = []
        self._due_since: float | None = None
        """When the line that is to be said next became due; None while none is."""
        self._shown: tuple[str, str | None] = ("", None)
        self._chime: tuple[float, Chime] | None = None
        """A chime that waits, and until when."""
        self._leaving = self._over = False
        self.now = 0.0
        """The end of the last block, in seconds."""
        self.quiet_since = 0.0
        """When the guide last said something; now, while it speaks."""
        self.speaking_since: float | None = None
        """When the line that is sounding started; None while nothing is said."""

    @property
    def guide(self) -> Guide:
        return self._guide

    @property
    def over(self) -> bool:
        """Whether the session has ended: there's no further turn."""
        return self._over

    @property
    def busy(self) -> bool:
        """Whether something will happen without the parent: a stroke is held, or a line is about to be said."""
        return "hold" in self._timers or self._player.speaking

    def run(self, each_turn: Callable[[list[Entry]], None], at: str | None = None) -> None:
        """Guide from the preparation, or from the step or part ``at``, to the end. ``each_turn`` gets what happened
        in each turn, mostly nothing; it may call ``leave``.

        Raises SoundError if there is no device."""
        try:
            happened = self.start(at)
            while not self._over:
                each_turn(happened + self.turn())
                happened = []
            self._fade_out()
        finally:
            self.close()

    def start(self, at: str | None = None) -> list[Entry]:
        """Open the sound and start guiding: at the preparation, or at the step or part ``at``. Returns what happened.

        Raises SoundError if there is no device."""
        self._sound.open(self._player.fill)
        self._apply(self._guide.start(0.0, at), 0.0)
        return self._what_happened()

    def turn(self) -> list[Entry]:
        """Take the next block, and return what happened. A session that was asked to leave ends instead."""
        if self._leaving:
            self._end()
        else:
            self._take(self._sound.read())
        return self._what_happened()

    def leave(self) -> None:
        """End with the next turn."""
        self._leaving = True

    def close(self) -> None:
        """Fall silent, and close the sound."""
        self._player.hush()
        self._sound.close()

    def _fade_out(self) -> None:
        self._player.music_on = False
        for _ in range(MUSIC_ENDS_BLOCKS):
            if self._player.music_sounding:
                self._sound.read()

    def _take(self, block: Block) -> None:
        now = self.now = block.at
        self._notice_devices(block.lost, now)
        for event in self._player.events():
            self._spoke(event, now)
        for heard in self._ears.hear(block.pcm, now, played=block.played):
            self._hear(heard, now)
        self._hurry(now)
        if self._player.hold(self._ears.suspects):
            self._tell(entries.Hushed(now))
        self._player.duck(self._ears.voice)
        if self._ears.voice and "silence" in self._timers:
            seconds, latest = self._silence
            self._timers[Timer.SILENCE] = min(now + seconds, latest)
        for name in [name for name, due in self._timers.items() if now >= due]:
            del self._timers[name]
            self._tell(entries.Timer(now, name))
            self._apply(self._guide.handle(Elapsed(name), now), now)
        if self._chime is not None and now >= self._chime[0]:
            self._ring(self._chime[1], now)
        if self._player.speaking:
            self.quiet_since = now

    def _hurry(self, now: float) -> None:
        """Nobody waits for a voice: a line that is late is said by another one."""
        due = self._player.due
        if due is None:
            self._due_since = None
        elif self._due_since is None:
            self._due_since = now
        elif now >= self._due_since + LATE_S:
            self._narrator.hurry(self._lines[due])

    def _notice_devices(self, lost: frozenset[Kind], now: float) -> None:
        before, self._lost = self._lost, lost
        for device in sorted(lost ^ before):
            self._tell(entries.Lost(now, device) if device in lost else entries.Found(now, device))
        if lost != before:
            event = Lost("speaker" in lost) if lost else Found()
            self._apply(self._guide.handle(event, now), now)

    def _hear(self, heard: Decided, now: float) -> None:
        if isinstance(heard, Crying):
            self._tell(entries.Crying(now, heard.confidence))
            self._apply(self._guide.handle(guide_events.Cry(), now), now)
            return
        if isinstance(heard, Ignored):
            self._tell(entries.Ignored(now, heard.phrase, heard.why))
            if heard.danger:
                self._apply(self._guide.handle(guide_events.Doubted(), now), now)
            elif heard.why == "low_confidence" and now >= self.quiet_since + MISS_S:
                self._apply(self._guide.handle(guide_events.Missed(), now), now)
            return
        actions = self._guide.handle(guide_events.Heard(heard.command), now)
        obeyed = not any(isinstance(action, NotNow) for action in actions)
        self._tell(entries.Heard(now, heard, obeyed))
        self._apply(actions, now, heard.phrase)

    def _spoke(self, event: Started | Finished | Failed, now: float) -> None:
        if event.utterance != self._utterance:
            return  # it has been replaced
        text = self._lines[event.index]
        step = self._guide.step.id if self._guide.step else None
        if isinstance(event, Started):
            # The player counts what it has filled; that sounds when the device has played what it held before.
            start = now - (self._player.position - event.at) / RATE + self._sound.delay
            self.speaking_since = start
            self._tell(entries.Said(start, text, step))
            self._ears.own_voice(self._narrator.fakes(text), start)
        elif isinstance(event, Failed):
            self._tell(entries.Said(now, text, step, error=str(event.error)))
        else:
            self.speaking_since = None
            self._apply(self._guide.handle(Spoken(event.utterance, event.index), now), now)

    def _apply(self, actions: list[Action], now: float, phrase: str = "") -> None:
        """Carry out what the guide decided; ``phrase``: what was heard, if it answers that."""
        cut, kept, over = False, True, False
        chime = next((a for a in actions if isinstance(a, Chime)), None)
        for action in actions:
            match action:
                case Hush():
                    cut = self._hush(now) or cut
                case Say():
                    cut = self._hush(now) or cut
                    self._say(action, SPEECH_AFTER_CHIME_S if chime else 0.0)
                case StartTimer():
                    self._timers[action.name] = now + action.seconds
                    if action.name == "silence":
                        self._silence = action.seconds, now + SILENCE_TIMES * action.seconds
                case CancelTimer():
                    self._timers.pop(action.name, None)
                case SetVolume():
                    self._volume_db = action.level * LOUDER_DB
                    self._player.gain_db = self._volume_db + (self._soft_db if self._player.speaking else 0.0)
                case SetMusic():
                    self._player.music_on = action.on
                case SetMusicVolume():
                    self._player.music_db = action.level * LOUDER_DB
                case SetPace():
                    self._narrator.rate = DEFAULT_RATE + action.level * FASTER_WPM
                case Progress():
                    kept = self._keep(action)
                case NotNow():
                    self._tell(entries.Ignored(now, phrase, "not_now"))
                case End():
                    over = True
        if chime is not None and cut:
            self._chime = (now + CHIME_AFTER_CUT_S, chime)
        elif chime is not None:
            self._ring(chime, now)
        shown = (self._guide.state, self._guide.step.id if self._guide.step else None)
        if shown != self._shown:
            self._shown = shown
            self._tell(entries.State(now, *shown))
        if not kept:
            self._apply(self._guide.handle(NotKept(), now), now)
        if "speaker" in self._lost:
            for text in (line for action in actions if isinstance(action, Say) for line in action.lines):
                self._tell(entries.Unheard(now, text))
        if over:
            self._end()

    def _hush(self, now: float) -> bool:
        self._chime = None
        self.speaking_since = None
        sounding = self._player.hush()
        if sounding:
            self._tell(entries.Hushed(now))
        return sounding

    def _say(self, say: Say, at_least: float) -> None:
        self._utterance, self._lines = say.utterance, say.lines
        for line in self._pending:
            line.cancel()  # what won't be said any more mustn't be rendered before what will
        self._pending = [self._narrator.line(text) for text in say.lines]
        self._soft_db = SOFT_DB if say.soft else 0.0
        self._player.gain_db = self._volume_db + self._soft_db
        self._player.say(say.utterance, self._pending, gap=say.gap, delay=max(say.delay, at_least))

    def _ring(self, chime: Chime, now: float) -> None:
        self._chime = None
        kind: ChimeKind = "heard" if chime.kind == "heard" else "no"
        self._player.chime(kind)
        self._tell(entries.Chime(now, kind))

    def _end(self) -> None:
        self._over = True
        self._tell(entries.End(self.now))

    def _tell(self, entry: Entry) -> None:
        self._happened.append(entry)
        if log.isEnabledFor(logging.INFO):
            told = entry.as_json()
            if not words.isEnabledFor(logging.INFO):
                told = {key: value for key, value in told.items() if key not in entries.WORDS}
            log.info("%s", json.dumps(told, ensure_ascii=False))

    def _what_happened(self) -> list[Entry]:
        happened, self._happened = self._happened, []
        return happened
