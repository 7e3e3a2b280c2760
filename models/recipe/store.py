"""Sound on disk: shards of 16 kHz PCM, with a line of JSON for each utterance. A shard is complete or does not
exist."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16000
Pcm = NDArray[np.int16]
PEAK = 0.5
"""The peak at which everything is stored, full scale being 1. Training draws its own level."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of sound in a shard. ``phones``: if known, each phone's index and its end in seconds."""

    offset: int
    samples: int
    text: str
    """What is said, in lower-case words; empty if nothing is."""
    kind: str
    """The synthesiser, the kind of recording, or the kind of noise."""
    voice: str
    """Who speaks: a synthetic voice or a speaker; if the speaker is not known, the recording."""
    phones: tuple[tuple[int, float], ...] = ()
    corpus: str = ""
    """The public corpus it comes from, if any."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that was read. ``pcm`` is memory-mapped."""

    pcm: Pcm
    utterances: tuple[Utterance, ...]


def normalised(sound: NDArray[Any]) -> Pcm:
    """A mono sound of any scale, as PCM with its peak at PEAK."""
    samples = np.asarray(sound, np.float64)
    peak = float(np.abs(samples).max(initial=1e-9))
    return np.round(samples * (PEAK * 32767 / peak)).astype(np.int16)


def exists(folder: Path, name: str) -> bool:
    return (folder / f"{name}.jsonl").exists()


def write(folder: Path, name: str, items: Iterable[tuple[Pcm, Utterance]]) -> None:
    """Write a shard, filling in the offset and length of each utterance."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, offset = [], 0
    with (folder / f"{name}.pcm").open("wb") as pcm:
        for sound, utterance in items:
            pcm.write(sound.tobytes())
            row = asdict(utterance) | {"offset": offset, "samples": len(sound)}
            lines.append(json.dumps(row))
            offset += len(sound)
    part = folder / f"{name}.part"
    part.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    part.rename(folder / f"{name}.jsonl")  # last: this completes the shard


def read(folder: Path) -> Iterator[Shard]:
    """Every complete shard of a folder that is not empty, by name."""
    for index in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
        utterances = tuple(Utterance(**row | {"phones": tuple((p, t) for p, t in row["phones"])}) for row in rows)
        if utterances:
            yield Shard(np.memmap(index.with_suffix(".pcm"), np.int16, mode="r"), utterances)
