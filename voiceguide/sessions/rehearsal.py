"""A whole session in a simulated room: real voice, real recognition, a scripted parent, a virtual clock."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from voiceguide.errors import FileError, VoiceguideError
from voiceguide.files.source import Document, read
from voiceguide.guide.machine import Guide
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.language import CALMING, Command, load_language, normal
from voiceguide.recognition import models
from voiceguide.recognition.model import known
from voiceguide.routine.routine import Routine, find, load
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.recorded_lines import Recorded
from voiceguide.sessions.session import Session, Tell
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import is_there, read_recording, write_wav
from voiceguide.sound.room import Room
from voiceguide.speech.music import Music
from voiceguide.speech.voice import Voice

PARENT_VARIANT = "m7"
"""Of espeak-ng's voice for the language: one that the model in the box was not trained on."""
PARENT_RATE = 150
TURN_S = 0.8
"""The parent takes a breath between two things: as long, at least, lies between an entry and one with ``when``."""
OBEYED_WITHIN_S = 2.5
"""A command that comes later than this after the parent's phrase was not an answer to it."""
PATIENCE_S = 240.0
"""When nothing has happened for so long, the rehearsal is over: an entry waits for what never comes."""
AUDIBLE = 16
"""Samples below it, -66 dB of full scale, are silence."""
FADE_S = 0.005
"""The player's fade-out, the last of the reaction time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the parent says, or a recording that is played."""

    say: str | None
    """With ``play``: what is said in the recording."""
    play: Path | None
    at: float | None
    after: float | None
    when: dict[str, Any]
    voice: str | None
    """None: the parent's usual one."""
    line: int
    """In the script, for messages."""


@dataclass(frozen=True, slots=True)
class Script:
    """A rehearsal, read from a file."""

    file: str
    routine: str | None
    seed: int
    room: dict[str, Any]
    parent: tuple[Entry, ...]


def load_script(path: Path) -> Script:
    """Read a rehearsal script. Raises SourceError with every error in it."""
    schema = json.loads((Path(__file__).parent / "rehearsal.schema.json").read_text("utf-8"))
    document = read(path, schema, lambda document: _errors(document, path.parent))
    data: dict[str, Any] = document.data
    room = dict(data.get("room", {}))
    if "noise" in room:
        room["noise"] = path.parent / room["noise"]
    return Script(
        file=str(path),
        routine=data.get("routine"),
        seed=data.get("seed", 0),
        room=room,
        parent=tuple(_entry(document, n, entry, path.parent) for n, entry in enumerate(data["parent"])),
    )


def built_in(routine: Routine) -> Path:
    """The script that comes with a routine, or one that suits any."""
    folder = Path(__file__).parent / "rehearsals"
    own = folder / f"{routine.id}.yaml"
    return own if own.is_file() else folder / "any.yaml"


def translated(script: Script, code: str) -> Script:
    """A script in English, with what means the same in another language. What is no command stays as it is."""
    if code == "en":
        return script
    english, own = (load_language(language).phrasebook().meanings for language in ("en", code))
    said: dict[Command | None, str] = {}
    for phrase, command in own.items():
        said.setdefault(command, phrase)
    parent = (
        replace(one, say=said.get(english.get(normal(one.say)), one.say)) if one.say is not None else one
        for one in script.parent
    )
    return replace(script, parent=tuple(parent))


def _errors(document: Document, folder: Path) -> Iterator[FileError]:
    """What a schema cannot say: that recordings, the routine and its steps are there."""
    for at, name in [*document.each("room", "noise"), *document.each("parent", "*", "play")]:
        if isinstance(name, str) and not is_there(folder / name):
            yield document.error(at, f"there is no file '{name}'", "name a recording, by its path from this file")
    steps: set[str] | None = None
    for at, name in document.each("routine"):
        try:
            steps = {step.id for step in load(find(str(name))).steps}
        except VoiceguideError as error:
            what, _, instead = str(error).splitlines()[0].partition("; ")
            yield document.error(at, what, instead or "see: voiceguide routines")
    for at, name in document.each("parent", "*", "when", "step"):
        if steps is not None and name not in steps:
            yield document.error(at, f"the routine has no step '{name}'", "see: voiceguide show ROUTINE")


def _entry(document: Document, n: int, data: dict[str, Any], folder: Path) -> Entry:
    return Entry(
        say=data.get("say"),
        play=folder / data["play"] if "play" in data else None,
        at=data.get("at"),
        after=data.get("after"),
        when=data.get("when", {}),
        voice=data.get("voice"),
        line=document.position(["parent", n])[0],
    )


