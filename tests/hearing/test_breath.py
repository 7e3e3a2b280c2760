"""What was said in one breath."""

from __future__ import annotations

import pytest

from voiceguide.hearing.breath import Parser
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook

BOOK = Phrasebook(
    {
        "next": Command("next"),
        "go on": Command("resume"),
        "pause please": Command("pause"),
        "pause": Command("pause"),
        "baby is choking": Command("stress", sign="skin_colour", danger=True),
    },
    (),
    ("okay", "um", "right", "oh no"),
    ("thank you", "please", "now"),
)


@pytest.mark.parametrize(
    ("said", "phrase", "spoken"),
    [
        ("next", "next", "next"),
        ("okay next", "next", "okay next"),
        ("um pause please", "pause please", "um pause please"),
        ("next thank you", "next", "next thank you"),
        ("okay um next please now", "next", "okay um next please now"),
        ("oh no baby is choking", "baby is choking", "oh no baby is choking"),
        ("pause baby is choking", "baby is choking", "pause baby is choking"),
        ("[unk] right go on", "go on", "right go on"),
        ("[unk] next", "next", "next"),
    ],
)
def test_the_command_at_the_end_is_found_with_what_belongs_to_it(said: str, phrase: str, spoken: str) -> None:
    breath = Parser(BOOK).parse(said.split())
    assert breath is not None
    assert (breath.phrase, breath.spoken) == (phrase, spoken)
    assert breath.command == BOOK.meanings[phrase]
    assert breath.whole == ("[unk]" not in said)


@pytest.mark.parametrize("said", ["", "okay", "thank you", "next [unk]", "next okay", "go", "[unk]"])
def test_what_ends_with_something_else_is_none(said: str) -> None:
    assert Parser(BOOK).parse(said.split()) is None


@pytest.mark.parametrize("code", ["en", "es", "fr"])
def test_no_filler_of_a_language_is_a_command(code: str) -> None:
    book = load_language(code).phrasebook()
    assert book.before and book.after
    assert not {*book.before, *book.after} & {*book.meanings, *book.decoys}
