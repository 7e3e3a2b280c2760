"""Real recordings to train on, as shards: a folder with any of these, less what is kept for measuring (split.py).

| folder | what |
|---|---|
| ``packs/`` | many recordings in one file: see packs.py |
| ``speech-commands/``, ``librispeech/``, ``common-voice/`` | public corpora in their own layouts: see public.py |
| ``words/WORD/*.flac`` | people saying one word or phrase, which the folder names |
| ``phrases/*.flac`` | ``labels.json``: file name -> text |
| ``coffee/*.flac`` | ``labels.json``: file name -> {"slots": {slot: words}}; orders.py finds what was said |
| ``cries/REASON/*.flac`` | baby cries |
| ``noise/*.flac`` | other noise; the first four fifths of each file |
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from models.recipe import store
from models.recipe.errors import RecipeError
from models.recipe.packs import FOLDER, training_packs
from models.recipe.public import CORPORA
from models.recipe.split import FIFTH, held_out
from voiceguide.sound.files import read_recording

Items = Iterator[tuple[store.Pcm, store.Utterance]]

OWN = ("words", "phrases", "coffee", "cries", "noise")
"""Folders in the project's own layout."""
A_SHARD = 1000
"""Recordings of a public corpus in one shard."""
LONGEST_S = 17.0
"""Longer recordings are left out: their chains need too much memory."""
_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)*(?: [a-z]+(?:'[a-z]+)*)*")


@dataclass(frozen=True, slots=True)
class Source:
    """Recordings that make one shard of speech or of noise."""

    shard: str
    folder: str
    """``speech`` or ``noise``."""
    items: Callable[[], Items]


def check(folder: Path) -> None:
    """Raises RecipeError if there is nothing to read."""
    own = any(next((folder / name).rglob("*.flac"), None) for name in OWN)
    if not own and not training_packs(folder) and not any((folder / name).is_dir() for name in CORPORA):
        names = ", ".join((FOLDER, *CORPORA, *OWN))
        raise RecipeError(f"no recordings in {folder}: it should have some of {names}")


def sources(folder: Path, packs: int | None = None) -> list[Source]:
    """All shards that can be made of the recordings in ``folder``. ``packs``: at most this many packs or shards of
    each corpus."""
    found = [
        Source("recordings", "speech", partial(speech, folder)),
        Source("recordings", "noise", partial(noise, folder)),
    ]
    count: dict[str, int] = {}
    for pack in training_packs(folder):
        count[pack.corpus] = count.get(pack.corpus, 0) + 1
        if packs is None or count[pack.corpus] <= packs:
            for into in sorted(pack.kinds()):
                items = partial(pack.recordings, into)
                usable = partial(_usable if into == "speech" else _normalised, items)
                found.append(Source(f"pack-{pack.index.stem}", into, usable))
    for corpus, listed in CORPORA.items():
        files = list(listed(folder / corpus))
        for number, at in enumerate(range(0, len(files), A_SHARD)[:packs]):
            items = partial(_read, files[at : at + A_SHARD], corpus)
            found.append(Source(f"{corpus}-{number:03}", "speech", partial(_usable, items)))
    return found


def _read(files: list[tuple[Path, store.Utterance]], corpus: str) -> Items:
    for path, utterance in files:
        yield read_recording(path), replace(utterance, corpus=corpus)


def speech(folder: Path) -> Items:
    """People in the project's own layout, with what they say."""
    for path in sorted(folder.glob("words/*/*.flac")):
        yield from _spoken(path, path.parent.name.replace("-", " "), "words")
    for path, text in _labelled(folder / "phrases"):
        yield from _spoken(path, str(text), "phrases")
    for path, label in _labelled(folder / "coffee"):
        # Until it is known what was said, the text is the slots.
        yield from _spoken(path, json.dumps(label["slots"], sort_keys=True), "coffee")


def noise(folder: Path) -> Items:
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


def words_of(text: str) -> str | None:
    """A text as words in lower case without punctuation; None if it has digits, letters of other alphabets, or
    nothing at all: then it is not known how it was said."""
    plain = re.sub(r"[^\w' ]", " ", text.lower().replace("’", "'"))
    said = " ".join(word for word in (part.strip("'") for part in plain.split()) if word)
    return said if _WORDS.fullmatch(said) else None


def _usable(items: Callable[[], Items]) -> Items:
    """Those that are not too long, and whose text is plain words."""
    for pcm, utterance in items():
        said = words_of(utterance.text)
        if said is not None and len(pcm) <= LONGEST_S * store.RATE:
            yield store.normalised(pcm), replace(utterance, text=said)


def _normalised(items: Callable[[], Items]) -> Items:
    for pcm, utterance in items():
        yield store.normalised(pcm), utterance


def _labelled(folder: Path) -> list[tuple[Path, Any]]:
    labels = folder / "labels.json"
    rows = json.loads(labels.read_text("utf-8")) if labels.exists() else {}
    return [(folder / name, label) for name, label in sorted(rows.items()) if (folder / name).exists()]


def _spoken(path: Path, text: str, kind: str) -> Items:
    said = text if kind == "coffee" else words_of(text)
    if said is None or held_out(path):
        return
    sound = read_recording(path)
    if len(sound) <= LONGEST_S * store.RATE:
        yield store.normalised(sound), store.Utterance(0, 0, said, kind, path.stem)
