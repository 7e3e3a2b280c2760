"""The last seconds of sound."""

from __future__ import annotations

import numpy as np
import pytest

from voiceguide.hearing.recent import KEPT_S, Recent
from voiceguide.sound import BLOCK, RATE


def heard(recent: Recent, seconds: float, start: float = 0.0) -> None:
    """Samples that count themselves, in thousandths of a second from the start of the clock."""
    for n in range(round(seconds * RATE / BLOCK)):
        at = start + (n + 1) * BLOCK / RATE
        recent.note(np.full(BLOCK, round(1000 * (at - BLOCK / RATE)) % 30_000, np.int16), at)


def test_what_was_heard_since_a_moment_is_given_with_its_beginning() -> None:
    recent = Recent()
    heard(recent, 3.0)
    found = recent.since(1.2)
    assert found.times[0] == pytest.approx(1.2) and len(found.pcm) == round(1.8 * RATE)
    assert found.pcm[0] == 1200 and found.pcm[-1] == 2970


def test_only_the_last_seconds_are_kept() -> None:
    recent = Recent()
    heard(recent, 19.8)
    found = recent.since(0.0)
    assert KEPT_S <= len(found.pcm) / RATE < KEPT_S + 0.1
    assert found.times[-1] == pytest.approx(19.8)


@pytest.mark.parametrize("start", [50.0, -9.0])
def test_what_was_before_a_gap_or_on_another_clock_is_forgotten(start: float) -> None:
    recent = Recent()
    heard(recent, 1.2)
    heard(recent, 0.6, start=start)
    found = recent.since(-10.0)
    assert len(found.pcm) == round(0.6 * RATE) and found.times[0] == pytest.approx(start)


def test_what_was_before_a_jump_of_the_clock_is_kept_at_the_time_it_had() -> None:
    recent = Recent()
    heard(recent, 1.2)
    heard(recent, 0.6, start=1.6)
    found = recent.since(0.9)
    assert len(found.pcm) == round(0.9 * RATE) and found.pcm[0] == 900
    times = found.at(np.array([0.0, 0.3, 0.6, 0.9]) * RATE)
    assert times == pytest.approx([0.9, 1.2, 1.9, 2.2])
    assert [found.until(time) for time in times] == [round(s * RATE) for s in (0.0, 0.3, 0.6, 0.9)]


def test_where_the_gate_gives_what_it_had_silenced_the_time_is_that_of_the_newest() -> None:
    recent = Recent()
    heard(recent, 1.2)
    heard(recent, 0.3, start=1.11)
    found = recent.since(1.05)
    assert found.times[-1] == pytest.approx(1.41) and (np.diff(found.times) >= 0).all()
    assert found.at(np.array([len(found.pcm) - 0.27 * RATE])) == pytest.approx(1.14)


def test_what_has_not_been_heard_yet_comes_at_the_same_pace() -> None:
    recent = Recent()
    heard(recent, 1.2)
    found = recent.since(0.9)
    assert found.at(np.array([len(found.pcm) + RATE])) == pytest.approx(2.2)
    assert found.until(5.0) == len(found.pcm)


def test_before_anything_was_heard_there_is_nothing() -> None:
    found = Recent().since(4.0)
    assert len(found.pcm) == 0 and found.times[0] == 4.0 and found.until(9.0) == 0
