"""Real recordings: what is read, and what never is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from models.recipe import recordings, split, store
from models.recipe.measures.mix import kitchen
from models.recipe.phones import INDEX
from models.recipe.split import held_out
from models.recipe.store import RATE, Utterance
from models.recipe.tests.examples import (
    spectrum,
    tone,
)

if TYPE_CHECKING:
    pass


def test_a_shard_that_was_cut_off_is_not_there(tmp_path: Path) -> None:
    said = Utterance(0, 0, "go", "flite", "slt", ((INDEX["G"], 0.1), (INDEX["OW"], 0.25)))
    store.write(tmp_path, "whole", [(tone(500, 0.2), said), (tone(600, 0.3), said)])

    def broken() -> Iterator[tuple[store.Pcm, Utterance]]:
        yield tone(500, 0.2), said
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        store.write(tmp_path, "half", broken())
    assert not store.exists(tmp_path, "half")
    (shard,) = store.read(tmp_path)
    assert [(u.offset, u.samples, u.phones) for u in shard.utterances] == [
        (0, 3200, said.phones),
        (3200, 4800, said.phones),
    ]
    assert np.array_equal(shard.pcm[3200:], tone(600, 0.3))
    store.write(tmp_path, "half", [(tone(500, 0.2), said)])
    assert store.exists(tmp_path, "half")


def test_no_recording_that_is_held_out_is_read(tmp_path: Path) -> None:
    def put(folder: str, names: list[str]) -> None:
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            soundfile.write(tmp_path / folder / name, np.random.default_rng(0).normal(0, 0.1, RATE // 2), RATE)

    names = [f"{n}.flac" for n in range(12)]
    device = [f"{n:08x}-0000-4000-8000-000000000000-{n}.flac" for n in range(12)]
    put("words/go-back", names)
    put("phrases", names)
    put("coffee", names)
    put("cries/hungry", device)
    put("noise", ["kitchen.flac"])
    (tmp_path / "phrases" / "labels.json").write_text(json.dumps(dict.fromkeys(names, "Pause the baby")))
    (tmp_path / "coffee" / "labels.json").write_text(
        json.dumps({name: {"slots": {"coffeeDrink": "mocha"}} for name in names})
    )
    kept = {Path(name).stem for name in names if not split.held_out(name)}
    assert 0 < len(kept) < len(names)
    heard = [utterance for _, utterance in recordings.speech(tmp_path)]
    for kind in ("words", "phrases", "coffee"):
        assert {u.voice for u in heard if u.kind == kind} == kept
    assert {u.text for u in heard} == {"go back", "pause the baby", '{"coffeeDrink": "mocha"}'}
    noise = [(pcm, utterance) for pcm, utterance in recordings.noise(tmp_path)]
    cries = {Path(name).stem for name in device if not split.held_out(name)}
    assert 0 < len(cries) < len(device)
    assert {u.voice for _, u in noise if u.kind == "cries"} == cries


def test_of_other_noise_the_last_fifth_is_left(tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    low, high = (
        np.sin(2 * np.pi * hertz * np.arange(seconds * RATE) / RATE) for hertz, seconds in ((400, 20), (2000, 5))
    )
    soundfile.write(tmp_path / "noise" / "kitchen.flac", 0.5 * np.concatenate([low, high]), RATE)
    pieces = [pcm for pcm, _ in recordings.noise(tmp_path)]
    assert [len(pcm) for pcm in pieces] == [10 * RATE, 10 * RATE]
    assert all(spectrum(pcm.astype(float)) == pytest.approx(400, abs=1) for pcm in pieces)


def test_no_held_out_recording_is_trained_on(tmp_path: Path) -> None:
    device = "0c1d2e3f-1111-2222-3333-{:012x}"
    tone = np.random.default_rng(0).integers(-3000, 3000, 8000, "int16")
    for folder, names in (
        ("words/alexa", [f"{n}.flac" for n in range(60)]),
        ("cries/hungry", [f"{device.format(n)}-{k}.flac" for n in range(20) for k in range(2)]),
    ):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            soundfile.write(tmp_path / folder / name, tone, RATE)
    (tmp_path / "noise").mkdir()
    ramp = np.arange(50 * RATE) // RATE * 100  # every second has its own value
    soundfile.write(tmp_path / "noise" / "kitchen.flac", ramp.astype(np.int16), RATE)
    spoken = {one.voice for _, one in recordings.speech(tmp_path)}
    noises = list(recordings.noise(tmp_path))
    trained = spoken | {one.voice for _, one in noises}
    paths = sorted(tmp_path.rglob("*-*.flac")) + sorted((tmp_path / "words").rglob("*.flac"))
    kept = {path.stem for path in paths if held_out(path)}
    assert kept
    assert trained - {"kitchen"} == {path.stem for path in paths} - kept
    assert sum(len(pcm) for pcm, one in noises if one.voice == "kitchen") <= 40 * RATE
    assert kitchen(tmp_path)[0] == 4000  # its last ten seconds of fifty


def test_a_baby_is_on_one_side_only() -> None:
    baby = "0c1d2e3f-1111-2222-3333-0123456789ab"
    assert len({held_out(f"{baby}-{n}-1.0-m-04-hu.flac") for n in range(50)}) == 1
