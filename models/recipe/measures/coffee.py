"""Coffee orders by real people, after Picovoice's speech-to-intent benchmark: are all slots right?

An order counts if it has exactly the slots of its label, with their values. The listener and its confidence play no
part here: a parser finds the slots in the words of Vosk's final results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure, share
from models.recipe.measures.mix import Samples, chance_for, kitchen, mixed
from models.recipe.split import held_out
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.graph import Costs, Net
from voiceguide.recognition.lexicon import FILE, Lexicon
from voiceguide.recognition.model import ClosedModel, GrammarModel, takes_graph
from voiceguide.sound import BLOCK, Pcm
from voiceguide.sound.files import read_recording

SNRS_DB = (24, 21, 18, 15, 12, 9, 6)
"""The SNRs of the benchmark. Its published figures are means over them."""
PUBLISHED = {"Rhino": 0.976, "Lex": 0.845, "Dialogflow": 0.776}
"""The shares of right orders that the benchmark publishes for other engines, as means over 6 to 24 dB, with its own
noises and all of its recordings. They are for orientation only: the sound is not the same."""
ORDER = ("roast", "milkAmount", "sugarAmount", "numberOfShots", "coffeeDrink", "size")
"""The order in which slots are looked for: "medium roast" contains the size "medium"."""
PAUSE_COST, ORDER_COST, PHONE_COST = 3.0, 4.0, 0.5
"""Costs in the graph: of a pause between two words, of an order, and of each of its phones (without which longer
orders would be favoured: "some milk" over "milk"). Chosen on orders that are not held out."""
NEVER = 30.0
"""A prohibitive cost: every order is in the grammar, so nothing is [unk]."""
SENTENCES = 3000
"""How many sentences of the coffee grammar Vosk's run-time grammar gets, for models that take no graph."""

Slots = Mapping[str, Sequence[str]]


def grammar(path: Path) -> tuple[list[str], Slots]:
    """The expressions of the benchmark's grammar.yaml, and the values of each slot."""
    context = yaml.safe_load(path.read_text("utf-8"))["context"]
    slots = {name: [_normal(value) for value in values] for name, values in context["slots"].items()}
    return list(context["expressions"]["orderDrink"]), slots


def parsed(text: str, slots: Slots) -> dict[str, str]:
    """The slots in ``text``: of each the longest value that stands in it, and none of a word that an earlier one
    has taken."""
    rest = f" {' '.join(text.replace('[unk]', ' ').split())} "
    got: dict[str, str] = {}
    for name in ORDER:
        for value in sorted(slots[name], key=len, reverse=True):
            if f" {value} " in rest:
                got[name] = value
                rest = rest.replace(f" {value} ", " # ", 1)
                break
    return got


def orders(expressions: Sequence[str], slots: Slots, cost: Callable[[str], float]) -> tuple[Net, int]:
    """All orders of the benchmark's grammar, as its expressions list them, and the rest with which they begin: an
    opening, an article or none, slots before the drink in any order, the drink, and slots after it in any order.
    ``cost``: of a word."""
    openings, articles = (
        [_normal(choice) for choice in choices.split(",")]
        for choices in re.findall(r"\[([^]]*)\]", expressions[0])[:2]
    )
    before_drink, after_drink = (
        re.findall(r"\$(\w+):", half) for half in expressions[0].split("$coffeeDrink:coffeeDrink")
    )
    net = Net()

    def ways(texts: Iterable[str], rest: int) -> list[tuple[str, float, int]]:
        """Each of these, and then a rest."""
        found = []
        for words in map(str.split, texts):
            after = rest
            for word in reversed(words[1:]):
                after = net.rest(None, [(word, cost(word), after)])
            found.append((words[0], cost(words[0]), after))
        return found

    def before(left: frozenset[str]) -> int:
        slot_first = [way for name in sorted(left) for way in ways(slots[name], before(left - {name}))]
        return net.rest(None, [*slot_first, *drinks])

    end = net.rest(0.0)
    additions = []
    for first, second in permutations(after_drink):
        last = net.rest(None, ways(slots[second], end))
        additions += ways(slots[first], net.rest(0.0, ways(["and"], last)))
    drinks = ways(slots["coffeeDrink"], net.rest(0.0, ways(["with"], net.rest(None, additions))))
    anything = before(frozenset(before_drink))
    article = net.rest(None, [*ways(articles, anything), *net.rests[anything].words])
    first_words = [(word, price + ORDER_COST, rest) for word, price, rest in ways(openings, article)]
    return net, net.rest(None, first_words)


