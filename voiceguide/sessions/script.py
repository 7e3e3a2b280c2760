"""Rehearsal scripts: what the parent says, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voiceguide.errors import FileError, VoiceguideError
from voiceguide.files.source import Document, read
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import normal
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sound.files import is_there


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing that the parent says, and when; or a recording that is played."""

    say: str | None
    """With ``play``: what's said in the recording."""
    play: Path | None
    at: float | None
    after: float | None
    when: dict[str, Any]
    voice: str | None
    """None: the parent's usual one."""
    line: int
    """In the script, for error messages."""


@dataclass(frozen=True, slots=True)
class Script:
    """A rehearsal script, read from a file."""

    file: str
    routine: str | None
    seed: int
    room: dict[str, Any]
    parent: tuple[Cue, ...]


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
        parent=tuple(_cue(document, n, cue, path.parent) for n, cue in enumerate(data["parent"])),
    )


def built_in(routine: Routine) -> Path:
    """The script that comes with a routine, or else one that suits any routine."""
    folder = Path(__file__).parent / "rehearsals"
    own = folder / f"{routine.id}.yaml"
    return own if own.is_file() else folder / "any.yaml"


def translated(script: Script, code: str) -> Script:
    """A script in English, with phrases of another language that mean the same. What isn't a command stays as it
    is."""
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
    """What a schema can't say: whether the recordings, the routine and its steps exist."""
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


def _cue(document: Document, n: int, data: dict[str, Any], folder: Path) -> Cue:
    return Cue(
        say=data.get("say"),
        play=folder / data["play"] if "play" in data else None,
        at=data.get("at"),
        after=data.get("after"),
        when=data.get("when", {}),
        voice=data.get("voice"),
        line=document.position(["parent", n])[0],
    )
