"""What every measurement needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from models.recipe.measures.speech import Speaker
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models
from voiceguide.recognition.model import Model, known
from voiceguide.routine.library import find
from voiceguide.routine.loading import load

T = TypeVar("T")
ROUTINE = "infant-massage"


@dataclass(frozen=True)
class Context:
    """The model, the recordings, the held-out voices, and how much of it to use."""

    folder: Path
    """The model folder."""
    recordings: Path
    speaker: Speaker
    every: int = 1
    """Use only every Nth item."""

    @cached_property
    def model(self) -> Model:
        """The model, as a session loads it. Raises ModelError."""
        return models.load(self.folder)

    @cached_property
    def book(self) -> Phrasebook:
        """The phrases of a session of the routine, without those with words that the model lacks."""
        return known(self.model, load_language("en").phrasebook(load(find(ROUTINE)).parts))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the model's files, without its card and facts."""
        digest, told = hashlib.sha256(), (".md", ".json")
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file() and path.suffix not in told):
            digest.update(str(path.relative_to(self.folder)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]

    def some(self, items: Sequence[T]) -> Sequence[T]:
        """Every Nth item."""
        return items[:: self.every]
