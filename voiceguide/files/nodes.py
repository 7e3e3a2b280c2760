"""Reads YAML text, safely, as a tree of nodes: plain data, each with its place.

Only PyYAML's parser is used, and none of its constructors: nothing but text, numbers, true/false, lists and groups
comes out. Unquoted values follow the core schema of YAML 1.2, without octal and hexadecimal numbers; so ``no``,
``on`` and ``yes`` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NoReturn

import yaml

from voiceguide.errors import FileError
from voiceguide.files import wording
from voiceguide.files.wording import code

MAX_DEPTH = 32
MAX_ANCHORS = 32
"""Anchors and aliases, together."""
MAX_VALUES = 20_000
"""An alias counts as all that it stands for. A long routine has about 2,000 values."""

# libyaml gives the same places, ten times as fast, but some builds of PyYAML come without it.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Control characters, and invisible ones: they change what a text seems to say, or keep it from being found.
# The two joiners, U+200C and U+200D, are allowed: Persian and emoji are written with them.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
LINE_END = re.compile(r"\r\n|\r|\n")
_RETURN = re.compile(r"\r")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(slots=True)
class Node:
    """A value, and where it's written."""

    data: Any
    start: Any
    """A mark of PyYAML, whose line and column count from 0."""
    end: Any = None
    text: str | None = None
    """A scalar's text; None for groups and lists."""
    plain: bool = False
    """Whether it's a scalar without quotes, and not a block."""
    depth: int = 0
    """The levels of groups and lists, from this one down."""
    size: int = 1
    """The number of values in it, itself included."""
    inner: dict[str | int, tuple[Any, Node]] = field(default_factory=dict)
    """By key or position: the mark of the key or of the entry, and the value."""


class _StopError(Exception):
    """The rest of the file isn't read."""


class Reader:
    """Reads one text, once."""

    def __init__(self, file: str) -> None:
        self.errors: list[FileError] = []
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._named = 0
        """Anchors and aliases so far."""
        self._values = 0
        self._events: Iterator[Any] = iter(())
        self._event: Any = None

    def read(self, text: str) -> Node | None:
        """The node at the root; None if there's none, or if the text can't be read. Errors go to ``errors``."""
        self._events = yaml.parse(text, Loader=_LOADER)
        try:
            self._next()  # the start of the stream
            if isinstance(self._next(), yaml.StreamEndEvent):
                return None
            root = self._node(self._next(), 1)
            self._next()  # the end of the document
            if not isinstance(self._next(), yaml.StreamEndEvent):
                self._stop(self._event.start_mark, "a second document begins here", "use a file for each")
        except _StopError:
            return None
        except yaml.MarkedYAMLError as error:
            self._report(*wording.of_syntax(error, LINE_END.split(text), self._event))
            return None
        except yaml.YAMLError:
            self.errors.append(FileError(self._file, 1, 1, "this is not YAML", "save it as UTF-8 text"))
            return None
        return root

    def _next(self) -> Any:
        self._event = next(self._events)
        return self._event

    def _report(self, mark: Any, what: str, instead: str) -> None:
        self.errors.append(FileError(self._file, mark.line + 1, mark.column + 1, what, instead))

    def _stop(self, mark: Any, what: str, instead: str) -> NoReturn:
        self._report(mark, what, instead)
        raise _StopError

    def _count(self, mark: Any, values: int, depth: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            self._stop(mark, f"the file has more than {MAX_VALUES} values", "make it smaller")
        if depth > MAX_DEPTH:
            self._stop(mark, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")

    def _node(self, event: Any, depth: int) -> Node:
        """The node that starts with ``event``, ``depth`` levels deep."""
        mark = event.start_mark
        if event.anchor is not None:
            self._named += 1
            if self._named > MAX_ANCHORS:
                what = f"more than {MAX_ANCHORS} anchors and aliases (`&name`, `*name`) are used"
                self._stop(mark, what, "write the text out")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self._stop(mark, "nothing before this has the name", f"if it is not an alias, {wording.QUOTES}")
            node = self._anchors[event.anchor]
            self._count(mark, node.size, depth + node.depth - 1)
            return node
        if event.tag is not None:
            what = f"the tag {code(event.tag.replace('tag:yaml.org,2002:', '!!'))} is not allowed"
            self._report(mark, what, "delete it, or put the text in quotes")
        before = self._values
        self._count(mark, 1, 0 if isinstance(event, yaml.ScalarEvent) else depth)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node([], mark)
            while not isinstance(self._next(), yaml.SequenceEndEvent):
                entry = self._node(self._event, depth + 1)
                node.inner[len(node.data)] = entry.start, entry
                node.data.append(entry.data)
        else:
            node = Node({}, mark)
            while not isinstance(self._next(), yaml.MappingEndEvent):
                self._add_pair(node, self._event.start_mark, depth + 1)
        node.size = self._values - before
        if not isinstance(event, yaml.ScalarEvent):
            node.depth = 1 + max((inner.depth for _, inner in node.inner.values()), default=0)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _add_pair(self, group: Node, mark: Any, depth: int) -> None:
        key = self._node(self._event, depth)
        value = self._node(self._next(), depth)
        if key.text is None or (key.plain and key.text in ("", "<<")):
            self._report(mark, "a key must be a text", "write `key: value`")
        elif key.text in group.inner:
            first = group.inner[key.text][0].line + 1
            what = f"{code(key.text)} is written twice here (first on line {first})"
            self._report(mark, what, "keep only one of the two")
        else:
            group.data[key.text] = value.data
            group.inner[key.text] = mark, value

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        # Escapes can put forbidden characters into a text; a carriage return can only come from one.
        if match := FORBIDDEN.search(event.value) or _RETURN.search(event.value):
            self._report(event.start_mark, *wording.of_character(match[0], escaped=True))
        plain = not event.style
        data = _value(event.value) if plain else event.value
        return Node(data, event.start_mark, event.end_mark, event.value, plain)


def _value(text: str) -> str | int | float | bool | None:
    """What an unquoted text stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and isfinite(float(text)) else text
