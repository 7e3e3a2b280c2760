"""A short preparation for a parent who knows the routine."""

from __future__ import annotations

from functools import cache

import pytest
from player import Player, cut_off

from voiceguide.guide.machine import Guide
from voiceguide.guide.situations import PREPARING
from voiceguide.language.language import load_language
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine, seconds_to_say

WELCOME_BACK = "Welcome back, both of you."


@cache
def routines() -> tuple[Routine, ...]:
    return tuple(map(load, all_routines()))


def test_a_parent_who_knows_the_massage_hears_only_what_must_not_be_forgotten() -> None:
    assert Player(known=True).lines == (
        WELCOME_BACK,
        "With a fever or an illness, or within three days of a vaccination, leave it for another day.",
        "Ask a doctor first about sore skin, and keep off the belly until the cord has healed.",
        "Your baby should be wide awake, and an hour past the last feed.",
        "Always keep one hand on your baby.",
        "Say start again to hear the whole list.",
        "Say ready when you want to begin.",
    )


def test_and_can_hear_everything() -> None:
    p, whole = Player(known=True), Player().lines
    p.one_line()
    p.hear("leave_out", targets=("face",))
    p.hear("start_again")
    assert p.lines == whole and p.guide.situation is PREPARING
    p.hear("repeat")
    assert p.lines == whole
    assert p.guide.massage.plan.left_out == {"face"}, "what was agreed still holds"
    p.hear("pause")
    p.hear("start_again")
    assert p.lines == whole


def test_who_does_not_go_on_where_it_was_cut_off_is_prepared_as_shortly() -> None:
    p = Player(known=True, interrupted=cut_off("belly-1"))
    p.hear("no")
    assert p.lines[0] == WELCOME_BACK


def test_a_routine_that_has_no_short_list_is_prepared_in_full() -> None:
    routine = load(find("hand-and-wrist"))
    assert Player(routine=routine, known=True).lines == Player(routine=routine).lines


@pytest.mark.parametrize("routine", routines(), ids=lambda routine: routine.id)
def test_the_short_list_is_short_safe_and_no_command(routine: Routine) -> None:
    again = [line for item in routine.preparation for line in item.again]
    whole = [line for item in routine.preparation for line in item.say]
    assert len(again) <= 4 < len(whole) or not again
    assert sum(map(seconds_to_say, again)) <= 30
    assert not again or routine.preparation[[bool(i.again) for i in routine.preparation].index(True)].id in (
        "well-today",
        "not-crying",
    ), "what may rule it out comes first"
    language = load_language(routine.language)
    book = language.phrasebook(routine.parts)
    for line in again:
        assert book.meaning(line) is None and len(line.split()) <= 20, line
    texts = Guide(routine, language, known=True).texts()
    assert {*again, *whole} <= {*texts}, "both can be rendered ahead"
