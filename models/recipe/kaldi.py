"""Writes Kaldi's binary acoustic model, which libvosk reads. (Kaldi's source: hmm/hmm-topology.cc,
hmm/transition-model.cc, nnet3/nnet-nnet.cc, nnet3/nnet-simple-component.cc.)"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recipe.network import BANDS, BYPASS, SPLICE, STRIDE, Network
from models.recipe.phones import INDEX, KALDI_PHONES

Matrix = NDArray[np.float64]


def final_mdl(network: Network) -> bytes:
    """The file ``am/final.mdl`` of a trained network."""
    return b"\0B" + _transition_model() + _nnet3(nodes(network))


def _token(name: str) -> bytes:
    return name.encode() + b" "


def _int(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _double(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def _ints(values: list[int]) -> bytes:
    return b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes()


def _vector(values: NDArray[np.floating] | list[float]) -> bytes:
    array = np.asarray(values, "<f4")
    return b"FV " + _int(len(array)) + array.tobytes()


def _matrix(values: Matrix) -> bytes:
    array = np.ascontiguousarray(values, "<f4")
    return b"FM " + _int(array.shape[0]) + _int(array.shape[1]) + array.tobytes()


def _transition_model() -> bytes:
    """One state per phone, with one output for its first frame and another for every later one. Transition
    probabilities of 0.5 cost every path the same for each frame, so training and graph ignore them."""
    count = len(KALDI_PHONES)
    out = _token("<TransitionModel>") + _token("<Topology>")
    out += _ints(list(range(1, count + 1))) + _ints([-1] + [0] * count)
    out += _int(-1) + _int(1)  # -1: the first frame has an output of its own; one topology
    out += _int(2)  # states: one that emits, and the end
    out += _int(0) + _int(1) + _int(2) + _int(0) + _float(0.5) + _int(1) + _float(0.5)
    out += _int(-1) + _int(-1) + _int(0)
    out += _token("</Topology>") + _token("<Tuples>") + _int(count)
    for number, (phone, _) in enumerate(KALDI_PHONES, start=1):
        output = 2 * INDEX[phone]
        out += _int(number) + _int(0) + _int(output) + _int(output + 1)
    out += _token("</Tuples>") + _token("<LogProbs>")
    out += _vector([0.0] + [math.log(0.5)] * (2 * count))
    return out + _token("</LogProbs>") + _token("</TransitionModel>")


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    descriptor: str
    """Its input, in nnet3's notation: Append, Offset, Sum, Scale."""
    component: bytes
    """In Kaldi's binary form."""


def _offset(name: str, frames: int) -> str:
    return f"Offset({name}, {frames})" if frames else name


def _append(name: str, *frames: int) -> str:
    return f"Append({', '.join(_offset(name, f) for f in frames)})"


def _fixed_affine(weights: Matrix, bias: Matrix) -> bytes:
    # Fixed, because CollapseModel would merge two trainable ones, and with them a bottleneck, into one matrix.
    kind = "FixedAffineComponent"
    body = _token("<LinearParams>") + _matrix(weights) + _token("<BiasParams>") + _vector(bias)
    return _token(f"<{kind}>") + body + _token(f"</{kind}>")


def _relu(dim: int) -> bytes:
    out = _token("<RectifiedLinearComponent>") + _token("<Dim>") + _int(dim)
    out += _token("<ValueAvg>") + _vector([]) + _token("<DerivAvg>") + _vector([]) + _token("<Count>") + _double(0)
    out += _token("<OderivRms>") + _vector([]) + _token("<OderivCount>") + _double(0)
    out += _token("<NumDimsSelfRepaired>") + _double(0) + _token("<NumDimsProcessed>") + _double(0)
    return out + _token("</RectifiedLinearComponent>")


def _no_op(dim: int) -> bytes:
    """Names a sum, so that later layers can take it at several offsets."""
    out = _token("<NoOpComponent>") + _token("<Dim>") + _int(dim) + _token("<BackpropScale>") + _float(1)
    return out + _token("</NoOpComponent>")


