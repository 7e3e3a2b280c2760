"""Child processes that run one of our own modules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def start(module: str, *arguments: str, piped: bool = False) -> subprocess.Popen[bytes]:
    """Run ``module`` as the main program, with this Python and this copy of voiceguide.

    It imports nothing from the user's current folder (-P), and gets no Ctrl-C: the terminal is the parent's affair.
    With ``piped`` its standard input and output are unbuffered pipes, otherwise they're empty; standard error is
    dropped. Raises OSError where there's no memory for it, or too many processes."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
        stdout=subprocess.PIPE if piped else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        process_group=0,
    )
