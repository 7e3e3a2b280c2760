"""Progress and history, in SQLite, so that a session that was cut off can go on, and past ones can be looked up.

What's kept of a session: when it started and when something last changed, the routine, which parts were done, which
signs were reported, and how it ended. Until it has ended by itself, also its step and what was agreed (which parts
are left out, how long the strokes are). No sound, and nothing that was said.

SQLite keeps its default rollback journal, with ``synchronous=EXTRA``: before a commit returns it's on the disk, and
so is the removal of the rollback journal. That takes a few milliseconds, some tens on an SD card, which don't matter
once a minute. WAL would leave a second file beside the database, to be copied and deleted with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from voiceguide.errors import VoiceguideError
from voiceguide.files import private
from voiceguide.files.paths import user_folder
from voiceguide.guide.plan import AS_WRITTEN, STROKES
from voiceguide.guide.progress import Interrupted, Progress
from voiceguide.routine.routine import Routine

log = logging.getLogger(__name__)

FORMAT = 1
"""The database's ``user_version``."""
NEWER = range(FORMAT + 1, 1000)
"""Formats still to come, with other tables. Anything above is garbage."""
FRESH_S = 24 * 3600.0
"""An older interrupted session isn't offered: massage is something you do every day."""
KNOWN_S = 21 * 24 * 3600.0
"""For so long a parent who did a routine to its end knows how to prepare for it: three weeks. What must not be
forgotten is said all the same."""
RESUMABLE = (None, "terminated")
"""The endings after which a session is offered unasked: it was cut off, or the machine was shut down. Whoever pressed
Ctrl-C meant it."""
SLOW_S = 0.1
"""A write that takes longer is logged."""
BUSY_S = 0.25
"""How long to wait for another program that has the database locked. The loop stands still meanwhile."""
_TABLE = """CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    began REAL NOT NULL,
    changed REAL NOT NULL,
    routine TEXT NOT NULL,
    parts TEXT NOT NULL,
    signs TEXT NOT NULL,
    ended TEXT,
    progress TEXT
)"""
_NEW = "INSERT INTO sessions (changed, parts, signs, ended, progress, began, routine) VALUES (?, ?, ?, ?, ?, ?, ?)"
_CHANGE = "UPDATE sessions SET changed = ?, parts = ?, signs = ?, ended = ?, progress = ? WHERE id = ?"
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""The last one: a table or a column is missing."""


class JournalError(VoiceguideError):
    """The journal can't be read or written."""


@dataclass(frozen=True, slots=True)
class Past:
    """A past session, or the one that's running."""

    id: int
    began: float
    """Seconds since 1970. ``changed``: when something of it was last kept."""
    changed: float
    routine: str
    parts: tuple[str, ...]
    signs: tuple[str, ...]
    ended: str | None
    """``finished``, ``left early``, ``stopped`` (Ctrl-C, or the end of typed input) or ``terminated`` (SIGTERM); None
    if it was cut off, or is running."""
    progress: Progress | None
    """Where it could go on."""


def default_path() -> Path:
    """``~/.local/state/voiceguide/journal.db``, or in $XDG_STATE_HOME."""
    return user_folder("state") / "journal.db"


