"""The baby's name and pronoun: what the guide says, and what it understands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.errors import VoiceguideError
from voiceguide.guide.machine import Guide
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.language import load_language
from voiceguide.recognition import models
from voiceguide.recognition.model import known
from voiceguide.routine.baby import Baby
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sound import BLOCK, RATE

ENGLISH = load_language("en")


def massage() -> Routine:
    return load(find("infant-massage"))


def all_that_is_said(baby: Baby) -> tuple[str, ...]:
    return Guide(baby.routine(massage(), ENGLISH), baby.language(ENGLISH)).texts()


def test_the_guide_calls_the_baby_by_its_name() -> None:
    said = " ".join(all_that_is_said(Baby("Mia")))
    assert "your baby" not in said and "Your baby" not in said
    assert "Stop the massage, and tend to Mia." in said
    assert "Look at Mia's skin, lips and breathing." in said


@pytest.mark.parametrize(("pronoun", "close"), [("she", "her"), ("he", "him"), ("they", "them")])
def test_the_guide_uses_the_pronoun(pronoun: str, close: str) -> None:
    said = all_that_is_said(Baby(None, pronoun))
    assert f"Hold {close} close, and hum or talk softly." in said
    assert "Stop the massage, and tend to your baby." in said


def test_without_a_name_nothing_changes() -> None:
    assert Baby().routine(massage(), ENGLISH) == massage()
    assert Baby().language(ENGLISH) == ENGLISH


def test_every_word_that_a_pronoun_replaces_is_said_somewhere() -> None:
    said = " ".join(all_that_is_said(Baby())).casefold()
    for words in ENGLISH.pronouns.values():
        assert all(key in said for key in words)


def test_what_is_recorded_stays_as_it_was_recorded() -> None:
    line = massage().steps[0].say[0]
    recorded = replace(massage(), recordings={line: Path("face-up.wav")})
    named = Baby("Mia").routine(recorded, ENGLISH)
    assert named.steps[0].say[0] == line
    assert "Mia" in named.steps[0].say[3]


@pytest.mark.parametrize("name", ["Mia", "Anne-Marie", "Théo", "O'Neill"])
def test_what_is_said_of_the_baby_by_name_is_understood(name: str) -> None:
    book = Baby(name).language(ENGLISH).phrasebook(massage().parts)
    for said, command in (
        (f"{name} is crying", "stress"),
        (f"{name}'s asleep", "asleep"),
        (f"{name} is calm", "calm"),
    ):
        meaning = book.meaning(said)
        assert meaning is not None and meaning.name == command
    crying = book.meaning("she's crying")
    assert crying is not None and crying.sign == "crying"


@pytest.mark.parametrize("name", ["Mia", "Zofia", "Theo", "Kwame"])
def test_a_name_is_recognised_by_its_spelling(name: str, speak: Callable[..., Any]) -> None:
    language = Baby(name).language(ENGLISH)
    routine = Baby(name).routine(massage(), ENGLISH)
    model = models.load(models.box(), routine.pronounce)
    listener = Listener(model, known(model, language.phrasebook(routine.parts)))
    silence = np.zeros(RATE, np.int16)
    pcm = np.concatenate([silence, speak(f"{name} is crying"), silence, silence])
    heard = [
        one
        for at in range(0, len(pcm) - BLOCK + 1, BLOCK)
        for one in listener.hear(pcm[at : at + BLOCK], (at + BLOCK) / RATE)
    ]
    commands = [one.command for one in heard if isinstance(one, Heard)]
    assert [(command.name, command.sign) for command in commands] == [("stress", "crying")]


def test_an_accent_may_be_a_character_of_its_own() -> None:
    assert Baby("Jose\N{COMBINING ACUTE ACCENT}").name == "José"


@pytest.mark.parametrize("name", ["", "  ", "M1a", "Mia.", "Mia\n", "x" * 31, "{name}", "(a|b)", "<who>"])
def test_what_cannot_be_a_name_is_one_line(name: str) -> None:
    with pytest.raises(VoiceguideError, match="write it as it is said"):
        Baby(name)


def test_what_cannot_be_a_pronoun_is_one_line() -> None:
    with pytest.raises(VoiceguideError, match="one of she, he, they"):
        Baby(None, "it")


@given(st.text(max_size=40))
def test_any_text_is_a_name_that_works_or_one_line(name: str) -> None:
    try:
        baby = Baby(name)
    except VoiceguideError:
        return
    assert baby.language(ENGLISH).say("stop_and_tend") == (f"Stop the massage, and tend to {name}.",)
