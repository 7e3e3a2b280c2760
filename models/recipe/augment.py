"""Batches as the network sees them: speech from the store in another room, at another speed, by another voice, under
noise, through another microphone; then log mel bands as Kaldi computes them. All of it on the device that trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

from models.recipe.network import BANDS, STRIDE, Shape
from models.recipe.store import RATE, Shard, Utterance

WINDOW, SHIFT, FFT = 400, 160, 512
"""Samples of an analysis window, between two, and of its Fourier transform."""
LOW_HZ, HIGH_HZ = 20.0, 7600.0
_FLOOR = 1.1920929e-07
"""Kaldi's smallest band energy (its log is -15.94)."""

_SPEEDS = (0.86, 1.16)
_WARPS = np.linspace(0.86, 1.16, 31)
"""Of the frequency axis, as vocal tracts differ in length."""
_BEFORE_S, _AFTER_S = 0.5, 0.6
"""Most of what is heard before and after the speech."""
_ROOM_S = 0.5
_ROOMS = 1500

NOISES = {"cries": 20, "kitchen": 8, "house": 37, "babble": 13, "guide": 10, "hiss": 12}
"""How often each kind of noise is drawn. ``house``: everything in the store of noise that is none of the others."""
_SPOKEN_NOISES = ("babble", "guide")


class Sound:
    """All sound of a store on a device, as int16. ``utterances[i]`` starts at ``offsets[i]``."""

    def __init__(self, shards: Sequence[Shard], device: torch.device) -> None:
        self.utterances: list[Utterance] = []
        offsets, pieces, total = [], [], 0
        for shard in shards:
            pieces.append(torch.from_numpy(np.array(shard.pcm)).to(device))
            offsets += [total + utterance.offset for utterance in shard.utterances]
            self.utterances += shard.utterances
            total += len(shard.pcm)
        self.pcm = torch.cat(pieces) if pieces else torch.zeros(0, dtype=torch.int16, device=device)
        self.offsets = np.array(offsets, np.int64)
        self.samples = np.array([utterance.samples for utterance in self.utterances], np.int64)

    def hours(self) -> float:
        return float(self.samples.sum()) / RATE / 3600


@dataclass(frozen=True, slots=True)
class Batch:
    """``bands``: float32[B, left + 3 (T - 1) + right + 1, 40]; ``steps``: int64[B], the outputs that count, of T, here
    and on the device; ``begins``, ``speeds``: float64[B], where the speech begins, in seconds, and how much quicker
    it is."""

    bands: Tensor
    steps: NDArray[np.int64]
    steps_there: Tensor
    begins: NDArray[np.float64]
    speeds: NDArray[np.float64]


def mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Kaldi's mel scale."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hz) / 700.0))


