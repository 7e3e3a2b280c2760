"""How well a model hears people: commands obeyed against commands that nobody gave, as tables and as curves.

    python -m benchmarks.people --packs DIR [--corpus DIR] [--spoken DIR] [--model DIR] [--hours N] [--only NAME]…

--packs: a folder of packed recordings, NAME-NN.opus with NAME-NN.jsonl beside it, a line for each recording: kind,
text, speaker, first sample, number of samples. Taken are speech-commands-validation (people say "stop", "yes", "no"
and other single words), common-voice-tuning (people read sentences), librispeech (books) and wuw (telephone).
--spoken: a folder of recordings VOICE/PHRASE.wav, of phrases by a voice that no training has heard. --corpus: with
noise/kitchen.flac and cries/; the commands are heard in them too, by the held-out voices of the recipe as well.

Each recording is brought to a level drawn for it, from across a table to close by, and has 1.2 s of a microphone's
hiss before the next one. Everything goes through the listener of a session, with its bars at nothing, so that one
pass gives the whole curve: a shift moves all bars together, in log odds, and 0 is what a session uses.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from models.recipe.measures.figures import poisson
from models.recipe.measures.mix import LEVELS_DB, Samples, chance_for, cries, kitchen, mixed
from models.recipe.measures.speech import VOICES, Speaker, sample
from voiceguide.hearing import judge
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import ADVANCING, CALMING
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition import models
from voiceguide.recognition.model import Model, known
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording

GAP_S = 1.2
SHIFTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)
"""By how much all bars are moved, in log odds, for the curve."""
PACKS = {
    "speech-commands-validation": "tuned on, not trained on",
    "common-voice-tuning": "tuned on, not trained on",
    "librispeech": "trained on: an underestimate",
    "wuw": "trained on: an underestimate",
}
COMMANDS = ("stop", "yes", "no")
"""The words of speech-commands that are commands."""
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: what is said in it, empty where that is not known, and by whom."""

    text: str
    speaker: str
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Result:
    """What was heard in some clips, whatever its confidence."""

    clips: Sequence[Clip]
    starts: Sequence[float]
    heard: Sequence[Heard]
    seconds: float

    def over(self, shift: float) -> list[Heard]:
        """What is obeyed with all bars moved by ``shift`` log odds."""
        return [one for one in self.heard if _odds(one.confidence) >= _odds(judge.least(one.command)) + shift]

    def of(self, one: Heard) -> int:
        """The clip in which it was said."""
        return max(0, bisect_right(self.starts, (one.at + one.until) / 2) - 1)


def _odds(probability: float) -> float:
    inside = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))


def packed(folder: Path, name: str) -> Iterator[Clip]:
    """The recordings of a pack, in its order."""
    for index in sorted(folder.glob(f"{name}-[0-9][0-9].jsonl")):
        pcm, _ = soundfile.read(index.with_suffix(".opus"), dtype="int16")
        for line in index.read_text("utf-8").splitlines():
            _, text, speaker, first, samples = json.loads(line)
            yield Clip(text, speaker, pcm[first : first + samples])


def spoken(folder: Path) -> Iterator[Clip]:
    """Recordings VOICE/PHRASE.wav."""
    for path in sorted(folder.glob("*/*.wav")):
        yield Clip(path.stem, path.parent.name, read_recording(path))


def hear(model: Model, book: Phrasebook, clips: Iterable[Clip], noise: Samples | None, snr_db: float) -> Result:
    """One after the other, by one listener, as a session would."""
    listener = Listener(model, book, lambda command: 0.0)
    taken, starts, heard, now = [], [], list[Heard](), 0.0
    for number, clip in enumerate(clips):
        chance = chance_for(number, clip.text, clip.speaker)
        level = float(chance.uniform(*LEVELS_DB))
        sound = mixed(clip.pcm, chance, noise=noise, snr_db=snr_db, level_db=level)
        taken.append(clip)
        starts.append(now)
        for first in range(0, len(sound.pcm), BLOCK):
            now += BLOCK / RATE
            heard += [one for one in listener.hear(sound.pcm[first : first + BLOCK], now) if isinstance(one, Heard)]
        if sys.stderr.isatty():
            print(f"\r{number} ", end="", file=sys.stderr)
    return Result(taken, starts, heard, now)


def hits(result: Result, book: Phrasebook, shift: float, words: Sequence[str] = ()) -> tuple[int, int]:
    """How many commands were obeyed as meant and not otherwise, and how many were given; ``words``: only these."""
    given = [n for n, clip in enumerate(result.clips) if not words or clip.text in words]
    commands: dict[int, set[str]] = {}
    for one in result.over(shift):
        commands.setdefault(result.of(one), set()).add(str(one.command))
    return sum(commands.get(n) == {str(book.meaning(result.clips[n].text))} for n in given), len(given)


