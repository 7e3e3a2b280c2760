"""What the guide does when it doesn't understand what is said to it."""

from __future__ import annotations

import pytest
from player import Player, in_situation, infant_massage

from voiceguide.guide.actions import Hush
from voiceguide.guide.events import Missed
from voiceguide.guide.situations import (
    CHECKING,
    EMERGENCY,
    HOLDING,
    MISSES_S,
    PREPARING,
    SITUATIONS,
    SPEAKING,
    TENDING,
    WAITING,
    WONDERING,
    Situation,
)

ASKED = ("I couldn't make that out.", "Is your baby all right?")
LISTENS = (PREPARING, SPEAKING, HOLDING, WAITING)


def missed_twice(situation: Situation, apart: float = 5.0) -> Player:
    p = in_situation(situation)
    assert p.give(Missed()) == [], "once is nothing"
    p.now += apart
    p.give(Missed())
    return p


@pytest.mark.parametrize("situation", LISTENS)
def test_after_the_second_miss_it_falls_silent_and_asks_whether_the_baby_is_all_right(situation: Situation) -> None:
    p = missed_twice(situation)
    assert Hush() in p.actions
    assert p.guide.situation is WONDERING and p.lines == ASKED


@pytest.mark.parametrize("situation", [s for s in SITUATIONS if s not in LISTENS])
def test_elsewhere_it_changes_nothing(situation: Situation) -> None:
    p = in_situation(situation)
    before = p.lines
    p.give(Missed())
    p.give(Missed())
    assert (p.guide.situation, p.lines) == (situation, before)


def test_two_misses_long_after_each_other_are_none() -> None:
    assert missed_twice(WAITING, MISSES_S + 1.0).guide.situation is WAITING


def test_two_misses_with_a_command_between_them_are_not_in_a_row() -> None:
    p = in_situation(WAITING)
    p.give(Missed())
    p.hear("louder")
    p.give(Missed())
    assert p.guide.situation is WAITING


def test_yes_goes_on_where_it_was() -> None:
    p = missed_twice(SPEAKING)
    p.hear("yes")
    assert p.guide.situation is SPEAKING and p.guide.step == infant_massage().steps[0]


@pytest.mark.parametrize(("answer", "leads_to"), [("stress", TENDING), ("no", EMERGENCY)])
def test_what_is_wrong_is_answered(answer: str, leads_to: Situation) -> None:
    p = missed_twice(SPEAKING)
    p.hear(answer)
    assert p.guide.situation is leads_to


def test_without_an_answer_it_asks_once_whether_to_go_on() -> None:
    p = missed_twice(HOLDING)
    p.all_lines()
    p.elapse("silence")
    assert p.guide.situation is CHECKING


def test_it_asks_once_until_a_command_is_understood() -> None:
    p = in_situation(WAITING)
    p.guide.massage.asked_about_misses = True
    for _ in range(5):
        p.give(Missed())
    assert p.guide.situation is WAITING
    p.hear("louder")
    p.give(Missed())
    p.give(Missed())
    assert p.guide.situation is WONDERING
