"""A language: templates of what the guide understands, and its own sentences. Data, one file for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

from voiceguide.config import EMERGENCY_NUMBER
from voiceguide.errors import VoiceguideError
from voiceguide.files.source import read
from voiceguide.language import rules
from voiceguide.language.claims import Claims, Kind
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook, Typed, normal
from voiceguide.language.template import Templates


class NamedPart(Protocol):
    """The names of a part of the body."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def also(self) -> tuple[str, ...]:
        """Its other names."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A part that people name but the routine doesn't have."""

    id: str
    name: str
    also: tuple[str, ...] = ()


NUMBER = "{emergency_number}"
"""Where the number to call stands in a prompt. It's filled in as soon as the file is read, so that every sentence
which says it can be rendered ahead."""
AGO = ("some_time", "moment", "minutes", "hour", "hours", "yesterday")
"""How long ago, as in the names of the prompts ``stopped_…``; ``some_time`` if nobody knows."""


@dataclass(frozen=True)
class Language:
    """Templates of what the guide understands, and its own sentences."""

    code: str
    name: str
    voice: str
    """Its voice in espeak-ng, perhaps with a variant."""
    model: str
    """Name of the small official Vosk model for it."""
    prompts: Mapping[str, tuple[str, ...]]
    templates: tuple[tuple[str, Command], ...]
    """What is listened for."""
    rules: Mapping[str, str]
    decoys: tuple[str, ...]
    parts: tuple[str, ...]
    """Parts of the body that people name, whatever the routine."""
    digits: tuple[str, ...]
    """From zero to nine, as they're said in a telephone number."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What else a rule stands for when the baby's name is known: a template with {name} in it."""
    typed: tuple[tuple[str, Command], ...] = ()
    """Templates of what is understood as well when it's typed."""
    typed_rules: Mapping[str, str] = field(default_factory=dict)
    """The rules of those."""
    typed_before: tuple[str, ...] = ()
    """Templates of what may come before any phrase that's typed."""
    typed_after: tuple[str, ...] = ()
    """The same after one."""
    before: tuple[str, ...] = ()
    """Templates of what may come before a phrase and changes nothing."""
    after: tuple[str, ...] = ()
    """The same after one."""
    baby: tuple[str, ...] = ()
    """Words in the guide's sentences that the baby's name can replace."""
    pronouns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Words in the guide's sentences, and what replaces them when the pronoun is known."""
    joined: Mapping[str, str] = field(default_factory=dict)
    """How words run together once a part or a name is filled in: a regular expression, and its replacement."""
    wake: tuple[str, ...] = ()
    """Templates of what wakes the guide while it waits for a session to begin."""
    emergency_number: str = EMERGENCY_NUMBER
    """The number to call, in digits."""
    claims: Claims = field(default_factory=Claims)
    """What no routine may promise or diagnose."""

    @property
    def emergency_words(self) -> str:
        """The number to call as the prompts have it: digit by digit, which every voice says right."""
        return in_words(self.emergency_number, self.digits)

    @cached_property
    def wakes(self) -> tuple[str, ...]:
        """The phrases of ``wake``, the usual one first."""
        return tuple(dict.fromkeys(phrase for template in self.wake for phrase, _ in self._expand(template, ())))

    def phrasebook(self, parts: tuple[NamedPart, ...] = ()) -> Phrasebook:
        """All phrases, with the body parts of a routine filled in, and with those that it lacks."""
        meanings: dict[str, Command] = {}
        elsewhere = tuple(
            _Elsewhere(name, name)
            for name in self.parts
            if not any(name in (part.id, part.name, *part.also) for part in parts)
        )
        names = (*parts, *elsewhere)
        for template, command in self.templates:
            for phrase, named in self._expand(template, names):
                meanings.setdefault(phrase, _naming(command, named))

        @cache
        def typed() -> Typed:
            templates = self._typed_templates
            understood = {
                phrase: _naming(command, named)
                for template, command in reversed(self.typed)  # the first to have a phrase gives it its meaning
                for phrase, named in self._expand(template, names, templates)
            }
            return Typed(
                understood, frozenset(self._fillers(self.typed_before)), frozenset(self._fillers(self.typed_after))
            )

        before, after = (
            tuple(filler for filler in self._fillers(templates) if filler not in meanings)
            for templates in (self.before, self.after)
        )
        nothing = {*meanings, *before, *after}
        decoys = tuple(dict.fromkeys(decoy for decoy in map(normal, self.decoys) if decoy not in nothing))
        return Phrasebook(meanings, decoys, before, after, typed)

    def _fillers(self, templates: Iterable[str]) -> dict[str, None]:
        """The phrases of templates that name no part."""
        return dict.fromkeys(phrase for template in templates for phrase, _ in self._expand(template, ()))

    def examples(self, name: str) -> tuple[str, ...]:
        """The first way to say each template of a command, for help and documentation."""
        found = (next(self._expand(t, ()), None) for t, command in self.templates if command.name == name)
        return tuple(f[0] for f in found if f)

    def example(self, command: Command) -> str:
        """The first way to say exactly this command, which must have one that names no part."""
        return next(
            phrase
            for template, meant in self.templates
            if meant == command
            for phrase, _ in self._expand(template, ())
        )

    def say(self, prompt: str, **values: object) -> tuple[str, ...]:
        """The sentences of a prompt, filled in."""
        if not values:
            return self.prompts[prompt]
        return tuple(self.join(sentence.format(**values)) for sentence in self.prompts[prompt])

    def join(self, text: str) -> str:
        """``text``, into which something was filled, with the words run together that do so ("a el" is "al")."""
        for pattern, instead in self.joined.items():
            text = re.sub(pattern, instead, text)
        return text

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self.rules)

    @cached_property
    def _typed_templates(self) -> Templates:
        return Templates(self.typed_rules)

    def _expand(
        self, template: str, parts: Sequence[NamedPart], templates: Templates | None = None
    ) -> Iterator[tuple[str, tuple[NamedPart, ...]]]:
        """Every phrase that a template stands for, with the parts that it names. One part goes by all of its names,
        but two that are named together by their first only: there would be too many pairs."""
        choices: list[tuple[tuple[str, ...], tuple[NamedPart, ...]]] = [((), ())]
        if "{other}" in template:
            choices = [((one.name, other.name), (one, other)) for one, other in permutations(parts, 2)]
        elif "{part}" in template:
            choices = [((name,), (part,)) for part in parts for name in (part.name, *part.also)]
        phrases = (templates or self._templates).phrases(template)
        for names, named in choices:
            for phrase in phrases:
                filled = phrase
                for slot, name in zip(("{part}", "{other}"), names, strict=False):
                    filled = filled.replace(slot, normal(name))
                yield self.join(filled) if named else filled, named


