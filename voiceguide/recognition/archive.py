"""Unpacking a zip archive that may be damaged or hostile: it appears complete and checked, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from voiceguide.files import atomic

SCRATCH = ".unpacking-"
"""What the names of unfinished folders begin with; after a kill they are left beside the target."""

# The biggest official model archive has about 2.5 GB; they shrink to a half, not to a twentieth.
_UNPACKED_LIMIT = 8 << 30
_RATIO_LIMIT = 20
_MEMBERS_LIMIT = 1000
_READ_LIMIT = 2 << 20
"""zipfile reads and keeps the whole list of members before it can be asked how many there are. That of a thousand has
less than this; it is more than is read of a member at once, too."""


class BadArchiveError(Exception):
    """The archive is damaged, could do harm, or holds something else. The text says which, on one line."""


class _Bounded(io.BufferedReader):
    """An archive of which nobody reads more at once than an honest one makes them."""

    def read(self, size: int | None = -1, /) -> bytes:
        size = -1 if size is None else size
        if size > _READ_LIMIT:
            raise BadArchiveError("its list of members is longer than any model's")
        return super().read(size)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, for reading. Raises BadArchiveError for whatever zipfile raises of a damaged one; OSError."""
    try:
        with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, struct.error) as error:
        raise BadArchiveError(f"it is damaged ({error})") from error


def top_folder(path: Path) -> str:
    """The name of the one folder that everything in the archive lies in. Raises BadArchiveError, OSError."""
    with _opened(path) as archive:
        return PurePosixPath(_members(archive, path.stat().st_size)[0].filename).parts[0]


def unpack(path: Path, target: Path, error_in: Callable[[Path], str | None]) -> None:
    """Unpack the top folder of ``path`` beside ``target``, ask ``error_in`` about it, and only then name it so.

    What ``target`` was before is replaced. Raises BadArchiveError, OSError."""
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=target.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        with _opened(path) as archive:
            for member in _members(archive, path.stat().st_size):
                _extract(archive, member, new.joinpath(*PurePosixPath(member.filename).parts[1:]))
        if what := error_in(new):
            raise BadArchiveError(what)
        for directory in [new, *(entry for entry in new.rglob("*") if entry.is_dir())]:
            atomic.sync_folder(directory)
        if target.exists():
            target.rename(old)
        new.rename(target)
        atomic.sync_folder(target.parent)


def _members(archive: zipfile.ZipFile, packed: int) -> Sequence[zipfile.ZipInfo]:
    """The members of an archive of ``packed`` bytes, after every check that needs no unpacking."""
    members = archive.infolist()
    if not members or len(members) > _MEMBERS_LIMIT:
        raise BadArchiveError(f"it has {len(members)} members, which no model has")
    paths = [PurePosixPath(member.filename) for member in members]
    for member, path in zip(members, paths, strict=True):
        if path.is_absolute() or ".." in path.parts or not path.parts or set(member.filename) & set("\\:\0"):
            raise BadArchiveError(f"it would write outside its folder ({member.filename!r})")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadArchiveError(f"it holds a link or a special file ({member.filename!r})")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadArchiveError(f"it is encrypted or packed in an unusual way ({member.filename!r})")
    if len({path.parts[0] for path in paths}) > 1 or any(
        len(path.parts) == 1 and not member.is_dir() for member, path in zip(members, paths, strict=True)
    ):
        raise BadArchiveError("not everything in it lies in one folder, as a model does")
    files = [path for member, path in zip(members, paths, strict=True) if not member.is_dir()]
    if len(set(files)) < len(files) or {parent for path in files for parent in path.parents} & set(files):
        raise BadArchiveError("two of its members have the same name")
    if sum(member.file_size for member in members) > min(_UNPACKED_LIMIT, packed * _RATIO_LIMIT):
        raise BadArchiveError("unpacked it would be far bigger than a model")
    return members


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    if member.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # A member never gives more bytes than the size that _members has summed up; its CRC is checked at its end.
    with archive.open(member) as packed, path.open("xb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
