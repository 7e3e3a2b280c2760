"""The rehearsal half of benchmarks/reaction.py: calming commands spoken over the guide, in a simulated room."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from voiceguide.sessions.rehearsal import Rehearsal, reactions
from voiceguide.sessions.script import Cue, Script

VOICES = ("en-us+m7", "en-gb-x-rp+f5", "en-gb-scotland+f2", "en-us+f3", "en-gb+m3")
CALMING = (
    *("pause", "stop", "hold on", "wait a moment", "be quiet", "just a moment", "take a break"),
    *("baby is fussing", "she's crying", "baby has the hiccups", "he's hiccuping", "she's turning red"),
    *("he's arching", "she's looking away", "baby is restless", "she's cranky", "he doesn't like it", "mixed signs"),
)
OTHERS = ("next", "say that again", "how long", "where are we", "louder", "slower", "what can I say", "bright eyes")


@dataclass(frozen=True)
class Reaction:
    """One command, times in ms from the end of the phrase."""

    phrase: str
    calming: bool
    known: float
    """The recogniser gave the phrase, and kept to it."""
    decided: float
    computed: float
    """The computing for the deciding block."""
    changed: float
    """The first silent, or first new, sample at the speaker, with the computing."""


def script(phrases: Sequence[str], seed: int) -> Script:
    """A parent who interrupts the guide with each phrase by each voice, and lets it go on."""
    chance = np.random.default_rng(seed)
    cues = [_cue("I'm ready", {"state": "preparing", "speaking_for": 3.0})]
    for phrase, voice in chance.permutation([(p, v) for p in phrases for v in VOICES]).tolist():
        start = {"state": "guiding", "speaking_for": round(float(chance.uniform(0.6, 2.2)), 2)}
        cues.append(_cue(phrase, start, voice))
        if phrase in CALMING:
            cues.append(_cue("continue", {"silent_for": 0.7}, "en-us+m7"))
    return Script("", "infant-massage", seed, {}, tuple(cues))


def _cue(say: str, when: dict[str, Any], voice: str = "en-us+m7") -> Cue:
    return Cue(say, None, None, None, when, voice, 0)


def measure(seed: int = 1, every: int = 1) -> tuple[list[Reaction], int]:
    """The reactions, and how many commands were given."""
    found: list[Reaction] = []
    given = 0
    for phrases in (CALMING[::every], OTHERS[::every]):
        act = Rehearsal(script(phrases, seed))
        partials = _partials(act)
        report = act.run(lambda entry: None)
        speaker = np.concatenate(act.room.speaker)
        for one in report.given:
            if one.phrase not in phrases:
                continue
            given += 1
            if one.decided is None:
                continue
            (changed,) = reactions([one], speaker)
            known = one.decided
            for at, text in reversed([p for p in partials if p[0] < one.decided]):
                if not text.endswith(one.phrase.lower()):
                    break
                known = at
            ms = [1000 * (t - one.until) for t in (known, one.decided)]
            found.append(Reaction(one.phrase, phrases == CALMING[::every], *ms, 1000 * one.compute_s, changed))
    return found, given


def _partials(act: Rehearsal) -> list[tuple[float, str]]:
    """A list that will hold the partial result after each block."""
    partials: list[tuple[float, str]] = []
    hear = act.listener.hear

    def watched(pcm: Any, at: float, *, played: Any) -> Any:
        out = hear(pcm, at, played=played)
        partials.append((at, act.listener._text))
        if sys.stderr.isatty():
            print(f"\r{at:6.0f} s", end="", file=sys.stderr, flush=True)
        return out

    act.listener.hear = watched  # type: ignore[method-assign]
    return partials
