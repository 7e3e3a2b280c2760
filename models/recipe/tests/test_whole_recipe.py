"""All of the recipe once, small."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.recipe import store
from models.recipe.store import RATE
from models.recipe.tests.examples import ROOT, write_pack
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models

if TYPE_CHECKING:
    from models.recipe.tests.conftest import Speak

PHRASES = (
    "pause", "go on", "stop", "next step", "go back", "baby is crying",
    "how much longer", "repeat that", "louder", "she's hungry", "slower", "help",
)  # fmt: skip

TRAINED_VOICES = ("en-us+Andy", "en-gb+f3", "en-us+m1")

HELD_OUT_VOICE = "en-us+m7"
READERS = ("en-us+m3", "en-gb+f4", "en-us+f1")
"""They stand for people."""


def test_from_nothing_to_a_model_that_hears(tmp_path: Path, speak: Speak, book: Phrasebook) -> None:
    """By chance one of 12 is right; a network that has learnt nothing hears only [unk] or silence."""
    for program in ("espeak-ng", "flite"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    people = [(speak("she drank tea from the samovar", voice), "she drank tea from the samovar") for voice in READERS]
    write_pack(tmp_path / "recordings", "readers-00", [(pcm, "read", text, "ann") for pcm, text in people])
    write_pack(tmp_path / "recordings", "readers-validation-00", [(people[0][0], "read", "unheard", "bob")])
    work = tmp_path / "work"
    command = [sys.executable, "-m", "models.recipe", "--tiny", "--work", str(work)]
    command += ["--recordings", str(tmp_path / "recordings")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    twelve = Phrasebook({phrase: book.meanings[phrase] for phrase in PHRASES}, ())
    model = models.load(work / "voiceguide-en")

    def heard(text: str, voice: str) -> str:
        recogniser = model.recogniser(twelve)
        quiet = np.zeros(RATE, np.int16)
        recogniser.AcceptWaveform(np.concatenate([quiet[: RATE // 2], speak(text, voice), quiet]).tobytes())
        return str(json.loads(recogniser.FinalResult())["text"])

    right = {v: sum(heard(text, v) == text for text in PHRASES) for v in (*TRAINED_VOICES, HELD_OUT_VOICE)}
    assert sum(right[voice] for voice in TRAINED_VOICES) > 0.5 * len(PHRASES) * len(TRAINED_VOICES), right
    assert right[HELD_OUT_VOICE] > 0.5 * len(PHRASES), right
    assert "samovar" in (work / "training_lexicon.txt").read_text()
    assert not model.knows("samovar"), "the model's own lexicon stays small"
    corpora = {shard.utterances[0].corpus for shard in store.read(work / "speech")}
    assert corpora == {"", "readers"}, "what is kept for measuring is not trained on"
    (run,) = json.loads((work / "voiceguide-en" / "facts.json").read_text())["runs"]
    assert "readers" in {row["source"] for row in run["data"]}
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pcm")}
    again = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert made == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pcm")}
    assert "going on with mmi" in again
    assert "shards" not in again
    assert not re.search(r"step \d+ of", again), "nothing is trained again"
