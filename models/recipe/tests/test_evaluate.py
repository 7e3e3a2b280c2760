"""The evaluation of a model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.recipe import evaluate
from models.recipe.measures import sphinx
from models.recipe.measures.alarms import false_alarms
from models.recipe.measures.commands import outcome
from models.recipe.measures.context import Context
from models.recipe.measures.speech import OUTSIDE, VOICES, Speaker, kind_of, sample
from models.recipe.store import RATE
from models.recipe.tests.examples import (
    BOX,
)
from voiceguide.hearing.ears import Heard
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import Pcm

if TYPE_CHECKING:
    pass


needs_voices = pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("festival")), reason="flite or festival is not installed"
)


def test_a_command_that_was_given_is_no_false_one(tmp_path: Path, speak: Callable[..., Pcm]) -> None:
    """The same sound twice: by one label it is the command that it is, by the other nobody gave one."""
    (tmp_path / "phrases").mkdir()
    labels = {"a.flac": "Emergency!", "b.flac": "warning"}
    for name in labels:
        soundfile.write(tmp_path / "phrases" / name, speak("emergency", "en-us+m1"), RATE)
    (tmp_path / "phrases" / "labels.json").write_text(json.dumps(labels))
    figures = dict(false_alarms(Context(BOX, tmp_path, Speaker(tmp_path / "speech")), ()))
    parts = [figures[f"phrases {part}"] for part in ("held out", "in training")]
    assert sum(part["files"] for part in parts) == 1
    assert {**parts[0]["heard"], **parts[1]["heard"]} == {"emergency": 1}


def test_every_kind_of_command_weighs_the_same(book: Phrasebook) -> None:
    phrases = sample(book)
    counts = dict.fromkeys(map(kind_of, book.meanings.values()), 0)
    for phrase in phrases:
        counts[kind_of(book.meanings[phrase])] += 1
    assert set(counts.values()) == {3}
    assert len(set(phrases)) == len(phrases)
    assert {"next", "pause", "stop", "yes", "baby is crying"} <= set(phrases)


def test_what_is_no_command_is_none(book: Phrasebook) -> None:
    assert len(set(OUTSIDE)) == len(OUTSIDE) >= 150
    assert [text for text in OUTSIDE if book.meaning(text)] == []


def test_anything_else_that_is_done_is_wrong(book: Phrasebook) -> None:
    def heard(phrase: str) -> Heard:
        return Heard(book.meanings[phrase], phrase, 1.0, 0.0, 0.5, 0.6)

    assert outcome(book, "next", []) == "missed"
    assert outcome(book, "next", [heard("next step")]) == "obeyed"
    assert outcome(book, "next", [heard("next"), heard("pause")]) == "wrong"


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join), min_size=1, unique=True))
def test_the_grammar_for_pocketsphinx_is_exactly_the_phrases(phrases: list[str]) -> None:
    lines = [line.split() for line in sphinx.grammar(phrases, None).splitlines()]
    heads = {line[0]: int(line[1]) for line in lines if line[0].endswith("_STATE")}
    arcs = [
        (int(line[1]), int(line[2]), line[4] if len(line) > 4 else "") for line in lines if line[0] == "TRANSITION"
    ]

    def said(state: int) -> set[str]:
        ends = {""} if state == heads["FINAL_STATE"] else set()
        return ends | {f"{word} {rest}".strip() for a, b, word in arcs if a == state for rest in said(b)}

    assert said(heads["START_STATE"]) == set(phrases)


@needs_voices
def test_a_tiny_run_is_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speak: Callable[..., Pcm], book: Phrasebook
) -> None:
    arguments = ["--model", str(BOX), "--recordings", str(tmp_path), "--out", str(tmp_path / "out"), "--every", "42"]
    assert evaluate.main([*arguments, "--only", "reaction"]) == 0
    out, err = capsys.readouterr()
    assert "| reaction, median |" in out
    assert "reaction: all" in err
    figures = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))["reaction"]
    assert figures["all"]["given"] == len(sample(book)[::42]) * len(VOICES)
    assert figures["all"]["n"] >= 10
    assert -500 < figures["all"]["median_ms"] < 1000
    assert evaluate.main([*arguments, "--only", "reaction"]) == 0
    again = capsys.readouterr()
    assert again.out == out
    assert "reaction" not in again.err


def test_a_test_that_cannot_be_done_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", str(tmp_path), "--recordings", str(tmp_path), "--out", str(tmp_path / "out")]
    assert evaluate.main([*arguments, "--only", "cost"]) == 1
    assert "cost: cannot be measured: " in capsys.readouterr().err
