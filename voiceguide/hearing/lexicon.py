"""The pronunciations of a model's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PHONES = tuple(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()
)
"""The 39 phones of ARPAbet, without stress."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How words are said: one or more pronunciations each."""

    pronunciations: Mapping[str, tuple[tuple[str, ...], ...]]

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read lines of a word and its phones.

        Raises OSError, and ValueError where a line is none of these."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for line in path.read_text("utf-8").splitlines():
            word, *phones = line.split()
            if not phones or not set(phones) <= set(PHONES):
                raise ValueError(f"no pronunciation: {line!r}")
            found.setdefault(word, []).append(tuple(phones))
        return cls({word: tuple(ways) for word, ways in found.items()})
