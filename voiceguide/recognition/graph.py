"""The closed graph: exactly the phrases of a routine, compiled for the recogniser, and [unk] for all other speech.

Vosk's run-time grammar knows which word may follow which, not which phrase. A model whose folder has a lexicon and
the bigram of its phones can be given a graph of its own instead: the transducer HCLG, which reads what the acoustic
model tells apart and writes words. Its only ways from start to end are these:

* a phrase or a decoy, word by word, each in any of its pronunciations, with or without a pause between two words;
* [unk]: any two or more phones, each for what it costs after the one before;
* the beginning of a phrase, up to the end of a word, and [unk] for the rest ("baby is" and something else);
* any of these one after the other, with or without a pause.

What a way costs decides what is heard where the sound fits both; ``Costs`` holds the numbers. Phrases that begin
alike share states, and so do phrases that end alike: of two states from which the same goes on, one is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceguide.language.command import ADVANCING, CALMING
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.fst import Transducer
from voiceguide.recognition.lexicon import PHONES, Lexicon

FORMAT = 1
"""Of the graph; changed with the way in which it is compiled."""
UNKNOWN = "[unk]"
"""What is written for speech that is no phrase and no decoy."""
SILENCE = "SIL"
EITHER = math.log(2)
"""After a phrase: a pause or none, each as likely. The model was trained with it."""
DROP = 12.0
"""A pair of phones in [unk] that would cost more than this is left out, as such pairs hardly occur."""

Phones = tuple[str, ...]
Bigram = npt.NDArray[np.float64]
"""float64[40, 40]: log P(q | p) at [p, q], in the order of SYMBOLS."""
SYMBOLS = (SILENCE, *PHONES)


@dataclass(frozen=True, slots=True)
class Costs:
    """What decides between phrases and all the rest: negative natural logarithms. Tuned with benchmarks/graph.py."""

    calming: float = 7.0
    """Of beginning a phrase that calms; what costs less is heard more easily."""
    other: float = 7.5
    """Of beginning any other phrase."""
    advancing: float = 8.0
    """Of beginning a phrase that moves on."""
    decoy: float = 11.0
    """Of beginning a decoy."""
    filler: float = 7.0
    """Of beginning a filler, such as "okay" before a phrase."""
    unknown: float = 5.0
    """Of beginning [unk]."""
    unknown_scale: float = 0.8
    """How much of log P(q | p) each phone in [unk] costs: what costs more favours long phrases over short ones."""
    escape: float = 5.0
    """Of going over to [unk] inside a phrase."""
    pause: float = 3.0
    """Of a pause between two words of a phrase."""
    early: int = 2
    """No cost: so many phones before its last one a word may be written, where no other word can come any more, but
    not at the first sound of a phrase. Each brings a decision forward by some 95 ms (docs/hearing.md)."""

    def of(self, book: Phrasebook) -> dict[str, float]:
        """What it costs to begin each phrase and each decoy."""
        found = dict.fromkeys(book.decoys, self.decoy) | dict.fromkeys((*book.before, *book.after), self.filler)
        for phrase, command in book.meanings.items():
            calms, advances = command.name in CALMING, command.name in ADVANCING
            found[phrase] = self.calming if calms else self.advancing if advances else self.other
        return found


COSTS = Costs()


@dataclass(frozen=True, slots=True)
class Graph:
    """A compiled graph, and what its labels stand for."""

    transducer: Transducer
    words: tuple[str, ...]
    """The word of each output label; the first is that of none."""

    def write(self, folder: Path) -> None:
        """Write HCLG.fst and words.txt, as Vosk looks for them in ``folder``. Raises OSError."""
        (folder / "HCLG.fst").write_bytes(self.transducer.const())
        (folder / "words.txt").write_text("".join(f"{word} {n}\n" for n, word in enumerate(self.words)), "utf-8")


def read_bigram(path: Path) -> Bigram:
    """Read graph/phone_bigram.txt: the names of the phones, then a row of log P(q | p) for each p.

    Raises OSError, and ValueError where it is not that."""
    names, *rows = path.read_text("utf-8").splitlines()
    if tuple(names.split()) != SYMBOLS:
        raise ValueError("its phones are others than SIL and those of ARPAbet")
    bigram = np.array([[float(value) for value in row.split()] for row in rows])
    if bigram.shape != (len(SYMBOLS), len(SYMBOLS)) or not (bigram <= 0).all():
        raise ValueError(f"not {len(SYMBOLS)} rows of as many logarithms of probabilities")
    return bigram


def label(phone: str, place: str = "B", *, stay: bool = False) -> int:
    """What an arc reads for a frame of a phone: its first one, or (``stay``) any later one. ``place`` in the word:
    B first, I inside, E last, S the only one. These are Kaldi's transition numbers for the box's topology: two for
    each phone, silence first, then each of ARPAbet in four places."""
    number = 1 if phone == SILENCE else 2 + 4 * PHONES.index(phone) + "BEIS".index(place)
    return 2 * number - stay


def compile_graph(phrases: Mapping[str, float], lexicon: Lexicon, bigram: Bigram, costs: Costs = COSTS) -> Graph:
    """``phrases``: what it costs to begin each. All their words are in the lexicon.

    Raises KeyError for one that is not."""
    net = Net()
    return compile_net(net, net.phrases(phrases), lexicon, bigram, costs)


def compile_net(net: Net, start: int, lexicon: Lexicon, bigram: Bigram, costs: Costs = COSTS) -> Graph:
    """As ``compile_graph``, for what may be said from the rest ``start`` of a net on, which has the costs of
    beginning it.

    Raises KeyError for a word that is not in the lexicon."""
    words = sorted({word for rest in net.rests for word, _, _ in rest.words})
    compiler = _Compiler(net, lexicon, costs, {word: n for n, word in enumerate(words, 1)}, len(words) + 1)
    compiler.begin(start)
    compiler.unknown(bigram)
    return Graph(compiler.made, ("<eps>", *words, UNKNOWN))


@dataclass(frozen=True, slots=True)
class Rest:
    """What may follow a word: that the phrase ends, and other words."""

    ends: float | None
    """What it costs to end here; None where no phrase ends."""
    words: tuple[tuple[str, float, int], ...]
    """The next word, its cost, and the number of the rest after it."""


class Net:
    """What may be said, word after word, and never in a circle. It is made from its ends on: a rest can only be
    followed by such as are there."""

    def __init__(self) -> None:
        self.rests: list[Rest] = []
        self._numbers: dict[Rest, int] = {}

    def rest(self, ends: float | None, words: Iterable[tuple[str, float, int]] = ()) -> int:
        """The number of a rest: the same for the same."""
        rest = Rest(ends, tuple(words))
        if rest not in self._numbers:
            self._numbers[rest] = len(self.rests)
            self.rests.append(rest)
        return self._numbers[rest]

    def phrases(self, phrases: Mapping[str, float]) -> int:
        """The rest with which phrases begin. ``phrases``: what it costs to begin each."""
        tree = _Branch()
        for phrase, cost in phrases.items():
            node = tree
            for word in phrase.split():
                node = node.words.setdefault(word, _Branch())
            node.ends = cost
        return self.rest(None, [(word, *self._shared(branch)) for word, branch in tree.words.items()])

    def _shared(self, branch: _Branch) -> tuple[float, int]:
        """The least that it costs to go on from a branch, and the number of what may follow, less this. (What
        phrases cost is paid as early as it is known, or it would come too late for a search that keeps only the
        best.)"""
        words = [(word, *self._shared(after)) for word, after in sorted(branch.words.items())]
        least = min([cost for _, cost, _ in words] + ([] if branch.ends is None else [branch.ends]))
        ends = None if branch.ends is None else _rounded(branch.ends - least)
        return least, self.rest(ends, [(word, _rounded(cost - least), after) for word, cost, after in words])


@dataclass(slots=True)
class _Branch:
    """A node of the tree of phrases."""

    ends: float | None = None
    words: dict[str, _Branch] = field(default_factory=dict)


_Way = tuple[Phones, int, float, int]
"""The phones of a word that are still to come, its label, its cost, and the number of the rest after it."""
_Arc = tuple[int, int, float, int]
"""Read, written, cost, target."""


class _Compiler:
    """Builds one graph."""

    def __init__(self, net: Net, lexicon: Lexicon, costs: Costs, labels: Mapping[str, int], unknown: int) -> None:
        self.made = Transducer()
        self._net = net
        self._lexicon = lexicon
        self._costs = costs
        self._labels = labels
        self._unknown = unknown
        made = self.made
        made.start, self._loop, self._silence, self._garbage = (made.state() for _ in range(4))
        made.final[self._loop] = 0.0
        self._after(made.start, 0.0)
        made.arc(self._silence, self._silence, label(SILENCE, stay=True))
        made.arc(self._silence, self._loop)
        made.arc(self._loop, self._garbage, cost=costs.unknown)
        self._between: dict[int, int] = {}
        """The state between two words, by what may follow."""
        self._pauses: dict[int, int] = {}
        self._ends: dict[tuple[int, str, str], int] = {}
        """The state of the last phone of a word, by what may follow."""
        self._inner: dict[tuple[str, str, tuple[_Arc, ...]], int] = {}
        """The state of any other phone, by the arcs that leave it."""
        self._done = net.rest(0.0)

    def begin(self, start: int) -> None:
        """What the net allows, from the rest ``start`` on."""
        for read, write, cost, target in self._spelt(self._net.rests[start].words, opening=True):
            self.made.arc(self._loop, target, read, write, cost)

    def unknown(self, bigram: Bigram) -> None:
        """Any two or more phones; [unk] is written at the first one."""
        made, scale = self.made, self._costs.unknown_scale
        cost = np.where(-scale * bigram <= DROP, -scale * bigram, np.inf)
        first = {phone: self._phone(phone, "B") for phone in PHONES}
        later = {phone: self._phone(phone, "I") for phone in PHONES}
        for p, before in enumerate(SYMBOLS):
            for q, phone in enumerate(SYMBOLS):
                if phone == SILENCE or not math.isfinite(cost[p, q]):
                    continue
                if before == SILENCE:
                    made.arc(self._garbage, first[phone], label(phone, "B"), self._unknown, cost[p, q])
                    continue
                end = self._end(self._done, phone, "E")
                for state in (first[before], later[before]):
                    made.arc(state, later[phone], label(phone, "I"), cost=cost[p, q])
                    made.arc(state, end, label(phone, "E"), cost=cost[p, q])

    def _spelt(self, words: Iterable[tuple[str, float, int]], *, opening: bool = False) -> list[_Arc]:
        """The arcs that begin these words; ``opening``: with which phrases open."""
        ways: dict[tuple[Phones, int], tuple[float, int]] = {}
        for word, cost, rest in words:
            for phones in self._lexicon.pronunciations[word]:
                # Of two words that sound the same, and after which the same may follow, the cheaper one is written.
                found = (cost, self._labels[word])
                ways[phones, rest] = min(found, ways.get((phones, rest), found))
        every = sorted((phones, written, cost, rest) for (phones, rest), (cost, written) in ways.items())
        return self._sounds(every, first=True, opening=opening)

    def _sounds(self, ways: Iterable[_Way], *, first: bool, opening: bool = False) -> list[_Arc]:
        """The arcs that begin the phones of sorted ways."""
        arcs: list[_Arc] = []
        for phone, group in groupby(ways, key=lambda way: way[0][0]):
            longer: list[_Way] = []
            for phones, written, cost, rest in group:
                if len(phones) == 1:
                    place = "S" if first else "E"
                    arcs.append((label(phone, place), written, cost, self._end(rest, phone, place)))
                else:
                    longer.append((phones[1:], written, cost, rest))
            if longer:
                place, write = "B" if first else "I", 0
                left = max(len(phones) for phones, *_ in longer)
                if not opening and left <= self._costs.early and len({written for _, written, *_ in longer}) == 1:
                    write = longer[0][1]
                    longer = [(phones, 0, cost, rest) for phones, _, cost, rest in longer]
                after = self._sounds(longer, first=False)
                least = min(cost for _, _, cost, _ in after)
                leaving = tuple((read, out, _rounded(cost - least), target) for read, out, cost, target in after)
                arcs.append((label(phone, place), write, least, self._inner_state(phone, place, leaving)))
        return arcs

    def _inner_state(self, phone: str, place: str, leaving: tuple[_Arc, ...]) -> int:
        key = (phone, place, leaving)
        if key not in self._inner:
            state = self._inner[key] = self._phone(phone, place)
            for read, write, cost, target in leaving:
                self.made.arc(state, target, read, write, cost)
        return self._inner[key]

    def _end(self, rest: int, phone: str, place: str) -> int:
        """The state of the last phone of a word, and what may follow it."""
        key = (rest, phone, place)
        if key not in self._ends:
            state = self._ends[key] = self._phone(phone, place)
            after = self._net.rests[rest]
            if after.ends is not None:
                self._after(state, after.ends)
            if after.words:
                self.made.arc(state, self._gap(rest))
                self.made.arc(state, self._pause(rest), label(SILENCE), cost=self._costs.pause)
        return self._ends[key]

    def _gap(self, rest: int) -> int:
        if rest not in self._between:
            state = self._between[rest] = self.made.state()
            self.made.arc(state, self._garbage, cost=self._costs.escape)
            for read, write, cost, target in self._spelt(self._net.rests[rest].words):
                self.made.arc(state, target, read, write, cost)
        return self._between[rest]

    def _pause(self, rest: int) -> int:
        if rest not in self._pauses:
            state = self._pauses[rest] = self.made.state()
            self.made.arc(state, state, label(SILENCE, stay=True))
            self.made.arc(state, self._gap(rest))
        return self._pauses[rest]

    def _phone(self, phone: str, place: str) -> int:
        """A state in which a phone may last."""
        state = self.made.state()
        self.made.arc(state, state, label(phone, place, stay=True))
        return state

    def _after(self, state: int, cost: float) -> None:
        """A phrase or [unk] is over: another may follow, with a pause or without."""
        self.made.arc(state, self._loop, cost=cost + EITHER)
        self.made.arc(state, self._silence, label(SILENCE), cost=cost + EITHER)


def _rounded(cost: float) -> float:
    """So that what is the same is found to be the same."""
    return round(cost, 6)
