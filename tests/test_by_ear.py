"""`check --by-ear`: a routine is spoken, and listened to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import need_espeak
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.guide.routine import find, respelt

GOOD = find("first-weeks").read_text("utf-8")


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


PLANTED = {
    "Pause.": "pause",
    "Stop now.": "stop",
    "Next step.": "next step",
    "Go to the feet.": "go to the feet",
}
"""Sentences, and the command that is heard in each, or its beginning."""
LONG = "\n".join(
    f'          - "Move your warm hands from the {place} to the next small place, as slowly as you can."'
    for place in ("hip", "thigh", "knee", "calf", "ankle", "heel", "sole", "toes")
)


def test_what_is_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    need_espeak()
    planted = "\n".join(f'      - "{sentence}"' for sentence in PLANTED)
    bad = GOOD.replace('    say: ["Use no oil in these first weeks."]', f"    say:\n{planted}")
    bad = bad.replace('          - "Take four strokes for each leg."', LONG)
    code, errors = checked(tmp_path, bad)
    assert code == 1
    told = errors.splitlines()
    assert len(told) == len(PLANTED) + 1
    for sentence, command in PLANTED.items():
        line = bad[: bad.index(sentence)].count("\n") + 1
        (found,) = [one for one in told if one.startswith(f"first-weeks.yaml:{line}:")]
        assert f"the command `{command}" in found
    assert sum("the words of this step take" in one for one in told) == 1


def test_a_word_is_respelt_wherever_it_stands_alone() -> None:
    assert respelt("Tuina, or tuinas: TUINA.", {"tuina": "twee nah"}) == "twee nah, or tuinas: twee nah."


@given(st.text(), st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.text(), max_size=3))
def test_what_is_not_respelt_stays(text: str, respell: dict[str, str]) -> None:
    words = {word.casefold() for word in text.split()}
    if words.isdisjoint(respell) and not any(word in text.casefold() for word in respell):
        assert respelt(text, respell) == text
