"""The gate between the microphone and the recogniser: shut for the guide's own voice, open for anyone else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.hearing.gate import Gate
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.levels import loudness
from voiceguide.sound.room import Room

Speak = Callable[..., Pcm]
Passed = list[tuple[Pcm, float]]

STEP = BLOCK / RATE
SENTENCES = (
    "Hold one ankle loosely, and glide your other hand from hip to ankle.",
    "Be slow, and just firm enough not to tickle.",
    "Let your shoulders drop, and breathe softly for about half a minute.",
)
LEARNT = 3.0
"""Seconds of its own voice after which it knows how loud that comes back."""


@pytest.fixture(scope="module")
def guide(speak: Speak) -> Pcm:
    """Ten seconds of the guide's voice after a second of silence, and two more seconds of silence."""
    pause = np.zeros(round(0.35 * RATE), np.int16)
    said = [part for text in SENTENCES for part in (speak(text, "en-us+f3", 140), pause)]
    pcm = np.concatenate([np.zeros(RATE, np.int16), *said, np.zeros(2 * RATE, np.int16)])
    return pcm[: len(pcm) // BLOCK * BLOCK]


def listen(room: Room, speaker: Pcm, gate: Gate) -> list[Passed]:
    """What the recogniser gets for each block."""
    blocks = iter(speaker.reshape(-1, BLOCK))
    room.open(lambda n: next(blocks))
    answers = []
    for _ in range(len(speaker) // BLOCK):
        block = room.read()
        answers.append(gate.take(block.pcm, block.at, loudness(block.played)))
    return answers


def passed(answers: Sequence[Passed]) -> set[float]:
    """The times of the blocks that passed."""
    return {round(at, 3) for answer in answers for pcm, at in answer if pcm.any()}


def times(first: float, last: float) -> set[float]:
    """Of the blocks that end from ``first`` to ``last`` seconds."""
    return {round(n * STEP, 3) for n in range(int(first / STEP), int(last / STEP) + 2) if first <= n * STEP <= last}


# In a room


@pytest.mark.parametrize("delay_ms", [20, 250])
@pytest.mark.parametrize("reverb_s", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("echo_db", [-30, -20, -10, 0])
def test_it_is_shut_while_there_is_nothing_but_the_echo(
    guide: Pcm, echo_db: float, reverb_s: float, delay_ms: float
) -> None:
    room = Room(echo_db=echo_db, reverb_s=reverb_s, delay_ms=delay_ms)
    answers = listen(room, guide, Gate())
    speaking = times(1 + LEARNT, len(guide) / RATE - 2.5)
    assert len(passed(answers) & speaking) < 0.15 * len(speaking)


@pytest.mark.parametrize("reverb_s", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("echo_db", [-20, -15])
def test_it_opens_for_a_voice_that_stands_out(guide: Pcm, speak: Speak, echo_db: float, reverb_s: float) -> None:
    for text in ("pause", "baby is fussing"):
        for start in (4.5, 6.13, 7.7, 9.21):
            room = Room(echo_db=echo_db, reverb_s=reverb_s)
            at, until = room.place(speak(text), at=start)
            said = times(at, until)
            assert len(passed(listen(room, guide, Gate())) & said) > 0.95 * len(said)


def test_the_recogniser_hears_the_moment_before_it_opened(guide: Pcm, speak: Speak) -> None:
    """The soft sound with which a word begins: "hold on", "she's crying"."""
    room = Room(echo_db=-20)
    at, _ = room.place(speak("pause"), at=6.0)
    answers = listen(room, guide, Gate())
    opened = next(answer for answer in answers if len(answer) > 1 and answer[-1][1] > at)
    assert [round(b - a, 3) for (_, a), (_, b) in pairwise(opened)] == [STEP] * (len(opened) - 1)
    assert opened[-1][1] - opened[0][1] >= 0.09
    heard = np.concatenate([pcm for pcm, _ in opened])
    n = round(opened[-1][1] / STEP)
    assert np.array_equal(heard, np.concatenate(room.microphone[n - len(opened) : n]))


def test_it_shuts_again_after_the_parent_and_opens_again_after_the_guide(guide: Pcm, speak: Speak) -> None:
    room = Room(echo_db=-20)
    _, until = room.place(speak("pause"), at=4.5)
    let_through = passed(listen(room, guide, Gate()))
    speaking = times(until + 1.0, len(guide) / RATE - 2.5)
    assert len(let_through & speaking) < 0.15 * len(speaking)
    silent = times(len(guide) / RATE - 1.0, len(guide) / RATE)
    assert let_through >= silent


def test_it_learns_that_the_speaker_has_been_turned_up(guide: Pcm) -> None:
    """At the knob of the loudspeaker: the echo is 12 dB louder, and nobody tells the gate."""
    gate = Gate()
    listen(Room(echo_db=-30), guide, gate)
    again = np.concatenate([guide, guide])
    let_through = passed(listen(Room(echo_db=-18), again, gate))
    speaking = times(len(guide) / RATE + 1.5, 2 * len(guide) / RATE - 2.5)
    assert len(let_through & speaking) < 0.2 * len(speaking)


# After a canceller


def listen_after(
    cancelled_db: Callable[[float], float],
    room: Room,
    speaker: Pcm,
    gate: Gate,
    parent: tuple[Pcm, float] | None = None,
) -> list[Passed]:
    """As ``listen``, after a canceller that makes the echo softer by a given amount at each moment."""
    blocks = iter(speaker.reshape(-1, BLOCK))
    room.open(lambda n: next(blocks))
    voice = np.zeros(len(speaker), np.int16)
    if parent is not None:
        start = round(parent[1] * RATE)
        voice[start : start + len(parent[0])] = parent[0] // 2  # 6 dB below the guide's voice, as in the room
    answers = []
    for n in range(len(speaker) // BLOCK):
        block = room.read()
        said = voice[n * BLOCK : (n + 1) * BLOCK]
        left = (block.pcm * 10 ** (-cancelled_db(block.at) / 20)).astype(np.int16)
        answers.append(gate.take(left + said, block.at, loudness(block.played), block.pcm + said))
    return answers


def test_after_a_good_canceller_a_voice_stands_out_from_an_equally_loud_echo(guide: Pcm, speak: Speak) -> None:
    pcm = speak("pause")
    said = times(8.1, 8.1 + len(pcm) / RATE - 0.1)
    with_it = listen_after(lambda at: 28.0, Room(echo_db=0), guide, Gate(), (pcm, 8.0))
    assert len(passed(with_it) & said) > 0.8 * len(said)
    without = listen_after(lambda at: 0.0, Room(echo_db=0), guide, Gate(), (pcm, 8.0))
    assert len(passed(without) & said) < 0.8 * len(said), "or this shows nothing"


@pytest.mark.parametrize("echo_db", [-10, 0])
def test_what_a_bad_canceller_leaves_is_not_taken_for_a_voice(guide: Pcm, echo_db: float) -> None:
    """It cancels now 25 dB, now 5, as with two clocks: what's left rises and falls like a voice."""

    def unsteady(at: float) -> float:
        return 25.0 if at % 1.0 < 0.25 else 5.0

    gate = Gate()
    listen_after(unsteady, Room(echo_db=echo_db), guide, gate)
    speaking = times(1.5, len(guide) / RATE - 2.5)
    answers = listen_after(unsteady, Room(echo_db=echo_db), guide, gate)
    assert len(passed(answers) & speaking) < 0.1 * len(speaking)


# Any sound at all

levels = st.floats(0, 32767)
"""Amplitude of a block."""
decibels = st.one_of(st.just(0.0), st.floats(0, 90))


def block(amplitude: float, n: int) -> Pcm:
    """A block that differs from all others, and from silence."""
    pcm = (amplitude * np.sin(np.arange(BLOCK) * (n + 1) / 7)).astype(np.int16)
    pcm[0] = n + 1
    return pcm


def is_just(answer: Passed, pcm: Pcm, at: float) -> bool:
    return len(answer) == 1 and np.array_equal(answer[0][0], pcm) and answer[0][1] == at


@given(st.lists(levels, max_size=60))
def test_everything_passes_while_the_speaker_is_silent(amplitudes: list[float]) -> None:
    gate = Gate()
    for n, amplitude in enumerate(amplitudes):
        pcm = block(amplitude, n)
        assert is_just(gate.take(pcm, n * STEP, 0.0), pcm, n * STEP)


@given(st.lists(st.tuples(levels, decibels), max_size=60), st.lists(levels, min_size=1, max_size=10))
def test_everything_passes_some_time_after_the_guide_has_spoken(
    before: list[tuple[float, float]], after: list[float]
) -> None:
    gate = Gate()
    n = 0
    for amplitude, own_db in before:
        gate.take(block(amplitude, n), n * STEP, own_db)
        n += 1
    for _ in range(round(1.5 / STEP)):
        gate.take(block(100, n), n * STEP, 0.0)
        n += 1
    for amplitude in after:
        pcm = block(amplitude, n)
        assert is_just(gate.take(pcm, n * STEP, 0.0), pcm, n * STEP)
        n += 1


@given(st.lists(st.tuples(levels, decibels), max_size=120))
def test_blocks_pass_once_unchanged_and_in_order(course: list[tuple[float, float]]) -> None:
    gate = Gate()
    blocks = [block(amplitude, n) for n, (amplitude, _) in enumerate(course)]
    heard: list[int] = []
    for n, (_, own_db) in enumerate(course):
        answer = gate.take(blocks[n], n * STEP, own_db)
        *earlier, (now, at) = answer
        assert at == n * STEP and len(now) == BLOCK
        assert now.any() or not earlier, "held back blocks are passed on only when it opens"
        for pcm, then in answer:
            if pcm.any():
                heard.append(round(then / STEP))
                assert np.array_equal(pcm, blocks[heard[-1]])
    assert heard == sorted(set(heard))


@given(st.lists(st.tuples(levels, decibels), min_size=1, max_size=80))
def test_it_does_not_change_its_input(course: list[tuple[float, float]]) -> None:
    gate = Gate()
    for n, (amplitude, own_db) in enumerate(course):
        pcm = block(amplitude, n)
        pcm.setflags(write=False)
        assert all(len(part) == BLOCK and part.dtype == np.int16 for part, _ in gate.take(pcm, n * STEP, own_db))
