"""The commands: what users type, what they read, and the exit codes."""

from voiceguide.cli.door import main

__all__ = ["main"]
