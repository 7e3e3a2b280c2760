"""The baby's name and pronoun, where the parent has given them: what the guide says, and what it understands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from voiceguide.errors import VoiceguideError
from voiceguide.language.language import Language
from voiceguide.language.phrasebook import normal
from voiceguide.routine.routine import Routine

PRONOUNS = ("she", "he", "they")
"""What may be given, in any language; what follows from it is the language file's."""
LONGEST = 30
"""Letters of a name: it is said often, and must be heard."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Baby:
    """What the parent has said of the baby. Raises VoiceguideError where it cannot be used."""

    name: str | None = None
    pronoun: str | None = None
    """One of PRONOUNS."""

    def __post_init__(self) -> None:
        if self.name is not None:
            # Some keyboards give an accent as a separate character.
            object.__setattr__(self, "name", unicodedata.normalize("NFC", self.name))
            words = normal(self.name)
            letters = all(letter.isalpha() or letter in "'- " for letter in self.name)
            if not words or not letters or len(words) > LONGEST:
                raise VoiceguideError(
                    f"the baby's name must be of letters, at most {LONGEST}: write it as it is said, such as Mia"
                )
        if self.pronoun is not None and self.pronoun not in PRONOUNS:
            raise VoiceguideError(f"the pronoun must be one of {', '.join(PRONOUNS)}")

    def language(self, language: Language) -> Language:
        """The same language, which says the name and understands it."""
        rules, typed_rules = dict(language.rules), dict(language.typed_rules)
        if self.name is not None:
            for rule, more in language.named.items():
                for known in (rules, typed_rules):
                    if rule in known:
                        known[rule] = f"({known[rule]}|{more.replace('{name}', normal(self.name))})"
        say = self._words(language)
        prompts = {name: tuple(map(say, sentences)) for name, sentences in language.prompts.items()}
        return replace(language, rules=rules, typed_rules=typed_rules, prompts=prompts)

    def routine(self, routine: Routine, language: Language) -> Routine:
        """The same routine with the name in its sentences, but for those that are recorded. The recogniser learns the
        name by its spelling, unless the routine says how it sounds."""
        say = self._words(language)
        named = _in_lines(routine, lambda line: line if line in routine.recordings else say(line))
        if self.name is None:
            return named
        sounds = {word: word for word in normal(self.name).split()}
        return replace(named, pronounce={**sounds, **routine.pronounce})

    def _words(self, language: Language) -> Callable[[str], str]:
        said: dict[str, str] = {}
        if self.pronoun is not None:
            said |= language.pronouns.get(self.pronoun, {})
        if self.name is not None:
            said |= dict.fromkeys(language.baby, self.name)
        if not said:
            return lambda line: line
        found = re.compile(
            rf"\b({'|'.join(re.escape(words) for words in sorted(said, key=len, reverse=True))})\b", re.IGNORECASE
        )

        def say(line: str) -> str:
            new = found.sub(lambda match: _like(match[0], said), line)
            return line if new == line else language.join(new)

        return say


def _like(words: str, said: Mapping[str, str]) -> str:
    instead = next(value for key, value in said.items() if key.casefold() == words.casefold())
    return instead[0].upper() + instead[1:] if words[0].isupper() else instead


def _in_lines(value: _T, change: Callable[[str], str]) -> _T:
    """The same with all that is said in it changed: ``say``, ``again``, and the answers to each kind of crying."""
    new: Any = value
    if is_dataclass(value) and not isinstance(value, type):
        changed: dict[str, Any] = {}
        for one in fields(value):
            inner = getattr(value, one.name)
            if one.name in ("say", "again"):
                changed[one.name] = tuple(map(change, inner))
            elif one.name == "reasons":
                changed[one.name] = {reason: tuple(map(change, lines)) for reason, lines in inner.items()}
            else:
                changed[one.name] = _in_lines(inner, change)
        new = replace(value, **changed)
    elif isinstance(value, tuple):
        new = tuple(_in_lines(inner, change) for inner in value)
    elif isinstance(value, Mapping):
        new = {key: _in_lines(inner, change) for key, inner in value.items()}
    return new  # type: ignore[no-any-return]
