"""A second look at a phrase that may have been said: how well it fits, and whether somebody spoke around it.

The recogniser chooses the best of its phrases, and is mostly right about which; but something is always the best. So
a phrase is aligned with the sound once more, on its own, and compared with what any phones would make of each moment:
the goodness of pronunciation (Witt and Young, "Phone-level pronunciation scoring and assessment for interactive
language learning", Speech Communication 30, 2000), with a bigram of phones as the rival. And since the network tells
speech from all other sound, kitchens and cries included, it also tells whether the phrase stood alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voiceguide.recognition.acoustics import Acoustics, Floats
from voiceguide.recognition.phones import PHONES, Pronunciation
from voiceguide.sound import Pcm

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

SILENCE = 0
"""The number of silence among the phones."""
SCALE = 0.8
"""How much of log P(q | p) each phone of the rival costs, as in the closed graph (graph.Costs.unknown_scale)."""
PAUSE = 3.0
"""What a pause between two words costs, as there."""
LEAST = 1e-6
"""Of a posterior probability: what is worse is not told apart."""
IMPOSSIBLE = -1e30


@dataclass(frozen=True, slots=True)
class Look:
    """What a phrase is worth, at the place where it fits best. Moments are counted in steps of 30 ms."""

    first: int
    last: int
    """The moments of the first and the last sound of all words."""
    begins: int
    ends: int
    """The moments with which the words that count begin, and before which they end."""
    phones: int
    """How many phones those have."""
    fit: float
    """The mean over its phones of the log posterior probability of each: 0 is perfect. In quiet 95 % of the phrases
    that synthetic voices said are above -1.1, of single words that people said above -1.6."""
    worst: float
    """The same of the word that fits worst."""
    around: float
    """The same of the word that fits worst of those that don't count; 0 where there are none."""
    speech: Floats
    """float32[n], for every moment of the sound: by how much the likeliest phone is likelier than silence, as a
    natural logarithm; 0 where it is not."""


class Verifier:
    """Looks at phrases in sound. Thread-safe."""

    def __init__(
        self, acoustics: Acoustics, pronunciations: Mapping[str, Sequence[Pronunciation]], bigram: Doubles
    ) -> None:
        """``pronunciations``: of every word that is asked for; ``bigram``: as graph.read_bigram gives it."""
        self._acoustics = acoustics
        self._pronunciations = pronunciations
        self._costs = SCALE * bigram
        self._chain = lru_cache(256)(self._chained)

    def look(
        self, pcm: Pcm, words: Sequence[str], first: int = 0, last: int | None = None, since: int = 0
    ) -> Look | None:
        """``pcm``: int16[n], 16 kHz: some seconds with ``words`` in them, of which those from number ``first`` to
        before ``last`` count; ``since``: the moment before which they don't end, as the same may have been said
        before. None where the sound is too short for them."""
        outputs = self._acoustics.outputs(pcm).astype(np.float64)
        chain = self._chain(tuple(words))
        if len(outputs) < max(chain.shortest, since + 1):
            return None
        loop = _Loop(outputs, self._costs)
        segments = _aligned(outputs, loop, chain, since)
        counted = range(len(words))[first:last]
        every = [
            (word, float(np.mean(np.log(np.maximum(loop.posteriors[first : last + 1, phone], LEAST)))))
            for phone, word, first, last in segments
            if phone != SILENCE
        ]
        words_fit = [float(np.mean([fit for of, fit in every if of == word])) for word in range(len(words))]
        fits = [fit for word, fit in every if word in counted]
        spoken = [segment for segment in segments if segment[0] != SILENCE and segment[1] in counted]
        return Look(
            first=segments[0][2],
            last=segments[-1][3],
            begins=spoken[0][2],
            ends=spoken[-1][3] + 1,
            phones=len(fits),
            fit=float(np.mean(fits)),
            worst=min(words_fit[word] for word in counted),
            around=min((fit for word, fit in enumerate(words_fit) if word not in counted), default=0.0),
            speech=np.maximum(0.0, outputs[:, 2:].max(1) - outputs[:, :2].max(1)).astype(np.float32),
        )

    def _chained(self, said: tuple[str, ...]) -> _Chain:
        index = {phone: n for n, phone in enumerate(PHONES, 1)}
        phones: list[int] = []
        words: list[int] = []
        before: list[list[int]] = []
        costs: list[float] = []
        ends, shortest = [START], 0

        def add(phone: int, word: int, after: list[int], cost: float = 0.0) -> int:
            phones.append(phone)
            words.append(word)
            before.append(after)
            costs.append(cost)
            return len(phones) - 1

        for number, word in enumerate(said):
            starts = [*ends, add(SILENCE, number, ends, PAUSE)] if number else ends
            ends = []
            ways = tuple(dict.fromkeys(self._pronunciations[word]))
            shortest += min(map(len, ways))
            for way in ways:
                after = starts
                for phone in way:
                    after = [add(index[phone], number, after)]
                ends += after
        most = max(map(len, before))
        table = np.array([one + [NOWHERE] * (most - len(one)) for one in before])
        return _Chain(np.array(phones), np.array(words), table, np.array(costs), np.array(ends), shortest)


