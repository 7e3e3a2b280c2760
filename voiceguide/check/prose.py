"""Whether what a routine says is good to listen to, names its sources, and claims no more than a routine may.

This is advice, which ``check`` gives: a routine works without it. What counts as a promise or a diagnosis is in the
language files, under ``claims``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

from voiceguide.errors import FileError, VoiceguideError
from voiceguide.files.source import Document
from voiceguide.files.wording import code
from voiceguide.language.claims import Claims, Kind
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import normal
from voiceguide.routine.rules import MAX_WORDS, PASSAGES, passage_of, sentences

LONGEST = 20
"""Words in a sentence that can be followed by ear. More than MAX_WORDS are an error of the routine's own rules."""
ALIKE = 0.75
"""The share of words that two neighbouring sentences may have in common. In the routines in the box it's 0.62 at
most: two temperatures at which to see a doctor."""

_ANSWERS = (("parts", "*", "answers", "*"), ("parts", "*", "steps", "*", "answers", "*"))
_TITLES = (("title",), ("about",), ("parts", "*", "steps", "*", "title"))
_CLAIMS: dict[Kind, tuple[str, str]] = {
    "promise": (
        "promises what nobody can promise",
        "say what parents may enjoy, or what a source has found, and that nobody can promise it",
    ),
    "diagnosis": (
        "is a diagnosis, and the guide cannot see the baby",
        "say what a parent can notice, and when to ask a doctor",
    ),
}


def errors(document: Document) -> Iterator[FileError]:
    """What a listener or a careful reader would object to."""
    yield from _too_long(document)
    yield from _alike(document)
    yield from _without_source(document)
    yield from _claims(document)


def _spoken(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where each sentence stands, those that answer questions among them, and the sentence."""
    yield from sentences(document)
    for place in _ANSWERS:
        yield from ((where, text) for where, text in document.each(*place) if isinstance(text, str))


def _too_long(document: Document) -> Iterator[FileError]:
    for where, text in _spoken(document):
        words = sum(any(map(str.isalnum, word)) for word in text.split())
        if words > LONGEST and len(text.split()) <= MAX_WORDS:
            what = f"this sentence has {words} words; by ear, nobody follows more than {LONGEST}"
            yield document.error(where, what, "make two sentences of it")


def _alike(document: Document) -> Iterator[FileError]:
    """Sentences that a listener takes for the one before them, said again."""
    before: tuple[tuple[str | int, ...], str] = ((), "")
    for where, text in sentences(document):
        if "say" not in where:
            continue  # it's said instead of the others
        passage = passage_of(where)
        if before[0] == passage and in_common(before[1], text) >= ALIKE:
            what = "this has nearly the same words as the sentence before it, so it sounds like a repeat"
            yield document.error(where, what, "say only what is new, or make one sentence of both")
        before = passage, text


def in_common(one: str, other: str) -> float:
    """The share of words that two sentences have in common, in whatever order: from 0 to 1."""
    words, others = Counter(normal(one).split()), Counter(normal(other).split())
    both = words.total() + others.total()
    return 2 * (words & others).total() / both if both else 0.0


def _without_source(document: Document) -> Iterator[FileError]:
    """Where words about crying name no source: the schema asks for one in every other passage."""
    for place in PASSAGES:
        for where, passage in document.each(*place):
            if isinstance(passage, dict) and {"say", "reasons"} <= passage.keys() and "source" not in passage:
                what = "these words about care name no source"
                yield document.error((*where, "say"), what, "add `source:` with a key of `sources`", key=True)


@cache
def _claims_in(language: str) -> Claims:
    """What is a claim in a language; nothing if the guide doesn't speak it."""
    try:
        return load_language(language).claims
    except VoiceguideError:
        return Claims()  # `check` reports the language


def _claims(document: Document) -> Iterator[FileError]:
    name = document.data.get("language") if isinstance(document.data, dict) else None
    claims = _claims_in(str(name).strip())
    titles = (found for place in _TITLES for found in document.each(*place))
    for where, text in (*_spoken(document), *titles):
        if isinstance(text, str):
            for kind, words in claims.found(text):
                what, instead = _CLAIMS[kind]
                yield document.error(where, f"{code(words)} {what}", instead)