def _naming(command: Command, parts: tuple[NamedPart, ...]) -> Command:
    if not parts:
        return command
    if command.name == "goto":
        return replace(command, target=parts[0].id)
    return replace(command, targets=tuple(part.id for part in parts))


def in_words(number: str, digits: Sequence[str]) -> str:
    """A telephone number, digit by digit."""
    return " ".join(digits[int(digit)] for digit in number)


def folder_of_languages() -> Path:
    """The folder of the language files."""
    return Path(__file__).parent


def known_languages() -> list[str]:
    """The codes of the languages that have files."""
    return sorted(path.stem for path in folder_of_languages().glob("*.yaml"))


def is_own_sentence(text: str, code: str) -> bool:
    """Whether ``text`` is one of the guide's own sentences in a language, with whatever emergency number: no routine
    can replace them. False if there's no such language. Raises SourceError if its file has errors."""
    return _own_sentences(code).fullmatch(text) is not None


@cache
def _own_sentences(code: str) -> re.Pattern[str]:
    path = _file(code)
    data = {} if path is None else _read(path)
    lines = (re.escape(line) for lines in data.get("prompts", {}).values() for line in lines)
    words = "|".join(map(re.escape, data.get("digits", ())))
    return re.compile("|".join(lines).replace(re.escape(NUMBER), f"(?:{words})(?: (?:{words}))*") or "(?!)")


