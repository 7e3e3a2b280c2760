"""Sound as the network hears it: bands, speeds, rooms and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.recipe import losses
from models.recipe.augment import SPEEDS, Augmenter, Batch
from models.recipe.bands import SHIFT, WINDOW, log_mel, mel_banks, povey
from models.recipe.corpus import Corpus
from models.recipe.lfmmi import chain
from models.recipe.network import BANDS, STRIDE, Network
from models.recipe.phones import INDEX, OUTPUTS
from models.recipe.store import RATE, Utterance
from models.recipe.tests.examples import (
    CPU,
    LEXICON,
    SHAPE,
    augmenter,
    sound,
    spectrum,
    tone,
    tones,
)

if TYPE_CHECKING:
    pass


def kaldi_fbank(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log mel bands by Kaldi's definition, frame by frame: 25 ms each 10 ms, whole windows only (snip-edges)."""

    def mel(hz: float) -> float:
        return float(1127 * np.log(1 + hz / 700))

    edges = np.linspace(mel(20), mel(7600), 42)
    rows = []
    for start in range(0, len(wave) - 400 + 1, 160):
        frame = wave[start : start + 400].copy()
        frame -= frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        frame *= (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
        power = np.abs(np.fft.fft(np.concatenate([frame, np.zeros(112)]))[:256]) ** 2
        energies = np.zeros(40)
        for b, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
            for k in range(256):
                at = mel(k * 16000 / 512)
                if low < at < high:
                    energies[b] += power[k] * (
                        (at - low) / (centre - low) if at <= centre else (high - at) / (high - centre)
                    )
        rows.append(np.log(np.maximum(energies, 1.1920929e-07)))
    return np.array(rows)


def test_the_bands_are_those_of_kaldi() -> None:
    t = np.arange(4000) / RATE
    rng = np.random.default_rng(0)
    wave = np.round(8000 * np.sin(2 * np.pi * (300 + 6000 * t) * t) + 200 * rng.normal(size=len(t)) + 500)
    banks = torch.from_numpy(mel_banks())[None]
    mine = log_mel(torch.from_numpy(wave.astype(np.float32))[None], torch.from_numpy(povey()), banks)[0].numpy()
    wanted = kaldi_fbank(wave)
    assert mine.shape == wanted.shape == (1 + (4000 - WINDOW) // SHIFT, BANDS)
    assert np.abs(mine - wanted).max() < 2e-3


def test_the_same_seed_and_step_make_the_same_batch() -> None:
    chosen = np.array([0, 3, -1, 5])
    first, again, other = (augmenter().batch(chosen, step) for step in (7, 7, 8))
    assert torch.equal(first.bands, again.bands)
    assert np.array_equal(first.speeds, again.speeds)
    assert not np.array_equal(first.begins, other.begins)
    assert torch.equal(Augmenter(*tones(), SHAPE, CPU, seed=3).batch(chosen, 7).bands, first.bands)


def test_a_batch_has_the_frames_that_its_steps_need() -> None:
    for longest in (None, 2.0):
        batch = augmenter().batch(np.array([0, 2, 5, -2]), 1, longest=longest)
        heads = Network(SHAPE).eval()(batch.bands)
        length = heads[0].shape[1]
        assert batch.bands.shape == (4, SHAPE.left + STRIDE * (length - 1) + SHAPE.right + 1, BANDS)
        assert heads[1].shape == (4, length, OUTPUTS)
        assert (batch.steps <= length).all()
        assert batch.steps_there.tolist() == batch.steps.tolist()
        assert torch.isfinite(batch.bands).all()
    assert length >= 2.0 / SPEEDS[0] / 0.03


def test_speech_is_as_quick_as_the_batch_says() -> None:
    speech, _ = tones()
    speeds = np.array([0.86, 1.0, 1.16])
    wave = speech.at_speeds(np.array([2, 2, 2]), np.array([800.0, 0.0, 1600.0]), speeds, 2 * RATE).numpy()
    for row, (speed, begin) in enumerate(zip(speeds, (800, 0, 1600), strict=True)):
        heard = np.flatnonzero(np.abs(wave[row]) > 0.05)
        assert heard[0] == pytest.approx(begin, abs=30)
        assert len(wave[row][heard[0] : heard[-1]]) == pytest.approx(speech.samples[2] / speed, rel=0.01)
        assert spectrum(wave[row][heard[0] : heard[-1]]) == pytest.approx(500 * speed, abs=2)
    drawn = np.concatenate([augmenter().batch(np.arange(6), step).speeds for step in range(20)])
    assert SPEEDS[0] <= drawn.min() < 0.9
    assert 1.1 < drawn.max() <= SPEEDS[1]
    assert 0.1 < (drawn == 1).mean() < 0.4


def test_noise_lies_where_it_should_below_speech() -> None:
    """Measured in the bands around both tones, while both sound; rooms, microphones and masks blur it."""
    found: list[float] = []
    for step in range(12):
        batch = augmenter().batch(np.arange(6), step)
        level = batch.bands.exp().numpy()[:, :, :]
        for row in range(6):
            begin, end = int(100 * batch.begins[row]) + 10, int(3 * batch.steps[row]) - 70
            speech, noise = (np.median(level[row, begin:end, a:b].max(axis=1)) for a, b in ((6, 13), (24, 33)))
            found.append(10 * np.log10(speech / noise))
    assert 5 < np.median(found) < 30
    assert np.percentile(found, 10) < 8
    assert np.percentile(found, 90) > 20


def test_what_is_no_speech_is_heard_as_noise_and_has_no_text() -> None:
    speech, noise = tones()
    bands = augmenter().batch(np.array([-2, -4, 0]), 4, plain=True).bands.numpy()
    strongest = bands[:, SHAPE.left + 20 : SHAPE.left + 80].mean(axis=1).argmax(axis=1)
    assert (abs(strongest[:2] - 28) <= 2).all()
    assert abs(strongest[2] - 9) <= 2
    corpus = Corpus(speech, noise, LEXICON)
    assert corpus.items[corpus.kinds == "noise"].tolist() == [-1, -2, -4], "the guide's own voice is nothing to learn"
    assert chain("", LEXICON).phones == (0,)
    silent = losses.targets(
        [None], Batch(torch.zeros(1, 1, 1), np.array([5]), torch.tensor([5]), np.zeros(1), np.ones(1)), 6
    )
    assert silent.tolist() == [[0, 1, 1, 1, 1, -1]]


def test_nobody_talks_where_nothing_is_said() -> None:
    """A quarter of all noise is talk: none of it in what is to be heard as silence. Speech is at 500 Hz, the guide at
    1 kHz, all other noise at 3 kHz."""
    speech, _ = tones()
    kinds = ("cries", "kitchen", "guide", "rain")
    noise = [(tone(1000 if kind == "guide" else 3000, 2.0), Utterance(0, 0, "", kind, "n")) for kind in kinds]
    made = Augmenter(speech, sound(*noise), SHAPE, CPU, seed=3)
    for step in range(8):
        bands = made.batch(np.full(6, -4), step).bands.exp()[:, SHAPE.left + 20 : SHAPE.left + 80].mean(dim=1)
        assert (bands[:, 24:33].amax(dim=1) > bands[:, 6:19].amax(dim=1)).all()


def test_targets_follow_the_timings() -> None:
    said = Utterance(0, 0, "a", "flite", "slt", ((INDEX["AH"], 0.06), (INDEX["B"], 0.12)))
    batch = Batch(torch.zeros(1, 1, 1), np.array([6]), torch.tensor([6]), np.array([0.03]), np.array([1.0]))
    ah, b = 2 * INDEX["AH"], 2 * INDEX["B"]
    assert losses.targets([said], batch, 7).tolist() == [[0, ah, ah + 1, b, b + 1, 0, -1]]
