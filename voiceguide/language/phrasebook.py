"""The phrases that the guide understands, each with what it means."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from voiceguide.language.command import Command
from voiceguide.language.template import plain

LONGEST_FILLER = 4
"""Words of a filler, at most."""


def normal(text: str) -> str:
    """A phrase as the recogniser writes it: lower case, no punctuation but the apostrophe, single spaces."""
    return " ".join(plain(text).split())


def unaccented(text: str) -> str:
    """A phrase as someone in a hurry may type it: in normal form, without accents ("mas despacio")."""
    return "".join(c for c in unicodedata.normalize("NFD", normal(text)) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Typed:
    """What is understood when it's typed, beside what is listened for."""

    meanings: Mapping[str, Command] = field(default_factory=dict)
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    """Fillers, of which there may be several."""


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The phrases of one language and one routine."""

    meanings: Mapping[str, Command]
    decoys: tuple[str, ...]
    """Phrases that mean nothing, and compete with the others in the recogniser."""
    before: tuple[str, ...] = ()
    """Fillers: what may come before a phrase in one breath and changes nothing ("okay", "um")."""
    after: tuple[str, ...] = ()
    """What may come after one ("please", "thank you")."""
    typed: Callable[[], Typed] = field(default=Typed, compare=False)
    """Gives what is understood as well when it's typed, and not listened for."""

    def meaning(self, text: str) -> Command | None:
        """The command that the whole text means, but for fillers at its ends; None for anything else. A part of a
        text never counts. Of several phrases inside fillers, the longest one is meant."""
        typed, words = self.typed(), normal(text).split()
        spans, seen = [(0, len(words))], set[tuple[int, int]]()
        while spans:
            spans.sort(key=lambda span: span[0] - span[1])
            first, last = spans.pop(0)
            if first >= last or (first, last) in seen:
                continue
            seen.add((first, last))
            phrase = " ".join(words[first:last])
            command = self.meanings.get(phrase) or typed.meanings.get(phrase)
            if command is not None:
                return command
            for n in range(1, min(LONGEST_FILLER, last - first) + 1):
                begin, end = " ".join(words[first : first + n]), " ".join(words[last - n : last])
                spans += [(first + n, last)] * (begin in self.before or begin in typed.before)
                spans += [(first, last - n)] * (end in self.after or end in typed.after)
        return None

    def without_accents(self) -> Phrasebook:
        """The same for phrases that someone in a hurry types without accents. Of two that differ in nothing else
        the first one is meant."""

        @cache
        def typed() -> Typed:
            spoken = self.typed()
            before, after = (frozenset(map(unaccented, fillers)) for fillers in (spoken.before, spoken.after))
            return Typed(_unaccented(spoken.meanings), before, after)

        before, after = (_each_once(map(unaccented, fillers)) for fillers in (self.before, self.after))
        return Phrasebook(_unaccented(self.meanings), (), before, after, typed)

    def begun(self) -> frozenset[tuple[str, str]]:
        """Each phrase that begins a longer one, with the longer one: ("baby is arching", "baby is arching away")."""
        found: set[tuple[str, str]] = set()
        for phrase in self.meanings:
            words = phrase.split()
            starts = (" ".join(words[:n]) for n in range(1, len(words)))
            found.update((start, phrase) for start in starts if start in self.meanings)
        return frozenset(found)

    def ambiguous(self) -> frozenset[str]:
        """The phrases that begin a longer one with another meaning ("keep going", "keep going by yourself")."""
        return frozenset(start for start, phrase in self.begun() if self.meanings[start] != self.meanings[phrase])


def _unaccented(meanings: Mapping[str, Command]) -> dict[str, Command]:
    return {unaccented(phrase): command for phrase, command in reversed([*meanings.items()])}


def _each_once(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))
