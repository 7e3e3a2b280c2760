"""Writes the graph that libvosk composes with a grammar at run time: the lexicon as ``HCLr.fst``, every word as
``Gr.fst``. Phones have one state and no context, so nothing needs determinising: a tree over the pronunciations."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recipe.phones import COUNT, INDEX, KALDI_PHONES, POSITIONS, enter, kaldi, stay

Arc = tuple[int, int, int, int, float]
"""From, to, input label (transition id), output label (word), weight (-log probability)."""
Pronunciations = dict[str, list[tuple[str, ...]]]

UNKNOWN = "[unk]"
UNKNOWN_SCALE = 0.7
"""How much of the phone pairs' probability the loop of ``[unk]`` counts: less makes it absorb more."""
_DROPPED = 12.0
"""Weight above which a phone pair is left out of that loop."""
_HALF = math.log(2.0)

_MAGIC, _ADD_ON_MAGIC = 2125659606, 446681434
_EXPANDED, _ACCEPTOR, _NOT_ACCEPTOR = 0x1, 0x10000, 0x20000
_INPUT_SORTED, _OUTPUT_SORTED = 0x10000000, 0x40000000


def write_graph(folder: Path, lexicon: Pronunciations, pairs: NDArray[np.float64]) -> None:
    """Write ``graph/`` of a model folder.

    ``pairs``: float64[40, 40], log probability of a phone (column) after another (row), silence first."""
    graph = folder / "graph"
    (graph / "phones").mkdir(parents=True, exist_ok=True)
    # In the order of their pronunciations, so that the words below a node have numbers in a row.
    words = [*sorted(lexicon, key=lambda word: lexicon[word][0]), UNKNOWN]
    number = {word: n for n, word in enumerate(words, start=1)}
    states, arcs, final = _lexicon_arcs(lexicon, number, pairs)
    (graph / "HCLr.fst").write_bytes(_lookahead(states, 0, arcs, final, len(words)))
    known = -math.log(0.9 / len(lexicon))
    loop = [(0, 0, n, n, -math.log(0.1) if word == UNKNOWN else known) for word, n in number.items()]
    (graph / "Gr.fst").write_bytes(_const(1, 0, loop, 0, by_output=False)[0])
    (graph / "words.txt").write_text("<eps> 0\n" + "".join(f"{w} {n}\n" for w, n in number.items()), "utf-8")
    (graph / "disambig_tid.int").write_text(f"{2 * KALDI_PHONES + 1}\n")
    kinds = dict(zip(POSITIONS, ("begin", "end", "internal", "singleton"), strict=True))
    lines = ["1 nonword"]
    lines += [f"{kaldi(p, position)} {kinds[position]}" for p in range(1, COUNT) for position in POSITIONS]
    (graph / "phones" / "word_boundary.int").write_text("\n".join(lines) + "\n")


def _lexicon_arcs(lexicon: Pronunciations, number: dict[str, int], pairs: NDArray[np.float64]) -> tuple[int, list[Arc], int]:
    """States, arcs, and the final state. Each arc into a phone has its first frame's transition, and its state the
    self-loop; a word's last phone has a number of its own, so that no word is a prefix of another."""
    arcs: list[Arc] = []
    states = 3
    start, loop, silence = range(3)
    quiet = kaldi(0)
    arcs += [(start, loop, 0, 0, _HALF), (start, silence, enter(quiet), 0, _HALF)]
    arcs += [(silence, silence, stay(quiet), 0, 0.0), (silence, loop, 0, 0, 0.0)]

    def state(phone: int, position: str) -> int:
        nonlocal states
        arcs.append((states, states, stay(kaldi(phone, position)), 0, 0.0))
        states += 1
        return states - 1

    ends: dict[tuple[int, str], int] = {}

    def end(phone: int, position: str) -> int:
        if (phone, position) not in ends:
            at = ends[phone, position] = state(phone, position)
            arcs.extend([(at, loop, 0, 0, _HALF), (at, silence, enter(quiet), 0, _HALF)])
        return ends[phone, position]

    tree: dict[tuple[int, ...], int] = {(): loop}
    for word, ways in lexicon.items():
        for way in dict.fromkeys(ways):
            *most, last = (INDEX[phone] for phone in way)
            for depth, phone in enumerate(most):
                path = tuple(most[: depth + 1])
                if path not in tree:
                    position = "I" if depth else "B"
                    tree[path] = state(phone, position)
                    arcs.append((tree[path[:-1]], tree[path], enter(kaldi(phone, position)), 0, 0.0))
            position = "E" if most else "S"
            arcs.append((tree[tuple(most)], end(last, position), enter(kaldi(last, position)), number[word], 0.0))

    unknown = number[UNKNOWN]
    begin = [-1] + [state(p, "B") for p in range(1, COUNT)]
    inside = [-1] + [state(p, "I") for p in range(1, COUNT)]
    for p in range(1, COUNT):
        arcs.append((loop, begin[p], enter(kaldi(p, "B")), unknown, -UNKNOWN_SCALE * pairs[0, p]))
        for q in range(1, COUNT):
            weight = -UNKNOWN_SCALE * pairs[p, q]
            if weight <= _DROPPED:
                for at in (begin[p], inside[p]):
                    arcs.append((at, inside[q], enter(kaldi(q, "I")), 0, weight))
                    arcs.append((at, end(q, "E"), enter(kaldi(q, "E")), 0, weight + _HALF))
    return states, arcs, loop


