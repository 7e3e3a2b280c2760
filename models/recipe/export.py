"""Writes the model folder that Vosk loads, from a trained network and a lexicon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.recipe.bands import HIGH_HZ, LOW_HZ
from models.recipe.graph import write_graph
from models.recipe.kaldi import final_mdl
from models.recipe.network import BANDS, STRIDE, Network
from models.recipe.phones import Pronunciations
from models.recipe.store import RATE
from voiceguide.recognition.graph import SYMBOLS

_MFCC = {
    "sample-frequency": RATE,
    "use-energy": "false",
    "num-mel-bins": BANDS,
    "num-ceps": BANDS,
    "low-freq": LOW_HZ,
    "high-freq": HIGH_HZ,
    "dither": 0,  # with Kaldi's default of 1, results differ from run to run
    "allow-downsample": "true",
    "cepstral-lifter": 0,
}
_DECODER = {
    "min-active": 200,
    "max-active": 3000,
    "beam": 9.0,  # 11 is no more accurate, and takes a sixth more computing in noise
    "lattice-beam": 2.0,  # 4 ran into the memory limit in the [unk] loop, and was no more accurate
    "acoustic-scale": 1.0,
    "frame-subsampling-factor": STRIDE,
    "frames-per-chunk": 9,  # decisions at most 90 ms late; 6 takes a fifth more computing to save 30 ms
    "endpoint.silence-phones": 1,
    "endpoint.rule2.min-trailing-silence": 0.5,
    "endpoint.rule3.min-trailing-silence": 0.75,
    "endpoint.rule4.min-trailing-silence": 1.0,
}


def write_model(
    folder: Path,
    network: Network,
    lexicon: Pronunciations,
    pairs: NDArray[np.float64],
) -> None:
    """Write the model folder. ``pairs``: float64[40, 40], log P(column's phone | row's phone)."""
    for name in ("am", "conf"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "am" / "final.mdl").write_bytes(final_mdl(network.eval()))
    for name, options in (("mfcc", _MFCC), ("model", _DECODER)):
        text = "".join(f"--{key}={value}\n" for key, value in options.items())
        (folder / "conf" / f"{name}.conf").write_text(text)
    write_graph(folder, lexicon, pairs)
    lines = [f"{word} {' '.join(way)}" for word in sorted(lexicon) for way in dict.fromkeys(lexicon[word])]
    (folder / "graph" / "lexicon.txt").write_text("\n".join(lines) + "\n", "utf-8")
    rows = [" ".join(SYMBOLS), *(" ".join(f"{value:.4f}" for value in row) for row in pairs)]
    (folder / "graph" / "phone_bigram.txt").write_text("\n".join(rows) + "\n")
