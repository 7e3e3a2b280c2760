"""A live session: its parts put together from what was asked for, and its end, also by SIGTERM."""

from __future__ import annotations

import argparse
import ctypes
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.errors import SoundError, VoiceguideError
from voiceguide.routine import routine as routines
from voiceguide.sessions import transcript
from voiceguide.sessions.entries import Entry, Said, State

if TYPE_CHECKING:
    from voiceguide.language.language import Language
    from voiceguide.routine.routine import Routine
    from voiceguide.sound import Sound
    from voiceguide.speech.music import Music

DEFAULT_ROUTINE = "infant-massage"


def device(name: str | None) -> str | int | None:
    """A number, or a name; no device has a number of more than nine digits."""
    return int(name) if name is not None and re.fullmatch("[0-9]{1,9}", name) else name


def music_of(wanted: str | None, *, ahead: bool) -> Music:
    """What is played when the parent asks for music; with ``ahead`` it is there in time for a real speaker.

    Raises VoiceguideError where it cannot be found."""
    from voiceguide.speech import music
    from voiceguide.speech.lullaby import lullaby

    if wanted is None or wanted == "lullaby":
        return music.Music(lullaby(), ahead=ahead)
    return music.Music(music.recorded(music.files_of(config.expanded(wanted)), warn), ahead=ahead)


def warn(line: str) -> None:
    print(f"voiceguide: {line}", file=sys.stderr, flush=True)


def _wait(arguments: argparse.Namespace, last: list[Callable[[], None]]) -> None:
    """Sessions one after the other, each begun by "hello guide" or the button. Does not end by itself."""
    from voiceguide.hearing.listener import Listener
    from voiceguide.host.gpio import Panel
    from voiceguide.host.notify import Notify
    from voiceguide.recognition import models
    from voiceguide.sessions import idle

    session = argparse.Namespace(**{**vars(arguments), "wait": False, "notify": Notify()})
    try:
        while True:
            routine, language = wanted(arguments)
            book = idle.book_of(language, language.phrasebook(routine.parts))
            folder = models.find(arguments.model, language=routine.language, official=language.model)
            model = models.load(folder, routine.pronounce)
            ears = Listener(model, book)
            print(f'Say "{language.wakes[0]}" to begin.', flush=True)
            with Panel(arguments.button, arguments.led) as panel:
                sound = live_sound(session)
                print(f"  ({idle.wait(sound, ears, language, lambda: panel.press() is not None)})", flush=True)
            del model, ears  # a session loads its own
            _guide(session, last)
    finally:
        session.notify.tell("STOPPING=1")


def wanted(arguments: argparse.Namespace) -> tuple[Routine, Language]:
    """The routine that was asked for, or its translation where a language was asked for; and its language."""
    from voiceguide.language.language import load_language

    if arguments.language is not None:
        load_language(arguments.language)  # an unknown one is told as such
    routine = routines.in_language(arguments.routine or DEFAULT_ROUTINE, arguments.language)
    return routine, load_language(routine.language)


def live_sound(arguments: argparse.Namespace) -> Sound:
    from voiceguide.host.notify import WatchedSound
    from voiceguide.sound.live import LiveSound

    sound = LiveSound(device(arguments.input_device), device(arguments.output_device))
    return WatchedSound(sound, arguments.notify) if "notify" in arguments else sound


class _Terminated(BaseException):
    """SIGTERM: as KeyboardInterrupt, it is no error, and nothing on the way is to catch it."""


GRACE_S = 0.7
"""After SIGTERM; what still hangs then, as a sound server may, is left behind."""


@contextmanager
def _termination() -> Iterator[list[Callable[[], None]]]:
    """SIGTERM calls what is in the list, and raises _Terminated, once; it ends the program after GRACE_S."""
    last: list[Callable[[], None]] = []

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        leave = threading.Timer(GRACE_S, _leave)
        leave.daemon = True
        leave.start()
        for do in last:
            do()
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield last  # Python has signals in the main thread only
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield last
    finally:
        signal.signal(signal.SIGTERM, before)


_M_ARENA_MAX = -8
"""malloc.h"""


def run(arguments: argparse.Namespace) -> None:
    """Guide. SIGTERM ends it politely, with exit code 0."""
    # glibc gives threads heaps of their own, which costs 6 MB and gains nothing here.
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    try:
        with _termination() as last:
            (_wait if arguments.wait else _guide)(arguments, last)
    except _Terminated:
        _leave()


