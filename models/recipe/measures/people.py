"""Real people whom no training has heard: single words, some of which are commands, and sentences read aloud.

They are in packs that are kept for measuring (packs.py). Other recordings of the same kind, by other people, may be
used to judge a model; these are also for tuning the listener.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

import numpy as np

from models.recipe.measures.alarms import PAUSE_S, Tally
from models.recipe.measures.commands import heard_in, outcome
from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure, share
from models.recipe.measures.mix import chance_for
from models.recipe.packs import measuring_packs
from models.recipe.store import Utterance
from voiceguide.hearing.listener import Listener
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.room import HISS_LSB

WORDS = "speech-commands-validation"
SENTENCES = "common-voice-tuning"


def people(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """Of words that are commands, the shares obeyed, wrong and missed; what other words and sentences were taken for.

    A recording is followed by a second of a microphone's hiss. Raises RecipeError if a pack cannot be read."""
    if "commands" not in done or "other words" not in done:
        yield from _words(context)
    if "sentences" not in done:
        yield "sentences", _sentences(context)


def _words(context: Context) -> Iterator[tuple[str, Figure]]:
    listener, now, others = Listener(context.model, context.book), 0.0, Tally()
    counts: dict[str, Counter[str]] = {}
    for pcm, utterance in _recordings(context, WORDS):
        heard = heard_in(listener, pcm, now)
        now += len(pcm) / RATE
        if utterance.text in context.book.meanings:
            count = counts.setdefault(utterance.text, Counter())
            count[outcome(context.book, utterance.text, heard)] += 1
            count["n"] += 1
        else:
            others.add(heard, len(pcm) / RATE)
    total = sum(counts.values(), Counter())
    figure: Figure = {what: share(total[what], total["n"]) for what in ("obeyed", "wrong", "missed")}
    yield "commands", figure | {"words": {word: share(c["obeyed"], c["n"]) for word, c in sorted(counts.items())}}
    yield "other words", others.figure()


def _sentences(context: Context) -> Figure:
    listener, now, tally = Listener(context.model, context.book), 0.0, Tally()
    for pcm, _ in _recordings(context, SENTENCES):
        tally.add(heard_in(listener, pcm, now), len(pcm) / RATE)
        now += len(pcm) / RATE
    return tally.figure()


def _recordings(context: Context, corpus: str) -> Iterator[tuple[Pcm, Utterance]]:
    """Every Nth recording of a corpus with a pause after it, in whole blocks."""
    number = 0
    for pack in measuring_packs(context.recordings, corpus):
        for pcm, utterance in pack.recordings():
            if number % context.every == 0:
                size = -(-(len(pcm) + round(PAUSE_S * RATE)) // BLOCK) * BLOCK - len(pcm)
                hiss = chance_for(corpus, number).normal(scale=HISS_LSB, size=size)
                yield np.concatenate([pcm, np.rint(hiss).astype(np.int16)]), utterance
            number += 1