@cache
def command_words(code: str) -> frozenset[str]:
    """Every word of the commands in a language, without the names of parts. Otherwise like ``own_words``."""
    if _file(code) is None:
        return frozenset()
    book = load_language(code).phrasebook().meanings.items()
    return frozenset(word for phrase, command in book if command.target is None for word in phrase.split())


def load_language(code: str, emergency_number: str = EMERGENCY_NUMBER) -> Language:
    """Read a language file. ``code``: a language, perhaps with a region, which needn't have a file;
    ``emergency_number``: the digits of the number to call.

    Raises VoiceguideError where there is none for ``code``, SourceError where it has errors."""
    path = _file(code)
    if path is None:
        raise VoiceguideError(f"no language '{code}'; choose one of: {', '.join(known_languages())}")
    data = _read(path)
    number = in_words(emergency_number, data["digits"])
    return Language(
        code=data["language"],
        name=data["name"],
        voice=data["voice"],
        model=data["model"],
        prompts={
            name: tuple(sentence.replace(NUMBER, number) for sentence in sentences)
            for name, sentences in data["prompts"].items()
        },
        templates=_templates(data),
        rules=data["rules"],
        typed=_templates(data.get("typed", {})),
        typed_rules=data.get("typed", {}).get("rules", {}),
        typed_before=tuple(data.get("typed", {}).get("around", {}).get("before", ())),
        typed_after=tuple(data.get("typed", {}).get("around", {}).get("after", ())),
        decoys=tuple(data["decoys"]),
        parts=tuple(data["parts"]),
        digits=tuple(data["digits"]),
        named=data["named"],
        before=tuple(data["around"]["before"]),
        after=tuple(data["around"]["after"]),
        baby=tuple(data["baby"]),
        pronouns=data["pronouns"],
        joined=data.get("joined", {}),
        wake=tuple(data.get("wake", ())),
        emergency_number=emergency_number,
        claims=_claims(data.get("claims", {})),
    )


def _read(path: Path) -> dict[str, Any]:
    schema = json.loads((Path(__file__).parent / "language.schema.json").read_text("utf-8"))
    data: dict[str, Any] = read(path, schema, rules.errors).data
    return data


def _templates(data: Mapping[str, Any]) -> tuple[tuple[str, Command], ...]:
    """Each template of a file, or of its section ``typed``, with what it means."""
    found: list[tuple[str, Command]] = []

    def add(sentences: Iterable[str], command: Command) -> None:
        found.extend((sentence, command) for sentence in sentences)

    # Danger comes first: where a phrase could mean two things it is the emergency.
    add(data.get("danger", ()), Command("stress", sign="skin_colour", danger=True))
    for name in ("injury", "unwell"):
        add(data.get(name, ()), Command(name))
    for name in ("overwhelmed", "away", "ask"):
        for about, sentences in data.get(name, {}).items():
            add(sentences, Command(name, about=about))
    for minutes, sentences in data.get("minutes", {}).items():
        add(sentences, Command("minutes", minutes=int(minutes)))
    for name, sentences in data.get("commands", {}).items():
        add(sentences, Command(name))
    for sign, sentences in data.get("stress", {}).items():
        add(sentences, Command("stress", sign=sign))
    for reason, sentences in data.get("crying", {}).items():
        add(sentences, Command("stress", sign="crying", reason=reason))
    add(data.get("mixed", ()), Command("mixed"))
    for sign, sentences in data.get("comfort", {}).items():
        add(sentences, Command("comfort", sign=sign))
    return tuple(found)


def _claims(data: Mapping[str, Any]) -> Claims:
    kinds: tuple[Kind, ...] = ("promise", "diagnosis")
    return Claims(
        templates={kind: tuple(data.get(kind, ())) for kind in kinds},
        rules=data.get("rules", {}),
        **{name: frozenset(data.get(name, ())) for name in ("denies", "supposes", "joins")},
    )


def _file(code: str) -> Path | None:
    """The file of a language; with a region, that of the language where the region has none of its own."""
    known = known_languages()
    name = next((name for name in (code, code.partition("-")[0]) if name in known), None)
    return None if name is None else folder_of_languages() / f"{name}.yaml"
