"""The phones of the model: the network's outputs for them, and Kaldi's numbers.

A phone is an index into ``SYMBOLS``: 0 is silence, then the 39 of the CMU Pronouncing Dictionary without stress. The
network has two outputs for each, one for its first frame and one for every later one, so that two of the same in a
row can be distinguished (the topology of Kaldi's chain models: Povey et al., "Purely sequence-trained neural networks
for ASR based on lattice-free MMI", Interspeech 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voiceguide.recognition.graph import SILENCE, SYMBOLS, label
from voiceguide.recognition.lexicon import Pronunciation

Pronunciations = Mapping[str, Sequence[Pronunciation]]
"""The pronunciations of each word."""
INDEX = {phone: index for index, phone in enumerate(SYMBOLS)}
COUNT = len(SYMBOLS)

OUTPUTS = 2 * COUNT
"""Network outputs: 2 i is the first frame of phone i, 2 i + 1 any later one."""

PLACES = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
"""The position of a phone in a word: as ``label`` has it, and as Kaldi's word_boundary.int has it."""
KALDI_PHONES = ((SILENCE, "S"), *((phone, place) for phone in SYMBOLS[1:] for place in PLACES))
"""Kaldi's phones 1, 2, 3 …: silence, then each other phone in each position."""


def kaldi(phone: str, place: str = "S") -> int:
    """Kaldi's number of a phone in a position of a word; silence has only one."""
    return label(phone, place) // 2


_FLITE = {"ax": "AH", "axr": "ER", "ix": "IH", "dx": "T", "el": "L", "en": "N", "em": "M", "nx": "N", "pau": "SIL"}
"""flite's phones that have other names here."""


def arpabet(flite: str) -> str:
    """The name of one of flite's phones."""
    return _FLITE.get(flite, flite.upper())
