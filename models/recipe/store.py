"""Sound on disk: shards of 16 kHz PCM with a line for each utterance. A shard is there whole, or not at all."""

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
"""Of full scale, at which everything is stored; training draws the level."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A piece of sound in a shard. ``phones``: where known, each phone's index and when it ends, in seconds."""

    offset: int
    samples: int
    text: str
    """What is said, in words of the lexicon; empty: no speech."""
    kind: str
    """The engine or corpus it comes from; the kind of noise."""
    voice: str
    """Who speaks: a synthetic voice, a speaker, or the recording where the speaker is not known."""
    phones: tuple[tuple[int, float], ...] = ()
    corpus: str = ""
    """The public corpus it comes from, if any."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard as it was read: ``pcm`` is mapped, not loaded."""

    pcm: Pcm
    utterances: tuple[Utterance, ...]


def normalised(sound: NDArray[Any]) -> Pcm:
    """A mono sound of any scale as PCM at PEAK."""
    samples = np.asarray(sound, np.float64)
    peak = float(np.abs(samples).max(initial=1e-9))
    return np.round(samples * (PEAK * 32767 / peak)).astype(np.int16)


def exists(folder: Path, name: str) -> bool:
    return (folder / f"{name}.jsonl").exists()


def write(folder: Path, name: str, items: Iterable[tuple[Pcm, Utterance]]) -> None:
    """Write a shard. The offset and length of each utterance are filled in."""
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
    part.rename(folder / f"{name}.jsonl")  # what comes last makes it whole


def read(folder: Path) -> Iterator[Shard]:
    """Every whole shard of a folder, by name."""
    for index in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
        utterances = tuple(Utterance(**row | {"phones": tuple((p, t) for p, t in row["phones"])}) for row in rows)
        if utterances:
            yield Shard(np.memmap(index.with_suffix(".pcm"), np.int16, mode="r"), utterances)
