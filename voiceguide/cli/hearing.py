"""``hear``, ``listen`` and ``say``: the two ends of a session, each alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.cli import parser
from voiceguide.cli.parser import Commands, device, print_json, warn
from voiceguide.config import DEFAULT_ROUTINE
from voiceguide.errors import SoundError

if TYPE_CHECKING:
    from voiceguide.sound import Pcm


def register(commands: Commands) -> None:
    hear = commands.add("hear", _hear, "print the commands in a recording")
    hear.add_argument("file", type=Path)
    hear.add_argument("--routine", default=DEFAULT_ROUTINE, help="the routine whose parts can be named")
    hear.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.model(hear)

    listen = commands.add("listen", _listen, "show the microphone's level and what is heard", configured=True)
    parser.language(listen)
    parser.devices(listen)
    parser.model(listen)

    say = commands.add("say", _say, "speak a text", configured=True)
    say.add_argument("text")
    parser.language(say)
    parser.voice(say)
    say.add_argument("--wav", type=Path, metavar="OUT.wav", help="write it to a file instead")
    say.add_argument("--output-device", metavar="D", help="output device: number, name or part of it")


def _hear(arguments: argparse.Namespace) -> None:
    import numpy as np

    from voiceguide.hearing.ears import Heard
    from voiceguide.sessions.assembly import Hearing, content
    from voiceguide.sessions.transcript import meaning
    from voiceguide.sound import RATE
    from voiceguide.sound.files import blocks_of, rate_of

    blocks = blocks_of(arguments.file)
    first = next(blocks, np.zeros(0, np.int16))  # a file that isn't a recording fails before the model is loaded
    options = parser.options(arguments)
    hearing = Hearing.of(*content(options), options.named_models)
    rate = rate_of(arguments.file)
    if rate < RATE:
        warn(f"recorded at {rate} Hz: below {RATE} Hz commands are often misheard")
    samples = found = 0

    def counted() -> Iterator[Pcm]:
        nonlocal samples
        for pcm in chain([first], blocks):
            samples += len(pcm)
            yield pcm

    for heard in hearing.hear(counted()):
        if isinstance(heard, Heard):
            found += 1
            if arguments.json:
                print_json(heard.as_json())
            else:
                print(f"{heard.at:8.2f} s  {meaning(heard)}  ({heard.confidence:.2f})", flush=True)
    if not found and not arguments.json:
        print(f"no command in {samples / RATE:.1f} s")


def _listen(arguments: argparse.Namespace) -> None:
    import numpy as np

    from voiceguide.hearing.ears import Crying, Heard
    from voiceguide.sessions.assembly import Hearing, content, cry_ear, sound_of
    from voiceguide.sessions.transcript import clock, meaning
    from voiceguide.sound.levels import loudness

    options = parser.options(arguments)
    sound = sound_of(options)
    ears = Hearing.of(*content(options), options.named_models).listener(cry_ear(options.cry, warn))
    sound.open(lambda n: np.zeros(n, np.int16))
    print("Say something; Ctrl-C ends.", flush=True)
    terminal = sys.stdout.isatty()
    shown = 0.0
    try:
        while True:
            block = sound.read()
            if block.lost:
                raise SoundError(f"the {' and the '.join(sorted(block.lost))} was lost; see `voiceguide devices`")
            for decided in ears.hear(block.pcm, block.at):
                match decided:
                    case Heard():
                        text = meaning(decided)
                    case Crying():
                        text = "sounds like crying"
                    case _:
                        text = f"unsure: {decided.phrase}"
                print(f"{chr(13) if terminal else ''}{clock(block.at)}  {text:<60}", flush=True)
            if terminal and block.at >= shown + 0.1:
                shown = block.at
                level = loudness(block.pcm) - 90.3  # dB of full scale
                bar = "#" * max(0, round((level + 70) / 2))
                print(f"\r{level:6.0f} dB {bar:<36}", end="", flush=True)
    finally:
        sound.close()


def _say(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import load_language
    from voiceguide.sound.files import check_writable, write_wav
    from voiceguide.speech import catalogue
    from voiceguide.speech.choice import Voices, choose
    from voiceguide.speech.voice import Voice

    if arguments.wav is not None:
        check_writable(arguments.wav)
    named = config.named_voices(arguments.voice)
    code = arguments.language
    if code is None and arguments.voice is not None and arguments.voice not in catalogue.ENGINES:
        catalogue.find(arguments.voice)  # that one, or an error
        names: tuple[str, ...] = (arguments.voice,)
    else:
        language = load_language(code or "en")
        names, notes = choose(language.code, language.voice, named)
        for note in notes:
            warn(note)
    with Voice() as voice:
        pcm = Voices(voice, names, warn).render(arguments.text)
    if arguments.wav is not None:
        write_wav(arguments.wav, pcm)
    else:
        play(pcm, device(arguments.output_device))


def play(pcm: Pcm, speaker: str | int | None) -> None:
    """Through the speaker, to its end. Raises SoundError."""
    from voiceguide.sound.live import LiveSound
    from voiceguide.speech.player import Player

    sound = LiveSound(output_device=speaker, microphone=False)
    player = Player()
    rendered: Future[Pcm] = Future()
    rendered.set_result(pcm)
    player.say(1, [rendered])
    sound.open(player.fill)
    try:
        while player.speaking:
            if sound.read().lost:
                raise SoundError("the speaker was lost; see `voiceguide devices`")
        for _ in range(10):  # what is still on its way to the speaker
            sound.read()
    finally:
        sound.close()
