"""Reads the network of a model folder that this recipe wrote, so that it can be trained further."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.recipe.errors import RecipeError
from models.recipe.kaldi import dct, final_mdl
from models.recipe.network import BANDS, STRIDE, Network, Shape

Matrices = dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Weights and bias of each affine component."""

_LAYER = re.compile(r"name=layer(\d+)\.linear .*input=Append\(Offset\(\S+, -(\d+)\), \S+\)")
_AHEAD = re.compile(r"name=layer(\d+)\.affine .*input=(Append\(.*Offset\(\S+, \d+\)\)|\S+)$")


def read_network(folder: Path) -> Network:
    """The network of a model folder, in evaluation mode: its outputs are those that Vosk computes. The batch norms
    and the mean of the bands stay folded into the matrices: ``settle`` restores them.

    Raises RecipeError if this recipe did not write the model."""
    path = folder / "am" / "final.mdl"
    try:
        return _read(path.read_bytes())
    except OSError as error:
        raise RecipeError(f"cannot read the model to start from: {error}") from error
    except (ValueError, KeyError, IndexError, RuntimeError, struct.error) as error:
        raise RecipeError(f"{path} is not a model of this recipe: {error}") from error


def between(folder: Path, trained: Network, part: float) -> Network:
    """The weights interpolated this ``part`` of the way from the model in ``folder`` to ``trained``, which was
    trained further from it; in evaluation mode. (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR
    2022.)

    Raises RecipeError if this recipe did not write the model in the folder."""
    begun, ended = read_network(folder), _read(final_mdl(trained))
    for name, value in begun.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(ended.state_dict()[name], part)
    return begun


def _read(data: bytes) -> Network:
    head, _, body = data[data.index(b"<Nnet3> ") :].partition(b"<NumComponents> ")
    lines = head.decode("ascii").splitlines()
    matrices = _matrices(body)
    return _filled(Network(_shape(lines, matrices)).eval(), matrices)


def _shape(lines: list[str], matrices: Matrices) -> Shape:
    behind = {int(m[1]): int(m[2]) // STRIDE for line in lines if (m := _LAYER.search(line))}
    ahead = {int(m[1]): int(m[2].startswith("Append")) for line in lines if (m := _AHEAD.search(line))}
    layers = tuple((behind[n], ahead[n]) for n in range(1, len(behind) + 1))
    return Shape(len(matrices["first"][0]), len(matrices["layer1.linear"][0]), layers)


def _matrices(body: bytes) -> Matrices:
    found: Matrices = {}
    for part in body.split(b"<ComponentName> ")[1:]:
        name, _, rest = part.partition(b" ")
        if rest.startswith(b"<FixedAffineComponent> <LinearParams> FM "):
            at = len(b"<FixedAffineComponent> <LinearParams> FM ")
            rows, columns = struct.unpack_from("<xixi", rest, at)
            weights = np.frombuffer(rest, "<f4", rows * columns, at + 10).reshape(rows, columns)
            at += 10 + weights.nbytes + len(b"<BiasParams> FV ") + 5
            found[name.decode("ascii")] = weights, np.frombuffer(rest, "<f4", rows, at)
    return found


def _filled(network: Network, matrices: Matrices) -> Network:
    def tensor(values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.array(values, np.float32))

    weights, bias = matrices["first"]
    cepstra = weights.astype(np.float64).reshape(len(weights), -1, BANDS)
    bands = (cepstra @ dct()).transpose(0, 2, 1)  # the network's order: 40 bands x 9 frames
    state = {"first.weight": tensor(bands.reshape(len(weights), -1)), "first_norm.bias": tensor(bias)}
    for layer in range(len(network.shape.layers)):
        state[f"squeeze.{layer}.weight"] = tensor(matrices[f"layer{layer + 1}.linear"][0])
        weights, bias = matrices[f"layer{layer + 1}.affine"]
        state |= {f"widen.{layer}.weight": tensor(weights), f"norm.{layer}.bias": tensor(bias)}
    weights, bias = matrices["logits"]
    state |= {"output.weight": tensor(weights), "output.bias": tensor(bias)}
    network.load_state_dict(network.state_dict() | state)
    for norm in _norms(network):
        _statistics(norm)[1].fill_(1 - norm.eps)
    return network


def _norms(network: Network) -> list[nn.BatchNorm1d]:
    return [m for m in network.modules() if isinstance(m, nn.BatchNorm1d)]


def _statistics(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """The running mean and variance, to be written to."""
    assert norm.running_mean is not None and norm.running_var is not None
    return norm.running_mean, norm.running_var


@torch.no_grad()
def settle(network: Network, bands: Tensor) -> None:
    """Give a network that was read the batch norms that it would have in training, without changing what it computes.
    Means and deviations are those of ``bands``, float32[B, n, 40]."""
    network.eval()
    mean, deviation = bands.mean(dim=(0, 1)), bands.std()
    units = len(network.first.weight)
    by_band = network.first.weight.view(units, BANDS, -1)
    network.first_norm.bias.add_((by_band.sum(dim=2) * mean).sum(dim=1))
    by_band *= deviation
    network.mean.copy_(mean)
    network.deviation.copy_(deviation)
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def watch(norm: nn.Module) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen[norm] = inputs[0].mean(dim=0), inputs[0].var(dim=0)

        return hook

    hooks = [norm.register_forward_pre_hook(watch(norm)) for norm in _norms(network)]
    network(bands)
    for hook in hooks:
        hook.remove()
    _settle(network.first, network.first_norm, *seen[network.first_norm])
    for linear, norm in zip(network.widen, network.norm, strict=True):
        assert isinstance(linear, nn.Linear) and isinstance(norm, nn.BatchNorm1d)
        _settle(linear, norm, *seen[norm])
    middle, spread = seen[network.last_norm]
    network.output.bias.add_(network.output.weight @ middle)
    network.output.weight *= (spread + network.last_norm.eps).sqrt()
    for its, found in zip(_statistics(network.last_norm), (middle, spread), strict=True):
        its.copy_(found)


def _settle(linear: nn.Linear, norm: nn.BatchNorm1d, middle: Tensor, spread: Tensor) -> None:
    """Scale the matrix so that its outputs have variance 1, and let the norm restore their old variance."""
    scale = (spread + norm.eps).sqrt()
    linear.weight /= scale[:, None]
    mean, variance = _statistics(norm)
    mean.copy_(middle / scale)
    variance.copy_(spread / scale.square())
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    norm.bias.add_(middle)
