"""The closed graph against Vosk's run-time grammar, and against itself with other costs.

    python -m benchmarks.graph --corpus DIR [--model DIR] [--every N] [--offset K] [--costs "calming=6 unknown=3"]…

Commands are rendered by espeak-ng voices and heard in quiet, in kitchen noise and amid cries; near misses (the
decoys, and sentences with a command in them) are rendered too, and real speech and cries are heard, in which no
command is. Everything goes through the listener of a session, with its rules. Each --costs adds a graph in which the
costs that it names (graph.Costs) are others. Tune with one --offset, and report another.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.recipe.measures.commands import heard_in
from models.recipe.measures.figures import poisson
from voiceguide.config import named_models
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import ADVANCING, CALMING
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition import models
from voiceguide.recognition.graph import COSTS
from voiceguide.recognition.model import ClosedModel, GrammarModel, Model, known
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import Room
from voiceguide.speech.voice import Voice

PHRASES = """pause|stop|hold on|next|next step|repeat|say that again|continue|go on|go back|baby is fussing|
baby is crying|he's crying|baby has the hiccups|baby is hiccuping|she's arching|baby is turning away|
baby is restless|he doesn't like it|baby is changing color|she's turning blue|how long|where are we|
what can I say|louder|quieter|slower|faster|finish|I'm ready|skip this part|go to the legs|go to the face|
baby is calm|he's calm now|baby is smiling|she likes it|yes|no|mixed signs|baby is hungry|she's tired|
keep going by yourself|wait for me|why are we doing this""".replace("\n", "").split("|")
VOICES = "en-us+m7 en-gb-x-rp+f5 en-gb-scotland+f2 en-us+f3 en-us en-gb+m3 en-029+f4 en-us+klatt3".split()
NEAR = """the next bus is late|okay next|I will stop at the shop|can you pause it there|let's go on holiday|
he is cranking the car|she's crisp|he's trying|baby is flying|baby is fishing|she's calmer than you|
go to the lake|skip the lunch|how wrong|where is my phone|what can I buy|yesterday|yes but no|notes|knee|
finished dinner|final|nexus|neck|pass|boss|post|stopper|shop|top|continent|continuous|contain you|repeal|
resumption|backing|packet|help yourself|quite|lauder|loudly|slow|fast|fastest|ready made|the baby is fine|
she's hungover|tired of it|he's a saint|mixed salad|hiccup cure|lips|he isn't here|she can't read
""".replace("\n", "").split("|")
"""What sounds like a command and is none; none of it is a decoy."""


@dataclass(slots=True)
class Score:
    """What came of one setting in one condition."""

    given: int = 0
    hits: int = 0
    wrong: list[str] = field(default_factory=list)
    """What was heard instead or besides."""
    calm: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    """From the end of a phrase to the decision, in ms."""
    missed: Counter[str] = field(default_factory=Counter)
    false: list[Heard] = field(default_factory=list)
    seconds: float = 0.0


def commands(model: Model, book: Phrasebook, voice: Voice, noise: Pcm | None, snr_db: float, part: slice) -> Score:
    score = Score()
    for v, name in enumerate(VOICES):
        room = new_room(noise, snr_db, v)
        listener = Listener(model, book)
        for phrase in PHRASES[(v + part.start) % part.step :: part.step]:
            hear(listener, room, 1.0)
            until = room.place(voice.render(phrase, voice=name, rate=150))[1]
            heard = hear(listener, room, until - room.now + 1.5)
            meaning = book.meanings[normal(phrase)]
            right = [h for h in heard if h.command == meaning]
            score.given += 1
            score.wrong += [f"{h.phrase} {h.confidence:.2f} ({phrase})" for h in heard if h not in right]
            if right:
                score.hits += 1
                times = score.calm if meaning.name in CALMING else score.others
                times.append(1000 * (right[0].decided - until))
            else:
                score.missed[phrase] += 1
        score.seconds += room.now
    return score


def false_commands(listener: Listener, sounds: Iterable[Pcm]) -> Score:
    score = Score()
    for sound in sounds:
        score.given += 1
        pcm = np.concatenate([sound, np.zeros(RATE, np.int16)])
        score.false += heard_in(listener, pcm, score.seconds)
        score.seconds += len(pcm) // BLOCK * BLOCK / RATE
    return score


def partials(model: Model, book: Phrasebook, voice: Voice, part: slice) -> list[float]:
    """From the end of a phrase to the first partial result that is the phrase and stays it, in ms."""
    found = []
    for v, name in enumerate(VOICES):
        for phrase in PHRASES[(v + part.start) % part.step :: part.step]:
            pcm = voice.render(phrase, voice=name, rate=150)
            loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.02 * np.abs(pcm.astype(np.int32)).max())
            pcm = np.concatenate([np.zeros(RATE, np.int16), pcm // 2, np.zeros(RATE, np.int16)])
            until, since = 1 + (loud[-1] + 1) / RATE, None
            ears = model.recogniser(book)
            for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
                if ears.AcceptWaveform(pcm[i : i + BLOCK].tobytes()):
                    if since is not None and json.loads(ears.Result())["text"] == normal(phrase):
                        found.append(1000 * (since - until))
                    break
                if json.loads(ears.PartialResult())["partial"] == normal(phrase):
                    since = since or (i + BLOCK) / RATE
                else:
                    since = None
    return found


def spread(values: list[float]) -> str:
    return f"{np.median(values):.0f} / {np.quantile(values, 0.95):.0f}" if values else "-"


def settings(path: Path, changes: list[str]) -> Iterator[tuple[str, Callable[[], Model]]]:
    yield "run-time grammar", lambda: GrammarModel(path)
    yield "graph", lambda: ClosedModel(path)
    for change in changes:
        costs = replace(COSTS, **{name: float(cost) for name, _, cost in (c.partition("=") for c in change.split())})
        yield change, lambda costs=costs: ClosedModel(path, costs=costs)  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every Nth phrase and recording only")
    parser.add_argument("--offset", type=int, default=0, help="begin with the Kth")
    parser.add_argument("--costs", action="append", default=[], help="graph.Costs to compare: NAME=COST …")
    parser.add_argument("--only", action="append", help="settings to measure, by their number from 0")
    parser.add_argument("-v", "--verbose", action="store_true", help="list what was missed and heard falsely")
    arguments = parser.parse_args()
    part = slice(arguments.offset, None, arguments.every)
    plain = load_language("en").phrasebook(load(find("infant-massage")).parts)

    def recordings(folder: str) -> list[Pcm]:
        return [read_recording(path) for path in sorted((arguments.corpus / folder).rglob("*.flac"))[part]]

    kitchen = read_recording(arguments.corpus / "noise" / "kitchen.flac")
    cries = np.concatenate(
        [read_recording(path) for path in sorted((arguments.corpus / "cries").rglob("*.flac"))[::20]]
    )
    rooms: list[tuple[str, Pcm | None, float]] = [
        ("quiet", None, 0.0),
        *((f"{name} {snr}", pcm, snr) for name, pcm in (("kitchen", kitchen), ("cries", cries)) for snr in (10, 5)),
    ]
    corpus = {name: recordings(name) for name in ("words", "phrases", "coffee", "cries")}
    hits, false = [], []
    with Voice() as voice:
        misses = [text for text in (*NEAR, *plain.decoys) if text not in plain.meanings]
        corpus["near misses"] = [
            voice.render(text, voice=name, rate=150) // 2
            for v, name in enumerate(VOICES[:4])
            for text in misses[(v + part.start) % part.step :: part.step]
        ]
        for number, (name, made) in enumerate(settings(models.find(named_models(arguments.model)), arguments.costs)):
            if arguments.only and str(number) not in arguments.only:
                continue
            began = time.perf_counter()
            model = made()
            book = known(model, plain)
            model.recogniser(book)
            opened = time.perf_counter() - began
            began = time.process_time()
            scores = {room: commands(model, book, voice, noise, snr, part) for room, noise, snr in rooms}
            tests = {test: false_commands(Listener(model, book), sounds) for test, sounds in corpus.items()}
            computed = time.process_time() - began
            seconds = sum(score.seconds for score in (*scores.values(), *tests.values()))
            quiet = scores["quiet"]
            hits.append(
                f"| {name} | "
                + " | ".join(f"{100 * s.hits / s.given:.1f}" for s in scores.values())
                + f" | {sum(len(s.wrong) for s in scores.values())} | {spread(partials(model, book, voice, part))} | "
                + f"{spread(quiet.calm)} | {spread(quiet.others)} | {opened:.2f} | {computed / seconds:.3f} |"
            )
            spoken = [tests[test] for test in ("words", "phrases", "coffee")]
            heard = [h for s in (*spoken, tests["cries"]) for h in s.false]
            hours = sum(s.seconds for s in (*spoken, tests["cries"])) / 3600
            calming = sum(h.command.name in CALMING for h in heard)
            advancing = sum(h.command.name in ADVANCING for h in heard)
            false.append(
                f"| {name} | "
                + " | ".join(f"{len(s.false)} of {s.given}" for s in tests.values())
                + f" | {len(heard) / hours:.1f} | {calming / hours:.1f} | {advancing / hours:.1f} "
                + f"(at most {poisson(advancing)[1] / hours:.1f}) |"
            )
            if arguments.verbose:
                for room, score in scores.items():
                    print(f"{name}, {room}, missed: {dict(score.missed.most_common(12))}; wrong: {score.wrong}")
                for test, score in tests.items():
                    found = Counter(f"{h.phrase} {h.confidence:.2f}" for h in score.false)
                    print(f"{name}, {test}, heard: {dict(found.most_common(20))}")
            print(f"{hits[-1]}\n{false[-1]}", flush=True)
    print(f"\n{len(book.meanings)} phrases, {len(book.decoys)} decoys\n")
    print(
        f"| hits, % of {quiet.given} each | {' | '.join(scores)} | wrong | partial, ms | calming, ms | others, ms "
        "| open, s | RTF |"
    )
    print("|---" * (7 + len(scores)) + "|")
    print("\n".join(hits))
    print(f"\n| false commands | {' | '.join(corpus)} | of real sound, an hour | calming | advancing |")
    print("|---" * (4 + len(corpus)) + "|")
    print("\n".join(false))


def hear(listener: Listener, room: Room, seconds: float) -> list[Heard]:
    """What is heard in a room in so many seconds."""
    found: list[Heard] = []
    for _ in range(math.ceil(seconds * RATE / BLOCK)):
        block = room.read()
        found += [d for d in listener.hear(block.pcm, block.at) if isinstance(d, Heard)]
    return found


def new_room(noise: Pcm | None, snr_db: float, seed: int) -> Room:
    room = Room(noise=noise, snr_db=snr_db, seed=seed)
    room.open(lambda n: np.zeros(n, np.int16))
    return room


if __name__ == "__main__":
    main()
