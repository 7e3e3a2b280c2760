"""`check --by-ear`: a routine is spoken, and listened to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need_espeak
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.guide.routine import find, respelt

GOOD = find("first-weeks").read_text("utf-8")
SENTENCE = "Use no oil in these first weeks."


def checked(folder: Path, text: str) -> tuple[int, str]:
    path = folder / "first-weeks.yaml"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "voiceguide", "check", "--by-ear", path.name]
    result = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    assert "Traceback" not in result.stderr
    return result.returncode, result.stderr


def test_nothing_is_found_in_a_good_routine(tmp_path: Path) -> None:
    need_espeak()
    assert checked(tmp_path, GOOD) == (0, "")


@pytest.mark.parametrize(
    ("sentence", "command"),
    [
        ("Pause.", "pause"),
        ("Stop now.", "stop now"),
        ("Next step.", "next step"),
        ("Go to the feet.", "go to the feet"),
    ],
)
def test_a_sentence_that_is_heard_as_a_command_is_found(tmp_path: Path, sentence: str, command: str) -> None:
    need_espeak()
    code, errors = checked(tmp_path, GOOD.replace(SENTENCE, sentence))
    line = GOOD[: GOOD.index(SENTENCE)].count("\n") + 1
    assert code == 1
    assert errors.startswith(f"first-weeks.yaml:{line}:") and f"the command `{command}" in errors
    assert errors.count("\n") == 1


def test_a_step_with_too_many_words_is_found(tmp_path: Path) -> None:
    need_espeak()
    long = "\n".join(
        f'          - "Move your warm hands from the {place} to the next small place, as slowly as you can."'
        for place in ("hip", "thigh", "knee", "calf", "ankle", "heel", "sole", "toes")
    )
    code, errors = checked(tmp_path, GOOD.replace('          - "Take four strokes for each leg."', long))
    assert code == 1 and "the words of this step take" in errors


def test_a_word_is_respelt_wherever_it_stands_alone() -> None:
    assert respelt("Tuina, or tuinas: TUINA.", {"tuina": "twee nah"}) == "twee nah, or tuinas: twee nah."


@given(st.text(), st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.text(), max_size=3))
def test_what_is_not_respelt_stays(text: str, respell: dict[str, str]) -> None:
    words = {word.casefold() for word in text.split()}
    if words.isdisjoint(respell) and not any(word in text.casefold() for word in respell):
        assert respelt(text, respell) == text
