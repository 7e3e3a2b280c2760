"""`check --by-ear`: a routine is spoken, and listened to.

It finds the error in each routine of tests/check/planted, and nothing in a good one. The first line of such a file
says what its error is; "# <-" and a column mark the place.
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
ERROR = re.compile(r"# Only this is wrong: (.+)")
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
    """In all bad routines at once, so that the model is loaded once."""
    return checked(*BAD)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_the_one_error_is_found_in_its_place(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    planted = ERROR.fullmatch(lines[0])
    [(line, column)] = [(n, int(mark[1])) for n, text in enumerate(lines, 1) if (mark := PLACE.search(text))]
    [found] = [one for one in found_in_all() if one["file"] == str(path)]
    assert (found["line"], found["column"]) == (line, column)
    assert planted is not None
    assert planted[1] in str(found["what"])
    assert found["instead"]


def test_there_is_an_error_of_each_kind() -> None:
    assert len(BAD) >= 12


@pytest.mark.parametrize("path", [PLANTED / "good.yaml", *all_routines()], ids=lambda path: path.stem)
def test_nothing_is_found_in_good_routines(path: Path) -> None:
    """Other languages are left out, as the box has no model for them."""
    if path.stem.endswith(("-es", "-fr")):
        pytest.skip("there is no model for its language in the box")
    assert checked(path) == []


def test_a_word_is_respelt_wherever_it_stands_alone() -> None:
    assert respelt("Tuina, or tuinas: TUINA.", {"tuina": "twee nah"}) == "twee nah, or tuinas: twee nah."
    assert respelt("La Straße, en été.", {"straße": "shtrasse", "été": "ay tay"}) == "La shtrasse, en ay tay."


def test_a_letter_that_only_looks_the_same_in_capitals_is_another() -> None:
    assert respelt("ınfo, İnfo, INFO", {"info": "in foe"}) == "ınfo, İnfo, in foe"


@given(st.text(st.sampled_from("aiıİſsS ,.-'")), st.sampled_from(["i", "s", "is", "a's"]))
def test_only_the_word_itself_is_respelt(text: str, word: str) -> None:
    """That is, a text without the word stays as it is."""
    if word not in text.lower():
        assert respelt(text, {word: "x"}) == text


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", "--model", str(tmp_path)]
    result = subprocess.run([*command, str(PLANTED / "good.yaml")], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (4, "")
    assert re.fullmatch(r"voiceguide: .*model.*\n", result.stderr)


def test_it_says_how_long_each_step_takes() -> None:
    need_espeak()
    assert "  feet-1: 6 s to say, then 20 s" in advice_on(PLANTED / "good.yaml")


def advice_on(path: Path) -> list[str]:
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()[1:]


def test_it_mentions_a_name_that_sounds_a_little_like_a_command(tmp_path: Path) -> None:
    need_espeak()
    neck = (PLANTED / "good.yaml").read_text("utf-8").replace("name: feet", "name: neck")
    (tmp_path / "good.yaml").write_text(neck, encoding="utf-8")
    advice = "  `neck` sounds a little like `next`, a command: say it with other words before it"
    assert advice in advice_on(tmp_path / "good.yaml")