START, NOWHERE = -2, -1
"""What comes before a phone of a chain in the place of another: the phrase begins with it; and nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """The phones of a phrase in all its pronunciations, numbered in their order."""

    phones: Numbers
    words: Numbers
    """Of each phone the number of its word."""
    before: Numbers
    """int64[n, k]: the phones that each may follow, or START, or NOWHERE."""
    costs: Doubles
    """Of each phone, to begin it."""
    ends: Numbers
    """The phones with which the phrase may end."""
    shortest: int
    """The least number of moments that it takes."""


class _Loop:
    """Any phones one after the other: the rival of every phrase."""

    def __init__(self, outputs: Doubles, costs: Doubles) -> None:
        """``outputs``: float64[n, 80]; ``costs``: float64[40, 40], scaled logarithms of the bigram."""
        first, later = outputs[:, 0::2], outputs[:, 1::2]
        count = len(outputs)
        ahead = np.empty_like(first)
        ahead[0] = np.where(np.arange(first.shape[1]) == SILENCE, 0.0, costs[SILENCE]) + first[0]
        for t in range(1, count):
            ahead[t] = np.maximum(ahead[t - 1] + later[t], (ahead[t - 1][:, None] + costs).max(0) + first[t])
        self.until: Doubles = ahead.max(1)
        """float64[n]: the best way from the start to each moment."""
        behind = np.zeros_like(first)
        self.after: Doubles = np.zeros(count)
        """float64[n]: the best way from the moment after each to the end, beginning with a new phone."""
        for t in range(count - 2, -1, -1):
            entered = first[t + 1] + behind[t + 1]
            self.after[t] = entered.max()
            behind[t] = np.maximum(behind[t + 1] + later[t + 1], (costs + entered[None]).max(1))
        self.posteriors: Doubles = _posteriors(first, later, np.exp(costs))
        """float64[n, 40]: how probable each phone is at each moment, of all ways together."""


def _posteriors(first: Doubles, later: Doubles, odds: Doubles) -> Doubles:
    level = np.maximum(first, later).max(1, keepdims=True)
    begun, stayed = np.exp(first - level), np.exp(later - level)
    ahead, behind = np.empty_like(first), np.ones_like(first)
    now = begun[0] * odds[SILENCE]
    now[SILENCE] = begun[0, SILENCE]
    ahead[0] = now / now.sum()
    for t in range(1, len(first)):
        now = ahead[t - 1] * stayed[t] + (ahead[t - 1] @ odds) * begun[t]
        ahead[t] = now / now.sum()
    for t in range(len(first) - 2, -1, -1):
        now = behind[t + 1] * stayed[t + 1] + odds @ (begun[t + 1] * behind[t + 1])
        behind[t] = now / now.sum()
    both = ahead * behind
    return np.asarray(both / both.sum(1, keepdims=True))


def _aligned(outputs: Doubles, loop: _Loop, chain: _Chain, since: int) -> list[tuple[int, int, int, int]]:
    """The best way through any phones, the phrase, and any phones again: of each phone of the phrase its number among
    all, the number of its word, and its first and last moment."""
    count, size = len(outputs), len(chain.phones)
    first, later = outputs[:, 2 * chain.phones] - chain.costs, outputs[:, 2 * chain.phones + 1]
    index = np.arange(size)
    before = chain.before % (size + 2)  # NOWHERE and START stand behind the phones in what is looked up
    came: list[Numbers] = []
    scores = np.full((count, size), IMPOSSIBLE)
    here = np.full(size + 2, IMPOSSIBLE)
    for t in range(count):
        here[START] = loop.until[t - 1] if t else 0.0
        ways = here[before]
        best = ways.argmax(1)
        entered, stayed = ways[index, best] + first[t], here[:size] + later[t]
        came.append(np.where(stayed >= entered, index, before[index, best]))
        here[:size] = scores[t] = np.maximum(stayed, entered)
    whole = scores[:, chain.ends] + loop.after[:, None]
    whole[:since] = IMPOSSIBLE
    t, end = (int(n) for n in np.unravel_index(whole.argmax(), whole.shape))
    phone, last, found = int(chain.ends[end]), t, []
    while True:
        previous = int(came[t][phone])
        if previous != phone:
            found.append((int(chain.phones[phone]), int(chain.words[phone]), t, last))
            last = t - 1
        if previous >= size or t == 0:
            break
        phone, t = previous, t - 1
    return found[::-1]
