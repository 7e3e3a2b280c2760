"""The examples are short, and do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import Speak, need_espeak
from rig import GIVE_UP_S

from voiceguide.sound import RATE

EXAMPLES = Path(__file__).parents[2] / "examples"


def output_of(example: str, *arguments: str, typed: str = "") -> list[str]:
    result = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.splitlines()


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_read_at_a_glance(example: Path) -> None:
    assert len(example.read_text("utf-8").splitlines()) <= 40


def test_a_recording_is_heard(tmp_path: Path, speak: Speak) -> None:
    pause = np.zeros(RATE, np.int16)
    soundfile.write(tmp_path / "said.wav", np.concatenate([pause, speak("hold on"), pause]), RATE)
    (line,) = output_of("hear.py", str(tmp_path / "said.wav"))
    assert line.endswith("s: 'hold on' means pause")


def test_a_script_is_rehearsed(tmp_path: Path) -> None:
    need_espeak()
    script = tmp_path / "script.yaml"
    script.write_text("routine: first-weeks\nparent: [{at: 3.0, say: stop}]\n", "utf-8")
    lines = output_of("rehearse.py", str(script))
    assert any(line.endswith("parent: stop") for line in lines)
    assert any(line.endswith("(silence)") for line in lines)
    assert lines[-1] == "1 of 1 commands were obeyed"


def test_a_guide_runs_in_a_loop_of_ones_own() -> None:
    lines = output_of("guide.py", typed="ready\nwhat is this\npause\ncontinue\nfinish\nyes\n")
    assert {"Say ready when you want to begin.", "Shall we finish for today? Say yes or no."} <= set(lines)
    assert lines[-1] == "Goodbye, and rest well, both of you."


def test_a_guide_stops_where_nothing_more_is_typed() -> None:
    assert output_of("guide.py", typed="ready\n")
