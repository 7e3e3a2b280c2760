"""How loud it has been lately."""

from __future__ import annotations

from voiceguide.hearing.loudness import Loudness

BLOCK_S = 0.03


def after(*levels: float) -> Loudness:
    loudness = Loudness()
    for n, level in enumerate(levels, 1):
        loudness.note(n * BLOCK_S, level)
    return loudness


def test_who_has_fallen_silent_is_far_softer_for_two_blocks() -> None:
    assert not after(*[60.0] * 10).fallen
    assert not after(*[60.0] * 10, 30.0).fallen
    assert after(*[60.0] * 10, 30.0, 30.0).fallen
    assert not after(*[60.0] * 10, 50.0, 50.0).fallen


def test_what_was_loud_long_ago_does_not_count() -> None:
    assert not after(80.0, *[50.0] * 60).fallen


def test_steady_noise_is_no_louder_than_it_was() -> None:
    noise = after(*[40.0, 41.0, 42.0] * 20)
    assert noise.steady(42.5)
    assert not noise.steady(44.0)
    assert Loudness().steady(90.0), "with nothing to compare it with"
