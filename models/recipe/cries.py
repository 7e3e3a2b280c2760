"""Trains the ear for crying (voiceguide/hearing/crying.py), and writes its weights.

    python -m models.recipe.cries --recordings DIR [--work DIR] [--out models/crying/weights.npz]

Crying is learnt from the cries of the recordings and from synthetic ones; what isn't crying, from people who speak,
also sped up until they sound like children, and from household noise: dogs, hiccups, babbling, laughter, music,
singing and a television among it. Held-out babies and recordings (split.py) are never read here. Of the others one
baby and one speaker in eight are watched: not trained on, and used to judge progress.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from torch import Tensor, nn

from models.recipe import store
from models.recipe.errors import RecipeError
from models.recipe.noises import KINDS, noise
from models.recipe.packs import training_packs
from models.recipe.recordings import check, speech
from models.recipe.recordings import noise as recorded_noise
from models.recipe.rooms import colours, rooms
from voiceguide.files import atomic
from voiceguide.hearing.crying import BANDS, FRAMES, HOP, LOOKS, STEP, WINDOW, bands, window

RATE = store.RATE
CLIP = (LOOKS - 1) * STEP + (FRAMES - 1) * HOP + WINDOW
"""Samples in a training example: what the ear takes together."""
HOURS = {"librispeech": 1.6, "wuw": 1.2, "speech-commands": 0.8}
"""Of each corpus of speech, at most."""
SYNTHETIC_S, PIECE_S = 60.0, 10.0
"""Household noise of each kind, in pieces."""
SYNTHETIC_CRIES_S = 300.0
LIKE_CRYING = ("cooing", "laughing", "singing", "music", "lullaby", "television", "dog", "alarm", "birds", "hiccups")
"""Kinds of noise that are likeliest to be taken for crying: more of them is made."""
CHANNELS, FEATURES, TOGETHER = 64, 32, 16
"""Sizes of the layers."""
EXAMPLES, JUDGED = 54_000, 2_400
"""How many examples are made to learn from, and to judge progress by. Each of the former is learnt from a dozen
times, its spectrum tilted anew."""
STEPS, BATCH, RATE_START = 10_000, 64, 3e-3
"""Steps of training, examples in each, and the highest learning rate; it falls to zero along a cosine."""
MADE = 32
"""Examples that are made at once."""
SHORT = 0.15
"""Of what isn't crying: a cry that is over at once."""
WATCHED = 8
"""One baby and one speaker in so many is watched."""
TILT, BEND = 1.0, 0.7
"""Standard deviations, in natural logarithms of power, by which a spectrum is tilted and bent at its ends: rooms and
microphones differ."""


class Network(nn.Module):
    """As CryNetwork, which computes it in numpy. ``one`` judges a look by itself: it helps to train the others."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv1d(BANDS, CHANNELS, 5, stride=2)
        self.conv1 = nn.Conv1d(CHANNELS, CHANNELS, 5, stride=2)
        self.conv2 = nn.Conv1d(CHANNELS, CHANNELS, 5)
        self.features = nn.Linear(2 * CHANNELS, FEATURES)
        self.one = nn.Linear(FEATURES, 1)
        self.together = nn.Linear(2 * FEATURES, TOGETHER)
        self.out = nn.Linear(TOGETHER, 1)
        self.dropout = nn.Dropout(0.2)

    def forward(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Spectra of clips, float[B, T, BANDS] -> log odds: of each clip, float[B]; of each look, float[B, LOOKS]"""
        looks = spectrum.unfold(1, FRAMES, STEP // HOP).transpose(2, 3)  # [B, LOOKS, FRAMES, BANDS]
        looks = (looks - looks.mean(dim=(2, 3), keepdim=True)) / 3.0
        x = looks.flatten(0, 1).transpose(1, 2)
        for layer in (self.conv0, self.conv1, self.conv2):
            x = torch.relu(layer(x))
        x = self.dropout(torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1))
        seen = torch.relu(self.features(x)).reshape(len(spectrum), LOOKS, FEATURES)
        both = self.dropout(torch.cat([seen.mean(dim=1), seen.amax(dim=1)], dim=1))
        return self.out(torch.relu(self.together(both)))[:, 0], self.one(seen)[..., 0]


