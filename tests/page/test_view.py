"""What the page shows."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from player import Player, after, in_situation, infant_massage, language, some_events

from voiceguide.guide import events
from voiceguide.guide.situations import FINISHED, HOLDING, SITUATIONS, SPEAKING, TENDING, Situation
from voiceguide.hearing.ears import Heard
from voiceguide.language.command import Command
from voiceguide.language.language import known_languages, load_language
from voiceguide.page.document import door, page
from voiceguide.page.view import AT_MOST, OFFERED, TOUCHES, Picture, View, always
from voiceguide.page.words import words
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load
from voiceguide.sessions import entries

LARGEST = 4096
"""Bytes of a picture: what is kept for a browser that doesn't read is no more."""


def picture(p: Player, *happened: entries.Entry, view: View | None = None) -> Picture:
    made = (view or View(infant_massage(), language())).update(happened, p.guide, p.now)
    assert made is not None
    return made


def names(shown: Picture) -> list[str]:
    offers = shown["offers"]
    assert isinstance(offers, list)
    return [offer["name"] for offer in offers]


def test_a_step_is_shown_with_its_part_its_place_and_its_drawing() -> None:
    shown = picture(in_situation(SPEAKING), entries.Said(1.0, "Lovely. Let us begin."))
    assert (shown["part"], shown["title"], shown["place"]) == ("legs", "Asking your baby", "Step 1 of 28")
    assert (shown["drawing"], shown["saying"], shown["stroke"]) == ("ask", "Lovely. Let us begin.", None)


def test_the_time_of_a_stroke_is_shown_while_it_is_held() -> None:
    p = in_situation(HOLDING)
    p.now += 5.0
    assert picture(p)["stroke"] == {"left": 10.0, "of": 15.0}


def test_what_was_understood_is_shown_as_it_was_said() -> None:
    heard = Heard(Command("next"), "next one please", 1.0, 1.0, 2.0, 2.0)
    assert picture(in_situation(SPEAKING), entries.Heard(2.0, heard, True))["understood"] == "next one please"


def test_a_sentence_that_was_cut_off_is_not_shown_any_more() -> None:
    p, view = in_situation(SPEAKING), View(infant_massage(), language())
    assert picture(p, entries.Said(1.0, "Hello."), view=view)["saying"] == "Hello."
    assert picture(p, entries.Hushed(2.0), view=view)["saying"] == ""


def test_there_is_a_new_picture_only_when_something_has_changed() -> None:
    p, view = in_situation(SPEAKING), View(infant_massage(), language())
    assert view.update([], p.guide, 0.0) is not None
    assert view.update([], p.guide, 1.0) is None
    p.hear("pause")
    assert view.update([], p.guide, 2.0) is not None


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_offered_makes_sense_and_changes_something(situation: Situation) -> None:
    for name in names(picture(in_situation(situation))):
        p = in_situation(situation)
        p.give(events.Heard(TOUCHES[name]))
        assert p.guide.reaction is not None and p.guide.reaction.name not in ("not_now", "over", "nothing"), name


@pytest.mark.parametrize(("situation", "first"), [(SPEAKING, "next"), (TENDING, "resume"), (FINISHED, None)])
def test_the_most_useful_comes_first(situation: Situation, first: str | None) -> None:
    assert next(iter(names(picture(in_situation(situation)))), None) == first


@given(some_events)
def test_a_picture_is_small_and_plain_whatever_happens(happenings: list[random.Random]) -> None:
    p = after(happenings)
    shown = picture(p, entries.Said(p.now, p.said[-1]))
    assert len(json.dumps(shown)) < LARGEST
    assert len(names(shown)) <= AT_MOST


def test_every_step_of_a_massage_in_the_box_has_a_drawing() -> None:
    for path in all_routines():
        assert all(step.drawing for step in load(path).steps), path.name


@pytest.mark.parametrize("code", known_languages())
def test_the_page_has_its_words_in_every_language(code: str) -> None:
    spoken = load_language(code)
    assert words(code).keys() == words("en").keys() and (code == "en" or words(code) != words("en"))
    meanings = spoken.phrasebook().meanings
    for name, label in always(spoken).items():
        assert meanings[label.lower()] == TOUCHES[name]
    for name in OFFERED:
        assert spoken.example(TOUCHES[name])
    assert f'lang="{code}"' in page(spoken, "A title") and f'lang="{code}"' in door(spoken, "A title")


def test_a_title_cannot_add_to_the_page() -> None:
    assert "<script>alert" not in page(language(), "<script>alert(1)</script> {0} {language}")
