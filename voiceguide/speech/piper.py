"""Piper as an engine of pyttsx3 (PyPI's piper-tts, GPL-3.0): neural voices, each a file of some 60 MB.

A long sentence is rendered in pieces, cut where there's a comma: what Piper needs beside its model grows with the
length of a piece, to 250 MB for eight seconds of speech. The pauses between the pieces are ours, so each voice takes
the same breaths.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceguide.speech.driver import Driver
from voiceguide.speech.pipe import UnknownVoiceError

_M_MMAP_THRESHOLD = -3
"""malloc.h"""

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Float = npt.NDArray[np.float32]

CLAUSE_S, SENTENCE_S = 0.2, 0.4
"""Pauses after a comma and after a sentence. They grow with a slower pace."""
SHORT = 60
"""Phonemes, some five seconds: a sentence up to here is rendered in one piece."""
LEAST = 20
"""Phonemes: no piece is shorter, as a piece of two words has no melody."""
SILENT = 0.003
"""Samples up to here, 50 dB below full scale, at the end of a piece belong to the pause."""


class PiperDriver(Driver):
    """A voice is the path of its .onnx file. The rate is in per cent of the voice's own."""

    def __init__(self, proxy: Any) -> None:
        """Raises ImportError without piper-tts."""
        super().__init__(proxy)
        import onnxruntime
        from piper.config import PiperConfig, SynthesisConfig
        from piper.voice import PiperVoice

        self._onnx = onnxruntime
        self._config, self._piper, self._synthesis = PiperConfig, PiperVoice, SynthesisConfig
        self._path = ""
        self._pace = 1.0
        # glibc keeps what was freed, 60 to 170 MB of it.
        self._trim: Callable[[int], object] = lambda pad: None
        with contextlib.suppress(OSError, AttributeError):  # another C library
            libc = ctypes.CDLL(None)
            self._trim = libc.malloc_trim
            libc.mallopt(_M_MMAP_THRESHOLD, 4 << 20)

    def set_voice(self, voice: str) -> None:
        if voice == self._path:
            return
        options = self._onnx.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # hearing needs the other CPUs
        # Each of these costs up to 100 MB and saves no time that could be measured.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.graph_optimization_level = self._onnx.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 4
        try:
            config = self._config.from_dict(json.loads(Path(f"{voice}.json").read_text("utf-8")))
            session = self._onnx.InferenceSession(voice, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # whatever the runtime makes of a damaged file
            raise UnknownVoiceError(voice) from error
        self._voice = self._piper(session=session, config=config)
        self._path = voice
        self.hertz = config.sample_rate

    def set_rate(self, rate: int) -> None:
        self._pace = rate / 100

    def say(self, text: str) -> None:
        import numpy as np

        text = text.replace("[[", "[ [")  # which would start phonemes
        how = self._synthesis(length_scale=self._voice.config.length_scale / self._pace)
        sound: list[Float] = []
        for piece, pause in self._pieces(text):
            samples = self._voice.phoneme_ids_to_audio(self._voice.phonemes_to_ids(piece), how)
            if isinstance(samples, tuple):
                samples = samples[0]
            samples = np.atleast_1d(samples)
            loud = np.flatnonzero(np.abs(samples) > SILENT)
            sound.append(samples[: loud[-1] + 1] if len(loud) else samples[:0])
            sound.append(np.zeros(round(pause / self._pace * self.hertz), np.float32))
        samples = np.concatenate(sound) if sound else np.zeros(0, np.float32)
        self.pcm = bytearray((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        self._trim(0)

    def _pieces(self, text: str) -> Iterator[tuple[list[str], float]]:
        """The phonemes of each piece of a text, and the pause after it in seconds."""
        for sentence in self._voice.phonemize(text):
            cuts = pieces(sentence)
            for n, piece in enumerate(cuts):
                yield piece, CLAUSE_S if n < len(cuts) - 1 else SENTENCE_S


def pieces(sentence: list[str]) -> list[list[str]]:
    """A sentence of phonemes, cut after commas, colons and semicolons if it's longer than SHORT."""
    if len(sentence) <= SHORT:
        return [sentence] if sentence else []
    cuts = [0]
    for n, phoneme in enumerate(sentence, 1):
        if phoneme in (",", ":", ";") and n - cuts[-1] >= LEAST and len(sentence) - n >= LEAST:
            cuts.append(n)
    return [sentence[start:end] for start, end in zip(cuts, [*cuts[1:], len(sentence)], strict=True)]
