"""Which utterances are trained on, how often, and in what company."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from models.recipe import lfmmi, store
from models.recipe.augment import SPEEDS
from models.recipe.phones import Pronunciations
from models.recipe.sound import Sound

SHARES = {
    "espeak": 22,
    "flite": 23,
    "festival": 13,
    "pico": 12,
    "words": 6,
    "phrases": 3,
    "coffee": 12,
    "noise": 9,
}
"""Of the time that is trained on, by kind; what is not there leaves its share to the others."""
_FEW_TEXTS = ("words", "phrases")
"""Hundreds of people say the same here: a text that n of them say is drawn as sqrt(n), lest it be all there is."""
BUCKETS = (1.0, 1.4, 1.8, 2.3, 3.0, 4.0, 5.5, 8.0, 14.0)
"""Seconds; a batch has utterances of one range."""
_WATCHED = 50
"""One of so many utterances is not trained on: how well it is told shows the progress."""
_NOISE_S = (1.0, 1.4, 1.8, 2.3, 3.0, 4.0)
"""Noise on its own is heard in pieces of these lengths, so that every range has some."""
_SLOWEST = 1.15 * 0.03
"""Seconds that a phone takes at least, one step of the network and a little: a quicker utterance fits no path."""


class Corpus:
    """The items to train on: utterances of the speech, and, as negative numbers, of the noise (see Augmenter)."""

    def __init__(self, speech: Sound, noise: Sound, lexicon: Pronunciations) -> None:
        items, seconds, kinds, texts, watched, states = [], [], [], [], [], []
        for index, utterance in enumerate(speech.utterances):
            words = utterance.text.split()
            if not words or not all(word in lexicon for word in words):
                continue
            length = utterance.samples / store.RATE
            if length / SPEEDS[1] < _SLOWEST * lfmmi.shortest(utterance.text, lexicon):
                continue
            items.append(index)
            seconds.append(length)
            kinds.append(utterance.kind)
            texts.append(utterance.text)
            name = f"{utterance.kind} {utterance.voice} {utterance.text} {utterance.offset}"
            watched.append(int(hashlib.sha256(name.encode()).hexdigest(), 16) % _WATCHED == 0)
            states.append(len(lfmmi.chain(utterance.text, lexicon).phones))
        for index, piece in enumerate(noise.utterances):
            if piece.kind != "guide":
                items.append(-1 - index)
                seconds.append(_NOISE_S[index % len(_NOISE_S)])
                kinds.append("noise")
                texts.append("")
                watched.append(False)
                states.append(1)
        self.items = np.array(items, np.int64)
        self.kinds = np.array(kinds)
        self._seconds = np.array(seconds)
        self._watched = np.array(watched, bool)
        self._bucket = np.searchsorted(BUCKETS, self._seconds).clip(max=len(BUCKETS) - 1)
        self.states = [max(np.array(states)[self._bucket == k], default=0) for k in range(len(BUCKETS))]
        """The most states that the graph of an utterance of each range has."""
        counts = Counter(texts)
        self._alike = np.array([counts[text] for text in texts])
        self._weights = {watched: self._weight(watched) for watched in (False, True)}
        self.hours = {str(k): float(self._seconds[self.kinds == k].sum()) / 3600 for k in np.unique(self.kinds)}

    def _weight(self, watched: bool) -> NDArray[np.float64]:
        """How often each utterance is drawn: the kinds by their shares of the time."""
        weight = np.zeros(len(self.items))
        for kind, share in SHARES.items():
            of_kind = (self.kinds == kind) & (self._watched == watched)
            if of_kind.any():
                often = 1 / np.sqrt(self._alike[of_kind]) if kind in _FEW_TEXTS else 1.0
                weight[of_kind] = often * share / (often * self._seconds[of_kind]).sum()
        return weight

    def draw(
        self, rng: np.random.Generator, seconds: float, *, watched: bool = False
    ) -> tuple[NDArray[np.int64], int]:
        """A batch of about ``seconds`` of sound, the kinds by their shares, and its range of lengths."""
        weight = self._weights[watched]
        by_bucket = np.bincount(self._bucket, weight * self._seconds, len(BUCKETS))
        bucket = int(rng.choice(len(BUCKETS), p=by_bucket / by_bucket.sum()))
        inside = np.flatnonzero((self._bucket == bucket) & (weight > 0))
        size = max(4, int(seconds / (BUCKETS[bucket] + 0.8)))
        chosen = rng.choice(inside, size, p=weight[inside] / weight[inside].sum())
        return self.items[chosen], bucket
