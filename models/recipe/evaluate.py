"""Measures how well a model hears, how quickly and at what cost, and which bars it meets.

    python -m models.recipe.evaluate --model DIR --recordings DIR --out DIR [--every N] [--only NAME …]

All voices and recordings are ones that ``split`` keeps from training. Each test writes its figures to OUT/NAME.json
as soon as it has them, so an interrupted run can be resumed; OUT/figures.json holds them all. Figures of another
model or another ``--every`` are measured again."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from models.recipe.errors import RecipeError
from models.recipe.measures.alarms import false_alarms
from models.recipe.measures.coffee import coffee
from models.recipe.measures.commands import commands, out_of_grammar, reaction
from models.recipe.measures.context import Context
from models.recipe.measures.cost import cost
from models.recipe.measures.figures import Figure
from models.recipe.measures.people import people
from models.recipe.measures.report import report
from models.recipe.measures.speech import Speaker
from models.recipe.measures.sphinx import pocketsphinx
from voiceguide.errors import VoiceguideError

Test = Callable[[Context, Container[str]], Iterator[tuple[str, Figure]]]

TESTS: dict[str, Test] = {
    "commands": commands,
    "reaction": reaction,
    "out_of_grammar": out_of_grammar,
    "coffee": coffee,
    "false_alarms": false_alarms,
    "people": people,
    "cost": cost,
    "pocketsphinx": pocketsphinx,
}
"""Each yields its figures one by one, without those that are done."""
FORMAT = 4
"""The version of the figures: raised when their meaning changes."""


def measure(name: str, context: Context, out: Path, figures: dict[str, Figure], say: Callable[[str], None]) -> None:
    """Put the figures of one test into ``figures``: those already in ``out``, and new ones, which are written one by
    one. ``say`` gets a line for each. Raises VoiceguideError, RecipeError, and OSError if ``out`` cannot be
    written."""
    path = out / f"{name}.json"
    stamp = {"format": FORMAT, "model": context.fingerprint, "every": context.every}
    with contextlib.suppress(OSError, ValueError, KeyError):
        kept = json.loads(path.read_text("utf-8"))
        if kept["stamp"] == stamp:
            figures.update(kept["figures"])
    began = time.monotonic()
    for key, figure in TESTS[name](context, figures):
        figures[key] = figure
        write(path, {"stamp": stamp, "figures": figures})
        say(f"{name}: {key} ({time.monotonic() - began:.0f} s)")


def write(path: Path, value: object) -> None:
    """Write JSON; the file is never incomplete."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    part.replace(path)


def machine() -> str:
    """The machine that the times were measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if a test could not be done, else 0, even if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the folder of the model")
    parser.add_argument("--recordings", type=Path, required=True, help="the folder of recordings")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    parser.add_argument("--cache", type=Path, help="where the held-out speech is kept (OUT/speech)")
    parser.add_argument("--every", type=int, default=1, help="take every Nth phrase and recording only")
    parser.add_argument("--only", nargs="+", choices=TESTS, default=list(TESTS), help="these tests only")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    context = Context(given.model, given.recordings, Speaker(given.cache or given.out / "speech"), given.every)
    failed = False

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    figures: dict[str, Any] = {}
    for name in given.only:
        try:
            measure(name, context, given.out, figures.setdefault(name, {}), say)
        except (VoiceguideError, RecipeError, OSError, ImportError) as error:
            say(f"{name}: cannot be measured: {error}")
            failed = True
    figures["run"] = {"machine": machine(), "every": context.every, "model": context.fingerprint}
    write(given.out / "figures.json", figures)
    print(report(figures))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
