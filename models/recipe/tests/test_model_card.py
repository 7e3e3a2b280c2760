"""The card of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.recipe.card import card
from models.recipe.measures.figures import share, spread
from models.recipe.measures.speech import VOICES

if TYPE_CHECKING:
    pass


FACTS: dict[str, Any] = {
    "name": "voiceguide-en",
    "licence": "Apache-2.0",
    "runs": [
        {
            "command": "python -m models.recipe",
            "data": [
                {"what": "synthetic speech", "hours": 80.0, "source": "espeak-ng", "licence": "GPL-3.0"},
                {"what": "cries", "hours": 0.4, "source": "donateacry-corpus", "licence": "ODbL 1.0"},
            ],
            "voices": {"espeak": ["en-us+m1"], "flite": ["slt"]},
            "told": "LF-MMI: 1,200 h of sound, in 0.5 h on one GPU.",
        }
    ],
    "network": {
        "parameters": 2_100_000,
        "layers": "9 factored TDNN layers of 448 units",
        "left_context_s": 0.41,
        "right_context_s": 0.12,
        "frame_s": 0.03,
    },
    "words": 6000,
    "pronunciations": 7000,
    "limits": ["It knows no names."],
    "tried": ["More noise: no gain. More people would help most."],
}


def test_the_card_says_what_is_missed_and_by_how_much() -> None:
    condition = {
        "obeyed": share(93, 100),
        "wrong": share(1, 100),
        "missed": share(6, 100),
        "voices": {VOICES[0]: {"obeyed": share(93, 100)}},
        "decided": {"calming": spread([0.03]), "others": spread([])},
        "failures": [],
    }
    figures = {"commands": {"clean": condition}, "run": {"machine": "a machine", "every": 4, "model": "0"}}
    text = card(FACTS, figures)
    assert "| commands obeyed, quiet | ≥ 98.0 % | 93.0 % of 100 (86.3-96.6) | **missed by 5.0 points** |" in text
    assert "Missed: commands obeyed, quiet." in text
    assert "every 4th item only" in text
    assert "ked_diphone" in text
    assert "2,100,000" in text
    assert "--only commands`" in text
    assert "It knows no names." in text
    assert text.index("**missed by 5.0 points**") < text.index("More people would help most.") < text.index("Limits")
    assert "0.12 s after" in text


def test_the_card_tells_every_training() -> None:
    (first,) = FACTS["runs"]
    further = first | {"command": "python -m models.recipe --start MODEL", "told": "Further: 70 h of sound."}
    text = card(FACTS | {"runs": [first, further]}, {})
    assert "| made by | `python -m models.recipe`; then `python -m models.recipe --start MODEL` |" in text
    assert text.index("### Training 1: `python -m models.recipe`") < text.index("1,200 h of sound")
    assert text.index("1,200 h of sound") < text.index("### Training 2:") < text.index("Further: 70 h of sound.")
    assert "Training 1" not in card(FACTS, {})


def test_the_card_stands_without_figures() -> None:
    assert "not measured" in card(FACTS, {})
