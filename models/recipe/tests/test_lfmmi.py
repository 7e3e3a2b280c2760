"""The objective of LF-MMI, against its definition."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe.lfmmi import Bigram, Chains, Graphs, chain, objective, total
from models.recipe.phones import INDEX, OUTPUTS
from models.recipe.tests.examples import (
    CPU,
    LEXICON,
)

if TYPE_CHECKING:
    pass


@cache
def anything() -> Graphs:
    texts = ["pause the baby", "go back", "pause", "a baby"]
    return Graphs.anything(Bigram.of(texts, LEXICON), CPU)


def chains(*texts: str) -> Graphs:
    return Graphs.said(Chains.of([chain(text, LEXICON) for text in texts], CPU), anything())


def outputs(batch: int, length: int, seed: int = 0, scale: float = 1.0) -> Any:
    return scale * torch.randn(batch, length, OUTPUTS, generator=torch.Generator().manual_seed(seed))


def test_the_gradient_is_what_finite_differences_give() -> None:
    said, steps = chains("pause", "go back", "the baby", ""), torch.tensor([30, 25, 22, 30])
    x = outputs(4, 30).requires_grad_(True)
    objective(x, steps, said, anything())[0].sum().backward()  # type: ignore[no-untyped-call]
    rng, seen = np.random.default_rng(0), 0
    strong = [tuple(map(int, at)) for at in (x.grad.abs() > 0.05).nonzero()]
    for b, t, output in [*(strong[i] for i in rng.choice(len(strong), 12)), (1, 27, 3), (3, 5, 1)]:
        step = torch.zeros_like(x)
        step[b, t, output] = 0.05
        with torch.no_grad():
            ahead, behind = (objective(x + way * step, steps, said, anything())[0][b] for way in (1, -1))
        assert float(x.grad[b, t, output]) == pytest.approx(float(ahead - behind) / 0.1, abs=2e-3)
        seen += 1
    assert seen == 14
    assert not x.grad[1, 25:].any()  # after its end


def test_at_each_step_the_outputs_share_one() -> None:
    steps = torch.tensor([30, 18])
    for graphs in (chains("go back", "the baby"), anything()):
        occupied = total(outputs(2, 30), steps, graphs, occupied=True)[1]
        assert occupied is not None
        share = occupied.sum(dim=2)
        assert torch.allclose(share[0], torch.ones(30), atol=1e-4)
        assert torch.allclose(share[1, :18], torch.ones(18), atol=1e-4)
        assert not share[1, 18:].any()


def test_what_is_far_from_what_is_heard_is_not_lost() -> None:
    """Nothing is heard but another phone, for nine seconds: a float32 would have no path left."""
    x = torch.full((1, 300, OUTPUTS), -15.0)
    x[..., 2 * INDEX["ZH"] : 2 * INDEX["ZH"] + 2] = 15.0
    _, wanted = objective(x, torch.tensor([300]), chains("go back the baby"), anything())
    assert wanted.sum(dim=2) == pytest.approx(1.0, abs=1e-4)


def test_what_is_too_short_for_its_phones_teaches_nothing() -> None:
    x = outputs(1, 7).requires_grad_(True)
    result, _ = objective(x, torch.tensor([7]), chains("go back pause"), anything())
    result.sum().backward()  # type: ignore[no-untyped-call]
    assert float(result.detach()) == 0
    assert x.grad.abs().max() == 0


@given(
    words=st.lists(st.sampled_from(sorted(LEXICON)), max_size=4),
    seed=st.integers(0, 10_000),
    scale=st.floats(0.1, 8),
    length=st.integers(18, 30),
)
@settings(max_examples=40)
def test_what_is_said_is_never_likelier_than_anything(words: list[str], seed: int, scale: float, length: int) -> None:
    figure = objective(outputs(1, length, seed, scale), torch.tensor([length]), chains(" ".join(words)), anything())[
        0
    ]
    assert float(figure) <= 1e-3


def every_path(graphs: Graphs, x: Any) -> float:
    """log of the sum over all ways through the graph of one, found by trying each."""
    states, length = graphs.phone.shape[1], len(x)
    found = []
    for path in product(range(states), repeat=length):
        for stays in product((False, True), repeat=length - 1):
            weight = float(graphs.starts[0, path[0]] * graphs.ends[0, path[-1]])
            score = float(x[0, 2 * graphs.phone[0, path[0]]])
            for t, ((i, j), stay) in enumerate(zip(pairwise(path), stays, strict=True), start=1):
                if stay and i != j:
                    weight = 0.0
                weight *= 1.0 if stay else float(graphs.moves[0, i, j])
                score += float(x[t, 2 * graphs.phone[0, j] + stay])
            if weight > 0:
                found.append(np.log(weight) + score)
    return float(np.logaddexp.reduce(found))


@pytest.mark.parametrize("text", ["", "a", "go"])
def test_the_sum_is_over_every_path(text: str) -> None:
    x = outputs(1, 4, seed=5)
    mine = float(total(x, torch.tensor([4]), chains(text))[0])
    assert mine == pytest.approx(every_path(chains(text), x[0]), abs=1e-4)


def test_a_chain_has_silence_where_it_may_be() -> None:
    """ "a" is AH: with or without silence before and after; the weights are those of any phones."""
    said, any_ = chains("a"), anything()
    ah = INDEX["AH"]
    assert said.phone.tolist() == [[0, ah, 0]]
    assert (said.starts[0] > 0).tolist() == [True, True, False]
    assert said.ends[0].tolist() == [0, 1, 1]
    assert said.moves[0].nonzero().tolist() == [[0, 1], [1, 2]]
    assert float(said.moves[0, 0, 1]) == float(any_.moves[0, 0, ah])


def test_each_way_to_say_a_word_counts() -> None:
    """Whichever way it is said, a path fits it; a word after it follows either."""
    sil, dh, ah, iy, g = (INDEX[phone] for phone in ("SIL", "DH", "AH", "IY", "G"))
    said = chain("the go", LEXICON)
    assert said.phones == (sil, dh, ah, dh, iy, sil, g, INDEX["OW"], sil)
    assert {(said.phones[i], said.phones[j]) for i, j in said.moves if j == 6} == {(ah, g), (iy, g), (sil, g)}
    assert (said.starts, said.ends) == ((0, 1, 3), (7, 8))
    for way in LEXICON["the"]:
        x = torch.full((1, 2 * len(way), OUTPUTS), -9.0)
        for t, phone in enumerate(way):
            x[0, 2 * t, 2 * INDEX[phone]] = x[0, 2 * t + 1, 2 * INDEX[phone] + 1] = 9.0
        one = dict(LEXICON, the=(way,))
        alone = Graphs.said(Chains.of([chain("the", one)], CPU), anything())
        steps = torch.tensor([x.shape[1]])
        both = float(total(x, steps, chains("the"))[0])
        assert both == pytest.approx(float(total(x, steps, alone)[0]), abs=1e-3)
