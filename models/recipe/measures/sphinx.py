"""The same sound through voiceguide and through PocketSphinx, with the model that it ships.

PocketSphinx is set up as well as possible. It gets the phrases and decoys as one small finite-state grammar with
shared prefixes and suffixes (a plain list of phrases takes twenty times as long), and pronunciations of the words
that its dictionary lacks. Since a grammar has no word for anything else, a second row adds a loop over all phones
that competes with the phrases. (Keyphrase spotting was tried with thresholds of 1e-3, 1e-8 and 1e-15 for each word:
of 21 commands in quiet at most 5 were right, and 16 of 17 other sentences were taken for a command. It is not made
for so large a set.) Each recording goes in whole, so that the cepstral mean is that of all of it: of 21 commands amid
cries it got 4 right that way, and 1 block by block. Reaction is measured in a second pass, in blocks. A result is
right if it means the command, in whatever words."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from models.recipe.measures.alarms import with_pause
from models.recipe.measures.commands import conditions, heard_in, spoken, vosk_alone
from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure, share, spread
from models.recipe.measures.speech import OUTSIDE, PHRASES_OF_A_KIND, VOICES, sample
from models.recipe.split import held_out
from voiceguide.hearing.listener import Listener
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.files import read_recording

LACKING = {"clasping": "K L AE S P IH NG", "hiccuping": "HH IH K AH P IH NG", "wriggling": "R IH G L IH NG"}
"""Pronunciations that the dictionary of PocketSphinx 5.1 lacks."""
PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
LOOP = 1.0
"""The weight of the phone loop; that of the phrases is 1. At 1e-4 it rejects almost nothing. At 1, only 4 instead of
7 of 28 sentences outside the grammar were taken for a command, but 21 instead of 24 of 32 commands in quiet were
right."""
CONDITIONS = ("clean", "cries 10 dB", "kitchen 10 dB")
WORDS = 40
"""How many recordings of single words."""

Hear = Callable[[Pcm], tuple[str | None, float | None]]
"""The phrase that a recording is taken for, or None; and the time in seconds from which it stayed the result."""


@dataclass(frozen=True, slots=True)
class Ears:
    """A recogniser: on a whole recording, and in blocks if that is different."""

    hear: Hear
    in_blocks: Hear | None = None


def pocketsphinx(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """For each recogniser: shares right in three conditions, shares of what is no command that was taken for one,
    rtf, memory (what it adds to a process), and the reaction of partial results in quiet.

    Raises ImportError if PocketSphinx is not installed."""
    ears: dict[str, Callable[[], Ears]] = {
        "voiceguide": lambda: Ears(lambda pcm: _voiceguide(context, pcm)),
        "Vosk alone, this model": lambda: Ears(lambda pcm: _vosk(context, pcm)),
        "PocketSphinx, grammar": lambda: Sphinx(context.book).ears(),
        "PocketSphinx, grammar and phone loop": lambda: Sphinx(context.book, loop=LOOP).ears(),
    }
    if all(name in done for name in ears):
        return
    import_module("pocketsphinx")  # before anything is measured
    context.speaker.prepare([*sample(context.book), *OUTSIDE])
    sounds = _sounds(context)
    for name, make in ears.items():
        if name not in done:
            yield name, _compared(context.book, make(), sounds) | _memory(context, name)


def _sounds(context: Context) -> dict[str, list[tuple[str, Pcm, float]]]:
    """For each measurement: what is said, the sound, and when the speech ends."""
    phrases = context.some(sample(context.book)[::PHRASES_OF_A_KIND])  # that which people are told to say
    sounds = {
        name: [
            (phrase, one.pcm, one.end)
            for n, phrase in enumerate(phrases)
            for one in [spoken(context, phrase, VOICES[n % len(VOICES)], name, noise, snr_db)]
        ]
        for name, noise, snr_db in conditions(context.recordings)
        if name in CONDITIONS
    }
    outside = list(enumerate(context.some(OUTSIDE)))[::3]
    sounds["outside"] = [
        (text, spoken(context, text, VOICES[n % len(VOICES)], "clean").pcm, 0.0) for n, text in outside
    ]
    files = [path for path in sorted((context.recordings / "words").rglob("*.flac")) if held_out(path)]
    chosen = files[:: max(1, len(files) // WORDS) * context.every]
    sounds["words"] = [("", with_pause(read_recording(path), path), 0.0) for path in chosen]
    return sounds


def _compared(book: Phrasebook, ears: Ears, sounds: Mapping[str, Sequence[tuple[str, Pcm, float]]]) -> Figure:
    figure: Figure = {}
    times: list[float] = []
    took = audio = 0.0
    for what, recordings in sounds.items():
        count = 0
        for said, pcm, end in recordings:
            began = time.process_time()
            phrase, since = ears.hear(pcm)
            took += time.process_time() - began
            audio += len(pcm) / RATE
            if what in CONDITIONS:
                count += phrase is not None and book.meanings[phrase] == book.meanings[said]
                if what == "clean" and ears.in_blocks is not None:
                    phrase, since = ears.in_blocks(pcm)
                if what == "clean" and phrase == said and since is not None:
                    times.append(since - end)
            else:
                count += phrase is not None
        figure[what] = share(count, len(recordings))
    return figure | {"rtf": took / audio, "reaction": spread(times)}


def _voiceguide(context: Context, pcm: Pcm) -> tuple[str | None, float | None]:
    heard = heard_in(Listener(context.model, context.book), pcm)
    return (heard[0].phrase, heard[0].decided) if heard else (None, None)


def _vosk(context: Context, pcm: Pcm) -> tuple[str | None, float | None]:
    finals, since = vosk_alone(context, pcm)
    return (finals[0], since) if len(finals) == 1 and finals[0] in context.book.meanings else (None, None)


class Sphinx:
    """PocketSphinx with the phrases of a routine."""

    def __init__(self, book: Phrasebook, *, loop: float | None = None) -> None:
        """``loop``: the weight of the loop over all phones, if there is to be one."""
        pocketsphinx: Any = import_module("pocketsphinx")
        self._meanings = book.meanings
        base = Path(pocketsphinx.get_model_path()) / "en-us"
        dictionary = str(base / "cmudict-en-us.dict")
        self._decoder = pocketsphinx.Decoder(
            hmm=str(base / "en-us"), dict=dictionary, lm=None, cmn="batch", loglevel="FATAL"
        )
        words = {word for phrase in (*book.meanings, *book.decoys) for word in phrase.split()}
        for word in words:
            if self._decoder.lookup_word(word) is None and word in LACKING:
                self._decoder.add_word(word, LACKING[word], True)
        known = {word for word in words if self._decoder.lookup_word(word) is not None}
        phrases = [phrase for phrase in (*book.meanings, *book.decoys) if known.issuperset(phrase.split())]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "phrases")
            for phone in PHONES if loop is not None else ():
                self._decoder.add_word(f"one-{phone.lower()}", phone, True)
            path.write_text(grammar(phrases, loop), "utf-8")
            read = pocketsphinx.FsgModel.readfile(str(path), self._decoder.logmath, 6.5)
            self._decoder.add_fsg("phrases", read)
        self._decoder.activate_search("phrases")

    def ears(self) -> Ears:
        """Both ways to hear."""
        return Ears(self.hear, self.in_blocks)

    def hear(self, pcm: Pcm) -> tuple[str | None, float | None]:
        """See Hear: the whole recording at once, so there is no time."""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        text = self._text()
        return (text if text in self._meanings else None), None

    def in_blocks(self, pcm: Pcm) -> tuple[str | None, float | None]:
        """See Hear."""
        text, since = "", 0.0
        self._decoder.start_utt()
        for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
            self._decoder.process_raw(pcm[i : i + BLOCK].tobytes())
            now = self._text()
            if now != text:
                text, since = now, (i + BLOCK) / RATE
        self._decoder.end_utt()
        final = self._text()
        return (final if final in self._meanings else None), (since if final == text else None)

    def _text(self) -> str:
        hypothesis = self._decoder.hyp()
        return "" if hypothesis is None else str(hypothesis.hypstr).strip()


def grammar(phrases: Sequence[str], loop: float | None) -> str:
    """A finite-state grammar in PocketSphinx's format: exactly the phrases, sharing beginnings and ends."""
    tree: dict[str, Any] = {}
    for phrase in phrases:
        node = tree
        for word in phrase.split():
            node = node.setdefault(word, {})
        node[""] = {}
    states: dict[object, int] = {((), True): 0}
    arcs: list[str] = []

    def state(node: dict[str, Any]) -> int:
        after = tuple(sorted((word, state(rest)) for word, rest in node.items() if word))
        key = (after, "" in node)
        if key not in states:
            states[key] = len(states)
            arcs.extend(f"TRANSITION {states[key]} {to} 1.0 {word}" for word, to in after)
            if key[1]:
                arcs.append(f"TRANSITION {states[key]} 0 1.0")
        return states[key]

    start, count = state(tree), len(states)
    if loop is not None:
        for phone in PHONES:
            for source, weight in ((start, loop), (count, 1.0)):
                arcs.append(f"TRANSITION {source} {count} {weight / len(PHONES):.6g} one-{phone.lower()}")
        arcs.append(f"TRANSITION {count} 0 1.0")
        count += 1
    head = ["FSG_BEGIN phrases", f"NUM_STATES {count}", f"START_STATE {start}", "FINAL_STATE 0"]
    return "\n".join([*head, *arcs, "FSG_END"]) + "\n"


