"""What commands share: how they are declared, common options, and printing."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.errors import VoiceguideError

if TYPE_CHECKING:
    from voiceguide.sessions.assembly import Options

Do = Callable[[argparse.Namespace], int | None]
"""Does what a command is for. Returns the exit code; None is 0."""


class Commands:
    """Where commands are declared."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(self, name: str, do: Do, text: str, *, configured: bool = False) -> argparse.ArgumentParser:
        """Declare a command. ``configured``: options that are left out are taken from the settings."""
        made = self._subparsers.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")
        made.set_defaults(do=do, configured=configured)
        verbose(made)
        return made


def verbose(parser: argparse.ArgumentParser) -> None:
    """Add ``--verbose``: it's the same option before a command and after it."""
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="write a log to standard error"
    )


def model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="DIR", help="the folder of a Vosk model")


def language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", metavar="L", help="the language to speak and to hear, such as es")


def voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", metavar="V", help="the guide's voice: see voiceguide voices")


def devices(parser: argparse.ArgumentParser) -> None:
    for kind in ("input", "output"):
        parser.add_argument(f"--{kind}-device", metavar="D", help=f"{kind} device: number, name or part of it")


def music(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--music",
        metavar="M",
        help="play music from the start: a file or folder of your own, or lullaby, the one that is played when you "
        "ask for music without this option",
    )


def minutes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes",
        metavar="N",
        help="how many minutes there are for the massage: parts are left out that don't fit (default: as many as it "
        "takes)",
    )


def cry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cry", choices=("on", "off"), help="whether to ask if to stop when crying is heard (default: off)"
    )


def baby(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--baby", metavar="NAME", help="your baby's name, as it is said")
    parser.add_argument("--pronoun", metavar="P", help="how to speak of your baby: she, he or they")


def emergency_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--emergency-number", metavar="N", help="the number to call in an emergency (default: that of your locale)"
    )


def fill(arguments: argparse.Namespace) -> None:
    """Take the options that were left out (None) from the settings. Not the model: that is looked for where models
    are found, and error messages say what named it; nor the voice, which depends on the language. Raises as
    config.settings."""
    options = [option for option in config.KEYS if option not in ("model", "voice")]
    missing = [option for option in options if getattr(arguments, option, "") is None]
    if not missing:
        return
    found = config.settings()
    for option in missing:
        if option in found:
            setattr(arguments, option, found[option])


def options(arguments: argparse.Namespace) -> Options:
    """The options of a command for a session; those that the command doesn't have are left at their defaults.

    Raises as config.settings."""
    from voiceguide.sessions.assembly import Options

    def given(name: str) -> str | None:
        value = getattr(arguments, name, None)
        return None if value is None else str(value)

    return Options(
        routine=given("routine"),
        language=given("language"),
        baby=given("baby"),
        pronoun=given("pronoun"),
        at=given("at"),
        resume=getattr(arguments, "resume", None),
        minutes=_minutes(given("minutes")),
        music=given("music"),
        cry=_on(given("cry")),
        keyboard=getattr(arguments, "keyboard", False),
        input_device=device(given("input_device")),
        output_device=device(given("output_device")),
        button=given("button"),
        led=given("led"),
        emergency_number=config.emergency_number(given("emergency_number"))
        if "emergency_number" in arguments
        else config.EMERGENCY_NUMBER,
        voices=config.named_voices(getattr(arguments, "voice", None)),
        named_models=config.named_models(arguments.model) if "model" in arguments else {},
    )


def _minutes(value: str | None) -> int | None:
    """Raises VoiceguideError for what isn't a number of minutes."""
    if value is None:
        return None
    if not re.fullmatch("[0-9]{1,3}", value) or not 1 <= int(value) <= config.MOST_MINUTES:
        raise VoiceguideError(
            f"the minutes for a massage are 1 to {config.MOST_MINUTES}, not {value!r}; "
            "see --minutes, $VOICEGUIDE_MINUTES and the settings"
        )
    return int(value)


def _on(value: str | None) -> bool:
    """Whether a setting is on: it isn't unless it says so. Raises VoiceguideError for anything else."""
    if value not in (None, "on", "off"):
        raise VoiceguideError(f"cry is on or off, not {value!r}; see --cry, $VOICEGUIDE_CRY and the settings")
    return value == "on"


def device(name: str | None) -> str | int | None:
    """A device's number, or its name; no device has a number of more than nine digits."""
    return int(name) if name is not None and re.fullmatch("[0-9]{1,9}", name) else name


def in_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def print_json(value: object) -> None:
    print(in_json(value), flush=True)


def warn(line: str) -> None:
    """A line on standard error; the command goes on."""
    print(f"voiceguide: {line}", file=sys.stderr, flush=True)


def is_sure(question: str, sure: bool) -> bool:
    """Whether the user is ``sure`` already, or types yes to the question."""
    from voiceguide.files.streams import standard_input

    if sure:
        return True
    print(f"{question}? Type yes: ", end="", flush=True)
    if standard_input().readline().strip().lower() == "yes":
        return True
    print("voiceguide: nothing was deleted", file=sys.stderr)
    return False
