"""`check --by-ear`: a routine is spoken, and listened to.

It finds the fault in each routine of tests/planted, where it is, and nothing in a good one. The first line of such a
file tells of its fault; "# <-" and the column mark the place of it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import need_espeak
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.routine.library import all_routines
from voiceguide.routine.routine import respelt

PLANTED = Path(__file__).parent / "planted"
FAULT = re.compile(r"# Only this is wrong: (.+)")
PLACE = re.compile(r"# <- (\d+)$")
BAD = [path for path in sorted(PLANTED.glob("*.yaml")) if path.stem != "good"]


def checked(*paths: Path) -> list[dict[str, object]]:
    """What `check --by-ear` finds in these files."""
    need_espeak()
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", "--json", *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, result.stderr) == (1 if found else 0, "")
    return found


@cache
def found_in_all() -> list[dict[str, object]]:
    """Of all bad routines at once: the model is loaded once."""
    return checked(*BAD)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_the_one_fault_is_found_where_it_is(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    fault = FAULT.fullmatch(lines[0])
    [(line, column)] = [(n, int(mark[1])) for n, text in enumerate(lines, 1) if (mark := PLACE.search(text))]
    [told] = [one for one in found_in_all() if one["file"] == str(path)]
    assert (told["line"], told["column"]) == (line, column)
    assert fault is not None
    assert fault[1] in str(told["what"])
    assert told["instead"]


def test_there_is_a_fault_of_each_kind() -> None:
    assert len(BAD) >= 12


@pytest.mark.parametrize("path", [PLANTED / "good.yaml", *all_routines()], ids=lambda path: path.stem)
def test_nothing_is_found_in_good_routines(path: Path) -> None:
    """By ear where there is a model: there is none in the box for other languages."""
    if path.stem.endswith(("-es", "-fr")):
        pytest.skip("there is no model for its language in the box")
    assert checked(path) == []


def test_a_word_is_respelt_wherever_it_stands_alone() -> None:
    assert respelt("Tuina, or tuinas: TUINA.", {"tuina": "twee nah"}) == "twee nah, or tuinas: twee nah."
    assert respelt("La Straße, en été.", {"straße": "shtrasse", "été": "ay tay"}) == "La shtrasse, en ay tay."


def test_a_letter_that_only_looks_like_another_in_capitals_is_none() -> None:
    assert respelt("ınfo, İnfo, INFO", {"info": "in foe"}) == "ınfo, İnfo, in foe"


@given(st.text(st.sampled_from("aiıİſsS ,.-'")), st.sampled_from(["i", "s", "is", "a's"]))
def test_only_the_word_itself_is_respelt(text: str, word: str) -> None:
    """Said otherwise: a text without the word in it stays as it is."""
    if word not in text.lower():
        assert respelt(text, {word: "x"}) == text


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", "--model", str(tmp_path)]
    result = subprocess.run([*command, str(PLANTED / "good.yaml")], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (4, "")
    assert re.fullmatch(r"voiceguide: .*model.*\n", result.stderr)


def test_it_tells_how_long_each_step_takes() -> None:
    need_espeak()
    assert "  feet-1: 6 s to say, then 20 s" in told_of(PLANTED / "good.yaml")


def told_of(path: Path) -> list[str]:
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()[1:]


def test_it_tells_of_a_name_that_sounds_a_little_like_a_command(tmp_path: Path) -> None:
    need_espeak()
    neck = (PLANTED / "good.yaml").read_text("utf-8").replace("name: feet", "name: neck")
    (tmp_path / "good.yaml").write_text(neck, encoding="utf-8")
    told = "  `neck` sounds a little like `next`, a command: say it with other words before it"
    assert told in told_of(tmp_path / "good.yaml")
