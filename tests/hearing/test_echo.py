"""The echo canceller: it removes what the guide says from the microphone's sound, and leaves what others say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguide.hearing.echo import STEP, EchoCanceller
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.room import Room

Speak = Callable[..., Pcm]

LEARNT = 6 * RATE
"""Samples after which it has learnt the way through the room."""
SENTENCES = (
    "Hold one ankle loosely, and glide your other hand from hip to ankle.",
    "Be slow, and just firm enough not to tickle.",
    "Let your shoulders drop, and breathe softly for about half a minute.",
    "Lay one warm hand on each thigh, whole and still.",
)


@pytest.fixture(scope="module")
def guide(speak: Speak) -> Pcm:
    """A quarter of a minute of the guide's voice."""
    pause = np.zeros(round(0.35 * RATE), np.int16)
    pcm = np.concatenate([part for text in SENTENCES for part in (speak(text, "en-us+f3", 140), pause)])
    return pcm[: len(pcm) // BLOCK * BLOCK]


def played_in(room: Room, speaker: Pcm) -> tuple[Pcm, Pcm]:
    """What the microphone hears, and what the canceller leaves of it."""
    blocks = iter(speaker.reshape(-1, BLOCK))
    room.open(lambda n: next(blocks))
    canceller = EchoCanceller()
    heard, left = [], []
    for _ in range(len(speaker) // BLOCK):
        block = room.read()
        heard.append(block.pcm)
        left.append(canceller.take(block.pcm, block.played))
    return np.concatenate(heard), np.concatenate(left)


def energy(pcm: Pcm) -> float:
    return float(np.sum(np.square(pcm.astype(np.float64))))


def decibels(a: float, b: float) -> float:
    return float(10 * np.log10(a / b))


@pytest.mark.parametrize(("echo_db", "delay_ms"), [(-20, 40), (-10, 20), (-10, 200), (0, 120)])
def test_the_guides_own_voice_is_removed(guide: Pcm, echo_db: float, delay_ms: float) -> None:
    heard, left = played_in(Room(echo_db=echo_db, delay_ms=delay_ms, reverb_s=0.3), guide)
    assert decibels(energy(heard[LEARNT:]), energy(left[LEARNT:])) > 18


def test_a_parent_who_talks_over_it_is_left_alone(guide: Pcm, speak: Speak) -> None:
    pcm = speak("baby is fussing")
    at = LEARNT / RATE + 1.0
    without, _ = played_in(Room(echo_db=-5, seed=3), guide)
    room = Room(echo_db=-5, seed=3)
    start, until = (round(t * RATE) for t in room.place(pcm, at=at))
    heard, left = played_in(room, guide)
    parent = heard.astype(float) - without  # the noise and the echo are the same, so only the parent is left
    before = energy(without[start:until])
    after = float(np.sum(np.square(left[start:until] - parent[start:until])))
    spoken = float(np.sum(np.square(parent[start:until])))
    assert decibels(spoken, before) < 10, "the echo would be in the way"
    assert decibels(spoken, after) > 20, "the rest of the echo, and what's missing of the parent, are far softer"


def test_it_does_not_learn_from_talk_over_the_guide(guide: Pcm, speak: Speak) -> None:
    """After double talk it cancels the echo as before."""
    room = Room(echo_db=-10, seed=4)
    _, until = room.place(np.concatenate([speak("she doesn't like it"), speak("wait a moment")]), at=LEARNT / RATE)
    heard, left = played_in(room, guide)
    later = round((until + 0.5) * RATE)
    assert decibels(energy(heard[later:]), energy(left[later:])) > 15


def test_if_nothing_is_played_nothing_is_changed() -> None:
    chance = np.random.default_rng(1)
    pcm = chance.integers(-32768, 32768, 20 * BLOCK).astype(np.int16)
    canceller = EchoCanceller()
    for i in range(0, len(pcm), BLOCK):
        assert np.array_equal(canceller.take(pcm[i : i + BLOCK], np.zeros(BLOCK, np.int16)), pcm[i : i + BLOCK])


def test_a_headset_has_no_echo_and_loses_nothing(guide: Pcm, speak: Speak) -> None:
    parent = np.resize(speak("she's looking at me"), len(guide))
    canceller = EchoCanceller()
    steps = [slice(i, i + BLOCK) for i in range(0, len(guide), BLOCK)]
    left = np.concatenate([canceller.take(parent[i], guide[i]) for i in steps])
    assert decibels(energy(parent), energy(left - parent.astype(np.int32))) > 15


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 32767.0), st.floats(1.0, 32767.0))
def test_it_stays_finite_whatever_it_hears(seed: int, loud: float, own: float) -> None:
    """Full scale, clipping, silence and noise in turn."""
    chance = np.random.default_rng(seed)
    canceller = EchoCanceller()
    for _ in range(30):
        pcm, played = (
            np.clip(chance.normal(0, size * chance.integers(0, 2), 2 * STEP), -32768, 32767).astype(np.int16)
            for size in (loud, own)
        )
        left = canceller.take(pcm, played)
        assert left.dtype == np.int16 and len(left) == len(pcm)
    assert np.isfinite(canceller._filter).all() and np.isfinite(canceller._unsure).all()
    assert (canceller._unsure >= 0).all()
