"""The rules of a routine file that its schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from voiceguide.drawing.strokes import STROKES
from voiceguide.errors import FileError
from voiceguide.files.source import Document, KeyPath
from voiceguide.files.wording import code, nearest, printable
from voiceguide.language.language import command_words, is_own_sentence
from voiceguide.language.phrasebook import normal

COMFORT_SIGNS = (
    "happy_sounds",
    "bowel_sounds",
    "glowing_skin",
    "relaxed_breathing",
    "bright_eyed",
    "focusing",
    "enjoying",
)
STRESS_SIGNS = (
    "hiccoughs",
    "skin_colour",
    "unable_to_focus",
    "restless",
    "irritable",
    "disinterested",
    "crying",
    "fussing",
)
CARE = ("unwell", "injury", "distress", "tired", "asleep")
"""What a parent may say that matters more than the massage: the baby is unwell or hurt, the parent can't cope or may
nod off, the baby has fallen asleep."""
REASONS = ("hungry", "pain", "sad", "tired", "frightened")
"""Why a baby cries."""

MAX_WORDS = 30
"""In one sentence: nobody with both hands busy can follow a longer one."""

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

PASSAGES: tuple[tuple[str, ...], ...] = (
    ("welcome", "*"),
    ("preparation", "*"),
    ("parts", "*", "steps", "*"),
    ("closing", "*"),
    ("why", "*"),
    ("signs", "*", "*"),
    ("signs", "stress", "crying", "reasons", "*"),
    ("mixed",),
    ("danger",),
    ("care", "*"),
)
"""Where a file has ``say`` and ``source``."""


RECORDINGS: tuple[tuple[str, ...], ...] = (
    *((*place, "say", "*", "recording") for place in PASSAGES),
    ("parts", "*", "steps", "*", "recording"),
)
"""Where a file names recordings: of a sentence, and of a whole step."""

NAMES: tuple[tuple[str, ...], ...] = (("parts", "*", "name"), ("parts", "*", "also", "*"))
"""Where a file has words that a parent may say."""


def sentences(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where each sentence of a file stands, and the sentence."""
    for place in PASSAGES:
        for where, text in (*document.each(*place, "say", "*"), *document.each(*place, "say", "*", "text")):
            if isinstance(text, str):
                yield where, text
    for where, text in document.each("preparation", "*", "again"):
        if isinstance(text, str):
            yield where, text