def false(result: Result, shift: float, words: Sequence[str] = ()) -> list[Heard]:
    """What was heard in clips in which no command is said; ``words``: but for those that say one of these."""
    return [one for one in result.over(shift) if result.clips[result.of(one)].text not in words]


def rates(heard: Sequence[Heard], hours: float) -> str:
    """False commands an hour: calming, others, advancing, and danger, with the most that it may be."""
    kinds = (
        [one for one in heard if one.command.name in CALMING],
        [one for one in heard if one.command.name not in CALMING and one.command.name not in ADVANCING],
        [one for one in heard if one.command.name in ADVANCING],
        [one for one in heard if one.command.danger],
    )
    return " | ".join(f"{len(kind) / hours:.1f} ({poisson(len(kind))[1] / hours:.1f})" for kind in kinds)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--spoken", type=Path)
    parser.add_argument(
        "--speech", type=Path, default=Path("/tmp/voiceguide-speech"), help="cache of rendered speech"
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--hours", type=float, default=math.inf, help="of each pack, at most")
    parser.add_argument("--every", type=int, default=1, help="take every Nth command only")
    parser.add_argument("--only", action="append", default=[], help="a pack, `spoken` or `synthetic`")
    given = parser.parse_args()
    routine = load(find("infant-massage"))
    model = models.load(given.model or models.box(), routine.pronounce)
    book = known(model, load_language("en").phrasebook(routine.parts))
    print("In brackets: the most that it may be, by 95 %.\n")
    for name, trained in PACKS.items():
        if given.only and name not in given.only:
            continue
        result = hear(model, book, _limited(packed(given.packs, name), given.hours), None, 0.0)
        if not result.clips:
            continue
        words = COMMANDS if name.startswith("speech-commands") else ()
        hours = sum(len(clip.pcm) for clip in result.clips if clip.text not in words) / RATE / 3600
        print(f"**{name}** ({trained}): {len(result.clips)} recordings, {hours:.2f} h in which no command is said\n")
        print("| shift | obeyed | taken, % | calming an hour | other | advancing | danger |")
        print("|---" * 7 + "|")
        for shift in SHIFTS:
            right, of = hits(result, book, shift, words) if words else (0, 0)
            wrong = false(result, shift, words)
            share = 100 * len({result.of(one) for one in wrong}) / sum(c.text not in words for c in result.clips)
            obeyed = f"{100 * right / of:.1f} %" if of else "-"
            print(f"| {shift:+.1f} | {obeyed} | {share:.2f} | {rates(wrong, hours)} |")
        sure = [one for one in result.over(0.0) if one.confidence >= SURE]
        said = sum(book.meaning(result.clips[result.of(one)].text) == one.command for one in sure)
        print(f"\nof {len(sure)} obeyed at {SURE} and more, {said} were said")
        wrong = false(result, 0.0, words)
        print(
            "heard:", ", ".join(f"{one.phrase} {one.confidence:.2f}" for one in wrong) or "nothing", "\n", flush=True
        )
    sets: dict[str, list[Clip]] = {}
    if given.spoken and (not given.only or "spoken" in given.only):
        sets["spoken"] = [clip for clip in spoken(given.spoken) if book.meaning(clip.text)][:: given.every]
    if given.corpus and (not given.only or "synthetic" in given.only):
        speaker = Speaker(given.speech)
        phrases = sample(book)[:: given.every]
        speaker.prepare(phrases)
        sets["synthetic"] = [
            Clip(phrase, voice, speaker.say(phrase, voice)) for voice in VOICES for phrase in phrases
        ]
    for name, clips in sets.items():
        print(f"**{name}**: {len(clips)} commands by voices that no training has heard, in %; danger signs apart\n")
        print(f"| condition | {' | '.join(f'{shift:+.1f}' for shift in SHIFTS)} | danger |")
        print("|---" * (len(SHIFTS) + 2) + "|")
        noises: list[tuple[str, Samples | None, float]] = [("quiet", None, 0.0)]
        if given.corpus:
            for kind, noise in (("kitchen", kitchen(given.corpus)), ("cries", cries(given.corpus))):
                noises += [(f"{kind} {snr} dB", noise, snr) for snr in (10.0, 5.0)]
        for condition, noise, snr_db in noises:
            result = hear(model, book, clips, noise, snr_db)
            shares = [hits(result, book, shift) for shift in SHIFTS]
            dangers = [clip.text for clip in clips if book.meanings[normal(clip.text)].danger]
            danger = hits(result, book, 0.0, dangers) if dangers else (0, 0)
            print(
                f"| {condition} | {' | '.join(f'{100 * right / of:.1f}' for right, of in shares)} "
                f"| {danger[0]} of {danger[1]} |",
                flush=True,
            )
        print()


def _limited(clips: Iterable[Clip], hours: float) -> Iterator[Clip]:
    total = 0.0
    for clip in clips:
        total += len(clip.pcm) / RATE / 3600
        if total > hours:
            return
        yield clip


if __name__ == "__main__":
    main()
