"""``routines``, ``show``, ``check`` and ``new``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.cli import parser
from voiceguide.cli.parser import Commands, print_json
from voiceguide.errors import FileError, SourceError, VoiceguideError

if TYPE_CHECKING:
    from voiceguide.check.lint import Checked


def register(commands: Commands) -> None:
    commands.add("routines", _routines, "list the routines")
    show = commands.add("show", _show, "print a routine as readable text", configured=True)
    show.add_argument("routine")
    show.add_argument("--html", action="store_true", help="as a card to print, an HTML page")
    parser.emergency_number(show)
    check = commands.add("check", _check, "check routine files")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="one JSON object for each error")
    check.add_argument(
        "--by-ear", action="store_true", help="also speak every sentence, and listen for commands in it (minutes)"
    )
    parser.model(check)
    check.add_argument("--schema", action="store_true", help="print the JSON Schema of routines, for an editor")
    commands.add("new", _new, "start a routine from a template").add_argument("name", help="its name, in-kebab-case")


def _routines(_: argparse.Namespace) -> None:
    from voiceguide.routine.library import all_routines
    from voiceguide.routine.loading import load

    for path in all_routines():
        routine = load(path)
        minutes = round(routine.seconds / 60)
        title = f"{routine.title}, in {routine.language}" if routine.language != "en" else routine.title
        print(f"{routine.id:<20} {title} ({len(routine.steps)} steps, about {minutes} minutes)")


def _show(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import load_language
    from voiceguide.routine.card import card
    from voiceguide.routine.library import find
    from voiceguide.routine.loading import load
    from voiceguide.routine.show import readable
    from voiceguide.sessions.recorded_lines import Recorded
    from voiceguide.sessions.recorder import lines_of

    routine = load(find(arguments.routine))
    if arguments.html:
        number = config.emergency_number(arguments.emergency_number)
        print(card(routine, load_language(routine.language, number)), end="")
        return
    recorded = Recorded(routine)
    print(readable(routine, {line.text for line in lines_of(routine) if recorded.paths(line.text)}))


def _check(arguments: argparse.Namespace) -> int:
    from voiceguide.routine import loading

    if arguments.schema:
        print((Path(loading.__file__).parent / "routine.schema.json").read_text("utf-8"), end="")
        return 0
    if not arguments.files:
        print("voiceguide: check needs a file; for example: voiceguide check my-routine.yaml", file=sys.stderr)
        return 2
    from voiceguide.check.lint import Lint

    counting = arguments.by_ear and sys.stderr.isatty()

    def progress(sentences: int) -> None:
        if counting:
            print(f"\r{path}: {sentences} sentences ", end="", file=sys.stderr)

    code = 0
    lint = Lint(config.named_models(arguments.model))
    for path in arguments.files:
        checked, failure = None, None
        try:
            checked = lint.check(path, progress if arguments.by_ear else None)
        except VoiceguideError as error:
            failure = error
        if counting:
            print(file=sys.stderr)
        if failure is not None:
            code = max(code, failure.exit_code)
            _print_errors(path, failure, arguments.json)
        elif checked is not None and not arguments.json:
            _print_checked(path, checked, arguments.by_ear)
    return code


def _print_errors(path: Path, failure: VoiceguideError, as_json: bool) -> None:
    """The errors in a file, or why it can't be checked."""
    what, _, instead = str(failure).partition("; ")
    errors = failure.errors if isinstance(failure, SourceError) else [FileError(str(path), 1, 1, what, instead)]
    if as_json:
        for error in errors:
            print_json({key: getattr(error, key) for key in ("file", "line", "column", "what", "instead")})
    elif isinstance(failure, SourceError):
        print(failure, file=sys.stderr)
    else:
        print(f"voiceguide: {failure}", file=sys.stderr)


def _print_checked(path: Path, checked: Checked, by_ear: bool) -> None:
    from voiceguide.routine.routine import seconds_to_say

    routine = checked.routine
    minutes = max(1, round(routine.seconds / 60))
    print(f"{path}: good ({routine.title}, {len(routine.steps)} steps, about {minutes} min)")
    if by_ear:
        for line in checked.near:
            print(f"  {line}")
        for step in routine.steps:
            spoken = round(sum(map(seconds_to_say, step.say)))
            held = f", then {step.hold:g} s" if step.hold else ""
            print(f"  {step.id}: {spoken} s to say{held}")


def _new(arguments: argparse.Namespace) -> None:
    from voiceguide.routine.library import new

    path = new(arguments.name, Path.cwd())
    print(f"{path.name} is there; edit it, then try: voiceguide check {path.name}")
