"""Writes the model card: what a model is, what it was trained on, and how well it hears.

    python -m models.recipe.card --model models/voiceguide-en --figures FIGURES.json

FIGURES.json is the figures.json of ``models.recipe.evaluate``. The model's facts.json is written by the training:

| key | what |
|---|---|
| name | the model's folder, ``voiceguide-en`` |
| licence | of the model |
| runs | the trainings, the first one first: ``command``; ``data``, a list of ``what``, ``hours`` (of different sound,
copies not counted), ``source``, ``licence``; ``voices``, by engine those trained on; ``told``, what came of it |
| network | ``parameters``, ``layers`` (a sentence), ``left_context_s``, ``right_context_s``, ``frame_s`` |
| words, pronunciations | counts of the lexicon |
| since | paragraphs, if the figures are of the model before its last training: how the two compare |
| limits | sentences, besides those that follow from how it is measured |
| tried | paragraphs: what was tried against the bars that it misses, and what would help most. A training leaves it
empty; it is written by hand when the figures are known |
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.recipe.measures.figures import BARS, found, reaches
from models.recipe.measures.report import table, tables
from models.recipe.split import HELD_OUT_ESPEAK, HELD_OUT_FESTIVAL, HELD_OUT_FLITE

FACTS = "facts.json"
"""In the model's folder."""
EVALUATE = "python -m models.recipe.evaluate --model models/{name} --recordings DIR --out OUT"
ONLY = {
    "Commands": "commands",
    "Commands, voice by voice": "commands",
    "Reaction": "reaction",
    "What is no command": "out_of_grammar",
    "Coffee orders by real people": "coffee",
    "Commands that nobody gave": "false_alarms",
    "Real people": "people",
    "Cost": "cost",
    "Beside PocketSphinx": "pocketsphinx",
}
"""The test that makes each table."""


def _text(lines: str) -> str:
    """A paragraph on one line."""
    return " ".join(lines.split())


MEANS = {
    "Commands": _text("""
Spoken by synthetic voices that it was not trained on, of each kind of command the same number of phrases, at
levels drawn by chance from -40 to -22 dBFS, and heard by the listener with all its rules. *Obeyed*: what was
meant was done, and nothing else. The noises are the recordings' held-out part; how far they are below the voice
is counted over the blocks in which the voice sounds. Decision times are audio time from the end of the speech.
"""),
    "Reaction": _text("""
Vosk alone, in quiet, a partial result every 30 ms: audio time from the end of the speech (the last sample over 2
% of the rendering's peak) to the first partial result that is the phrase and stays so. Negative: before the last
sound has died away.
"""),
    "What is no command": _text("""
Near misses and sentences of a room with a baby, by the same voices, in quiet.
"""),
    "Coffee orders by real people": _text("""
Held-out recordings. Every slot must be right; the words of Vosk's final results count, no certainty is asked.
Speakers of the held-out orders may also have spoken some that were trained on: the recordings do not say who
speaks.
"""),
    "Commands that nobody gave": _text("""
Recordings in which nobody speaks to the guide, through the listener. *Held out*: the fifth that was kept from
training; *in training*: the other four fifths. Where the label says that a command was spoken ("emergency"), nothing
is false, and the recording is left out. Rates with their exact 95 % intervals; pauses of 1 s between the
recordings are counted in the hours.
"""),
    "Real people": _text("""
People whom no training has heard: the validation speakers of Google Speech Commands (CC BY 4.0) saying single words,
and others reading a sentence each for Common Voice (CC0), none of it meant for the guide. Close to the microphone, in
quiet. The listener may be tuned on these recordings, so they say how models differ, not how well others are heard.
"""),
    "Cost": _text("""
One core, blocks of 30 ms with a partial result each, the grammar of a session; processor time, the median of
three runs, in a process with Vosk and the model alone.
"""),
    "Beside PocketSphinx": _text("""
PocketSphinx 5 with the model that it comes with and the same phrases, the same sound, in the same run. Its memory
is what it adds to a bare process; reaction of *voiceguide* is its decision.
"""),
}
"""The text above each table."""
LIMITS = (
    "Of the guide's commands, real people say only single words (yes, no, stop) in the recordings it was trained on "
    "and tested with. All other figures for commands come from synthetic voices.",
    "Three of the five voices that test it are of espeak-ng, other voices of which it was trained on: an easier test "
    "than the two others.",
    "The noise is added to the voice. People speak differently in noise.",
    "Children, far microphones and most accents are not measured. English only.",
    "It is made for a closed set of phrases, and is no use for dictation.",
)