def _leave() -> None:
    """At once: a thread may render or listen to a sentence for seconds, and nobody needs that now."""
    print("voiceguide: terminated", file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(0)


def _guide(arguments: argparse.Namespace, last: list[Callable[[], None]]) -> None:
    """One session. What is to be done at SIGTERM is in ``last`` while it runs."""
    from voiceguide.guide.machine import Guide
    from voiceguide.guide.situations import CLOSING
    from voiceguide.hearing.button import Button
    from voiceguide.hearing.keyboard import Keyboard
    from voiceguide.hearing.listener import Listener
    from voiceguide.hearing.own_voice import OwnVoice
    from voiceguide.host.gpio import Panel
    from voiceguide.recognition import models
    from voiceguide.recognition.model import known
    from voiceguide.routine.baby import Baby
    from voiceguide.sessions.journal import Keeper
    from voiceguide.sessions.narrator import Narrator
    from voiceguide.sessions.recorded_lines import Recorded
    from voiceguide.sessions.session import Session
    from voiceguide.sound.live import LiveSound, devices
    from voiceguide.sound.silent import SilentSound
    from voiceguide.speech.voice import Voice

    routine, language = wanted(arguments)
    baby = Baby(arguments.baby, arguments.pronoun)
    routine, language = baby.routine(routine, language), baby.language(language)
    book = language.phrasebook(routine.parts)
    steps = [name for step in routine.steps for name in (step.id, step.part)]
    if arguments.at is not None and arguments.at not in steps:
        raise VoiceguideError(f"{routine.id} has no step '{arguments.at}'; see: voiceguide show {routine.id}")
    ears: Keyboard | Listener
    own_voice = None
    if arguments.keyboard:
        typed = sys.stdin if sys.stdin is not None else io.StringIO()  # None where it was closed
        ears = Keyboard(book, typed, lambda line: print(f"  ({line})", flush=True), language.examples("help")[0])
        try:
            speaker = any(d.outputs for d in devices())
        except SoundError:
            speaker = False
        if arguments.output_device is not None or speaker:
            sound: Sound = LiveSound(output_device=device(arguments.output_device), microphone=False)
        else:
            sound = SilentSound()
    else:
        folder = models.find(arguments.model, language=routine.language, official=language.model)
        model = models.load(folder, routine.pronounce)
        book = known(model, book)
        ears = Listener(model, book)
        own_voice = OwnVoice(model, book, identity=models.identity(folder))
        sound = live_sound(arguments)

    silent = False

    def tell(entry: Entry) -> None:
        nonlocal silent
        match entry:
            case State(state=state):
                panel.show(state)
            case Said(error=str(error)) if not silent:
                silent = True
                print(f"voiceguide: {error}", file=sys.stderr)
        line = transcript.line(entry)
        if line:
            print(line, flush=True)

    recorded = Recorded(routine, warn).pcm
    with (
        Panel(arguments.button, arguments.led) as panel,
        music_of(arguments.music, ahead=True) as music,
        Voice() as voice,
        closing(Keeper(routine, warn)) as keeper,
    ):
        narrator = Narrator(
            voice, own_voice, ahead=True, name=language.voice, recorded=recorded, respell=routine.respell
        )
        interrupted = None
        if arguments.at is None and arguments.resume is not False:
            interrupted = keeper.interrupted(asked=arguments.resume is True)
            if arguments.resume and interrupted is None:
                warn(f"no unfinished session of {routine.id} is kept; starting from the beginning")
        guide = Guide(routine, language, music=arguments.music is not None, interrupted=interrupted)
        pressed = Button(ears, panel, lambda: guide.state)
        session = Session(guide, sound, narrator, pressed, music, keeper.keep)

        hurry = False
        last.append(lambda: keeper.end("terminated"))  # before the sound is closed, which may take a while

        def each_turn(happened: list[Entry]) -> None:
            for entry in happened:
                tell(entry)
            if isinstance(ears, Keyboard) and ears.ended and guide.situation is not CLOSING:
                session.leave()

        try:
            # The first sentence is there before the microphone is: nothing is heard while nothing can be said.
            narrator.line(guide.texts()[0]).result()
            narrator.prepare(guide.texts())
            session.run(each_turn, arguments.at)
            keeper.end("stopped")  # unless the guide has ended it: then at the end of what was typed
        except (KeyboardInterrupt, _Terminated) as why:
            hurry = isinstance(why, _Terminated)
            if not hurry:
                keeper.end("stopped")
            raise
        finally:
            last.clear()
            problems = sound.troubles()
            if isinstance(ears, Listener) and ears.replaced:
                often = "once" if ears.replaced == 1 else f"{ears.replaced} times"
                problems.append(f"the recogniser hung or failed {often}, and was replaced")
            if problems:
                print(f"({'; '.join(problems)})")
            voice.close()  # first: it does not wait for a worker that hangs
            if not hurry:
                narrator.close()
