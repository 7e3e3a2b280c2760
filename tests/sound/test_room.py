"""The simulated room: how loud, how late and how long the echo is, the noise, the parent, the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.levels import active_rms
from voiceguide.sound.room import PARENT_DB, VOICE_DB, Room, impulse_response
from voiceguide.speech.voice import Voice

PARENT_GAIN = 10 ** ((PARENT_DB - VOICE_DB) / 20)
"""From the parent's voice as rendered to the same voice at the microphone."""


def silence(n: int) -> Pcm:
    return np.zeros(n, np.int16)


def rustle(seconds: float, *, decibels: float = VOICE_DB, seed: int = 1) -> Pcm:
    """White noise at so many dBFS: it has all frequencies, which is what measuring an echo takes."""
    rms = 32768 * 10 ** (decibels / 20)
    return np.random.default_rng(seed).normal(scale=rms, size=round(seconds * RATE)).astype(np.int16)


def player(pcm: Pcm) -> Callable[[int], Pcm]:
    """A guide that plays ``pcm`` and is silent afterwards."""
    at = 0

    def fill(n: int) -> Pcm:
        nonlocal at
        piece = pcm[at : at + n]
        at += n
        return np.pad(piece, (0, n - len(piece)))

    return fill


def heard(room: Room, seconds: float, guide: Pcm | None = None) -> Pcm:
    """What the microphone hears from now on while the guide plays ``guide``."""
    room.open(silence if guide is None else player(guide))
    return np.concatenate([room.read().pcm for _ in range(round(seconds * RATE / BLOCK))])


def level(pcm: Pcm | np.ndarray) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) / 32768**2))


# ---- The echo ----


@settings(max_examples=20)
@given(
    echo_db=st.floats(-40, 5),
    delay_ms=st.floats(0, 300),
    reverb_s=st.floats(0, 0.8),
    seed=st.integers(0, 1000),
)
def test_the_echo_has_the_level_that_was_asked_for(
    echo_db: float, delay_ms: float, reverb_s: float, seed: int
) -> None:
    room = Room(echo_db=echo_db, delay_ms=delay_ms, reverb_s=reverb_s, seed=seed)
    echo = heard(room, 3.0, guide=rustle(3.0))[-RATE:]

    parent = Room(seed=seed)
    parent.place(rustle(1.0), at=0.0)

    assert level(echo) - level(heard(parent, 1.0)[:RATE]) == pytest.approx(echo_db, abs=1.0)


def test_the_echo_of_a_real_voice_has_that_level_too(voice: Voice) -> None:
    spoken = voice.render("Rest your hands on your baby's legs, and wait for a moment.")
    room = Room(echo_db=-20.0)
    echo = heard(room, len(spoken) / RATE + 0.5, guide=spoken)

    alone = Room()
    alone.place(spoken, at=0.0)
    parent = heard(alone, len(spoken) / RATE)

    # White noise has all frequencies. A voice has a few, and a room favours some of them.
    assert 20 * np.log10(active_rms(echo) / active_rms(parent)) == pytest.approx(-20.0, abs=3.0)


@given(delay_ms=st.floats(0, 400), at=st.integers(0, 2 * BLOCK))
def test_the_echo_comes_after_its_delay(delay_ms: float, at: int) -> None:
    click = silence(at + 1)
    click[at] = 30_000
    sound = heard(Room(echo_db=0.0, delay_ms=delay_ms), 0.6, guide=click)

    assert int(np.argmax(np.abs(sound) > 1_000)) == at + round(delay_ms * RATE / 1000)


@pytest.mark.parametrize("reverb_s", [0.15, 0.3, 0.6, 1.2])
def test_the_reverberation_decays_by_60_db_in_its_time(reverb_s: float) -> None:
    click = silence(1)
    click[0] = 32_767
    sound = heard(Room(echo_db=5.0, delay_ms=0.0, reverb_s=reverb_s), reverb_s + 0.1, guide=click).astype(np.float64)
    tail = sound[1 : round(0.6 * reverb_s * RATE)]  # after that the microphone's hiss is louder

    # Schroeder's backward integral: the energy that's still to come.
    left = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1])
    left -= left[0]
    first, last = np.argmax(left < -3), np.argmax(left < -20)
    decibels_a_sample = (left[last] - left[first]) / (last - first)
    assert -60 / decibels_a_sample / RATE == pytest.approx(reverb_s, rel=0.15)


def test_without_reverberation_only_the_direct_sound_is_left() -> None:
    response = impulse_response(0.01, 0.0, np.random.default_rng(0))
    assert np.flatnonzero(response).tolist() == [160]


@given(delay_s=st.floats(0, 0.5), reverb_s=st.floats(0, 2), seed=st.integers(0, 100))
def test_the_way_through_the_room_keeps_the_energy(delay_s: float, reverb_s: float, seed: int) -> None:
    response = impulse_response(delay_s, reverb_s, np.random.default_rng(seed))
    assert np.sum(response.astype(np.float64) ** 2) == pytest.approx(1.0, abs=1e-3)


def test_an_echo_rings_on_when_the_guide_is_silent() -> None:
    sound = heard(Room(echo_db=0.0, delay_ms=100.0, reverb_s=0.4), 1.2, guide=rustle(0.3))
    assert level(sound[round(0.35 * RATE) : round(0.4 * RATE)]) > -40
    assert level(sound[round(0.45 * RATE) : round(0.5 * RATE)]) > -50
    assert level(sound[-round(0.2 * RATE) :]) < -80


# ---- The noise ----


