"""What must be shown of a phrase before it is obeyed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from voiceguide.hearing import judge
from voiceguide.hearing.judge import UNSURE, Evidence, confidence, least, weigh
from voiceguide.language.command import Command
from voiceguide.recognition.verification import Look

GOOD = Evidence(fit=-0.4, worst=-0.8, phones=8, clear_db=25.0, before=0.0, after=0.0)
DANGER = Command("stress", sign="skin_colour", danger=True)


def test_a_phrase_that_fits_and_stands_alone_is_obeyed() -> None:
    for command in (Command("next"), Command("pause"), Command("louder"), DANGER):
        assert confidence(command, GOOD) >= least(command)


@pytest.mark.parametrize("worse", [{"fit": -3.0}, {"before": 30.0}, {"after": 30.0}])
def test_either_is_asked_for(worse: dict[str, float]) -> None:
    for command in (Command("next"), Command("pause"), Command("louder")):
        assert confidence(command, replace(GOOD, **worse)) < least(command)


def test_noise_excuses_a_poor_fit() -> None:
    poor = replace(GOOD, fit=-1.7, worst=-2.5)
    assert poor.meant < replace(poor, clear_db=5.0).meant


def test_a_longer_phrase_is_more_certain() -> None:
    two, eight, fourteen = (replace(GOOD, fit=-1.5, phones=phones).meant for phones in (2, 8, 14))
    assert two < eight < fourteen


def test_certain_danger_counts_whatever_came_before_it() -> None:
    in_a_breath = replace(GOOD, before=30.0)
    assert confidence(DANGER, in_a_breath) >= least(DANGER)
    assert confidence(Command("stress", sign="crying"), in_a_breath) < least(Command("stress", sign="crying"))
    assert confidence(DANGER, replace(in_a_breath, fit=-2.0)) < least(DANGER)
    assert confidence(DANGER, replace(GOOD, after=30.0)) < least(DANGER)


def test_what_costs_more_must_be_more_certain() -> None:
    assert UNSURE < least(Command("stop")) < least(Command("stress", sign="crying")) < least(DANGER)
    assert least(Command("louder")) == least(Command("yes")) < least(Command("next"))


def look(**changes: object) -> Look:
    """At "okay next please" from moment 30 to moment 60, of which "next" is 40 to 50; someone speaks until 29."""
    speech = np.zeros(100, np.float32)
    speech[:29] = 2.0
    speech[30:60] = 2.0
    whole = Look(first=30, last=59, begins=40, ends=50, phones=5, fit=-0.5, worst=-0.5, around=-0.5, speech=speech)
    return replace(whole, **changes)  # type: ignore[arg-type]


LEVELS = np.where(np.arange(100) < 60, 60.0, 20.0)
ALL = np.ones(100, np.bool_)


def test_speech_just_before_and_just_after_is_summed() -> None:
    evidence = weigh(look(), LEVELS, ALL, judge.AFTER_S)
    assert evidence.before == round(judge.BEFORE_S / judge.STEP_S) - 1
    assert evidence.after == 0.0


def test_fillers_that_do_not_fit_are_speech() -> None:
    evidence = weigh(look(around=-4.0), LEVELS, ALL, judge.AFTER_S)
    assert evidence.after == 10.0


def test_neither_the_guide_nor_a_soft_voice_far_away_counts() -> None:
    assert weigh(look(), LEVELS, np.arange(100) >= 30, judge.AFTER_S).before == 0.0
    softer = np.where(np.arange(100) < 30, LEVELS - 20.0, LEVELS)
    assert weigh(look(), softer, ALL, judge.AFTER_S).before == 0.0


def test_how_clear_it_is_goes_by_what_is_beside_it() -> None:
    beside = np.where((np.arange(100) >= 30) & (np.arange(100) < 60), 60.0, 48.0)
    assert weigh(look(), beside, ALL, judge.AFTER_S).clear_db == pytest.approx(12.0)


def test_at_the_very_start_there_is_nothing_before() -> None:
    evidence = weigh(look(first=0, begins=0, last=9, ends=10), LEVELS, ALL, judge.AFTER_S)
    assert evidence.before == 0.0
