"""What the voices are like: how well they're understood, how fast and how loud they speak, and what they cost.

    python -m benchmarks.voices [--quick] [VOICE …]

It needs pocketsphinx and pyloudnorm, which the extra `recipe` has. Fifty of the guide's sentences are rendered in
each voice, as a session has them: levelled, at its usual pace. PocketSphinx, whose model was trained on people,
writes down what it hears of the English ones, with its own general language model; ``--quick`` leaves that out. A
word counts as understood where it's in its place (Levenshtein's distance between the words), or one that sounds the
same: "babies" for "baby's". Loudness is ITU-R BS.1770's, integrated. Pauses are silences of 80 ms and more within a
sentence.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

import numpy as np

from benchmarks import machine
from voiceguide.language.language import load_language
from voiceguide.routine.library import in_language
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import frame_powers
from voiceguide.speech import catalogue
from voiceguide.speech.voice import DEFAULT_RATE, Voice

SENTENCES = 50
PAUSE_FRAMES = 8
"""Of 10 ms."""


def sentences(code: str) -> list[str]:
    """Fifty of the guide's sentences in a language, spread evenly over the massage and what it says of its own."""
    routine, language = in_language("infant-massage", code), load_language(code)
    said = [line for step in routine.steps for line in step.say]
    said += [line for lines in language.prompts.values() for line in lines if "{" not in line]
    said = [line for line in dict.fromkeys(said) if len(line.split()) >= 4]
    return [said[n * len(said) // SENTENCES] for n in range(SENTENCES)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def wrong(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many words have to be changed, left out or added to make one of the other."""
    row = list(range(len(heard) + 1))
    for n, one in enumerate(said, 1):
        last, row[0] = row[0], n
        for m, other in enumerate(heard, 1):
            last, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, last + (one != other))
    return row[-1]


def understood(spoken: Sequence[tuple[str, Pcm]]) -> float:
    """The share of words that PocketSphinx understands."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    hiss = np.random.default_rng(0)
    errors = total = 0

    def phones(text: str) -> list[str]:
        return [decoder.lookup_word(word) or word for word in words(text)]

    for text, pcm in spoken:
        sound = np.pad(pcm, RATE // 4) + hiss.normal(0, 8, len(pcm) + RATE // 2)  # no microphone is ever silent
        decoder.start_utt()
        decoder.process_raw(sound.astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp().hypstr if decoder.hyp() is not None else ""
        errors += wrong(phones(text), phones(heard))
        total += len(words(text))
    return 1 - errors / total


def pauses(pcm: Pcm) -> list[float]:
    """The pauses within a sentence, in seconds."""
    powers = frame_powers(pcm, RATE // 100)
    quiet = powers < powers.max() * 1e-4
    runs = "".join("." if one else "#" for one in quiet).strip(".")
    return [len(run) / 100 for run in re.findall(r"\.+", runs) if len(run) >= PAUSE_FRAMES]


def report(voice: Voice, known: catalogue.Known, *, listen: bool) -> str:
    import pyloudnorm

    texts = sentences(known.language or "en")
    spoken = [(text, voice.render(text, voice=known.name)) for text in texts]
    seconds = sum(len(pcm) for _, pcm in spoken) / RATE
    meter = pyloudnorm.Meter(RATE)
    loud = [meter.integrated_loudness(pcm / 32768) for _, pcm in spoken if len(pcm) > RATE // 2]
    silent = [one for _, pcm in spoken for one in pauses(pcm)]
    pause = f"{len(silent)} of {np.mean(silent):.2f} s" if silent else "none"
    heard = f"{understood(spoken):.0%}" if known.language == "en" and listen else "-"
    usual = load_language(known.language or "en").voice
    beside = sum(len(voice.render(text, voice=usual)) for text in texts) / RATE
    wpm = 60 * sum(len(text.split()) for text in texts) / seconds
    return (
        f"| {known.name} | {heard} | {wpm:.0f} | {beside / seconds:.3f} | {np.mean(loud):.1f} ± {np.std(loud):.1f} |"
        f" {pause} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voices", nargs="*", help="default: all that are installed")
    parser.add_argument("--quick", action="store_true", help="don't listen to them")
    arguments = parser.parse_args()
    names = arguments.voices
    usual = tuple(load_language(code).voice for code in ("en", "es", "fr"))
    chosen = [catalogue.find(name) for name in names] or catalogue.installed(usual)
    print(machine.facts())
    print(f"| voice | words understood | words a minute | pace beside {DEFAULT_RATE} | LUFS | pauses |")
    print("|---|---|---|---|---|---|")
    with Voice() as voice:
        for known in chosen:
            print(report(voice, known, listen=not arguments.quick), flush=True)


if __name__ == "__main__":
    main()
