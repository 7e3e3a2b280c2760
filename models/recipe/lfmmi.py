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
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe.phones import COUNT, INDEX, OUTPUTS, Pronunciations

_USUAL_WAY = 0.7
"""How often a word is taken in the first of its pronunciations in training."""
_SILENCE_BETWEEN = 0.15
"""How often there is a pause between two words, as the bigram has it."""
_TINY = 1e-300


def chain(text: str, lexicon: Pronunciations, rng: random.Random | None = None) -> list[tuple[int, bool]]:
    """What is said as phones, each with whether it can be left out: silence at both ends and between words. ``rng``
    chooses among the ways to say a word; without it the first is taken. Raises KeyError for an unknown word."""
    if not text:
        return [(0, False)]
    phones = [(0, True)]
    for word in text.split():
        ways = lexicon[word]
        way = ways[0] if rng is None or len(ways) == 1 or rng.random() < _USUAL_WAY else rng.choice(ways)
        phones += [(INDEX[phone], False) for phone in way]
        phones.append((0, True))
    return phones


@dataclass(frozen=True, slots=True)
class Bigram:
    """Which phones follow each other. ``pairs``: float64[40, 40], P(column | row); ``first``: float64[40]."""

    pairs: NDArray[np.float64]
    first: NDArray[np.float64]

    @classmethod
    def of(cls, texts: Sequence[str], lexicon: Pronunciations) -> Bigram:
        """Counted from texts, a little added to every count."""
        rng = random.Random(0)
        pairs, first = np.full((COUNT, COUNT), 0.3), np.full(COUNT, 0.3)
        for text in texts:
            if not text:
                continue
            spoken = chain(text, lexicon, rng)
            kept = [phone for phone, optional in spoken[1:-1] if not optional or rng.random() < _SILENCE_BETWEEN]
            kept = ([0] if rng.random() < 0.9 else []) + kept + [0]
            first[kept[0]] += 1
            for a, b in pairwise(kept):
                pairs[a, b] += 1
        pairs[0, 0] = 1e-3
        return cls(pairs / pairs.sum(axis=1, keepdims=True), first / first.sum())


class Chains(NamedTuple):
    """What is said in each utterance of a batch: ``phones`` int64[B, S], ``optional`` bool[B, S] (see ``chain``), and
    ``lengths`` int64[B], how many of the S count."""

    phones: Tensor
    optional: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, chains: Sequence[Sequence[tuple[int, bool]]], device: torch.device, states: int = 0) -> Chains:
        """``states``: S is at least this."""
        lengths = [len(spoken) for spoken in chains]
        packed = np.zeros((2, len(chains), max(states, *lengths)), np.int64)
        for row, spoken in enumerate(chains):
            packed[:, row, : lengths[row]] = list(zip(*spoken, strict=True))
        phones, optional = torch.from_numpy(packed).to(device)
        return cls(phones, optional.bool(), torch.tensor(lengths, device=device))


class Graphs(NamedTuple):
    """One graph for each of a batch: ``phone`` int64[B, S] of each state, ``moves`` float64[B, S, S],
    ``starts`` and ``ends`` float64[B, S]: where what was said is far from what is heard, a float32 would lose it."""

    phone: Tensor
    moves: Tensor
    starts: Tensor
    ends: Tensor

    @classmethod
    def anything(cls, bigram: Bigram, device: torch.device) -> Graphs:
        """The graph of any phones: B is 1, S is 40."""
        moves = torch.tensor(bigram.pairs, device=device)[None]
        starts = torch.tensor(bigram.first, device=device)[None]
        return cls(torch.arange(COUNT, device=device)[None], moves, starts, torch.ones_like(starts))

    @classmethod
    def said(cls, chains: Chains, anything: Graphs) -> Graphs:
        """The graphs of what was said. They have the weights of ``anything``, so that they are parts of it."""
        phones, optional, lengths = chains
        pairs, first = anything.moves[0], anything.starts[0]
        batch, states = phones.shape
        at = torch.arange(states, device=phones.device)[None]
        inside = at < lengths[:, None]
        moves = torch.zeros(batch, states, states, dtype=torch.float64, device=phones.device)
        moves.diagonal(1, 1, 2).copy_(pairs[phones[:, :-1], phones[:, 1:]] * inside[:, 1:])
        over = optional[:, 1:-1] & inside[:, 2:]
        moves.diagonal(2, 1, 2).copy_(pairs[phones[:, :-2], phones[:, 2:]] * over)
        starts = first[phones] * ((at == 0) | ((at == 1) & optional[:, :1])) * inside
        before_last = optional.gather(1, lengths[:, None] - 1) & (lengths[:, None] > 1)
        ends = (at == lengths[:, None] - 1) | ((at == lengths[:, None] - 2) & before_last)
        return cls(phones, moves, starts, ends.double())


@torch.no_grad()
def total(outputs: Tensor, steps: Tensor, graphs: Graphs, *, occupied: bool = False) -> tuple[Tensor, Tensor | None]:
    """log sum over all paths of a graph, float64[B]; and the probability that a path has each output at each step,
    float32[B, T, 80], where ``occupied``.

    ``outputs``: float32[B, T, 80]; ``steps``: int64[B], how many of them count. A graph of one serves the whole
    batch, and so do the outputs of one."""
    batch, length = max(len(outputs), len(graphs.phone)), outputs.shape[1]
    scores = outputs.detach().double().clamp(-30, 30)
    top = scores.amax(dim=2, keepdim=True)
    likely = (scores - top).exp().transpose(0, 1).expand(length, batch, -1)
    phone = graphs.phone.expand(batch, -1)
    index = phone[None].expand(length, -1, -1)
    counts = (torch.arange(length, device=outputs.device)[:, None] < steps[None]).unsqueeze(2).expand(-1, batch, 1)
    # After the last step everything stays as it is.
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
        # An utterance that no path fits (too short for its phones) teaches nothing.
        fits = torch.isfinite(objective) & (said_occupancy.sum(dim=(1, 2)) > 0.99 * steps)
        ctx.save_for_backward((said_occupancy - any_occupancy) * fits[:, None, None])
        return torch.where(fits, objective, torch.zeros_like(objective)).float(), said_occupancy

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (difference,) = ctx.saved_tensors
        return difference * gradients[0][:, None, None], None, None, None


def objective(outputs: Tensor, steps: Tensor, said: Graphs, anything: Graphs) -> tuple[Tensor, Tensor]:
    """The objective of each utterance, float32[B] (at most 0; the gradient flows into ``outputs``), and which
    outputs it wants, float32[B, T, 80]: probabilities."""
    result: tuple[Tensor, Tensor] = _Objective.apply(outputs, steps, said, anything)  # type: ignore[no-untyped-call]
    return result
