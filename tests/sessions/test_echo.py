"""A guide that hears itself louder than the parent, or seconds late, doesn't obey itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import need_espeak

from voiceguide.sessions import entries
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.rehearsal import Rehearsal
from voiceguide.sessions.script import load_script

SCRIPT = """
routine: {routine}
seed: {seed}
room: {{echo_db: {echo_db}, delay_ms: {delay_ms}, reverb_s: 0.3}}
parent:
  - {{at: 25, when: {{state: preparing, silent_for: 3}}, say: "I'm ready"}}
  - {{when: {{step: legs-1, silent_for: 3}}, say: pause}}
"""


@pytest.mark.parametrize(
    ("routine", "echo_db", "delay_ms", "seed"),
    [
        ("first-weeks", 3, 40, 3),
        ("infant-massage", 10, 60, 1),
        ("first-weeks", 0, 700, 2),
        ("first-weeks", -10, 700, 1),
        ("infant-massage", -10, 2_000, 4),
        ("first-weeks", 0, 2_400, 5),
    ],
)
def test_it_obeys_the_parent_and_never_itself(
    routine: str, echo_db: float, delay_ms: float, seed: int, tmp_path: Path
) -> None:
    """From its first word on. The parent waits until the guide's voice is over, however late it comes."""
    need_espeak()
    path = tmp_path / "script.yaml"
    path.write_text(SCRIPT.format(routine=routine, echo_db=echo_db, delay_ms=delay_ms, seed=seed))
    rehearsal = Rehearsal(load_script(path))
    happened: list[Entry] = []
    report = rehearsal.run(happened.append)
    heard = [entry.heard.phrase for entry in happened if isinstance(entry, entries.Heard)]
    assert report.false_commands == 0, heard
    assert report.obeyed == len(report.given) == 2, (report.flaws(), heard)
    late = delay_ms > 500
    assert (rehearsal.listener.late > 0) == late
