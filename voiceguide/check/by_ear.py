"""A routine by ear: what the guide would obey of its own, and what is too long to follow.

Advice, not errors: a routine with all of it works. ``check --by-ear`` tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from voiceguide.errors import FileError
from voiceguide.files.source import Document
from voiceguide.files.wording import code
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.language import Phrasebook
from voiceguide.language.template import normal
from voiceguide.recognition.model import Model
from voiceguide.routine.routine import Routine, seconds_to_say
from voiceguide.routine.rules import sentences
from voiceguide.sound import BLOCK, RATE, Pcm

LONGEST_S = 40.0
"""Words of one step that take longer to say are forgotten before the stroke begins."""

Place = tuple[str | int, ...]


def too_long(document: Document, routine: Routine) -> Iterator[FileError]:
    """Steps whose words take too long to say."""
    seconds = {step.id: sum(map(seconds_to_say, step.say)) for step in routine.steps}
    for where, name in document.each("parts", "*", "steps", "*", "id"):
        takes = seconds.get(name, 0.0) if isinstance(name, str) else 0.0
        if takes > LONGEST_S:
            what = f"the words of this step take {takes:.0f} s, more than {LONGEST_S:.0f}"
            yield document.error(where, what, "make two steps of it, or say less")


def obeyed(
    document: Document, render: Callable[[str], Pcm], model: Model, book: Phrasebook
) -> Iterator[FileError | None]:
    """For each sentence, as it is said: None, or that it begins or ends with a command that the recogniser hears in
    it. The guard keeps it from being obeyed; but then a parent's own is not obeyed either, just then. Raises
    SpeechError where it cannot be said."""
    places: dict[str, Place] = {}
    for where, sentence in sentences(document):
        places.setdefault(" ".join(sentence.split()), where)
    ears = Listener(model, book)
    at = 0
    silence = np.zeros(RATE, np.int16)
    for text, where in places.items():
        sound = np.concatenate([silence, render(text), silence])
        found: FileError | None = None
        for start in range(0, len(sound) - BLOCK + 1, BLOCK):
            at += BLOCK
            for one in ears.hear(sound[start : start + BLOCK], at / RATE):
                if isinstance(one, Heard) and found is None and _at_an_end(one.phrase, text):
                    what = f"the guide hears the command {code(one.phrase)} in this, and is deaf for it meanwhile"
                    found = document.error(where, what, "let the sentence begin and end with other words")
        yield found


def _at_an_end(phrase: str, text: str) -> bool:
    """Whether a sentence begins or ends with the words of a phrase. What is heard elsewhere (every fifth sentence of
    the routines in the box has something) is kept from being obeyed, and no parent is led to say it just then."""
    words, said = phrase.split(), normal(text).split()
    return words in (said[: len(words)], said[-len(words) :])
