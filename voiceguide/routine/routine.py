"""Routines: what the guide says, step by step, and how a routine's file is read, found and started.

The format is described in docs/routine-format.md; routine.schema.json holds what a schema can say of it, and
the rest is checked here. Texts have single spaces when they are loaded, however they were broken into lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files.source import Check, Document, read
from voiceguide.files.wording import code, nearest, printable, quoted
from voiceguide.routine.rules import COMFORT_SIGNS, ID, REASONS, STRESS_SIGNS, errors

_WORDS_PER_MINUTE = 140
_PAUSE = 0.4  # seconds after a sentence
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences, said together."""

    say: tuple[str, ...]
    source: tuple[str, ...]
    """Keys of ``Routine.sources``."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to prepare before the first step."""

    id: str
    say: tuple[str, ...]
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One stroke."""

    id: str
    part: str
    """Id of the part that the step belongs to."""
    title: str
    say: tuple[str, ...]
    hold: float
    """Seconds that the stroke goes on after the words."""
    source: tuple[str, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    """Answers of its own to questions on how to do it, by what they ask about ("side", "pressure", "times" …)."""


@dataclass(frozen=True, slots=True)
class Part:
    """The steps for one part of the body."""

    id: str
    name: str
    """As spoken, as in "go to the legs"."""
    also: tuple[str, ...]
    """Other words for it."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """What the guide answers when the parent names a sign of the baby."""

    id: str
    """One of COMFORT_SIGNS or STRESS_SIGNS."""
    kind: Literal["comfort", "stress"]
    name: str
    say: tuple[str, ...]
    reasons: Mapping[str, tuple[str, ...]]
    """Crying: what to say for each of REASONS. Other signs have none."""
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routine:
    """A routine, complete: every sign is covered, every id is unique, every source key is in ``sources``."""

    id: str
    title: str
    language: str
    about: str
    sources: Mapping[str, str]
    welcome: tuple[Passage, ...]
    preparation: tuple[Item, ...]
    parts: tuple[Part, ...]
    closing: tuple[Passage, ...]
    why: tuple[Passage, ...]
    signs: Mapping[str, Sign]
    mixed: Passage
    danger: Passage | None
    care: Mapping[str, Passage] = field(default_factory=dict)
    """What to say where the massage isn't what matters now, by what the parent says: one of CARE."""
    whom: Literal["baby", "parent"] = "baby"
    """Whose body it is for."""
    bedtime: bool = False
    """Whether it is spoken softer and slower from step to step."""
    pronounce: Mapping[str, str] = field(default_factory=dict)
    """Words of the parts' names that a recognition model may not know, each spelt as it sounds."""
    respell: Mapping[str, str] = field(default_factory=dict)
    """Words that the voice pronounces badly, in small letters, and how they are written for it."""
    recordings: Mapping[str, Path] = field(default_factory=dict)
    """Sound files in which somebody says a line, by the text of it. A file may be missing."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all parts, in order."""
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def seconds(self) -> float:
        """About how long it takes from the first step to the last word, without the parent's own pauses."""
        closing = sum(seconds_to_say(text) for passage in self.closing for text in passage.say)
        return closing + sum(step.hold + sum(map(seconds_to_say, step.say)) for step in self.steps)


def respelt(text: str, respell: Mapping[str, str]) -> str:
    """A line as it is written for the voice: whole words of ``respell`` as they stand there."""
    if not respell:
        return text
    words = re.compile(rf"\b({'|'.join(map(re.escape, respell))})\b", re.IGNORECASE)
    # A letter may match without regard to case, and yet be another one (the dotless i): that word is left as it is.
    return words.sub(lambda word: respell.get(word[0].lower(), word[0]), text)


