"""False commands in recordings of real people, cries and a kitchen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from models.recipe.measures.commands import heard_in
from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure, rate, share
from models.recipe.measures.mix import chance_for
from models.recipe.split import FIFTH, held_out
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import ADVANCING, CALMING
from voiceguide.language.phrasebook import normal
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import HISS_LSB

RUNNING = ("coffee", "cries", "noise")
"""Folders with running sound; the others hold single words and short phrases."""
SHORT = ("words", "phrases")
PAUSE_S = 1.0
"""The pause between two recordings, so that no utterance spans both."""


@dataclass
class Tally:
    """What was heard in some recordings."""

    files: int = 0
    taken: int = 0
    calmed: int = 0
    advanced: int = 0
    """Files in which any command was heard, a calming one, an advancing one."""
    seconds: float = 0.0
    heard: list[Heard] = field(default_factory=list)

    def add(self, heard: list[Heard], seconds: float) -> None:
        """One more file."""
        self.files += 1
        self.seconds += seconds
        self.heard += heard
        self.taken += bool(heard)
        self.calmed += any(one.command.name in CALMING for one in heard)
        self.advanced += any(one.command.name in ADVANCING for one in heard)

    def figure(self) -> Figure:
        """Shares of the files, and commands per hour, pauses between the files included."""
        hours = self.seconds / 3600
        return {
            "files": self.files,
            "taken": share(self.taken, self.files),
            "calmed": share(self.calmed, self.files),
            "advanced": share(self.advanced, self.files),
            "commands": rate(len(self.heard), hours),
            "calming": rate(sum(one.command.name in CALMING for one in self.heard), hours),
            "advancing": rate(sum(one.command.name in ADVANCING for one in self.heard), hours),
            "heard": dict(Counter(one.phrase for one in self.heard).most_common()),
        }


def false_alarms(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """For each folder the held-out fifth, and the rest, which the model may have been trained on; then all running
    sound together. Recordings of a command are left out: it would not be a false one."""
    tallies: dict[str, Tally] = {}
    keys = [f"{folder} {part}" for folder in (*SHORT, *RUNNING) for part in ("held out", "in training")]
    if all(key in done for key in [*keys, "held out", "all"]):
        return
    for folder in (*SHORT, *RUNNING):
        held, rest = Tally(), Tally()
        listener, now = Listener(context.model, context.book), 0.0
        for path, pcm, is_held_out in _recordings(context, folder):
            if said(path) in context.book.meanings:
                continue  # that command was given
            sound = with_pause(pcm, path)
            heard = heard_in(listener, sound, now)
            now += len(sound) / RATE
            (held if is_held_out else rest).add(heard, len(sound) / RATE)
        tallies[f"{folder} held out"], tallies[f"{folder} in training"] = held, rest
        yield f"{folder} held out", held.figure()
        yield f"{folder} in training", rest.figure()
    for name, parts in (("held out", ("held out",)), ("all", ("held out", "in training"))):
        total = Tally()
        for folder in RUNNING:
            for part in parts:
                one = tallies[f"{folder} {part}"]
                total.files, total.seconds = total.files + one.files, total.seconds + one.seconds
                total.taken, total.calmed = total.taken + one.taken, total.calmed + one.calmed
                total.advanced, total.heard = total.advanced + one.advanced, total.heard + one.heard
        yield name, total.figure()


def said(path: Path) -> str:
    """The label of a recording of words or phrases, in the normal form of phrases; empty for other sound."""
    if path.parent.parent.name == "words":
        return normal(path.parent.name.replace("-", " "))
    if path.parent.name == "phrases":
        return normal(str(_labels(path.parent / "labels.json").get(path.name, "")))
    return ""


@cache
def _labels(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _recordings(context: Context, folder: str) -> Iterator[tuple[Path, Pcm, bool]]:
    """Path, sound, and whether it is held out. A recording of noise is split in two by time."""
    for path in context.some(sorted((context.recordings / folder).rglob("*.flac"))):
        pcm = read_recording(path)
        if folder == "noise":
            cut = len(pcm) * (FIFTH - 1) // FIFTH
            yield path, pcm[:cut], False
            yield path, pcm[cut:], True
        else:
            yield path, pcm, held_out(path)


def with_pause(pcm: Pcm, path: Path) -> Pcm:
    """Append a pause with a microphone's hiss, to a whole number of blocks."""
    size = -(-(len(pcm) + round(PAUSE_S * RATE)) // BLOCK) * BLOCK - len(pcm)
    hiss = np.rint(chance_for(path.name).normal(scale=HISS_LSB, size=size)).astype(np.int16)
    return np.concatenate([pcm, hiss])
