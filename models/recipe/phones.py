"""The phones of the model, and the numbers that Kaldi knows them and their states by.

A phone is an index into PHONES: 0 is silence, then the 39 of the CMU Pronouncing Dictionary without stress. The
network has two outputs for each: its first frame and every later one, so that two of the same in a row can be told
apart (the topology of Kaldi's chain models: Povey et al., "Purely sequence-trained neural networks for ASR based on
lattice-free MMI", Interspeech 2016).
"""

from __future__ import annotations

PHONES = (
    "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
INDEX = {phone: index for index, phone in enumerate(PHONES)}
COUNT = len(PHONES)

OUTPUTS = 2 * COUNT
"""Network outputs: 2 i is the first frame of phone i, 2 i + 1 any later one."""

POSITIONS = "BEIS"
"""Where in a word a phone stands, as Kaldi's word_boundary.int has it: begin, end, internal, singleton."""
KALDI_PHONES = 1 + len(POSITIONS) * (COUNT - 1)


def kaldi(phone: int, position: str = "S") -> int:
    """Kaldi's number of a phone at a position in a word, from 1; silence is 1 wherever it stands."""
    return 1 if phone == 0 else 2 + len(POSITIONS) * (phone - 1) + POSITIONS.index(position)


def phone_of(kaldi_phone: int) -> int:
    """The phone that a number of Kaldi's stands for."""
    return 0 if kaldi_phone == 1 else (kaldi_phone - 2) // len(POSITIONS) + 1


def stay(kaldi_phone: int) -> int:
    """The transition id of a phone's self-loop."""
    return 2 * kaldi_phone - 1


def enter(kaldi_phone: int) -> int:
    """The transition id of a phone's first frame."""
    return 2 * kaldi_phone
