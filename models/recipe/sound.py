"""All sound of a store on the training device: utterances at any speed, and loops."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.store import RATE, Shard, Utterance


class Sound:
    """All sound of a store on a device, as int16. ``utterances[i]`` starts at ``offsets[i]``."""

    def __init__(self, shards: Sequence[Shard], device: torch.device) -> None:
        self.utterances: list[Utterance] = []
        offsets, pieces, total = [], [], 0
        for shard in shards:
            pieces.append(torch.from_numpy(np.array(shard.pcm)).to(device))
            offsets += [total + utterance.offset for utterance in shard.utterances]
            self.utterances += shard.utterances
            total += len(shard.pcm)
        self.pcm = torch.cat(pieces) if pieces else torch.zeros(0, dtype=torch.int16, device=device)
        self.offsets = np.array(offsets, np.int64)
        self.samples = np.array([utterance.samples for utterance in self.utterances], np.int64)

    def hours(self) -> float:
        return float(self.samples.sum()) / RATE / 3600

    def saying(self, utterances: list[Utterance]) -> Sound:
        """The same sound, with other texts."""
        other = copy.copy(self)
        other.utterances = utterances
        return other

    def at_speeds(
        self, chosen: NDArray[np.int64], begins: NDArray[np.float64], speeds: NDArray[np.float64], samples: int
    ) -> Tensor:
        """float32[B, samples], full scale 1: each utterance starting at sample ``begins`` and played at ``speeds``,
        resampled by cubic (Catmull-Rom) interpolation. A negative number gives silence."""
        lengths = np.where(chosen >= 0, self.samples[np.maximum(chosen, 0)], 0)
        at = (torch.arange(samples, device=self.pcm.device)[None] - self._floats(begins)) * self._floats(speeds)
        whole = at.floor()
        part = at - whole
        index = whole.long()
        last = self._column(lengths) - 1
        inside = (index >= 1) & (index < last - 1)
        base = self._column(self.offsets[np.maximum(chosen, 0)])
        limit = len(self.pcm) - 1

        def tap(k: int) -> Tensor:
            return self.pcm[(base + index + k).clamp_(0, limit)].float()

        a, b, c, d = tap(-1), tap(0), tap(1), tap(2)
        value = b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
        return torch.where(inside, value, 0.0) / 32768

    def looped(self, chosen: NDArray[np.int64], phases: NDArray[np.float64], samples: int) -> Tensor:
        """float32[n, samples]: pieces in a loop, each started at its ``phase`` (0 to 1)."""
        lengths = self._column(self.samples[chosen])
        starts = self._column((phases * self.samples[chosen]).astype(np.int64))
        index = (torch.arange(samples, device=self.pcm.device)[None] + starts) % lengths
        return self.pcm[self._column(self.offsets[chosen]) + index].float() / 32768

    def _column(self, values: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(values).to(self.pcm.device)[:, None]

    def _floats(self, values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self.pcm.device)[:, None]
