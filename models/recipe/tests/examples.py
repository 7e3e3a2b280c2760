"""What the tests of the recipe share: a small lexicon and network, and sounds that can be told apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from models.recipe import store
from models.recipe.augment import Augmenter
from models.recipe.network import Shape
from models.recipe.sound import Sound
from models.recipe.store import RATE, Utterance

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[3]
BOX = ROOT / "models" / "voiceguide-en"
CORPUS = ROOT.parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no recordings in {CORPUS}")


LEXICON = {
    "pause": (("P", "AO", "Z"),),
    "go": (("G", "OW"),),
    "back": (("B", "AE", "K"),),
    "the": (("DH", "AH"), ("DH", "IY")),
    "a": (("AH",),),
    "baby": (("B", "EY", "B", "IY"),),
}


SHAPE = Shape(units=24, bottleneck=8, layers=((1, 1), (2, 0)))


def tone(hertz: float, seconds: float, loud: float = 0.5) -> store.Pcm:
    return store.normalised(loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE))


def sound(*items: tuple[store.Pcm, Utterance]) -> Sound:
    pcm = np.concatenate([pcm for pcm, _ in items])
    at = np.cumsum([0, *(len(pcm) for pcm, _ in items)])
    rows = [Utterance(int(at[n]), len(p), u.text, u.kind, u.voice, u.phones) for n, (p, u) in enumerate(items)]
    return Sound([store.Shard(pcm, tuple(rows))], CPU)


@cache
def tones() -> tuple[Sound, Sound]:
    """Speech is a tone of 500 Hz, noise one of 3 kHz: they can be told apart whatever is done to them."""
    speech = [(tone(500, 1.0 + 0.1 * k), Utterance(0, 0, "go back", "espeak", f"v{k}")) for k in range(6)]
    noise = [(tone(3000, 2.0), Utterance(0, 0, "", kind, "n")) for kind in ("cries", "kitchen", "guide", "rain")]
    return sound(*speech), sound(*noise)


@cache
def augmenter() -> Augmenter:
    return Augmenter(*tones(), SHAPE, CPU, seed=3)


def spectrum(wave: NDArray[np.float64]) -> float:
    """The strongest frequency."""
    return float(np.fft.rfftfreq(len(wave), 1 / RATE)[np.abs(np.fft.rfft(wave)).argmax()])


def write_pack(folder: Path, name: str, items: Sequence[tuple[store.Pcm, str, str, str]]) -> None:
    """A pack in ``folder``/packs of (sound, kind, text, voice)."""
    (folder / "packs").mkdir(parents=True, exist_ok=True)
    gap, offset, rows, pieces = np.zeros(RATE // 10, np.int16), 0, [], []
    for pcm, kind, text, voice in items:
        rows.append(json.dumps([kind, text, voice, offset, len(pcm)]))
        pieces += [pcm, gap]
        offset += len(pcm) + len(gap)
    path = folder / "packs" / f"{name}.opus"
    soundfile.write(path, np.concatenate(pieces), RATE, format="OGG", subtype="OPUS")
    path.with_suffix(".jsonl").write_text("\n".join(rows) + "\n", "utf-8")
