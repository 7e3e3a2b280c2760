"""Public speech corpora in the layouts they are published in, less what each sets aside for validation and test.

| folder | layout |
|---|---|
| ``speech-commands/`` | ``WORD/SPEAKER_nohash_N.wav`` (Google Speech Commands) |
| ``librispeech/`` | ``…/SPEAKER/CHAPTER/*.flac`` with ``*.trans.txt`` (LibriSpeech) |
| ``common-voice/`` | ``clips/`` and ``validated.tsv``, ``dev.tsv`` and ``test.tsv`` if there (Common Voice) |

Each corpus splits by speaker, so nobody is on both sides.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from models.recipe import store
from models.recipe.split import is_official_training

Listed = Iterator[tuple[Path, store.Utterance]]
"""Recordings that are not read yet, with what the corpus says of them."""


def speech_commands(folder: Path) -> Listed:
    """Single words. The training part of the corpus's own split, which hashes the speaker."""
    for path in sorted(folder.glob("*/*_nohash_*.wav")):
        speaker = path.name.partition("_nohash_")[0]
        if not path.parent.name.startswith("_") and is_official_training(speaker):
            yield path, store.Utterance(0, 0, path.parent.name, "words", speaker)


def librispeech(folder: Path) -> Listed:
    """Books read aloud. Subsets named ``dev-…`` and ``test-…`` are left out: they have readers of their own."""
    for transcript in sorted(folder.rglob("*.trans.txt")):
        if any(part.startswith(("dev-", "test-")) for part in transcript.relative_to(folder).parts):
            continue
        for line in transcript.read_text("utf-8").splitlines():
            name, _, text = line.partition(" ")
            path = transcript.with_name(f"{name}.flac")
            if path.exists():
                yield path, store.Utterance(0, 0, text, "read", name.partition("-")[0])


def common_voice(folder: Path) -> Listed:
    """Sentences that people read, checked by others. Speakers in ``dev.tsv`` and ``test.tsv`` are left out."""
    kept_apart = {row["client_id"] for name in ("dev", "test") for row in _rows(folder / f"{name}.tsv")}
    for row in _rows(folder / "validated.tsv"):
        path = folder / "clips" / row["path"]
        if row["client_id"] not in kept_apart and path.exists():
            yield path, store.Utterance(0, 0, row["sentence"], "read", row["client_id"])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


CORPORA: Mapping[str, Callable[[Path], Listed]] = {
    "speech-commands": speech_commands,
    "librispeech": librispeech,
    "common-voice": common_voice,
}
"""What lists each folder."""
