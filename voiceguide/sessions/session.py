"""The loop: sound -> hearing -> guide -> speech -> sound. The one module that knows all the parts.

It turns once for each block of 30 ms that the microphone gives, and takes its time from the blocks, so that it runs
on a live stream and in a simulated room alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from voiceguide.guide import events as guide_events
from voiceguide.guide.events import (
    Action,
    CancelTimer,
    Chime,
    Elapsed,
    End,
    Found,
    Hush,
    Lost,
    NotKept,
    NotNow,
    Progress,
    Say,
    SetMusic,
    SetMusicVolume,
    SetPace,
    SetVolume,
    Spoken,
    StartTimer,
)
from voiceguide.guide.machine import Guide
from voiceguide.hearing.ears import Ears, Heard, Ignored
from voiceguide.sessions.narrator import Narrator
from voiceguide.sound import RATE, Kind, Pcm, Sound
from voiceguide.speech.music import Music
from voiceguide.speech.player import Failed, Finished, Player, Started
from voiceguide.speech.voice import DEFAULT_RATE

LOUDER_DB = 4.0
"""One step of volume, of speech and of music."""
FASTER_WPM = 12
"""One step of pace."""
SOFT_DB = -6.0
"""What is said softly, against the rest."""
SILENCE_TIMES = 3
"""The timer of silence begins anew while somebody speaks, but takes no longer than so many times: a television
never ends."""
MUSIC_ENDS_BLOCKS = 20
"""After the end so many are waited for, 0.6 s, that music fades out in; no more, for the speaker may be lost."""
CHIME_AFTER_CUT_S = 0.1
"""Where speech was cut off the chime waits a moment, so that the silence itself is heard first."""
SPEECH_AFTER_CHIME_S = 0.45
"""A chime takes 0.22 s; the answer comes after it."""

Tell = Callable[..., None]
"""``tell(kind, t, **fields)``: an entry of the transcript, as in ``rehearse --json``."""


class Session:
    """One guided session."""

    def __init__(
        self,
        guide: Guide,
        sound: Sound,
        narrator: Narrator,
        ears: Ears,
        tell: Tell,
        music: Music | None = None,
        keep: Callable[[Progress], bool] = lambda progress: True,
    ) -> None:
        """``keep``: has what it is given on the disk when it returns, or says that it does without; what follows is
        said then."""
        self._guide = guide
        self._sound = sound
        self._narrator = narrator
        self._ears = ears
        self._tell = tell
        self._player = Player(music)
        self._keep = keep
        self._timers: dict[str, float] = {}
        self._silence = (0.0, 0.0)
        """Of the timer of that name: how long it is, and when it elapses whoever speaks."""
        self._lost: frozenset[Kind] = frozenset()
        self._volume_db = 0.0
        self._utterance = 0
        self._lines: tuple[str, ...] = ()
        """What is being said, and what number it has."""
        self._pending: list[Future[Pcm]] = []
        self._shown: tuple[str, str | None] = ("", None)
        self._chime: tuple[float, Chime] | None = None
        self.over = False
        """Set it to leave after the present block."""
        self.compute_s = 0.0
        """Seconds of computing so far: hearing, guide and player, without rendering."""
        self.quiet_since = 0.0
        """When the guide last said something, in seconds; now while it speaks."""
        self.speaking_since: float | None = None
        """When the line that sounds began; None while nothing is said."""
        self.on_heard: Callable[[Heard, bool, float], None] = lambda heard, obeyed, compute_s: None
        """Called for each command: whether it was obeyed or made no sense just then, and the seconds of computing
        since its last block had come."""
        self._rendering_s = 0.0

    @property
    def guide(self) -> Guide:
        return self._guide

    def run(self, at: str | None = None, each_block: Callable[[float], None] | None = None) -> None:
        """Guide from the preparation, or from the step ``at``, to the end. ``each_block(now)`` is called after each
        block.

        Raises SoundError where there is no device or it is lost."""
        self._sound.open(self._player.fill)
        try:
            self._apply(self._guide.start(0.0, at), 0.0)
            while not self.over:
                now = self.turn()
                if each_block is not None:
                    each_block(now)
            self._player.music_on = False
            for _ in range(MUSIC_ENDS_BLOCKS):
                if self._player.music_sounding:
                    self._sound.read()
        finally:
            self._player.hush()
            self._sound.close()

    def turn(self) -> float:
        """One block. Gives its time."""
        block = self._sound.read()
        began = time.perf_counter()
        rendering = self._rendering_s
        now = block.at
        before, self._lost = self._lost, block.lost
        for device in sorted(block.lost ^ before):
            self._tell("lost" if device in block.lost else "found", now, device=device)
        if bool(block.lost) != bool(before):
            event = Lost("speaker" in block.lost) if block.lost else Found()
            self._apply(self._guide.handle(event, now), now)
        for happened in self._player.events():
            self._spoke(happened, now)
        for heard in self._ears.hear(block.pcm, now, played=block.played):
            if isinstance(heard, Ignored):
                self._tell("ignored", now, phrase=heard.phrase, why=heard.why)
                if heard.danger:
                    self._apply(self._guide.handle(guide_events.Doubted(), now), now)
            else:
                fields = {k: v for k, v in heard.as_json().items() if k != "decided"}
                compute = time.perf_counter() - began
                self._tell("heard", now, **fields)
                actions = self._guide.handle(guide_events.Heard(heard.command), now)
                self._apply(actions, now, heard.phrase)
                self.on_heard(heard, not any(isinstance(a, NotNow) for a in actions), compute)
        if self._player.hold(self._ears.suspects):
            self._tell("hushed", now)
        self._player.duck(self._ears.voice)
        if self._ears.voice and "silence" in self._timers:
            seconds, latest = self._silence
            self._timers["silence"] = min(now + seconds, latest)
        for name in [name for name, due in self._timers.items() if now >= due]:
            del self._timers[name]
            self._tell("timer", now, name=name)
            self._apply(self._guide.handle(Elapsed(name), now), now)
        if self._chime is not None and now >= self._chime[0]:
            self._ring(self._chime[1], now)
        if self._player.speaking:
            self.quiet_since = now
        self.compute_s += time.perf_counter() - began - (self._rendering_s - rendering)
        return now

    @property
    def busy(self) -> bool:
        """Whether something will happen of itself: a stroke is held, or a line is about to be said."""
        return "hold" in self._timers or self._player.speaking

    def _spoke(self, happened: Started | Finished | Failed, now: float) -> None:
        if happened.utterance != self._utterance:
            return  # it was replaced meanwhile
        text = self._lines[happened.index]
        if isinstance(happened, Started):
            # The player counts what it has filled; that sounds when the device has played what it held before.
            start = now - (self._player.position - happened.at) / RATE + self._sound.delay
            self.speaking_since = start
            self._tell("said", start, text=text, **self._step())
            self._ears.own_voice(self._narrator.fakes(text), start)
        elif isinstance(happened, Failed):
            self._tell("said", now, text=text, **self._step(), error=str(happened.error))
        else:
            self.speaking_since = None
            self._apply(self._guide.handle(Spoken(happened.utterance, happened.index), now), now)

    def _step(self) -> dict[str, object]:
        return {"step": self._guide.step.id} if self._guide.step else {}

    def _apply(self, actions: list[Action], now: float, phrase: str = "") -> None:
        cut, kept = False, True
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
                    self._player.gain_db = self._volume_db
                case SetMusic():
                    self._player.music_on = action.on
                case SetMusicVolume():
                    self._player.music_db = action.level * LOUDER_DB
                case SetPace():
                    self._narrator.rate = DEFAULT_RATE + action.level * FASTER_WPM
                case Progress():
                    kept = self._keep(action)
                case NotNow():
                    self._tell("ignored", now, phrase=phrase, why="not_now")
                case End():
                    self.over = True
        if chime is not None and cut:
            self._chime = (now + CHIME_AFTER_CUT_S, chime)
        elif chime is not None:
            self._ring(chime, now)
        shown = (self._guide.state, self._guide.step.id if self._guide.step else None)
        if shown != self._shown:
            self._shown = shown
            self._tell("state", now, state=shown[0], step=shown[1])
        if not kept:
            self._apply(self._guide.handle(NotKept(), now), now)
        if "speaker" in self._lost:
            for text in (line for action in actions if isinstance(action, Say) for line in action.lines):
                self._tell("unheard", now, text=text)
        if self.over:
            self._tell("end", now)

    def _hush(self, now: float) -> bool:
        self._chime = None
        self.speaking_since = None
        sounding = self._player.hush()
        if sounding:
            self._tell("hushed", now)
        return sounding

    def _say(self, say: Say, at_least: float) -> None:
        self._utterance, self._lines = say.utterance, say.lines
        began = time.perf_counter()
        for line in self._pending:
            line.cancel()  # what is not said any more need not be rendered before what is
        lines = self._pending = [self._narrator.line(text) for text in say.lines]
        self._rendering_s += time.perf_counter() - began
        self._player.gain_db = self._volume_db + (SOFT_DB if say.soft else 0.0)
        self._player.say(say.utterance, lines, gap=say.gap, delay=max(say.delay, at_least))

    def _ring(self, chime: Chime, now: float) -> None:
        self._chime = None
        self._player.chime("heard" if chime.kind == "heard" else "no")
        self._tell("chime", now, sound=chime.kind)
