"""How well every phrasing of every command is heard: from template to phrase to voice to recogniser to command.

    python -m benchmarks.phrasings [--all]

Two voices that the model in the box was not trained on speak each phrase in a quiet room, and the listener hears it
with all its rules. Without --all, what many templates share (whose baby? which part?) takes turns; with it every
phrase is spoken.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from hassil.parse_expression import parse_sentence
from hassil.sample import sample_expression

from benchmarks import machine, progress
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import Command
from voiceguide.language.language import Language, load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Part
from voiceguide.sessions.assembly import Hearing
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.speech.voice import Voice

VOICES = ("en-us+m7", "en-gb-x-rp+f5")
"""Kept from the training of the model in the box."""
WORDS_A_MINUTE = 150
AFTER = np.zeros(round(0.9 * RATE), np.int16)
"""Silence after each phrase: the most patient of commands is decided in it."""


def by_turns(language: Language, parts: tuple[Part, ...]) -> Iterator[str]:
    """Every template in all of its forms. Of each rule, and of the parts, one form at a time takes its turn."""
    rules = {name: parse_sentence(rule) for name, rule in language.rules.items()}
    forms = {name: cycle(sample_expression(rule.expression, expansion_rules=rules)) for name, rule in rules.items()}
    stand_ins = {name: parse_sentence(f"rule {name} here") for name in rules}
    forms["part"] = cycle([word for part in parts for word in (part.name, *part.also)])
    forms["other"] = cycle([part.name for part in parts[1:]])
    for template, _ in language.templates:
        sentence = parse_sentence(re.sub(r"{(\w+)}", r"rule \1 here", template))
        for form in sample_expression(sentence.expression, expansion_rules=stand_ins):
            yield normal(re.sub(r"rule (\w+) here", lambda name: next(forms[name[1]]), form))


@dataclass(frozen=True, slots=True)
class Try:
    """A phrase as it was spoken, and as it was heard."""

    phrase: str
    voice: str
    meant: Command
    heard: tuple[Command, ...]

    @property
    def right(self) -> bool:
        """Whether what was meant was understood, and nothing else."""
        return self.heard == (self.meant,)


def try_all(
    phrases: Iterator[str], book: Phrasebook, ears: Listener, voice: Voice, voices: int = len(VOICES)
) -> Iterator[Try]:
    """Speak each phrase of the book in so many voices, which take turns."""
    blocks = 0
    turns = cycle(VOICES)
    for phrase in dict.fromkeys(phrases):
        meant = book.meaning(phrase)
        if meant is None:
            continue  # the model lacks one of its words, or two parts are the same
        for name in islice(turns, voices):
            sound: Pcm = np.concatenate([voice.render(phrase, voice=name, rate=WORDS_A_MINUTE), AFTER])
            heard = []
            for start in range(0, len(sound) - BLOCK + 1, BLOCK):
                blocks += 1
                heard += ears.hear(sound[start : start + BLOCK], blocks * BLOCK / RATE)
            yield Try(phrase, name, meant, tuple(one.command for one in heard if isinstance(one, Heard)))


def main() -> None:
    """Print how many were understood, by command, and everything else that was heard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every phrase, some thousands")
    arguments = parser.parse_args()
    routine, language = load(find("infant-massage")), load_language("en")
    hearing = Hearing.of(routine, language)
    phrases = iter(hearing.book.meanings) if arguments.all else by_turns(language, routine.parts)
    right: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    wrong = []
    print(machine.facts())
    with Voice() as voice:
        for one in try_all(phrases, hearing.book, hearing.listener(), voice):
            for key in (one.meant.name, one.voice, "all"):
                tried[key] += 1
                right[key] += one.right
            if not one.right:
                wrong.append(one)
            progress.show(f"{tried['all']} phrases")
    for one in wrong:
        heard = ", ".join(command.name for command in one.heard) or "nothing"
        print(f"{one.phrase} ({one.voice}): {heard}")
    print("\n| command | right | of |\n|---|---|---|")
    for key, n in tried.items():
        print(f"| {key} | {right[key] / n:.1%} | {n} |")


if __name__ == "__main__":
    main()
