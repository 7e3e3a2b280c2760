"""The guide's own voice, told from another one by what the speaker was given."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Speak

from voiceguide.hearing.copies import EARLY_S, NEAR_S, Copies
from voiceguide.sound import BLOCK, RATE, Block, Pcm
from voiceguide.sound.room import Room
from voiceguide.speech.lullaby import lullaby
from voiceguide.speech.music import Music
from voiceguide.speech.voice import Voice

SENTENCES = (
    "Make sure that the room is warm, and that you won't be disturbed.",
    "Have a blanket and some oil ready, and soothing music if you like.",
    "Hold both feet in your hands, and stroke them softly from the heel to the toes.",
)


@pytest.fixture(scope="module")
def guide(voice: Voice) -> Pcm:
    return np.concatenate([np.pad(voice.render(text), (0, RATE // 3)) for text in SENTENCES])


def heard(room: Room, guide: Pcm, copies: Copies) -> list[Block]:
    """The guide speaks in the room, until its last word is there."""
    rest = guide

    def fill(n: int) -> Pcm:
        nonlocal rest
        now, rest = rest[:n], rest[n:]
        return np.pad(now, (0, n - len(now)))

    room.open(fill)
    blocks = []
    while len(rest):
        blocks.append(room.read())
        copies.take(blocks[-1].pcm, blocks[-1].played)
    return blocks


def last(blocks: list[Block], seconds: float) -> Pcm:
    return np.concatenate([block.pcm for block in blocks])[-round(seconds * RATE) :]


@pytest.mark.parametrize("delay_ms", [20, 300, 900, 2_500])
@pytest.mark.parametrize("echo_db", [-20, 0, 10])
def test_an_echo_is_a_copy_however_loud_and_however_late(guide: Pcm, echo_db: float, delay_ms: float) -> None:
    copies = Copies()
    blocks = heard(Room(echo_db=echo_db, delay_ms=delay_ms), guide[: 5 * RATE], copies)
    assert copies.like(last(blocks, 0.8), ago=0.0)
    assert copies.like(last(blocks, 1.2)[: round(0.7 * RATE)], ago=0.5)


@pytest.mark.parametrize("phrase", ["stop", "he's blue", "baby is crying", "wait a moment"])
def test_a_parent_is_none_also_over_a_soft_echo(guide: Pcm, speak: Speak, phrase: str) -> None:
    for echo_db in (-120, -20):
        room, copies = Room(echo_db=echo_db), Copies()
        said = speak(phrase)
        room.place(said, at=3.0)
        blocks = heard(room, guide[: 3 * RATE + len(said)], copies)
        assert not copies.like(last(blocks, len(said) / RATE), ago=0.0)


def test_nothing_is_a_copy_while_nothing_is_played(speak: Speak) -> None:
    copies = Copies()
    said = speak("stop")
    silence = np.zeros(BLOCK, np.int16)
    for start in range(0, len(said) // BLOCK * BLOCK, BLOCK):
        copies.take(said[start : start + BLOCK], silence)
    assert not copies.like(said, ago=0.0)


@pytest.mark.parametrize("delay_ms", [600, 900, 1_400, 2_000, 2_500])
@pytest.mark.parametrize("echo_db", [-20, 0])
def test_how_late_an_echo_comes_is_found(guide: Pcm, echo_db: float, delay_ms: float) -> None:
    copies = Copies()
    blocks = heard(Room(echo_db=echo_db, delay_ms=delay_ms), guide, copies)
    assert copies.late == pytest.approx(delay_ms / 1000 - EARLY_S, abs=0.02)
    now = copies.take(blocks[-1].pcm, blocks[-1].played)
    assert now.shape == (BLOCK,) and not np.array_equal(now, blocks[-1].played)


@pytest.mark.parametrize("delay_ms", [20, 150, 1000 * NEAR_S - 10])
def test_a_usual_echo_is_not_late(guide: Pcm, delay_ms: float) -> None:
    copies = Copies()
    blocks = heard(Room(echo_db=-10, delay_ms=delay_ms), guide, copies)
    assert copies.late == 0.0
    assert np.array_equal(copies.take(blocks[-1].pcm, blocks[-1].played), blocks[-1].played)


def test_where_the_distance_is_known_no_other_moment_is_taken_for_the_original(guide: Pcm) -> None:
    """A parent may say a word as the guide has just said it: nobody else's voice is so like the guide's."""
    copies = Copies()
    heard(Room(echo_db=-20, delay_ms=40), guide[: 4 * RATE], copies)
    said = guide[2 * RATE : 2 * RATE + round(0.7 * RATE)]
    assert not copies.like(said, ago=0.0)
    unknown = Copies()
    for start in range(0, 4 * RATE - BLOCK, BLOCK):
        unknown.take(np.zeros(BLOCK, np.int16), guide[start : start + BLOCK])
    assert unknown.like(said, ago=0.0)


def test_it_is_noticed_when_the_echo_is_late_no_more(guide: Pcm) -> None:
    copies = Copies()
    heard(Room(echo_db=-10, delay_ms=1_200), guide, copies)
    assert copies.late
    heard(Room(echo_db=-10, delay_ms=40), guide, copies)
    assert not copies.late


def test_music_does_not_look_late() -> None:
    with Music(lullaby(), ahead=False) as music:
        sound = np.concatenate([music.take(BLOCK) for _ in range(20 * RATE // BLOCK)]).astype(np.int16)
    assert np.abs(sound).max() > 300
    copies = Copies()
    heard(Room(echo_db=0, delay_ms=60), sound, copies)
    assert copies.late == 0.0
