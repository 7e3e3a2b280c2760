"""How soon a crying baby is noticed, and how often something else is taken for one, as a curve over the bar.

    python -m benchmarks.cries --corpus DIR [--hours N] [--weights FILE]

--corpus: a folder of recordings, as the recipe describes it. The babies are those that no training has heard: the
fifth of the devices that models/recipe/split.py holds out. What isn't crying: people who read sentences or say
single words (the packs kept for measuring), the last fifth of the kitchen, and household noise of every kind from
other seeds than the recipe's, N hours of it in all.

A cry begins after eight seconds of what is behind it, at its first loud block, and counts as noticed when the ear
says so within five seconds of that. A cry that ends sooner isn't left out. Levels are drawn as for speech, from
across a table to close by.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import machine, progress
from models.recipe.measures.figures import poisson
from models.recipe.measures.mix import ACTIVE, LEVELS_DB, Samples, chance_for, kitchen
from models.recipe.noises import KINDS, noise
from models.recipe.packs import measuring_packs
from models.recipe.split import held_out
from voiceguide.hearing.crying import AGAIN_S, CryEar, CryNetwork
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import HISS_LSB

BARS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
WITHIN_S = 5.0
LEAD_S = 8.0
SNRS_DB = (20.0, 10.0, 5.0)
SEED = 4242
"""Of the household noise: the recipe's is another."""
HARD = ("cooing", "laughing", "singing", "music", "lullaby", "television", "alarm", "dog", "birds")
"""Kinds of noise that are told one by one; a half of the hours are theirs."""


