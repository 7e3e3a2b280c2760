"""``rehearse``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.cli import parser
from voiceguide.cli.parser import Commands, in_json, print_json, warn
from voiceguide.config import DEFAULT_ROUTINE

if TYPE_CHECKING:
    from voiceguide.sessions.entries import Entry


def register(commands: Commands) -> None:
    rehearse = commands.add("rehearse", _rehearse, "rehearse a session in a simulated room")
    rehearse.add_argument("routine", nargs="?", help="a routine's name or file")
    rehearse.add_argument("--script", type=Path, metavar="FILE", help="what the parent says, and when")
    rehearse.add_argument(
        "--wav", type=Path, metavar="OUT.wav", help="record it: left the guide, right the microphone"
    )
    rehearse.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.voice(rehearse)
    parser.minutes(rehearse)
    parser.music(rehearse)
    parser.cry(rehearse)
    parser.model(rehearse)


def teller(as_json: bool, put: Callable[[str], None]) -> Callable[[Entry], None]:
    """Gives the entries of a session to ``put``: as JSON, or as lines of a transcript."""
    from voiceguide.sessions import transcript

    def tell(entry: Entry) -> None:
        if as_json:
            put(in_json(entry.as_json()))
        elif line := transcript.line(entry):
            put(line)

    return tell


def _rehearse(arguments: argparse.Namespace) -> int:
    from voiceguide.routine.library import find
    from voiceguide.routine.loading import load
    from voiceguide.sessions import transcript
    from voiceguide.sessions.rehearsal import Rehearsal
    from voiceguide.sessions.script import built_in, load_script, translated
    from voiceguide.sound.files import check_writable

    chosen = parser.options(arguments)
    if arguments.script is not None:
        script = load_script(arguments.script)
    else:
        routine = load(find(chosen.routine or DEFAULT_ROUTINE))
        script = translated(load_script(built_in(routine)), routine.language)
        chosen = replace(chosen, routine=chosen.routine or DEFAULT_ROUTINE)
    if arguments.wav is not None:
        check_writable(arguments.wav)  # before a rehearsal whose sound couldn't be kept
    act = Rehearsal(script, chosen, warn)
    report = act.run(teller(arguments.json, partial(print, flush=True)))
    if arguments.wav is not None:
        act.write(arguments.wav)
    score = report.summary()
    if arguments.json:
        print_json(score.as_json())
    else:
        print(transcript.summary(score))
    if report.flawless:
        return 0
    print(f"voiceguide: the rehearsal was not flawless: {report.flaws()}", file=sys.stderr)
    return 1
