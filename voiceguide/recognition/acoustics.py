"""The acoustic network of a model with a closed graph, run in numpy over a few seconds of sound.

Vosk gives words and the likelihood of a whole utterance. It doesn't give what the network makes of each moment, and
that is what tells a phrase that was said from the one that merely fits best. So ``am/final.mdl`` is read here as
well. What is computed is what Kaldi computes (feat/feature-mfcc.cc, nnet3/nnet-descriptor.cc): cepstra every 10 ms,
and from them every 30 ms two numbers for each phone, for its first frame and for any later one.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from voiceguide.sound import RATE, Pcm

Floats = npt.NDArray[np.float32]

STEP, WINDOW, TRANSFORM = RATE // 100, RATE // 40, 512
"""Samples from one frame to the next, in a frame, and in its Fourier transform."""
BANDS, LOW_HZ, HIGH_HZ = 40, 20.0, 7600.0
"""The mel bands, as in conf/mfcc.conf of every model with a closed graph."""
STRIDE = 3
"""Frames to an output."""
LEFT, RIGHT = 70, 20
"""The sound is continued by so many copies of its first and last frame: the network in the box looks back 55 frames
and ahead 13."""
FLOOR = float(np.finfo(np.float32).eps)
"""Least power of a band, as in Kaldi."""
KINDS = {"FixedAffineComponent", "RectifiedLinearComponent", "NoOpComponent"}
"""The components that are known here: all that models/recipe writes."""


@dataclass(frozen=True, slots=True)
class _Signal:
    """What a node of the network gives: ``values[i]`` belongs to frame ``first + i * step``."""

    first: int
    step: int
    values: Floats


class Acoustics:
    """A network. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """``path``: a final.mdl. Raises OSError, and ValueError where its network is of a kind not known here."""
        data = path.read_bytes()
        start = data.find(b"<Nnet3> ")
        end = data.find(b"\n\n", start)
        if min(start, end) < 0:
            raise ValueError("it holds no nnet3 network")
        nodes = re.findall(r"component-node name=(\S+) component=(\S+) input=(.+)", data[start:end].decode("latin-1"))
        self._nodes = [(name, component, _parsed(descriptor)) for name, component, descriptor in nodes]
        self._kinds: dict[str, str] = {}
        self._affine: dict[str, tuple[Floats, Floats]] = {}
        for found in re.finditer(rb"<ComponentName> (\S+) <(\w+)> ", data):
            name, kind = found[1].decode("latin-1"), found[2].decode("latin-1")
            if kind not in KINDS:
                raise ValueError(f"its network has a {kind}, which is not known here")
            self._kinds[name] = kind
            if kind == "FixedAffineComponent":
                self._affine[name] = _read_affine(data, found.end())
        if not self._nodes or not all(component in self._kinds for _, component, _ in self._nodes):
            raise ValueError("its network is not complete")

    def outputs(self, pcm: Pcm) -> Floats:
        """float32[n, 80] for ``pcm`` (int16[m], 16 kHz): natural logarithms, up to a constant, for every 30 ms; two
        for each phone, silence first, then as phones.PHONES has them: for its first frame, and for any later one."""
        frames = cepstra(pcm)
        if not len(frames):
            return np.zeros((0, 2 * BANDS), np.float32)
        sound = np.concatenate([np.repeat(frames[:1], LEFT, 0), frames, np.repeat(frames[-1:], RIGHT, 0)])
        made = {"input": _Signal(-LEFT, 1, sound)}
        for name, component, descriptor in self._nodes:
            made[name] = self._through(component, _described(descriptor, made))
        last = made[self._nodes[-1][0]]
        skipped = -last.first // STRIDE
        return last.values[skipped : skipped - (-len(frames) // STRIDE)]

    def _through(self, component: str, signal: _Signal) -> _Signal:
        if component in self._affine:
            if signal.step == 1:  # the rest of the network needs every third frame only
                skipped = -signal.first % STRIDE
                signal = _Signal(signal.first + skipped, STRIDE, signal.values[skipped::STRIDE])
            matrix, offset = self._affine[component]
            return _Signal(signal.first, signal.step, signal.values @ matrix.T + offset)
        if self._kinds[component] == "RectifiedLinearComponent":
            return _Signal(signal.first, signal.step, np.maximum(signal.values, 0))
        return signal


def cepstra(pcm: Pcm) -> Floats:
    """float32[n, 40]: Kaldi's MFCC of ``pcm`` (int16[m], 16 kHz), a row for every 10 ms whose 25 ms are there."""
    if len(pcm) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::STEP].astype(np.float32)
    frames -= frames.mean(1, keepdims=True)
    frames[:, 1:] -= np.float32(0.97) * frames[:, :-1]
    frames[:, 0] *= np.float32(1 - 0.97)
    window = np.float32(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** np.float32(0.85)
    power = np.abs(np.fft.rfft(frames * window, TRANSFORM)).astype(np.float32) ** 2
    return np.asarray(np.log(np.maximum(power @ _bands(), FLOOR)) @ _cosines(), np.float32)


@cache
def _bands() -> Floats:
    """float32[257, 40]: triangles, evenly spaced in mel."""

    def mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)

    edges = np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2)
    at = mel(np.arange(TRANSFORM // 2 + 1) * RATE / TRANSFORM)[:, None]
    rising, falling = (at - edges[:-2]) / (edges[1] - edges[0]), (edges[2:] - at) / (edges[1] - edges[0])
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[-1] = 0.0  # Kaldi leaves out the highest
    return np.asarray(bands, np.float32)


@cache
def _cosines() -> Floats:
    """float32[40, 40]: the orthonormal DCT-II, to multiply with on the right."""
    band, number = np.arange(BANDS)[:, None] + 0.5, np.arange(BANDS)[None]
    cosines = np.sqrt(2 / BANDS) * np.cos(np.pi / BANDS * band * number)
    cosines[:, 0] = np.sqrt(1 / BANDS)
    return np.asarray(cosines, np.float32)


_Descriptor: TypeAlias = "str | tuple[str, tuple[_Descriptor, ...]]"


def _parsed(descriptor: str) -> _Descriptor:
    """What a node takes, in nnet3's notation: a name, or one of Append, Offset, Scale, Sum with its arguments."""
    tokens = re.findall(r"[^\s(),]+|[()]", descriptor)

    def read() -> _Descriptor:
        name: str = tokens.pop(0)
        if not tokens or tokens[0] != "(":
            return name
        tokens.pop(0)
        parts = []
        while tokens and tokens[0] != ")":
            parts.append(read())
        if not tokens:
            raise ValueError("its network is not complete")
        tokens.pop(0)
        return name, tuple(parts)

    return read()


def _described(descriptor: _Descriptor, made: dict[str, _Signal]) -> _Signal:
    match descriptor:
        case str():
            return made[descriptor]
        case ("Offset", (inner, str(frames))):
            signal = _described(inner, made)
            return _Signal(signal.first - int(frames), signal.step, signal.values)
        case ("Scale", (str(factor), inner)):
            signal = _described(inner, made)
            return _Signal(signal.first, signal.step, signal.values * np.float32(factor))
        case (("Append" | "Sum") as kind, parts):
            signals = [_described(part, made) for part in parts]
            step = signals[0].step
            first = max(signal.first for signal in signals)
            end = min(signal.first + step * len(signal.values) for signal in signals)
            cut = [s.values[(first - s.first) // step : (end - s.first) // step] for s in signals]
            return _Signal(first, step, np.concatenate(cut, 1) if kind == "Append" else np.sum(cut, 0))
    raise ValueError(f"its network takes {descriptor!r}, which is not known here")


def _read_affine(data: bytes, at: int) -> tuple[Floats, Floats]:
    """The matrix and the offset of a component, from Kaldi's binary form."""
    at = data.index(b"FM ", at) + 3
    rows, columns = (struct.unpack_from("<i", data, at + skip)[0] for skip in (1, 6))
    matrix = np.frombuffer(data, "<f4", rows * columns, at + 10).reshape(rows, columns)
    at = data.index(b"FV ", at + 10 + matrix.nbytes) + 3
    (count,) = struct.unpack_from("<i", data, at + 1)
    return matrix, np.frombuffer(data, "<f4", count, at + 5)
