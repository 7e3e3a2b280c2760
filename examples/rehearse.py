"""Rehearses a script in a simulated room, and prints what happens: python examples/rehearse.py SCRIPT

A script says what the parent says, and when: see docs/architecture.md.
"""

import sys
from pathlib import Path

from voiceguide.sessions.entries import Hushed, Parent, Said
from voiceguide.sessions.rehearsal import Rehearsal
from voiceguide.sessions.script import load_script


def main(script: str) -> None:
    rehearsal = Rehearsal(load_script(Path(script)))
    report = rehearsal.run(tell)
    print(f"{report.obeyed} of {len(report.given)} commands were obeyed")


def tell(entry: object) -> None:
    """Other entries are left out: states, chimes, timers …"""
    match entry:
        case Said(t=at, text=text):
            print(f"{at:6.2f} s  guide: {text}")
        case Parent(t=at, text=text):
            print(f"{at:6.2f} s  parent: {text}")
        case Hushed(t=at):
            print(f"{at:6.2f} s  (silence)")


if __name__ == "__main__":
    main(sys.argv[1])