def _string(text: str) -> bytes:
    return struct.pack("<i", len(text)) + text.encode()


def _header(kind: str, version: int, properties: int, start: int, states: int, arcs: int) -> bytes:
    head = struct.pack("<i", _MAGIC) + _string(kind) + _string("standard")
    return head + struct.pack("<iiQqqq", version, 0, properties, start, states, arcs)


def _const(states: int, start: int, arcs: list[Arc], final: int, *, by_output: bool) -> tuple[bytes, int]:
    """An OpenFst "const" FST, and its properties."""
    labels = np.array([arc[:4] for arc in arcs], np.int64)
    weights = np.array([arc[4] for arc in arcs], np.float32)
    first, second = (labels[:, 3], labels[:, 2]) if by_output else (labels[:, 2], labels[:, 3])
    order = np.lexsort((second, first, labels[:, 0]))
    labels, weights = labels[order], weights[order]
    count = np.bincount(labels[:, 0], minlength=states)
    table = np.zeros(states, [("final", "<f4"), ("at", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
    table["final"] = np.inf
    table["final"][final] = 0
    table["at"], table["arcs"] = np.cumsum(count) - count, count
    table["in_eps"] = np.bincount(labels[labels[:, 2] == 0, 0], minlength=states)
    table["out_eps"] = np.bincount(labels[labels[:, 3] == 0, 0], minlength=states)
    rows = np.zeros(len(labels), [("in", "<i4"), ("out", "<i4"), ("weight", "<f4"), ("to", "<i4")])
    rows["in"], rows["out"], rows["weight"], rows["to"] = labels[:, 2], labels[:, 3], weights, labels[:, 1]
    if (labels[:, 2] == labels[:, 3]).all():
        properties = _EXPANDED | _ACCEPTOR | _INPUT_SORTED | _OUTPUT_SORTED
    else:
        properties = _EXPANDED | _NOT_ACCEPTOR | (_OUTPUT_SORTED if by_output else _INPUT_SORTED)
    head = _header("const", 2, properties, start, states, len(labels))
    return head + table.tobytes() + rows.tobytes(), properties


def _lookahead(states: int, start: int, arcs: list[Arc], final: int, words: int) -> bytes:
    """OpenFst's "olabel_lookahead" FST: a const one, with which words can be met next from each state."""
    body, properties = _const(states, start, arcs, final, by_output=True)
    out = io.BytesIO()
    out.write(_header("olabel_lookahead", 1, properties, -1, 0, 0))
    out.write(struct.pack("<i", _ADD_ON_MAGIC) + body)
    out.write(b"\1\0\1\0\0")  # has an add-on, none for input, one for output; it reaches by output, keeps no relabelling
    out.write(struct.pack("<iq", words + 1, states))
    written: dict[int, bytes] = {}
    for labels in _reachable(states, arcs, final, words + 1):
        if labels not in written:
            intervals = list(_intervals(labels))
            packed = b"".join(struct.pack("<ii", *interval) for interval in intervals)
            written[labels] = struct.pack("<q", len(intervals)) + packed + struct.pack("<i", labels.bit_count())
        out.write(written[labels])
    return out.getvalue()


def _reachable(states: int, arcs: list[Arc], final: int, final_label: int) -> list[int]:
    """For each state the words that can come first from it, as a bit set; ``final_label`` where it can end.

    Tarjan's strongly connected components, which come out in an order in which what they lead to is known."""
    own, successors = [0] * states, [list[int]() for _ in range(states)]
    for source, target, _, word, _ in arcs:
        if word:
            own[source] |= 1 << word
        elif source != target:
            successors[source].append(target)
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
                component = []
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