def passage_of(where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The place of the passage that a sentence stands in."""
    return where[: next(n for n, key in enumerate(where) if key in ("say", "again"))]


def errors(document: Document, stem: str) -> Iterator[FileError]:
    """What the schema can't express. Values of a wrong type are passed over: they're the schema's errors."""
    for where, name in document.each("routine"):
        if isinstance(name, str) and ID.fullmatch(name) and name != stem:
            instead = f"write `routine: {printable(stem)}`, or name the file {name}.yaml"
            yield document.error(where, f"the id {code(name)} is not the name of the file", instead)
    ids = [("preparation", "*", "id"), ("parts", "*", "id"), ("parts", "*", "steps", "*", "id")]
    yield from _repeated(document, ids, "the id", "give this one another id")
    yield from _repeated(document, NAMES, "the part name", "keep it for one part, and once")
    yield from _unused_words(document)
    yield from _unknown_sources(document)
    yield from _unknown_drawings(document)
    yield from _recorded_twice(document)
    yield from _taken_from_the_guide(document)
    for where, sentence in sentences(document):
        words = len(sentence.split())
        if words > MAX_WORDS:
            what = f"this sentence has {words} words, more than {MAX_WORDS}"
            yield document.error(where, what, "split it into shorter sentences")
    yield from _missing_signs(document)


def _repeated(document: Document, patterns: Iterable[KeyPath], noun: str, instead: str) -> Iterator[FileError]:
    found = [
        (document.position(where), where, " ".join(text.split()))
        for pattern in patterns
        for where, text in document.each(*pattern)
        if isinstance(text, str) and text.strip()
    ]
    first: dict[str, int] = {}
    for (line, _), where, text in sorted(found, key=lambda one: one[0]):
        if text.casefold() in first:
            what = f"{noun} {code(text)} is used twice (first on line {first[text.casefold()]})"
            yield document.error(where, what, instead)
        first.setdefault(text.casefold(), line)


def _recorded_twice(document: Document) -> Iterator[FileError]:
    for where, _ in document.each(*RECORDINGS[-1]):
        for inner, _ in document.each(*where[:-1], "say", "*", "recording"):
            what = "this sentence is in the recording of the whole step"
            yield document.error(inner, what, "keep only one of the two recordings")
    files: dict[str, str] = {}
    for place in RECORDINGS[:-1]:
        for where, file in document.each(*place):
            for _, text in document.each(*where[:-1], "text"):
                same = " ".join(text.split()) if isinstance(text, str) else ""
                if isinstance(file, str) and files.setdefault(same, file) != file:
                    what = "this sentence has another recording further up"
                    yield document.error(where, what, "name the same one, or change the words")


def _taken_from_the_guide(document: Document) -> Iterator[FileError]:
    """Recordings are found by their text. One of the guide's own sentences ("Stop the massage, and tend to your
    baby.") would be played instead of it, whatever it contains."""

    language = _language(document)
    for place in RECORDINGS:
        for where, _ in document.each(*place):
            around = where[:-1]
            said = [text for _, text in (*document.each(*around, "text"), *document.each(*around, "say", "*"))]
            if all(isinstance(text, str) for text in said) and is_own_sentence(
                " ".join(" ".join(said).split()), language
            ):
                what = "this is one of the guide's own sentences, which only its voice may say"
                yield document.error(where, what, "change the words, or leave the recording out")


def _unused_words(document: Document) -> Iterator[FileError]:

    language = _language(document)
    names = (name for pattern in NAMES for _, name in document.each(*pattern) if isinstance(name, str))
    used = list(dict.fromkeys(word for name in names for word in normal(name).split()))
    for where, _ in document.each("pronounce", "*"):
        word = str(where[-1])
        if normal(word) not in used:
            instead = "take a word of a part's `name` or `also`, or delete it"
            yield document.error(where, f"{code(word)} is in no name of a part", instead, key=True)
        elif normal(word) in command_words(language):  # else "crying" could be heard as something else
            what = f"{code(word)} is a word of the guide's own commands, so its sound is known"
            yield document.error(where, what, "delete it", key=True)


def _language(document: Document) -> str:
    return next((code.strip() for _, code in document.each("language") if isinstance(code, str)), "")


def _unknown_sources(document: Document) -> Iterator[FileError]:
    sources = next((value for _, value in document.each("sources")), None)
    if not isinstance(sources, dict) or not sources:
        return
    for place in PASSAGES:
        keys = [*document.each(*place, "source"), *document.each(*place, "source", "*")]
        for where, key in keys:
            if isinstance(key, str) and key and key not in sources:
                instead = f"{nearest(key, list(sources))}, or add it to `sources`"
                yield document.error(where, f"{code(key)} is not one of the `sources`", instead)


def _unknown_drawings(document: Document) -> Iterator[FileError]:
    for where, name in document.each("parts", "*", "steps", "*", "drawing"):
        if isinstance(name, str) and ID.fullmatch(name) and name not in STROKES:
            instead = f"{nearest(name, list(STROKES))}, or leave it out"
            yield document.error(where, f"there is no drawing {code(name)}", instead)


def _missing_signs(document: Document) -> Iterator[FileError]:
    data = document.data
    if not isinstance(data, dict) or "care_from" in data or not isinstance(data.get("signs"), dict):
        return
    for kind, wanted in (("comfort", COMFORT_SIGNS), ("stress", STRESS_SIGNS)):
        if kind not in data["signs"]:
            instead = f"add `{kind}:` with {', '.join(map(code, wanted))}"
            yield document.error(("signs",), f"`signs` has no `{kind}`", instead, key=True)
        elif isinstance(data["signs"][kind], dict):
            for sign in wanted:
                if sign not in data["signs"][kind]:
                    last = "reasons" if sign == "crying" else "source"
                    instead = f"add `{sign}:` with `name`, `say` and `{last}`"
                    yield document.error(("signs", kind), f"`{kind}` has no `{sign}`", instead, key=True)
