"""The files that Vosk reads."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.recipe import export, kaldi
from models.recipe.lfmmi import Bigram
from models.recipe.network import BANDS, STRIDE, Network
from models.recipe.phones import COUNT, KALDI_PHONES
from models.recipe.phones import kaldi as number
from models.recipe.store import RATE
from models.recipe.tests.examples import (
    LEXICON,
    SHAPE,
)
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models
from voiceguide.recognition.graph import SYMBOLS, label, read_bigram
from voiceguide.recognition.lexicon import Lexicon

if TYPE_CHECKING:
    pass


def test_the_cosine_transform_is_orthonormal() -> None:
    assert np.allclose(kaldi.dct() @ kaldi.dct().T, np.eye(BANDS))
    assert np.allclose(kaldi.dct()[0], np.sqrt(1 / BANDS))


def test_kaldis_phones_are_numbered_as_the_guide_numbers_them() -> None:
    assert len(KALDI_PHONES) == 157
    for n, (phone, place) in enumerate(KALDI_PHONES, start=1):
        assert number(phone, place) == n
        assert (label(phone, place), label(phone, place, stay=True)) == (2 * n, 2 * n - 1)


@pytest.fixture(scope="module")
def network() -> Network:
    """Its norms have seen something."""
    torch.manual_seed(0)
    made = Network(SHAPE)
    made.mean.copy_(torch.linspace(5, 12, BANDS))
    made.deviation.fill_(2.5)
    for name, parameter in made.named_parameters():
        torch.nn.init.normal_(parameter, 1.0 if "norm" in name else 0.0, 0.2)
    for name, buffer in made.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.5)
        elif name.endswith("running_var"):
            buffer.uniform_(0.3, 3)
    return made.eval()


Signal = NDArray[np.float64]


def matrices(component: bytes) -> tuple[Signal, Signal]:
    """Weights and bias of a fixed affine component, read from Kaldi's binary form."""
    at = component.index(b"FM ") + 3
    rows, columns = struct.unpack("<xixi", component[at : at + 10])
    end = at + 10 + 4 * rows * columns
    bias = component.index(b"FV ", end) + 8
    weights = np.frombuffer(component[at + 10 : end], "<f4").reshape(rows, columns)
    return weights.astype(float), np.frombuffer(component[bias : bias + 4 * rows], "<f4").astype(float)


def evaluated(descriptor: str, at: int, value: Callable[[str, int], Signal]) -> Signal:
    """An nnet3 descriptor at a frame."""
    if match := re.fullmatch(r"(Append|Sum|Offset|Scale)\((.*)\)", descriptor):
        parts = re.split(r", (?![^(]*\))", match[2])
        if match[1] == "Offset":
            return evaluated(parts[0], at + int(parts[1]), value)
        if match[1] == "Scale":
            return float(parts[0]) * evaluated(parts[1], at, value)
        values = [evaluated(part, at, value) for part in parts]
        return np.concatenate(values) if match[1] == "Append" else np.sum(values, axis=0)
    return value(descriptor, at)


def test_what_vosk_computes_is_what_was_trained(network: Network) -> None:
    """The nodes of the exported network, worked out in numpy on cepstra, give what the network gives on bands."""
    steps = 5
    length = SHAPE.left + STRIDE * (steps - 1) + SHAPE.right + 1
    bands = 8 + 3 * np.random.default_rng(1).normal(size=(length, BANDS))
    cepstra = bands @ kaldi.dct().T
    nodes = {node.name: node for node in kaldi.nodes(network)}

    @cache
    def value(name: str, at: int) -> Signal:
        if name == "input":
            return np.asarray(cepstra[at])
        taken = evaluated(nodes[name].descriptor, at, value)
        component = nodes[name].component
        if component.startswith(b"<RectifiedLinearComponent>"):
            return np.maximum(taken, 0)
        if component.startswith(b"<NoOpComponent>"):
            return taken
        weights, bias = matrices(component)
        return np.asarray(weights @ taken + bias)

    last = list(nodes)[-1]
    exported = np.array([value(last, SHAPE.left + STRIDE * step) for step in range(steps)])
    with torch.no_grad():
        trained = network(torch.from_numpy(bands.astype(np.float32))[None])[0][0].numpy()
    assert np.abs(trained).max() > 1
    assert np.abs(exported - trained).max() < 1e-3


def test_vosk_takes_the_folder_even_untrained(network: Network, book: Phrasebook, tmp_path: Path) -> None:
    pairs = Bigram.of(["pause the baby", "go back"], LEXICON).pairs
    export.write_model(tmp_path, network, LEXICON, np.log(pairs))
    assert Lexicon.read(tmp_path / "graph" / "lexicon.txt").pronunciations == LEXICON
    assert np.allclose(read_bigram(tmp_path / "graph" / "phone_bigram.txt"), np.log(pairs), atol=1e-4)
    assert len(SYMBOLS) == COUNT == 40
    model = models.load(tmp_path)
    assert model.knows("pause")
    (tmp_path / "graph" / "lexicon.txt").unlink()  # then it is one for Vosk's own grammar
    recogniser = models.load(tmp_path).recogniser(Phrasebook({"go back": book.meanings["go back"]}, ()))
    recogniser.AcceptWaveform(bytes(RATE))
    assert set(json.loads(recogniser.FinalResult())["text"].split()) <= {"go", "back", "[unk]"}
