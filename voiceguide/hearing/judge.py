"""Whether a phrase was said, and said to the guide: what the sound must show before it is obeyed.

Two things are asked of a phrase. It must fit: each of its sounds must be what the network would take that moment for,
whatever the rest is. And it must stand alone: a conversation goes on before and after what sounds like a command. The
two are weighed together, by a logistic regression; what its probability must reach depends on what a mistake costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceguide.hearing.loudness import DROP_DB
from voiceguide.language.command import ADVANCING, CALMING, Command
from voiceguide.recognition.verification import Look

STEP_S = 0.03
"""Seconds from one moment to the next."""
BEFORE_S = 0.9
"""How long nobody may speak before a phrase: of what was taken for a command in sentences that people read aloud,
94 % had more than 0.6 s of the sentence before it or after it. To look back further costs no time."""
CALM_AFTER_S, AFTER_S = 0.6, 0.8
"""The same after a command that calms, and after any other. What comes after must be waited for: of sentences that
begin with "no", "wait a minute" or "next" and a pause, most go on within that."""
SPEECH_NATS = 1.0
"""What is no likelier speech than this, by Look.speech, is noise: in a kitchen the sum of it would grow."""
AROUND = -1.2
"""Fillers and other commands beside a phrase that fit worse than this are something else that was said."""

# Weights of the log odds: the regression of benchmarks/people.py, over phrases of a neural voice in quiet and in a
# kitchen at 5 dB, single words that people said, and what the recogniser took for commands in sentences.
BIAS, CLEAR = 3.0, 0.043
FIT, FIT_CLEAR, WORST, PHONES = 1.9, 0.083, 0.38, 1.36
"""Of a nat of fit, and more for each dB that the phrase is louder than what is beside it, since noise spoils the fit;
of the worst word's; and of the logarithm of the number of phones: a short phrase is imitated more easily."""
BEFORE, AFTER = -0.54, -0.5
"""Of a nat of speech before and after it."""
MOST = 4.5
"""A phrase that fits still better makes up for nothing that was said beside it."""
CLEAR_DB = 25.0
"""Noise so far below the phrase spoils nothing."""
LOUD_NATS = 40.0
"""More speech beside it than this is no worse."""
LEAST_FIT = -6.0
"""A word that fits worse is no worse: an unstressed one is swallowed now and then."""

DANGER, STOP, OTHER, ADVANCE = 0.75, 0.4, 0.5, 0.73
"""Least probability: of danger, which the guide asks about where it's less; of "stop" and "pause", which cost least
when they were not meant and most when they were; of other commands, and of "yes" and "no", which count only where
something was asked; of those that move on."""
UNSURE = 0.15
"""From here on it may have been a danger sign, and the guide asks."""
CERTAIN = 0.98
"""A danger sign so likely to have been said counts whatever came before it in the same breath."""
POSSIBLE, LIKELY = 0.02, 0.15
"""What is less probable at the first look takes the place of nothing else that may have been said; and what is less
probable is no reason yet to fall silent. It may become so, as the word may not be over."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the sound shows of a phrase."""

    fit: float
    worst: float
    phones: int
    """As in Look."""
    clear_db: float
    """By how much it is louder than what is beside it."""
    before: float
    after: float
    """How much speech of others there is before it and after it: Look.speech beyond SPEECH_NATS, summed."""

    @property
    def said(self) -> float:
        """How probable it is that it was said, in whatever company."""
        return _probability(self._said)

    @property
    def meant(self) -> float:
        """How probable it is that it was said, and alone."""
        return _probability(self._said + BEFORE * min(self.before, LOUD_NATS) + AFTER * min(self.after, LOUD_NATS))

    @property
    def ends(self) -> float:
        """How probable it is that it was said, and nothing after it."""
        return _probability(self._said + AFTER * min(self.after, LOUD_NATS))

    @property
    def _said(self) -> float:
        clear = min(max(self.clear_db, 0.0), CLEAR_DB)
        fit = (FIT + FIT_CLEAR * clear) * self.fit + WORST * max(self.worst, LEAST_FIT)
        return min(MOST, BIAS + CLEAR * clear + fit + PHONES * math.log(self.phones))


def weigh(look: Look, levels: npt.NDArray[np.float64], others: npt.NDArray[np.bool_], after_s: float) -> Evidence:
    """What a look shows. ``levels``: float64[n], how loud each moment was, in dB; ``others``: bool[n], whether what
    was heard then was somebody else's than the guide's; ``after_s``: how long nobody may speak after it."""
    own_words = look.around < AROUND
    first, last = (look.begins, look.ends) if own_words else (look.first, look.last + 1)
    before = slice(max(0, first - round(BEFORE_S / STEP_S)), first)
    after = slice(last, last + round(after_s / STEP_S))
    phrase = levels[look.begins : look.ends]
    beside = np.concatenate([levels[before], levels[after]])
    # Who is far softer than the phrase is somebody else: a television, another room.
    near = others & (levels > phrase.max(initial=0.0) - DROP_DB)
    speech = np.where(near, np.maximum(0.0, look.speech - SPEECH_NATS), 0.0)
    return Evidence(
        fit=look.fit,
        worst=look.worst,
        phones=look.phones,
        clear_db=_mean(phrase) - _mean(beside),
        before=float(speech[before].sum()),
        after=float(speech[after].sum()),
    )


def confidence(command: Command, evidence: Evidence) -> float:
    """How probable it is that a command was said to the guide."""
    if command.danger and evidence.said >= CERTAIN:
        return evidence.ends
    return evidence.meant


def least(command: Command) -> float:
    """The confidence that a command must reach."""
    if command.danger:
        return DANGER
    if command.name in ("pause", "stop"):
        return STOP
    return ADVANCE if command.name in ADVANCING and command.name != "yes" else OTHER


def after_s(command: Command) -> float:
    """How long nobody may speak after it."""
    return CALM_AFTER_S if command.name in CALMING else AFTER_S


def _mean(levels: npt.NDArray[np.float64]) -> float:
    """Of powers, in dB."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10)))) if len(levels) else 0.0


def _probability(odds: float) -> float:
    """From the natural logarithm of the odds."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))
