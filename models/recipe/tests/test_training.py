"""Training: resumed, diverging, from a model that is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from models.recipe import export, orders
from models.recipe.adopt import between, read_network, settle
from models.recipe.augment import Augmenter
from models.recipe.errors import DivergedError, RecipeError
from models.recipe.lfmmi import Bigram, Graphs
from models.recipe.phones import COUNT, INDEX
from models.recipe.store import Utterance
from models.recipe.tests.examples import (
    BOX,
    CPU,
    LEXICON,
    SHAPE,
    augmenter,
    sound,
    tone,
    tones,
)
from models.recipe.train import Plan, Trainer
from voiceguide.recognition.lexicon import Lexicon

if TYPE_CHECKING:
    from models.recipe.tests.conftest import Speak


def small(folder: Path, **changes: Any) -> Trainer:
    plan = {"bootstrap_steps": 2, "steps": 4, "seconds": 6, "save_s": 0} | changes
    phones = tuple((INDEX[p], 0.2 * n) for n, p in enumerate("G OW B AE K".split(), start=1))
    # By their names, b7, b15 and b36 are watched.
    items = [(tone(300 + 40 * k, 1.2), Utterance(0, 0, "go back", "flite", f"b{k}", phones)) for k in range(40)]
    return Trainer(Plan(SHAPE, **plan), sound(*items), tones()[1], LEXICON, folder, CPU)


def test_training_that_was_cut_off_goes_on_to_the_same_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(tmp_path / "whole").run()
    compute, calls = Trainer._mmi, iter(range(9))

    def cut_off(self: Trainer, *inputs: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return compute(self, *inputs)

    monkeypatch.setattr(Trainer, "_mmi", cut_off)
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "cut").run()
    again = small(tmp_path / "cut").run()
    assert "going on with mmi at step 2" in (tmp_path / "cut" / "log.txt").read_text()
    for name, mine in whole.state_dict().items():
        assert torch.equal(mine, again.state_dict()[name]), name


def test_training_that_diverges_goes_on_from_its_best_moment_at_half_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.train._REPORT", 1)
    watched = iter([-9.0, -9.0, -0.5, -0.4, -0.65, -0.71, -0.3, -0.2])  # the first two are of the bootstrap
    monkeypatch.setattr(Trainer, "_watch", lambda self, corpus: next(watched))
    small(tmp_path).run()
    log = (tmp_path / "log.txt").read_text()
    assert "diverged: watched -0.71 at step 4, after -0.40; going on from step 2 at 0.5 of the rate" in log
    assert torch.load(tmp_path / "best.pt", weights_only=True)["best"] == -0.2
    assert torch.load(tmp_path / "state.pt", weights_only=True)["part"] == 0.5


def test_training_that_always_diverges_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.recipe.train._REPORT", 1)
    watched = iter([-9.0, -9.0, -0.5])
    monkeypatch.setattr(Trainer, "_watch", lambda self, corpus: next(watched, float("nan")))
    with pytest.raises(DivergedError, match=r"watched nan at step 2, after -0\.50, at 0\.125 of the rate"):
        small(tmp_path).run()


def test_training_goes_on_from_a_model_that_is_there(tmp_path: Path) -> None:
    """What it computes is what it computed before, with the norms of training; then it learns."""
    first = small(tmp_path / "first", steps=30, bootstrap_steps=30).run()
    export.write_model(tmp_path / "model", first, LEXICON, np.zeros((COUNT, COUNT)))
    there = read_network(tmp_path / "model")
    assert there.shape == SHAPE
    heard = augmenter().batch(np.arange(6), 1).bands
    with torch.no_grad():
        said = first(heard)[0]
        assert torch.allclose(there(heard)[0], said, atol=1e-4)
        settle(there, heard)
        assert torch.allclose(there(heard)[0], said, atol=1e-4)
        assert torch.allclose(there.train()(heard)[0], said, atol=0.05), "the norms are those of what is heard"
    further = small(tmp_path / "further", start=tmp_path / "model", steps=30, rate=1e-3)
    with torch.no_grad():
        further._begin()
        assert torch.allclose(further._average.eval()(heard)[0], said, atol=1e-4)
    ended = further.run()
    with torch.no_grad():
        then = ended(heard)[0]
        assert not torch.allclose(then, said, atol=0.05)
        for part, outputs in ((0.0, said), (1.0, then)):
            assert torch.allclose(between(tmp_path / "model", ended, part)(heard)[0], outputs, atol=1e-3)
        middle = [between(tmp_path / "model", ended, part).output.weight for part in (0.0, 0.5, 1.0)]
        assert torch.allclose(middle[1], (middle[0] + middle[2]) / 2, atol=1e-6)
    log = (tmp_path / "further" / "log.txt").read_text()
    assert "bootstrap" not in log
    before, after = (
        float(re.findall(r"watched (\S+),", (tmp_path / n / "log.txt").read_text())[-1]) for n in ("first", "further")
    )
    assert after > before


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        read_network(tmp_path)
    (tmp_path / "am").mkdir()
    for data in (b"", b"\0B<Nnet3> \n<NumComponents> "):
        (tmp_path / "am" / "final.mdl").write_bytes(data)
        with pytest.raises(RecipeError, match="is not a model of this recipe"):
            read_network(tmp_path)


def test_an_order_that_is_none_of_its_wordings_is_left_out(speak: Speak) -> None:
    lexicon = Lexicon.read(BOX / "graph" / "lexicon.txt").pronunciations
    network = read_network(BOX)
    any_ = Graphs.anything(Bigram.of(["can i get a large coffee with milk"], lexicon), CPU)
    said = sound((speak("can I get a large coffee with milk", "en-us+m1"), Utterance(0, 0, "", "coffee", "")))
    bands = Augmenter(said, tones()[1], network.shape, CPU, 0).batch(np.array([0]), 0, plain=True).bands
    label = {"coffeeDrink": "coffee", "size": "large", "milkAmount": "milk"}
    assert orders.said(network, bands, json.dumps(label), any_, lexicon) == "can i get a large coffee with milk"
    other = {"coffeeDrink": "cappuccino", "numberOfShots": "single shot", "sugarAmount": "brown sugar"}
    assert orders.said(network, bands, json.dumps(other), any_, lexicon) == ""


def test_the_rate_falls_to_nothing_with_the_steps_or_the_time_whichever_is_over_first(tmp_path: Path) -> None:
    def rate(step: int, hours: float) -> float:
        trainer._phase, trainer._step, trainer.took_h = "mmi", step, hours
        trainer._set_rate(1000)
        return float(trainer._optimiser.param_groups[0]["lr"])

    trainer = small(tmp_path, steps=1000, hours=2.0, rate=1e-3)
    assert rate(500, 0.1) == pytest.approx(0.51e-3)
    assert rate(500, 1.5) == pytest.approx(0.26e-3)
    assert rate(900, 1.5) == pytest.approx(0.11e-3)
    assert rate(400, 2.5) == pytest.approx(0.01e-3)


def test_training_ends_when_its_time_is_over(tmp_path: Path) -> None:
    for _ in range(2):  # the second run has nothing left to do
        small(tmp_path, bootstrap_steps=0, steps=1000, hours=1e-6).run()
    steps = re.findall(r"mmi step (\d+) of 1000", (tmp_path / "log.txt").read_text())
    assert steps == ["1"]
