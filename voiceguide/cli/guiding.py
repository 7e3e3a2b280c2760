"""``run``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from voiceguide.cli import parser, rehearsing, trace
from voiceguide.cli.parser import Commands
from voiceguide.config import DEFAULT_ROUTINE
from voiceguide.errors import VoiceguideError

if TYPE_CHECKING:
    from voiceguide.page.screen import Page


def register(commands: Commands) -> None:
    run = commands.add("run", _run, "guide through a routine, live", configured=True)
    run.add_argument("routine", nargs="?", help=f"a routine's name or file (default: {DEFAULT_ROUTINE})")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--keyboard", action="store_true", help="type commands instead of saying them")
    how.add_argument("--wait", action="store_true", help="wait for 'hello guide', guide, and wait again")
    run.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="go on with an unfinished session, or start from the beginning, without asking",
    )
    run.add_argument("--from", dest="at", metavar="STEP", help="start at this step or part")
    run.add_argument("--json", action="store_true", help="one JSON object a line, as rehearse prints them")
    run.add_argument("--page", action="store_true", help="show the strokes on a page for a screen nearby")
    run.add_argument(
        "--page-host",
        metavar="ADDRESS",
        help="this machine's address on your network, to show the page on another device, which asks for a code "
        "(default: 127.0.0.1, this machine only)",
    )
    parser.language(run)
    parser.voice(run)
    parser.baby(run)
    parser.emergency_number(run)
    parser.cry(run)
    parser.minutes(run)
    parser.music(run)
    parser.devices(run)
    parser.model(run)
    run.add_argument(
        "--button",
        metavar="PIN",
        help="a Raspberry Pi's pin with a button, by BCM number (short: pause, go on; long: next)",
    )
    run.add_argument(
        "--led", metavar="PIN", help="a Raspberry Pi's pin with an LED, by BCM number (lit while it guides)"
    )


def _run(arguments: argparse.Namespace) -> None:
    from voiceguide.files.streams import PrintedLines
    from voiceguide.host.notify import goes_to_journal
    from voiceguide.language.language import Language
    from voiceguide.routine.routine import Routine
    from voiceguide.sessions import live
    from voiceguide.sessions.entries import Entry, Found, Lost
    from voiceguide.sessions.screen import Screen

    if arguments.page_host is not None and not arguments.page:
        raise VoiceguideError("--page-host goes with --page")
    # What's shown mustn't hold up what's done: none of these waits for whoever reads it.
    shown = PrintedLines(sys.stdout, "" if arguments.json else "    ({} lines were not shown)")
    beside = PrintedLines(sys.stderr)
    private = goes_to_journal(sys.stdout) and not trace.words_wanted()
    # A terminal is a parent's; whoever reads a file, or asked for the log, gets everything, with times.
    for_parent = sys.stdout.isatty() and not arguments.json and not arguments.verbose
    tell = rehearsing.teller(arguments.json, shown.put)

    def begin(routine: Routine, language: Language) -> None:
        nonlocal tell
        if for_parent:
            screen = Screen(routine, language)

            def show(entry: Entry) -> None:
                if line := screen.line(entry):
                    shown.put(line)

            tell = show

    def tell_all(entry: Entry) -> None:
        if not private or isinstance(entry, Lost | Found):
            tell(entry)

    note = beside.put if arguments.json else shown.put
    output = live.Output(
        begin=begin,
        tell=tell_all,
        note=note,
        echo=(lambda line: None) if private else note,
        warn=lambda line: beside.put(f"voiceguide: {line}"),
        screen=_page(arguments.page_host, note) if arguments.page else None,
    )
    try:
        live.run(parser.options(arguments), output, wait=arguments.wait)
    finally:
        for lines in (shown, beside):
            lines.close()


def _page(host: str | None, note: Callable[[str], None]) -> Page:
    """Raises VoiceguideError if the package that serves it is missing."""
    try:
        from voiceguide.page.screen import Page
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "aiohttp":
            raise
        how = ".venv/bin/pip install -e '.[page]'"
        if (Path(sys.prefix) / "pipx_metadata.json").is_file():
            how = "pipx inject voiceguide aiohttp"
        elif (Path(sys.prefix) / "uv-receipt.toml").is_file():
            how = "uv tool install --with aiohttp WHEEL, with the wheel that it was installed from"
        raise VoiceguideError(f"--page needs the package aiohttp: {how}") from None
    return Page(host or "127.0.0.1", note)
