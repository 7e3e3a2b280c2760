"""docs/clinical-review.md: every sentence on care, once in each language, for a clinician to sign."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from voiceguide.check.clinical_review import GROUPS, markdown
from voiceguide.language.language import known_languages, load_language
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load

PAGE = Path(__file__).parents[2] / "docs/clinical-review.md"
ROW = re.compile(r"^\| (.+) \| (`.+`) \| (.+) \| (.*)\|$", re.MULTILINE)


@cache
def rows() -> dict[str, tuple[str, str, str]]:
    """The places, the sources and the signature of each sentence."""
    return {sentence: (places, sources, signed) for sentence, places, sources, signed in ROW.findall(markdown())}


def test_the_page_is_up_to_date() -> None:
    """If not: python -m voiceguide.check.clinical_review > docs/clinical-review.md"""
    assert PAGE.read_text("utf-8") == markdown()


def test_it_says_that_nobody_has_signed_and_nobody_has() -> None:
    assert "**Nobody in health care has read or signed any of these sentences yet.**" in markdown()
    assert {signed for _, _, signed in rows().values()} == {""}


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_every_sentence_on_care_of_a_routine_is_here(path: Path) -> None:
    routine = load(path)
    assert routine.danger is not None
    said = [*routine.danger.say, *routine.mixed.say]
    said += [sentence for passage in routine.care.values() for sentence in passage.say]
    said += [sentence for sign in routine.signs.values() for sentence in (*sign.say, *sum(sign.reasons.values(), ()))]
    said += [sentence for item in routine.preparation for sentence in item.say]
    said += [sentence for passage in routine.closing for sentence in passage.say]
    if routine.whom == "baby":
        said += [sentence for step in routine.steps for sentence in step.say]
    assert len(said) > 60
    assert [sentence for sentence in said if sentence not in rows()] == []


def test_a_sentence_stands_here_with_all_its_places_and_sources() -> None:
    places, sources, _ = rows()["Take off jewellery, then wash and warm your hands."]
    assert {"`infant-massage: hands`", "`first-weeks: hands`"} <= {*places.split("<br>")}
    assert {"care-petrinafava", "care-common"} <= {*sources.split(", ")}


def test_the_guides_own_sentences_have_the_sources_of_sources_md_or_a_dash() -> None:
    assert rows()["In an emergency, dial *the number* first."][:2] == ("`en: help_first`", "care-emergency")
    assert rows()["We'll leave the massage for today."][:2] == ("`en: no_massage_today`", "–")


@pytest.mark.parametrize("code", known_languages())
def test_whatever_comes_between_or_is_asked_is_in_a_group(code: str) -> None:
    grouped = {prompt for _, prompts in GROUPS.values() for prompt in prompts}
    asked = {name for name in load_language(code).prompts if re.match(r"(away|ask|emergency)(_|$)", name)}
    assert asked - grouped == {"ask_finish", "away_back"}, "these two ask for a command, and no care"


def test_each_source_that_is_named_is_explained() -> None:
    keys = {key for _, sources, _ in rows().values() for key in sources.split(", ")} - {"–"}
    table = markdown().partition("\n## Sources\n")[2]
    assert [key for key in sorted(keys) if f"| {key} | " not in table] == []