class Journal:
    """The database. A context manager. Every method raises JournalError if it can't do its work."""

    def __init__(self, path: Path | None = None, *, say: Callable[[str], None] = lambda line: None) -> None:
        """Open it, or create it, for this user only. A broken one is set aside, and ``say`` gets a line about
        that."""
        self.path = path or default_path()
        self._id: int | None = None
        self._began = 0.0
        """When the present session started; and below, the interrupted one, if there is one."""
        self._offered: Past | None = None
        self._has = self._forgotten = (0, 0)
        """How many of its parts and signs were kept last, and how many have been deleted since it started."""
        self._lock: int | None = None
        with self._told("open"):
            private.make(self.path.parent)
            try:
                self._db = self._open()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: of a table's definition
                if isinstance(error, sqlite3.DatabaseError) and not _is_broken(error):
                    raise
                aside = self._set_aside()
                say(f"the journal was broken, and is kept as {aside}; a new one is begun")
                self._db = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # For a session

    def claim(self) -> bool:
        """Whether this process may keep a session: False while another one does. The claim ends with the process at
        the latest."""
        with self._told("open"):
            self._lock = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            return False
        except OSError:
            pass  # a file system without locks: better no lock than no journal
        return True

    def interrupted(self, routine: Routine, *, asked: bool = False, now: float | None = None) -> Interrupted | None:
        """The last session with a routine, if it can go on at a step that still exists. ``asked``: however it ended,
        and however long ago. What is kept next belongs to that session or to a new one, as Progress.resumed says."""
        past = next((past for past in self.sessions() if past.routine == routine.id), None)
        if past is None or past.progress is None or past.progress.step not in {step.id for step in routine.steps}:
            return None
        seconds = (time.time() if now is None else now) - past.changed
        if not asked and (past.ended not in RESUMABLE or seconds > FRESH_S):
            return None
        self._offered = past
        word, count = ago(past.changed, past.changed + seconds)
        return Interrupted(past.progress, word, count, ask=not asked)

    def known(self, routine: Routine, *, now: float | None = None) -> bool:
        """Whether the routine was done to its end not long ago."""
        since = (time.time() if now is None else now) - KNOWN_S
        return any(
            past.routine == routine.id and past.ended == "finished" and since <= past.changed <= since + KNOWN_S
            for past in self.sessions()
        )

    def keep(self, routine: str, progress: Progress) -> None:
        """Write what has changed; it's on the disk when this returns. If the session has been deleted meanwhile, only
        what came after that is kept."""
        now = time.time()
        number, began = self._id, self._began
        if self._offered is not None and progress.resumed:
            number, began = self._offered.id, self._offered.began
            if self._id is None:
                self._has = len(self._offered.parts), len(self._offered.signs)
        elif number is None or (self._offered is not None and number == self._offered.id):
            number, began, self._forgotten = None, now, (0, 0)
        kept: dict[str, object] = {"step": progress.step, "stress": progress.stress}
        kept |= {"left_out": progress.left_out, "stroke": progress.stroke}
        where = json.dumps(kept) if progress.ended is None else None

        def values() -> tuple[object, ...]:
            parts, signs = self._forgotten
            lists = json.dumps(progress.done[parts:]), json.dumps(progress.signs[signs:])
            return now, *lists, progress.ended, where

        with self._told("write"):
            with self._db:
                if number is not None and not self._db.execute(_CHANGE, (*values(), number)).rowcount:
                    number, began, self._forgotten = None, now, self._has
                if number is None:
                    number = self._db.execute(_NEW, (*values(), began, routine)).lastrowid
            self._id, self._began = number, began
            self._has = len(progress.done), len(progress.signs)

    def end(self, how: str) -> None:
        """Note how the session ended, ``stopped`` or ``terminated``, unless it has ended by itself."""
        if self._id is not None:
            with self._told("write"), self._db:
                self._db.execute("UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL", (how, self._id))

    # History

    def sessions(self) -> list[Past]:
        """All sessions, the last one first. One that can't be understood is left out."""
        with self._told("read"):
            columns = "id, began, changed, routine, parts, signs, ended, progress"
            rows = self._db.execute(f"SELECT {columns} FROM sessions ORDER BY id DESC").fetchall()
        return [past for row in rows if (past := _past(row)) is not None]

    def delete(self, number: int | None = None) -> int:
        """Delete one session, or all; they are overwritten in the file. Returns how many there were."""
        with self._told("write"), self._db:
            where, values = ("", ()) if number is None else (" WHERE id = ?", (number,))
            return self._db.execute(f"DELETE FROM sessions{where}", values).rowcount

    # The file

    def _open(self) -> sqlite3.Connection:
        with contextlib.suppress(OSError):  # it exists, or can't be created: SQLite will say so
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(self.path, timeout=BUSY_S)
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            with contextlib.suppress(OSError):  # it may have been restored from elsewhere
                if self.path.stat().st_mode & 0o177:
                    self.path.chmod(0o600)
            db.execute("PRAGMA synchronous = EXTRA")
            db.execute("PRAGMA secure_delete = ON")
            if not _is_whole(db):
                raise _Broken
            tables = db.execute("SELECT sql FROM sqlite_schema").fetchall()
            if not tables:
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    db.execute(_TABLE)
                    db.execute(f"PRAGMA user_version = {FORMAT}")
            elif tables != [(_TABLE,)]:
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version in NEWER:
                    raise JournalError(f"{self.path} is of a newer voiceguide; move it away, or use that one")
                raise _Broken
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self) -> Path:
        """Rename a broken database; first the files that belong to it, or SQLite would apply them to the new one."""
        base = f"{self.path.name}.broken-{datetime.now():%Y%m%d-%H%M%S}"
        stamp = next(
            name for n in range(1000) if not (self.path.parent / (name := f"{base}{f'-{n}' if n else ''}")).exists()
        )
        for more in ("-journal", "-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + more).rename(self.path.with_name(stamp + more))
        return self.path.with_name(stamp)

    @contextmanager
    def _told(self, do: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise JournalError(
                f"cannot {do} the journal {self.path}: {why}; check the disk and its permissions"
            ) from None


class Keeper:
    """Keeps a session in a journal. Whatever fails there doesn't disturb the session; ``say`` gets the first
    error."""

    def __init__(self, routine: Routine, say: Callable[[str], None], path: Path | None = None) -> None:
        self._routine = routine
        self._say = say
        self._journal: Journal | None = None
        self._warned = False
        try:
            journal = Journal(path, say=say)
            if journal.claim():
                self._journal = journal
            else:
                journal.close()
                self._tell("another session is running")
        except JournalError as error:
            self._tell(str(error))

    def interrupted(self, *, asked: bool) -> Interrupted | None:
        """As Journal.interrupted; None also if the journal can't be read."""
        found: list[Interrupted | None] = []
        self._try(lambda journal: found.append(journal.interrupted(self._routine, asked=asked)))
        return found[0] if found else None

    def known(self) -> bool:
        """As Journal.known; False also if the journal can't be read."""
        found: list[bool] = []
        self._try(lambda journal: found.append(journal.known(self._routine)))
        return any(found)

    def keep(self, progress: Progress) -> bool:
        """Write what has changed. Returns whether it's on the disk; a write that failed is tried again with the
        next."""
        return self._try(lambda journal: journal.keep(self._routine.id, progress))

    def end(self, how: str) -> None:
        """As Journal.end."""
        self._try(lambda journal: journal.end(how))

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _try(self, do: Callable[[Journal], object]) -> bool:
        if self._journal is None:
            return False
        began = time.monotonic()
        try:
            do(self._journal)
        except JournalError as error:
            log.info("%s", error)
            self._tell(str(error))
            return False
        finally:
            if (took := time.monotonic() - began) > SLOW_S:
                log.info("the journal took %.1f s", took)
        return True

    def _tell(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            self._say(f"this session is not kept, so it could not go on after a power cut: {why}")


def ago(then: float, now: float) -> tuple[str, int]:
    """How long ago something was, for people: one of language.AGO, and its number. ``some_time`` if the clock has
    been set back: a Raspberry Pi's doesn't run without power."""
    minutes = (now - then) / 60
    if minutes < 0:
        return "some_time", 0
    if minutes < 1.5:
        return "moment", 0
    if minutes < 52:
        return "minutes", round(minutes) if minutes < 12 else 5 * round(minutes / 5)
    if minutes < 90:
        return "hour", 0
    hours = round(minutes / 60)
    if hours > 12 and datetime.fromtimestamp(then).date() != datetime.fromtimestamp(now).date():
        return ("yesterday", 0) if hours < 48 else ("some_time", 0)
    return "hours", hours


def fault(path: Path) -> str | None:
    """What's wrong with the database at ``path``; None if nothing is. It isn't changed, while ``Journal`` would set a
    broken one aside."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S)) as db:
            if not _is_whole(db):
                return "it is damaged"
            db.execute("BEGIN IMMEDIATE")  # it can be written
    except sqlite3.Error as error:
        return str(error)
    return None


def _is_whole(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))


class _Broken(sqlite3.DatabaseError):
    """The integrity check failed."""


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, _Broken) or (code is not None and code & 0xFF in _BROKEN)


def _past(row: tuple[Any, ...]) -> Past | None:
    number, began, changed, routine, parts, signs, ended, progress = row
    try:
        done, reported = tuple(map(str, json.loads(parts))), tuple(map(str, json.loads(signs)))
        at = None
        if progress is not None:
            kept = json.loads(progress)
            step, left_out = kept["step"], tuple(map(str, kept["left_out"]))
            stroke = kept["stroke"] if kept["stroke"] in range(len(STROKES)) else AS_WRITTEN
            at = Progress(step, done, reported, int(kept["stress"]), left_out, stroke)
        for moment in (began, changed):
            datetime.fromtimestamp(moment)  # raises if it isn't one
        if not isinstance(ended, str | None) or not isinstance(at and at.step, str | None):
            return None
        return Past(number, float(began), float(changed), str(routine), done, reported, ended, at)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