@dataclass(slots=True)
class _Given:
    """A command that the parent gave, and what became of it."""

    command: Command
    phrase: str
    until: float
    obeyed: bool = False
    decided: float | None = None
    """When it was, in seconds."""
    compute_s: float = 0.0
    """Seconds of computing that it took besides."""


@dataclass(slots=True)
class Report:
    """What a rehearsal showed; ``as_json`` gives the last line of ``rehearse --json``."""

    given: list[_Given] = field(default_factory=list)
    false_commands: int = 0
    reactions_ms: list[float] = field(default_factory=list)
    unspoken: int = 0
    """Lines of the guide that could not be rendered."""
    never: list[str] = field(default_factory=list)
    """Entries of the script whose moment never came."""
    compute_s: float = 0.0
    duration_s: float = 0.0
    wall_s: float = 0.0

    @property
    def obeyed(self) -> int:
        return sum(given.obeyed for given in self.given)

    @property
    def flawless(self) -> bool:
        """Every command was obeyed, none was imagined, and the whole script was played."""
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

    def as_json(self) -> dict[str, object]:
        return {
            "kind": "summary",
            "commands_given": len(self.given),
            "commands_obeyed": self.obeyed,
            "false_commands": self.false_commands,
            "reaction_ms": {"median": _quantile(self.reactions_ms, 0.5), "p95": _quantile(self.reactions_ms, 0.95)},
            "compute_rtf": round(self.compute_s / max(self.duration_s, 1e-9), 4),
            "duration_s": round(self.duration_s, 2),
            "wall_s": round(self.wall_s, 2),
        }


def _quantile(values: list[float], q: float) -> float | None:
    return round(float(np.quantile(values, q)), 1) if values else None


def reactions(given: list[_Given], speaker: Pcm) -> list[float]:
    """From the end of each phrase to the first silent or first new sample in ``speaker``, with the computing, in
    ms. What calms is answered by silence: where it is silent already, by that of the moment of the decision. Music
    sounds always: where it plays, what follows is taken to be there with the next sample."""
    sounds = np.flatnonzero(np.abs(speaker.astype(np.int32)) > AUDIBLE)
    found = []
    for one in given:
        if one.decided is None:
            continue
        decided = round(one.decided * RATE)
        first = int(np.searchsorted(sounds, decided))
        if first > 0 and sounds[first - 1] >= decided - BLOCK:
            changed = one.decided + FADE_S  # something sounded, and was cut off or gave way
        elif one.command.name in CALMING:
            changed = one.decided
        else:
            changed = sounds[first] / RATE if first < len(sounds) else one.decided
        found.append(float(1000 * (changed - one.until + one.compute_s)))
    return found


class Rehearsal:
    """Plays the parent of a script in a room, and keeps the score."""

    def __init__(
        self,
        script: Script,
        *,
        routine: str | None = None,
        model: Path | None = None,
        music: Music | None = None,
        play: bool = False,
        warn: Callable[[str], None] = lambda line: None,
    ) -> None:
        """``play``: the music, from the start; ``warn`` is told of recordings that cannot be used.

        Raises what loading a routine, a model or a recording raises."""
        self._began = time.perf_counter()
        self._script = script
        self.routine = load(find(routine or script.routine or "infant-massage"))
        self._language = load_language(self.routine.language)
        folder = models.find(model, language=self.routine.language, official=self._language.model)
        vosk_model = models.load(folder, self.routine.pronounce)
        phrasebook = self._language.phrasebook(self.routine.parts)
        self._book = known(vosk_model, phrasebook)
        self._listener = Listener(vosk_model, self._book)
        self._meaning = phrasebook.meaning
        self._own_voice = OwnVoice(vosk_model, self._book, identity=models.identity(folder))
        room = dict(script.room)
        if "noise" in room:
            room["noise"] = read_recording(room["noise"])
        self.room = Room(seed=script.seed, **room)
        self._voice = Voice()
        self._music, self._play = music, play
        self._recorded = Recorded(self.routine, warn)

    def run(self, tell: Tell) -> Report:
        """Rehearse. Each entry of the transcript goes to ``tell`` as it happens."""
        report = Report()

        def watch(kind: str, t: float, **fields: Any) -> None:
            report.unspoken += "error" in fields
            tell(kind, t, **fields)

        name, recorded = self._language.voice, self._recorded.pcm
        narrator = Narrator(
            self._voice, self._own_voice, ahead=False, name=name, recorded=recorded, respell=self.routine.respell
        )
        guide = Guide(self.routine, self._language, music=self._play)
        session = Session(guide, self.room, narrator, self._listener, watch, self._music)
        parent = _Parent(self._script, session, self.room, self._render, report, self._meaning, tell)
        session.on_heard = parent.heard
        try:
            session.run(each_block=parent.act)
        finally:
            self._voice.close()  # first: it does not wait for a worker that hangs
            narrator.close()
        report.never = parent.never()
        report.reactions_ms = reactions(report.given, np.concatenate(self.room.speaker))
        report.compute_s = session.compute_s
        report.duration_s = self.room.now
        report.wall_s = time.perf_counter() - self._began
        return report

    def write(self, path: Path) -> None:
        """The room's sound as a stereo WAV: left the guide, right the microphone."""
        write_wav(path, np.stack([np.concatenate(self.room.speaker), np.concatenate(self.room.microphone)], axis=1))

    def _render(self, entry: Entry) -> Pcm:
        if entry.play is not None:
            return read_recording(entry.play)
        assert entry.say is not None
        usual = f"{self._language.voice.partition('+')[0]}+{PARENT_VARIANT}"
        return self._voice.render(entry.say, voice=entry.voice or usual, rate=PARENT_RATE)


