"""Figures: shares and rates with their 95 % confidence intervals, spreads of times, and the bars they must reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Figure = dict[str, Any]
"""A JSON object: a ``share``, ``rate`` or ``spread``, or a mapping of them."""

Z = 1.959964
"""The 97.5 % quantile of the normal distribution."""


def wilson(count: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, after Wilson (1927); (0, 1) if n is 0."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = count / n, Z * Z / n
    middle, half = (p + z2 / 2) / (1 + z2), Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n)) / (1 + z2)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == n else min(1.0, middle + half)
    return low, high


def poisson(count: int) -> tuple[float, float]:
    """Exact 95 % interval of the mean of a Poisson count (Garwood 1936), by bisection."""

    def at_most(k: int, mean: float) -> float:
        return sum(math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) for i in range(k + 1))

    def mean_where(k: int, probability: float) -> float:
        low, high = 1e-9, k + 10 * math.sqrt(k + 1) + 10
        for _ in range(80):
            mean = (low + high) / 2
            low, high = (mean, high) if at_most(k, mean) > probability else (low, mean)
        return low

    return (mean_where(count - 1, 0.975) if count else 0.0), mean_where(count, 0.025)


def share(count: int, n: int) -> Figure:
    """``count`` of ``n``, with Wilson's interval."""
    low, high = wilson(count, n)
    return {"count": count, "n": n, "share": count / n if n else math.nan, "low": low, "high": high}


def rate(count: int, hours: float) -> Figure:
    """Events per hour, with the exact Poisson interval."""
    low, high = poisson(count)
    per = (count / hours, low / hours, high / hours) if hours else (math.nan, 0.0, math.inf)
    return {"count": count, "hours": hours, "per_hour": per[0], "low": per[1], "high": per[2]}


def spread(seconds: Iterable[float]) -> Figure:
    """Median and 95th percentile of times, in milliseconds."""
    values = 1000 * np.asarray(list(seconds), np.float64)
    if not len(values):
        return {"n": 0, "median_ms": math.nan, "p95_ms": math.nan}
    return {
        "n": len(values),
        "median_ms": float(np.median(values)),
        "p95_ms": float(np.quantile(values, 0.95)),
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that a figure must reach."""

    what: str
    path: tuple[str, ...]
    """The path of the figure: the name of the test, and keys in its figures."""
    sign: str
    """``>=`` or ``<=`` or ``<``."""
    value: float
    unit: str
    """``%`` for a share, else the unit of the figure."""


_ALARMS = (("held-out people and babies", "held out"), ("all of them, trained on or not", "all"))

BARS = (
    Bar("commands obeyed, quiet", ("commands", "clean", "obeyed", "share"), ">=", 0.98, "%"),
    Bar("commands obeyed, cries 10 dB", ("commands", "cries 10 dB", "obeyed", "share"), ">=", 0.95, "%"),
    Bar("commands obeyed, kitchen 10 dB", ("commands", "kitchen 10 dB", "obeyed", "share"), ">=", 0.95, "%"),
    Bar("commands obeyed, cries 5 dB", ("commands", "cries 5 dB", "obeyed", "share"), ">=", 0.90, "%"),
    Bar("commands obeyed, kitchen 5 dB", ("commands", "kitchen 5 dB", "obeyed", "share"), ">=", 0.90, "%"),
    Bar("coffee orders right, quiet", ("coffee", "clean", "right", "share"), ">=", 0.95, "%"),
    *(
        Bar(f"false calming, {who}", ("false_alarms", key, "calming", "per_hour"), "<", 0.5, "/h")
        for who, key in _ALARMS
    ),
    *(
        Bar(f"false advancing, {who}", ("false_alarms", key, "advancing", "per_hour"), "<", 0.1, "/h")
        for who, key in _ALARMS
    ),
    Bar("single words taken for a command", ("false_alarms", "words held out", "taken", "share"), "<=", 0.01, "%"),
    Bar("single words that advance", ("false_alarms", "words held out", "advanced", "share"), "<=", 0.0, "%"),
    Bar("computing time over audio time, worst", ("cost", "vosk", "rtf"), "<=", 0.03, ""),
    Bar("memory, peak", ("cost", "vosk", "rss_mb"), "<=", 90.0, "MB"),
    Bar("loading", ("cost", "vosk", "load_s"), "<=", 0.5, "s"),
    Bar("reaction, median", ("reaction", "all", "median_ms"), "<=", 30.0, "ms"),
    Bar("reaction, 95th percentile", ("reaction", "all", "p95_ms"), "<=", 200.0, "ms"),
)


def found(figures: Mapping[str, Any], path: Sequence[str]) -> float | None:
    """The number at ``path``; None if it was not measured."""
    here: Any = figures
    for key in path:
        if not isinstance(here, Mapping) or key not in here:
            return None
        here = here[key]
    return None if here is None or math.isnan(here) else float(here)


def reaches(value: float, bar: Bar) -> bool:
    """Whether a value reaches a bar."""
    return {">=": value >= bar.value, "<=": value <= bar.value, "<": value < bar.value}[bar.sign]


def verdict(value: float | None, bar: Bar) -> str:
    """``met``, ``missed by …``, or that it was not measured."""
    if value is None:
        return "not measured"
    if reaches(value, bar):
        return "met"
    by = abs(value - bar.value)
    if bar.unit != "%":
        return f"**missed by {number(by, bar.unit)}**"
    return "**missed by less than 0.1 points**" if by < 0.0005 else f"**missed by {100 * by:.1f} points**"


def number(value: float, unit: str) -> str:
    """A value as text, with its unit."""
    if unit == "%":
        return f"{100 * value:.1f} %"
    digits = {"ms": 0, "MB": 0, "s": 2, "/h": 2, "": 3}[unit]
    return f"{value:.{digits}f}{'' if unit in ('', '/h') else ' '}{unit}"
