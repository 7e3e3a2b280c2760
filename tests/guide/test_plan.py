"""What of a routine is done: parts left out, strokes shortened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.guide.plan import STROKES, Plan
from voiceguide.routine.library import find
from voiceguide.routine.loading import load

STEPS = load(find("infant-massage")).steps
PARTS = tuple(dict.fromkeys(step.part for step in STEPS))

plans = st.builds(
    Plan,
    steps=st.just(STEPS),
    left_out=st.frozensets(st.sampled_from(PARTS)),
    stroke=st.integers(0, len(STROKES) - 1),
)


@given(plans)
def test_going_on_walks_through_what_is_done_and_nothing_else(plan: Plan) -> None:
    walked, n = [], plan.after(-1)
    while n < len(STEPS):
        walked.append(n)
        n = plan.after(n)
    assert walked == [n for n, step in enumerate(STEPS) if step.part not in plan.left_out]
    assert [plan.before(n) for n in walked[1:]] == walked[:-1]
    assert [plan.place(n) for n in walked] == [(m + 1, len(walked)) for m in range(len(walked))]


@given(plans, st.integers(0, len(STEPS) - 1))
def test_skipping_leaves_the_part(plan: Plan, n: int) -> None:
    there = plan.after_part(n)
    assert there == len(STEPS) or (there in plan and STEPS[there].part != STEPS[n].part)
    assert all(m not in plan or STEPS[m].part == STEPS[n].part for m in range(n + 1, there))


@given(plans, st.sampled_from(PARTS), st.sampled_from(PARTS))
def test_less_takes_less_time(plan: Plan, one: str, other: str) -> None:
    whole = plan.whole().seconds_after(-1)
    assert plan.without(one).seconds_after(-1) <= plan.seconds_after(-1) <= whole
    assert plan.only(one, other).seconds_after(-1) <= whole
    assert {STEPS[n].part for n in range(len(STEPS)) if n in plan.only(one, other)} == {one, other}
    assert plan.with_stroke(-1).seconds_after(-1) <= plan.seconds_after(-1)


@given(plans, st.sampled_from(PARTS))
def test_what_was_left_out_can_be_asked_for_again(plan: Plan, part: str) -> None:
    n = next(n for n, step in enumerate(STEPS) if step.part == part)
    assert n in plan.without(part).including(part)
    assert n in plan.whole()


def test_strokes_have_a_shortest_and_a_longest() -> None:
    plan = Plan(STEPS)
    assert plan.hold(1) == STEPS[1].hold
    assert plan.with_stroke(-1).hold(1) == pytest.approx(0.6 * STEPS[1].hold)
    assert plan.with_stroke(-9) == plan.with_stroke(-9).with_stroke(-1)
    assert plan.with_stroke(9) == plan.with_stroke(9).with_stroke(1)
