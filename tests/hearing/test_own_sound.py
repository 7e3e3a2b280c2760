"""The guide's own voice in the microphone."""

from __future__ import annotations

import math

from voiceguide.hearing.ears import Fake
from voiceguide.hearing.own_sound import ECHO_S, OwnSound
from voiceguide.language.command import Command

STEP = 0.03
PAUSE = Command("pause")


def sounded(until: float, *, excess: float = 0.0, more: float = 1.0) -> OwnSound:
    """The guide spoke from 0 to ``until`` seconds, and ``more`` seconds of nothing came after it."""
    own = OwnSound()
    for n in range(round((until + more) / STEP)):
        speaks = n * STEP < until - STEP / 2
        own.note(n * STEP, (n + 1) * STEP, excess if speaks else math.inf, sounded=speaks)
    return own


def test_its_echo_lasts_a_little_longer() -> None:
    own = sounded(3.0)
    assert own.between(2.0, 2.1) and own.between(3.0 + ECHO_S - 0.1, 4.0)
    assert not own.between(3.0 + ECHO_S + 0.1, 4.0)


def test_what_stands_out_from_it_is_somebody_elses() -> None:
    assert not sounded(3.0).others(1.0, 1.03)
    assert sounded(3.0, excess=9.0).others(1.0, 1.03)
    assert sounded(3.0).others(3.8, 3.83), "the guide is silent then"


def test_somebody_is_more_than_a_knock() -> None:
    own = sounded(3.0, more=0.0)
    own.note(3.0, 3.03, 20.0, sounded=True)
    assert own.somebody(5, 0.0, 1) and not own.somebody(5, 0.0, 3)
    assert not own.somebody(5, 3.1, 1), "before that moment it does not count"


def test_a_command_is_faked_just_when_it_is_said() -> None:
    own = sounded(3.0)
    own.says((Fake("pause", PAUSE, 1.0, 1.5),), 0.5)
    assert own.faked(PAUSE, 1.5, 2.0)
    assert not own.faked(Command("next"), 1.5, 2.0)
    assert not own.faked(PAUSE, 2.5, 3.0)


def test_what_stands_far_out_is_not_faked() -> None:
    own = sounded(3.0, excess=12.0)
    own.says((Fake("pause", PAUSE, 1.0, 1.5),), 0.5)
    assert not own.faked(PAUSE, 1.5, 2.0)