def _memory(context: Context, name: str) -> Figure:
    """The most memory that it adds to a process while it hears ten seconds of noise."""
    if name.startswith("PocketSphinx"):
        hear = f"Sphinx(book, loop={LOOP if 'loop' in name else None}).hear(noise)"
    else:
        hear = f"heard_in(Listener(models.load(Path({str(context.folder)!r})), book), noise)"
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "import numpy\n"
        "from models.recipe.measures.sphinx import Sphinx, heard_in, Listener\n"
        "from models.recipe.measures.vosk_alone import peak_mb\n"
        "from voiceguide.language.command import Command\n"
        "from voiceguide.language.phrasebook import Phrasebook\n"
        "from voiceguide.recognition import models\n"
        "phrases, decoys = json.load(sys.stdin)\n"
        "book = Phrasebook(dict.fromkeys(phrases, Command('next')), tuple(decoys))\n"
        f"noise = numpy.random.default_rng(0).integers(-300, 300, {10 * RATE}, 'int16')\n"
        "before = peak_mb()\n"
        f"{hear}\n"
        "print(peak_mb() - before)\n"
    )
    book = json.dumps([list(context.book.meanings), context.book.decoys])
    run = subprocess.run([sys.executable, "-c", program], input=book, check=True, capture_output=True, text=True)
    return {"rss_mb": float(run.stdout)}
