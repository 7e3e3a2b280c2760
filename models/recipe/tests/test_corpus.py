"""What is trained on, and how often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.recipe.corpus import MOST_STATES, SHARES, Corpus
from models.recipe.sound import Sound
from models.recipe.store import Utterance
from models.recipe.tests.examples import CPU, LEXICON, sound, tone, tones


def test_what_hundreds_say_does_not_crowd_out_the_rest() -> None:
    said = [(tone(500, 1.2), Utterance(0, 0, "go", "words", f"g{k}")) for k in range(90)]
    said += [(tone(500, 1.2), Utterance(0, 0, "back", "words", f"b{k}")) for k in range(10)]
    corpus = Corpus(sound(*said), tones()[1], LEXICON)
    rng = np.random.default_rng(0)
    drawn = np.concatenate([corpus.draw(rng, 60)[0] for _ in range(60)])
    drawn = drawn[drawn >= 0]
    assert 0.15 < (drawn >= 90).mean() < 0.35  # sqrt(10) of sqrt(90) + sqrt(10): a quarter, not a tenth


def said(count: int, seconds: float = 1.2, text: str = "go back", kind: str = "read", voice: str = "v") -> list[Any]:
    return [(tone(500, seconds), Utterance(0, 0, text, kind, f"{voice}{k}")) for k in range(count)]


def drawn(corpus: Corpus, batches: int = 80) -> NDArray[np.int64]:
    rng = np.random.default_rng(0)
    return np.concatenate([corpus.draw(rng, 60)[0] for _ in range(batches)])


def test_each_kind_has_its_share_of_the_time() -> None:
    """However much of it there is: 60 utterances read and 6 by espeak-ng, all of one length."""
    corpus = Corpus(sound(*said(60), *said(6, kind="espeak")), Sound([], CPU), LEXICON)
    items = drawn(corpus)
    share = SHARES["read"] / (SHARES["read"] + SHARES["espeak"])
    assert (items < 60).mean() == pytest.approx(share, abs=0.05)


def test_a_few_recordings_do_not_take_the_share_of_hours() -> None:
    """By the table of shares, three of 303 would take most of the time."""
    corpus = Corpus(sound(*said(300, kind="espeak"), *said(3)), Sound([], CPU), LEXICON)
    assert (drawn(corpus) >= 300).mean() == pytest.approx(8 * 3 / 303, abs=0.03)


def test_utterances_of_up_to_17_seconds_are_trained_on() -> None:
    corpus = Corpus(sound(*said(1, 16.9), *said(1, 17.1), *said(1, 0.6)), tones()[1], LEXICON)
    assert corpus.items[corpus.kinds == "read"].tolist() == [0, 2]


def test_utterances_with_too_many_states_are_left_out() -> None:
    """ "the" in its two ways and a silence after it: five states; one more at the beginning."""
    most = " ".join(["the"] * ((MOST_STATES - 1) // 5))
    items = [*said(1, 16.0, most), *said(1, 16.0, f"{most} the")]
    corpus = Corpus(sound(*items), tones()[1], LEXICON)
    assert corpus.items[corpus.kinds == "read"].tolist() == [0]
    assert corpus.states[-1] == len(corpus.chain(0).phones) == 1 + 5 * len(most.split())


def test_utterances_with_the_same_text_share_a_chain() -> None:
    corpus = Corpus(sound(*said(2), *said(1, text="pause")), tones()[1], LEXICON)
    assert corpus.chain(0) is corpus.chain(1)
    assert corpus.chain(2) is not corpus.chain(0)
    assert corpus.chain(-1).phones == (0,)


def test_nobody_is_both_trained_on_and_watched() -> None:
    people = [one for k in range(60) for one in said(3, text="pause", voice=f"speaker {k} take ")]
    people = [(pcm, replace(u, voice=u.voice.split(" take")[0])) for pcm, u in people]
    speech = sound(*people)
    corpus = Corpus(speech, Sound([], CPU), LEXICON)
    rng = np.random.default_rng(0)
    watched = np.concatenate([corpus.draw(rng, 60, watched=True)[0] for _ in range(40)])
    sides = [{speech.utterances[item].voice for item in items} for items in (drawn(corpus), watched)]
    assert all(sides)
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 60
