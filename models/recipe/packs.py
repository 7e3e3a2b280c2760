"""Packs: real recordings, many in one file.

``NAME-NN.opus`` holds about ten minutes of 16 kHz mono, one recording after another. ``NAME-NN.jsonl`` has a line for
each: ``[kind, text, voice, offset, samples]``, the last two in samples. NAME is the corpus. A recording with no text
is noise of that kind. Packs named ``…-tuning``, ``…-validation`` or ``…-test`` are for measuring: never trained on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from models.recipe import store
from models.recipe.errors import RecipeError
from models.recipe.split import is_for_measuring

FOLDER = "packs"
_UNTRANSCRIBED = "untranscribed"
"""Speech without a text: neither speech that can be trained on, nor noise."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack. ``index`` is its ``.jsonl``."""

    index: Path

    @property
    def corpus(self) -> str:
        return self.index.stem.rpartition("-")[0]

    def kinds(self) -> set[str]:
        """``speech`` and ``noise``, as far as there is any. Raises RecipeError when the index cannot be read."""
        return {folder for row in self._rows() if (folder := _folder(row))}

    def recordings(self, folder: str | None = None) -> Iterator[tuple[store.Pcm, store.Utterance]]:
        """Each recording, int16[samples] at 16 kHz, with its text as the pack gives it. ``folder``: only ``speech``
        or only ``noise``.

        Raises RecipeError when the pack cannot be read."""
        try:
            sound, rate = soundfile.read(self.index.with_suffix(".opus"), dtype="int16")
        except (OSError, soundfile.LibsndfileError) as error:
            raise RecipeError(f"cannot read the sound of the pack {self.index}: {error}") from error
        if rate != store.RATE or sound.ndim != 1:
            raise RecipeError(f"the pack {self.index} is not {store.RATE} Hz mono")
        for row in self._rows():
            if folder in (None, _folder(row)):
                if row.offset + row.samples > len(sound):
                    raise RecipeError(f"the pack {self.index} ends before sample {row.offset + row.samples}")
                yield np.asarray(sound[row.offset : row.offset + row.samples]), row

    def _rows(self) -> Iterator[store.Utterance]:
        try:
            for line in self.index.read_text("utf-8").splitlines():
                kind, text, voice, offset, samples = json.loads(line)
                yield store.Utterance(int(offset), int(samples), text, kind, voice, corpus=self.corpus)
        except (OSError, ValueError, TypeError) as error:
            raise RecipeError(f"cannot read the index of the pack {self.index}: {error}") from error


def _folder(row: store.Utterance) -> str:
    if row.text:
        return "speech"
    return "" if row.kind == _UNTRANSCRIBED else "noise"


def training_packs(folder: Path) -> list[Pack]:
    """The packs in ``folder/packs`` that may be trained on, by name."""
    packs = [Pack(index) for index in sorted((folder / FOLDER).glob("*-*.jsonl"))]
    return [pack for pack in packs if not is_for_measuring(pack.corpus)]


def measuring_packs(folder: Path, corpus: str) -> list[Pack]:
    """The packs of one corpus that is kept for measuring, by name: none if it is not there."""
    assert is_for_measuring(corpus)
    return [pack for pack in map(Pack, sorted((folder / FOLDER).glob(f"{corpus}-*.jsonl"))) if pack.corpus == corpus]
