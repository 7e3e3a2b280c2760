"""A massage that fits: five, ten or twenty minutes, and what there is time for in them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from player import Player, cut_off

from voiceguide.guide.machine import Guide
from voiceguide.language.language import load_language
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine


@cache
def routines() -> tuple[Routine, ...]:
    return tuple(map(load, all_routines()))


def parts(p: Player) -> list[str]:
    """The parts that are done if the parent says no more than "next"."""
    done = [p.guide.step.part] if p.guide.step else []
    p.hear("ready")
    while p.guide.step is not None:
        done.append(p.guide.step.part)
        p.hear("next")
    return list(dict.fromkeys(done))


@pytest.mark.parametrize(
    ("minutes", "told", "done"),
    [
        (5, "About 5 minutes, for the legs.", ["legs"]),
        (10, "About 9 minutes: legs, arms and face.", ["legs", "arms", "face"]),
        (
            20,
            "About 19 minutes: legs, arms, belly, chest, neck, face, ears and back.",
            ["legs", "arms", "belly", "chest", "neck", "face", "ears", "back"],
        ),
    ],
)
def test_it_begins_with_the_legs_and_ends_with_a_calm_part(minutes: int, told: str, done: list[str]) -> None:
    p = Player()
    p.hear("minutes", minutes=minutes)
    assert p.lines[0] == told
    assert p.guide.massage.plan.scale == 1.0, "whole parts are left out before any stroke is shortened"
    assert parts(p) == done


def test_where_even_one_part_is_too_long_its_strokes_are_shortened() -> None:
    p = Player()
    p.hear("minutes", minutes=3)
    assert p.lines[0] == "About 3 minutes, for the legs."
    assert p.guide.massage.plan.scale < 1.0


def test_the_part_that_is_being_done_is_done_to_its_end() -> None:
    p = Player(at="belly")
    p.hear("minutes", minutes=5)
    assert p.lines[0] == "About 4 minutes: belly and face."
    assert parts(p) == ["belly", "face"]


def test_what_the_parent_does_not_want_stays_left_out() -> None:
    p = Player()
    p.hear("leave_out", targets=("face", "arms"))
    p.hear("minutes", minutes=10)
    assert parts(p) == ["legs", "belly", "chest"]


def test_the_last_word_counts() -> None:
    p = Player()
    p.hear("minutes", minutes=3)
    p.hear("minutes", minutes=20)
    assert p.lines[0].startswith("About 19 minutes: legs, arms, belly,")
    p.hear("minutes", minutes=5)
    p.hear("everything")
    assert len(parts(p)) == 8


def test_a_part_that_there_was_no_time_for_can_be_asked_for() -> None:
    p = Player(at="legs")
    p.hear("minutes", minutes=5)
    p.hear("goto", target="back")
    assert p.guide.step is not None and p.guide.step.part == "back"
    p.hear("minutes", minutes=5)
    p.hear("only", targets=("ears",))
    assert p.guide.step is not None and p.guide.step.part == "ears"


def test_minutes_that_were_set_are_told_before_the_first_step_and_only_then() -> None:
    p = Player(minutes=10)
    p.hear("ready")
    assert p.lines[:2] == ("Lovely, here we go.", "About 9 minutes: legs, arms and face.")
    p.hear("next")
    assert not any(line.startswith("About") for line in p.lines)
    p.hear("start_again")
    assert parts(p) == ["legs", "arms", "face"]


def test_minutes_that_were_set_count_from_the_step_where_it_starts() -> None:
    p = Player(at="chest", minutes=5)
    assert p.lines[0] == "About 4 minutes: chest and face."


def test_minutes_that_were_set_do_not_change_a_session_that_goes_on() -> None:
    p = Player(interrupted=cut_off("belly-1", left_out=("face",)), minutes=5)
    p.hear("yes")
    assert parts(p) == ["belly", "chest", "neck", "ears", "back"]
    again = Player(interrupted=cut_off("belly-1"), minutes=5)
    again.hear("no")
    assert parts(again) == ["legs"]


def test_what_there_is_time_for_survives_a_power_cut() -> None:
    p = Player(at="legs")
    p.hear("minutes", minutes=10)
    assert p.kept.left_out == ("back", "belly", "chest", "ears", "neck")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("infant-massage-es", "Unos 10 minutos: las piernas, los brazos y la cara."),
        ("infant-massage-fr", "Environ 9 minutes : les jambes, les bras et le visage."),
    ],
)
def test_it_is_told_in_other_languages(name: str, told: str) -> None:
    routine = load(find(name))
    guide = Guide(routine, load_language(routine.language), minutes=10)
    guide.start()
    assert guide.massage.what_fits() == (told,)


@given(st.data(), st.integers(1, 30))
def test_what_is_left_takes_no_longer_than_asked_or_is_the_least_that_is_possible(
    data: st.DataObject, minutes: int
) -> None:
    routine = data.draw(st.sampled_from(routines()))
    at = data.draw(st.sampled_from([None, *(step.id for step in routine.steps)]))
    p = Player(routine=routine, at=at)
    if data.draw(st.booleans()):
        p.all_lines()
        p.now += data.draw(st.floats(0, 10))
    first = p.guide.massage.parts_left()[0]
    p.hear("minutes", minutes=minutes)
    massage = p.guide.massage
    takes = massage.seconds_with(massage.plan, p.now)
    if takes > 60 * minutes:
        assert massage.parts_left() == (first,) and massage.plan.stroke == 0
    assert massage.parts_left()[0] == first
    for part in {step.part for step in routine.steps} & massage.plan.no_time:
        more = replace(massage.plan, no_time=massage.plan.no_time - {part})
        assert massage.seconds_with(more, p.now) > 60 * minutes, f"there is time for {part}"
