"""The commands, the phrases that mean them, and the guide's own words: data, one file for each language."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files.source import Document, read
from voiceguide.files.wording import code as in_code
from voiceguide.files.wording import nearest
from voiceguide.language import rules as rules_of_a_file
from voiceguide.language.template import Templates, normal

NAMES = (
    "ready next done back start_again repeat other_side pause away resume stop finish skip goto leave_out only "
    "everything shorter longer bedtime how_long where ask help there why signs louder quieter faster slower "
    "music_on music_off music_louder music_quieter wait_for_me keep_going yes no calm comfort stress mixed asleep "
    "unwell injury overwhelmed"
).split()
"""Every command, in the order in which tables and help list them."""

CALMING = frozenset({"pause", "away", "stop", "stress", "mixed", "unwell", "injury", "overwhelmed"})
"""Commands that make things calmer: obeyed at once, on a stable partial result."""

ADVANCING = frozenset(
    "next done skip goto leave_out only ready resume start_again finish asleep yes keep_going".split()
)
"""Commands that move on or end: they wait for certainty. Doubt never advances the routine."""


class NamedPart(Protocol):
    """A part of the body, as far as its words go."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def also(self) -> tuple[str, ...]:
        """Its other names."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A part that people name, and that the routine does not have."""

    id: str
    name: str
    also: tuple[str, ...] = ()


LONGEST_FILLER = 4
"""Words of a filler, at most."""
AGO = ("some_time", "moment", "minutes", "hour", "hours", "yesterday")
"""How long ago, in the names of the prompts ``stopped_…``; ``some_time`` where nobody knows."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a phrase means. ``name`` is one of NAMES."""

    name: str
    target: str | None = None
    """goto: the body part's id."""
    targets: tuple[str, ...] = ()
    """leave_out, only: the ids of one or two body parts."""
    sign: str | None = None
    """comfort, stress: the sign's id."""
    reason: str | None = None
    """crying: hungry, pain, sad, tired, frightened; None when it was not said."""
    about: str | None = None
    """ask, away, overwhelmed: what it's about, as "oil", "nappy", "tired"."""
    danger: bool = False
    """stress: a danger sign; it is answered with the emergency words."""

    def as_json(self) -> dict[str, object]:
        """The keys of the contract of ``hear --json``; those that are not set are left out."""
        keys: dict[str, object] = {"command": self.name, "target": self.target, "targets": [*self.targets] or None}
        keys |= {"sign": self.sign, "reason": self.reason, "about": self.about, "danger": self.danger or None}
        return {key: value for key, value in keys.items() if value is not None}


