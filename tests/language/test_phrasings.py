"""Every phrasing of every command: from template to phrase, to a voice, to the recogniser, to the command.

Two voices take turns, with a third of the phrases. ``python -m benchmarks.phrasings`` lets each of them say all.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import pytest

from benchmarks.phrasings import VOICES, by_turns, try_all
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import NAMES
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.speech.voice import Voice


@pytest.mark.parametrize("name", NAMES)
def test_there_are_eight_ways_to_say_it(name: str) -> None:
    phrases = load_language("en").phrasebook(load(find("infant-massage")).parts).meanings
    assert sum(command.name == name for command in phrases.values()) >= 8


def test_by_turns_every_template_is_there() -> None:
    language, parts = load_language("en"), load(find("infant-massage")).parts
    book = language.phrasebook(parts)
    spoken = set(by_turns(language, parts))
    assert len(spoken - set(book.meanings)) <= 2, "one part twice, by two of its names"
    assert {book.meanings.get(phrase) for phrase in spoken} >= {
        command for _, command in language.templates if command.name not in ("goto", "leave_out", "only")
    }


@pytest.mark.parametrize("turn", range(2))
def test_97_of_100_phrasings_are_understood(turn: int, vosk_model: Any, book: Phrasebook, voice: Voice) -> None:
    """Each third of them: to hear all of them takes minutes."""
    language, parts = load_language("en"), load(find("infant-massage")).parts
    phrases = islice(by_turns(language, parts), 2 * turn, None, 6)
    wrong, tried = [], Counter[str]()
    for one in try_all(phrases, book, Listener(vosk_model, book), voice, voices=1):
        tried[one.voice] += 1
        if not one.right:
            wrong.append(one)
    assert set(tried) == set(VOICES) and tried.total() > 120
    assert len(wrong) <= 0.03 * tried.total(), wrong
    # Whatever is misheard of a danger sign, the massage is stopped for it.
    assert not [one for one in wrong if one.meant.danger and all(heard.sign is None for heard in one.heard)]
    assert not [one for one in wrong if one.meant.name == "stress" and any(c.name == "calm" for c in one.heard)]
