"""A computation replayed as a CUDA graph on batches of one size. Launching its thousands of small kernels one by one
would take many times longer than running them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Compute = Callable[..., Tensor]
"""Computes the gradients of a batch in place, and returns a figure that shows how training is going."""


class Replay:
    """A computation captured as a CUDA graph."""

    def __init__(self, compute: Compute, inputs: tuple[Tensor, ...], memory: Any) -> None:
        """``memory``: torch's memory pool. All graphs can share one, as they never run at the same time."""
        self._inputs = [tensor.clone() for tensor in inputs]
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            compute(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=memory):
            self._figure = compute(*self._inputs)

    def fits(self, inputs: tuple[Tensor, ...]) -> bool:
        return all(mine.shape == its.shape for mine, its in zip(self._inputs, inputs, strict=True))

    def __call__(self, inputs: tuple[Tensor, ...]) -> Tensor:
        for mine, its in zip(self._inputs, inputs, strict=True):
            mine.copy_(its)
        self._graph.replay()
        return self._figure
