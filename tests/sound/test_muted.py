"""A muted microphone is told, a quiet room and a lost one aren't."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from voiceguide.sound import BLOCK, RATE, Block, Kind, Pcm
from voiceguide.sound.muted import MUTED_S, MuteNoticed
from voiceguide.sound.room import Room

SECOND = RATE // BLOCK + 1
HISS: Pcm = np.tile(np.array([1, -2, 0, 3], np.int16), BLOCK // 4)
MUTED: Pcm = np.zeros(BLOCK, np.int16)
NONE: frozenset[Kind] = frozenset()


@dataclass
class Microphone:
    """A Sound that gives these blocks."""

    blocks: Iterator[tuple[Pcm, frozenset[Kind]]]
    delay = 0.0
    at: float = field(default=0.0)

    def open(self, fill: Callable[[int], Pcm]) -> None: ...

    def read(self) -> Block:
        pcm, lost = next(self.blocks)
        self.at += BLOCK / RATE
        return Block(pcm, self.at, MUTED, lost)

    def close(self) -> None: ...

    def troubles(self) -> list[str]:
        return []


def told(*spans: tuple[float, Pcm, frozenset[Kind]]) -> list[str]:
    """What is told of a microphone that gives such blocks for so many seconds each."""
    lines: list[str] = []
    blocks = [(pcm, lost) for seconds, pcm, lost in spans for _ in range(round(seconds * SECOND))]
    sound = MuteNoticed(Microphone(iter(blocks)), lines.append)
    for _ in blocks:
        sound.read()
    return lines


@pytest.mark.parametrize(
    ("spans", "times"),
    [
        ([(100.0, MUTED, NONE)], 1),
        ([(5.0, HISS, NONE), (40.0, MUTED, NONE), (5.0, HISS, NONE), (40.0, MUTED, NONE)], 1),
        ([(25.0, MUTED, NONE), (0.1, HISS, NONE), (25.0, MUTED, NONE)], 0),
        ([(100.0, HISS, NONE)], 0),
        ([(100.0, MUTED, frozenset[Kind]({"microphone"}))], 0),
        ([(100.0, MUTED, frozenset[Kind]({"speaker"}))], 1),
    ],
    ids=["muted", "twice", "now and then", "hiss", "lost", "speaker lost"],
)
def test_a_muted_microphone_is_told_once(spans: list[tuple[float, Pcm, frozenset[Kind]]], times: int) -> None:
    lines = told(*spans)
    assert len(lines) == times
    assert all("is it muted?" in line for line in lines)


def test_a_quiet_room_is_not_muted() -> None:
    lines: list[str] = []
    room = Room()
    sound = MuteNoticed(room, lines.append)
    sound.open(lambda n: np.zeros(n, np.int16))
    while room.now < MUTED_S + 5:
        sound.read()
    assert not lines
