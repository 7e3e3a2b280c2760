"""docs/sources.md: every fact of the sources, with the place where the guide says it, and with what words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from voiceguide.language.language import load_language
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load

ROOT = Path(__file__).parents[2]
ARTICLE, CARE = ROOT.parent / "shared/source-article.md", ROOT.parent / "shared/facts/care.md"
BENEFIT = re.compile(r"  • (.+)")


@dataclass(frozen=True)
class Row:
    source: str
    fact: str
    places: tuple[tuple[str, str], ...]
    """Where it is said, and with what words."""


def rows() -> Iterator[Row]:
    """The rows of the page's tables: of two columns in the first (the article) and the last (general care)."""
    section = ""
    for line in (ROOT / "docs/sources.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        if not line.startswith("| ") or "said in |" in line:
            continue
        *head, places = (cell.strip() for cell in line.strip("|").split(" | "))
        source = {"The article": "article", "General care": "care-common"}.get(section, head[0])
        found = re.findall(r"`([^`]+)` “([^”]+)”", places)
        assert re.sub(r"`[^`]+` “[^”]+”|<br>", "", places).strip() == "" and found, line
        yield Row(source, head[-1], tuple(found))


@cache
def said() -> dict[str, tuple[str, frozenset[str]]]:
    """What is said in each place, and the sources that it names. The guide's own sentences name none."""
    found: dict[str, tuple[str, frozenset[str]]] = {}

    def add(place: str, say: tuple[str, ...], source: tuple[str, ...]) -> None:
        assert place not in found, place
        found[place] = (" ".join(say), frozenset(source))

    for path in all_routines():
        routine = load(path)
        own = path.read_text("utf-8")
        if routine.language != "en":
            continue  # a translation says the same
        for name in ("welcome", "closing", "why"):
            for n, passage in enumerate(getattr(routine, name), 1):
                add(f"{routine.id}: {name} {n}", passage.say, passage.source)
        for one in (*routine.preparation, *routine.steps):
            add(f"{routine.id}: {one.id}", one.say, one.source)
        if "\nmixed:" in own:
            add(f"{routine.id}: mixed", routine.mixed.say, routine.mixed.source)
        if "\nsigns:" in own:
            for sign in routine.signs.values():
                add(f"{routine.id}: {sign.id}", sign.say, sign.source if not sign.reasons else ())
                for reason, say in sign.reasons.items():
                    add(f"{routine.id}: {sign.id} {reason}", say, ())
            assert routine.danger is not None
            add(f"{routine.id}: danger", routine.danger.say, routine.danger.source)
        if "\ncare:" in own:
            for kind, passage in routine.care.items():
                add(f"{routine.id}: care {kind}", passage.say, passage.source)
    for name, prompt in load_language("en").prompts.items():
        add(f"en: {name}", prompt, ())
    return found


def plain(text: str) -> str:
    """Without emphasis, and with single spaces."""
    return " ".join(text.replace("*", "").split())


def holds(text: str, fact: str) -> bool:
    """Whether the pieces of a fact, between "…", stand in the text one after the other."""
    return re.search(".{0,200}?".join(map(re.escape, fact.split(" … "))), text) is not None


def source_text(path: Path) -> str:
    if not path.is_file():
        pytest.skip(f"{path.name} is not here: the sources are not part of the project")
    return plain(path.read_text("utf-8"))


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.fact[:40])
def test_each_place_says_it(row: Row) -> None:
    for place, words in row.places:
        assert place in said(), place
        assert words in said()[place][0], f"{place} does not say “{words}”"


def test_every_passage_that_names_a_source_stands_here_with_it() -> None:
    here = {(row.source, place) for row in rows() for place, _ in row.places}
    named = {(source, place) for place, (_, sources) in said().items() for source in sources}
    facts = {(source, place) for source, place in named if source == "article" or source.startswith("care-")}
    assert facts - here == set()


def test_no_row_names_a_source_that_its_passage_does_not() -> None:
    for row in rows():
        for place, _ in row.places:
            named = said()[place][1]
            assert not named or row.source in named, f"{place} does not name {row.source}"


def test_the_article_is_quoted_as_it_stands() -> None:
    text = source_text(ARTICLE)
    article = (ROOT / "docs/sources.md").read_text("utf-8").partition("## Care")[0]
    quoted = [row for row in rows() if row.source == "article" and f"| {row.fact} |" in article]
    assert [row.fact for row in quoted if not holds(text, row.fact)] == []


def test_the_care_facts_are_quoted_as_they_stand() -> None:
    text = source_text(CARE)
    general = (ROOT / "docs/sources.md").read_text("utf-8").partition("## General care")[2]
    quoted = [row for row in rows() if row.source != "article" and f"| {row.fact} |" not in general]
    assert len(quoted) > 50
    assert [row.fact for row in quoted if not holds(text, row.fact)] == []


def test_the_facts_of_more_routines_are_pieces_of_what_those_name() -> None:
    more = (ROOT / "docs/sources.md").read_text("utf-8").partition("## More routines")[2]
    routines = {routine.id: routine for routine in map(load, all_routines())}
    found = [row for row in rows() if f"| {row.source} | {row.fact} |" in more]
    assert len(found) > 25
    for row in found:
        for place, _ in row.places:
            named = routines[place.partition(":")[0]].sources[row.source]
            assert holds(plain(named), row.fact), (place, row.fact)


def test_every_benefit_and_every_sign_of_the_article_has_a_row_of_its_own() -> None:
    source_text(ARTICLE)
    lines = ARTICLE.read_text("utf-8").splitlines()
    benefits = [found[1].strip() for line in lines if (found := BENEFIT.fullmatch(line))]
    signs = [plain(sign) for line in lines if line.startswith("·") for sign in line.split("·") if sign.strip()]
    assert len(benefits) == 14 and len(signs) == 14
    facts = {row.fact for row in rows() if row.source == "article"}
    assert {*benefits, *signs} - facts == set()


def test_every_sentence_of_the_article_has_a_row() -> None:
    source_text(ARTICLE)
    prose = [line for line in ARTICLE.read_text("utf-8").splitlines() if len(line) > 80 and "·" not in line]
    sentences = [plain(sentence) for line in prose for sentence in re.split(r"(?<=\.)\s+", line) if sentence.strip()]
    facts = [row.fact for row in rows() if row.source == "article"]
    assert len(sentences) >= 12
    assert [sentence for sentence in sentences if not any(holds(sentence, fact) for fact in facts)] == []
