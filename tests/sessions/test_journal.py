"""The journal: real SQLite in a real folder, with real failures where a test can cause them without privileges."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import GIVE_UP_S

from voiceguide.guide.plan import STROKES
from voiceguide.guide.progress import Interrupted, Progress
from voiceguide.language.language import AGO
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sessions.journal import FRESH_S, KNOWN_S, Journal, JournalError, Keeper, ago, default_path


@cache
def first_weeks() -> Routine:
    return load(find("first-weeks"))


def at(n: int, **more: object) -> Progress:
    return Progress(first_weeks().steps[n].id, **more)


def keeper(warnings: list[str] | None = None) -> Keeper:
    return Keeper(first_weeks(), (warnings if warnings is not None else []).append)


def cut_off(*kept: Progress) -> None:
    """A session that kept this, and was cut off."""
    session = keeper()
    for progress in kept:
        session.keep(progress)
    session.close()


def offered(asked: bool = False) -> Interrupted | None:
    """What the next session is offered."""
    session = keeper()
    found = session.interrupted(asked=asked)
    session.close()
    return found


# Going on


progresses = st.builds(
    Progress,
    step=st.sampled_from(first_weeks().steps).map(lambda step: step.id),
    done=st.lists(st.sampled_from(first_weeks().parts).map(lambda part: part.id), unique=True).map(tuple),
    signs=st.lists(st.sampled_from([*first_weeks().signs, "danger", "mixed"])).map(tuple),
    stress=st.integers(0, 9),
    left_out=st.lists(st.sampled_from(first_weeks().parts).map(lambda part: part.id), unique=True).map(tuple),
    stroke=st.integers(0, len(STROKES) - 1),
)


@given(st.lists(progresses, min_size=1, max_size=5))
def test_it_goes_on_at_the_last_step_that_was_kept(kept: list[Progress]) -> None:
    default_path().unlink(missing_ok=True)
    cut_off(*kept)
    found = offered()
    assert found is not None and found.progress == kept[-1]
    assert (found.ago, found.ask) == ("moment", True)


@pytest.mark.parametrize("how", ["finished", "left early"])
def test_a_finished_session_is_not_offered(how: str) -> None:
    cut_off(at(1), Progress(ended=how))
    assert offered() is None
    assert offered(asked=True) is None


def test_ctrl_c_is_meant_and_a_machine_that_is_shut_down_is_not() -> None:
    for how, is_offered in (("stopped", False), ("terminated", True)):
        session = keeper()
        session.keep(at(1))
        session.end(how)
        session.close()
        assert (offered() is not None) == is_offered
        assert offered(asked=True) is not None, "to who asks for it"


def test_after_a_day_it_is_another_massage() -> None:
    cut_off(at(1))
    with Journal() as journal:
        later = time.time() + FRESH_S
        assert journal.interrupted(first_weeks(), now=later - 60) is not None
        assert journal.interrupted(first_weeks(), now=later + 60) is None
        asked = journal.interrupted(first_weeks(), now=later + 3600 * 24, asked=True)
        assert asked is not None and asked.ago == "some_time"


def test_a_clock_that_was_set_back_loses_nothing() -> None:
    cut_off(at(1))
    with Journal() as journal:
        found = journal.interrupted(first_weeks(), now=time.time() - 1e6)
    assert found is not None and found.ago == "some_time"


def test_a_step_that_the_routine_lost_and_another_routine_are_not_offered() -> None:
    cut_off(Progress("knees-9"))
    assert offered(asked=True) is None
    cut_off(at(1))
    with Journal() as journal:
        assert journal.interrupted(load(find("infant-massage")), asked=True) is None
        assert journal.interrupted(first_weeks(), asked=True) is not None


def test_what_goes_on_is_one_session_and_what_starts_again_is_another() -> None:
    cut_off(at(1, done=("legs",)))
    going_on = keeper()
    found = going_on.interrupted(asked=False)
    assert found is not None
    going_on.keep(replace(found.progress, resumed=True))
    going_on.keep(at(2, resumed=True, signs=("crying",)))
    going_on.close()
    another = keeper()
    assert another.interrupted(asked=False) is not None
    another.keep(at(0))
    another.keep(at(1))
    another.close()
    with Journal() as journal:
        new, old = journal.sessions()
    assert (old.progress, old.signs, old.ended) == (at(2, signs=("crying",)), ("crying",), None)
    assert (new.progress, new.ended) == (at(1), None)


def test_a_session_that_runs_is_not_offered_to_a_second_one() -> None:
    first, warnings = keeper(), list[str]()
    first.keep(at(1))
    second = keeper(warnings)
    assert second.interrupted(asked=True) is None
    second.keep(at(3))
    assert warnings == [
        "this session is not kept, so it could not go on after a power cut: another session is running"
    ]
    first.close()
    found = offered()
    assert found is not None and found.progress == at(1)


# How long ago


def noon(day: int, hour: float) -> float:
    return datetime(2026, 3, day).timestamp() + 3600 * hour


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (noon(3, 12), noon(3, 12.01), ("moment", 0)),
        (noon(3, 12), noon(3, 12 + 10 / 60), ("minutes", 10)),
        (noon(3, 12), noon(3, 12 + 33 / 60), ("minutes", 35)),
        (noon(3, 12), noon(3, 13), ("hour", 0)),
        (noon(3, 23), noon(4, 1), ("hours", 2)),
        (noon(3, 7), noon(3, 20.2), ("hours", 13)),
        (noon(3, 19), noon(4, 9), ("yesterday", 0)),
        (noon(3, 19), noon(3, 18), ("some_time", 0)),
        (noon(3, 19), noon(9, 18), ("some_time", 0)),
    ],
)
def test_how_long_ago_is_said_as_people_say_it(then: float, now: float, words: tuple[str, int]) -> None:
    assert ago(then, now) == words


@given(st.floats(0, 4e9), st.floats(-1e7, 1e7))
def test_there_is_a_word_for_every_time(then: float, seconds: float) -> None:
    word, count = ago(then, then + seconds)
    assert word in AGO and (count >= 2) == (word in ("minutes", "hours"))


# For this user only


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_for_this_user_only_whatever_the_folder_was_before() -> None:
    default_path().parent.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        cut_off(at(1))
    finally:
        os.umask(before)
    assert (mode(default_path()), mode(default_path().parent)) == (0o600, 0o700)
    assert [path.name for path in default_path().parent.iterdir()] == ["journal.db"]


def test_what_is_deleted_is_not_in_the_file_any_more() -> None:
    cut_off(at(1, signs=("bright_eyed",)))
    assert b"bright_eyed" in default_path().read_bytes()
    with Journal() as journal:
        assert journal.delete() == 1
        assert journal.sessions() == []
    assert b"bright_eyed" not in default_path().read_bytes()


def test_a_session_that_is_deleted_while_it_runs_is_kept_from_then_on() -> None:
    session = keeper()
    session.keep(at(1))
    with Journal() as journal:
        journal.delete()
    session.keep(at(2))
    session.close()
    found = offered()
    assert found is not None and found.progress == at(2)


def test_what_was_deleted_of_a_running_session_does_not_come_back() -> None:
    session = keeper()
    session.keep(replace(at(1), signs=("crying",), done=("legs",)))
    with Journal() as journal:
        journal.delete()
    session.keep(replace(at(2), signs=("crying", "fussing"), done=("legs",)))
    session.keep(replace(at(2), signs=("crying", "fussing"), done=("legs", "feet")))
    session.close()
    with Journal() as journal:
        (one,) = journal.sessions()
    assert (one.signs, one.parts) == (("fussing",), ("feet",))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("progress", '{"step": "legs-1", "left_out": [], "stroke": 1, "stress": Infinity}'),
        ("progress", "[" * 100_000),
        ("progress", '{"step": [], "left_out": [], "stroke": 1, "stress": 0}'),
        ("changed", -1e300),
        ("began", float("inf")),
        ("ended", b"xx"),
        ("signs", "{"),
    ],
)
def test_a_row_that_makes_no_sense_is_ignored(column: str, value: object) -> None:
    cut_off(at(1))
    with sqlite3.connect(default_path()) as db:
        db.execute(f"UPDATE sessions SET {column} = ?", (value,))
    warnings: list[str] = []
    session = keeper(warnings)
    assert session.interrupted(asked=True) is None
    assert session.keep(at(2))
    session.close()
    assert not warnings


# Faults


@pytest.mark.parametrize("size", [100, 4000, 5000])
def test_a_damaged_file_is_set_aside_and_a_new_one_started(size: int) -> None:
    cut_off(at(1))
    torn = default_path().read_bytes()[:size]
    default_path().write_bytes(torn)
    warnings: list[str] = []
    session = keeper(warnings)
    assert session.interrupted(asked=False) is None
    session.keep(at(2))
    session.close()
    (aside,) = [path for path in default_path().parent.iterdir() if path != default_path()]
    assert aside.read_bytes() == torn and aside.name.startswith("journal.db.broken-2")
    assert len(warnings) == 1 and str(aside) in warnings[0]
    found = offered()
    assert found is not None and found.progress == at(2)


@given(st.binary(max_size=9000), st.floats(0, 1), st.booleans())
def test_with_garbage_in_it_the_session_is_kept_or_a_warning_given(garbage: bytes, where: float, whole: bool) -> None:
    for path in [*default_path().parent.glob("*")]:
        path.unlink()
    cut_off(at(1, signs=("crying",)))
    data = default_path().read_bytes()
    start = 0 if whole else int(where * len(data))
    default_path().write_bytes(data[:start] + garbage + data[start + len(garbage) :])
    warnings: list[str] = []
    session = keeper(warnings)
    session.interrupted(asked=False)
    session.keep(at(2))
    session.close()
    found = offered()
    assert warnings or (found is not None and found.progress == at(2))


def test_the_rollback_journal_of_a_broken_one_is_not_applied_to_the_new_one() -> None:
    cut_off(at(1))
    default_path().write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    default_path().with_name("journal.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    cut_off(at(2))
    found = offered()
    assert found is not None and found.progress == at(2)
    assert len([*default_path().parent.glob("*-journal")]) <= 1


def test_one_of_a_newer_version_is_left_alone() -> None:
    cut_off(at(1))
    db = sqlite3.connect(default_path())
    db.execute("PRAGMA user_version = 99")
    db.execute("ALTER TABLE sessions ADD COLUMN more TEXT")
    db.close()
    before, warnings = default_path().read_bytes(), list[str]()
    session = keeper(warnings)
    session.keep(at(2))
    session.close()
    assert default_path().read_bytes() == before
    assert len(warnings) == 1 and "newer voiceguide" in warnings[0]


@pytest.mark.parametrize("state_home", ["/proc/nowhere", "/dev/null"])
def test_without_a_folder_the_session_goes_on_and_says_so_once(
    state_home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state_home)
    warnings: list[str] = []
    session = keeper(warnings)
    assert session.interrupted(asked=False) is None
    session.keep(at(1))
    session.end("stopped")
    session.close()
    (line,) = warnings
    assert line.startswith("this session is not kept") and state_home in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_can_still_be_read() -> None:
    cut_off(at(1))
    default_path().chmod(0o400)
    default_path().parent.chmod(0o500)
    try:
        warnings: list[str] = []
        session = keeper(warnings)
        assert session.interrupted(asked=False) is not None
        session.keep(at(2))
        session.keep(at(3))
        assert len(warnings) == 1 and "write" in warnings[0]
    finally:
        default_path().parent.chmod(0o700)


FULL = """
import resource, sys
from voiceguide.guide.progress import Progress
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions.journal import Keeper
routine = load(find("first-weeks"))
keeper = Keeper(routine, print)
keeper.keep(Progress(routine.steps[1].id))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
for _ in range(3):
    keeper.keep(Progress(routine.steps[2].id, signs=("crying",) * int(sys.argv[2])))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
