"""How often "hello guide" wakes the guide: when it is said, and when other things are.

    python -m benchmarks.wake --corpus DIR     # DIR: recordings of people who say other things, of cries, of kitchens

It listens as `run --wait` does. The phrases are said by voices of espeak-ng, in a quiet room.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import machine, progress, recordings
from voiceguide.errors import VoiceguideError
from voiceguide.hearing.ears import Heard
from voiceguide.language.language import load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions.assembly import Hearing
from voiceguide.sessions.idle import book_of
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import blocks_of
from voiceguide.speech.voice import Voice

VOICES = ("en-us+m7", "en-us+f2", "en-gb+m3", "en-gb+f4", "en-us", "en-gb-scotland", "en-us+f5", "en-gb-x-rp+m1")
RATES = (130, 170)
"""Words a minute: slow, and as people talk."""
HISS_LSB = 4.0
PAUSE = np.zeros(25 * BLOCK, np.int16)
"""Between two recordings, 0.75 s: the end of an utterance."""


class Idle:
    """One stream of sound, and what was heard in it."""

    def __init__(self) -> None:
        self.language = load_language("en")
        book = book_of(self.language, self.language.phrasebook(load(find("infant-massage")).parts))
        self._ears = Hearing.load(self.language, book).listener()
        self.seconds = 0.0

    def hear(self, blocks: Iterator[Pcm] | list[Pcm]) -> list[str]:
        """The phrases that woke it."""
        woken = []
        for block in blocks:
            self.seconds += len(block) / RATE
            heard = self._ears.hear(block, self.seconds)
            woken += [one.phrase for one in heard if isinstance(one, Heard) and one.phrase in self.language.wakes]
        return woken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    print(machine.facts())
    said()
    if arguments.corpus is not None:
        others(arguments.corpus)
    return 0


def said() -> None:
    idle, chance = Idle(), np.random.default_rng(0)
    heard = count = 0
    with Voice() as voice:
        for name in VOICES:
            for rate in RATES:
                for phrase in idle.language.wakes:
                    pcm = voice.render(phrase, voice=name, rate=rate) // 2
                    sound = np.pad(pcm, (RATE // 2, 3 * RATE // 2 + -len(pcm) % BLOCK))
                    sound = sound[: len(sound) // BLOCK * BLOCK]
                    sound = np.rint(sound + chance.normal(scale=HISS_LSB, size=len(sound))).astype(np.int16)
                    count += 1
                    heard += bool(idle.hear(list(sound.reshape(-1, BLOCK))))
            progress.show(f"{name}: {heard} of {count} so far")
    print(f"said: woken by {heard} of {count}")


def others(corpus: Path) -> None:
    idle = Idle()
    for folder in sorted(path for path in corpus.iterdir() if path.is_dir()):
        before, woken = idle.seconds, []
        for file in recordings.below(folder):
            try:
                found = idle.hear(blocks_of(file)) + idle.hear(list(PAUSE.reshape(-1, BLOCK)))
            except VoiceguideError as error:
                print(error, file=sys.stderr)
                continue
            woken += [f"{file.name}: {phrase}" for phrase in found]
        minutes = (idle.seconds - before) / 60
        print(f"{folder.name}: {minutes:.0f} minutes, woken {len(woken)} times {woken or ''}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
