"""Lattice-free maximum mutual information: the training objective.

log P(what was said | sound) - log P(anything | sound), both summed over all paths of a graph of phones: what was
said is a chain of phones with silence where it may be, anything is a phone bigram. (Povey et al., Interspeech 2016;
Hadian et al., "End-to-end speech recognition using lattice-free MMI", Interspeech 2018: whole utterances.)

Each phone is one state with two outputs, for its first frame and its later ones (see phones.py). Written as a graph
of S states with weights M[i, j] for going from i to j, the forward recursion over the frames t is

    a[t, j] = first[t, j] sum_i a[t-1, i] M[i, j] + later[t, j] a[t-1, j]

in probabilities, rescaled to sum to one after each frame.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.phones import COUNT, INDEX, OUTPUTS, Pronunciations

_USUAL_WAY = 0.7
"""The probability of a word's first pronunciation in the bigram."""
_SILENCE_BETWEEN = 0.15
"""The probability of a pause between two words in the bigram."""
_TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What is said, as states with one phone each: all pronunciations of each word, with optional silences."""

    phones: tuple[int, ...]
    moves: NDArray[np.int16]
    """[n, 2]: which state follows which. (A tuple of tuples would take ten times the memory.)"""
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """The states it can begin and end with."""


def chain(text: str, lexicon: Pronunciations) -> Chain:
    """The chain of a text, with optional silence at both ends and between words. Raises KeyError for unknown
    words."""
    phones: list[int] = [0]
    moves: list[tuple[int, int]] = []
    starts, before = [0], [0]
    for number, word in enumerate(text.split()):
        firsts, lasts = [], []
        for way in dict.fromkeys(lexicon[word]):
            firsts.append(len(phones))
            phones += [INDEX[phone] for phone in way]
            lasts.append(len(phones) - 1)
            moves += pairwise(range(firsts[-1], len(phones)))
        moves += product(before, firsts)
        starts += firsts if number == 0 else []
        moves += [(last, len(phones)) for last in lasts]
        before = [*lasts, len(phones)]
        phones.append(0)
    return Chain(tuple(phones), np.array(moves, np.int16).reshape(-1, 2), tuple(starts), tuple(before))


def shortest(text: str, lexicon: Pronunciations) -> int:
    """The number of phones, without silence, in its shortest pronunciation."""
    return sum(min(map(len, lexicon[word])) for word in text.split())


@dataclass(frozen=True, slots=True)
class Bigram:
    """Phone bigram. ``pairs``: float64[40, 40], P(column | row); ``first``: float64[40], P(first phone)."""

    pairs: NDArray[np.float64]
    first: NDArray[np.float64]

    @classmethod
    def of(cls, texts: Sequence[str], lexicon: Pronunciations) -> Bigram:
        """Count it in texts, with a little added to every count."""
        rng = random.Random(0)
        pairs, first = np.full((COUNT, COUNT), 0.3), np.full(COUNT, 0.3)
        for text in texts:
            if not text:
                continue
            kept = [0] if rng.random() < 0.9 else []
            for number, word in enumerate(text.split()):
                ways = lexicon[word]
                way = ways[0] if len(ways) == 1 or rng.random() < _USUAL_WAY else rng.choice(ways)
                kept += [0] if number and rng.random() < _SILENCE_BETWEEN else []
                kept += [INDEX[phone] for phone in way]
            kept.append(0)
            first[kept[0]] += 1
            for a, b in pairwise(kept):
                pairs[a, b] += 1
        pairs[0, 0] = 1e-3
        return cls(pairs / pairs.sum(axis=1, keepdims=True), first / first.sum())


class Chains(NamedTuple):
    """The chains of a batch: ``phones`` int64[B, S], ``moves`` bool[B, S, S], ``starts`` and ``ends`` bool[B, S]."""

    phones: Tensor
    moves: Tensor
    starts: Tensor
    ends: Tensor

    @classmethod
    def of(cls, chains: Sequence[Chain], device: torch.device, states: int = 0) -> Chains:
        """Pad them to one size. ``states``: S is at least this."""
        size = max(states, *(len(one.phones) for one in chains))
        phones, moves = np.zeros((len(chains), size), np.int64), np.zeros((len(chains), size, size), bool)
        starts, ends = np.zeros((2, len(chains), size), bool)
        for row, one in enumerate(chains):
            phones[row, : len(one.phones)] = one.phones
            moves[row][tuple(one.moves.T)] = True
            starts[row, list(one.starts)] = ends[row, list(one.ends)] = True
        return cls(*(torch.from_numpy(array).to(device) for array in (phones, moves, starts, ends)))


class Graphs(NamedTuple):
    """One weighted graph for each utterance: ``phone`` int64[B, S], ``moves`` float64[B, S, S], ``starts`` and
    ``ends`` float64[B, S]. In float32 an unlikely utterance would underflow."""

    phone: Tensor
    moves: Tensor
    starts: Tensor
    ends: Tensor

    @classmethod
    def anything(cls, bigram: Bigram, device: torch.device) -> Graphs:
        """The denominator graph, of any phones: B is 1, S is 40."""
        moves = torch.tensor(bigram.pairs, device=device)[None]
        starts = torch.tensor(bigram.first, device=device)[None]
        return cls(torch.arange(COUNT, device=device)[None], moves, starts, torch.ones_like(starts))

    @classmethod
    def said(cls, chains: Chains, anything: Graphs) -> Graphs:
        """The numerator graphs, of what was said. They take their weights from ``anything``, of which they are
        parts."""
        phones = chains.phones
        moves = anything.moves[0][phones[:, :, None], phones[:, None]] * chains.moves
        return cls(phones, moves, anything.starts[0][phones] * chains.starts, chains.ends.double())


@torch.no_grad()
def total(outputs: Tensor, steps: Tensor, graphs: Graphs, *, occupied: bool = False) -> tuple[Tensor, Tensor | None]:
    """log of the sum over all paths of a graph, float64[B]; and, if ``occupied``, the probability of each output at
    each step, float32[B, T, 80].

    ``outputs``: float32[B, T, 80]; ``steps``: int64[B], how many of them count. One graph may serve the whole batch,
    and one utterance's outputs many graphs."""
    batch, length = max(len(outputs), len(graphs.phone)), outputs.shape[1]
    scores = outputs.detach().double().clamp(-30, 30)
    top = scores.amax(dim=2, keepdim=True)
    likely = (scores - top).exp().transpose(0, 1).expand(length, batch, -1)
    phone = graphs.phone.expand(batch, -1)
    index = phone[None].expand(length, -1, -1)
    counts = (torch.arange(length, device=outputs.device)[:, None] < steps[None]).unsqueeze(2).expand(-1, batch, 1)
    # After its last step an utterance stays as it is.
    first = likely.gather(2, 2 * index) * counts
    later = torch.where(counts, likely.gather(2, 2 * index + 1), 1.0)
    moves = graphs.moves.expand(batch, -1, -1)
    state = first[0] * graphs.starts
    scale = state.sum(dim=1, keepdim=True) + _TINY
    state = state / scale
    before, entered = torch.empty_like(first), torch.empty_like(first)
    before[0], entered[0] = 0, graphs.starts
    scales = [scale]
    for t in range(1, length):
        came = torch.bmm(state[:, None], moves).squeeze(1)
        before[t], entered[t] = state, came
        state = torch.addcmul(later[t] * state, first[t], came)
        scale = state.sum(dim=1, keepdim=True) + _TINY
        state = state / scale
        scales.append(scale)
    end = (state * graphs.ends).sum(dim=1) + _TINY
    logs = torch.cat(scales, dim=1).log()
    tops = (top.squeeze(2) * counts.squeeze(2).transpose(0, 1)).sum(dim=1)
    result = logs.sum(dim=1) + end.log() + tops
    if not occupied:
        return result, None
    after = torch.empty_like(first)
    ahead = graphs.ends.expand(batch, -1)
    for t in range(length - 1, -1, -1):
        after[t] = ahead
        came = torch.bmm(moves, (first[t] * ahead).unsqueeze(2)).squeeze(2)
        ahead = torch.addcmul(came, later[t], ahead)
        ahead = ahead / (ahead.sum(dim=1, keepdim=True) + _TINY)
    in_first, in_later = entered * first * after, before * later * after
    share = counts / ((in_first + in_later).sum(dim=2, keepdim=True) + _TINY)
    occupancy = torch.zeros(length, batch, OUTPUTS, dtype=torch.float64, device=outputs.device)
    occupancy.scatter_add_(2, 2 * index, in_first * share)
    occupancy.scatter_add_(2, 2 * index + 1, in_later * share)
    return result, occupancy.transpose(0, 1).float()