def card(facts: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """The text of the card, in Markdown. Raises KeyError if a fact is missing."""
    network, run = facts["network"], figures.get("run", {})
    evaluate = EVALUATE.format(name=facts["name"])
    missed = [bar.what for bar in BARS if (value := found(figures, bar.path)) is not None and not reaches(value, bar)]
    made = tables(figures)
    parts = [
        f"# {facts['name']}",
        "A small Vosk model for spoken English commands, trained from scratch for voiceguide; no other model went "
        f"into it. Licence: {facts['licence']}.",
        table(
            ("", ""),
            (
                ("network", network["layers"]),
                ("parameters", f"{network['parameters']:,}"),
                ("context", f"{network['left_context_s']:.2f} s before, {network['right_context_s']:.2f} s after"),
                ("output", f"every {1000 * network['frame_s']:.0f} ms"),
                ("sound", "16 kHz mono"),
                ("vocabulary", f"{facts['words']:,} words, {facts['pronunciations']:,} pronunciations"),
                ("made by", "; then ".join(f"`{one['command']}`" for one in facts["runs"])),
            ),
        ),
        "## What it was trained on",
        *(_run(one, number if len(facts["runs"]) > 1 else 0) for number, one in enumerate(facts["runs"], start=1)),
        "## What it was not trained on",
        "What `models/recipe/split.py` keeps for measuring: a fixed fifth of the other recordings (by file "
        "name, cries by device), the validation and test speakers of public corpora, the last fifth of the kitchen "
        "noise, and the voices "
        + ", ".join((*HELD_OUT_FESTIVAL, *HELD_OUT_FLITE, *HELD_OUT_ESPEAK))
        + " (festival, flite, espeak-ng). The figures below are about these.",
        "## How well it hears",
        *(["### Since these figures were measured", *facts["since"], "### Bars"] if facts.get("since") else []),
        "Every share with its 95 % interval (Wilson). All of it is made by",
        f"```\n{evaluate}\n```",
        f"Measured on {run.get('machine', 'an unnamed machine')}"
        + (f", on every {run['every']}th item only" if run.get("every", 1) > 1 else "")
        + ". "
        + (f"Missed: {'; '.join(missed)}." if missed else "No bar is missed."),
        made.pop("Bars"),
    ]
    if facts["tried"]:
        parts += ["### What was tried, and what would help most", *facts["tried"]]
    for heading, content in made.items():
        parts += [f"### {heading}", *([MEANS[heading]] if heading in MEANS else []), content]
        parts.append(f"`{evaluate} --only {ONLY[heading]}`")
    parts += ["## Limits", "\n".join(f"* {limit}" for limit in (*LIMITS, *facts["limits"]))]
    return "\n\n".join(parts) + "\n"


def _run(run: Mapping[str, Any], number: int) -> str:
    """One training. ``number``: its number if there were several, else 0."""
    rows = [(row["what"], f"{row['hours']:.2f}", row["source"], row["licence"]) for row in run["data"]]
    total = sum(row["hours"] for row in run["data"])
    names = {"espeak": "espeak-ng", "pico": "Pico"}
    voices = "; ".join(f"{names.get(engine, engine)}: {', '.join(of)}" for engine, of in run["voices"].items())
    return "\n\n".join(
        (
            *([f"### Training {number}: `{run['command']}`"] if number else []),
            table(("what", "hours", "source", "licence"), [*rows, ("**together**", f"**{total:.2f}**", "", "")]),
            f"Voices: {voices}.",
            run["told"],
        )
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--figures", type=Path, required=True)
    given = parser.parse_args(arguments)
    facts, figures = (json.loads(path.read_text("utf-8")) for path in (given.model / FACTS, given.figures))
    (given.model / "README.md").write_text(card(facts, figures), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
