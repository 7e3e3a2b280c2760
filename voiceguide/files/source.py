"""Reads a YAML file that a person wrote, safely, and says where each mistake is.

Routines, language files and rehearsal scripts are all read here. The result is plain data with the position
of every value; the mistakes of a file are told all at once, as ``file:line:column: what is wrong; what to
write instead``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files import wording as mistakes
from voiceguide.files.nodes import FORBIDDEN, LINE_END, Composer, Node
from voiceguide.files.violations import how_to_start, of_violation

MAX_BYTES = 1024 * 1024
MAX_PROBLEMS = 100

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

    def position(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of its key with ``key``.

        Of a path that does not exist, the position of the nearest value around it.
        """
        node, position = self._root, (self._root.line, self._root.column)
        for depth, name in enumerate(path):
            child = node.children.get(name)
            if child is None:
                break
            position = (child.line, child.column)
            if key and depth == len(path) - 1 and isinstance(name, str):
                position = node.keys[name]
            node = child
        return position

    def error(self, path: KeyPath, what: str, instead: str, *, key: bool = False) -> FileError:
        """A mistake at the value at ``path``, or at its key with ``key``."""
        line, column = self.position(path, key=key)
        return FileError(self.file, line, column, what, instead)

    def each(self, *pattern: str | int) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Every value whose path fits ``pattern`` ("*" fits any one key or position), as ``(path, value)``.

        Values that are not there are passed over, so a check can run on a file with other mistakes in it.
        """
        found: list[tuple[tuple[str | int, ...], Node]] = [((), self._root)]
        for want in pattern:
            found = [
                ((*path, name), child)
                for path, node in found
                for name, child in node.children.items()
                if want in ("*", name)
            ]
        for path, node in found:
            yield path, node.data


Check: TypeAlias = Callable[[Document], Iterable[FileError]]
"""Rules that a schema cannot say. It is called also for a document that breaks its schema."""


def read(path: Path, schema: Mapping[str, Any], check: Check | None = None) -> Document:
    """Reads a YAML file that fits ``schema`` (JSON Schema, draft 2020-12) and passes ``check``.

    Raises SourceError with every mistake in it, in the order of the file, and VoiceguideError when it cannot
    be read at all.
    """
    file = mistakes.printable(str(path))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would be waited for
            raise VoiceguideError(f"{file}: this is no file that can be read; name a text file")
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
    """As ``read``, from the bytes of a file; ``file`` names it in the problems. Raises SourceError."""
    text, problems = _decode(content, file)
    composer = Composer(file, problems)
    root = composer.compose(text)
    if root is None:
        if not problems:
            problems.append(FileError(file, 1, 1, "the file is empty", how_to_start(schema)))
        raise SourceError(_in_order(problems))
    document = Document(root.data, file, root)
    if composer.complete:  # what a broken file seems to lack may stand after the break
        told = {(problem.line, problem.column) for problem in problems}  # such a value is also of a wrong type
        found = chain(_violations(document, schema), check(document) if check is not None else ())
        fresh = dict.fromkeys(problems)
        for problem in found:
            if (problem.line, problem.column) not in told:
                fresh[problem] = None
            if len(fresh) > MAX_PROBLEMS:
                break
        problems = list(fresh)
    if problems:
        raise SourceError(_in_order(problems))
    return document


def _violations(document: Document, schema: Mapping[str, Any]) -> Iterator[FileError]:
    from jsonschema.validators import Draft202012Validator  # a tenth of a second: only where a file is read

    errors = Draft202012Validator(schema).iter_errors(document.data)
    return (problem for error in errors for problem in of_violation(error, document, schema))


def _in_order(problems: Iterable[FileError]) -> list[FileError]:
    ordered = sorted(problems, key=lambda p: (p.line, p.column, p.what))
    if len(ordered) <= MAX_PROBLEMS:
        return ordered
    rest = ordered[MAX_PROBLEMS]
    more = FileError(rest.file, rest.line, rest.column, "there are more errors", "put these right first")
    return [*ordered[:MAX_PROBLEMS], more]


def _decode(content: bytes, file: str) -> tuple[str, list[FileError]]:
    """The text of a file, with each forbidden character replaced, and a problem for each of these."""
    if len(content) > MAX_BYTES:
        raise SourceError([FileError(file, 1, 1, "the file is larger than 1 MiB", "make it smaller")])
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError([FileError(file, 1, 1, "the file is written in UTF-16", "save it again as UTF-8")])
    start = len(b"\xef\xbb\xbf") if content.startswith(b"\xef\xbb\xbf") else 0
    try:
        text = content[start:].decode()
    except UnicodeDecodeError as error:
        line, column = _place(content[start : start + error.start].decode())
        what = f"the byte {content[start + error.start]:#04x} is not UTF-8 text"
        raise SourceError([FileError(file, line, column, what, "save the file again as UTF-8")]) from None
    if "\0" in text:
        line, column = _place(text[: text.index("\0")])
        what = "there is a zero byte, so this is not a text file"
        raise SourceError([FileError(file, line, column, what, "save it again as plain text in UTF-8")])
    problems: list[FileError] = []
    hidden = list(islice(FORBIDDEN.finditer(text), MAX_PROBLEMS + 1))
    if hidden:
        ends = [0, *(end.end() for end in LINE_END.finditer(text))]
        for match in hidden:
            line = bisect_right(ends, match.start())
            column = match.start() - ends[line - 1] + 1
            problems.append(FileError(file, line, column, *mistakes.of_character(match[0])))
        text = FORBIDDEN.sub("\ufffd", text)  # one for one: the positions of the rest stay right
    return text, problems


def _place(before: str) -> tuple[int, int]:
    """Line and column of the character that follows ``before``."""
    lines = LINE_END.split(before)
    return len(lines), len(lines[-1]) + 1
