"""Computing time, memory and loading time of Vosk with the model, on one core."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Iterator
from pathlib import Path

import numpy as np

from models.recipe.measures import vosk_alone
from models.recipe.measures.commands import clean_sample, spoken
from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure
from models.recipe.measures.mix import kitchen
from models.recipe.split import held_out
from voiceguide.recognition import models
from voiceguide.recognition.model import ClosedModel, grammar, takes_graph
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.files import read_recording

SECONDS = 240
"""Of each kind of sound."""
RUNS = 3
"""The median counts: on a shared machine one run may take a third longer than the next."""


def cost(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """With the grammar of a session, in blocks of 30 ms with a partial result each: rtf for commands in quiet and in
    noise (a third of it speech), for speech without a pause, and for noise alone; then the worst rtf, the peak of
    memory, the median time to load, and how long it takes until a session's recogniser is there."""
    if "vosk" in done:
        return
    began = time.perf_counter()
    models.load(context.folder).recogniser(context.book)
    ready_s = time.perf_counter() - began
    rows: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        model, listed = _for_vosk(context, Path(folder))
        for name, sound in _sounds(context):
            raw = Path(folder, "sound.raw")
            raw.write_bytes(sound[: SECONDS * RATE].tobytes())
            command = [sys.executable, vosk_alone.__file__, str(model), str(raw), *map(str, listed)]
            runs = [
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                for _ in range(RUNS)
            ]
            rows.append(runs[0] | {key: statistics.median(run[key] for run in runs) for key in ("rtf", "load_s")})
            yield name, rows[-1]
    yield (
        "vosk",
        {
            "rtf": max(row["rtf"] for row in rows),
            "rss_mb": max(row["rss_mb"] for row in rows),
            "ready_s": ready_s,
            "load_s": statistics.median(row["load_s"] for row in rows),
            "disk_mb": sum(path.stat().st_size for path in context.folder.rglob("*") if path.is_file()) / 1e6,
        },
    )


def _for_vosk(context: Context, scratch: Path) -> tuple[Path, list[Path]]:
    """A folder that Vosk can load, and the file of a run-time grammar if the model needs one."""
    if not takes_graph(context.folder):
        listed = scratch / "grammar.json"
        listed.write_text(grammar(context.book), "utf-8")
        return context.folder, [listed]
    ClosedModel(context.folder).write(context.book, scratch / "model")
    return scratch / "model", []


def _sounds(context: Context) -> Iterator[tuple[str, Pcm]]:
    noise = kitchen(context.recordings)
    sample = clean_sample(context)[:: max(1, 15 // context.every)]
    context.speaker.prepare(phrase for phrase, _ in sample)
    for name, sound in (("commands, quiet", None), ("commands, kitchen 10 dB", noise)):
        yield name, np.concatenate([spoken(context, *one, "cost", sound, 10.0).pcm for one in sample])
    files = [path for path in sorted((context.recordings / "coffee").rglob("*.flac")) if held_out(path)]
    yield "coffee orders, one after the other", np.concatenate([read_recording(path) for path in files])
    yield "kitchen noise", noise.astype(np.int16)
