"""Prints the commands that are heard in a recording: python examples/hear.py FILE"""

import sys
from pathlib import Path

from voiceguide.hearing.ears import Heard
from voiceguide.language.language import load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions.assembly import Hearing
from voiceguide.sound.files import blocks_of


def main(file: str) -> None:
    """``file``: of any rate and format that soundfile reads."""
    hearing = Hearing.of(load(find("infant-massage")), load_language("en"))
    for one in hearing.hear(blocks_of(Path(file))):
        if isinstance(one, Heard):
            print(f"{one.at:6.2f} to {one.until:.2f} s: {one.phrase!r} means {one.command.name}")
        else:
            print(f"        ignored: {one.phrase!r} ({one.why})")


if __name__ == "__main__":
    main(sys.argv[1])
