"""A routine by ear: what sounds alike, what the guide would obey of its own, and what is too long to follow.

Advice, not mistakes: a routine with all of it works. ``check --by-ear`` tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from voiceguide.errors import Problem
from voiceguide.guide.commands import Phrasebook, normal
from voiceguide.guide.routine import Routine, seconds_to_say
from voiceguide.guide.rules import NAMES, PASSAGES
from voiceguide.hearing.lexicon import Lexicon
from voiceguide.hearing.listener import Heard, Listener
from voiceguide.hearing.phones import distance
from voiceguide.hearing.recognition import Model
from voiceguide.mistakes import code
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.source import Document

ALIKE = 0.75
"""Two words that are no further apart, in sounds, are told apart by luck: "toes" and "nose" (0.75), "nest" and "next"
(0.65). "Neck" and "next" are 0.8 apart, and the model in the box tells them."""
LONGEST_S = 40.0
"""Words of one step that take longer to say are forgotten before the stroke begins."""

Place = tuple[str | int, ...]


def alike(document: Document, book: Phrasebook, lexicon: Lexicon) -> Iterator[Problem]:
    """Names of parts that sound like another word where both could be said, and would mean something else."""
    names: dict[str, Place] = {}
    for pattern in NAMES:
        for where, name in document.each(*pattern):
            if isinstance(name, str):
                for word in normal(name).split():
                    names.setdefault(word, where)
    slots: dict[tuple[str, ...], dict[str, object]] = {}
    for phrase, meaning in book.meanings.items():
        words = phrase.split()
        for n, word in enumerate(words):
            slots.setdefault((*words[:n], "", *words[n + 1 :]), {})[word] = meaning
    told = set()
    for slot, choices in slots.items():
        for one, other in combinations(choices, 2):
            name, word = (one, other) if one in names else (other, one)
            pair = frozenset((name, word))
            if name not in names or choices[one] == choices[other] or pair in told:
                continue
            if _apart(name, word, lexicon) <= ALIKE:
                told.add(pair)
                said, rival = (" ".join(choice or place for place in slot) for choice in (name, word))
                yield document.problem(names[name], f"{code(said)} sounds like {code(rival)}", "choose another name")


def _apart(one: str, other: str, lexicon: Lexicon) -> float:
    ways = (lexicon.pronunciations.get(word, ()) for word in (one, other))
    first, second = ways
    return min((distance(a, b, ALIKE) for a in first for b in second), default=float("inf"))


def too_long(document: Document, routine: Routine) -> Iterator[Problem]:
    """Steps whose words take too long to say."""
    seconds = {step.id: sum(map(seconds_to_say, step.say)) for step in routine.steps}
    for where, name in document.each("parts", "*", "steps", "*", "id"):
        takes = seconds.get(name, 0.0) if isinstance(name, str) else 0.0
        if takes > LONGEST_S:
            what = f"the words of this step take {takes:.0f} s, more than {LONGEST_S:.0f}"
            yield document.problem(where, what, "make two steps of it, or say less")


def obeyed(
    document: Document, routine: Routine, render: Callable[[str], Pcm], model: Model, book: Phrasebook
) -> Iterator[Problem | None]:
    """For each sentence, as it is said: None, or that the guide would take it for a command, without the guard that
    keeps it from that. Raises SpeechError where it cannot be said."""
    places: dict[str, Place] = {}
    for place in _sentences():
        for where, text in document.each(*place):
            if isinstance(text, str):
                places.setdefault(" ".join(text.split()), where)
    ears = Listener(model, book)
    at = 0
    silence = np.zeros(RATE, np.int16)
    for text, where in places.items():
        sound = np.concatenate([silence, render(text), silence])
        found: Problem | None = None
        for start in range(0, len(sound) - BLOCK + 1, BLOCK):
            at += BLOCK
            for one in ears.hear(sound[start : start + BLOCK], at / RATE):
                if isinstance(one, Heard) and found is None:
                    what = f"spoken by the guide, this sounds like the command {code(one.phrase)}"
                    found = document.problem(where, what, "say it in other words")
        yield found


def _sentences() -> Iterator[tuple[str, ...]]:
    for place in PASSAGES:
        yield (*place, "say", "*")
        yield (*place, "say", "*", "text")
