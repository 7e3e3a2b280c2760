"""Rules that hold whatever happens."""

from __future__ import annotations

import random
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from player import Player, after, in_situation, language, random_event, small, some_events

from voiceguide.guide.actions import (
    Hush,
    NotNow,
    Say,
    SetMusic,
)
from voiceguide.guide.events import Found
from voiceguide.guide.progress import Progress
from voiceguide.guide.reactions.tending import ENOUGH
from voiceguide.guide.situations import (
    ASKING,
    CHECKING,
    CLOSING,
    EMERGENCY,
    FINISHED,
    HOLDING,
    LEAVING,
    LOST,
    OFFERING,
    PAUSED,
    PREPARING,
    REASSURING,
    RESUMING,
    SITUATIONS,
    SPEAKING,
    TENDING,
    WAITING,
)
from voiceguide.language.command import ADVANCING, CALMING, NAMES


@given(some_events)
def test_it_is_never_stuck(happenings: list[random.Random]) -> None:
    p = after(happenings)
    p.give(Found())
    for _ in range(40):
        if p.ended:
            break
        p.hear("calm")  # leaves an emergency
        p.hear("resume")  # leaves what interrupts, goes on where the guide waits
        p.all_lines()
        if "hold" in p.timers:
            p.elapse("hold")
    assert p.ended and p.guide.state == "finished"


@given(some_events)
def test_it_can_always_be_finished(happenings: list[random.Random]) -> None:
    p = after(happenings)
    p.give(Found())
    if p.guide.situation is not CLOSING:
        p.hear("finish")
        p.hear("yes")
    p.all_lines()
    assert p.ended


@given(some_events, st.sampled_from(sorted(CALMING)), some_events)
def test_calming_never_moves_on(happenings: list[random.Random], calming: str, later: list[random.Random]) -> None:
    """Not at once, and not by itself afterwards: only a command that moves on does."""
    p = after(happenings)
    step, left = p.guide.step, p.guide.seconds_left(p.now)
    p.hear(calming)
    assert p.guide.step == step
    if p.guide.state == "finished":
        return
    assert p.guide.situation not in (SPEAKING, HOLDING, WAITING)
    for choose in later:
        name = choose.choice(NAMES)
        if name in ADVANCING | {"back", "repeat", "no", "shorter"}:
            continue
        p.hear(name)
        p.all_lines()
        if "silence" in p.timers and choose.random() < 0.5:
            p.elapse("silence")
        massage = p.guide.massage
        if p.ended or massage.over_today or (p.guide.situation is CLOSING and massage.record.stress >= ENOUGH):
            return  # what calms leads to the closing words, or they had begun before
        assert p.guide.step == step
        assert "hold" not in p.timers
    assert p.guide.seconds_left(p.now) >= left - 1e-6 or p.guide.situation is CLOSING


ENDS_IT = ["danger", "unwell", "injury", "overwhelmed", "hungry", "pain", "tired"]


@given(some_events, st.sampled_from(ENDS_IT), some_events)
def test_nothing_leads_back_to_the_massage_after_danger_or_distress(
    happenings: list[random.Random], what: str, later: list[random.Random]
) -> None:
    p = after(happenings)
    if p.ended:
        return
    if what == "danger":
        p.hear("stress", sign="skin_colour", danger=True)
    elif what in ("hungry", "pain", "tired"):
        p.hear("stress", sign="crying", reason=what)
    else:
        p.hear(what)
    if not p.guide.massage.over_today:
        return  # an emergency goes before everything else
    strokes = {line for step in p.guide.routine.steps for line in step.say}
    p.said.clear()
    for choose in later:
        random_event(p, choose)
    p.all_lines()
    assert not strokes & set(p.said) and "hold" not in p.timers
    assert p.kept.ended is not None  # so that a new start doesn't offer to go on with it


@given(some_events, st.sampled_from(["pause", "stop", "stress", "mixed"]))
def test_what_was_interrupted_goes_on_at_its_sentence(happenings: list[random.Random], calming: str) -> None:
    p = after(happenings)
    if p.guide.situation is not SPEAKING:
        return
    step, sentence = p.guide.step, p.guide.massage.stage.scene.lines[0]
    p.hear(calming)
    p.all_lines()
    p.hear("resume")
    assert p.guide.step == step and p.guide.situation is SPEAKING
    assert sentence in p.lines[:2]  # after "gently on"


@given(some_events, st.floats(0.1, 10.0))
def test_an_interrupted_stroke_keeps_its_remaining_time(happenings: list[random.Random], seconds: float) -> None:
    p = after(happenings)
    if p.guide.situation is not HOLDING:
        return
    ends = p.timers["hold"]
    p.now = min(p.now + seconds, ends)
    left = ends - p.now
    p.hear("stress")
    assert "hold" not in p.timers
    p.now += 60
    p.hear("resume")
    assert p.timers["hold"] - p.now == pytest.approx(left)