def spectra(sound: Tensor) -> Tensor:
    """Of sounds, float[B, n] at the scale of 16 bit, as crying.spectrogram makes them: float[B, T, BANDS]."""
    frames = torch.fft.rfft(sound.unfold(1, WINDOW, HOP) * torch.from_numpy(window()))
    power = frames.real.square() + frames.imag.square()
    return torch.log(power @ torch.from_numpy(bands()) + 1000.0)


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound, and whose."""

    pcm: store.Pcm
    kind: str
    """``cry``, ``speech`` or ``noise``."""
    voice: str
    real: bool = True

    @property
    def watched(self) -> bool:
        return int(hashlib.sha256(self.voice.encode()).hexdigest(), 16) % WATCHED == 0


def recordings(folder: Path, rng: np.random.Generator) -> Iterator[Recording]:
    """Everything that is trained on. Raises RecipeError where there is nothing to read."""
    check(folder)
    for pcm, row in recorded_noise(folder):
        cry = row.kind == "cries"
        yield Recording(pcm, "cry" if cry else "noise", row.voice[:36] if cry else row.voice)
    for pcm, row in speech(folder):
        yield Recording(pcm, "speech", row.voice)
    had: dict[str, float] = {}
    for pack in training_packs(folder):
        if had.get(pack.corpus, 0.0) > HOURS.get(pack.corpus, math.inf) * 3600:
            continue
        for pcm, row in pack.recordings():
            had[pack.corpus] = had.get(pack.corpus, 0.0) + len(pcm) / RATE
            kind = "speech" if row.text else "cry" if row.kind == "cries" else "noise"
            yield Recording(store.normalised(pcm), kind, row.voice)
    for name in KINDS:
        seconds = SYNTHETIC_CRIES_S if name == "crying" else SYNTHETIC_S * (10 if name in LIKE_CRYING else 1)
        for n in range(round(seconds / PIECE_S)):
            pcm = (noise(name, PIECE_S, rng) * 32767).astype(np.int16)
            yield Recording(pcm, "cry" if name == "crying" else "noise", f"{name} {n}", real=False)


class Sounds:
    """Stretches of recordings, of one kind, at random."""

    def __init__(self, found: list[Recording], rng: np.random.Generator) -> None:
        self._found = found
        self._rng = rng
        lengths = np.array([len(one.pcm) for one in found], np.float64)
        weights = np.minimum(lengths, 20 * RATE) * np.array(
            [0.4 if one.voice.startswith("crying ") else 1.0 for one in found]
        )
        self._share = weights / weights.sum()

    def stretch(self, speed: float = 1.0) -> NDArray[np.float32]:
        """float32[CLIP], root mean square 1 where it sounds; from several recordings where one is too short."""
        rng, need = self._rng, math.ceil(CLIP * speed) + 2
        parts: list[NDArray[np.float32]] = []
        while sum(map(len, parts)) < need:
            pcm = self._found[int(rng.choice(len(self._found), p=self._share))].pcm.astype(np.float32)
            start = int(rng.integers(max(1, len(pcm) - need)))
            parts += [pcm[start : start + need], np.zeros(int(rng.integers(RATE // 2)), np.float32)]
        sound = np.concatenate(parts)[:need]
        if speed != 1.0:
            sound = np.interp(np.arange(CLIP) * speed, np.arange(len(sound)), sound).astype(np.float32)
        return sound[:CLIP] / np.float32(_level(sound[:CLIP]))

    def cry(self) -> NDArray[np.float32]:
        """As ``stretch``, but from one baby, and crying for most of it."""
        rng, speed = self._rng, float(self._rng.uniform(0.85, 1.2))
        need = math.ceil(CLIP * speed) + 2
        sound = np.zeros(need, np.float32)
        for _ in range(20):
            pcm = self._found[int(rng.choice(len(self._found), p=self._share))].pcm.astype(np.float32)
            pcm = np.tile(pcm, math.ceil((need + 1) / len(pcm)))
            start = int(rng.integers(len(pcm) - need))
            sound = pcm[start : start + need]
            blocks = np.square(sound[: len(sound) // 480 * 480].reshape(-1, 480)).mean(axis=1)
            if float(np.mean(blocks > 0.01 * np.quantile(blocks, 0.95))) > 0.45:
                break
        sound = np.interp(np.arange(CLIP) * speed, np.arange(len(sound)), sound).astype(np.float32)
        return sound / np.float32(_level(sound))


def _level(sound: NDArray[np.float32]) -> float:
    """Root mean square over the blocks within 30 dB of the loudest."""
    blocks = np.square(sound[: len(sound) // 480 * 480].reshape(-1, 480)).mean(axis=1)
    active = blocks > blocks.max() * 1e-3
    return float(np.sqrt(blocks[active].mean())) + 1e-6 if active.any() else 1.0


def examples(found: list[Recording], rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches without end: sounds, float[MADE, CLIP], and whether a baby cries in them."""
    by_kind = {kind: Sounds([one for one in found if one.kind == kind], rng) for kind in ("cry", "speech", "noise")}
    while True:
        batch = np.zeros((MADE, CLIP), np.float32)
        cries = rng.random(MADE) < 0.45
        for n, cry in enumerate(cries):
            speed = float(rng.choice([1.0, rng.uniform(0.9, 1.1), rng.uniform(1.4, 2.2)], p=[0.4, 0.4, 0.2]))
            behind = by_kind[str(rng.choice(["speech", "noise"], p=[0.35, 0.65]))].stretch()
            if cry:
                batch[n] = by_kind["cry"].cry() + behind * np.float32(10 ** (-rng.uniform(2, 35) / 20))
            elif rng.random() < SHORT:
                batch[n] = _cut(by_kind["cry"].cry(), rng) + behind * np.float32(10 ** (-rng.uniform(2, 40) / 20))
            else:
                batch[n] = by_kind[str(rng.choice(["speech", "noise"], p=[0.45, 0.55]))].stretch(speed)
                batch[n] += behind * np.float32(10 ** (-rng.uniform(-5, 35) / 20))
        batch = _heard(batch, rng)
        yield torch.from_numpy(batch), torch.from_numpy(cries.astype(np.float32))


