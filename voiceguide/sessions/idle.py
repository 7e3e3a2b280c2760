"""Between two sessions: nothing is said, and only the words that wake the guide are obeyed ("hello guide")."""

from __future__ import annotations

import logging
from dataclasses import replace

from voiceguide.errors import VoiceguideError
from voiceguide.hearing.ears import Ears, Heard
from voiceguide.host.gpio import Panel
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import Sound
from voiceguide.speech.player import Player

log = logging.getLogger(__name__)

ANSWER_BLOCKS = 12
"""The chime that answers takes 0.22 s, and the speaker's device may still hold 0.1 s of it."""


def book_of(language: Language, book: Phrasebook) -> Phrasebook:
    """What to listen for: the phrases that wake the guide, beside all of a session's (``book``), so that what sounds
    more like one of those doesn't wake it.

    Raises VoiceguideError if the language has no phrase that wakes."""
    if not language.wakes:
        raise VoiceguideError(f"{language.name} has no phrase yet that wakes the guide; run without --wait")
    return replace(book, meanings={**book.meanings, **dict.fromkeys(language.wakes, Command("ready"))})


def wait(sound: Sound, ears: Ears, language: Language, panel: Panel) -> str:
    """Wait until somebody wakes the guide, by a phrase of the language or the button of the panel. Returns the
    phrase, or "button".

    Raises SoundError if there is no device."""
    player = Player()
    sound.open(player.fill)
    try:
        log.info("waiting")
        woken = ""
        while not woken:
            block = sound.read()
            heard = ears.hear(block.pcm, block.at, played=block.played)
            phrases = [one.phrase for one in heard if isinstance(one, Heard) and one.phrase in language.wakes]
            woken = next(iter(phrases), "button" if panel.press() is not None else "")
        log.info("woken")
        player.chime("heard")
        for _ in range(ANSWER_BLOCKS):
            sound.read()
        return woken
    finally:
        sound.close()
