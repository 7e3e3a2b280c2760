"""``record``: a routine in your own voice."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from voiceguide.cli import parser
from voiceguide.cli.parser import Commands, is_sure, warn

if TYPE_CHECKING:
    from voiceguide.sessions.recorded_lines import Own


def register(commands: Commands) -> None:
    record = commands.add(
        "record", _record, "record a routine's sentences in your own voice, one after the other", configured=True
    )
    record.add_argument("routine", help="a routine's name or file")
    record.add_argument("--from", dest="at", metavar="STEP", help="start at this step or part")
    record.add_argument("--again", action="store_true", help="also record what is recorded already")
    record.add_argument("--list", action="store_true", help="list what is recorded and what is not")
    record.add_argument("--delete", action="store_true", help="delete your recordings of this routine")
    record.add_argument("--yes", action="store_true", help="delete without asking")
    parser.baby(record)
    parser.devices(record)


def _record(arguments: argparse.Namespace) -> int | None:
    from dataclasses import replace

    from voiceguide.files.streams import standard_input
    from voiceguide.routine.routine import Line
    from voiceguide.sessions.assembly import content, sound_of
    from voiceguide.sessions.recorded_lines import Own, Recorded
    from voiceguide.sessions.recorder import Recorder, from_step, lines_of

    options = replace(parser.options(arguments), at=None)  # it may also be something else than a step: "welcome"
    routine, _ = content(options)
    own = Own(routine.id)
    if arguments.delete:
        return _delete(own, arguments.yes)
    recorded = Recorded(routine, warn)
    lines = lines_of(routine)

    def place(line: Line) -> str:
        path = next(iter(recorded.paths(line.text)), None)
        return "" if path is None else "recorded" if path.parent == own.folder else "in its file"

    if arguments.list:
        for line in lines:
            print(f"{place(line) or '-':<12} {line.where:<20} {line.text}")
        print(
            f"{sum(map(bool, map(place, lines)))} of {len(lines)} sentences are recorded; yours are in {own.folder}"
        )
        if old := len(own.all()) - sum(own.path(line.text).is_file() for line in lines):
            print(f"{old} of yours are of sentences that are no longer there: they are not used")
        return None
    if arguments.at is not None:
        lines = from_step(lines, arguments.at, routine.id)
    todo = [line for line in lines if place(line) in (("", "recorded") if arguments.again else ("",))]
    if not todo:
        print("all of it is recorded; to record it again: --again")
        return None
    print(f"{len(todo)} sentences to record. You hear each again, and nothing is stored that you do not keep.")
    recorder = Recorder(sound_of(options), standard_input(), lambda line: print(line, flush=True), own)
    kept = recorder.walk(todo)
    print(f"\n{kept} recorded, {len(todo) - kept} to go. The guide says yours in your voice from now on.")
    return None


def _delete(own: Own, sure: bool) -> int:
    count = len(own.all())
    if not count:
        print(f"there are no recordings in {own.folder}")
        return 0
    if not is_sure(f"delete {count} recordings in {own.folder}", sure):
        return 1
    own.delete()
    print(f"{count} recordings are deleted")
    return 0
