"""What no routine may claim, in one language: a promise of what massage does, or a diagnosis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from voiceguide.language.phrasebook import normal
from voiceguide.language.template import Templates

Kind: TypeAlias = Literal["promise", "diagnosis"]

_PAUSE = re.compile(r"[^\w\s'’-]+")


@dataclass(frozen=True)
class Claims:
    """Templates of claims, and the words that make none of them. Empty for a language that lists none."""

    templates: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    denies: frozenset[str] = frozenset()
    """Words such as "nobody", before a claim in its clause or straight after it: "nobody can promise it"."""
    supposes: frozenset[str] = frozenset()
    """Words such as "if", before a diagnosis in its clause: "if your baby has colic"."""
    joins: frozenset[str] = frozenset()
    """Words such as "and", which begin a clause as a comma does."""

    def found(self, sentence: str) -> Iterator[tuple[Kind, str]]:
        """What a sentence claims: of each kind at most one, in the words that claim it."""
        asks = sentence.rstrip(" \"'’”»)").endswith("?")
        for kind, (phrases, longest) in self._phrases.items():
            if kind == "diagnosis" and asks:
                continue
            undone_by = self.denies | self.supposes if kind == "diagnosis" else self.denies
            clauses = _PAUSE.split(sentence)
            claim = next((c for clause in clauses for c in self._in(clause, phrases, longest, undone_by)), None)
            if claim is not None:
                yield kind, claim

    def _in(self, clause: str, phrases: frozenset[str], longest: int, undone_by: frozenset[str]) -> Iterator[str]:
        """The phrases of ``phrases`` in a clause, the longest first where two begin with the same word."""
        words = normal(clause).split()
        for first in range(len(words)):
            begins = max((at + 1 for at in range(first) if words[at] in self.joins), default=0)
            if any(_is_one(word, undone_by) for word in words[begins:first]):
                continue
            for last in range(min(first + longest, len(words)), first, -1):
                phrase = " ".join(words[first:last])
                if phrase in phrases and not (last < len(words) and _is_one(words[last], self.denies)):
                    yield phrase

    @cached_property
    def _phrases(self) -> Mapping[Kind, tuple[frozenset[str], int]]:
        """The phrases of each kind, and how many words the longest has."""
        templates = Templates(self.rules)
        found = {kind: frozenset(p for t in of for p in templates.phrases(t)) for kind, of in self.templates.items()}
        return {kind: (of, max((p.count(" ") + 1 for p in of), default=0)) for kind, of in found.items()}


def _is_one(word: str, words: frozenset[str]) -> bool:
    """Whether a word is one of ``words``, or begins with one that runs into it ("n'" in "n'est")."""
    start, apostrophe, _ = word.partition("'")
    return word in words or (apostrophe != "" and start + apostrophe in words)
