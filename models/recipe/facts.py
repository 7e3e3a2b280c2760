"""The facts of a training, for the model's card (see card.py). They are kept with the model, so that those of a model
that was trained further tell its whole history."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.recipe.card import FACTS
from models.recipe.network import STRIDE, Network
from models.recipe.sound import Sound
from models.recipe.store import RATE
from models.recipe.synthesis import ESPEAK_ACCENTS, ESPEAK_VARIANTS, FESTIVAL_VOICES, FLITE_VOICES, PICO_VOICES

SOURCES = {
    "librispeech": ("people reading books aloud", "LibriSpeech", "CC BY 4.0"),
    "common-voice": ("people reading sentences", "Common Voice", "CC0"),
    "speech-commands": ("people saying single words", "Google Speech Commands", "CC BY 4.0"),
    "wuw": ("people on the telephone: words and sentences", "WUW Corpus II", "CC BY-SA 4.0"),
    "esc10": ("animals, machines, weather and cries, as noise", "ESC-10", "CC BY 3.0"),
    "espeak": ("synthetic speech", "espeak-ng, Debian's", "GPL-3.0-or-later (the program)"),
    "flite": ("synthetic speech", "flite, Debian's", "BSD-like (the program and its voices)"),
    "pico": ("synthetic speech", "SVOX Pico and its voices, PyPI's py-nanotts", "Apache-2.0"),
    "festival": ("synthetic speech", "festival and its voices, Debian's", "BSD-like (the program and these voices)"),
    "words": ("people saying a word or two", "Picovoice/wake-word-benchmark", "Apache-2.0"),
    "coffee": ("people ordering coffee", "Picovoice/speech-to-intent-benchmark", "Apache-2.0"),
    "phrases": ("people saying a phrase", "MycroftAI/Precise-Community-Data", "public domain"),
    "cries": ("baby cries", "gveres/donateacry-corpus", "ODbL 1.0, DbCL 1.0"),
    "kitchen": ("kitchen noise", "Picovoice/speech-to-intent-benchmark (Freesound)", "as there"),
    "guide": ("the guide's own voice, as noise", "espeak-ng, Debian's", "GPL-3.0-or-later (the program)"),
    "synthetic": ("sounds of a household, made up", "models/recipe/noises.py", "Apache-2.0"),
}
"""What it is, where it is from, and its licence: by corpus, or by kind if it comes from no public corpus. Another
corpus is named as its packs are."""


def runs_of(model: Path) -> list[Any]:
    """The trainings of a model in order; none if its folder has no facts."""
    path = model / FACTS
    return list(json.loads(path.read_text("utf-8"))["runs"]) if path.exists() else []


def facts(
    network: Network,
    lexicon: Mapping[str, Sequence[object]],
    speech: Sound,
    noise: Sound,
    *,
    heard_h: float,
    took_h: float,
    device: str,
    watched: float,
    command: str,
    before: Sequence[Any] = (),
) -> dict[str, Any]:
    """The facts. ``heard_h``: hours of sound in all batches; ``took_h``: hours of training; ``watched``: the
    objective for each step of 30 ms on the watched utterances; ``before``: the earlier trainings of the model
    (``runs_of``)."""
    hours: dict[str, float] = defaultdict(float)
    for utterance in (*speech.utterances, *noise.utterances):
        hours[utterance.corpus or utterance.kind.split()[0]] += utterance.samples / RATE / 3600
    data = []
    for name, length in hours.items():
        what, source, licence = SOURCES.get(name, ("recordings", name, "as there"))
        data.append({"what": what, "hours": round(length, 2), "source": source, "licence": licence})
    voices = {
        "espeak": [f"{', '.join(ESPEAK_ACCENTS)}; each with {', '.join(ESPEAK_VARIANTS)}"],
        "flite": list(FLITE_VOICES),
        "festival": list(FESTIVAL_VOICES),
        "pico": list(PICO_VOICES),
    }
    began = "LF-MMI on whole utterances" if before else "Cross entropy against flite's timings, then LF-MMI"
    run = {
        "command": command,
        "data": sorted(data, key=lambda row: -float(str(row["hours"]))),
        "voices": {engine: names for engine, names in voices.items() if engine in hours},
        "told": f"{began}, to {watched:.3f} for each step of 30 ms on one utterance of fifty that was not trained "
        f"on: with copies in other rooms, speeds and noises {heard_h:,.0f} h, in {took_h:.1f} h on {device}.",
    }
    shape = network.shape
    ahead = sum(right > 0 for _, right in shape.layers)
    return {
        "name": "voiceguide-en",
        "licence": "Apache-2.0, like the project",
        "runs": [*before, run],
        "network": {
            "parameters": network.parameters_exported(),
            "layers": f"factored TDNN, {len(shape.layers)} layers of {shape.units} units with bottlenecks of "
            f"{shape.bottleneck}; {ahead} of them look ahead",
            "left_context_s": shape.left / 100,
            "right_context_s": shape.right / 100,
            "frame_s": STRIDE / 100,
        },
        "words": len(lexicon),
        "pronunciations": sum(len(ways) for ways in lexicon.values()),
        "limits": [],
        "tried": [],
    }
