"""The network of the model in the box, in numpy."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from voiceguide.recognition import models
from voiceguide.recognition.acoustics import BANDS, Acoustics, cepstra
from voiceguide.recognition.phones import PHONES
from voiceguide.sound import RATE, Pcm


@pytest.fixture(scope="module")
def acoustics() -> Acoustics:
    return Acoustics(models.box() / "am" / "final.mdl")


def network() -> bytes:
    return (models.box() / "am" / "final.mdl").read_bytes()


def test_there_is_a_row_for_every_30_ms(acoustics: Acoustics) -> None:
    for seconds, rows in ((0.5, 16), (1.0, 33), (2.5, 83)):
        outputs = acoustics.outputs(np.zeros(round(seconds * RATE), np.int16))
        assert outputs.shape == (rows, 2 * len(("SIL", *PHONES)))
        assert np.isfinite(outputs).all()


def test_too_little_sound_gives_nothing(acoustics: Acoustics) -> None:
    assert cepstra(np.zeros(399, np.int16)).shape == (0, BANDS)
    assert len(acoustics.outputs(np.zeros(100, np.int16))) == 0


def test_silence_is_silence_and_speech_is_none(acoustics: Acoustics, speak: object) -> None:
    said: Pcm = speak("baby is crying")  # type: ignore[operator]
    outputs = acoustics.outputs(np.concatenate([np.zeros(RATE, np.int16), said, np.zeros(RATE, np.int16)]))
    silent = outputs.argmax(1) < 2
    assert silent[:25].all() and silent[-25:].all()
    middle = silent[34 : 34 + len(said) // 480 - 6]
    assert middle.mean() < 0.3


def test_what_comes_much_later_does_not_matter(acoustics: Acoustics, speak: object) -> None:
    """So what is known of a moment after a while is known for good."""
    said: Pcm = speak("wait a minute")  # type: ignore[operator]
    sound = np.concatenate([said, np.zeros(RATE, np.int16), said])
    whole, part = acoustics.outputs(sound), acoustics.outputs(sound[: len(said)])
    settled = len(part) - 6
    assert np.allclose(whole[:settled], part[:settled], atol=1e-3)


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        (lambda data: b"nothing", "no nnet3 network"),
        (lambda data: data.replace(b"<NoOpComponent>", b"<DropoutComponent>"), "DropoutComponent"),
        (lambda data: data.replace(b"component=first ", b"component=worst "), "not complete"),
    ],
)
def test_another_kind_of_network_is_refused(tmp_path: Path, spoilt: object, says: str) -> None:
    path = tmp_path / "final.mdl"
    path.write_bytes(spoilt(network()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=says):
        Acoustics(path)


def test_a_network_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "final.mdl"
    path.write_bytes(network()[:200_000])
    with pytest.raises((ValueError, struct.error)):
        Acoustics(path)
