"""From YAML text to nodes: plain data, each value with its place in the text. Safe, and bounded.

The nodes are composed from the parser's events, not by one of PyYAML's loaders: nothing but texts, numbers,
true/false, lists and groups can come out of it, and depth and aliases are bounded before memory is spent on
them. Plain scalars follow the core schema of YAML 1.2, so that ``no``, ``on`` and ``yes`` are texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import yaml

from voiceguide.errors import FileError
from voiceguide.files import wording as mistakes

MAX_DEPTH = 32
MAX_ALIASES = 16
MAX_VALUES = 20_000  # aliases counted with all that they stand for; a long routine has some 2,000

# libyaml where there is one: it gives the same positions, ten times as fast.
_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# Control characters, and those that are not seen: they change what a text seems to say, or keep it from being found.
# The two joiners, U+200C and U+200D, are left: Persian and emoji are written with them.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
LINE_END = re.compile(r"\r\n|\r|\n")
_RETURN = re.compile(r"\r")
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INT = re.compile(r"([-+]?[0-9]{1,18})|0o([0-7]{1,18})|0x([0-9a-fA-F]{1,15})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# Numbers that are not finite, or too long.
_NO_USE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|0o[0-7]+|0x[0-9a-fA-F]+")


@dataclass(slots=True)
class Node:
    """A value, and where it stands (line and column from 1)."""

    line: int
    column: int
    data: Any = None
    children: dict[str | int, Node] = field(default_factory=dict)
    """The values of a list or a group, by position or key."""
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Where the keys of a group stand."""
    size: int = 1
    """How many values it is, with all that it holds; an alias counts as what it stands for."""
    height: int = 1
    """How many levels deep it is."""


class _LimitError(Exception):
    """A limit was passed: the rest of the file is not read."""


@dataclass(slots=True)
class _Open:
    """A list or a group that is being read. ``key`` is the key whose value comes next."""

    node: Node
    is_list: bool
    anchor: str | None
    key: str | None = None
    key_position: tuple[int, int] = (0, 0)
    drop: bool = False
    """The key was refused: its value is read, but left out."""


