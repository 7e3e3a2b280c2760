"""What is to be said of a model that was trained: the facts for its card (see card.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from models.recipe.network import STRIDE, Network
from models.recipe.sound import Sound
from models.recipe.store import RATE
from models.recipe.synthesis import ESPEAK_ACCENTS, ESPEAK_VARIANTS, FESTIVAL_VOICES, FLITE_VOICES

SOURCES = {
    "espeak": ("synthetic speech", "espeak-ng, Debian's", "GPL-3.0-or-later (the program)"),
    "flite": ("synthetic speech", "flite, Debian's", "BSD-like (the program and its voices)"),
    "festival": ("synthetic speech", "festival and its voices, Debian's", "BSD-like (the program and these voices)"),
    "words": ("people saying a word or two", "Picovoice/wake-word-benchmark", "Apache-2.0"),
    "coffee": ("people ordering coffee", "Picovoice/speech-to-intent-benchmark", "Apache-2.0"),
    "phrases": ("people saying a phrase", "MycroftAI/Precise-Community-Data", "public domain"),
    "cries": ("baby cries", "gveres/donateacry-corpus", "ODbL 1.0, DbCL 1.0"),
    "kitchen": ("kitchen noise", "Picovoice/speech-to-intent-benchmark (Freesound)", "as there"),
    "guide": ("the guide's own voice, as noise", "espeak-ng, Debian's", "GPL-3.0-or-later (the program)"),
    "synthetic": ("sounds of a household, made up", "models/recipe/noises.py", "Apache-2.0"),
}


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
) -> dict[str, Any]:
    """The facts. ``heard_h``: hours of sound in all batches; ``took_h``: of training; ``watched``: the objective for
    each step of 30 ms on what was not trained on."""
    hours: dict[str, float] = defaultdict(float)
    for utterance in (*speech.utterances, *noise.utterances):
        hours[utterance.kind.split()[0]] += utterance.samples / RATE / 3600
    data = []
    for kind, length in hours.items():
        what, source, licence = SOURCES.get(kind, (kind, "the folder of recordings", "as there"))
        data.append({"what": what, "hours": round(length, 2), "source": source, "licence": licence})
    shape = network.shape
    ahead = sum(right > 0 for _, right in shape.layers)
    return {
        "name": "voiceguide-en",
        "licence": "Apache-2.0, like the project",
        "data": sorted(data, key=lambda row: -float(str(row["hours"]))),
        "voices": {
            "espeak-ng": [f"{', '.join(ESPEAK_ACCENTS)}; each with {', '.join(ESPEAK_VARIANTS)}"],
            "flite": list(FLITE_VOICES),
            "festival": list(FESTIVAL_VOICES),
        },
        "training": {
            "hours": round(heard_h, 1),
            "objective": "cross entropy against flite's timings, then LF-MMI on whole utterances to "
            f"{watched:.3f} for each step of 30 ms on one utterance of fifty that was not trained on",
            "device": device,
            "took_h": round(took_h, 2),
        },
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
        "recipe": "python -m models.recipe --recordings DIR",
        "limits": [],
    }
