"""YAML text to plain data, safely, with a node for each value that knows its place.

PyYAML composes the nodes, and none of its constructors runs: only text, numbers, true/false, lists and groups come
out. How deep they are nested, how many there are and how many aliases they have is limited. Plain scalars follow
the core schema of YAML 1.2 without its octal and hexadecimal numbers, so ``no``, ``on`` and ``yes`` are text.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, TypeAlias

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

Node: TypeAlias = yaml.Node

# Control characters, and invisible ones: they change what a text seems to say, or keep it from being found.
# The two joiners, U+200C and U+200D, are allowed: Persian and emoji are written with them.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
LINE_END = re.compile(r"\r\n|\r|\n")
_RETURN = re.compile(r"\r")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class _LimitError(Exception):
    """A limit was passed: the rest of the file isn't read."""


class Reader:
    """Reads one text, once."""

    def __init__(self, file: str) -> None:
        self.errors: list[FileError] = []
        self.complete = False
        """Whether the text was read to its end."""
        self._file = file
        self._values = 0
        self._last: yaml.Event | None = None

    def read(self, text: str) -> tuple[Any, Node | None]:
        """The data, and the node at its root: None where there is none. Errors go to ``errors``."""
        try:
            self._check_limits(text)
            root = yaml.compose(text, Loader=_LOADER)
            data = None if root is None else self._data(root, 1)
            self.complete = True
            return data, root
        except _LimitError:
            pass
        except yaml.MarkedYAMLError as error:
            mark, what, instead = wording.of_syntax(error, LINE_END.split(text), self._last)
            self._report(mark, what, instead)
        except yaml.YAMLError:
            self.errors.append(FileError(self._file, 1, 1, "this is not YAML", "save it as UTF-8 text"))
        return None, None

    def _report(self, mark: Any, what: str, instead: str) -> None:
        self.errors.append(FileError(self._file, mark.line + 1, mark.column + 1, what, instead))

    def _limit(self, mark: Any, what: str, instead: str) -> None:
        self._report(mark, what, instead)
        raise _LimitError

    def _check_limits(self, text: str) -> None:
        """Goes through the parser's events, which take no memory, before any node is made."""
        depth = anchors = 0
        for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            self._last = event
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            self._check_size(event.start_mark, depth, count // 2)  # a group or a list has an end of its own
            if (tag := getattr(event, "tag", None)) is not None:
                what = f"the tag {code(tag.replace('tag:yaml.org,2002:', '!!'))} is not allowed"
                self._report(event.start_mark, what, "delete it, or put the text in quotes")
            anchors += getattr(event, "anchor", None) is not None
            if anchors > MAX_ANCHORS:
                what = f"more than {MAX_ANCHORS} anchors and aliases (`&name`, `*name`) are used"
                self._limit(event.start_mark, what, "write the text out")

    def _check_size(self, mark: Any, depth: int, values: int) -> None:
        if depth > MAX_DEPTH:
            self._limit(mark, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")
        if values > MAX_VALUES:
            self._limit(mark, f"the file has more than {MAX_VALUES} values", "make it smaller")

    def _data(self, node: Node, depth: int) -> Any:
        self._values += 1
        if isinstance(node, yaml.ScalarNode):
            self._check_size(node.start_mark, 0, self._values)
            return self._scalar(node)
        self._check_size(node.start_mark, depth, self._values)
        if isinstance(node, yaml.SequenceNode):
            return [self._data(entry, depth + 1) for entry in node.value]
        group: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            name = key.value
            if not isinstance(key, yaml.ScalarNode):
                self._report(key.start_mark, "a list or a group stands where a key belongs", "write `key: value`")
            elif name == "<<" and plain(key):
                self._report(key.start_mark, "merge keys (`<<`) are not allowed", "write the lines out")
            elif name == "" and plain(key):
                self._report(key.start_mark, "a key is missing here", "write `key: value`")
            elif name in lines:
                what = f"{code(name)} is written twice here (first on line {lines[name]})"
                self._report(key.start_mark, what, "keep only one of the two")
            else:
                self._check_characters(key)
                lines[name] = key.start_mark.line + 1
                group[name] = self._data(value, depth + 1)
        return group

    def _scalar(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        text = str(node.value)
        self._check_characters(node)
        if not plain(node):
            return text
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) and isfinite(float(text)) else text

    def _check_characters(self, node: yaml.ScalarNode) -> None:
        """What escapes put into a text; a carriage return can only come from one."""
        if match := FORBIDDEN.search(node.value) or _RETURN.search(node.value):
            self._report(node.start_mark, *wording.of_character(match[0], escaped=True))


def plain(node: Node) -> bool:
    """Whether a value is written without quotes, and not as a block."""
    return isinstance(node, yaml.ScalarNode) and not node.style


def child(node: Node, name: str | int) -> tuple[Node, Node] | None:
    """The key and the value in a group by the name of the key, or twice the entry of a list by its position."""
    if isinstance(node, yaml.MappingNode):
        group: Any = node
        if not hasattr(group, "index"):  # made once: a hostile file has thousands of keys
            entries = ((key, value) for key, value in reversed(node.value) if isinstance(key, yaml.ScalarNode))
            group.index = {key.value: (key, value) for key, value in entries}
        found: tuple[Node, Node] | None = group.index.get(name)
        return found
    if isinstance(node, yaml.SequenceNode) and isinstance(name, int) and name < len(node.value):
        return node.value[name], node.value[name]
    return None