def unaccented(text: str) -> str:
    """A phrase as it may be typed in a hurry: in normal form, without accents ("mas despacio")."""
    return "".join(c for c in unicodedata.normalize("NFD", normal(text)) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The phrases of one language and one routine, each with what it means."""

    meanings: Mapping[str, Command]
    decoys: tuple[str, ...]
    """Phrases that mean nothing, and compete with the others in the recogniser."""
    before: tuple[str, ...] = ()
    """Fillers: what may come before a phrase in one breath and changes nothing ("okay", "um")."""
    after: tuple[str, ...] = ()
    """What may come after one ("please", "thank you")."""

    def meaning(self, text: str) -> Command | None:
        """The command that the whole text means, but for fillers at its ends; None for anything else. A part of a
        text never counts. Of several phrases inside fillers the longest one is meant."""
        words = normal(text).split()
        spans, seen = [(0, len(words))], set[tuple[int, int]]()
        while spans:
            spans.sort(key=lambda span: span[0] - span[1])
            first, last = spans.pop(0)
            if first >= last or (first, last) in seen:
                continue
            seen.add((first, last))
            command = self.meanings.get(" ".join(words[first:last]))
            if command is not None:
                return command
            fillers = range(1, min(LONGEST_FILLER, last - first) + 1)
            spans += [(first + n, last) for n in fillers if " ".join(words[first : first + n]) in self.before]
            spans += [(first, last - n) for n in fillers if " ".join(words[last - n : last]) in self.after]
        return None

    def begun(self) -> frozenset[tuple[str, str]]:
        """The phrases with which a longer one begins, and that: ("baby is arching", "baby is arching away")."""
        found: set[tuple[str, str]] = set()
        for phrase in self.meanings:
            words = phrase.split()
            starts = (" ".join(words[:n]) for n in range(1, len(words)))
            found.update((start, phrase) for start in starts if start in self.meanings)
        return frozenset(found)

    def ambiguous(self) -> frozenset[str]:
        """The phrases with which a longer one of another meaning begins ("keep going", "keep going by yourself")."""
        return frozenset(start for start, phrase in self.begun() if self.meanings[start] != self.meanings[phrase])


@dataclass(frozen=True)
class Language:
    """One language: templates of what is understood, and what the guide says of its own."""

    code: str
    name: str
    voice: str
    """The voice of espeak-ng that speaks it, perhaps with a variant."""
    model: str
    """Name of the official Vosk model, a small one, that hears it."""
    prompts: Mapping[str, tuple[str, ...]]
    templates: tuple[tuple[str, Command], ...]
    rules: Mapping[str, str]
    decoys: tuple[str, ...]
    parts: tuple[str, ...]
    """Parts of the body that people name, in whatever routine."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What a rule gives besides, where the baby's name is known: a template with {name} in it."""
    before: tuple[str, ...] = ()
    """Templates of what may come before a phrase and changes nothing."""
    after: tuple[str, ...] = ()
    """The same after one."""
    baby: tuple[str, ...] = ()
    """Words in what the guide says for which the baby's name can stand."""
    pronouns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Words in what the guide says, and what is said instead of them where a pronoun is known."""
    joined: Mapping[str, str] = field(default_factory=dict)
    """Where words run together once a part or a name is filled in: a regular expression, and what stands instead."""
    wake: tuple[str, ...] = ()
    """Templates of what wakes the guide where it waits for a session to begin."""

    @cached_property
    def wakes(self) -> tuple[str, ...]:
        """The phrases of ``wake``, the usual one first."""
        return tuple(dict.fromkeys(phrase for template in self.wake for phrase, _ in self._expand(template, ())))

    def phrasebook(self, parts: tuple[NamedPart, ...] = ()) -> Phrasebook:
        """All phrases, with the body parts of a routine filled in; and those that it lacks, to be told so."""
        meanings: dict[str, Command] = {}
        elsewhere = tuple(
            _Elsewhere(name, name)
            for name in self.parts
            if not any(name in (part.id, part.name, *part.also) for part in parts)
        )
        for template, command in self.templates:
            for phrase, named in self._expand(template, (*parts, *elsewhere)):
                meanings.setdefault(phrase, _naming(command, named))
        before, after = (
            tuple(dict.fromkeys(phrase for template in fillers for phrase, _ in self._expand(template, ())))
            for fillers in (self.before, self.after)
        )
        nothing = {*meanings, *before, *after}
        decoys = tuple(dict.fromkeys(decoy for decoy in map(normal, self.decoys) if decoy not in nothing))
        return Phrasebook(meanings, decoys, before, after)

    def examples(self, name: str) -> tuple[str, ...]:
        """The first way to say each template of a command, for help and documentation."""
        found = (next(self._expand(t, ()), None) for t, command in self.templates if command.name == name)
        return tuple(f[0] for f in found if f)

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

    def _expand(self, template: str, parts: tuple[NamedPart, ...]) -> Iterator[tuple[str, tuple[NamedPart, ...]]]:
        """All that a template stands for, each with the parts that it names. A part goes by all of its names, but two
        that are named together by their first: there would be too many pairs."""
        choices: list[tuple[dict[str, str], tuple[NamedPart, ...]]] = [({}, ())]
        if "{other}" in template:
            pairs = permutations(parts, 2)
            choices = [({"{part}": one.name, "{other}": other.name}, (one, other)) for one, other in pairs]
        elif "{part}" in template:
            choices = [({"{part}": word}, (part,)) for part in parts for word in (part.name, *part.also)]
        phrases = self._templates.phrases(template)
        for words, named in choices:
            for phrase in phrases:
                for slot, word in words.items():
                    phrase = phrase.replace(slot, normal(word))  # noqa: PLW2901
                yield self.join(phrase), named


def _naming(command: Command, parts: tuple[NamedPart, ...]) -> Command:
    if not parts:
        return command
    if command.name == "goto":
        return replace(command, target=parts[0].id)
    return replace(command, targets=tuple(part.id for part in parts))


def folder_of_languages() -> Path:
    """Where the language files are."""
    return Path(__file__).parent


def known_languages() -> list[str]:
    """The codes of the languages that there are files for."""
    return sorted(path.stem for path in folder_of_languages().glob("*.yaml"))


@cache
def own_words(code: str) -> frozenset[str]:
    """Every sentence that the guide says of its own in a language: no routine can have it said otherwise. None where
    there is no such language. Raises SourceError where its file has errors."""
    if _file(code) is None:
        return frozenset()
    return frozenset(line for lines in load_language(code).prompts.values() for line in lines)


@cache
def command_words(code: str) -> frozenset[str]:
    """Every word of the commands in a language, but for the names of parts; as ``own_words`` otherwise."""
    if _file(code) is None:
        return frozenset()
    book = load_language(code).phrasebook().meanings.items()
    return frozenset(word for phrase, command in book if command.target is None for word in phrase.split())


def load_language(code: str) -> Language:
    """Read a language file. ``code``: of a language, perhaps with a region, for which there may be none of its own.

    Raises VoiceguideError where there is none for ``code``, SourceError where it has errors."""
    path = _file(code)
    if path is None:
        raise VoiceguideError(f"no language '{code}'; choose one of: {', '.join(known_languages())}")
    schema = json.loads((Path(__file__).parent / "language.schema.json").read_text("utf-8"))
    data: dict[str, Any] = read(path, schema, rules_of_a_file.errors).data
    templates: list[tuple[str, Command]] = []

    def add(sentences: list[str], command: Command) -> None:
        templates.extend((sentence, command) for sentence in sentences)

    # Danger comes first: where a phrase could mean two things it is the emergency.
    add(data["danger"], Command("stress", sign="skin_colour", danger=True))
    for name in ("injury", "unwell"):
        add(data[name], Command(name))
    for name in ("overwhelmed", "away", "ask"):
        for about, sentences in data[name].items():
            add(sentences, Command(name, about=about))
    for name, sentences in data["commands"].items():
        add(sentences, Command(name))
    for sign, sentences in data["stress"].items():
        add(sentences, Command("stress", sign=sign))
    for reason, sentences in data["crying"].items():
        add(sentences, Command("stress", sign="crying", reason=reason))
    add(data["mixed"], Command("mixed"))
    for sign, sentences in data["comfort"].items():
        add(sentences, Command("comfort", sign=sign))
    return Language(
        code=data["language"],
        name=data["name"],
        voice=data["voice"],
        model=data["model"],
        prompts={name: tuple(sentences) for name, sentences in data["prompts"].items()},
        templates=tuple(templates),
        rules=data["rules"],
        decoys=tuple(data["decoys"]),
        parts=tuple(data["parts"]),
        named=data["named"],
        before=tuple(data["around"]["before"]),
        after=tuple(data["around"]["after"]),
        baby=tuple(data["baby"]),
        pronouns=data["pronouns"],
        joined=data.get("joined", {}),
        wake=tuple(data.get("wake", ())),
    )


def _file(code: str) -> Path | None:
    """The file of a language; with a region, that of the language where the region has none of its own."""
    known = known_languages()
    name = next((name for name in (code, code.partition("-")[0]) if name in known), None)
    return None if name is None else folder_of_languages() / f"{name}.yaml"


def errors(document: Document) -> Iterator[FileError]:
    """Where the language of a routine is one that the guide does not speak, or not wholly."""
    for where, code in document.each("language"):
        if not isinstance(code, str) or not re.fullmatch(r"\s*[A-Za-z-]+\s*", code):
            continue  # the schema tells of it
        try:
            load_language(code.strip())
        except SourceError as error:
            what = f"the language file of {in_code(code.strip())} has errors (the first: {error.errors[0]})"
            yield document.error(where, what, "mend it: see docs/languages.md")
        except VoiceguideError:
            instead = f"{nearest(code.strip(), known_languages())}, or add it: see docs/languages.md"
            yield document.error(where, f"the guide has no language {in_code(code.strip())}", instead)
