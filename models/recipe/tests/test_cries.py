"""The training of the ear for crying."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.recipe.cries import CLIP, Examples, Network, Recording, export, spectra, train
from models.recipe.noises import noise
from voiceguide.hearing.crying import LOOKS, SAMPLES, STEP, CryNetwork


def test_the_network_in_numpy_is_the_one_that_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Network().eval()
    export(network, tmp_path / "weights.npz")
    ear = CryNetwork.load(tmp_path / "weights.npz")
    pcm = (noise("crying", 5.0, np.random.default_rng(1)) * 8000).astype(np.int16)[:CLIP]
    with torch.no_grad():
        (wanted,) = network(spectra(torch.from_numpy(pcm.astype(np.float32))[None]))[0].numpy()
    found = ear.judge([ear.look(pcm[n * STEP : n * STEP + SAMPLES]) for n in range(LOOKS)])
    assert found == pytest.approx(wanted, abs=1e-3)


def test_a_little_training_tells_crying_from_a_vacuum_cleaner(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    kinds = {"cry": "crying", "speech": "singing", "noise": "vacuum"}
    found = [
        Recording((noise(made, 8.0, rng) * 32767).astype(np.int16), kind, f"{kind} {n}")
        for kind, made in kinds.items()
        for n in range(32)
    ]
    assert {one.kind for one in found if one.watched} == set(kinds), "some of each are watched"
    network = train(Examples.of(found, 320, seed=1), Examples.of(found, 64, seed=2), steps=40).eval()
    with torch.no_grad():
        cry, other = (
            float(
                network(spectra(torch.from_numpy(noise(kind, CLIP / 16000, np.random.default_rng(9)))[None] * 8000))[
                    0
                ]
            )
            for kind in ("crying", "vacuum")
        )
    assert cry > other
