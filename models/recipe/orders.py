"""Finds what was said in the coffee orders. Their labels give only the slots; of all wordings of an order, this takes
the one that the partly trained network finds most likely."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import torch

from models.recipe.lfmmi import Chains, Graphs, chain, total
from models.recipe.network import Network
from models.recipe.phones import Pronunciations

_OPENINGS = ("brew", "can i get", "can i have", "i want", "get me", "give me", "i'd like", "make me", "may i have")
_ARTICLES = ("a", "an", "")
_BEFORE, _AFTER = ("size", "roast", "numberOfShots"), ("milkAmount", "sugarAmount")
_AT_ONCE = 64
UNLIKE = -0.4
"""An order whose likeliest wording has a lower objective for each step is left out: its label is wrong, or little of
it can be heard."""


def wordings(slots: dict[str, str]) -> list[str]:
    """Every order with these slots in the benchmark's grammar (Picovoice/speech-to-intent-benchmark)."""
    said = {slot: words.strip().lower() for slot, words in slots.items()}
    before = [said[slot] for slot in _BEFORE if slot in said]
    after = [said[slot] for slot in _AFTER if slot in said]
    found = []
    for opening, article in itertools.product(_OPENINGS, _ARTICLES):
        for first in itertools.permutations(before):
            for last in itertools.permutations(after):
                tail = ["with", " and ".join(last)] if last else []
                words = " ".join([opening, article, *first, said["coffeeDrink"], *tail])
                found.append(" ".join(words.split()))
    return found


@torch.no_grad()
def said(network: Network, bands: torch.Tensor, label: str, anything: Graphs, lexicon: Pronunciations) -> str:
    """The most likely wording of an order. ``bands``: float32[1, n, 40], the network's input; ``label``: the slots as
    JSON. Empty if the lexicon lacks a word, or if it sounds like none of the wordings."""
    outputs = network(bands)[0]
    steps = torch.tensor([outputs.shape[1]], device=bands.device)
    ways = wordings(json.loads(label))
    if not all(word in lexicon for way in ways for word in way.split()):
        return ""
    parts = [ways[at : at + _AT_ONCE] for at in range(0, len(ways), _AT_ONCE)]
    scores = torch.cat([_score(outputs, steps, part, anything, lexicon) for part in parts])
    best = int(scores.argmax())
    objective = (scores[best] - total(outputs, steps, anything)[0][0]) / steps[0]
    return ways[best] if objective > UNLIKE else ""


def _score(
    outputs: torch.Tensor, steps: torch.Tensor, texts: Sequence[str], anything: Graphs, lexicon: Pronunciations
) -> torch.Tensor:
    chains = Chains.of([chain(text, lexicon) for text in texts], outputs.device)
    return total(outputs, steps.expand(len(texts)), Graphs.said(chains, anything))[0]