def cries(corpus: Path) -> list[tuple[str, Samples]]:
    """The held-out babies' recordings, each from its first loud block on."""
    found = []
    for path in sorted(path for path in (corpus / "cries").rglob("*.flac") if held_out(path)):
        pcm = read_recording(path).astype(np.float32)
        power = np.square(pcm[: len(pcm) // BLOCK * BLOCK].reshape(-1, BLOCK)).mean(axis=1)
        if power.max() > 100.0:  # a file of silence is no cry
            first = int(np.argmax(power > power.max() * 0.01))
            found.append((path.name, pcm[first * BLOCK :]))
    return found


def level(sound: Samples) -> float:
    """Root mean square over the blocks within 30 dB of the loudest."""
    power = np.square(sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)).mean(axis=1)
    return math.sqrt(float(power[power > power.max() * ACTIVE].mean()))


def household(seconds: float, kinds: tuple[str, ...], seed: int) -> Samples:
    """Noise of these kinds, in turn, ten seconds of each, all equally loud."""
    rng = np.random.default_rng(seed)
    pieces = [noise(kinds[n % len(kinds)], 10.0, rng) for n in range(math.ceil(seconds / 10))]
    return np.concatenate([piece / np.float32(max(level(piece), 1e-6)) for piece in pieces])


def people(corpus: Path, pack: str, seconds: float) -> Samples:
    """People who speak, one after the other, all equally loud."""
    found, total = [], 0.0
    for one in measuring_packs(corpus, pack):
        for pcm, _ in one.recordings():
            if total < seconds and len(pcm) > RATE // 4:
                sound = pcm.astype(np.float32)
                found += [sound / np.float32(max(level(sound), 1e-6)), np.zeros(RATE // 3, np.float32)]
                total += len(pcm) / RATE
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def heard(sound: Samples, level_db: float, chance: np.random.Generator) -> Pcm:
    """At a level, in dBFS, with a microphone's hiss."""
    at = sound * np.float32(32768 * 10 ** (level_db / 20))
    hiss = chance.normal(scale=HISS_LSB, size=len(at)).astype(np.float32)
    return np.clip(np.rint(at + hiss), -32768, 32767).astype(np.int16)


def evidence(network: CryNetwork, pcm: Pcm) -> Iterator[tuple[float, float]]:
    """When the ear looked, in seconds, and what it made of it."""
    ear, before = CryEar(network, math.inf), -math.inf
    for first in range(0, len(pcm) - BLOCK + 1, BLOCK):
        ear.take(pcm[first : first + BLOCK], (first + BLOCK) / RATE)
        if ear.evidence != before:
            before = ear.evidence
            yield (first + BLOCK) / RATE, before


def noticed(
    network: CryNetwork, babies: list[tuple[str, Samples]], behind: Samples | None, snr_db: float
) -> list[float]:
    """For each cry, the highest bar over which the ear would have said so in time."""
    best = []
    for name, recording in babies:
        chance = chance_for(name, snr_db)
        cry = np.tile(recording, 2)[: round(WITHIN_S * RATE)] / np.float32(level(recording))
        sound = np.concatenate([np.zeros(round(LEAD_S * RATE), np.float32), cry])
        if behind is not None:
            start = int(chance.integers(len(behind) - len(sound)))
            stretch = behind[start : start + len(sound)]
            sound = sound + stretch * np.float32(10 ** (-snr_db / 20) / max(level(stretch), 1e-6))
        found = evidence(network, heard(sound, float(chance.uniform(*LEVELS_DB)), chance))
        best.append(max((one for at, one in found if at > LEAD_S), default=-math.inf))
    return best


def false(network: CryNetwork, sound: Samples, name: str) -> tuple[list[int], float]:
    """How often, for each bar, the ear would have said so; and in how many hours."""
    counts, quiet = [0] * len(BARS), [-math.inf] * len(BARS)
    chance, step = chance_for(name), 60 * RATE
    for first in range(0, len(sound), step):  # another level each minute
        pcm = heard(sound[first : first + step], float(chance.uniform(*LEVELS_DB)), chance)
        for at, one in evidence(network, pcm):
            now = first / RATE + at
            for n, bar in enumerate(BARS):
                if one >= bar and now >= quiet[n]:
                    counts[n], quiet[n] = counts[n] + 1, now + AGAIN_S
        progress.show(f"{name} {first / RATE / 60:.0f} min")
    return counts, len(sound) / RATE / 3600


def cost(network: CryNetwork) -> float:
    """Seconds of computing for one second of sound."""
    pcm = np.random.default_rng(0).normal(scale=1000, size=60 * RATE).astype(np.int16)
    began = time.process_time()
    for _ in evidence(network, pcm):
        pass
    return (time.process_time() - began) / 60


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=2.0, help="of household noise")
    parser.add_argument("--weights", type=Path, help="of another network than the one in the box")
    given = parser.parse_args()
    network = CryNetwork.load(given.weights) if given.weights else CryNetwork.in_the_box()
    babies = cries(given.corpus)
    half = given.hours * 1800
    speech = people(given.corpus, "common-voice-tuning", math.inf)
    print(machine.facts())
    print(f"\n{len(babies)} cries of babies that were not trained on; noticed within {WITHIN_S:.0f} s, in %\n")
    print(f"| behind the cry | {' | '.join(f'bar {bar}' for bar in BARS)} |")
    print("|---" * (len(BARS) + 1) + "|")
    behind: list[tuple[str, Samples | None]] = [
        ("nothing", None),
        ("kitchen", kitchen(given.corpus)),
        (
            "household",
            household(600, tuple(kind for kind in KINDS if kind not in (*HARD, "crying", "silence")), SEED + 1),
        ),
        ("speech", speech),
        ("television and music", household(300, ("television", "music"), SEED + 2)),
    ]
    for name, sound in behind:
        for snr_db in SNRS_DB if sound is not None else (0.0,):
            best = noticed(network, babies, sound, snr_db)
            shares = " | ".join(f"{100 * sum(one >= bar for one in best) / len(best):.0f}" for bar in BARS)
            print(f"| {name}{f', {snr_db:.0f} dB' if sound is not None else ''} | {shares} |", flush=True)
    others: list[tuple[str, Callable[[], Samples]]] = [
        ("people read sentences", lambda: speech),
        ("people say single words", lambda: people(given.corpus, "speech-commands-validation", math.inf)),
        ("kitchen", lambda: kitchen(given.corpus) / np.float32(level(kitchen(given.corpus)))),
        *((kind, lambda kind=kind: household(half / len(HARD), (kind,), SEED)) for kind in HARD),
        (
            "other household noise",
            lambda: household(half, tuple(kind for kind in KINDS if kind not in (*HARD, "crying", "silence")), SEED),
        ),
    ]
    print("\nTaken for crying; in brackets the most that it may be an hour, by 95 %\n")
    print(f"| what | hours | {' | '.join(f'bar {bar}' for bar in BARS)} |")
    print("|---" * (len(BARS) + 2) + "|")
    total, hours = [0] * len(BARS), 0.0
    for name, made in others:
        counts, length = false(network, made(), name)
        if length:
            print(f"| {name} | {length:.2f} | {' | '.join(map(str, counts))} |", flush=True)
            total, hours = [a + b for a, b in zip(total, counts, strict=True)], hours + length
    most = [f"{count} ({poisson(count)[1] / hours:.2f})" for count in total]
    print(f"| all | {hours:.2f} | {' | '.join(most)} |")
    print(f"\ncomputing: {100 * cost(network):.2f} % of a core")


if __name__ == "__main__":
    main()
