"""``voices``: the voices that are here, and those that can be had."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.cli.parser import Commands, device, verbose, warn

if TYPE_CHECKING:
    from voiceguide.language.language import Language
    from voiceguide.speech.catalogue import Known

TO_BE_HAD = {
    "en": ("en_GB-cori-medium", "en_GB-alba-medium", "en_US-lessac-medium", "en_US-hfc_female-medium"),
    "es": ("es_ES-sharvard-medium", "es_ES-davefx-medium", "es_MX-claude-high"),
    "fr": ("fr_FR-siwis-medium", "fr_FR-upmc-medium"),
}
"""Some of the public list."""
TRIED = ("say_ready", "stop_and_tend", "goodbye")
"""Prompts that a voice is tried with."""


def register(commands: Commands) -> None:
    voices = commands.add("voices", _list, "list, try or install the guide's voices")
    verbs = voices.add_subparsers(metavar="VERB")
    listing = verbs.add_parser("list", help="what is here, and what can be had")
    trying = verbs.add_parser("try", help="hear three of the guide's sentences")
    install = verbs.add_parser("install", help="install a voice of Piper's from the public list, or its .onnx file")
    for verb, do in ((listing, _list), (trying, _try), (install, _install)):
        verb.set_defaults(do=do, configured=verb is trying)
        verbose(verb)
    trying.add_argument("name")
    trying.add_argument("--wav", type=Path, metavar="OUT.wav", help="write it to a file instead")
    trying.add_argument("--output-device", metavar="D", help="output device: number, name or part of it")
    install.add_argument("name")
    install.add_argument("--discard", action="store_true", help="throw a half-done download away")


def _list(_: argparse.Namespace) -> None:
    from voiceguide.language.language import known_languages, load_language
    from voiceguide.speech import catalogue
    from voiceguide.speech.choice import choose, unfit

    languages = {code: load_language(code) for code in known_languages()}
    found = catalogue.installed(tuple(language.voice for language in languages.values()))
    speaks = {}
    for code, language in languages.items():
        names, notes = choose(code, language.voice, config.named_voices())
        speaks[code] = names[0]
        for note in notes:
            warn(note)
    for code, language in languages.items():
        print(f"{language.name}:")
        for voice in found:
            if voice.language == code:
                print(f"  {'*' if voice.name == speaks[code] else ' '} {_line(voice)}{_but(unfit(voice))}")
        more = [name for name in TO_BE_HAD.get(code, ()) if name not in {voice.name for voice in found}]
        if more:
            print(f"    to be had: {', '.join(more)}")
    if others := [voice.name for voice in found if voice.language not in languages]:
        print(f"Other languages: {', '.join(others)}")
    for name, error in catalogue.broken().items():
        warn(f"the voice {name} is half there: {error}; {catalogue.again(name)}")
    print("* speaks. Another one: voiceguide run --voice NAME, or voice: NAME in the settings.")
    print("More voices of Piper's: https://rhasspy.github.io/piper-samples; voiceguide voices install NAME")


def _line(voice: Known) -> str:
    where = f"{voice.language}-{voice.accent}" if voice.accent else voice.language
    size = f"{voice.megabytes} MB" if voice.megabytes else "with espeak-ng"
    cost = f"{size}, {voice.memory} MB of memory"
    return f"{voice.name:<22} {voice.engine:<7} {where:<6} {voice.speaker:<12} {voice.licence}; {cost}"


def _but(reason: str) -> str:
    return f"  ({reason})" if reason else ""


def _language_of(known: Known) -> Language:
    from voiceguide.language.language import known_languages, load_language

    return load_language(known.language if known.language in known_languages() else "en")


def _try(arguments: argparse.Namespace) -> None:
    import numpy as np

    from voiceguide.cli.hearing import play
    from voiceguide.sound import RATE
    from voiceguide.sound.files import check_writable, write_wav
    from voiceguide.speech import catalogue
    from voiceguide.speech.voice import Voice

    if arguments.wav is not None:
        check_writable(arguments.wav)
    known = catalogue.find(arguments.name)
    texts = [line for prompt in TRIED for line in _language_of(known).say(prompt)]
    pause = np.zeros(RATE // 2, np.int16)
    with Voice() as voice:
        pcm = np.concatenate([part for text in texts for part in (voice.render(text, voice=known.name), pause)])
    if arguments.wav is not None:
        write_wav(arguments.wav, pcm)
    else:
        play(pcm, device(arguments.output_device))


def _install(arguments: argparse.Namespace) -> None:
    from voiceguide.errors import SpeechError
    from voiceguide.speech import catalogue, installing, manners
    from voiceguide.speech.voice import Voice

    if arguments.discard:
        print("thrown away" if installing.discard(arguments.name) else "there is no half-done download of it")
        return
    folder = installing.install(arguments.name, say=lambda line: print(line, file=sys.stderr, flush=True))
    try:
        known = catalogue.find(folder.name)
        language = _language_of(known)
        texts = [line for prompt in TRIED for line in language.say(prompt)]
        with Voice(cache=None) as voice:
            manners.keep(folder, manners.measure(voice, known, language.voice, texts))
    except SpeechError as error:
        warn(f"it cannot speak yet: {error}")
    print(folder)
