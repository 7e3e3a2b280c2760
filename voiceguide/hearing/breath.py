"""What was said in one breath: words of the recogniser, taken apart into commands and what may stand beside them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook


@dataclass(frozen=True, slots=True)
class Breath:
    """A command at the end of some words, with what belongs to it."""

    words: tuple[str, ...]
    """The command's words, those of fillers and of other commands before it, and those of fillers after it."""
    first: int
    last: int
    """Where the command's own words begin and end among them."""
    whole: bool
    """Whether nothing else came before these words."""
    command: Command

    @property
    def phrase(self) -> str:
        """The command's own words."""
        return " ".join(self.words[self.first : self.last])

    @property
    def spoken(self) -> str:
        """All of the words."""
        return " ".join(self.words)


class Parser:
    """Finds the command in what was said."""

    def __init__(self, book: Phrasebook) -> None:
        self._meanings = book.meanings
        self._beside = {*book.before, *book.meanings}
        self._after = frozenset(book.after)
        self._longest = max((len(phrase.split()) for phrase in (*self._beside, *self._after)), default=0)

    def parse(self, words: Sequence[str]) -> Breath | None:
        """The last command of ``words``, where nothing but fillers comes after it: "okay", "next", "thank you".

        Of the phrases with which they end the longest is taken. What comes before may be anything."""
        last = len(words)
        while (first := self._phrase(words, last, self._meanings)) is None:
            filler = self._phrase(words, last, self._after)
            if filler is None:
                return None
            last = filler
        begin = first
        while (before := self._phrase(words, begin, self._beside)) is not None:
            begin = before
        meaning = self._meanings[" ".join(words[first:last])]
        return Breath(tuple(words[begin:]), first - begin, last - begin, begin == 0, meaning)

    def _phrase(self, words: Sequence[str], end: int, phrases: Container[str]) -> int | None:
        """Where the longest of ``phrases`` begins that ends before word number ``end``."""
        for first in range(max(0, end - self._longest), end):
            if " ".join(words[first:end]) in phrases:
                return first
        return None
