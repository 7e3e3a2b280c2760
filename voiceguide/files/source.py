"""Reads a YAML file that a person wrote, and says where each error is.

Routines, language files, settings and rehearsal scripts are all read here. The result is plain data with the place
of every value. All errors of a file are reported at once, as ``file:line:column: what is wrong; what to write
instead``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files import schema as schemas
from voiceguide.files import wording
from voiceguide.files.nodes import FORBIDDEN, LINE_END, Node, Reader

MAX_BYTES = 1024 * 1024
MAX_ERRORS = 100

KeyPath: TypeAlias = Sequence[str | int]
"""The way to a value: keys of groups, and positions in lists counted from 0."""


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of a file, and where each value was written."""

    data: Any
    """dict, list, str, int, float, bool or None; the keys of a dict are always str."""
    file: str
    """The file as the user named it."""
    _root: Node
    _lines: Sequence[str]

    def position(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of its key with ``key``.

        For a path that doesn't exist, the position of the nearest value around it. The value of an alias is where
        its anchor is.
        """
        node, mark = self._root, self._root.start
        for depth, name in enumerate(path, 1):
            if name not in node.inner:
                break
            at, node = node.inner[name]
            mark = at if key and depth == len(path) else node.start
        return mark.line + 1, mark.column + 1

    def after(self, path: KeyPath) -> str:
        """What follows the text at ``path`` on its line, if the text is written without quotes; else nothing.

        A comma in brackets or a `#` after a space ends such a text, and its author may not know.
        """
        node = self._root
        for name in path:
            if name not in node.inner:
                return ""
            _, node = node.inner[name]
        return self._lines[node.end.line][node.end.column :].strip() if node.plain and node.text else ""

    def error(self, path: KeyPath, what: str, instead: str, *, key: bool = False) -> FileError:
        """An error in the value at ``path``, or in its key with ``key``."""
        line, column = self.position(path, key=key)
        return FileError(self.file, line, column, what, instead)

    def each(self, *pattern: str | int) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Every value whose path fits ``pattern`` ("*" fits any one key or position), as ``(path, value)``.

        Values that don't exist are skipped, so a check can run on a file with other errors in it.
        """
        found: list[tuple[tuple[str | int, ...], Any]] = [((), self.data)]
        for want in pattern:
            found = [
                ((*path, name), value)
                for path, around in found
                for name, value in _entries(around)
                if want in ("*", name)
            ]
        yield from found


def _entries(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


Check: TypeAlias = Callable[[Document], Iterable[FileError]]
"""Rules that a schema can't express. They also have to cope with a document that doesn't fit its schema."""


def read(path: Path, schema: Mapping[str, Any], check: Check | None = None) -> Document:
    """Read a YAML file that fits ``schema`` (JSON Schema, draft 2020-12) and passes ``check``.

    Raises SourceError with all its errors, in the order of the file, and VoiceguideError if it can't be read at all.
    """
    file = wording.printable(str(path))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # opening a pipe would block
            raise VoiceguideError(f"{file}: this is not a file that can be read; name a text file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise VoiceguideError(f"{file}: there is no such file; check its name and its folder") from None
    except IsADirectoryError:
        raise VoiceguideError(f"{file}: this is a folder; name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise VoiceguideError(f"{file}: cannot be read ({reason}); check its permissions") from None
    return parse(content, file, schema, check)


def parse(content: bytes, file: str, schema: Mapping[str, Any], check: Check | None = None) -> Document:
    """Like ``read``, from the bytes of a file; ``file`` is its name in the errors. Raises SourceError."""
    text, errors = _decode(content, file)
    reader = Reader(file)
    root = reader.read(text)
    errors += reader.errors
    if root is None:
        empty = FileError(file, 1, 1, "the file is empty", schemas.how_to_start(schema))
        raise SourceError(_in_order(errors or [empty]))
    document = Document(root.data, file, root, LINE_END.split(text))
    misfits = schemas.misfits(root.data, schema)
    found = chain(
        (document.error(one.path, one.what, one.instead, key=one.at_key) for one in misfits),
        check(document) if check is not None else (),
    )
    places = {(one.line, one.column) for one in errors}  # a refused value often has the wrong type, too
    fresh = (one for one in found if (one.line, one.column) not in places)
    unique = dict.fromkeys(errors)
    for one in fresh:
        unique[one] = None
        if len(unique) > MAX_ERRORS:
            break
    if unique:
        raise SourceError(_in_order(unique))
    return document


def _in_order(errors: Iterable[FileError]) -> list[FileError]:
    ordered = sorted(errors, key=lambda one: (one.line, one.column, one.what))
    if len(ordered) > MAX_ERRORS:
        rest = ordered[MAX_ERRORS]
        more = FileError(rest.file, rest.line, rest.column, "there are more errors", "put these right first")
        ordered[MAX_ERRORS:] = [more]
    return ordered


def _decode(content: bytes, file: str) -> tuple[str, list[FileError]]:
    """The text of a file with each forbidden character replaced, and an error for each of those."""

    def refused(what: str, instead: str, before: bytes = b"") -> SourceError:
        lines = LINE_END.split(before.decode())
        return SourceError([FileError(file, len(lines), len(lines[-1]) + 1, what, instead)])

    if len(content) > MAX_BYTES:
        raise refused("the file is larger than 1 MiB", "make it smaller")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refused("the file is written in UTF-16", "save it again as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        what = f"the byte {content[error.start]:#04x} is not UTF-8 text"
        raise refused(what, "save the file again as UTF-8", content[: error.start]) from None
    if not FORBIDDEN.search(text):
        return text, []
    errors = []
    ends = [0, *(end.end() for end in LINE_END.finditer(text))]
    for match in islice(FORBIDDEN.finditer(text), MAX_ERRORS + 1):
        line = bisect_right(ends, match.start())
        column = match.start() - ends[line - 1] + 1
        errors.append(FileError(file, line, column, *wording.of_character(match[0])))
    return FORBIDDEN.sub("\ufffd", text), errors  # one for one, so all other places stay right
