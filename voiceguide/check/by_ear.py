"""Checks a routine by ear: which sentences sound like commands, and which steps are too long to follow.

This is advice, which ``check --by-ear`` gives: a routine works without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from voiceguide.errors import FileError
from voiceguide.files.source import Document
from voiceguide.files.wording import code
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition.model import Model
from voiceguide.routine.routine import Routine, seconds_to_say
from voiceguide.routine.rules import sentences
from voiceguide.sound import BLOCK, RATE, Pcm

LONGEST_S = 40.0
"""If the words of a step take longer, they're forgotten before the stroke begins."""

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
    """For each sentence: an error if it begins or ends with a command that the recogniser hears as it's said, else
    None. The guard keeps the guide from obeying it, but at that moment doesn't obey a parent either. Raises
    SpeechError if a sentence can't be rendered."""
    places: dict[str, Place] = {}
    for where, sentence in sentences(document):
        places.setdefault(" ".join(sentence.split()), where)
    ears = Listener(model, book, lambda command: 0.0)  # whoever speaks on after it
    at = 0
    silence = np.zeros(RATE, np.int16)
    for text, where in places.items():
        ends = _ends(text)
        if ends.isdisjoint(book.meanings):
            yield None  # whatever is heard in it
            continue
        sound = np.concatenate([silence, render(text), silence])
        found: FileError | None = None
        for start in range(0, len(sound) - BLOCK + 1, BLOCK):
            at += BLOCK
            for one in ears.hear(sound[start : start + BLOCK], at / RATE):
                if isinstance(one, Heard) and found is None and one.phrase in ends:
                    what = f"the guide hears the command {code(one.phrase)} in this, and is deaf for it meanwhile"
                    found = document.error(where, what, "let the sentence begin and end with other words")
        yield found


def _ends(text: str) -> set[str]:
    """What a sentence begins with, and what it ends with. Commands heard elsewhere (in every fifth sentence of the
    routines in the box) aren't obeyed either, but a parent has no reason to say them just then."""
    words = normal(text).split()
    return {" ".join(some) for n in range(1, len(words) + 1) for some in (words[:n], words[-n:])}
