"""``docs/clinical-review.md``, what a clinician should sign, made from the routines, the language files and
docs/sources.md: python -m voiceguide.check.clinical_review > docs/clinical-review.md"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from voiceguide.files.source import KeyPath, read
from voiceguide.language.language import known_languages, load_language
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import schema
from voiceguide.routine.rules import passage_of, sentences

SOURCES = Path(__file__).parents[2] / "docs" / "sources.md"

GROUPS = {
    "emergency": ("An emergency", ("emergency", "emergency_over", "help_first", "help_emergency", "hint_emergency")),
    "unwell": ("A baby who is unwell", ("no_massage_today", "care_missing", "away_cold", "away_hot")),
    "injury": ("A fall or an injury", ()),
    "distress": ("A parent who can't cope", ()),
    "sleep": ("Sleep", ("goodbye_early",)),
    "stress": (
        "Signs of stress, and crying",
        (
            *("stop_and_tend", "stop_and_tend_parent", "calm_again", "calm_enough", "signs_stress"),
            *("all_right", "crying_heard", "help_tending", "hint_tending", "ask_dislike"),
        ),
    ),
    "mixed": ("Mixed signs", ("mixed", "try_again")),
    "comfort": ("Signs of comfort", ("signs_comfort", "comfort_again")),
    "cautions": (
        "Cautions before the massage, and when something comes between",
        (
            *("away_nappy", "away_wind", "away_milk", "away_sneeze", "away_feed", "away_phone", "away_door"),
            *("away_away", "ask_age", "ask_feed", "ask_when", "ask_oil", "ask_clothes", "ask_comfort"),
        ),
    ),
    "strokes": (
        "Cautions in the strokes: where, how firmly, and what is left alone",
        (
            *("ask_side", "ask_direction", "ask_pressure", "ask_times", "ask_duration", "ask_speed", "ask_right"),
            "ask_hands",
        ),
    ),
    "after": ("After the massage", ()),
}
"""Each group's heading, and the guide's own sentences that belong to it, by the names of their prompts."""
_BY_PLACE = {
    "danger": "emergency",
    "preparation": "cautions",
    "parts": "strokes",
    "mixed": "mixed",
    "closing": "after",
    "tired": "sleep",
    "asleep": "sleep",
}
"""The groups of a routine's passages, by a key on the way to them, where it's another word."""

_INTRODUCTION = """# What a clinician should sign

This page is made from the routines, the language files and [sources.md](sources.md) by
`python -m voiceguide.check.clinical_review`; don't edit it by hand.

**Nobody in health care has read or signed any of these sentences yet.** They were written from the sources beside
them, by people who aren't clinicians.

Here is every sentence on care that the guide can say: in an emergency, where a baby is unwell or hurt, where a parent
can't cope, about sleep, at each sign, and as a caution before, in and after the massage. The most urgent come first.
What it says of the benefits of massage, when it's asked why, is in [sources.md](sources.md).

A *place* is as in sources.md: a routine, or a language for the guide's own sentences, and what stands there. A
*source* is a key, which the table at the end explains. A dash says that no source is named, and that the sentence
needs a look all the more. *The number* is the emergency number of the parent's country.

Whoever signs does it on a copy: name, profession and date in the last column, or what should be said instead. Each
sentence stands here once, with all its places, so a change is made in all of them.
"""


@dataclass(slots=True)
class _Row:
    places: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, place: str, sources: list[str]) -> None:
        self.places += [place] * (place not in self.places)
        self.sources += [source for source in sources if source not in self.sources]


def markdown() -> str:
    """The whole page."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    for code in sorted(known_languages(), key=lambda code: (code != "en", code)):
        found = _sentences(code)
        yield f"\n## {load_language(code).name}\n\n"
        yield f"{sum(map(len, found.values()))} sentences, of which 0 are signed.\n"
        for group, (heading, _) in GROUPS.items():
            yield f"\n### {heading}\n\n| sentence | said in | sources | signed by |\n|---|---|---|---|\n"
            for sentence, row in found[group].items():
                places = "<br>".join(f"`{place}`" for place in row.places)
                yield f"| {sentence} | {places} | {', '.join(row.sources) or '–'} | |\n"
    yield "\n## Sources\n\n| key | is |\n|---|---|\n"
    for key, titles in sorted(_titles().items()):
        yield f"| {key} | {'<br>'.join(titles)} |\n"


def _sentences(code: str) -> dict[str, dict[str, _Row]]:
    """The sentences of a language in each group, with where they stand."""
    found: dict[str, dict[str, _Row]] = {group: {} for group in GROUPS}
    language, named = load_language(code), _sources_of_prompts()
    for group, (_, prompts) in GROUPS.items():
        for prompt in prompts:
            for text in language.prompts[prompt]:
                sentence = text.replace(language.emergency_words, "*the number*")
                found[group].setdefault(sentence, _Row()).add(f"{code}: {prompt}", named.get(prompt, []))
    for path in all_routines():
        document = read(path, schema())
        if document.data["language"] != code:
            continue
        for where, text in sentences(document):
            passage = passage_of(where)
            if (group_of := _group(passage)) is None or (passage[0] == "parts" and "for" in document.data):
                continue
            inside = document.data
            for name in passage:
                inside = inside[name]
            source = inside.get("source", [])
            place = f"{path.stem}: {_place(passage, inside)}"
            row = found[group_of].setdefault(" ".join(text.split()), _Row())
            row.add(place, [source] if isinstance(source, str) else source)
    return found


def _group(passage: KeyPath) -> str | None:
    """The group of a passage; None for what isn't about care."""
    keys = [str(key) for key in passage]
    if keys[0] in ("care", "signs"):
        return _BY_PLACE.get(keys[1], keys[1])
    return _BY_PLACE.get(keys[0])


def _place(passage: KeyPath, inside: dict[str, object]) -> str:
    """A passage as docs/sources.md names it."""
    if "id" in inside:
        return str(inside["id"])
    if passage[0] == "signs":
        return " ".join(str(key) for key in passage[2:] if key != "reasons")
    return " ".join(str(key + 1 if isinstance(key, int) else key) for key in passage)


def _sources_of_prompts() -> dict[str, list[str]]:
    """The keys of the sources that docs/sources.md names for the guide's own sentences, by the names of prompts."""
    found: dict[str, list[str]] = {}
    of_section = {"## The article": "article", "## General care": "care-common"}
    section = ""
    for line in SOURCES.read_text("utf-8").splitlines():
        section = line if line.startswith("## ") else section
        for prompt in re.findall(r"`en: (\w+)`", line):
            key = of_section.get(section) or line.strip("| ").split(" | ")[0]
            if key not in found.setdefault(prompt, []):
                found[prompt].append(key)
    return found


def _titles() -> dict[str, list[str]]:
    """The titles that the routines give to each source."""
    found: dict[str, list[str]] = {}
    for path in all_routines():
        for key, title in read(path, schema()).data["sources"].items():
            titles = found.setdefault(key, [])
            titles += [" ".join(title.split())] * (" ".join(title.split()) not in titles)
    return found


if __name__ == "__main__":
    print(markdown(), end="")
