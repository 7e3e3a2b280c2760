"""Whether hearing stays the same size: a day of cries, people and kitchen, one after the other, without a pause.

    python -m benchmarks.soak --corpus DIR [--hours 24] [--endless]

DIR: recordings; of those in folders named "noise" one is mixed with all the rest, 10 dB softer than it is. They come
in a random order, each 12 dB softer to 6 dB louder than it is. With ``--endless`` another voice begins before the
last one has ended, so that an utterance ends as seldom as can be. A session's Listener hears it as fast as it can;
half of the time the guide is said to speak. The sound is made in another process, whose memory does not count.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import machine, recordings
from voiceguide.errors import VoiceguideError
from voiceguide.hearing.ears import Heard
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions.assembly import Hearing, Options, content
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.speech.voice import Voice

HOUR = 3600 * RATE
WARM_S = 1800
"""After half an hour it has what it needs; growth is counted from there."""
OVERLAP_S = 0.5


def noise(folder: Path, chance: np.random.Generator, *, endless: bool) -> Iterator[Pcm]:
    """Blocks, for ever."""
    files = recordings.below(folder)
    if not files:
        raise VoiceguideError(f"there are no recordings in {folder}")
    beds = [path for path in files if "noise" in path.parts] or files
    bed = read_recording(chance.choice(np.array(beds, object))).astype(np.float32)
    rest = np.zeros(0, np.float32)
    place = 0
    while True:
        sound = read_recording(files[int(chance.integers(len(files)))]).astype(np.float32)
        sound *= 10 ** (chance.uniform(-12, 6) / 20)
        both = min(round(OVERLAP_S * RATE), len(rest), len(sound)) if endless else 0
        sound[:both] += rest[len(rest) - both :]
        rest = np.concatenate((rest[: len(rest) - both], sound))
        ready = max(0, len(rest) - round(OVERLAP_S * RATE)) // BLOCK * BLOCK
        blocks, rest = rest[:ready], rest[ready:]
        under = bed[(place + np.arange(ready)) % len(bed)] * 10 ** (-10 / 20)
        place += ready
        yield from np.clip(blocks + under, -32768, 32767).astype(np.int16).reshape(-1, BLOCK)


def spoken() -> Iterator[Pcm]:
    """What the guide plays, block by block, for ever: half of it silence."""
    routine = load(find("infant-massage"))
    with Voice() as voice:
        lines = [voice.render(line) for step in routine.steps for line in step.say]
    sound = np.concatenate([np.pad(line, (0, len(line))) for line in lines])
    blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK)
    while True:
        yield from blocks


def resident() -> float:
    """MB."""
    gc.collect()
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, metavar="DIR", required=True)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--endless", action="store_true")
    parser.add_argument("--sound", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sound:
        for block in noise(arguments.corpus, np.random.default_rng(1), endless=arguments.endless):
            sys.stdout.buffer.write(block.tobytes())
    print(machine.facts(), flush=True)
    ears = Hearing.of(*content(Options())).listener()
    own = spoken()
    began, samples, commands, sizes = time.monotonic(), 0, 0, []
    making = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", "--sound", *sys.argv[1:]], stdout=subprocess.PIPE
    )
    assert making.stdout is not None
    while data := making.stdout.read(2 * BLOCK):
        if samples % (WARM_S * RATE) < BLOCK and samples:
            sizes.append(resident())
            took = time.monotonic() - began
            print(f"{samples / HOUR:5.1f} h: {sizes[-1]:6.1f} MB, {commands} commands, {took:.0f} s", flush=True)
        if samples >= arguments.hours * HOUR:
            break
        samples += BLOCK
        heard = ears.hear(np.frombuffer(data, np.int16), samples / RATE, played=next(own))
        commands += sum(isinstance(one, Heard) for one in heard)
    making.kill()
    if making.wait() > 0:
        return 1  # it has told why
    growth = max(sizes[1:], default=sizes[0]) - sizes[0]
    print(f"over {samples / HOUR:.1f} h it grew by {growth:.1f} MB at most, from {sizes[0]:.1f} MB")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VoiceguideError as error:
        sys.exit(f"soak: {error}")