keeper.keep(Progress(routine.steps[3].id))
"""


@pytest.mark.parametrize(("limit", "signs"), [(0, 0), (600, 0), (4096, 0), (12288, 2000)])
def test_a_full_disk_is_reported_once_and_used_again_when_there_is_room(limit: int, signs: int) -> None:
    """The kernel doesn't let a file grow, as if the disk were full."""
    result = subprocess.run(
        [sys.executable, "-c", FULL, str(limit), str(signs)],
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    assert line.startswith("this session is not kept")
    found = offered()
    assert found is not None and found.progress == at(3)


def test_a_database_that_somebody_else_holds_is_not_waited_for_long() -> None:
    session, warnings = keeper(), list[str]()
    session.keep(at(1))
    session.close()
    session = keeper(warnings)
    other = sqlite3.connect(default_path())
    other.execute("BEGIN EXCLUSIVE")
    session.keep(at(2))
    other.rollback()
    session.keep(at(3))
    session.close()
    assert len(warnings) == 1 and "locked" in warnings[0]
    found = offered()
    assert found is not None and found.progress == at(3)


def test_history_says_what_cannot_be_opened() -> None:
    default_path().mkdir(parents=True)
    with pytest.raises(JournalError, match=r"cannot open the journal .*unable to open"):
        Journal()


# Whether the routine is known


def is_known(**more: float) -> bool:
    with Journal() as journal:
        return journal.known(first_weeks(), **more)


def test_a_routine_is_known_for_three_weeks_after_it_was_done_to_its_end() -> None:
    assert not is_known()
    cut_off(at(2))
    cut_off(at(2), Progress(ended="left early"))
    assert not is_known(), "its end was never reached"
    cut_off(at(5), Progress(ended="finished"))
    assert is_known() and keeper().known()
    now = time.time()
    assert is_known(now=now + KNOWN_S - 60) and not is_known(now=now + KNOWN_S + 60)
    assert not is_known(now=now - 3600), "a clock that was set back knows nothing"


def test_another_routine_does_not_make_it_known() -> None:
    with Journal() as journal:
        journal.keep("infant-massage", Progress("legs-1"))
        journal.keep("infant-massage", Progress(ended="finished"))
    assert not is_known()


def test_nothing_is_known_where_the_journal_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(at(5), Progress(ended="finished"))
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert not keeper().known()