def _cut(cry: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """No more than a second and a half of a cry, somewhere: a squeak, which is no crying."""
    length, fade = int(rng.uniform(0.3, 1.5) * RATE), RATE // 20
    start, at = (int(rng.integers(CLIP - length)) for _ in range(2))
    piece = cry[start : start + length].copy()
    piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    piece[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    sound = np.zeros(CLIP, np.float32)
    sound[at : at + length] = piece
    return sound


def _heard(batch: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Through a room and a microphone, at some level, with hiss; at times with holes, as the gate leaves them."""
    size = next_fast_len(CLIP + 8000, real=True)
    gains = colours(len(batch), rng)
    spectrum = rfft(batch, size) * rfft(rooms(len(batch), rng), size)
    at = np.linspace(0, gains.shape[1] - 1, spectrum.shape[1])
    spectrum *= np.stack([np.interp(at, np.arange(gains.shape[1]), row) for row in gains]).astype(np.float32)
    heard = np.asarray(irfft(spectrum, size)[:, :CLIP], np.float32)
    levels = 32768 * 10 ** (rng.uniform(-46, -12, len(heard)) / 20)
    heard *= (levels / (np.sqrt(np.square(heard).mean(axis=1)) + 1e-6)).astype(np.float32)[:, None]
    heard += rng.normal(scale=10 ** rng.uniform(0, 1.5, (len(heard), 1)), size=heard.shape).astype(np.float32)
    for n in np.flatnonzero(rng.random(len(heard)) < 0.1):
        hole = int(rng.integers(CLIP))
        heard[n, hole : hole + int(rng.integers(RATE))] = 0.0
    return np.clip(heard, -32768, 32767)


@dataclass(frozen=True, slots=True)
class Examples:
    """Spectra of clips, float16[n, T, BANDS], and whether a baby cries in them, float32[n]."""

    spectra: NDArray[np.float16]
    cries: NDArray[np.float32]

    @classmethod
    def of(cls, found: list[Recording], count: int, seed: int) -> Examples:
        """So many examples of these recordings. What is made is the same each time."""
        batches = examples(found, np.random.default_rng(seed))
        kept = np.empty((count, (CLIP - WINDOW) // HOP + 1, BANDS), np.float16)
        cries = np.empty(count, np.float32)
        for n in range(0, count, MADE):
            sound, crying = next(batches)
            some = slice(n, min(n + MADE, count))
            kept[some] = spectra(sound)[: count - n]
            cries[some] = crying[: count - n]
            if n % 3200 == 0:
                print(f"{n} of {count} examples made", flush=True)
        return cls(kept, cries)

    def batch(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Some of them: float[B, T, BANDS] and float[B]."""
        return torch.from_numpy(self.spectra[rows].astype(np.float32)), torch.from_numpy(self.cries[rows])


def train(learnt: Examples, judged: Examples, steps: int = STEPS, seed: int = 0) -> Network:
    """A network that learnt from ``learnt``; its progress, on ``judged``, is printed."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE_START, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE_START, steps, pct_start=0.1)
    along = torch.linspace(-1, 1, BANDS)
    for step in range(1, steps + 1):
        spectrum, cries = learnt.batch(np.sort(rng.integers(len(learnt.cries), size=BATCH)))
        each = len(spectrum), 1, 1
        spectrum = spectrum + TILT * torch.randn(each) * along + BEND * torch.randn(each) * along.square()
        together, one = network(spectrum)
        loss = _loss(together, cries) + 0.2 * _loss(one, cries[:, None].expand_as(one))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 250 == 0 or step == steps:
            print(f"{step} of {steps}: loss {float(loss.detach()):.3f}, {_judge(network, judged)}", flush=True)
    return network


def _loss(log_odds: Tensor, wanted: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(log_odds, wanted)


def _judge(network: Network, judged: Examples) -> str:
    network.eval()
    with torch.no_grad():
        rows = np.array_split(np.arange(len(judged.cries)), 12)
        scores = torch.cat([network(judged.batch(some)[0])[0] for some in rows]).numpy()
    network.train()
    others = np.sort(scores[judged.cries == 0])[::-1]
    bars = others[len(others) // 100], others[len(others) // 400]
    hits = [f"{np.mean(scores[judged.cries == 1] > bar):.3f}" for bar in bars]
    return f"{hits[0]} noticed where 1 in 100 others is taken for crying, {hits[1]} where 1 in 400"


def export(network: Network, file: Path) -> None:
    """The weights as CryNetwork reads them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = io.BytesIO()
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    np.savez(kept, **{name: value for name, value in weights.items() if not name.startswith("one.")})
    atomic.write(file, kept.getvalue(), mode=0o644)


def _kept(folder: Path, work: Path) -> list[Recording]:
    """The recordings, from the work folder where they were read before."""
    store_at = work / "cries.npz"
    if not store_at.exists():
        found = list(recordings(folder, np.random.default_rng(7)))
        work.mkdir(parents=True, exist_ok=True)
        np.savez(
            store_at,
            pcm=np.concatenate([one.pcm for one in found]),
            ends=np.cumsum([len(one.pcm) for one in found]),
            rows=np.array([f"{one.kind}\t{one.real:d}\t{one.voice}" for one in found]),
        )
    with np.load(store_at, allow_pickle=False) as kept:
        pieces = np.split(kept["pcm"], kept["ends"][:-1])
        rows = [str(row).split("\t") for row in kept["rows"]]
    return [Recording(pcm, kind, voice, real == "1") for pcm, (kind, real, voice) in zip(pieces, rows, strict=True)]


def main() -> None:
    """Train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("build/crying"))
    parser.add_argument("--out", type=Path, default=Path("models/crying/weights.npz"))
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        found = _kept(given.recordings, given.work)
    except RecipeError as error:
        sys.exit(f"models.recipe.cries: {error}")
    for kind in ("cry", "speech", "noise"):
        print(f"{kind}: {sum(len(one.pcm) for one in found if one.kind == kind) / RATE / 3600:.2f} h", flush=True)
    watched = [one for one in found if one.watched]
    learnt = Examples.of([one for one in found if not one.watched], given.examples, seed=11)
    export(train(learnt, Examples.of(watched, JUDGED, seed=901), given.steps), given.out)


if __name__ == "__main__":
    main()
