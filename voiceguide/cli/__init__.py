"""The command line: the door to everything else."""

from voiceguide.cli.door import main

__all__ = ["main"]
