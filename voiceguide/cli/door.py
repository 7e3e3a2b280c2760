"""The door. It's open before anything else is loaded, so that Ctrl-C is answered as soon as the program starts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0 fine, 1 failed, 2 wrong usage, 3 no sound device, 4 no model,
    130 interrupted."""
    try:
        from voiceguide.cli.commands import run

        return run(argv)
    except KeyboardInterrupt:
        with suppress(OSError):  # whoever read it may have left
            print("voiceguide: interrupted", file=sys.stderr)
        return 130
