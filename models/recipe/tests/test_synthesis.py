"""Synthetic voices."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from models.recipe import __main__ as recipe
from models.recipe import recordings, split, store, synthesis
from models.recipe.errors import RecipeError
from models.recipe.store import RATE

if TYPE_CHECKING:
    pass


def test_no_voice_that_is_held_out_is_in_a_list() -> None:
    made = {f"{accent}+{variant}" for accent, variant in product(synthesis.ESPEAK_ACCENTS, synthesis.ESPEAK_VARIANTS)}
    assert not made & set(split.HELD_OUT_ESPEAK)
    assert not {voice.split("+")[1] for voice in split.HELD_OUT_ESPEAK} & set(synthesis.ESPEAK_VARIANTS)
    assert not set(synthesis.FLITE_VOICES) & set(split.HELD_OUT_FLITE)
    assert not set(synthesis.FESTIVAL_VOICES) & set(split.HELD_OUT_FESTIVAL)


def test_what_is_missing_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=r"no recordings in .*words, phrases, coffee"):
        recordings.check(tmp_path)
    (tmp_path / "words" / "go").mkdir(parents=True)
    soundfile.write(tmp_path / "words" / "go" / "a.flac", np.zeros(RATE // 2), RATE)
    recordings.check(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecipeError, match="flite is not installed"):
        synthesis.check(["flite"])
    festival = tmp_path / "festival"
    festival.write_text("#!/bin/sh\necho unbound variable: $2 >&2\nexit 255\n")
    festival.chmod(0o755)
    with pytest.raises(RecipeError, match="festival's voice cmu_us_slt_arctic_hts is not installed"):
        synthesis.check(["festival"])


def test_a_run_that_cannot_succeed_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--work", str(tmp_path / "work"), "--recordings", str(tmp_path / "none")]
    assert recipe.main(given) == 1
    assert "no recordings in" in capsys.readouterr().err
    assert recipe.main([*given[:2], "--start", str(tmp_path)]) == 1
    assert "cannot read the model to start from" in capsys.readouterr().err
    assert not list((tmp_path / "work").iterdir())


def test_pico_says_what_it_is_to_say() -> None:
    pytest.importorskip("py_nanotts", reason="needs the extra `recipe`")
    made = list(synthesis._pico(synthesis.Job("pico", "pico-0", 1, ("go back, the baby", "pause"))))
    assert [utterance.text for _, utterance in made] == ["go back the baby", "pause"]
    assert {utterance.voice for _, utterance in made} <= {"en-US", "en-GB"}
    assert len(made[0][0]) > len(made[1][0]) > 0.2 * RATE
    assert abs(made[0][0]).max() == pytest.approx(store.PEAK * 32767, abs=1)
