"""How alike words sound: the 39 phones of ARPAbet, without stress, and the distance between two pronunciations.

The costs follow what people mishear in noise: voicing first, then the place, then the manner; "ah" and "h" come and
go. A distance of 1 is about one phone that nobody would mistake for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

Pronunciation: TypeAlias = tuple[str, ...]

PHONES = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH"),
    *("K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH"),
)
"""Every phone, in alphabetical order. Silence isn't one."""

# Height (0 high to 3 low), backness (0 front to 2 back), and whether it glides.
_VOWELS = {
    "IY": (0.0, 0.0, 0),
    "IH": (0.7, 0.3, 0),
    "EY": (1.2, 0.0, 1),
    "EH": (1.7, 0.2, 0),
    "AE": (2.5, 0.3, 0),
    "AH": (1.8, 1.2, 0),
    "ER": (1.5, 1.0, 1),
    "AA": (3.0, 1.6, 0),
    "AO": (2.3, 2.0, 0),
    "OW": (1.4, 2.0, 1),
    "UH": (0.8, 1.6, 0),
    "UW": (0.0, 2.0, 0),
    "AY": (2.4, 0.9, 1),
    "AW": (2.6, 1.4, 1),
    "OY": (1.8, 1.6, 1),
}
# Place (0 lips to 5 throat), manner, and whether it's voiced.
_CONSONANTS = {
    "P": (0.0, "stop", 0),
    "B": (0.0, "stop", 1),
    "T": (1.5, "stop", 0),
    "D": (1.5, "stop", 1),
    "K": (4.0, "stop", 0),
    "G": (4.0, "stop", 1),
    "CH": (2.0, "affricate", 0),
    "JH": (2.0, "affricate", 1),
    "F": (0.5, "fricative", 0),
    "V": (0.5, "fricative", 1),
    "TH": (1.0, "fricative", 0),
    "DH": (1.0, "fricative", 1),
    "S": (1.5, "sibilant", 0),
    "Z": (1.5, "sibilant", 1),
    "SH": (2.0, "sibilant", 0),
    "ZH": (2.0, "sibilant", 1),
    "HH": (5.0, "fricative", 0),
    "M": (0.0, "nasal", 1),
    "N": (1.5, "nasal", 1),
    "NG": (4.0, "nasal", 1),
    "L": (1.5, "liquid", 1),
    "R": (2.0, "liquid", 1),
    "W": (0.0, "glide", 1),
    "Y": (3.0, "glide", 1),
}
_MANNERS = {
    frozenset(pair.split()): cost
    for pair, cost in {
        "stop affricate": 0.3,
        "stop fricative": 0.4,
        "affricate sibilant": 0.3,
        "fricative sibilant": 0.3,
        "affricate fricative": 0.5,
        "stop nasal": 0.5,
        "stop sibilant": 0.6,
        "liquid glide": 0.3,
        "nasal liquid": 0.5,
    }.items()
}
_ALIKE = {frozenset({"ER", "R"}): 0.4, frozenset({"UW", "W"}): 0.5, frozenset({"IY", "Y"}): 0.5}
_WEAK = {"AH": 0.5, "HH": 0.5, "IH": 0.6, "R": 0.6, "T": 0.6, "D": 0.6}
_DROPPED = 0.8


@cache
def difference(one: str, other: str) -> float:
    """How much two phones differ: 0 for the same one, 1 for two that nobody confuses."""
    if one == other:
        return 0.0
    if one in _VOWELS and other in _VOWELS:
        (height, back, glides), (its_height, its_back, its_glides) = _VOWELS[one], _VOWELS[other]
        far = 0.22 * (abs(height - its_height) + abs(back - its_back)) + 0.15 * abs(glides - its_glides)
        return min(1.0, 0.12 + far)
    if one in _CONSONANTS and other in _CONSONANTS:
        (place, manner, voiced), (its_place, its_manner, its_voiced) = _CONSONANTS[one], _CONSONANTS[other]
        kind = 0.0 if manner == its_manner else _MANNERS.get(frozenset({manner, its_manner}), 0.7)
        return min(1.0, 0.05 + kind + 0.2 * min(abs(place - its_place), 2.0) + 0.2 * abs(voiced - its_voiced))
    return _ALIKE.get(frozenset({one, other}), 1.0)


def deletion(phone: str) -> float:
    """The cost of a phone that's in one pronunciation and not in the other."""
    return _WEAK.get(phone, _DROPPED)


def distance(one: Sequence[str], other: Sequence[str], most: float = float("inf")) -> float:
    """The least cost of turning one pronunciation into the other; infinite if it's more than ``most``."""
    above = [0.0]
    for phone in other:
        above.append(above[-1] + deletion(phone))
    for phone in one:
        gone = deletion(phone)
        row = [above[0] + gone]
        for place, its in enumerate(other):
            changed = above[place] + difference(phone, its)
            row.append(min(changed, above[place + 1] + gone, row[place] + deletion(its)))
        if min(row) > most:
            return float("inf")
        above = row
    return above[-1] if above[-1] <= most else float("inf")