class Composer:
    """Makes nodes of the parser's events. One composer reads one text."""

    def __init__(self, file: str, problems: list[FileError]) -> None:
        self.file = file
        self.problems = problems
        self.complete = False
        """Whether the text was read to its end."""
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._aliases = self._values = self._anchored = self._documents = 0
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        """The root value; None where there is none. Mistakes are added to ``problems``."""
        last: yaml.Event | None = None
        try:
            for event in yaml.parse(text, Loader=_PARSER):
                last = event
                self._take(event)
            self.complete = True
        except _LimitError:
            pass
        except yaml.MarkedYAMLError as error:
            line, column, what, instead = mistakes.of_syntax(error, LINE_END.split(text), last)
            self.problems.append(FileError(self.file, line, column, what, instead))
        except yaml.YAMLError:
            self.problems.append(FileError(self.file, 1, 1, "this is not YAML", "save it as UTF-8 text"))
        return self._root

    def _report(self, node: Node, what: str, instead: str) -> None:
        self.problems.append(FileError(self.file, node.line, node.column, what, instead))

    def _stop(self, node: Node, what: str, instead: str) -> None:
        self._report(node, what, instead)
        raise _LimitError

    def _take(self, event: yaml.Event) -> None:
        mark: Any = event.start_mark
        node = Node(mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(node, "a second document begins here", "delete this `---`, or use a file for each")
        elif isinstance(event, yaml.AliasEvent):
            self._close(self._resolve(str(event.anchor), node), None)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event, node)
            if self._expects_key():
                self._take_key(event, node)
            else:
                if event.implicit[0] and event.value == "" and self._open and not self._open[-1].is_list:
                    # An empty value has no place of its own: it is shown at its key.
                    node.line, node.column = self._open[-1].key_position
                node.data = self._scalar(event, node)
                self._close(node, event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event, node)
            if self._expects_key():
                self._stop(node, "a list or a group stands where a key belongs", "write `key: value`")
            if len(self._open) >= MAX_DEPTH:
                self._stop(node, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node.data = [] if is_list else {}
            self._root = self._root or node
            self._open.append(_Open(node, is_list, event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._close(done.node, done.anchor)

    def _expects_key(self) -> bool:
        return bool(self._open) and not self._open[-1].is_list and self._open[-1].key is None

    def _check_tag(self, event: yaml.NodeEvent, node: Node) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            what = f"the tag {mistakes.code(tag.replace('tag:yaml.org,2002:', '!!'))} is not allowed"
            self._report(node, what, "delete it, or put the text in quotes")
        if event.anchor is not None:
            self._anchored += 1
            if self._anchored > MAX_ALIASES:
                self._stop(node, f"more than {MAX_ALIASES} anchors (`&name`) are used", "write the text out")

    def _take_key(self, event: yaml.ScalarEvent, node: Node) -> None:
        top = self._open[-1]
        key = event.value
        top.key, top.key_position, top.drop = key, (node.line, node.column), True
        self._check_characters(key, node)
        if key == "<<" and event.implicit[0]:
            self._report(node, "merge keys (`<<`) are not allowed", "write the lines out")
        elif key == "" and event.implicit[0]:
            self._report(node, "a key is missing here", "write `key: value`")
        elif key in top.node.keys:
            first = top.node.keys[key][0]
            what = f"{mistakes.code(key)} is written twice here (first on line {first})"
            self._report(node, what, "keep only one of the two")
        else:
            top.drop = False
            top.node.keys[key] = top.key_position

    def _resolve(self, name: str, at: Node) -> Node:
        """The value that an alias stands for, placed where the alias is written."""
        if self._expects_key():
            self._stop(at, "an alias stands where a key belongs", "write the key out")
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            self._stop(at, f"more than {MAX_ALIASES} aliases (`*name`) are used", "write the text out")
        target = self._anchors.get(name)
        if target is None:
            instead = "put the text in quotes if it begins with a star, or write it out"
            self._report(at, f"nothing before this is named {mistakes.code('&' + name)}", instead)
            at.data = f"*{name}"
            return at
        if len(self._open) + target.height > MAX_DEPTH:
            self._stop(at, f"this is nested more than {MAX_DEPTH} levels deep", "write it flatter")
        self._values += target.size - 1
        at.data, at.children, at.keys = target.data, target.children, target.keys
        at.size, at.height = target.size, target.height
        return at

    def _close(self, node: Node, anchor: str | None) -> None:
        """A value is complete: it becomes part of the list or group around it."""
        self._values += 1
        if self._values > MAX_VALUES:
            self._stop(node, f"the file has more than {MAX_VALUES} values", "make it smaller")
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        top = self._open[-1]
        around = top.node
        around.size += node.size
        around.height = max(around.height, node.height + 1)
        if top.is_list:
            around.children[len(around.data)] = node
            around.data.append(node.data)
        elif top.key is not None:
            if not top.drop:
                around.children[top.key] = node
                around.data[top.key] = node.data
            top.key = None

    def _check_characters(self, text: str, node: Node) -> None:
        """What escapes have put into a text; a carriage return can only come from one."""
        match = FORBIDDEN.search(text) or _RETURN.search(text)
        if match:
            self._report(node, *mistakes.of_character(match[0], escaped=True))

    def _scalar(self, event: yaml.ScalarEvent, node: Node) -> Any:
        text: str = event.value
        if not event.implicit[0]:
            self._check_characters(text, node)
            return text
        if _NULL.fullmatch(text):
            return None
        if match := _BOOL.fullmatch(text):
            return match[1] is not None
        if match := _INT.fullmatch(text):
            return int(match[1] or match[2] or match[3], 10 if match[1] else 8 if match[2] else 16)
        if _FLOAT.fullmatch(text) and isfinite(float(text)):
            return float(text)
        if _FLOAT.fullmatch(text) or _NO_USE.fullmatch(text):
            what = f"{mistakes.quoted(text)} is not a number that can be used"
            self._report(node, what, "write a smaller one, or put it in quotes if it is a text")
        return text