class _Objective(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, outputs: Tensor, steps: Tensor, said: Graphs, anything: Graphs) -> tuple[Tensor, Tensor]:
        top, said_occupancy = total(outputs, steps, said, occupied=True)
        bottom, any_occupancy = total(outputs, steps, anything, occupied=True)
        assert said_occupancy is not None and any_occupancy is not None
        objective = top - bottom
        # If no path fits (too short for its phones), the utterance has no gradient.
        fits = torch.isfinite(objective) & (said_occupancy.sum(dim=(1, 2)) > 0.99 * steps)
        ctx.save_for_backward((said_occupancy - any_occupancy) * fits[:, None, None])
        return torch.where(fits, objective, torch.zeros_like(objective)).float(), said_occupancy

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (difference,) = ctx.saved_tensors
        return difference * gradients[0][:, None, None], None, None, None


def objective(outputs: Tensor, steps: Tensor, said: Graphs, anything: Graphs) -> tuple[Tensor, Tensor]:
    """The LF-MMI objective of each utterance, float32[B] (at most 0; the gradient flows into ``outputs``), and the
    numerator's occupation probabilities, float32[B, T, 80]."""
    result: tuple[Tensor, Tensor] = _Objective.apply(outputs, steps, said, anything)  # type: ignore[no-untyped-call]
    return result