def seconds_to_say(text: str) -> float:
    """About how many seconds it takes to say ``text`` at the usual rate, with a pause after each sentence."""
    words = len(text.split())
    sentences = max(len(_SENTENCE_END.findall(text)), 1) if words else 0
    return words * 60 / _WORDS_PER_MINUTE + sentences * _PAUSE


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of a routine file."""
    loaded: Mapping[str, Any] = json.loads(Path(__file__).with_name("routine.schema.json").read_text("utf-8"))
    return loaded


def load(path: Path, more: Check | None = None) -> Routine:
    """Reads a routine; ``more`` are other rules for its file.

    Raises SourceError with every error in the file, and VoiceguideError when it cannot be read at all.
    """
    lenders: list[Routine] = []

    def check(document: Document) -> Iterator[FileError]:
        yield from errors(document, path.stem)
        yield from more(document) if more is not None else ()
        for where, name in document.each("care_from"):
            if isinstance(name, str) and ID.fullmatch(name):
                lender = _lender(name, path)
                if isinstance(lender, Routine):
                    lenders.append(lender)
                else:
                    yield document.error(where, *lender)

    routine = _routine(read(path, schema(), check).data, path.parent)
    return _with_care_of(routine, lenders[0]) if lenders else routine


def folder_of_routines() -> Path:
    """The folder of the routines in the box: in the package where it was installed, else beside it."""
    package = Path(__file__).parents[1]
    installed = package / "routines"
    return installed if installed.is_dir() else package.parent / "routines"


def all_routines() -> list[Path]:
    """The files of the routines in the box, by name."""
    return sorted(folder_of_routines().glob("*.yaml"), key=lambda path: path.stem)


def find(name_or_path: str) -> Path:
    """The file of a routine: by the name of one in the box, or as a file (``.yaml`` may be left out).

    Raises VoiceguideError when there is none.
    """
    known = [path.stem for path in all_routines()]
    if name_or_path in known:
        return folder_of_routines() / f"{name_or_path}.yaml"
    for path in (Path(name_or_path), Path(f"{name_or_path}.yaml")):
        if _is_file(path):
            return path
    instead = f"{nearest(name_or_path, known)}, or the path of a file" if known else "write the path of a file"
    listed = ", ".join(known) or "none"
    raise VoiceguideError(f"there is no routine {quoted(name_or_path)} (there is: {listed}); {instead}")


def in_language(name_or_path: str, language: str | None) -> Routine:
    """The routine of that name; with a ``language`` that is not its own, its translation beside it.

    The translation of NAME into a language is NAME-LANGUAGE, as infant-massage-es. Raises VoiceguideError."""
    path = find(name_or_path)
    routine = load(path)
    if language is None or language.partition("-")[0] == routine.language.partition("-")[0]:
        return routine
    name = routine.id.removesuffix(f"-{routine.language}")
    for other in (f"{name}-{language}", name):
        if _is_file(path.with_name(f"{other}.yaml")):
            translated = load(path.with_name(f"{other}.yaml"))
            if translated.language == language:
                return translated
    raise VoiceguideError(
        f"there is no {name}-{language}: {routine.id} is in the language {routine.language!r}; "
        f"choose a routine in {language!r} (voiceguide routines), or another language"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have, or a folder that is closed to the user
        return False


def new(name: str, folder: Path) -> Path:
    """Writes NAME.yaml from the template into ``folder``, and returns its path. Raises VoiceguideError."""
    if not ID.fullmatch(name) or len(name) > schema()["$defs"]["id"]["maxLength"]:
        raise VoiceguideError(
            f"{quoted(name)} cannot name a routine; use small letters, digits and hyphens, as in my-routine"
        )
    if any(path.stem == name for path in all_routines()):
        raise VoiceguideError(f"there is a routine named {code(name)} already; choose another name")
    path = folder / f"{name}.yaml"
    shown = printable(str(path))
    template = Path(__file__).with_name("template.yaml").read_text("utf-8")
    text = template.replace("my-routine", name).replace("My routine", name.replace("-", " ").capitalize())
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise VoiceguideError(f"{shown} exists already; choose another name, or move it") from None
    except OSError as error:
        raise VoiceguideError(f"{shown} cannot be written ({error.strerror}); choose another folder") from None
    return path


def _lender(name: str, path: Path) -> Routine | tuple[str, str]:
    """The routine that ``path`` takes its signs from; else what is wrong, and what to do."""
    folders = (path.parent, folder_of_routines())
    files = [folder / f"{name}.yaml" for folder in folders]
    file = next(filter(_is_file, files), None)
    if file is None:
        known = sorted({other.stem for folder in folders for other in folder.glob("*.yaml")} - {path.stem})
        return f"there is no routine named {code(name)}", nearest(name, known)
    if name == path.stem:
        return "a routine cannot take its signs from itself", "name another one, or write `signs` and `mixed`"
    try:
        lender = read(file, schema(), lambda document: errors(document, file.stem))
    except SourceError:
        return f"the routine {code(name)} has errors", f"see: voiceguide check {printable(str(file))}"
    except VoiceguideError as error:
        return f"the routine {code(name)} cannot be read", printable(str(error))
    if "care_from" in lender.data:
        first = lender.data["care_from"]
        return f"the routine {code(name)} has no signs of its own", f"write `care_from: {first}`"
    return _routine(lender.data, file.parent)


def _routine(data: dict[str, Any], folder: Path) -> Routine:
    """A routine of valid data in ``folder``; without the signs that it takes from another one."""
    signs: dict[str, Sign] = {}
    kinds: tuple[tuple[Literal["comfort", "stress"], tuple[str, ...]], ...]
    kinds = (("comfort", COMFORT_SIGNS), ("stress", STRESS_SIGNS))
    for kind, ids in kinds:
        entries = data.get("signs", {}).get(kind, {})
        signs |= {sign: _sign(sign, kind, entries[sign]) for sign in ids if sign in entries}
    return Routine(
        id=_text(data["routine"]),
        title=_text(data["title"]),
        language=data["language"].strip(),
        about=_text(data["about"]),
        sources={key: _text(title) for key, title in data["sources"].items()},
        welcome=tuple(map(_passage, data["welcome"])),
        preparation=tuple(Item(_text(item["id"]), _say(item), _sources(item)) for item in data["preparation"]),
        parts=tuple(_part(part, folder) for part in data["parts"]),
        closing=tuple(map(_passage, data["closing"])),
        why=tuple(map(_passage, data["why"])),
        signs=signs,
        mixed=_passage(data["mixed"]) if "mixed" in data else Passage((), ()),
        danger=_passage(data["danger"]) if "danger" in data else None,
        care={kind: _passage(passage) for kind, passage in data.get("care", {}).items()},
        whom=data.get("for", "baby"),
        bedtime=data.get("bedtime", False),
        respell={word.strip().lower(): _text(spelt) for word, spelt in data.get("respell", {}).items()},
        pronounce={" ".join(word.lower().split()): _text(spelt) for word, spelt in data.get("pronounce", {}).items()},
        recordings=dict(_recordings(data, folder)),
    )


def _part(data: dict[str, Any], folder: Path) -> Part:
    part, answers = _text(data["id"]), data.get("answers", {})
    return Part(
        id=part,
        name=_text(data["name"]),
        also=tuple(map(_text, data.get("also", ()))),
        steps=tuple(
            Step(
                id=_text(step["id"]),
                part=part,
                title=_text(step["title"]),
                say=_lines(step, folder),
                hold=float(step.get("hold", 0)),
                source=_sources(step),
                answers={about: _text(line) for about, line in {**answers, **step.get("answers", {})}.items()},
            )
            for step in data["steps"]
        ),
    )


def _sign(sign: str, kind: Literal["comfort", "stress"], data: dict[str, Any]) -> Sign:
    reasons = data.get("reasons", {})
    named = dict.fromkeys(key for one in (data, *reasons.values()) for key in _sources(one))
    told = {reason: _say(reasons[reason]) for reason in REASONS if reason in reasons}
    return Sign(sign, kind, _text(data["name"]), _say(data), told, tuple(named))


def _passage(data: dict[str, Any]) -> Passage:
    return Passage(_say(data), _sources(data))


def _say(data: dict[str, Any]) -> tuple[str, ...]:
    return tuple(_text(entry["text"] if isinstance(entry, dict) else entry) for entry in data["say"])


def _lines(step: dict[str, Any], folder: Path) -> tuple[str, ...]:
    """What is said in a step, one by one: all of it is one line where it is in one recording, which is there."""
    say = _say(step)
    return (" ".join(say),) if "recording" in step and _is_file(folder / step["recording"]) else say


def _recordings(data: Any, folder: Path) -> Iterator[tuple[str, Path]]:
    """The text and the file of all recordings that are named anywhere in ``data``."""
    if isinstance(data, dict):
        if "recording" in data:
            yield _text(data["text"]) if "text" in data else " ".join(_say(data)), folder / data["recording"]
        yield from _recordings(list(data.values()), folder)
    elif isinstance(data, list):
        for entry in data:
            yield from _recordings(entry, folder)


def _sources(data: dict[str, Any]) -> tuple[str, ...]:
    keys = data.get("source", ())
    return (keys,) if isinstance(keys, str) else tuple(keys)


def _text(text: str) -> str:
    return " ".join(text.split())


def _with_care_of(own: Routine, lender: Routine) -> Routine:
    """``own``, with the signs, mixed and danger of ``lender`` where it has none, and their sources."""
    # The two files may use one key for different sources: the lender's is then renamed.
    names = {
        key: key if own.sources.get(key, title) == title else f"{lender.id}-{key}"
        for key, title in lender.sources.items()
    }

    def lent(source: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names[key] for key in source)

    signs = {sign: own.signs.get(sign) or replace(its, source=lent(its.source)) for sign, its in lender.signs.items()}
    mixed = own.mixed if own.mixed.say else replace(lender.mixed, source=lent(lender.mixed.source))
    danger = own.danger or (lender.danger and replace(lender.danger, source=lent(lender.danger.source)))
    lent_care = {kind: replace(its, source=lent(its.source)) for kind, its in lender.care.items()}
    care = {**lent_care, **own.care}
    lent_keys = {
        key for one in (*signs.values(), mixed, danger, *care.values()) if one is not None for key in one.source
    }
    titles = {names[key]: title for key, title in lender.sources.items() if names[key] in lent_keys}
    recordings = {**lender.recordings, **own.recordings}
    sources = {**own.sources, **titles}
    return replace(own, signs=signs, mixed=mixed, danger=danger, care=care, sources=sources, recordings=recordings)
