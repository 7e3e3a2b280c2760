"""The ear for crying, with the network in the box."""

from __future__ import annotations

from functools import cache
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import Speak, need_espeak
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.errors import ModelError
from voiceguide.hearing.crying import AGAIN_S, SAMPLES, SOFTEST_DB, CryEar, CryNetwork
from voiceguide.hearing.ears import Crying
from voiceguide.sessions import script
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.levels import loudness
from voiceguide.speech.lullaby import lullaby

CRY = Path(script.__file__).parent / "rehearsals" / "crying.flac"
"""Synthetic, by another seed than the recipe's."""


@cache
def network() -> CryNetwork:
    return CryNetwork.in_the_box()


def heard(pcm: Pcm, ear: CryEar | None = None, block: int = BLOCK) -> list[Crying]:
    """What the ear says of a sound, after two seconds of a quiet room."""
    ear = ear or CryEar(network())
    room = np.random.default_rng(0).normal(scale=3.0, size=2 * RATE + len(pcm))
    room[2 * RATE :] += pcm
    sound = np.clip(np.rint(room), -32768, 32767).astype(np.int16)
    found = (ear.take(sound[i : i + block], i / RATE - 2.0) for i in range(0, len(sound) - block, block))
    return [one for one in found if one is not None]


def cry(seconds: float) -> Pcm:
    return np.resize(read_recording(CRY), round(seconds * RATE))


def test_crying_is_noticed_within_five_seconds() -> None:
    first, *_ = heard(cry(6.0))
    assert 2.0 < first.decided <= 5.0 and first.confidence > 0.5


def test_a_short_cry_is_not() -> None:
    assert heard(np.concatenate([cry(1.2), np.zeros(8 * RATE, np.int16)])) == []


def test_while_it_goes_on_it_is_said_again_now_and_then() -> None:
    times = [one.decided for one in heard(cry(40.0))]
    assert len(times) >= 2
    assert all(later - earlier >= AGAIN_S for earlier, later in pairwise(times))


def test_what_was_heard_before_the_parent_spoke_does_not_count() -> None:
    ear = CryEar(network())
    heard(cry(3.0), ear)
    ear.forget()
    assert heard(cry(2.0)[: 2 * RATE], ear) == []


def test_it_does_not_matter_in_which_blocks_the_sound_comes() -> None:
    assert len(heard(cry(6.0), block=BLOCK)) == len(heard(cry(6.0), block=2 * BLOCK)) == 1


def test_a_baby_in_the_next_house_is_not_heard() -> None:
    soft = cry(8.0).astype(np.float32)
    soft *= 10 ** ((SOFTEST_DB - 6 - loudness(cry(8.0))) / 20)
    assert heard(soft.astype(np.int16)) == []


def test_silence_and_noise_are_no_crying() -> None:
    noise = np.random.default_rng(1).normal(scale=2000, size=20 * RATE).astype(np.int16)
    assert heard(np.zeros(20 * RATE, np.int16)) == [] and heard(noise) == []


def test_the_guides_own_voice_and_its_lullaby_are_no_crying(speak: Speak) -> None:
    need_espeak()
    text = "Lay one warm hand on each thigh, whole and still. Breathe softly for about half a minute. "
    assert heard(speak(3 * text, voice="en-us+f3")) == []
    assert heard(speak(3 * text)) == []
    song = np.concatenate(list(islice(lullaby(), 120)))
    assert heard((song * (8000 / np.abs(song).max())).astype(np.int16)) == []


@pytest.mark.parametrize("kind", ["laughing", "cooing", "hiccups", "singing", "television", "dog", "music", "vacuum"])
def test_other_sounds_of_a_home_are_no_crying(kind: str) -> None:
    pytest.importorskip("scipy", reason="household noise is made by the recipe, which needs scipy")
    from models.recipe.noises import noise

    pieces = [noise(kind, 10.0, np.random.default_rng(seed)) for seed in range(3)]
    assert heard((np.concatenate(pieces) * 10_000).astype(np.int16)) == []


@given(st.integers(0, 2**32 - 1), st.floats(0, 32767), st.integers(SAMPLES, 2 * SAMPLES))
def test_any_sound_gives_a_number(seed: int, scale: float, n: int) -> None:
    pcm = np.clip(np.random.default_rng(seed).normal(scale=scale, size=n), -32768, 32767).astype(np.int16)
    assert np.isfinite(network().judge([network().look(pcm)]))


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04" + b"\0" * 40])
def test_damaged_weights_are_one_clear_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "weights.npz").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        CryNetwork.load(tmp_path / "weights.npz")
    with pytest.raises(ModelError, match="cannot be read"):
        CryNetwork.load(tmp_path / "none.npz")
