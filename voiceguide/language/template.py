"""Templates in hassil's notation, and all the phrases that they stand for.

hassil parses them. Its own sampler takes a third of a millisecond for each phrase, which adds up to half a minute for
the phrases of a language on a Raspberry Pi; here each rule is expanded once, and joined from there on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import reduce
from itertools import permutations
from typing import Any


def plain(text: str) -> str:
    """A text in lower case, without punctuation but the apostrophe; its spaces as they are."""
    composed = unicodedata.normalize("NFC", text.lower().replace("’", "'"))
    return unicodedata.normalize("NFC", re.sub(r"[^\w' ]", " ", composed))


class Templates:
    """Templates that share rules."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        """``rules``: the template that ``<name>`` stands for, by name."""
        self._rules = rules
        self._expanded: dict[str, tuple[str, ...]] = {}

    def phrases(self, template: str) -> tuple[str, ...]:
        """The phrases that a template stands for, in normal form, in the order in which it has them. A slot, such as
        ``{part}``, is left as it is.

        Raises hassil's ParseError where it's no template, KeyError where it names a rule that isn't there."""
        from hassil.parse_expression import parse_sentence

        return tuple(dict.fromkeys(" ".join(p.split()) for p in self._all(parse_sentence(template).expression)))

    def _all(self, part: Any) -> tuple[str, ...]:
        from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference, TextChunk

        if isinstance(part, TextChunk):
            return (plain(part.text),)
        if isinstance(part, ListReference):
            return (f"{{{part.list_name}}}",)
        if isinstance(part, RuleReference):
            if part.rule_name not in self._expanded:
                self._expanded[part.rule_name] = self.phrases(self._rules[part.rule_name])
            return self._expanded[part.rule_name]
        if not isinstance(part, Group):
            raise TypeError(f"a template has no {type(part).__name__}")
        inner = [self._all(item) for item in part.items]
        if isinstance(part, Alternative):
            return tuple(phrase for phrases in inner for phrase in phrases)
        if isinstance(part, Permutation):
            return tuple(phrase for order in permutations(inner) for phrase in _joined(list(order)))
        return _joined(inner)


def _joined(pieces: list[tuple[str, ...]]) -> tuple[str, ...]:
    return reduce(lambda before, after: tuple(b + a for b in before for a in after), pieces, ("",))