def _nnet3(nodes: list[Node]) -> bytes:
    lines = [f"input-node name=input dim={BANDS}"]
    lines += [f"component-node name={n.name} component={n.name} input={n.descriptor}" for n in nodes]
    lines += [f"output-node name=output input={nodes[-1].name} objective=linear"]
    out = _token("<Nnet3>") + b"\n" + ("\n".join(lines) + "\n\n").encode()
    out += _token("<NumComponents>") + _int(len(nodes))
    for node in nodes:
        out += _token("<ComponentName>") + _token(node.name) + node.component
    # Contexts are computed when the model is loaded. No priors: chain models use their outputs as they are.
    out += _token("</Nnet3>") + _token("<LeftContext>") + _int(0) + _token("<RightContext>") + _int(0)
    return out + _token("<Priors>") + _vector([])


def dct(n: int = BANDS) -> Matrix:
    """The orthonormal DCT-II, float64[n, n], that turns n log mel bands into n cepstra in Kaldi's MFCC."""
    k, i = np.arange(n)[:, None], np.arange(n)[None]
    matrix = np.sqrt(2 / n) * np.cos(np.pi / n * (i + 0.5) * k)
    matrix[0] = np.sqrt(1 / n)
    return np.asarray(matrix, np.float64)


def _numbers(tensor: Any) -> Matrix:
    return np.asarray(tensor.detach().cpu().double().numpy())


def _scale_and_shift(norm: Any) -> tuple[Matrix, Matrix]:
    """A batch norm in evaluation mode: y = scale x + shift."""
    scale = _numbers(norm.weight) / np.sqrt(_numbers(norm.running_var) + norm.eps)
    return scale, _numbers(norm.bias) - scale * _numbers(norm.running_mean)


def nodes(network: Network) -> list[Node]:
    """The network as nnet3's nodes. Batch norms are folded into the matrices before them; the inverse DCT and the
    normalisation of the input are folded into the first matrix, because libvosk feeds cepstra and the network was
    trained on mel bands."""
    units = network.shape.units
    weights, cepstra = _numbers(network.first.weight).reshape(units, BANDS, -1), dct()
    mean, deviation = _numbers(network.mean), _numbers(network.deviation)
    scale, shift = _scale_and_shift(network.first_norm)
    frames = range(weights.shape[2])
    from_cepstra = np.concatenate([weights[:, :, k] / deviation @ cepstra.T for k in frames], axis=1)
    bias = -sum(weights[:, :, k] @ (mean / deviation) for k in frames)
    splice = _append("input", *range(-SPLICE, SPLICE + 1))
    made = [
        Node("first", splice, _fixed_affine(scale[:, None] * from_cepstra, scale * bias + shift)),
        Node("first.relu", "first", _relu(units)),
    ]
    before = "first.relu"
    layers = zip(network.shape.layers, network.squeeze, network.widen, network.norm, strict=True)
    for number, ((left, right), linear, affine, norm) in enumerate(layers, start=1):
        name, squeeze, widen = f"layer{number}", _numbers(linear.weight), _numbers(affine.weight)
        scale, shift = _scale_and_shift(norm)
        behind = _append(before, -STRIDE * left, 0)
        ahead = _append(f"{name}.linear", 0, STRIDE * right) if right else f"{name}.linear"
        made += [
            Node(f"{name}.linear", behind, _fixed_affine(squeeze, np.zeros(len(squeeze)))),
            Node(f"{name}.affine", ahead, _fixed_affine(scale[:, None] * widen, shift)),
            Node(f"{name}.relu", f"{name}.affine", _relu(units)),
            Node(f"{name}.sum", f"Sum({name}.relu, Scale({BYPASS}, {before}))", _no_op(units)),
        ]
        before = f"{name}.sum"
    scale, shift = _scale_and_shift(network.last_norm)
    weights, bias = _numbers(network.output.weight), _numbers(network.output.bias)
    made.append(Node("logits", before, _fixed_affine(weights * scale[None], bias + weights @ shift)))
    return made
