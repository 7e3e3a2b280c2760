"""Which utterances are trained on, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.recipe import lfmmi, store
from models.recipe.augment import SPEEDS
from models.recipe.lfmmi import Chain
from models.recipe.phones import Pronunciations
from models.recipe.sound import Sound
from models.recipe.split import watched

SHARES = {
    "espeak": 13,
    "flite": 11,
    "festival": 8,
    "pico": 11,
    "words": 18,
    "phrases": 2,
    "coffee": 6,
    "read": 23,
    "noise": 8,
}
"""Share of the training time of each kind, in per cent. The shares of kinds that are missing go to the others."""
_MOST_OFTEN = 8
"""No kind is drawn more than this many times as often as it would be by its amount, or a minute of reading would take
a quarter of the time. With all the recordings, coffee orders come nearest to it, at 5."""
PEOPLE = ("words", "phrases", "coffee", "read")
"""Kinds that real people speak."""
_FEW_TEXTS = ("words", "phrases")
"""Here hundreds of people say the same. A text that n of them say is drawn as often as the square root of n, or there
would be little else."""
BUCKETS = (1.0, 1.4, 1.8, 2.3, 3.0, 4.0, 5.5, 8.0, 11.0, 14.0, 17.0)
"""Upper ends of the length ranges, in seconds. A batch has utterances of one range; longer ones are left out."""
MOST_STATES = 420
"""Utterances with longer chains are left out: time and memory grow with the square."""
_NOISE_S = (1.0, 1.4, 1.8, 2.3, 3.0, 4.0)
"""Noise on its own is heard in pieces of these lengths, so that every short range has some."""
_SLOWEST = 1.15 * 0.03
"""The least time a phone takes, in seconds: a step of the network and a little. No path fits a quicker utterance."""


@dataclass(frozen=True, slots=True)
class _Item:
    index: int
    seconds: float
    kind: str
    text: str
    watched: bool


class Corpus:
    """The items to train on: utterances of the speech, and, as negative numbers, of the noise (see Augmenter)."""

    def __init__(self, speech: Sound, noise: Sound, lexicon: Pronunciations) -> None:
        self._speech, self._lexicon = speech, lexicon
        self._chains = {"": lfmmi.chain("", lexicon)}
        items = [*self._spoken(), *_wordless(noise)]
        self.items = np.array([item.index for item in items], np.int64)
        self.kinds = np.array([item.kind for item in items])
        self._seconds = np.array([item.seconds for item in items])
        self._watched = np.array([item.watched for item in items], bool)
        self._bucket = np.searchsorted(BUCKETS, self._seconds)
        states = np.array([len(self._chains[item.text].phones) for item in items])
        self.states = [max(states[self._bucket == k], default=0) for k in range(len(BUCKETS))]
        """The most states of a chain in each range of lengths."""
        counts = Counter(item.text for item in items)
        self._alike = np.array([counts[item.text] for item in items])
        self._weights = {watched: self._weight(watched) for watched in (False, True)}
        self.hours = {str(k): float(self._seconds[self.kinds == k].sum()) / 3600 for k in np.unique(self.kinds)}

    def _spoken(self) -> Iterator[_Item]:
        for index, utterance in enumerate(self._speech.utterances):
            text, length = utterance.text, utterance.samples / store.RATE
            words = text.split()
            if not words or length > BUCKETS[-1] or not all(word in self._lexicon for word in words):
                continue
            if length / SPEEDS[1] < _SLOWEST * lfmmi.shortest(text, self._lexicon):
                continue
            if text not in self._chains:
                self._chains[text] = lfmmi.chain(text, self._lexicon)
            if len(self._chains[text].phones) <= MOST_STATES:
                yield _Item(index, length, utterance.kind, text, watched(_key(utterance)))

    def chain(self, item: int) -> Chain:
        """What is said in an item."""
        return self._chains[self._speech.utterances[item].text if item >= 0 else ""]

    def _weight(self, watched: bool) -> NDArray[np.float64]:
        """How often each utterance is drawn: each kind for its share of the time, as far as there is enough of it."""
        weight = np.zeros(len(self.items))
        among = self._watched == watched
        present = {kind: among & (self.kinds == kind) for kind in SHARES if (among & (self.kinds == kind)).any()}
        shares = _shares({kind: float(self._seconds[of_kind].sum()) for kind, of_kind in present.items()})
        for kind, of_kind in present.items():
            often = 1 / np.sqrt(self._alike[of_kind]) if kind in _FEW_TEXTS else 1.0
            weight[of_kind] = often * shares[kind] / (often * self._seconds[of_kind]).sum()
        return weight

    def draw(
        self, rng: np.random.Generator, seconds: float, *, watched: bool = False
    ) -> tuple[NDArray[np.int64], int]:
        """A batch of about ``seconds`` of sound, each kind for its share, and the number of its range of lengths."""
        weight = self._weights[watched]
        by_bucket = np.bincount(self._bucket, weight * self._seconds, len(BUCKETS))
        bucket = int(rng.choice(len(BUCKETS), p=by_bucket / by_bucket.sum()))
        inside = np.flatnonzero((self._bucket == bucket) & (weight > 0))
        size = max(4, int(seconds / (BUCKETS[bucket] + 0.8)))
        chosen = rng.choice(inside, size, p=weight[inside] / weight[inside].sum())
        return self.items[chosen], bucket


def _shares(amounts: Mapping[str, float]) -> dict[str, float]:
    """The share of the time of each kind: 1 in all. ``amounts``: seconds of each."""
    most = {kind: _MOST_OFTEN * amount / sum(amounts.values()) for kind, amount in amounts.items()}
    limited: dict[str, float] = {}
    while True:
        left, rest = 1 - sum(limited.values()), amounts.keys() - limited.keys()
        by_table = {kind: left * SHARES[kind] / sum(SHARES[k] for k in rest) for kind in rest}
        over = {kind: most[kind] for kind in rest if most[kind] < by_table[kind]}
        if not over:
            return limited | by_table
        limited |= over


def _key(utterance: store.Utterance) -> str:
    """What decides whether an utterance is watched: of people the speaker alone, so that nobody is on both sides; a
    synthetic voice has to be on both."""
    if utterance.kind in PEOPLE:
        return f"{utterance.corpus} {utterance.voice}"
    return f"{utterance.kind} {utterance.voice} {utterance.text} {utterance.offset}"


def _wordless(noise: Sound) -> Iterator[_Item]:
    for index, piece in enumerate(noise.utterances):
        if piece.kind != "guide":  # its own voice is never alone: it would be learnt as silence
            yield _Item(-1 - index, _NOISE_S[index % len(_NOISE_S)], "noise", "", watched=False)
