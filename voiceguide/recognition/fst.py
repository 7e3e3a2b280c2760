"""Writes finite-state transducers as OpenFst does: the file type "const" with arcs of the type "standard".

OpenFst itself is not needed. Vosk reads such a file as graph/HCLG.fst or graph/Gr.fst of a model.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

MAGIC = 2125659606
"""The first four bytes of every file of OpenFst, little-endian."""
EXPANDED, ACCEPTOR, NO_ACCEPTOR, BY_INPUT, BY_OUTPUT = 0x1, 0x10000, 0x20000, 0x10000000, 0x40000000
"""Properties that are known of a transducer, as OpenFst numbers them."""
EPSILON = 0
"""The label of an arc that reads, or writes, nothing."""

_STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("no_input", "<u4"), ("no_output", "<u4")])
_ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("weight", "<f4"), ("target", "<i4")])


@dataclass(slots=True)
class Transducer:
    """States and arcs, to be added one by one. Weights are costs: negative natural logarithms of probabilities."""

    start: int = 0
    states: int = 0
    final: dict[int, float] = field(default_factory=dict)
    """The states in which a path may end, and what ending there costs."""
    arcs: list[tuple[int, int, int, int, float]] = field(default_factory=list)
    """From which state, to which, the label that is read, the label that is written, the cost."""

    def state(self) -> int:
        """A new state."""
        self.states += 1
        return self.states - 1

    def arc(self, source: int, target: int, read: int = EPSILON, write: int = EPSILON, cost: float = 0.0) -> None:
        """A new arc."""
        self.arcs.append((source, target, read, write, cost))

    def const(self, *, by: Literal["input", "output"] = "input") -> bytes:
        """The file, with the arcs of each state sorted by what they read (``input``) or write (``output``).

        Raises ValueError where an arc or the start is at no state, or a label is negative."""
        return const(np.array(self.arcs, _ROW), states=self.states, start=self.start, final=self.final, by=by)


_ROW = np.dtype([("source", "<i8"), ("target", "<i8"), ("input", "<i4"), ("output", "<i4"), ("weight", "<f4")])


def const(
    arcs: np.ndarray[tuple[int], np.dtype[np.void]],
    *,
    states: int,
    start: int,
    final: Mapping[int, float],
    by: Literal["input", "output"],
) -> bytes:
    """See ``Transducer.const``. ``arcs``: structured[n], fields source, target, input, output, weight."""
    at_no_state = any(((arcs[end] < 0) | (arcs[end] >= states)).any() for end in ("source", "target"))
    if at_no_state or not all(0 <= state < states for state in (start, *final)):
        raise ValueError(f"an arc, the start or an end is at none of the {states} states")
    if (arcs["input"] < 0).any() or (arcs["output"] < 0).any():
        raise ValueError("a label is negative")
    other = "output" if by == "input" else "input"
    arcs = arcs[np.lexsort((arcs["target"], arcs[other], arcs[by], arcs["source"]))]
    table = np.zeros(states, _STATE)
    table["final"] = np.inf
    for state, cost in final.items():
        table["final"][state] = cost
    count = np.bincount(arcs["source"], minlength=states)
    table["first"] = np.cumsum(count) - count
    table["arcs"] = count
    for name, label in (("no_input", "input"), ("no_output", "output")):
        table[name] = np.bincount(arcs["source"][arcs[label] == EPSILON], minlength=states)
    packed = np.zeros(len(arcs), _ARC)
    for name in ("input", "output", "weight", "target"):
        packed[name] = arcs[name]
    return header("const", 2, properties(arcs, by=by), start, states, len(arcs)) + table.tobytes() + packed.tobytes()


def properties(arcs: np.ndarray[tuple[int], np.dtype[np.void]], *, by: Literal["input", "output"]) -> int:
    """What is known of sorted arcs. Of an acceptor both sides are sorted, as they are the same."""
    if bool((arcs["input"] == arcs["output"]).all()):
        return EXPANDED | ACCEPTOR | BY_INPUT | BY_OUTPUT
    return EXPANDED | NO_ACCEPTOR | (BY_INPUT if by == "input" else BY_OUTPUT)


def header(kind: str, version: int, known: int, start: int, states: int, arcs: int) -> bytes:
    """What every file of OpenFst begins with. ``kind``: the file type; ``known``: the properties."""
    names = b"".join(struct.pack("<i", len(name)) + name.encode() for name in (kind, "standard"))
    return struct.pack("<i", MAGIC) + names + struct.pack("<iiQqqq", version, 0, known, start, states, arcs)
