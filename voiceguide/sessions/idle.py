"""Between two sessions: nothing is said, and nothing is heard but the words that wake the guide ("hello guide")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from voiceguide.errors import VoiceguideError
from voiceguide.hearing.ears import Heard, Ignored
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import Pcm, Sound
from voiceguide.speech.player import Player

ANSWER_BLOCKS = 12
"""The chime that answers takes 0.22 s, and the speaker's device holds up to 0.1 s of it."""


class Hearing(Protocol):
    """A Listener, or what stands for one."""

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None) -> list[Heard | Ignored]: ...


def book_of(language: Language, book: Phrasebook) -> Phrasebook:
    """What is listened for: the phrases that wake, and all of a session's (``book``) beside them, so that what sounds
    more like one of those wakes nobody.

    Raises VoiceguideError where the language has no such phrase."""
    if not language.wakes:
        raise VoiceguideError(f"{language.name} has no phrase yet that wakes the guide; run without --wait")
    return replace(book, meanings={**book.meanings, **dict.fromkeys(language.wakes, Command("ready"))})


def wait(sound: Sound, ears: Hearing, language: Language, pressed: Callable[[], bool] = lambda: False) -> str:
    """Wait until somebody wakes the guide; gives the phrase, or "button" where ``pressed`` said so.

    Raises SoundError where there is no device."""
    player = Player()
    sound.open(player.fill)
    try:
        woken = ""
        while not woken:
            block = sound.read()
            heard = ears.hear(block.pcm, block.at, played=block.played)
            phrases = [one.phrase for one in heard if isinstance(one, Heard) and one.phrase in language.wakes]
            woken = next(iter(phrases), "button" if pressed() else "")
        player.chime("heard")
        for _ in range(ANSWER_BLOCKS):
            sound.read()
        return woken
    finally:
        sound.close()