def mel_banks(warp: float = 1.0) -> NDArray[np.float32]:
    """Triangular bands over the power spectrum, float32[257, 40]; a warp over 1 moves the sound up."""
    low, high = mel(LOW_HZ), mel(HIGH_HZ)
    step = (high - low) / (BANDS + 1)
    # The last bin is at half the rate: Kaldi leaves it out.
    frequency = np.arange(FFT // 2 + 1) * RATE / FFT * warp
    edges = low + step * np.arange(BANDS + 2)
    bins = mel(frequency)[:, None]
    up, down = (bins - edges[:-2]) / step, (edges[2:] - bins) / step
    banks = np.maximum(0.0, np.minimum(up, down))
    banks[-1] = 0
    return banks.astype(np.float32)


class Augmenter:
    """Makes batches. The same ``seed`` and step make the same batch on the same kind of device."""

    def __init__(self, speech: Sound, noise: Sound, shape: Shape, device: torch.device, seed: int) -> None:
        self._speech, self._noise, self._shape, self._device, self._seed = speech, noise, shape, device, seed
        self._banks = torch.from_numpy(np.stack([mel_banks(warp) for warp in _WARPS])).to(device)
        window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85  # Kaldi's "povey"
        self._window = torch.tensor(window, dtype=torch.float32, device=device)
        self._rooms = torch.from_numpy(rooms(_ROOMS, np.random.default_rng(seed))).to(device)
        kinds = np.array([u.kind if u.kind in NOISES else "house" for u in noise.utterances])
        self._of_kind = {kind: np.flatnonzero(kinds == kind) for kind in ("cries", "kitchen", "house", "guide")}
        self._talk = np.flatnonzero([bool(u.text) for u in speech.utterances])

    def batch(
        self, chosen: NDArray[np.int64], step: int, *, longest: float | None = None, plain: bool = False
    ) -> Batch:
        """A batch of utterances of the speech; negative numbers are of the noise: -1 - i is heard as its
        utterance i, and has nothing said in it. ``longest``: no utterance is longer, in seconds, and all batches of
        the same get the same size. ``plain``: nothing is changed, as for judging a recording."""
        rng = np.random.default_rng((self._seed, step))
        generator = torch.Generator(self._device).manual_seed(int(rng.integers(2**60)))
        size = len(chosen)
        lengths = np.where(chosen >= 0, self._speech.samples[chosen], 0)
        speeds = np.where(rng.random(size) < 0.75, rng.uniform(*_SPEEDS, size), 1.0)
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
            samples = int((longest / _SPEEDS[0] + _BEFORE_S + _AFTER_S) * RATE)
        wave = self._resampled(self._speech, self._speech.offsets[np.maximum(chosen, 0)], lengths, before * RATE, speeds, samples)
        if len(quiet):
            # What is no speech takes the place of speech, so that it is heard at the same levels.
            pieces = -1 - chosen[quiet]
            wave[torch.from_numpy(quiet).to(self._device)] = self._looped(
                self._noise, pieces, rng.uniform(0, 1, len(quiet)), samples
            )
        if not plain:
            wave = self._in_a_room(wave, rng, generator)
        else:
            wave = wave * (0.3 * 32768)
        wave = wave + torch.randn(wave.shape, generator=generator, device=self._device) * self._column(
            0.5 * np.ones(size) if plain else np.where(rng.random(size) < 0.9, 10 ** rng.uniform(-1, 1, size), 0)
        )
        wave = wave.round_().clamp_(-32768, 32767)
        warps = np.full(size, len(_WARPS) // 2) if plain else np.where(
            rng.random(size) < 0.6, rng.integers(0, len(_WARPS), size), len(_WARPS) // 2
        )
        bands = self._log_mel(wave, warps)
        if not plain:
            bands = self._masked(bands, rng, frames)
        steps = (frames + STRIDE - 1) // STRIDE
        length = (bands.shape[1] + STRIDE - 1) // STRIDE
        # Before the first frame and after the last Kaldi repeats them.
        right = STRIDE * (length - 1) + self._shape.right + 1 - bands.shape[1]
        first, last = bands[:, :1].expand(-1, self._shape.left, -1), bands[:, -1:].expand(-1, right, -1)
        bands = torch.cat([first, bands, last], dim=1)
        return Batch(bands, steps, torch.from_numpy(steps).to(self._device), before, speeds)

    def _column(self, values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(self._device)[:, None]

    def _resampled(
        self,
        sound: Sound,
        offsets: NDArray[np.int64],
        lengths: NDArray[np.int64],
        begins: NDArray[np.float64],
        speeds: NDArray[np.float64],
        samples: int,
    ) -> Tensor:
        """float32[B, samples], of full scale 1: each utterance from its ``begins`` on, at its speed, by cubic
        interpolation (Catmull and Rom)."""
        device = self._device
        at = (torch.arange(samples, device=device)[None] - self._column(begins)) * self._column(speeds)
        whole = at.floor()
        part = at - whole
        index = whole.long()
        last = torch.from_numpy(lengths).to(device)[:, None] - 1
        inside = (index >= 1) & (index < last - 1)
        base = torch.from_numpy(offsets).to(device)[:, None]
        limit = len(sound.pcm) - 1

        def tap(k: int) -> Tensor:
            return sound.pcm[(base + index + k).clamp_(0, limit)].float()

        a, b, c, d = tap(-1), tap(0), tap(1), tap(2)
        value = b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
        return torch.where(inside, value, 0.0) / 32768

    def _looped(self, sound: Sound, chosen: NDArray[np.int64], phases: NDArray[np.float64], samples: int) -> Tensor:
        """float32[n, samples]: pieces that are repeated until they fill it, each from somewhere in it."""
        lengths = self._column(sound.samples[chosen]).long()
        starts = torch.from_numpy((phases * sound.samples[chosen]).astype(np.int64)).to(self._device)[:, None]
        index = (torch.arange(samples, device=self._device)[None] + starts) % lengths
        return sound.pcm[torch.from_numpy(sound.offsets[chosen]).to(self._device)[:, None] + index].float() / 32768

    def _noises(self, size: int, samples: int, rng: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, NDArray[np.bool_]]:
        """float32[size, samples] of noise of all kinds, each of mean square 1 where it is not still; and which are speech."""
        kinds = rng.choice(list(NOISES), size, p=np.array(list(NOISES.values())) / sum(NOISES.values()))
        for kind, pieces in self._of_kind.items():
            if len(pieces) == 0:
                kinds[kinds == kind] = "hiss"
        wave = torch.zeros(size, samples, device=self._device)
        for kind, pieces in self._of_kind.items():
            rows = np.flatnonzero(kinds == kind)
            if len(rows):
                chosen = rng.choice(pieces, len(rows))
                wave[rows] = self._looped(self._noise, chosen, rng.uniform(0, 1, len(rows)), samples)
        rows = np.flatnonzero(kinds == "babble")
        for voice in range(5 if len(rows) else 0):
            some = rows[rng.random(len(rows)) < (1.0, 0.7, 0.5, 0.4, 0.3)[voice]]
            if len(some):
                chosen = rng.choice(self._talk, len(some))
                wave[some] += self._looped(self._speech, chosen, rng.uniform(0, 1, len(some)), samples)
        rows = np.flatnonzero(kinds == "hiss")
        if len(rows):
            wave[rows] = torch.randn(len(rows), samples, generator=generator, device=self._device)
        return wave / _active_power(wave).sqrt(), np.isin(kinds, _SPOKEN_NOISES)

    def _in_a_room(self, wave: Tensor, rng: np.random.Generator, generator: torch.Generator) -> Tensor:
        """With reverberation, noise, the colour of a microphone and a level; float32[B, n] of full scale 32768."""
        size, samples = wave.shape
        length = next_fast_len(samples + self._rooms.shape[1], real=True)
        spectrum = torch.fft.rfft(wave, length)
        chosen = torch.from_numpy(rng.integers(0, len(self._rooms), size)).to(self._device)
        rows = torch.from_numpy(rng.random(size) < 0.65).to(self._device)
        room = torch.fft.rfft(self._rooms[chosen], length)
        spectrum = torch.where(rows[:, None], spectrum * room, spectrum) * self._colour(spectrum.shape[1], size, rng)
        wave = torch.fft.irfft(spectrum, length)[:, :samples]
        noise, talk = self._noises(size, samples, rng, generator)
        noise = torch.fft.irfft(
            torch.fft.rfft(noise, length) * self._colour(spectrum.shape[1], size, rng), length
        )[:, :samples]
        # Some noise comes and goes.
        a, b = np.sort(rng.uniform(0, samples, (2, size)), axis=0)
        steady = rng.random(size) > 0.25
        a, b = np.where(steady, 0, a), np.where(steady, samples, b)
        time = torch.arange(samples, device=self._device)[None]
        noise = noise * ((time >= self._column(a)) & (time < self._column(b))).float().clamp_(min=0.03)
        power = _active_power(wave)
        draw = rng.random(size)
        snr = np.where(draw < 0.72, rng.uniform(0, 20, size), np.where(draw < 0.82, rng.uniform(-5, 2, size), rng.uniform(15, 40, size)))
        snr = np.where(talk, rng.uniform(4, 30, size), snr)
        loud = self._column(10 ** (-snr / 20) * (rng.random(size) < 0.85))
        wave = wave + noise * loud * power.sqrt()
        # Of the speech, in dB of full scale: from across the room to too near, which is clipped.
        level = self._column(10 ** (rng.triangular(-52, -28, -10, size) / 20))
        return wave * (level / power.sqrt()) * 32768

    def _colour(self, bins: int, size: int, rng: np.random.Generator) -> Tensor:
        """Gains over the spectrum, float32[size, bins], as microphones, speakers and corners have them."""
        x = np.linspace(0, 1, 65)
        gain = np.zeros((size, len(x)))  # in nepers
        for k in (1, 2, 3, 5):
            gain += rng.normal(size=(size, 1)) * 0.45 / k * np.cos(np.pi * k * x + rng.uniform(0, 2 * np.pi, (size, 1)))
        corner, depth = rng.uniform(0.3, 1, (size, 1)), rng.uniform(0.5, 4, (size, 1)) * (rng.random((size, 1)) < 0.2)
        gain -= depth * np.maximum(0, x - corner) / 0.3
        corner, depth = rng.uniform(0.01, 0.1, (size, 1)), rng.uniform(0.5, 3, (size, 1)) * (rng.random((size, 1)) < 0.25)
        gain -= depth * np.maximum(0, 1 - x / corner)
        curve = torch.from_numpy(np.exp(gain).astype(np.float32)).to(self._device)
        return functional.interpolate(curve[:, None], bins, mode="linear", align_corners=True)[:, 0]

    def _log_mel(self, wave: Tensor, warps: NDArray[np.int64]) -> Tensor:
        """float32[B, frames, 40]. ``warps``: which of _WARPS each is seen through."""
        frames = wave.unfold(1, WINDOW, SHIFT)
        frames = frames - frames.mean(dim=2, keepdim=True)
        # Pre-emphasis; before the first sample Kaldi takes that sample itself.
        frames = torch.cat([0.03 * frames[..., :1], frames[..., 1:] - 0.97 * frames[..., :-1]], dim=2) * self._window
        spectrum = torch.fft.rfft(frames, FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        banks = self._banks[torch.from_numpy(warps).to(self._device)]
        return torch.bmm(power, banks).clamp_(min=_FLOOR).log_()

    def _masked(self, bands: Tensor, rng: np.random.Generator, frames: NDArray[np.int64]) -> Tensor:
        """With a few bands and a short moment blotted out (SpecAugment: Park et al., Interspeech 2019)."""
        size, length, _ = bands.shape
        mean = bands.mean(dim=(1, 2), keepdim=True)
        band, time = torch.arange(BANDS, device=self._device)[None, None], torch.arange(length, device=self._device)[None, :, None]
        for chance in (0.5, 0.25):
            width = rng.integers(1, 6, size) * (rng.random(size) < chance)
            low = rng.integers(0, BANDS - 5, size)
            hidden = (band >= self._column(low)[..., None]) & (band < self._column(low + width)[..., None])
            bands = torch.where(hidden, mean - self._column(rng.uniform(0, 3, size))[..., None], bands)
        width = rng.integers(2, 8, size) * (rng.random(size) < 0.2)
        begin = (rng.random(size) * frames).astype(np.int64)
        hidden = (time >= self._column(begin)[..., None]) & (time < self._column(begin + width)[..., None])
        return torch.where(hidden, mean - self._column(rng.uniform(0, 4, size))[..., None], bands)


def _active_power(wave: Tensor) -> Tensor:
    """Mean square of each row's pieces of 20 ms that are within 15 dB of its loudest, float32[B, 1]: a drop of water
    is as loud as it sounds, not as its long silence."""
    pieces = wave.unfold(1, 320, 320).square().mean(dim=2)
    active = pieces > 0.03 * pieces.amax(dim=1, keepdim=True)
    return ((pieces * active).sum(dim=1) / active.sum(dim=1).clamp_(min=1)).clamp_(min=1e-9)[:, None]


def rooms(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Impulse responses, float32[n, 8000], of energy 1, the direct sound first: a few early reflections from the
    walls, then noise that decays by 60 dB within the reverberation time of 0.1 to 0.8 s."""
    length = int(_ROOM_S * RATE)
    time = np.arange(length) / RATE
    out = np.zeros((n, length), np.float32)
    for row in range(n):
        decay = math.log(1000) / rng.uniform(0.1, 0.8)
        late = rng.normal(size=length) * np.exp(-decay * time)
        late[: int(rng.uniform(0.002, 0.012) * RATE)] = 0
        # High frequencies die sooner.
        late[1:] += rng.uniform(0, 0.7) * late[:-1]
        late /= math.sqrt(float(np.square(late).sum())) + 1e-9
        early = np.zeros(length)
        for _ in range(rng.integers(2, 8)):  # first and second images of the source in walls 0.3 to 5 m away
            delay = rng.uniform(0.0015, 0.03)
            early[int(delay * RATE)] += rng.choice((-1, 1)) * rng.uniform(0.2, 0.8) / (1 + 200 * delay)
        direct = 10 ** (rng.uniform(-4, 14) / 20)
        response = late + early * min(direct, 1.5)
        response[0] = direct
        out[row] = response / math.sqrt(float(np.square(response).sum()))
    return out
