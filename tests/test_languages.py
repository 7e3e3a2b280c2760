"""All language files: each is as complete as the English one, and as safe; the massage in each of them, by typing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from string import Formatter

import pytest

from voiceguide.guide.commands import CALMING, NAMES, Command, Language, Phrasebook, known_languages, load_language
from voiceguide.guide.rules import COMFORT_SIGNS, REASONS, STRESS_SIGNS

LANGUAGES = known_languages()
OTHERS = [code for code in LANGUAGES if code != "en"]
FREQUENT = "ready next back repeat pause resume stop finish skip calm how_long where help".split()
TOLD = {
    "en": r"\b(?:You can say|[Ss]ay) ([^.?]*)",
    "es": r"\b(?:Puedes decir|[Dd]i) ([^.?]*)",
}
"""How a prompt introduces what the parent can say."""
AFTER = {
    "en": r",? when you\b.*|,? to (begin|go on|try again|finish|stay)\b|,? at any time| for today$",
    "es": r",? cuando quieras\b.*|,? para (comenzar|seguir|probar otra vez|terminar|quedarte)\b|,? en cualquier momento",
}
"""What a prompt says of when to say it."""
OR = {"en": "or", "es": "o"}


@cache
def book(code: str) -> Phrasebook:
    return load_language(code).phrasebook()


def places(language: Language, prompt: str) -> set[str]:
    return {
        name
        for sentence in language.prompts[prompt]
        for _, name, _, _ in Formatter().parse(sentence)
        if name is not None
    }


# As complete as English


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_command_sign_and_kind_of_crying_can_be_said(code: str) -> None:
    found = book(code).meanings.values()
    assert {command.name for command in found} == set(NAMES)
    assert {command.sign for command in found if command.name == "comfort"} == set(COMFORT_SIGNS)
    assert {command.sign for command in found if command.name == "stress"} == set(STRESS_SIGNS)
    assert {command.reason for command in found if command.sign == "crying"} == {None, *REASONS}
    assert any(command.danger for command in found)


@pytest.mark.parametrize("code", LANGUAGES)
def test_there_are_eight_ways_to_say_what_is_said_often(code: str) -> None:
    ways = Counter(command.name for command in book(code).meanings.values())
    assert {name: ways[name] for name in FREQUENT if ways[name] < 8} == {}


@pytest.mark.parametrize("code", OTHERS)
def test_every_prompt_is_there_with_all_that_is_filled_in(code: str) -> None:
    english, language = load_language("en"), load_language(code)
    assert language.prompts.keys() == english.prompts.keys()
    for prompt, sentences in english.prompts.items():
        assert bool(language.prompts[prompt]) == bool(sentences), prompt
        missing = places(english, prompt) - places(language, prompt)
        assert not missing, f"{prompt} does not say {missing}"


@pytest.mark.parametrize("code", OTHERS)
def test_every_part_that_can_be_named_in_english_can_be_named(code: str) -> None:
    assert len(load_language(code).parts) == len(load_language("en").parts)


@pytest.mark.parametrize("code", LANGUAGES)
def test_prompts_are_sentences(code: str) -> None:
    for sentences in load_language(code).prompts.values():
        for sentence in sentences:
            first = sentence.lstrip("¿¡")
            assert first[0] == "{" or first[0].isupper(), sentence
            assert sentence[-1] in ".?", sentence


# As safe


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_phrase_has_two_meanings(code: str) -> None:
    language = load_language(code)
    meant: dict[str, Command] = {}
    for template in language.templates:
        alone = replace(language, templates=(template,)).phrasebook().meanings
        assert alone, f"{template[0]} gives no phrase"
        for phrase, command in alone.items():
            assert meant.setdefault(phrase, command) == command, phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_obeyed_at_once_begins_nothing_else(code: str) -> None:
    """Nor would it where the baby has a name."""
    assert {p for p in book(code).ambiguous() if book(code).meanings[p].name in CALMING} == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_decoys_mean_nothing_and_light_words_are_not_all_of_a_phrase(code: str) -> None:
    assert not any(book(code).meaning(decoy) for decoy in load_language(code).decoys)
    words = {word for phrase in book(code).meanings for word in phrase.split()}
    assert book(code).light <= words
    assert [phrase for phrase in book(code).meanings if set(phrase.split()) <= book(code).light] == []


def told(code: str) -> Iterator[tuple[str, str]]:
    """Each phrase that a prompt tells the parent to say, and the prompt."""
    for sentences in load_language(code).prompts.values():
        for sentence in sentences:
            for phrases in re.findall(TOLD[code], sentence):
                for phrase in re.split(rf", {OR[code]} |, | {OR[code]} ", re.sub(AFTER[code], "", phrases)):
                    yield phrase, sentence


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_the_guide_tells_the_parent_to_say_is_understood(code: str) -> None:
    assert len(list(told(code))) > 40
    assert [(phrase, prompt) for phrase, prompt in told(code) if book(code).meaning(phrase) is None] == []
