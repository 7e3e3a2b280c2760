"""Unpacks a zip archive that may be damaged or hostile. Its folder appears whole and checked, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from voiceguide.files import atomic

SCRATCH = ".unpacking-"
"""How the names of unfinished folders begin. After a kill they're left beside the target."""

# The biggest official archive has about 2.5 GB; they pack to a half of their size, not to a twentieth.
_UNPACKED_LIMIT = 8 << 30
_RATIO_LIMIT = 20
_CHUNK = 1 << 16
_READ_LIMIT = 1 << 17
"""zipfile reads the whole list of members at once. A model has some fifty, which take 5 kB of it."""


class BadArchiveError(Exception):
    """The archive is damaged, could do harm, or holds something else. The text says which, on one line."""


class _Bounded(io.BufferedReader):
    def read(self, size: int | None = -1, /) -> bytes:
        if size and size > _READ_LIMIT:
            raise BadArchiveError("its list of members is longer than any model's")
        return super().read(size)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, for reading. Raises BadArchiveError for all that zipfile raises about a damaged one; OSError."""
    try:
        with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, struct.error) as error:
        raise BadArchiveError(f"it is damaged ({error})") from error


def top_folder(path: Path) -> str:
    """The name of the one folder that holds everything in the archive. Raises BadArchiveError, OSError."""
    with _opened(path) as archive:
        return _checked(archive, path)


def unpack(path: Path, target: Path, error_in: Callable[[Path], str | None]) -> None:
    """Unpack the archive's folder beside ``target``, ask ``error_in`` about it, and only then move it there.

    It replaces what ``target`` was before. Raises BadArchiveError, OSError."""
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=target.parent) as scratch:
        with _opened(path) as archive:
            new = Path(scratch, "new", _checked(archive, path))
            for member in archive.infolist():
                try:
                    _extract(archive, member, Path(scratch, "new", member.filename))
                except (FileExistsError, NotADirectoryError):
                    raise BadArchiveError(f"two of its members have the same name ({member.filename!r})") from None
        if error := error_in(new):
            raise BadArchiveError(error)
        for folder in [new, *(entry for entry in new.rglob("*") if entry.is_dir())]:
            atomic.sync_folder(folder)
        if target.exists():
            target.rename(Path(scratch, "old"))
        new.rename(target)
        atomic.sync_folder(target.parent)


def _checked(archive: zipfile.ZipFile, path: Path) -> str:
    """The name of the archive's one folder. Raises BadArchiveError if it would do harm to unpack it."""
    members = archive.infolist()
    for member in members:
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts:
            raise BadArchiveError(f"it would write outside its folder ({member.filename!r})")
        if len(name.parts) < 2 and not (name.parts and member.is_dir()):
            raise BadArchiveError("not everything in it lies in one folder, as a model does")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadArchiveError(f"it holds a link or a special file ({member.filename!r})")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadArchiveError(f"it is encrypted or packed in an unusual way ({member.filename!r})")
    tops = {PurePosixPath(member.filename).parts[0] for member in members}
    if len(tops) != 1:
        raise BadArchiveError("not everything in it lies in one folder, as a model does")
    if sum(member.file_size for member in members) > min(_UNPACKED_LIMIT, path.stat().st_size * _RATIO_LIMIT):
        raise BadArchiveError("unpacked it would be far bigger than a model")
    return tops.pop()


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    (path if member.is_dir() else path.parent).mkdir(parents=True, exist_ok=True)
    if not member.is_dir():
        # zipfile never gives more than the member's file_size, and checks its CRC at its end.
        with archive.open(member) as packed, path.open("xb") as file:
            shutil.copyfileobj(packed, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