def sentences(expressions: Sequence[str], slots: Slots) -> list[str]:
    """Random sentences of the grammar, the same in every run."""
    chance = np.random.default_rng(0)

    def pick(choices: Sequence[str]) -> str:
        return str(choices[int(chance.integers(len(choices)))])

    found: dict[str, None] = {}
    for _ in range(SENTENCES):
        text = re.sub(r"\$(\w+):\w+", lambda match: pick(slots[match[1]]), pick(expressions))
        found.setdefault(_normal(re.sub(r"\[([^]]*)\]", lambda match: pick(match[1].split(",")), text)))
    return list(found)


def ears_for(folder: Path, expressions: Sequence[str], slots: Slots) -> tuple[Callable[[], Any], list[str]]:
    """What makes a recogniser of orders with the model in ``folder``, and the words that the model lacks.

    With the closed graph: exactly the orders of the grammar, one after the other. Else the run-time grammar, a bigram
    of words.
    Raises ModelError."""
    if takes_graph(folder):
        lexicon = Lexicon.read(folder / FILE).pronunciations
        closed = ClosedModel(folder, costs=Costs(unknown=NEVER, escape=NEVER, pause=PAUSE_COST))
        lacking = {word for values in slots.values() for value in values for word in value.split()} - lexicon.keys()
        known = {
            name: [value for value in values if lacking.isdisjoint(value.split())] for name, values in slots.items()
        }
        net, start = orders(expressions, known, lambda word: PHONE_COST * min(map(len, lexicon[word])))
        return closed.recognisers(net, start), sorted(lacking)
    listed = sentences(expressions, slots)
    model = GrammarModel(folder)
    lacking = {word for text in listed for word in text.split() if not model.knows(word)}
    book = Phrasebook({text: Command("next") for text in listed if lacking.isdisjoint(text.split())}, ())
    return lambda: model.recogniser(book), sorted(lacking)


def coffee(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """Of each condition not yet ``done``: the share of held-out orders with all slots right, and of slots."""
    folder = context.recordings / "coffee"
    expressions, slots = grammar(folder / "grammar.yaml")
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    ears, lacking = ears_for(context.folder, expressions, slots)
    files = context.some([name for name in sorted(labels) if held_out(name)])
    recordings = {name: read_recording(folder / name) for name in files}
    noise = kitchen(context.recordings)
    conditions: list[tuple[str, Samples | None, float]] = [("clean", None, 0.0)]
    conditions += [(f"kitchen {snr_db} dB", noise, snr_db) for snr_db in SNRS_DB]
    for condition, sound, snr_db in conditions:
        if condition in done:
            continue
        right = slots_right = slots_given = 0
        failures: list[dict[str, object]] = []
        for name, pcm in recordings.items():
            heard = mixed(pcm, chance_for(name, condition), noise=sound, snr_db=snr_db, level_db=float("nan")).pcm
            text = _final_words(ears(), heard)
            wanted = {slot: _normal(value) for slot, value in labels[name]["slots"].items()}
            got = parsed(text, slots)
            right += got == wanted
            slots_given += len(wanted)
            slots_right += sum(got.get(slot) == value for slot, value in wanted.items())
            if got != wanted:
                failures.append({"file": name, "wanted": wanted, "heard": text})
        yield (
            condition,
            {
                "right": share(right, len(recordings)),
                "slots": share(slots_right, slots_given),
                "words unknown to the model": lacking,
                "failures": failures,
            },
        )


def over_snrs(figures: Mapping[str, Figure]) -> Figure | None:
    """All noisy conditions together; None if one is missing."""
    noisy = [figures.get(f"kitchen {snr_db} dB") for snr_db in SNRS_DB]
    counts = [figure["right"] for figure in noisy if figure is not None]
    if len(counts) < len(SNRS_DB):
        return None
    return share(sum(count["count"] for count in counts), sum(count["n"] for count in counts))


def _final_words(ears: Any, pcm: Pcm) -> str:
    texts = []
    for i in range(0, len(pcm), 10 * BLOCK):
        if ears.AcceptWaveform(pcm[i : i + 10 * BLOCK].tobytes()):
            texts.append(json.loads(ears.Result())["text"])
    texts.append(json.loads(ears.FinalResult())["text"])
    return " ".join(text for text in texts if text)


def _normal(text: str) -> str:
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())
