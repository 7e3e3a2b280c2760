"""How well and how quickly commands are heard, and how often one is heard that nobody gave.

    .venv/bin/python benchmarks/hearing.py [--model DIR] [--corpus DIR] [--every N]

Commands are rendered by espeak-ng voices and heard in quiet and in noise; with --corpus (a folder of folders of
recordings: words, phrases, coffee, cries, noise) real speech and cries are heard too, in which no command is.
Prints a table in Markdown. Everything goes through the listener that a session uses, in blocks of 30 ms.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from voiceguide.guide.commands import ADVANCING, CALMING, load_language
from voiceguide.guide.routine import find, load
from voiceguide.hearing import models
from voiceguide.hearing.listener import Heard, Listener, known
from voiceguide.recording import read_recording
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.room import Room
from voiceguide.speech.voice import Voice

PHRASES = """pause|stop|hold on|next|next step|repeat|say that again|continue|go on|go back|baby is fussing|
baby is crying|he's crying|baby has the hiccups|baby is hiccuping|she's arching|baby is turning away|
baby is restless|he doesn't like it|baby is changing color|she's turning blue|how long|where are we|
what can I say|louder|quieter|slower|faster|finish|I'm ready|skip this part|go to the legs|go to the face|
baby is calm|he's calm now|baby is smiling|she likes it|yes|no|mixed signs|baby is hungry|she's tired|
keep going by yourself|wait for me|why are we doing this""".replace("\n", "").split("|")
VOICES = "en-us+m7 en-gb-x-rp+f5 en-gb-scotland+f2 en-us+f3 en-us en-gb+m3 en-029+f4 en-us+klatt3".split()


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


def commands(model: object, book: object, voice: Voice, noise: Pcm | None, snr_db: float, every: int) -> str:
    hits = wrong = given = 0
    calm: list[float] = []
    others: list[float] = []
    missed: Counter[str] = Counter()
    began, sound = time.process_time(), 0.0
    for v, name in enumerate(VOICES):
        room = new_room(noise, snr_db, v)
        listener = Listener(model, book)  # type: ignore[arg-type]
        for phrase in PHRASES[v % every :: every]:
            hear(listener, room, 1.0)
            until = room.place(voice.render(phrase, voice=name, rate=150))[1]
            heard = hear(listener, room, until - room.now + 1.5)
            sound += room.now
            meaning = book.meaning(phrase)  # type: ignore[attr-defined]
            given += 1
            right = [h for h in heard if h.command == meaning]
            wrong += len(heard) - len(right)
            if right:
                hits += 1
                (calm if meaning.name in CALMING else others).append(1000 * (right[0].decided - until))
            else:
                missed[phrase] += 1
        sound += 0
    rtf = (time.process_time() - began) / max(1e-9, sum([given * 3.5]))

    def spread(values: list[float]) -> str:
        return f"{np.median(values):.0f} / {np.quantile(values, 0.95):.0f}" if values else "-"

    worst = ", ".join(f"{phrase} {n}" for phrase, n in missed.most_common(5))
    return (
        f"{100 * hits / given:.1f} % of {given} | {wrong} | {spread(calm)} | {spread(others)} | {rtf:.3f} | {worst}"
    )


def false_commands(listener: Listener, files: Iterable[Path]) -> str:
    seconds, count, heard = 0.0, 0, []
    for path in files:
        pcm = np.concatenate([read_recording(path), np.zeros(RATE, np.int16)])
        count += 1
        for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
            seconds += BLOCK / RATE
            heard += [d for d in listener.hear(pcm[i : i + BLOCK], seconds) if isinstance(d, Heard)]
    hours = seconds / 3600
    advancing = [h for h in heard if h.command.name in ADVANCING]
    calming = [h for h in heard if h.command.name in CALMING]
    what = ", ".join(f"{phrase} {n}" for phrase, n in Counter(h.phrase for h in heard).most_common(6))
    return (
        f"{count} | {hours:.2f} h | {len(heard)} ({len(heard) / hours:.1f}/h) | "
        f"{len(calming)} ({len(calming) / hours:.1f}/h, at most {upper(len(calming)) / hours:.1f}) | "
        f"{len(advancing)} ({len(advancing) / hours:.1f}/h, at most {upper(len(advancing)) / hours:.1f}) | {what}"
    )


def upper(count: int) -> float:
    """Upper end of the exact 95 % confidence interval of a Poisson count, by bisection."""
    low, high = float(count), count + 10 * math.sqrt(count + 1) + 10
    for _ in range(60):
        mean = (low + high) / 2
        tail = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1))
        low, high = (mean, high) if tail > 0.025 else (low, mean)
    return low


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every Nth phrase and recording only")
    arguments = parser.parse_args()
    routine = load(find("infant-massage"))
    model = models.load(models.find(arguments.model))
    book = known(model, load_language("en").phrasebook(routine.parts))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; ", end="")
    print(f"{len(book.meanings)} phrases, {len(book.decoys)} decoys\n")
    print("| commands | hits | wrong | calming, ms median / p95 | others, ms | RTF | missed |")
    print("|---|---|---|---|---|---|---|")
    noises: list[tuple[str, Pcm | None, float]] = [("quiet", None, 0.0)]
    if arguments.corpus is not None:
        kitchen = read_recording(arguments.corpus / "noise" / "kitchen.flac")
        files = sorted((arguments.corpus / "cries").rglob("*.flac"))[::20]
        cries = np.concatenate([read_recording(path) for path in files])
        noises += [
            (f"{name}, {snr} dB", pcm, snr)
            for name, pcm in (("kitchen", kitchen), ("cries", cries))
            for snr in (20, 10, 5)
        ]
    with Voice() as voice:
        for name, noise, snr_db in noises:
            print(f"| {name} | {commands(model, book, voice, noise, snr_db, arguments.every)} |")
            sys.stdout.flush()
    if arguments.corpus is not None:
        print("\n| no command in | files | length | false commands | calming | advancing | heard as |")
        print("|---|---|---|---|---|---|---|")
        for name in ("words", "phrases", "coffee", "cries", "noise"):
            files = sorted((arguments.corpus / name).rglob("*.flac"))[:: arguments.every]
            print(f"| {name} | {false_commands(Listener(model, book), files)} |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
