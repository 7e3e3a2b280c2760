"""Trains the model in the box, from scratch or further from an earlier one: ``python -m models.recipe``. See
README.md next to this file."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from models.recipe.errors import DivergedError, RecipeError
from voiceguide.errors import VoiceguideError
from voiceguide.recognition.lexicon import Lexicon

ROOT = Path(__file__).resolve().parents[2]
BOX = ROOT / "models" / "voiceguide-en"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything. ``utterances``: of each synthesiser; ``pieces``: of 8 s of each kind of noise;
    ``packs``: at most this many packs or shards of each corpus, None for all."""

    utterances: dict[str, int]
    a_shard: int
    pieces: int
    packs: int | None
    layers: tuple[tuple[int, int], ...]
    units: int
    bottleneck: int
    bootstrap_steps: int
    steps: int
    orders_at: int
    seconds: float
    rate: float


FULL = Scale(
    utterances={"espeak": 60_000, "flite": 18_000, "festival": 7_000, "pico": 12_000, "guide": 600},
    a_shard=500,
    pieces=40,
    packs=None,
    layers=((1, 1), (1, 1), (1, 1), (1, 1), (2, 0), (2, 0), (3, 0), (3, 0), (4, 0)),
    units=448,
    bottleneck=112,
    bootstrap_steps=600,
    steps=13_000,
    orders_at=5_000,
    seconds=1200,
    rate=1.5e-3,
)
FURTHER = replace(
    FULL,
    utterances={"espeak": 14_000, "flite": 14_000, "festival": 6_000, "pico": 10_000, "guide": 600},
    a_shard=250,
    pieces=24,
    bootstrap_steps=0,
    steps=10_000,
    orders_at=0,
    seconds=150,
    rate=4e-4,
)
"""For training a model further: what two cores do in four hours."""
OF_THE_WAY = 0.7
"""How far the exported weights are from the old ones to the new ones, when a model is trained further. On watched
utterances the objective for each step of 30 ms was -0.199 with the old weights, -0.177 with the new ones, and -0.180
and -0.177 at 0.6 and 0.8 of the way; on people's phrases, which got worse, -0.084, -0.096, -0.089 and -0.092."""
TINY = Scale(
    utterances={"espeak": 500, "flite": 500, "guide": 20},
    a_shard=125,
    pieces=1,
    packs=1,
    layers=((1, 1), (1, 1), (3, 0)),
    units=128,
    bottleneck=32,
    bootstrap_steps=200,
    steps=600,
    orders_at=0,
    seconds=40,
    rate=8e-3,  # the warm-up never lets it reach more than half of this
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if something is missing or training has diverged."""
    parser = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "model", help="the work folder; a run resumes from it"
    )
    parser.add_argument(
        "--model", type=Path, help="where the model goes (default: the box; with --tiny: WORK/voiceguide-en)"
    )
    parser.add_argument("--recordings", type=Path, help="a folder of real recordings, see recordings.py")
    parser.add_argument(
        "--start", type=Path, metavar="MODEL", help="train this model further; the recipe must have made it"
    )
    parser.add_argument("--tiny", action="store_true", help="a little of everything, to see that it works")
    parser.add_argument("--until", choices=STAGES, default="export", help="stop after this stage")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many processes synthesise speech")
    parser.add_argument("--steps", type=int, help="training steps")
    parser.add_argument("--hours", type=float, help="train no longer than this")
    parser.add_argument("--rate", type=float, help="the highest learning rate")
    parser.add_argument("--device", help="torch's device (default: a GPU if there is one)")
    options = parser.parse_args(arguments)
    # Threads that spin while they wait for each other make torch about four times slower on a busy machine.
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"} | os.environ
    options.scale = TINY if options.tiny else FURTHER if options.start else FULL
    options.model = options.model or (options.work / "voiceguide-en" if options.tiny else BOX)
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        _check(options)
        for name, stage in STAGES.items():
            began = time.monotonic()
            print(f"--- {name}", flush=True)
            stage(options)
            print(f"--- {name}: {time.monotonic() - began:.0f} s", flush=True)
            if name == options.until:
                break
    except (DivergedError, RecipeError, VoiceguideError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _check(options: argparse.Namespace) -> None:
    """Find now what would otherwise only be missed later."""
    from models.recipe import recordings, synthesis
    from models.recipe.adopt import read_network

    if options.recordings:
        recordings.check(options.recordings)
    if options.start:
        read_network(options.start)
    if not (options.work / "speech").exists():
        synthesis.check(options.scale.utterances)


def _lexicon(options: argparse.Namespace) -> Lexicon:
    """The model's."""
    return Lexicon.read(options.work / "lexicon.txt")


def words(options: argparse.Namespace) -> None:
    """The vocabulary, and what each synthesiser is to say."""
    if (options.work / "jobs.json").exists():
        return
    from models.recipe.texts import Writer
    from models.recipe.vocabulary import near_misses, phrasebooks, vocabulary

    lexicon = vocabulary()
    (options.work / "lexicon.txt").write_text(lexicon.text(), "utf-8")
    phrases = {phrase for book in phrasebooks() for phrase in book.meanings}
    contrasts = {word for words in near_misses(phrases, lexicon).values() for word in words}
    writer = Writer(list(lexicon.pronunciations), sorted(contrasts), seed=1)
    scale: Scale = options.scale
    jobs: list[dict[str, Any]] = []
    for engine, count in scale.utterances.items():
        for shard, at in enumerate(range(0, count, scale.a_shard)):
            texts = tuple(writer.texts(min(scale.a_shard, count - at)))
            jobs.append({"engine": engine, "name": f"{engine}-{shard:03}", "seed": len(jobs), "texts": texts})
    # All engines from the start, so that an unfinished run has a mixture too.
    jobs.sort(key=lambda job: int(job["name"].rpartition("-")[2]) / scale.utterances[job["engine"]])
    part = options.work / "jobs.part"
    part.write_text(json.dumps(jobs), "utf-8")
    part.rename(options.work / "jobs.json")


def sounds(options: argparse.Namespace) -> None:
    """Synthetic speech, noise, and real recordings, as shards."""
    from models.recipe import recordings, store
    from models.recipe.noises import KINDS
    from models.recipe.vocabulary import training_lexicon

    work: Path = options.work
    lexicon = work / "training_lexicon.txt"
    scale: Scale = options.scale
    tasks: list[tuple[str, Any, Path]] = []
    for kind in KINDS:
        for shard, at in enumerate(range(0, scale.pieces, 8)):
            name = f"{kind.replace(' ', '-')}-{shard}"
            if not store.exists(work / "noise", name):
                tasks.append(("noise", (kind, name, min(8, scale.pieces - at)), work / "noise"))
    for job in json.loads((work / "jobs.json").read_text("utf-8")):
        folder = work / ("noise" if job["engine"] == "guide" else "speech")
        if not store.exists(folder, job["name"]):
            tasks.append(("speech", job, folder))
    with Pool(options.jobs) as pool:
        for done, _ in enumerate(pool.imap_unordered(_make, tasks), start=1):
            if done % max(1, len(tasks) // 20) == 0 or done == len(tasks):
                print(f"{done} of {len(tasks)} shards", flush=True)
    if options.recordings:
        todo = [
            source
            for source in recordings.sources(options.recordings, scale.packs)
            if not store.exists(work / source.folder, source.shard)
        ]
        if todo:
            lexicon.unlink(missing_ok=True)
        for done, source in enumerate(todo, start=1):
            store.write(work / source.folder, source.shard, source.items())
            if done % max(1, len(todo) // 20) == 0 or done == len(todo):
                print(f"{done} of {len(todo)} shards of recordings", flush=True)
    if not lexicon.exists():
        texts = (u.text for shard in store.read(work / "speech") for u in shard.utterances if u.kind != "coffee")
        lexicon.write_text(training_lexicon(_lexicon(options), texts).text(), "utf-8")


def _make(task: tuple[str, Any, Path]) -> None:
    from models.recipe import store, synthesis

    what, job, folder = task
    if what == "speech":
        synthesis.run(synthesis.Job(job["engine"], job["name"], job["seed"], tuple(job["texts"])), folder)
    else:
        store.write(folder, job[1], _noise_pieces(*job))


def _noise_pieces(kind: str, name: str, pieces: int) -> Iterator[tuple[Any, Any]]:
    import numpy as np

    from models.recipe import store
    from models.recipe.noises import noise

    rng = np.random.default_rng(random.Random(name).randrange(2**32))
    for _ in range(pieces):
        yield store.normalised(noise(kind, 8.0, rng)), store.Utterance(0, 0, "", f"synthetic {kind}", "")


def _trainer(options: argparse.Namespace) -> Any:
    import torch

    from models.recipe import store
    from models.recipe.adopt import read_network
    from models.recipe.network import Shape
    from models.recipe.sound import Sound
    from models.recipe.train import Plan, Trainer

    scale: Scale = options.scale
    device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    speech = Sound(list(store.read(options.work / "speech")), device)
    noise = Sound(list(store.read(options.work / "noise")), device)
    shape = Shape(scale.units, scale.bottleneck, scale.layers)
    plan = Plan(
        shape=read_network(options.start).shape if options.start else shape,
        bootstrap_steps=scale.bootstrap_steps,
        steps=options.steps or scale.steps,
        hours=options.hours or math.inf,
        seconds=scale.seconds,
        rate=options.rate or scale.rate,
        start=options.start,
        orders_at=min(scale.orders_at, (options.steps or scale.steps) * 2 // 5),
    )
    lexicon = Lexicon.read(options.work / "training_lexicon.txt").pronunciations
    return Trainer(plan, speech, noise, lexicon, options.work / "training", device)


def train(options: argparse.Namespace) -> None:
    """Train the network."""
    _trainer(options).run()


def export(options: argparse.Namespace) -> None:
    """Write the model folder, with the facts for its card."""
    import numpy as np
    import torch

    from models.recipe.adopt import between
    from models.recipe.card import FACTS
    from models.recipe.export import write_model
    from models.recipe.facts import facts, runs_of

    trainer = _trainer(options)
    network = trainer.run().cpu()
    if options.start:
        network = between(options.start, network, OF_THE_WAY)
    lexicon = _lexicon(options).pronunciations
    write_model(options.model, network, lexicon, np.log(trainer.bigram.pairs))
    device = torch.cuda.get_device_name() if trainer.device.type == "cuda" else f"{os.cpu_count()} cores"
    told = facts(
        network,
        lexicon,
        trainer.speech,
        trainer.noise,
        heard_h=trainer.heard_h,
        took_h=trainer.took_h,
        device=device,
        watched=trainer.watched,
        command="python -m models.recipe --recordings DIR" + (" --start MODEL" if options.start else ""),
        before=runs_of(options.start) if options.start else (),
    )
    if options.start:
        told["runs"][-1]["told"] += (
            f" The model lies {OF_THE_WAY:g} of the way from the weights before to those after."
        )
    (options.model / FACTS).write_text(json.dumps(told, indent=1) + "\n")


STAGES: dict[str, Callable[[argparse.Namespace], None]] = {
    "words": words,
    "sounds": sounds,
    "train": train,
    "export": export,
}

if __name__ == "__main__":
    sys.exit(main())