class _Parent:
    """Says what the script says, when it says so, and notes whether the guide obeyed."""

    def __init__(
        self,
        script: Script,
        session: Session,
        room: Room,
        render: Callable[[Entry], Pcm],
        report: Report,
        meaning: Callable[[str], Command | None],
        tell: Tell,
    ) -> None:
        self._entries = list(script.parent)
        self._file = script.file
        self._session = session
        self._room = room
        self._render = render
        self._report = report
        self._meaning = meaning
        self._tell = tell
        self._ended = 0.0
        """When the entry before ended."""
        self._last = 0.0
        """When something last happened."""

    def never(self) -> list[str]:
        return [f"{self._file}:{entry.line}" for entry in self._entries]

    def act(self, now: float) -> None:
        """After each block: say the next thing when its moment has come; leave when nothing more can come."""
        session = self._session
        if session.speaking_since is not None or session.busy:
            self._last = now
        if self._entries and self._due(self._entries[0], now):
            entry = self._entries.pop(0)
            at, until = self._room.place(self._render(entry))
            self._ended = self._last = until
            self._tell("parent", at, text=entry.say or str(entry.play), until=round(until, 3))
            command = self._meaning(entry.say) if entry.say else None
            if command is not None and entry.say:
                self._report.given.append(_Given(command, entry.say, until))
        patience = 5.0
        last = self._last
        if self._entries:
            coming = self._entries[0]
            patience = PATIENCE_S + coming.when.get("silent_for", 0.0)
            last = max(last, coming.at or 0.0, self._ended + (coming.after or 0.0))
        if now > last + patience and not session.over:
            session.over = True
            self._tell("end", now)

    def heard(self, heard: Heard, obeyed: bool, compute_s: float) -> None:
        for given in self._report.given:
            late = heard.decided - given.until
            if given.decided is None and given.command == heard.command and -2.0 < late < OBEYED_WITHIN_S:
                given.obeyed = obeyed
                calms = heard.command.name in CALMING
                given.decided = min(heard.noticed, heard.decided) if calms else heard.decided
                given.compute_s = compute_s
                return
        self._report.false_commands += 1

    def _due(self, entry: Entry, now: float) -> bool:
        session, guide = self._session, self._session.guide
        if now < self._ended or (entry.at is not None and now < entry.at):
            return False
        if entry.after is not None and now < self._ended + entry.after:
            return False
        if not entry.when:
            return True
        if entry.after is None and now < self._ended + TURN_S:
            return False
        speaking = now - session.speaking_since if session.speaking_since is not None else -1.0
        silent = now - session.quiet_since
        return (
            entry.when.get("state", guide.state) == guide.state
            and ("step" not in entry.when or (guide.step is not None and guide.step.id == entry.when["step"]))
            and speaking >= entry.when.get("speaking_for", -1.0)
            and silent >= entry.when.get("silent_for", 0.0)
        )


def summary(report: Report) -> str:
    """The last line of a rehearsal, for people."""
    reaction = f"{statistics.median(report.reactions_ms):.0f} ms" if report.reactions_ms else "none"
    return (
        f"Rehearsed {report.duration_s / 60:.1f} minutes in {report.wall_s:.0f} s: "
        f"{len(report.given)} commands given, {report.obeyed} obeyed, {report.false_commands} false commands; "
        f"median reaction {reaction}."
    )
