"""A whole session in a simulated room: real voice, real recognition, a scripted parent, a virtual clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from voiceguide.guide.machine import Guide
from voiceguide.hearing.ears import Around, Decided, Ears
from voiceguide.language.command import CALMING, Command
from voiceguide.sessions import assembly, entries
from voiceguide.sessions.assembly import Hearing, Options, Warn
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.script import Cue, Script
from voiceguide.sessions.session import Session
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording, write_wav
from voiceguide.sound.room import Room
from voiceguide.speech.voice import Voice

PARENT_VARIANT = "m7"
"""A variant of espeak-ng's voice for the language that the model in the box wasn't trained on."""
PARENT_RATE = 150
TURN_S = 0.8
"""The parent takes a breath: this many seconds, at least, lie between a cue and a following one with ``when``."""
OBEYED_WITHIN_S = 2.5
"""A command that comes later than this after the parent's phrase isn't an answer to it."""
PATIENCE_S = 240.0
"""If nothing has happened for this long, the rehearsal is over: a cue is waiting for what never comes."""
AUDIBLE = 16
"""Samples below this, 66 dB below full scale, are silence."""
FADE_S = 0.005
"""The player's fade-out, the last of the reaction time."""
EVERYWHERE = MappingProxyType({"": "espeak"})
"""A rehearsal is the same on every machine, unless somebody names a voice."""
NO_OPTIONS = Options()


@dataclass(slots=True)
class _Given:
    """A command that the parent gave, and what became of it."""

    command: Command
    phrase: str
    until: float
    obeyed: bool = False
    decided: float | None = None
    """When it was decided, in seconds."""
    compute_s: float = 0.0
    """Seconds of computing for the block in which it was decided."""


@dataclass(slots=True)
class Report:
    """What a rehearsal showed."""

    given: list[_Given] = field(default_factory=list)
    false_commands: int = 0
    reactions_ms: list[float] = field(default_factory=list)
    unspoken: int = 0
    """Lines of the guide that couldn't be rendered."""
    never: list[str] = field(default_factory=list)
    """Where in the script the cues are whose moment never came."""
    compute_s: float = 0.0
    duration_s: float = 0.0
    wall_s: float = 0.0

    @property
    def obeyed(self) -> int:
        return sum(given.obeyed for given in self.given)

    @property
    def flawless(self) -> bool:
        """Whether every command was obeyed, none was imagined, and the whole script was played."""
        return not self.flaws()

    def flaws(self) -> str:
        """What went wrong, in one line."""
        missed = [f'"{given.phrase}" at {given.until:.1f} s' for given in self.given if not given.obeyed]
        return "; ".join(
            text
            for text, is_so in (
                (f"not obeyed: {', '.join(missed)}", missed),
                (f"{self.false_commands} commands were heard that nobody gave", self.false_commands),
                (f"{len(self.never)} entries were never reached, the first at {''.join(self.never[:1])}", self.never),
                (f"{self.unspoken} lines could not be spoken", self.unspoken),
            )
            if is_so
        )

    def summary(self) -> entries.Summary:
        """The score."""
        return entries.Summary(
            commands_given=len(self.given),
            commands_obeyed=self.obeyed,
            false_commands=self.false_commands,
            reaction_ms={"median": _quantile(self.reactions_ms, 0.5), "p95": _quantile(self.reactions_ms, 0.95)},
            compute_rtf=round(self.compute_s / max(self.duration_s, 1e-9), 4),
            duration_s=round(self.duration_s, 2),
            wall_s=round(self.wall_s, 2),
        )


def _quantile(values: list[float], q: float) -> float | None:
    return round(float(np.quantile(values, q)), 1) if values else None


def reactions(given: list[_Given], speaker: Pcm) -> list[float]:
    """How long each reaction took, in ms: from the end of the phrase to the first silent or first new sample in
    ``speaker``, and the computing. A command that calms is answered by silence; if it's silent already, that counts
    from the decision. While music plays there's always sound: the answer then counts from the next sample."""
    sounds = np.flatnonzero(np.abs(speaker.astype(np.int32)) > AUDIBLE)
    found = []
    for one in given:
        if one.decided is None:
            continue
        decided = round(one.decided * RATE)
        first = int(np.searchsorted(sounds, decided))
        if first > 0 and sounds[first - 1] >= decided - BLOCK:
            changed = one.decided + FADE_S  # something was sounding, and was cut off or ducked
        elif one.command.name in CALMING:
            changed = one.decided
        else:
            changed = sounds[first] / RATE if first < len(sounds) else one.decided
        found.append(float(1000 * (changed - one.until + one.compute_s)))
    return found


