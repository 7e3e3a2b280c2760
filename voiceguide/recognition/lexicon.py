"""The words that a recognition model knows, and how they sound.

A model's ``lexicon.txt`` has a line ``word PH PH PH`` for each pronunciation, in order; a word may have several. The
official models have no such file: their words are in their graphs, without pronunciations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import MappingProxyType

from voiceguide.errors import ModelError
from voiceguide.recognition.phones import PHONES, Pronunciation, distance

__all__ = ["FILE", "PHONES", "Lexicon", "Pronunciation"]

FILE = "graph/lexicon.txt"
"""Its name in a model's folder."""

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")
"""A word as the recogniser writes it: letters, and apostrophes between and after them."""

_SPELLING = 1.6
"""How far off a word with no letter in common is, in phones."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words, each with the ways to say it."""

    pronunciations: Mapping[str, tuple[Pronunciation, ...]]

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read a lexicon from a file. Raises ModelError, with the line, if it isn't one."""
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ModelError(f"{path}: cannot be read ({reason}); install the model again") from None
        found: dict[str, tuple[Pronunciation, ...]] = {}
        for number, line in enumerate(lines, 1):
            if what := _error_in(line, found):
                raise ModelError(f"{path}:{number}: {what}; install the model again")
            word, *phones = line.split()
            found[word] = (*found.get(word, ()), tuple(phones))
        if not found:
            raise ModelError(f"{path}: there are no words in it; install the model again")
        return cls(MappingProxyType(found))

    def __contains__(self, word: object) -> bool:
        return word in self.pronunciations

    def __len__(self) -> int:
        return len(self.pronunciations)

    def with_words(self, words: Mapping[str, Iterable[Pronunciation]]) -> Lexicon:
        """This lexicon with more words. A word that it has already gets the new pronunciations too."""
        found = dict(self.pronunciations)
        for word, ways in words.items():
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *ways)))
        return Lexicon(MappingProxyType(found))

    def nearest(self, word: str, n: int = 3, *, sounds: Iterable[Pronunciation] = ()) -> tuple[str, ...]:
        """Up to ``n`` other words that are like ``word``, the most alike first: by their spelling and, if ``sounds``
        gives its pronunciations, by their sound."""
        spoken = tuple(sounds)
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(word)
        found: list[tuple[float, str]] = []
        for known, ways in self.pronunciations.items():
            if known == word:
                continue
            matcher.set_seq1(known)
            alike = matcher.ratio() if matcher.real_quick_ratio() > 0.3 else 0.0
            if not (spoken and ways):
                if alike >= 0.6:
                    found.append((1 - alike, known))
                continue
            # At most about a third of the word may be wrong.
            most = 0.6 + 0.3 * max(map(len, spoken))
            away = min(distance(way, its, most) for way in spoken for its in ways)
            if away <= most or alike >= 0.75:
                found.append((min(away, 2 * most) + _SPELLING * (1 - alike), known))
        return tuple(known for _, known in sorted(found)[:n])

    def text(self) -> str:
        """The content of a file that ``read`` can read."""
        ways = sorted(self.pronunciations.items())  # a word's usual pronunciation stays first
        return "".join(f"{word} {' '.join(way)}\n" for word, its in ways for way in its)


def _error_in(line: str, before: Mapping[str, tuple[Pronunciation, ...]]) -> str | None:
    word, *phones = line.split() or [""]
    if not (WORD.fullmatch(word) and word == word.lower()):
        return f"{word!r} is not a word in small letters"
    if not phones:
        return f"{word!r} has no pronunciation"
    unknown = next((phone for phone in phones if phone not in _KNOWN), None)
    if unknown is not None:
        return f"{unknown!r} is not a phone"
    return f"{word!r} has the same pronunciation twice" if tuple(phones) in before.get(word, ()) else None


_KNOWN = frozenset(PHONES)
