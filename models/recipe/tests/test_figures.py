"""Statistics, and the bars that figures must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.measures.figures import BARS, poisson, rate, verdict, wilson
from models.recipe.measures.report import bars

if TYPE_CHECKING:
    pass


def test_wilsons_interval() -> None:
    # Newcombe (1998), table I.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=1e-4)


def test_exact_interval_of_a_count() -> None:
    # Half of the quantiles of chi square with 2k and 2k + 2 degrees of freedom.
    assert poisson(0) == pytest.approx((0.0, 3.6889), abs=1e-3)
    assert poisson(1) == pytest.approx((0.0253, 5.5716), abs=1e-3)
    assert poisson(10) == pytest.approx((4.7954, 18.3904), abs=1e-3)


@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_its_share(a: int, b: int) -> None:
    low, high = wilson(min(a, b), max(a, b))
    assert 0 <= low <= high <= 1
    if max(a, b):
        assert low <= min(a, b) / max(a, b) <= high


def test_a_rate_is_per_hour() -> None:
    figure = rate(3, 0.5)
    assert figure["per_hour"] == 6
    assert figure["low"] < 6 < figure["high"]


def test_a_verdict_says_by_how_much() -> None:
    quiet = next(bar for bar in BARS if bar.what == "commands obeyed, quiet")
    memory = next(bar for bar in BARS if bar.what.startswith("memory"))
    assert verdict(0.98, quiet) == "met"
    assert verdict(0.955, quiet) == "**missed by 2.5 points**"
    assert verdict(0.97996, quiet) == "**missed by less than 0.1 points**"
    assert verdict(101.0, memory) == "**missed by 11 MB**"
    assert verdict(None, memory) == "not measured"


def test_a_bar_met_in_few_hours_is_said_to_be_no_proof() -> None:
    held_out_rates = {"calming": rate(0, 0.3), "advancing": rate(0, 100.0)}
    rows = bars({"false_alarms": {"held out": held_out_rates}}).splitlines()
    assert next(row for row in rows if "false calming, held" in row).endswith("| met, in too few hours to show it |")
    assert next(row for row in rows if "false advancing, held" in row).endswith("| met |")