@settings(max_examples=20)
@given(snr_db=st.floats(-10, 40), loudness=st.floats(-60, -12))
def test_noise_has_the_level_that_was_asked_for(snr_db: float, loudness: float) -> None:
    noise = heard(Room(noise=rustle(1.0, decibels=loudness), snr_db=snr_db), 1.5)

    parent = Room()
    parent.place(rustle(1.0), at=0.0)

    assert level(heard(parent, 1.0)[:RATE]) - level(noise) == pytest.approx(snr_db, abs=0.5)


def test_pauses_in_a_recording_of_noise_do_not_make_the_rest_louder() -> None:
    barking = np.concatenate([rustle(0.3), silence(3 * RATE)])
    sound = heard(Room(noise=barking, snr_db=10.0), 0.3)
    assert level(sound) == pytest.approx(PARENT_DB - 10.0, abs=0.5)


def test_noise_is_played_in_a_loop() -> None:
    noise = rustle(0.5)
    sound = heard(Room(noise=noise, snr_db=0.0), 1.5).astype(np.float64)
    first, second = sound[: len(noise)], sound[len(noise) : 2 * len(noise)]
    assert level(first) == pytest.approx(PARENT_DB, abs=0.5)
    assert level(first - second) < -75, "the same apart from the microphone's hiss"


def test_silent_noise_stays_silent() -> None:
    assert level(heard(Room(noise=silence(RATE)), 0.5)) < -80


def test_a_quiet_room_has_the_hiss_of_its_microphone() -> None:
    assert level(heard(Room(), 1.0)) == pytest.approx(-84, abs=1.5)


# ---- The parent ----


@given(start=st.integers(0, RATE), length=st.integers(1, RATE // 2), gain_db=st.floats(-20, 6))
def test_the_parent_is_heard_exactly_where_placed(start: int, length: int, gain_db: float) -> None:
    spoken = rustle(length / RATE)
    alone, spoken_in = Room(seed=5), Room(seed=5)
    spoken_in.place(spoken, at=start / RATE, gain_db=gain_db)

    added = heard(spoken_in, 1.5).astype(np.float64) - heard(alone, 1.5)

    expected = np.zeros(len(added))
    expected[start : start + length] = spoken * PARENT_GAIN * 10 ** (gain_db / 20)
    assert np.abs(added - expected).max() <= 1.01, "rounded once with the hiss, and once without"


@given(
    before=st.integers(0, RATE // 10),
    sounding=st.integers(1, RATE // 10),
    after=st.integers(0, RATE // 10),
    at=st.floats(0, 2),
)
def test_the_start_and_end_of_a_voice_leave_out_the_silence_around_it(
    before: int, sounding: int, after: int, at: float
) -> None:
    spoken = np.concatenate([silence(before), np.full(sounding, 9_000, np.int16), silence(after)])
    start, until = Room().place(spoken, at=at)
    first = round(at * RATE) + before
    assert (start * RATE, until * RATE) == pytest.approx((first, first + sounding))


def test_a_voice_placed_in_the_past_is_heard_now() -> None:
    room = Room()
    heard(room, 0.9)
    assert room.place(rustle(0.1), at=0.2)[0] == pytest.approx(0.9)
    assert level(heard(room, 0.1)) == pytest.approx(PARENT_DB, abs=1.0)


def test_a_voice_without_a_time_is_heard_now() -> None:
    room = Room()
    heard(room, 0.9)
    assert room.place(rustle(0.1))[0] == pytest.approx(0.9)
    assert level(heard(room, 0.1)) == pytest.approx(PARENT_DB, abs=1.0)


def test_two_voices_at_once_are_both_heard() -> None:
    room = Room()
    room.place(rustle(0.3, seed=1), at=0.0)
    room.place(rustle(0.3, seed=2), at=0.0)
    assert level(heard(room, 0.3)) == pytest.approx(PARENT_DB + 3.0, abs=0.5)


def test_sound_that_is_too_loud_is_clipped_and_never_wraps_around() -> None:
    room = Room()
    room.place(np.full(BLOCK, 30_000, np.int16), at=0.0, gain_db=20.0)
    assert heard(room, 0.03).min() == 32_767


# ---- The clock, and what is kept ----


def test_the_clock_moves_by_30_ms_with_each_block() -> None:
    room = Room()
    asked: list[int] = []

    def fill(n: int) -> Pcm:
        asked.append(n)
        return silence(n)

    room.open(fill)
    blocks = [room.read() for _ in range(100)]

    assert [block.at for block in blocks] == pytest.approx([0.03 * n for n in range(1, 101)], abs=1e-9)
    assert all(b.at > a.at for a, b in pairwise(blocks))
    assert room.now == blocks[-1].at
    assert asked == [BLOCK] * 100
    assert {(block.pcm.shape, block.pcm.dtype.name) for block in blocks} == {((BLOCK,), "int16")}


def test_both_channels_of_a_session_are_kept() -> None:
    room = Room(echo_db=-120.0)
    room.place(rustle(0.3, seed=2), at=0.3)
    guide = rustle(0.3, seed=1)
    microphone = heard(room, 0.6, guide=guide)

    assert np.array_equal(np.concatenate(room.speaker), np.pad(guide, (0, len(microphone) - len(guide))))
    assert np.array_equal(np.concatenate(room.microphone), microphone)


def session(seed: int, told: Sequence[float]) -> Pcm:
    """Everything at once: echo, reverberation, noise, and a parent who speaks at these moments."""
    room = Room(noise=rustle(0.7, seed=3), seed=seed)
    for at in told:
        room.place(rustle(0.2, seed=4), at=at)
    return heard(room, 1.0, guide=rustle(0.5))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), told=st.lists(st.floats(0, 1), max_size=3))
def test_the_same_seed_gives_the_same_sound(seed: int, told: Sequence[float]) -> None:
    assert np.array_equal(session(seed, told), session(seed, told))
    assert not np.array_equal(session(seed, told), session(seed + 1, told))
