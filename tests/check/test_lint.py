"""What ``voiceguide check`` finds beyond the rules without which a routine isn't loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceguide.check.lint import Lint
from voiceguide.errors import SourceError
from voiceguide.routine.library import all_routines, find

GOOD = find("first-weeks").read_text("utf-8")
LINE = '"Hello, and welcome, both of you."'
BRACKETS = GOOD[GOOD.index('["If your baby came early') : GOOD.index("    source: care-common")]


def checked(folder: Path, sentence: str, old: str = LINE) -> list[str]:
    """The errors in a routine with ``sentence`` in place of ``old``, without the file and the line."""
    path = folder / "first-weeks.yaml"
    path.write_text(GOOD.replace(old, f"{sentence}\n"), encoding="utf-8")
    try:
        Lint().check(path)
    except SourceError as error:
        return [f"{one.what}; {one.instead}" for one in error.errors]
    return []


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Use oil #2, and rest your hands still.", "a `#` after a space begins a comment, so this text is only"),
        ("Use oil # 2, and rest your hands still.", 'this sentence ends after "Use oil", without a full stop'),
    ],
)
def test_a_sentence_that_a_comment_cuts_off_is_reported(tmp_path: Path, sentence: str, message: str) -> None:
    assert any(line.startswith(message) for line in checked(tmp_path, sentence))


@pytest.mark.parametrize(
    "sentence",
    ['"Use oil #2, and rest your hands still."', "Rest your hands.  # from the leaflet", "Rest your hands"],
)
def test_quotes_comments_and_a_missing_full_stop_are_fine(tmp_path: Path, sentence: str) -> None:
    assert checked(tmp_path, sentence) == []


def test_a_sentence_that_a_comma_in_brackets_cuts_off_is_reported(tmp_path: Path) -> None:
    (line,) = checked(tmp_path, "[Rest your hands, then breathe.]", BRACKETS)
    assert line.startswith('this sentence ends after "Rest your hands", without a full stop')


def test_the_routines_in_the_box_have_no_sentence_cut_off() -> None:
    for path in all_routines():
        Lint().check(path)
