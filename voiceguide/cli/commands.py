"""All commands: their parser, and how one is run."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence

from voiceguide import __version__, config
from voiceguide.cli import guiding, hearing, machine, recording, rehearsing, routines, trace, voices
from voiceguide.cli.parser import Commands, fill, verbose, warn
from voiceguide.config import DEFAULT_ROUTINE
from voiceguide.errors import SoundError, SourceError, VoiceguideError

log = logging.getLogger(__name__)


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command, and turn errors that a user can put right into one line. Returns the exit code."""
    arguments = parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal, or a file's name, may lack letters
    try:
        trace.start(arguments.verbose)
        python = ".".join(map(str, sys.version_info[:3]))
        log.info("voiceguide %s, Python %s: %s", __version__, python, arguments.command or "no command")
        if arguments.configured:
            fill(arguments)
        return int(arguments.do(arguments) or 0)
    except SourceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except VoiceguideError as error:
        log.debug("failed", exc_info=True)
        print(f"voiceguide: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        log.debug("failed", exc_info=True)
        print(f"voiceguide: {error.strerror or error}: {error.filename or 'output'}", file=sys.stderr)
        return 1
    finally:
        trace.stop()


def parser() -> argparse.ArgumentParser:
    """Of all commands."""
    made = argparse.ArgumentParser(
        prog="voiceguide",
        description="A hands-free voice guide. Without a command it guides through the default routine, or rehearses "
        "it if there is no sound device.",
    )
    made.add_argument("--version", action="version", version=f"voiceguide {__version__}")
    made.set_defaults(do=_start, configured=False, verbose=False)
    verbose(made)
    commands = Commands(made)
    for group in (guiding, rehearsing, hearing, routines, recording, voices, machine):
        group.register(commands)
    return made


def _start(_: argparse.Namespace) -> int:
    """No command: guide; or rehearse, if nothing can be played or heard."""
    from voiceguide.sound.live import devices
    from voiceguide.sound.portaudio import served
    from voiceguide.sound.server import unfit_defaults

    named = config.settings()
    try:
        found = devices()
        if not (any(d.inputs for d in found) and any(d.outputs for d in found)):
            raise SoundError("no sound device: a microphone and a speaker are needed")
        for kind, why in unfit_defaults().items() if served(found) else ():
            if {"microphone": "input_device", "speaker": "output_device"}[kind] not in named:
                raise SoundError(why)
    except SoundError as error:
        warn(f"{error}; here is a rehearsal of {DEFAULT_ROUTINE} instead")
        return run(["rehearse", DEFAULT_ROUTINE])
    return run(["run"])
