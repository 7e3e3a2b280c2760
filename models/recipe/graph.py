"""Writes the graphs that libvosk composes with a grammar at run time: ``HCLr.fst``, the lexicon, and ``Gr.fst``, a
loop over all words. Phones have one state and no context, so a prefix tree of the pronunciations needs no
determinising."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recipe.phones import KALDI_PHONES, PLACES, Pronunciations, kaldi
from voiceguide.recognition import fst
from voiceguide.recognition.graph import DROP, SILENCE, SYMBOLS, UNKNOWN, label
from voiceguide.recognition.lexicon import PHONES

UNKNOWN_SCALE = 0.7
"""The weight of the phone bigram in the ``[unk]`` loop. The lower it is, the more the loop absorbs."""
_HALF = math.log(2.0)
_ADD_ON_MAGIC = 446681434


def write_graph(folder: Path, lexicon: Pronunciations, pairs: NDArray[np.float64]) -> None:
    """Write ``graph/`` of a model folder.

    ``pairs``: float64[40, 40], log probability of a phone (column) after another (row), silence first."""
    graph = folder / "graph"
    (graph / "phones").mkdir(parents=True, exist_ok=True)
    # In the order of their pronunciations, so that the words below a node have consecutive numbers.
    words = [*sorted(lexicon, key=lambda word: lexicon[word][0]), UNKNOWN]
    number = {word: n for n, word in enumerate(words, start=1)}
    (graph / "HCLr.fst").write_bytes(_lookahead(_lexicon(lexicon, number, pairs), len(words)))
    (graph / "Gr.fst").write_bytes(_any_words(number).const())
    (graph / "words.txt").write_text("<eps> 0\n" + "".join(f"{w} {n}\n" for w, n in number.items()), "utf-8")
    (graph / "disambig_tid.int").write_text(f"{2 * len(KALDI_PHONES) + 1}\n")
    lines = ["1 nonword", *(f"{kaldi(phone, place)} {PLACES[place]}" for phone, place in KALDI_PHONES[1:])]
    (graph / "phones" / "word_boundary.int").write_text("\n".join(lines) + "\n")


def _any_words(number: Mapping[str, int]) -> fst.Transducer:
    """One state with an arc for each word."""
    made = fst.Transducer()
    loop = made.state()
    made.final[loop] = 0.0
    known = -math.log(0.9 / (len(number) - 1))
    for word, n in number.items():
        made.arc(loop, loop, n, n, -math.log(0.1) if word == UNKNOWN else known)
    return made


def _lexicon(lexicon: Pronunciations, number: Mapping[str, int], pairs: NDArray[np.float64]) -> fst.Transducer:
    """The arc into a phone has the transition of its first frame, and the state has the self-loop. The last phone of
    a word has a number of its own, so no word is a prefix of another."""
    made = fst.Transducer()
    start, loop, silence = (made.state() for _ in range(3))
    made.final[loop] = 0.0
    made.arc(start, loop, cost=_HALF)
    made.arc(start, silence, label(SILENCE), cost=_HALF)
    made.arc(silence, silence, label(SILENCE, stay=True))
    made.arc(silence, loop)

    def state(phone: str, place: str) -> int:
        at = made.state()
        made.arc(at, at, label(phone, place, stay=True))
        return at

    ends: dict[tuple[str, str], int] = {}

    def end(phone: str, place: str) -> int:
        if (phone, place) not in ends:
            at = ends[phone, place] = state(phone, place)
            made.arc(at, loop, cost=_HALF)
            made.arc(at, silence, label(SILENCE), cost=_HALF)
        return ends[phone, place]

    tree: dict[tuple[str, ...], int] = {(): loop}
    for word, ways in lexicon.items():
        for way in dict.fromkeys(ways):
            *most, last = way
            for depth, phone in enumerate(most):
                path = way[: depth + 1]
                if path not in tree:
                    place = "I" if depth else "B"
                    tree[path] = state(phone, place)
                    made.arc(tree[path[:-1]], tree[path], label(phone, place))
            place = "E" if most else "S"
            made.arc(tree[way[:-1]], end(last, place), label(last, place), number[word])

    begin = {phone: state(phone, "B") for phone in PHONES}
    inside = {phone: state(phone, "I") for phone in PHONES}
    cost = -UNKNOWN_SCALE * pairs
    for p, before in enumerate(SYMBOLS[1:], start=1):
        made.arc(loop, begin[before], label(before, "B"), number[UNKNOWN], cost[0, p])
        for q, phone in enumerate(SYMBOLS[1:], start=1):
            if cost[p, q] <= DROP:
                for at in (begin[before], inside[before]):
                    made.arc(at, inside[phone], label(phone, "I"), cost=cost[p, q])
                    made.arc(at, end(phone, "E"), label(phone, "E"), cost=cost[p, q] + _HALF)
    return made


def _lookahead(made: fst.Transducer, words: int) -> bytes:
    """OpenFst's "olabel_lookahead" FST: a const FST with the set of words that can come next from each state."""
    body = made.const(by="output")
    known = fst.EXPANDED | fst.NO_ACCEPTOR | fst.BY_OUTPUT
    out = io.BytesIO()
    out.write(fst.header("olabel_lookahead", 1, known, -1, 0, 0))
    out.write(struct.pack("<i", _ADD_ON_MAGIC) + body)
    # The add-on: nothing for the input side; for the output side reachability without relabelling.
    out.write(b"\1\0\1\0\0")
    out.write(struct.pack("<iq", words + 1, made.states))
    written: dict[int, bytes] = {}
    for labels in _reachable(made, words + 1):
        if labels not in written:
            intervals = list(_intervals(labels))
            packed = b"".join(struct.pack("<ii", *interval) for interval in intervals)
            written[labels] = struct.pack("<q", len(intervals)) + packed + struct.pack("<i", labels.bit_count())
        out.write(written[labels])
    return out.getvalue()


