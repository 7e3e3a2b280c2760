"""How orders of coffee are parsed and heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.recipe.measures.coffee import ORDER_COST, Slots, grammar, over_snrs, parsed, sentences
from models.recipe.measures.coffee import orders as order_net
from models.recipe.measures.figures import share
from models.recipe.tests.examples import (
    CORPUS,
    needs_corpus,
)

if TYPE_CHECKING:
    pass


SLOTS: Slots = {
    "size": ["small", "medium", "twelve ounce"],
    "roast": ["light roast", "medium roast"],
    "numberOfShots": ["single shot", "double shot"],
    "coffeeDrink": ["coffee", "iced coffee", "latte"],
    "milkAmount": ["milk", "soy milk", "a bit of soy milk"],
    "sugarAmount": ["sugar", "brown sugar"],
}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("i want a medium roast latte", {"roast": "medium roast", "coffeeDrink": "latte"}),
        ("i want a medium latte", {"size": "medium", "coffeeDrink": "latte"}),
        (
            "brew a medium medium roast iced coffee",
            {"size": "medium", "roast": "medium roast", "coffeeDrink": "iced coffee"},
        ),
        (
            "get me a coffee with a bit of soy milk and brown sugar",
            {"coffeeDrink": "coffee", "milkAmount": "a bit of soy milk", "sugarAmount": "brown sugar"},
        ),
        ("[unk] latte [unk]", {"coffeeDrink": "latte"}),
        ("", {}),
    ],
)
def test_slots_are_found_in_an_order(text: str, slots: dict[str, str]) -> None:
    assert parsed(text, SLOTS) == slots


@needs_corpus
def test_what_the_coffee_grammar_says_has_the_slots_that_were_put_into_it() -> None:
    expressions, slots = grammar(CORPUS / "coffee" / "grammar.yaml")
    said = sentences(expressions, slots)
    assert len(said) > 1000
    assert all("coffeeDrink" in parsed(text, slots) for text in said)
    assert not [text for text in said if set("$[](),:") & set(text)]


@needs_corpus
def test_the_net_of_orders_has_exactly_those_of_the_coffee_grammar() -> None:
    expressions, slots = grammar(CORPUS / "coffee" / "grammar.yaml")
    net, start = order_net(expressions, slots, len)

    def cost(words: list[str], rest: int) -> float | None:
        """The least that it costs to say just these words from a rest on; None where they cannot be said."""
        if not words:
            return net.rests[rest].ends
        ways = [(price, cost(words[1:], after)) for word, price, after in net.rests[rest].words if word == words[0]]
        return min((price + more for price, more in ways if more is not None), default=None)

    for text in sentences(expressions, slots):
        words = text.split()
        assert cost(words, start) == ORDER_COST + sum(map(len, words)), text
        assert cost([*words, "and"], start) is None, text
        assert cost([*words[:-1], "please"], start) is None, text
    for text in ("a latte", "can i get", "can i get a large small latte", "give me a latte with milk and cream"):
        assert cost(text.split(), start) is None, text
    assert cost("give me large latte".split(), start) is not None, "an article is often too short to be heard"


def test_noisy_conditions_count_together_only_when_all_are_there() -> None:
    figures = {f"kitchen {snr} dB": {"right": share(6, 10)} for snr in (24, 21, 18, 15, 12, 9)}
    assert over_snrs(figures) is None
    figures["kitchen 6 dB"] = {"right": share(4, 10)}
    together = over_snrs(figures)
    assert together is not None
    assert (together["count"], together["n"]) == (40, 70)
