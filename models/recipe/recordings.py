"""Real recordings as shards: those of a folder laid out like the project's corpus, less the fifth for evaluation.

words/WORD/*.flac     people who say one word or phrase, named by the folder
phrases/*.flac        and labels.json: file name -> text
coffee/*.flac         and labels.json: file name -> {"slots": {slot: words}}; what was said is found by orders.py
cries/REASON/*.flac   baby cries
noise/*.flac          other noise; of each file the first four fifths
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from models.recipe import store
from models.recipe.errors import RecipeError
from models.recipe.split import FIFTH, held_out
from voiceguide.sound.files import read_recording

FOLDERS = ("words", "phrases", "coffee", "cries", "noise")


def check(folder: Path) -> None:
    """Raises RecipeError where there is nothing to be read."""
    if not any(next((folder / name).rglob("*.flac"), None) for name in FOLDERS):
        raise RecipeError(f"no recordings in {folder}: it should have some of {', '.join(FOLDERS)}, with FLAC files")


def speech(folder: Path, known: Collection[str]) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    """People, with what they say. A recording with a word that is not ``known`` is left out."""
    for path in sorted(folder.glob("words/*/*.flac")):
        yield from _spoken(path, path.parent.name.replace("-", " "), "words", known)
    for path, text in _labelled(folder / "phrases"):
        yield from _spoken(path, str(text), "phrases", known)
    for path, label in _labelled(folder / "coffee"):
        # Until it is known what was said, the text is the slots that were asked for.
        yield from _spoken(path, json.dumps(label["slots"], sort_keys=True), "coffee", None)


def noise(folder: Path) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    """Cries, and other noise in pieces of ten seconds."""
    for path in sorted(folder.glob("cries/*/*.flac")):
        if not held_out(path):
            yield store.normalised(read_recording(path)), store.Utterance(0, 0, "", "cries", path.stem)
    for path in sorted(folder.glob("noise/*.flac")):
        sound = read_recording(path)
        sound = sound[: len(sound) * (FIFTH - 1) // FIFTH]
        for at in range(0, len(sound), 10 * store.RATE):
            piece = sound[at : at + 10 * store.RATE]
            if len(piece) > store.RATE:
                yield store.normalised(piece), store.Utterance(0, 0, "", path.stem, path.stem)


def _labelled(folder: Path) -> list[tuple[Path, Any]]:
    labels = folder / "labels.json"
    rows = json.loads(labels.read_text("utf-8")) if labels.exists() else {}
    return [(folder / name, label) for name, label in sorted(rows.items()) if (folder / name).exists()]


def _spoken(
    path: Path, text: str, kind: str, known: Collection[str] | None
) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    said = text.lower()
    if held_out(path) or (known is not None and not all(word in known for word in said.split())):
        return
    sound = read_recording(path)
    if len(sound) <= 14 * store.RATE:
        yield store.normalised(sound), store.Utterance(0, 0, said if known is not None else text, kind, path.stem)