@given(some_events)
def test_music_never_plays_while_the_baby_is_tended_to(happenings: list[random.Random]) -> None:
    p = Player(routine=small())
    playing = False
    for choose in happenings:
        random_event(p, choose)
        playing = next((a.on for a in reversed(p.actions) if isinstance(a, SetMusic)), playing)
        assert not (playing and p.guide.state in ("tending", "reassuring", "paused"))


@given(some_events)
def test_progress_comes_after_silence_and_before_the_first_words(happenings: list[random.Random]) -> None:
    p = after(happenings[:20])
    for choose in happenings[20:]:
        random_event(p, choose)
        kept = [n for n, action in enumerate(p.actions) if isinstance(action, Progress)]
        words = [n for n, action in enumerate(p.actions) if isinstance(action, Say)]
        assert len(kept) <= 1 and (not kept or not words or kept[0] < words[0])
        hush = next((n for n, action in enumerate(p.actions) if isinstance(action, Hush)), -1)
        assert not kept or hush < kept[0], "the disk does not keep it from falling silent"
        if p.guide.situation in (SPEAKING, HOLDING, WAITING):
            assert p.guide.step is not None and p.kept.step == p.guide.step.id and p.kept.ended is None
        if p.guide.situation in (CLOSING, FINISHED) and p.kept != Progress():
            assert p.kept.step is None and p.kept.ended in ("finished", "left early")


WAITS = {RESUMING, PREPARING, WAITING, PAUSED, CHECKING, LOST, TENDING, EMERGENCY, OFFERING, REASSURING, ASKING}
"""Situations in which the guide may be silent until the parent says something, however long that takes."""
REMINDS = {PREPARING, WAITING, OFFERING, REASSURING, ASKING}
"""Those in which it does so only after a reminder."""


def ends_or_waits(p: Player) -> None:
    """From now on nobody says anything: the session ends, or waits for the parent after what has to be said first."""
    before = len(p.said)
    for _ in range(200):
        p.all_lines()
        if not p.timers:
            break
        p.elapse(min(p.timers, key=p.timers.__getitem__))
    assert not p.timers
    situation = p.guide.situation
    assert situation in WAITS or p.ended
    assert situation is not TENDING or p.guide.massage.record.stress < ENOUGH, "after the third sign it finishes"
    assert situation not in REMINDS or language().prompts["reminder"][0] in p.said[before:], "it reminds"
    assert situation is not PAUSED or language().prompts["shall_i_go_on"][0] in p.said, "it asks whether to go on"


def third_time_tending() -> Player:
    p = in_situation(LEAVING)
    p.hear("resume")
    p.hear("stress")
    return p


MOMENTS = {s.name: partial(in_situation, s) for s in SITUATIONS} | {"third time tending": third_time_tending}
"""Ways to get into every situation, and into the one that is different the third time."""


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("moment", MOMENTS)
def test_no_command_takes_away_a_timer(moment: str, silent: bool) -> None:
    for name in NAMES:
        p = MOMENTS[moment]()
        if silent:
            p.all_lines()
        p.hear(name)
        ends_or_waits(p)


@given(st.sampled_from([*MOMENTS]), some_events)
def test_a_session_ends_or_waits_for_the_parent(moment: str, happenings: list[random.Random]) -> None:
    p = MOMENTS[moment]()
    for choose in happenings[:10]:
        random_event(p, choose)
    p.hear("where")  # the parent is there, whatever was said before
    ends_or_waits(p)


@pytest.mark.parametrize("part", ["legs", "chest", "back"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_only_part_that_is_wanted_is_done(moment: str, part: str) -> None:
    p = MOMENTS[moment]()
    if any(isinstance(action, NotNow) for action in p.hear("only", targets=(part,))):
        return
    done = {p.guide.step.part} if p.guide.step else set()
    for _ in range(80):
        p.hear("resume")  # from a question to what it interrupted, and from there to the next step
        done |= {p.guide.step.part} if p.guide.step else set()
        p.all_lines()
        if "hold" in p.timers:
            p.elapse("hold")
    assert part in done and p.ended


@given(some_events)
def test_danger_is_never_dropped(happenings: list[random.Random]) -> None:
    p = after(happenings)
    if p.ended:
        return
    actions = p.hear("stress", sign="skin_colour", danger=True)
    assert p.guide.situation is EMERGENCY and Hush() in actions
    assert p.lines[0] == language().prompts["emergency"][0] and p.kept.signs[-1] == "danger"


@given(some_events, st.sampled_from(["stop", "pause", "stress"]))
def test_what_calms_is_never_dropped(happenings: list[random.Random], calming: str) -> None:
    p = after(happenings)
    if not p.ended:
        assert Hush() in p.hear(calming)
