"""Writes what the synthetic voices say: commands as parents give them, single words and near misses of commands,
strings of words, and sentences of the guide. All words are in the lexicon."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from models.recipe.vocabulary import phrasebooks
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import normal


def sentences(known: Collection[str]) -> list[str]:
    """Sentences of 3 to 12 ``known`` words from the guide and the project's documentation."""
    root = Path(__file__).resolve().parents[2]
    files = [*root.glob("routines/*.yaml"), *root.glob("docs/*.md"), root / "README.md"]
    files += [*root.glob("voiceguide/language/en.yaml")]
    found = set()
    for path in sorted(files):
        for piece in re.split(r"[.!?:;,\"\[\]()|]+|\n\s*\n|\n\s*[-*] ", path.read_text("utf-8")):
            words = normal(piece.replace("\n", " ")).split()
            if 3 <= len(words) <= 12 and all(word in known for word in words):
                found.add(" ".join(words))
    return sorted(found)


class Writer:
    """Writes texts at random. The same ``seed`` gives the same ones."""

    def __init__(self, words: Sequence[str], contrasts: Sequence[str], seed: int) -> None:
        """``words``: the lexicon; ``contrasts``: words that sound almost like a command."""
        self._random = random.Random(seed)
        self._words = sorted(words)
        known = set(words)
        self._meanings: dict[str, dict[Command, set[str]]] = defaultdict(lambda: defaultdict(set))
        near = {word for word in contrasts if word in known}
        for book in phrasebooks():
            for phrase, command in book.meanings.items():
                if known.issuperset(phrase.split()):
                    self._meanings[command.name][command].add(phrase)
            near.update(word for phrase in (*book.meanings, *book.decoys) for word in phrase.split() if word in known)
        self._near = sorted(near)
        self._sentences = sentences(known)

    def texts(self, n: int) -> Iterator[str]:
        """``n`` texts. A comma is only a short pause."""
        for _ in range(n):
            yield self._text()

    def _text(self) -> str:
        rng = self._random
        kind = rng.choices(("commands", "word", "string", "broken", "sentence"), (35, 15, 30, 8, 12))[0]
        if kind == "commands":
            return ", ".join(self._phrase() for _ in range(rng.choices((1, 2, 3), (60, 28, 12))[0]))
        if kind == "word":
            return self._word()
        if kind == "broken":  # begins or ends like a command, but is none
            words = self._phrase().split()
            at = rng.randrange(len(words) + 1)
            other = [self._word() for _ in range(rng.randint(1, 3))]
            return " ".join(words[:at] + other if rng.random() < 0.5 else other + words[at:])
        if kind == "sentence":
            return rng.choice(self._sentences)
        return " ".join(self._word() for _ in range(rng.randint(2, 7)))

    def _word(self) -> str:
        return self._random.choice(self._near if self._random.random() < 0.5 else self._words)

    def _phrase(self) -> str:
        """All commands equally often, however many phrasings they have."""
        rng = self._random
        meanings = self._meanings[rng.choice(sorted(self._meanings))]
        command = rng.choice(sorted(meanings, key=repr))
        return rng.choice(sorted(meanings[command]))
