"""What the README tells parents to say is understood, and means what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from voiceguide.guide.table import STATES
from voiceguide.language.language import Phrasebook

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CHAPTER = README[README.index("## What to say") : README.index("## A short session")]
NO_COMMANDS = {"well, next", "He's", "she's", "they're", "baby is", "Mia is crying"}
"""An example of what is none, beginnings, and what needs a name."""


def rows() -> list[tuple[str, list[str]]]:
    """The rows of its tables: the first cell, and the quoted phrases in the second."""
    cells = [line.strip("|").split("|") for line in CHAPTER.splitlines() if line.startswith("| ")]
    return [(first.strip(" *"), re.findall('"([^"]+)"', rest)) for first, rest in cells if '"' in rest]


def test_every_phrase_in_it_is_a_command(book: Phrasebook) -> None:
    quoted = set(re.findall('"([^"]+)"', CHAPTER))
    assert len(quoted) > 80
    assert {phrase for phrase in quoted if book.meaning(phrase) is None} == NO_COMMANDS


@pytest.mark.parametrize(("what", "phrases"), rows(), ids=[what for what, _ in rows()])
def test_the_phrases_of_a_row_mean_one_thing(book: Phrasebook, what: str, phrases: list[str]) -> None:
    meanings: set[Any] = {book.meaning(phrase) for phrase in phrases}
    several = {"to end for today", "another part", "to know", "it louder, softer", "it slower, faster"}
    several |= {"the music louder, softer", "to leave a part out", "only some parts, or all"}
    several.add("shorter strokes, longer ones")
    assert len(meanings) == 1 or what in several


def test_its_session_shows_states_that_are_there() -> None:
    shown = set(re.findall(r"^ +\d+:\d\d\.\d +\((\w+)", README, re.MULTILINE)) - {"hushed"}
    assert shown <= set(STATES)
