"""Loads a routine from its file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files.source import Check, Document, read
from voiceguide.files.wording import code, nearest, printable
from voiceguide.routine.routine import Item, Part, Passage, Routine, Sign, Step
from voiceguide.routine.rules import COMFORT_SIGNS, ID, REASONS, STRESS_SIGNS, errors


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


def is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have, or a folder that is closed to the user
        return False


def _lender(name: str, path: Path) -> Routine | tuple[str, str]:
    """The routine that ``path`` takes its signs from; else what is wrong, and what to do."""
    folders = (path.parent, folder_of_routines())
    files = [folder / f"{name}.yaml" for folder in folders]
    file = next(filter(is_file, files), None)
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
        preparation=tuple(map(_item, data["preparation"])),
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


def _item(data: dict[str, Any]) -> Item:
    again = (_text(data["again"]),) if "again" in data else ()
    return Item(_text(data["id"]), _say(data), _sources(data), again)


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
                drawing=step.get("drawing"),
            )
            for step in data["steps"]
        ),
        calm=data.get("calm", False),
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
    return (" ".join(say),) if "recording" in step and is_file(folder / step["recording"]) else say


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
    care = {kind: replace(its, source=lent(its.source)) for kind, its in lender.care.items()} | dict(own.care)
    said = (*signs.values(), mixed, danger, *care.values())
    lent_keys = {key for one in said if one is not None for key in one.source}
    titles = {names[key]: title for key, title in lender.sources.items() if names[key] in lent_keys}
    recordings = {**lender.recordings, **own.recordings}
    sources = {**own.sources, **titles}
    return replace(own, signs=signs, mixed=mixed, danger=danger, care=care, sources=sources, recordings=recordings)