class Rehearsal:
    """A session in a simulated room, with the parent of a script."""

    def __init__(self, script: Script, options: Options = NO_OPTIONS, warn: Warn = lambda line: None) -> None:
        """Of the ``options`` a rehearsal takes the routine, in the place of the script's, the minutes, the
        music, the voices and the models.

        Raises what loading a routine, a model or a recording raises."""
        self._began = time.perf_counter()
        self._script = script
        self._options = replace(options, routine=options.routine or script.routine)
        self._warn = warn
        self.routine, self._language = assembly.content(self._options)
        self._music = assembly.music_of(options.music, ahead=False, warn=warn)
        self._hearing = Hearing.of(self.routine, self._language, options.named_models)
        room = dict(script.room)
        if "noise" in room:
            room["noise"] = read_recording(room["noise"])
        self.room = Room(seed=script.seed, **room)
        # Where the script has crying for noise, it's about being heard over it: the guide isn't to ask about it.
        noise, ear = room.get("noise"), assembly.cry_ear(options.cry, warn)
        if ear is not None and noise is not None and ear.hears(noise):
            ear = None
        self.listener = self._hearing.listener(ear)
        self._voice = Voice()

    def run(self, tell: Callable[[Entry], None]) -> Report:
        """Rehearse. Each entry of the transcript goes to ``tell`` as it happens."""
        own_voice = self._hearing.own_voice()
        narrator = assembly.narrator(
            self.routine,
            self._language,
            self._voice,
            own_voice,
            ahead=False,
            warn=self._warn,
            wanted=self._options.voices or EVERYWHERE,
        )
        music, minutes = self._options.music is not None, self._options.minutes
        guide = Guide(self.routine, self._language, music=music, minutes=minutes)
        ears = TimedEars(self.listener)
        session = Session(guide, self.room, narrator, ears, self._music)
        meaning = self._language.phrasebook(self.routine.parts).meaning  # also of what the model can't hear
        parent = Actor(self._script, session, self.room, self._render, meaning)

        def each_turn(happened: list[Entry]) -> None:
            for entry in [*happened, *parent.act(happened, ears.latest_s)]:
                tell(entry)

        try:
            session.run(each_turn)
        finally:
            self._voice.close()  # first: it doesn't wait for a worker that hangs
            narrator.close()
        report = parent.report
        report.never = parent.never()
        report.reactions_ms = reactions(report.given, np.concatenate(self.room.speaker))
        report.compute_s = ears.total_s
        report.duration_s = self.room.now
        report.wall_s = time.perf_counter() - self._began
        return report

    def write(self, path: Path) -> None:
        """The room's sound as a stereo WAV: left the guide, right the microphone."""
        write_wav(path, np.stack([np.concatenate(self.room.speaker), np.concatenate(self.room.microphone)], axis=1))

    def _render(self, cue: Cue) -> Pcm:
        if cue.play is not None:
            return read_recording(cue.play)
        assert cue.say is not None
        usual = f"{self._language.voice.partition('+')[0]}+{PARENT_VARIANT}"
        return self._voice.render(cue.say, voice=cue.voice or usual, rate=PARENT_RATE)


class TimedEars(Around):
    """Ears, and how long they take."""

    def __init__(self, ears: Ears) -> None:
        super().__init__(ears)
        self.latest_s = self.total_s = 0.0
        """Seconds of computing for the latest block, and for all."""

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        began = time.perf_counter()
        heard = super().hear(pcm, at, played=played)
        self.latest_s = time.perf_counter() - began
        self.total_s += self.latest_s
        return heard


class Actor:
    """Plays the parent of a script, and keeps the score in ``report``."""

    def __init__(
        self,
        script: Script,
        session: Session,
        room: Room,
        render: Callable[[Cue], Pcm],
        meaning: Callable[[str], Command | None],
    ) -> None:
        """``render`` gives the sound of a cue, ``meaning`` the command that its words are, if any."""
        self._cues = list(script.parent)
        self._file = script.file
        self._session = session
        self._room = room
        self._render = render
        self._meaning = meaning
        self._ended = 0.0
        """When the cue before ended."""
        self._last = 0.0
        """When something last happened."""
        self.report = Report()

    def never(self) -> list[str]:
        """Where the cues are whose moment never came."""
        return [f"{self._file}:{cue.line}" for cue in self._cues]

    def act(self, happened: list[Entry], compute_s: float) -> list[Entry]:
        """After a turn: note what ``happened`` in it; say the next thing if its moment has come, which is returned;
        leave if nothing more can come. ``compute_s``: how long the ears took."""
        for entry in happened:
            if isinstance(entry, entries.Heard):
                self._note(entry, compute_s)
            elif isinstance(entry, entries.Said) and entry.error is not None:
                self.report.unspoken += 1
        session, now = self._session, self._session.now
        if session.over:
            return []
        said: list[Entry] = []
        if session.speaking_since is not None or session.busy:
            self._last = now
        if self._cues and self._due(self._cues[0], now):
            said.append(self._say(self._cues.pop(0)))
        patience = 5.0
        last = self._last
        if self._cues:
            coming = self._cues[0]
            patience = PATIENCE_S + coming.when.get("silent_for", 0.0)
            last = max(last, coming.at or 0.0, self._ended + (coming.after or 0.0))
        if now > last + patience:
            session.leave()
        return said

    def _say(self, cue: Cue) -> Entry:
        at, until = self._room.place(self._render(cue))
        self._ended = self._last = until
        command = self._meaning(cue.say) if cue.say else None
        if command is not None and cue.say:
            self.report.given.append(_Given(command, cue.say, until))
        return entries.Parent(at, cue.say or str(cue.play), until)

    def _note(self, entry: entries.Heard, compute_s: float) -> None:
        heard = entry.heard
        for given in self.report.given:
            late = heard.decided - given.until
            if given.decided is None and given.command == heard.command and -2.0 < late < OBEYED_WITHIN_S:
                given.obeyed = entry.obeyed
                calms = heard.command.name in CALMING
                given.decided = min(heard.noticed, heard.decided) if calms else heard.decided
                given.compute_s = compute_s
                return
        self.report.false_commands += 1

    def _due(self, cue: Cue, now: float) -> bool:
        session, guide = self._session, self._session.guide
        if now < self._ended or (cue.at is not None and now < cue.at):
            return False
        if cue.after is not None and now < self._ended + cue.after:
            return False
        if not cue.when:
            return True
        if cue.after is None and now < self._ended + TURN_S:
            return False
        speaking = now - session.speaking_since if session.speaking_since is not None else -1.0
        silent = now - session.quiet_since
        return (
            cue.when.get("state", guide.state) == guide.state
            and ("step" not in cue.when or (guide.step is not None and guide.step.id == cue.when["step"]))
            and speaking >= cue.when.get("speaking_for", -1.0)
            and silent >= cue.when.get("silent_for", 0.0)
        )
