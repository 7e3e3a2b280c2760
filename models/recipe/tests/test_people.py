"""The measure of real people, with voices that stand for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.recipe.measures.context import Context
from models.recipe.measures.people import people
from models.recipe.measures.report import tables
from models.recipe.measures.speech import Speaker
from models.recipe.store import RATE
from models.recipe.tests.examples import BOX, write_pack

if TYPE_CHECKING:
    from models.recipe.tests.conftest import Speak


def test_commands_and_other_words_are_counted_apart(tmp_path: Path, speak: Speak) -> None:
    words = [(speak(word), "words", word, "eve") for word in ("stop", "yes", "bottle")]
    words.append((np.zeros(RATE, np.int16), "words", "no", "eve"))
    write_pack(tmp_path, "speech-commands-validation-00", words)
    write_pack(tmp_path, "common-voice-tuning-00", [(speak("the bottle is on the table"), "untranscribed", "", "a")])
    figures = dict(people(Context(BOX, tmp_path, Speaker(tmp_path / "speech")), ()))
    assert (figures["commands"]["obeyed"]["count"], figures["commands"]["obeyed"]["n"]) == (2, 3)
    assert figures["commands"]["words"]["no"]["count"] == 0
    assert (figures["other words"]["files"], figures["other words"]["taken"]["count"]) == (1, 0)
    assert figures["sentences"]["files"] == 1
    text = tables({"people": figures})["Real people"]
    assert "| together | 66.7 % of 3" in text
    assert "| sentences | 1 |" in text


def test_what_is_known_already_is_not_measured_again(tmp_path: Path) -> None:
    context = Context(tmp_path, tmp_path, Speaker(tmp_path / "speech"))
    assert list(people(context, {"commands", "other words", "sentences"})) == []
