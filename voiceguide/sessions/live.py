"""Live sessions: one, or one after the other, each started by "hello guide"."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Protocol

from voiceguide.files.streams import standard_input
from voiceguide.guide.machine import Guide
from voiceguide.guide.progress import Interrupted
from voiceguide.guide.situations import CLOSING
from voiceguide.hearing.button import Button
from voiceguide.hearing.copies import EARLY_S
from voiceguide.hearing.ears import Ears
from voiceguide.hearing.keyboard import Keyboard
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.touch import Touch
from voiceguide.host.gpio import Panel
from voiceguide.host.notify import Notify, WatchedSound
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.routine.routine import Routine
from voiceguide.sessions import assembly, idle
from voiceguide.sessions.alone import BusyError, alone
from voiceguide.sessions.assembly import Hearing, Options
from voiceguide.sessions.ending import Terminated, leave_now, termination
from voiceguide.sessions.entries import Entry, Said, State
from voiceguide.sessions.journal import Keeper
from voiceguide.sessions.session import PACES, Session
from voiceguide.sound import Sound
from voiceguide.sound.muted import MuteNoticed
from voiceguide.speech.voice import Voice

log = logging.getLogger(__name__)

_M_ARENA_MAX = -8
"""malloc.h"""

LastWishes = list[Callable[[], None]]
"""What SIGTERM does first; see ``termination``."""


class Screen(Protocol):
    """What shows a session, and can be touched. Its ``show`` and ``touched`` never wait."""

    def open(self, routine: Routine, language: Language) -> None:
        """A session begins. Raises VoiceguideError where it can't be shown."""

    def touched(self) -> Command | None:
        """The next command that was touched; None when there's no more."""

    def show(self, happened: Sequence[Entry], guide: Guide, now: float) -> None:
        """What happened in a turn, which ended at ``now`` seconds on the session's clock."""

    def close(self) -> None:
        """The session is over."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a session's words for people go, and what it shows."""

    begin: Callable[[Routine, Language], None]
    """Told which session begins, before anything happens in it."""
    tell: Callable[[Entry], None]
    """Gets each entry as it happens."""
    note: Callable[[str], None]
    """Gets a line beside the transcript."""
    echo: Callable[[str], None]
    """The same for what was typed, or woke the guide."""
    warn: Callable[[str], None]
    """Gets a line about something that isn't as it should be."""
    screen: Screen | None = None
    """Shows each session, where there is one."""


def run(options: Options, output: Output, *, wait: bool = False) -> None:
    """Guide; with ``wait`` again and again, each time somebody says "hello guide" or presses the button. SIGTERM ends
    the process politely, with exit code 0.

    Raises VoiceguideError."""
    # glibc gives threads heaps of their own, which costs 6 MB and gains nothing here.
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    try:
        with termination() as last_wishes:
            if wait:
                _wait(options, output, last_wishes)
            else:
                with alone():
                    _guide(options, output, last_wishes, lambda sound: sound)
    except Terminated:
        log.info("terminated")
        leave_now()


def _wait(options: Options, output: Output, last_wishes: LastWishes) -> None:
    notify = Notify()

    def watched(sound: Sound) -> Sound:
        return WatchedSound(sound, notify)

    try:
        while True:
            routine, language = assembly.content(options)
            book = idle.book_of(language, language.phrasebook(routine.parts))
            ears = Hearing.load(language, book, options.named_models, routine.pronounce).listener()
            output.note(f'Say "{language.wakes[0]}" to begin.')
            with Panel(options.button, options.led) as panel:
                sound = MuteNoticed(watched(assembly.sound_of(options)), output.note)
                output.echo(f"  ({idle.wait(sound, ears, language, panel)})")
            del ears  # its model, too: a session loads its own
            try:
                with alone():
                    _guide(options, output, last_wishes, watched)
            except BusyError as error:
                output.warn(str(error))
    finally:
        notify.tell("STOPPING=1")


