"""The acoustic network: a factored TDNN, from log mel bands at 10 ms to two outputs for each phone at 30 ms.

Povey et al., "Semi-orthogonal low-rank matrix factorization for deep neural networks", Interspeech 2018; here
without the semi-orthogonal constraint. Each layer looks back by ``left`` and ahead by ``right`` frames. Looking ahead
costs delay, so only the first layers do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from models.recipe.phones import OUTPUTS

BANDS = 40
STRIDE = 3
"""Input frames (10 ms) for each output (30 ms)."""
SPLICE = 4
"""How many frames the first layer sees on either side."""
BYPASS = 0.66
"""The factor of the skip connections."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network. ``layers``: how far each looks back and ahead, in steps of 30 ms."""

    units: int = 384
    bottleneck: int = 96
    layers: tuple[tuple[int, int], ...] = ((1, 1), (1, 1), (1, 1), (2, 0), (2, 0), (3, 0), (3, 0), (4, 0))

    @property
    def left(self) -> int:
        """The left context of an output, in input frames."""
        return SPLICE + STRIDE * sum(left for left, _ in self.layers)

    @property
    def right(self) -> int:
        """The right context, in input frames of 10 ms: the delay of the network."""
        return SPLICE + STRIDE * sum(right for _, right in self.layers)

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"left_context": self.left, "right_context": self.right}


class Network(nn.Module):
    """``forward``: float32[batch, left + 3 (steps - 1) + right + 1, 40] of log mel bands -> two
    float32[batch, steps, 80]: the model's outputs, and those of a second head that only training uses."""

    mean: Tensor
    deviation: Tensor
    """The mean of each band, and one deviation for all: the input is normalised by them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        units, bottleneck = shape.units, shape.bottleneck
        self.first = nn.Linear(BANDS * (2 * SPLICE + 1), units, bias=False)
        self.first_norm = nn.BatchNorm1d(units)
        self.squeeze = nn.ModuleList(nn.Linear(2 * units, bottleneck, bias=False) for _ in shape.layers)
        self.widen = nn.ModuleList(
            nn.Linear(bottleneck * (2 if right else 1), units, bias=False) for _, right in shape.layers
        )
        self.norm = nn.ModuleList(nn.BatchNorm1d(units) for _ in shape.layers)
        self.last_norm = nn.BatchNorm1d(units)
        self.output = nn.Linear(units, OUTPUTS)
        self.second = nn.Linear(units, OUTPUTS)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.second.weight)
        self.register_buffer("mean", torch.zeros(BANDS))
        self.register_buffer("deviation", torch.ones(()))

    def forward(self, bands: Tensor) -> tuple[Tensor, Tensor]:
        x = (bands - self.mean) / self.deviation
        x = x.unfold(1, 2 * SPLICE + 1, STRIDE).flatten(2)  # [B, T, 40 bands x 9 frames]
        x = torch.relu(_normed(self.first_norm, self.first(x)))
        layers = zip(self.shape.layers, self.squeeze, self.widen, self.norm, strict=True)
        for (left, right), squeeze, widen, norm in layers:
            y = squeeze(torch.cat([x[:, :-left], x[:, left:]], dim=2))
            if right:
                y = torch.cat([y[:, :-right], y[:, right:]], dim=2)
            x = torch.relu(_normed(norm, widen(y))) + BYPASS * x[:, left : x.shape[1] - right]
        x = _normed(self.last_norm, x).float()
        with torch.autocast(x.device.type, enabled=False):
            return self.output(x), self.second(x)

    def parameters_exported(self) -> int:
        """The number of parameters in the exported model."""
        return sum(p.numel() for name, p in self.named_parameters() if not name.startswith("second"))


def _normed(norm: nn.Module, x: Tensor) -> Tensor:
    """Batch norm over the last of three dimensions."""
    result: Tensor = norm(x.flatten(0, 1)).view_as(x)
    return result
