"""Hears a baby cry: an ear of its own beside the recogniser, since crying has no words.

Every half second a small network looks at the last second and a half, and judges by its last eight looks together: a
squeak, a sneeze and a spoon that falls are over by then. What it was trained on, and how well it hears, is in
models/crying/README.md.
"""

from __future__ import annotations

import math
import zipfile
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceguide.errors import ModelError
from voiceguide.hearing.ears import Crying
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import loudness

Real = npt.NDArray[np.float32]

WINDOW, HOP = 512, 240
"""Samples of a frame, 32 ms, and from one frame to the next, 15 ms."""
BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 150.0, 3800.0
"""Nothing above: most recordings of crying that it was trained on are from telephones."""
FRAMES = 96
"""What the network looks at: 1.44 s, a bout of crying with the breath after it."""
STEP = 7680
"""Samples between two looks: 0.48 s."""
LOOKS = 8
"""So many looks in a row are taken together: 3.8 s, and the first of them looks back for as long as it may."""
BAR = 3.0
"""Crying is what reaches this, in log odds (docs/figures.md has the curve)."""
SOFTEST_DB = 34.0
"""Softer than this, in dB over one step of 16 bit, nothing is looked at: a baby on the mat is louder than a voice
across the room, which is at 45."""
AGAIN_S = 15.0
"""While it goes on, the ear says so again after this long."""


class CryNetwork:
    """Three convolutions over the spectrogram of a look make a few features of it; what is largest and usual in those
    of some looks in a row is judged. In plain numpy."""

    def __init__(self, weights: dict[str, Real]) -> None:
        self._convolutions = []
        for n in range(3):
            kernel = weights[f"conv{n}.weight"]  # [out, in, frames]
            flat = kernel.transpose(2, 1, 0).reshape(-1, len(kernel))
            self._convolutions.append((flat, weights[f"conv{n}.bias"], kernel.shape[2], (2, 2, 1)[n]))
        self._layers = {
            name: (weights[f"{name}.weight"].T, weights[f"{name}.bias"]) for name in ("features", "together", "out")
        }
        self.silence = self.look(np.zeros(SAMPLES, np.int16))
        """The features of a look at silence."""

    @classmethod
    def in_the_box(cls) -> CryNetwork:
        """The one that comes with voiceguide. Raises ModelError where it can't be read."""
        package = Path(__file__).resolve().parents[1]
        inside = package / "models" / "crying"
        return cls.load((inside if inside.is_dir() else package.parent / "models" / "crying") / "weights.npz")

    @classmethod
    def load(cls, file: Path) -> CryNetwork:
        """Read the weights, an ``.npz``. Raises ModelError where they can't be read."""
        try:
            with np.load(file, allow_pickle=False) as kept:
                return cls({name: kept[name].astype(np.float32) for name in kept.files})
        except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile) as error:
            raise ModelError(f"{file}: cannot be read ({error})") from error

    def look(self, pcm: Pcm) -> Real:
        """The features of ``pcm`` (int16[n], 16 kHz, the last ``SAMPLES`` of it): float32[n]."""
        x = normalised(spectrogram(pcm[-SAMPLES:]))
        for kernel, bias, width, stride in self._convolutions:
            windows = np.lib.stride_tricks.sliding_window_view(x, width, axis=0)[::stride]
            x = np.maximum(windows.transpose(0, 2, 1).reshape(len(windows), -1) @ kernel + bias, 0)
        return self._through("features", np.concatenate([x.mean(axis=0), x.max(axis=0)]))

    def judge(self, looks: Sequence[Real]) -> float:
        """How much some looks in a row sound like crying: log odds."""
        seen = np.stack(looks)
        together = self._through("together", np.concatenate([seen.mean(axis=0), seen.max(axis=0)]))
        weight, bias = self._layers["out"]
        return float((together @ weight + bias)[0])

    def _through(self, name: str, x: Real) -> Real:
        weight, bias = self._layers[name]
        return np.asarray(np.maximum(x @ weight + bias, 0), np.float32)


class CryEar:
    """Takes what the guide's own voice has been taken out of, and says when a baby has been crying for a while."""

    def __init__(self, network: CryNetwork, bar: float = BAR) -> None:
        self._network = network
        self._bar = bar
        self._sound = np.zeros(SAMPLES, np.int16)
        self._since_look = 0
        self._looks: deque[Real] = deque(maxlen=LOOKS)
        self.evidence = -math.inf
        """How much the last seconds sound like crying, in log odds."""
        self._quiet_until = 0.0
        """Before this it says nothing."""

    def take(self, pcm: Pcm, at: float) -> Crying | None:
        """The next samples, int16[n] of at most 0.48 s, which end at ``at`` seconds."""
        self._sound = np.concatenate([self._sound, pcm])[-SAMPLES:]
        self._since_look += len(pcm)
        if self._since_look < STEP:
            return None
        self._since_look -= STEP
        loud = loudness(self._sound[-STEP:]) >= SOFTEST_DB
        self._looks.append(self._network.look(self._sound) if loud else self._network.silence)
        if len(self._looks) == LOOKS:
            self.evidence = self._network.judge(self._looks)
        if self.evidence < self._bar or at < self._quiet_until:
            return None
        self._quiet_until = at + AGAIN_S
        return Crying(at, 1 / (1 + math.exp(-self.evidence)))

    def hears(self, pcm: Pcm) -> bool:
        """Whether somebody cries in a recording (int16[n]), which is repeated where it's short."""
        sound = np.resize(pcm, max(len(pcm), SAMPLES + LOOKS * STEP))
        blocks = range(0, len(sound) - STEP + 1, STEP)
        ear = CryEar(self._network, self._bar)  # what is heard in the recording mustn't count in the session
        return any(ear.take(sound[at : at + STEP], (at + STEP) / RATE) is not None for at in blocks)

    def forget(self) -> None:
        """The parent has said something: what was heard so far counts no more."""
        self._looks.clear()
        self.evidence = -math.inf


SAMPLES = (FRAMES - 1) * HOP + WINDOW
"""What the network looks at."""


def spectrogram(pcm: Pcm) -> Real:
    """Log power in mel bands, float32[frames, BANDS], of int16[n] at 16 kHz."""
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float32), WINDOW)[::HOP]
    spectra = np.fft.rfft(frames * window(), axis=1)
    power = (np.square(spectra.real) + np.square(spectra.imag)).astype(np.float32)
    return np.asarray(np.log(power @ bands() + np.float32(1000.0)), dtype=np.float32)


def normalised(spectrum: Real) -> Real:
    """How loud it is doesn't matter, only the shape."""
    return np.asarray((spectrum - spectrum.mean()) / np.float32(3.0), dtype=np.float32)


@cache
def window() -> Real:
    """Of a frame: float32[WINDOW] (Hann)."""
    return np.hanning(WINDOW).astype(np.float32)


@cache
def bands() -> Real:
    """The mel bands as triangles, float32[WINDOW // 2 + 1, BANDS]."""
    mel = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)
    hertz = 700 * (10 ** (mel / 2595) - 1)
    at = np.fft.rfftfreq(WINDOW, 1 / RATE)[:, None]
    rising = (at - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    falling = (hertz[2:] - at) / (hertz[2:] - hertz[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))
