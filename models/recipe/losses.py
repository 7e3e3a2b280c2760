"""The losses. Each leaves its gradients in the parameters and returns a figure that shows how training is going. None
waits for the device, so that it can be replayed as a CUDA graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.recipe import lfmmi
from models.recipe.augment import Batch
from models.recipe.lfmmi import Chains, Graphs
from models.recipe.network import STRIDE, Network
from models.recipe.phones import OUTPUTS
from models.recipe.store import Utterance

_SECOND_HEAD = 0.1
_SMALL_OUTPUTS = 5e-4
"""The weights, in the loss, of the second head's cross entropy and of the squared outputs."""
_HALVES = torch.cpu._is_avx512_bf16_supported()
"""Whether the processor multiplies in bfloat16, which is twice as fast as float32; emulated, it would be slow. The
heads and the objective stay in float32 and float64."""
_MIDDLE_S = 0.0125
"""The middle of an analysis window, in seconds."""


def mmi(network: Network, anything: Graphs, bands: Tensor, steps: Tensor, chains: Chains) -> Tensor:
    """LF-MMI. Returns the objective for each step of 30 ms."""
    _zero_gradients(network)
    with torch.autocast("cpu", torch.bfloat16, enabled=bands.device.type == "cpu" and _HALVES):
        outputs, second = network(bands)
    said = Graphs.said(chains, anything)
    objective, wanted = lfmmi.objective(outputs, steps, said, anything)
    count = steps.sum()
    mask = (torch.arange(outputs.shape[1], device=outputs.device)[None] < steps[:, None]).unsqueeze(2)
    cross = -(second.log_softmax(dim=2) * wanted * mask).sum() / count
    squares = (outputs.square() * mask).sum() / count
    figure = objective.sum() / count
    (-figure + _SECOND_HEAD * cross + 0.5 * _SMALL_OUTPUTS * squares).backward()
    return figure.detach()


def bootstrap(network: Network, bands: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of both heads against ``targets``. Returns the share of outputs with the right phone."""
    _zero_gradients(network)
    known = target >= 0
    loss = torch.zeros((), device=bands.device)
    outputs, second = network(bands)
    for head in (outputs, second):
        loss = loss + functional.cross_entropy(head.flatten(0, 1), target.flatten(), ignore_index=-1)
    loss.backward()  # type: ignore[no-untyped-call]
    right: Tensor = ((outputs.argmax(dim=2) // 2 == target // 2) & known).sum() / known.sum()
    return right


def targets(utterances: Sequence[Utterance | None], batch: Batch, length: int) -> NDArray[np.int64]:
    """int64[B, length]: the right output at each step, from the times of the phones; -1 after the end. An utterance
    of None is one without speech."""
    target = np.full((len(utterances), length), -1, np.int64)
    at = np.arange(length) * STRIDE * 0.01 + _MIDDLE_S
    for row, utterance in enumerate(utterances):
        phones = utterance.phones if utterance else ()
        ids = np.array([phone for phone, _ in phones] + [0])
        ends = np.array([end for _, end in phones])
        segment = np.searchsorted(ends, (at - batch.begins[row]) * batch.speeds[row])
        segment = np.where(at < batch.begins[row], -1, segment)
        label = np.where(segment < 0, 0, ids[np.clip(segment, 0, None)])
        same = np.r_[False, (label[1:] == label[:-1]) & ((segment[1:] == segment[:-1]) | (label[1:] == 0))]
        target[row, : batch.steps[row]] = (2 * label + same)[: batch.steps[row]]
    assert target.max() < OUTPUTS
    return target


def _zero_gradients(network: Network) -> None:
    torch._foreach_zero_([p.grad for p in network.parameters() if p.grad is not None])
