"""The last seconds of sound."""

from __future__ import annotations

import numpy as np

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
    pcm, begin = recent.since(1.2)
    assert begin == 1.2 and len(pcm) == round(1.8 * RATE)
    assert pcm[0] == 1200 and pcm[-1] == 2970


def test_only_the_last_seconds_are_kept() -> None:
    recent = Recent()
    heard(recent, 19.8)
    pcm, begin = recent.since(0.0)
    assert KEPT_S <= len(pcm) / RATE < KEPT_S + 0.1
    assert abs(begin + len(pcm) / RATE - 19.8) < 1e-6


def test_what_was_before_a_jump_of_the_clock_is_forgotten() -> None:
    recent = Recent()
    heard(recent, 1.0)
    heard(recent, 0.6, start=50.0)
    pcm, begin = recent.since(0.0)
    assert len(pcm) == round(0.6 * RATE) and abs(begin - 50.0) < 1e-6


def test_before_anything_was_heard_there_is_nothing() -> None:
    pcm, begin = Recent().since(4.0)
    assert len(pcm) == 0 and begin == 4.0
