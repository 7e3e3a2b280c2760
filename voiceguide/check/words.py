"""Checks the words that a routine adds to what a parent may say: does the recognition model know them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from pathlib import Path

from voiceguide.errors import FileError, ModelError, SpeechError, VoiceguideError
from voiceguide.files.source import Document
from voiceguide.files.wording import code
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import normal
from voiceguide.recognition import models, spelling
from voiceguide.recognition.lexicon import FILE, Lexicon
from voiceguide.recognition.phones import Pronunciation, distance
from voiceguide.routine.rules import NAMES

_LISTS = ("graph/words.txt", "words.txt")
"""Where a model without a lexicon may list its words."""
LOOKED_UP = 5
"""The nearest words are given for this many unknown ones: finding them takes a tenth of a second each."""
ALIKE, NEAR = 0.7, 0.9
"""Phones. Names nearer than the first are too easily confused; between the two, ``check --by-ear`` mentions it.
"neck" and "next" are 0.8 apart, and so are "leg" and "neck", which the massage in the box can't do without."""


@dataclass(frozen=True, slots=True)
class Known:
    """The words of a model."""

    knows: Callable[[str], bool]
    lexicon: Lexicon
    """Its words; empty if they can't be listed. They have no pronunciations if ``learns`` is false."""
    learns: bool
    """Whether words can be added to it."""


def known(path: Path) -> Known:
    """The words of the model in ``path``.

    Raises ModelError if its lexicon is damaged, or the model can't be loaded."""
    if (path / FILE).exists():
        lexicon = Lexicon.read(path / FILE)
        return Known(lexicon.__contains__, lexicon, learns=True)
    for name in _LISTS:
        if (path / name).exists():
            try:
                lines = (path / name).read_text("utf-8").splitlines()
            except (OSError, UnicodeDecodeError):
                raise ModelError(f"{path}: {name} cannot be read; install the model again") from None
            listed = Lexicon({line.split()[0]: () for line in lines if line[:1].isalpha()})
            return Known(listed.__contains__, listed, learns=False)
    return Known(models.load(path).knows, Lexicon({}), learns=False)


def errors(document: Document, words: Known) -> Iterator[FileError]:
    """Each word of a routine's names that the model doesn't know, and that the routine doesn't spell out."""
    spelt = {word: text for word, (_, text) in _spelt(document).items()}
    strange: dict[str, tuple[tuple[str | int, ...], str]] = {}
    for pattern in NAMES:
        for where, name in document.each(*pattern):
            if isinstance(name, str):
                for word in normal(name).split():
                    if not words.knows(word) and not (words.learns and word in spelt):
                        strange.setdefault(word, (where, " ".join(name.split())))
    looked_up = [*strange][:LOOKED_UP]
    try:
        sounds = spelling.sounds([*looked_up, *spelt.values()])
    except SpeechError:
        sounds = {}  # `doctor` reports that; the nearest words are then found by spelling alone
    for word, (where, name) in strange.items():
        near = ""
        if word in looked_up:
            near = ", ".join(map(code, words.lexicon.nearest(word, sounds=sounds.get(word, ()))))
        what = f"the recognition model does not know {code(word)}, so {code(name)} would not be heard"
        instead = f"write a word that it knows (the nearest: {near})" if near else "write a word that it knows"
        if words.learns:
            entry = code(f"{word}: {word}")
            there = any(isinstance(group, dict) for _, group in document.each("pronounce"))
            instead += f", or add {entry} {'to' if there else 'under'} `pronounce`, with the second word as it sounds"
        yield document.error(where, what, instead)
    if words.learns and sounds:
        for word, (where, text) in _spelt(document).items():
            if not sounds.get(text):
                what = f"the voice cannot say {code(text)}, so {code(word)} would not be heard"
                yield document.error(where, what, "spell it as it sounds, in ordinary letters")


def alike(document: Document, words: Known) -> Iterator[FileError]:
    """Each name of a part that sounds like a name of another part, or like a command of one word."""
    for where, name, other, what, apart in _pairs(document, words):
        if apart < ALIKE:
            alike = f"{code(name)} sounds like {code(other)}, {what}"
            yield document.error(where, alike, "choose a word that sounds different")


def near(document: Document, words: Known) -> Iterator[str]:
    """A line for each name that sounds nearly like another: not an error, but good to know."""
    for _, name, other, what, apart in _pairs(document, words):
        if ALIKE <= apart < NEAR:
            yield f"{code(name)} sounds a little like {code(other)}, {what}: say it with other words before it"


def _pairs(document: Document, words: Known) -> Iterator[tuple[tuple[str | int, ...], str, str, str, float]]:
    """Pairs each name of a part with each name of an earlier part and with each command: where the name stands, both
    words, what the other is, and how far apart they sound, in phones.

    Only single words in the lexicon are compared: in longer names the other words tell them apart."""
    ways = words.lexicon.pronunciations
    commands = sorted(_commands(str(document.data["language"]).strip()))
    before: list[tuple[str | int, str]] = []  # the part, and its name
    places = sorted(
        (document.position(where), where, normal(name))
        for pattern in NAMES
        for where, name in document.each(*pattern)
        if isinstance(name, str)
    )
    for _, where, name in places:
        part = where[1]
        others = [(other, "a name of another part") for its, other in before if its != part]
        others += [(word, "a command") for word in commands if word != name]
        for other, what in others:
            if other != name:
                yield where, name, other, what, _apart(ways.get(name, ()), ways.get(other, ()))
        before.append((part, name))


def _apart(ways: Iterable[Pronunciation], others: Iterable[Pronunciation]) -> float:
    return min((distance(way, other, NEAR) for way in ways for other in others), default=inf)


@cache
def _commands(code: str) -> frozenset[str]:
    """The one-word commands of a language, without names of parts; none if the guide doesn't speak it."""
    try:
        meanings = load_language(code).phrasebook().meanings
    except VoiceguideError:
        return frozenset()  # `check` reports the language
    return frozenset(phrase for phrase in meanings if " " not in phrase)


def _spelt(document: Document) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
    """The words that a routine spells as they sound: where, and how."""
    return {
        normal(str(where[-1])): (where, text)
        for where, text in document.each("pronounce", "*")
        if isinstance(text, str) and text.strip()
    }