def _guide(options: Options, output: Output, last_wishes: LastWishes, watched: Callable[[Sound], Sound]) -> None:
    """One session, on the sound as ``watched`` returns it. While it runs, what SIGTERM must do is in
    ``last_wishes``."""
    routine, language = assembly.content(options)
    ears: Keyboard | Listener
    if options.keyboard:
        book, example = language.phrasebook(routine.parts), language.examples("help")[0]
        ears = Keyboard(book, standard_input(), lambda line: output.echo(f"  ({line})"), example)
        own_voice = None
    else:
        hearing = Hearing.of(routine, language, options.named_models)
        crying = assembly.cry_ear(options.cry, output.warn)
        ears, own_voice = hearing.listener(crying), hearing.own_voice()
    sound = watched(assembly.sound_of(options))
    if not options.keyboard:
        sound = MuteNoticed(sound, output.note)
    with (
        Panel(options.button, options.led) as panel,
        assembly.music_of(options.music, ahead=True, warn=output.warn) as music,
        Voice() as voice,
        closing(Keeper(routine, output.warn)) as keeper,
    ):
        narrator = assembly.narrator(
            routine, language, voice, own_voice, ahead=True, warn=output.warn, wanted=options.voices
        )
        interrupted = _interrupted(keeper, routine, options, output)
        output.begin(routine, language)
        guide = Guide(
            routine,
            language,
            music=options.music is not None,
            minutes=options.minutes,
            known=keeper.known(),
            interrupted=interrupted,
        )
        both: Ears = Button(ears, panel, lambda: guide.state)
        if output.screen is not None:
            output.screen.open(routine, language)
            both = Touch(both, output.screen.touched, language.example)
        session = Session(guide, sound, narrator, both, music, keeper.keep)
        spoken = on_time = True

        def each_turn(happened: list[Entry]) -> None:
            nonlocal spoken, on_time
            for entry in happened:
                match entry:
                    case State(state=state):
                        panel.show(state)
                    case Said(error=str(error)) if spoken:
                        spoken = False
                        output.warn(error)
                output.tell(entry)
            if isinstance(ears, Listener) and ears.late and on_time:
                on_time = False
                late = f"{ears.late + EARLY_S:.1f} s late, as through Bluetooth or a network"
                output.note(f'    (the speaker is heard {late}: "stop" will take as long; use one with a cable)')
            if output.screen is not None:
                output.screen.show(happened, guide, session.now)
            if isinstance(ears, Keyboard) and ears.ended and guide.situation is not CLOSING:
                session.leave()

        hurry = False
        last_wishes.append(lambda: keeper.end("terminated"))  # before the sound is closed, which may take a while
        try:
            # The first sentence is there before the microphone is: nothing is heard while nothing can be said.
            texts = guide.texts(options.at)
            narrator.first(texts[0])
            narrator.prepare(texts, at_once=guide.at_once(), rates=PACES)
            session.run(each_turn, options.at)
            keeper.end("stopped")  # unless the guide has ended it; so, at the end of what was typed
        except KeyboardInterrupt:
            keeper.end("stopped")
            raise
        except Terminated:
            hurry = True
            raise
        finally:
            last_wishes.clear()
            if output.screen is not None:
                output.screen.close()
            if troubles := _troubles(sound, ears):
                log.info("%s", "; ".join(troubles))
                output.note(f"({'; '.join(troubles)})")
            voice.close()  # first: it doesn't wait for a worker that hangs
            if not hurry:
                narrator.close()


def _interrupted(keeper: Keeper, routine: Routine, options: Options, output: Output) -> Interrupted | None:
    """The session to go on with, if any."""
    if options.at is not None or options.resume is False:
        return None
    found = keeper.interrupted(asked=options.resume is True)
    if options.resume and found is None:
        output.warn(f"no unfinished session of {routine.id} is kept; starting from the beginning")
    return found


def _troubles(sound: Sound, ears: Keyboard | Listener) -> list[str]:
    troubles = sound.troubles()
    if isinstance(ears, Listener) and ears.replaced:
        often = "once" if ears.replaced == 1 else f"{ears.replaced} times"
        troubles.append(f"the recogniser hung or failed {often}, and was replaced")
    return troubles