def _reachable(made: fst.Transducer, final_label: int) -> list[int]:
    """For each state a bit set of the words that can come next from it, with ``final_label`` if a path can end.

    Uses Tarjan's strongly connected components, which come out in reverse topological order."""
    states = made.states
    own, successors = [0] * states, [list[int]() for _ in range(states)]
    for source, target, _, word, _ in made.arcs:
        if word:
            own[source] |= 1 << word
        elif source != target:
            successors[source].append(target)
    for final in made.final:
        own[final] |= 1 << final_label
    order, low, result = [-1] * states, [0] * states, [0] * states
    on_stack, stack, counter = [False] * states, list[int](), 0
    for root in range(states):
        if order[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            at, child = work.pop()
            if child == 0:
                order[at] = low[at] = counter
                counter += 1
                stack.append(at)
                on_stack[at] = True
            deeper = False
            for k in range(child, len(successors[at])):
                to = successors[at][k]
                if order[to] < 0:
                    work += [(at, k + 1), (to, 0)]
                    deeper = True
                    break
                if on_stack[to]:
                    low[at] = min(low[at], order[to])
            if deeper:
                continue
            if low[at] == order[at]:
                component: list[int] = []
                while not component or component[-1] != at:
                    component.append(stack.pop())
                    on_stack[component[-1]] = False
                labels = 0
                for member in component:
                    labels |= own[member]
                    for to in successors[member]:
                        labels |= result[to]
                for member in component:
                    result[member] = labels
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[at])
    return result


def _intervals(labels: int) -> Iterable[tuple[int, int]]:
    """The half-open runs of ones in a bit set."""
    bits, at = bin(labels)[2:][::-1], 0
    while (begin := bits.find("1", at)) >= 0:
        at = bits.find("0", begin)
        at = len(bits) if at < 0 else at
        yield begin, at
