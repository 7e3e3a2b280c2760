"""What the guide does when it hears crying, and nobody has said that the baby cries."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from player import Player, after, in_situation, language, some_events

from voiceguide.guide.actions import Hush, Say, SetVolume
from voiceguide.guide.events import Cry
from voiceguide.guide.situations import (
    CHECKING,
    CRYING,
    HOLDING,
    PAUSED,
    PREPARING,
    SITUATIONS,
    SPEAKING,
    TENDING,
    WAITING,
    Situation,
)

QUESTION = "I think I hear crying. Shall we stop?"
INTERRUPTS = (PREPARING, SPEAKING, HOLDING, WAITING)


def asked(p: Player) -> bool:
    return QUESTION in p.said


def crying_at(situation: Situation) -> Player:
    p = in_situation(situation)
    if situation in (HOLDING, WAITING):
        p.all_lines()
    p.give(Cry())
    if p.guide.situation is not CRYING:
        p.one_line()
    return p


def test_it_lowers_its_voice_lets_the_sentence_end_and_asks() -> None:
    p = in_situation(SPEAKING)
    sentences = p.lines
    assert p.give(Cry()) == [SetVolume(-1)]
    assert p.guide.situation is SPEAKING and p.lines == sentences
    p.one_line()
    assert p.guide.situation is CRYING
    assert p.lines == (QUESTION,)
    assert not any(isinstance(action, SetVolume) for action in p.actions), "it's still lowered"


@pytest.mark.parametrize("situation", INTERRUPTS)
def test_it_asks_wherever_the_massage_goes_on(situation: Situation) -> None:
    assert crying_at(situation).guide.situation is CRYING


@pytest.mark.parametrize("situation", [s for s in SITUATIONS if s not in INTERRUPTS])
def test_elsewhere_it_changes_nothing(situation: Situation) -> None:
    p = in_situation(situation)
    before = p.lines
    assert p.give(Cry()) == []
    p.all_lines()
    assert p.guide.situation is not CRYING or before == (QUESTION,)


def test_yes_is_as_if_the_parent_had_said_that_the_baby_cries() -> None:
    said, answered = in_situation(SPEAKING), crying_at(SPEAKING)
    said.hear("stress", sign="crying")
    assert Hush() in answered.hear("yes")
    assert answered.guide.situation is TENDING
    assert answered.lines == said.lines
    assert answered.kept.signs == said.kept.signs == ("crying",)
    assert answered.guide.massage.record.stress == 1


@pytest.mark.parametrize("answer", ["no", "resume", "calm", "next", "stop"])
def test_any_other_answer_is_respected_for_the_rest_of_the_session(answer: str) -> None:
    p = crying_at(SPEAKING)
    p.hear(answer)
    p.said.clear()
    for _ in range(60):
        p.hear("resume")
        p.give(Cry())
        p.all_lines()
        if "hold" in p.timers:
            p.elapse("hold")
    assert p.ended and not asked(p)


def test_after_a_yes_it_asks_again_when_it_hears_crying_again() -> None:
    p = crying_at(SPEAKING)
    p.hear("yes")
    p.hear("calm")
    p.hear("resume")
    p.said.clear()
    p.give(Cry())
    p.one_line()
    assert asked(p)


def test_no_goes_on_after_the_sentence_that_was_said_to_its_end() -> None:
    p = in_situation(SPEAKING)
    _, second, *_ = p.lines
    p.give(Cry())
    p.one_line()
    p.hear("no")
    assert p.guide.situation is SPEAKING and p.lines[:2] == (*language().prompts["carry_on"], second)
    assert SetVolume(0) in p.actions, "it speaks as loud as before"


def test_the_rest_of_a_stroke_is_kept() -> None:
    p = in_situation(HOLDING)
    p.all_lines()
    p.now = p.timers["hold"] - 7.0
    p.give(Cry())
    assert "hold" not in p.timers
    p.now += 30
    p.hear("no")
    assert p.timers["hold"] - p.now == pytest.approx(7.0)


@pytest.mark.parametrize("said", ["louder", "stop", "where"])
def test_who_says_something_before_the_sentence_ends_is_not_asked(said: str) -> None:
    p = in_situation(SPEAKING)
    p.give(Cry())
    p.hear(said)
    p.all_lines()
    assert not asked(p)
    p.hear("repeat")
    p.give(Cry())
    p.one_line()
    assert asked(p), "the question was not lost"


def test_a_question_that_nobody_answers_heals_itself() -> None:
    """It may have been a television."""
    p = crying_at(WAITING)
    p.all_lines()
    p.elapse("silence")
    assert p.guide.situation is CHECKING
    p.all_lines()
    assert p.guide.situation in (CHECKING, PAUSED) and not p.timers


@given(some_events)
def test_crying_never_moves_on_and_never_cuts_a_sentence(happenings: list[random.Random]) -> None:
    p = after(happenings)
    step, sentence = p.guide.step, p.lines[p.index : p.index + 1]
    actions = p.give(Cry())
    assert p.guide.step == step
    assert not any(isinstance(action, Hush) for action in actions)
    assert not sentence or not any(isinstance(action, Say) for action in actions)
