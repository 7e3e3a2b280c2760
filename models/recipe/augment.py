"""Augmented batches: speech from the store with another speed, vocal tract, room, noise and microphone; then log mel
bands. All of it runs on the training device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

from models.recipe.bands import SHIFT, WINDOW, log_mel, mel_banks, povey
from models.recipe.network import BANDS, STRIDE, Shape
from models.recipe.rooms import colours, rooms
from models.recipe.sound import Sound
from models.recipe.store import RATE

SPEEDS = (0.86, 1.16)
_WARPS = np.linspace(0.86, 1.14, 29)
"""Factors of the frequency axis: vocal tracts differ in length."""
_USUAL_WARP = len(_WARPS) // 2
_BEFORE_S, _AFTER_S = 0.5, 0.6
"""The longest lead-in and tail of an utterance."""
_ROOMS = 1500

NOISES = {"cries": 17, "kitchen": 12, "house": 43, "babble": 12, "guide": 8, "hiss": 8}
"""How often each kind of noise is drawn. ``house``: all noise in the store that is none of the others."""
_CRIES = {"synthetic crying": "cries", "synthetic cooing": "cries"}
"""Synthetic kinds that count as cries: they have the high frequencies that recordings at 8 kHz lack."""
_SPOKEN_NOISES = ("babble", "guide")
_TOGETHER = 0.5
"""How often two household sounds are heard at once, as in a kitchen."""
_BABBLE = (1.0, 0.7, 0.5, 0.4, 0.3)
"""The probability that babble has a first, a second … voice."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``bands``: float32[B, left + 3 (T - 1) + right + 1, 40]; ``steps``: int64[B], how many of the T outputs count,
    on the CPU and on the device; ``begins``, ``speeds``: float64[B], where the speech begins, in seconds, and the
    factor of its speed."""

    bands: Tensor
    steps: NDArray[np.int64]
    steps_there: Tensor
    begins: NDArray[np.float64]
    speeds: NDArray[np.float64]


class Augmenter:
    """Makes batches. The same ``seed`` and step make the same batch on the same kind of device."""

    def __init__(self, speech: Sound, noise: Sound, shape: Shape, device: torch.device, seed: int) -> None:
        self._speech, self._noise, self._shape, self._device, self._seed = speech, noise, shape, device, seed
        self._banks = torch.from_numpy(np.stack([mel_banks(warp) for warp in _WARPS])).to(device)
        self._window = torch.from_numpy(povey()).to(device)
        self._rooms = torch.from_numpy(rooms(_ROOMS, np.random.default_rng(seed))).to(device)
        kinds = np.array([_CRIES.get(u.kind, u.kind if u.kind in NOISES else "house") for u in noise.utterances])
        self._of_kind = {kind: np.flatnonzero(kinds == kind) for kind in ("cries", "kitchen", "house", "guide")}
        self._talk = np.flatnonzero([bool(u.text) for u in speech.utterances])

    def batch(
        self, chosen: NDArray[np.int64], step: int, *, longest: float | None = None, plain: bool = False
    ) -> Batch:
        """A batch of utterances. A number i >= 0 is utterance i of the speech; -1 - i is utterance i of the noise, in
        which nothing is said. ``longest``: no utterance is longer, in seconds, and all batches with the same value
        have the same size. ``plain``: without augmentation."""
        rng = np.random.default_rng((self._seed, step))
        generator = torch.Generator(self._device).manual_seed(int(rng.integers(2**60)))
        size = len(chosen)
        lengths = np.where(chosen >= 0, self._speech.samples[np.maximum(chosen, 0)], 0)
        speeds = np.where(rng.random(size) < 0.75, rng.uniform(*SPEEDS, size), 1.0)
        before, after = rng.uniform(0.02, _BEFORE_S, size), rng.uniform(0.05, _AFTER_S, size)
        if plain:
            speeds, before, after = np.ones(size), np.full(size, 0.1), np.full(size, 0.3)
        spoken = np.ceil(lengths / speeds)
        ends = (before * RATE + spoken + after * RATE).astype(np.int64)
        quiet = np.flatnonzero(chosen < 0)
        ends[quiet] = int(np.median(ends)) if len(quiet) < size else 3 * RATE
        frames = np.maximum(1 + (ends - WINDOW) // SHIFT, 1)
        samples = int(ends.max())
        if longest is not None:
            samples = int((longest / SPEEDS[0] + _BEFORE_S + _AFTER_S) * RATE)
        wave = self._speech.at_speeds(chosen, before * RATE, speeds, samples)
        if len(quiet):
            # Noise without speech takes the place of speech, so that it has the same levels.
            heard = self._noise.looped(-1 - chosen[quiet], rng.uniform(0, 1, len(quiet)), samples)
            wave[torch.from_numpy(quiet).to(self._device)] = heard
        wave = wave * (0.3 * 32768) if plain else self._in_a_room(wave, chosen < 0, rng, generator)
        floor = np.full(size, 0.5)
        if not plain:
            floor = np.where(rng.random(size) < 0.9, 10 ** rng.uniform(-1, 1, size), 0)
        wave = wave + torch.randn(wave.shape, generator=generator, device=self._device) * self._column(floor)
        wave = wave.round_().clamp_(-32768, 32767)
        warps = np.full(size, _USUAL_WARP)
        if not plain:
            warps = np.where(rng.random(size) < 0.6, rng.integers(0, len(_WARPS), size), warps)
        bands = log_mel(wave, self._window, self._banks[torch.from_numpy(warps).to(self._device)])
        if not plain:
            bands = self._masked(bands, rng, frames)
        steps = (frames + STRIDE - 1) // STRIDE
        length = (bands.shape[1] + STRIDE - 1) // STRIDE
        # Kaldi repeats the first frame before the start, and the last one after the end.
        right = STRIDE * (length - 1) + self._shape.right + 1 - bands.shape[1]
        first, last = bands[:, :1].expand(-1, self._shape.left, -1), bands[:, -1:].expand(-1, right, -1)
        bands = torch.cat([first, bands, last], dim=1)
        return Batch(bands, steps, torch.from_numpy(steps).to(self._device), before, speeds)

    def _column(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(self._device)[:, None]

    def _noises(
        self, wordless: NDArray[np.bool_], samples: int, rng: np.random.Generator, generator: torch.Generator
    ) -> tuple[Tensor, NDArray[np.bool_]]:
        """float32[size, samples] of noise, each with a mean square of 1 where it sounds; and bool[size], which of it
        is speech: none where ``wordless``, bool[size]."""
        size = len(wordless)
        kinds = rng.choice(list(NOISES), size, p=np.array(list(NOISES.values())) / sum(NOISES.values()))
        kinds[wordless & np.isin(kinds, _SPOKEN_NOISES)] = "house"  # nothing may be said in it
        for kind, pieces in self._of_kind.items():
            if len(pieces) == 0:
                kinds[kinds == kind] = "house" if len(self._of_kind["house"]) else "hiss"
        wave = torch.zeros(size, samples, device=self._device)
        for kind, pieces in self._of_kind.items():
            rows = np.flatnonzero(kinds == kind)
            if len(rows):
                chosen = rng.choice(pieces, len(rows))
                wave[rows] = self._noise.looped(chosen, rng.uniform(0, 1, len(rows)), samples)
        some = np.flatnonzero((kinds == "house") & (rng.random(size) < _TOGETHER))
        if len(some):
            also = self._noise.looped(
                rng.choice(self._of_kind["house"], len(some)), rng.uniform(0, 1, len(some)), samples
            )
            power = _active_power(wave[some]).sqrt() / _active_power(also).sqrt()
            wave[some] += also * power * self._column(10 ** rng.uniform(-0.6, 0.3, len(some)))
        rows = np.flatnonzero(kinds == "babble")
        for often in _BABBLE if len(rows) else ():
            some = rows[rng.random(len(rows)) < often]
            if len(some):
                chosen = rng.choice(self._talk, len(some))
                wave[some] += self._speech.looped(chosen, rng.uniform(0, 1, len(some)), samples)
        rows = np.flatnonzero(kinds == "hiss")
        if len(rows):
            wave[rows] = torch.randn(len(rows), samples, generator=generator, device=self._device)
        return wave / _active_power(wave).sqrt(), np.isin(kinds, _SPOKEN_NOISES)

    def _in_a_room(
        self, wave: Tensor, wordless: NDArray[np.bool_], rng: np.random.Generator, generator: torch.Generator
    ) -> Tensor:
        """Add reverberation, noise, a microphone's colour and a level; float32[B, n], full scale 32768."""
        size, samples = wave.shape
        length = next_fast_len(samples + self._rooms.shape[1], real=True)
        spectrum = torch.fft.rfft(wave, length)
        bins = spectrum.shape[1]
        chosen = torch.from_numpy(rng.integers(0, len(self._rooms), size)).to(self._device)
        rows = torch.from_numpy(rng.random(size) < 0.65).to(self._device)
        room = torch.fft.rfft(self._rooms[chosen], length)
        spectrum = torch.where(rows[:, None], spectrum * room, spectrum) * self._colour(bins, size, rng)
        wave = torch.fft.irfft(spectrum, length)[:, :samples]
        noise, talk = self._noises(wordless, samples, rng, generator)
        coloured = torch.fft.rfft(noise, length) * self._colour(bins, size, rng)
        noise = torch.fft.irfft(coloured, length)[:, :samples]
        # Some noise comes and goes.
        a, b = np.sort(rng.uniform(0, samples, (2, size)), axis=0)
        steady = rng.random(size) > 0.25
        a, b = np.where(steady, 0, a), np.where(steady, samples, b)
        time = torch.arange(samples, device=self._device)[None]
        noise = noise * ((time >= self._column(a)) & (time < self._column(b))).float().clamp_(min=0.03)
        power = _active_power(wave)
        loud = self._column(10 ** (-_snrs(talk, rng) / 20) * (rng.random(size) < 0.85))
        wave = wave + noise * loud * power.sqrt()
        # The level of the speech in dBFS: from across the room to so near that it is clipped.
        level = self._column(10 ** (rng.triangular(-52, -28, -10, size) / 20))
        return wave * (level / power.sqrt()) * 32768

    def _colour(self, bins: int, size: int, rng: np.random.Generator) -> Tensor:
        """Gains over the spectrum, float32[size, bins]."""
        curve = torch.from_numpy(colours(size, rng)).to(self._device)
        return functional.interpolate(curve[:, None], bins, mode="linear", align_corners=True)[:, 0]

    def _masked(self, bands: Tensor, rng: np.random.Generator, frames: NDArray[np.int64]) -> Tensor:
        """Mask a few bands and a short time (SpecAugment: Park et al., Interspeech 2019)."""
        size, length, _ = bands.shape
        mean = bands.mean(dim=(1, 2), keepdim=True)
        band = torch.arange(BANDS, device=self._device)[None, None]
        time = torch.arange(length, device=self._device)[None, :, None]
        for chance in (0.5, 0.25):
            width = rng.integers(1, 6, size) * (rng.random(size) < chance)
            low = rng.integers(0, BANDS - 5, size)
            hidden = (band >= self._column(low)[..., None]) & (band < self._column(low + width)[..., None])
            bands = torch.where(hidden, mean - self._column(rng.uniform(0, 3, size))[..., None], bands)
        width = rng.integers(2, 8, size) * (rng.random(size) < 0.2)
        begin = (rng.random(size) * frames).astype(np.int64)
        hidden = (time >= self._column(begin)[..., None]) & (time < self._column(begin + width)[..., None])
        return torch.where(hidden, mean - self._column(rng.uniform(0, 4, size))[..., None], bands)


def _snrs(talk: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """The SNR of each, in dB: mostly the 0 to 12 of a busy room, sometimes more or less, sometimes as in quiet;
    higher if the noise is ``talk``."""
    size, draw = len(talk), rng.random(len(talk))
    busy, usual, bad, good = (rng.uniform(*ends, size) for ends in ((0, 12), (8, 22), (-5, 2), (15, 40)))
    snr = np.select((draw < 0.5, draw < 0.74, draw < 0.83), (busy, usual, bad), good)
    return np.where(talk, rng.uniform(4, 30, size), snr)


def _active_power(wave: Tensor) -> Tensor:
    """float32[B, 1]: the mean square of each row over its pieces of 20 ms within 15 dB of the loudest. A drop of
    water is as loud as it sounds, whatever the silence around it."""
    pieces = wave.unfold(1, 320, 320).square().mean(dim=2)
    active = pieces > 0.03 * pieces.amax(dim=1, keepdim=True)
    return ((pieces * active).sum(dim=1) / active.sum(dim=1).clamp_(min=1)).clamp_(min=1e-9)[:, None]
