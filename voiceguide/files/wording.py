"""The mistakes in a text that is not YAML, in a parent's words: what is wrong, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

LONGEST_QUOTE = 40
"""Characters of the user's own text in a message."""

_IN_BRACKETS = re.compile(r"expected ',' or '([]}])'")
_ONLY_A_KEY = re.compile(r"""\s*(- +)*[\w"'-]+\s*""")


def printable(text: str) -> str:
    """``text`` on one line: what cannot be printed is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quoted(text: str) -> str:
    """The user's own text in a message: on one line, in quotes, shortened."""
    short = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return f'"{printable(short)}"'


def code(name: str) -> str:
    """A word of the file in a message, as in `title`."""
    return f"`{printable(name[:LONGEST_QUOTE])}`"


def closest(word: str, known: Sequence[str]) -> str | None:
    """Which of ``known`` was meant by ``word``, if any is like it."""
    return next(iter(get_close_matches(word[:LONGEST_QUOTE].casefold(), known, n=1, cutoff=0.6)), None)


def nearest(word: str, known: Sequence[str]) -> str:
    """What to write instead of ``word``, which should have been one of ``known``."""
    close = closest(word, known)
    if close is not None:
        return f"write {code(close)} if you meant that"
    if not known:
        return "delete it"
    return f"write {'one of ' if len(known) > 1 else ''}{', '.join(map(code, known))}"


def of_character(character: str, *, escaped: bool = False) -> tuple[str, str]:
    """What is wrong with a character that no text may hold, and what to do."""
    name = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Cf":
        what = f"a hidden character ({name}) stands here, which can change what the text seems to say"
    else:
        what = f"a control character ({name}) stands here"
    return what, "take its escape out of this text" if escaped else "delete it"


_COLON = "put quotes around the whole text if the colon is part of it"
_LINE_UP = "line it up with the line above that it belongs with, and write a space after each colon"
_QUOTES = 'write it in double quotes, like "this"'

_CLOSE_QUOTE = ("the quote that begins here is never closed", "close it with the same mark")

# Part of what PyYAML says, by libyaml or by its own Python parser; what is wrong, and what to write instead;
# and whether the start of the construct (its "context") shows the place better than where the parser noticed.
_SYNTAX: tuple[tuple[str, tuple[str, str], bool], ...] = (
    ("found unexpected end of stream", _CLOSE_QUOTE, True),
    ("found unexpected document", _CLOSE_QUOTE, True),
    ("sequence entries are not allowed", ("`- ` cannot stand here", "begin the list on a new line"), False),
    ("found a tab character", ("a tab stands here", "indent with spaces"), False),
    ("escape", ("a backslash in this text has no meaning", "write it twice"), True),
    ("scanning a directive", ("a line cannot begin with `%`", _QUOTES), True),
    ("found unexpected ':'", ("a colon stands in a text in brackets", "put quotes around the text"), False),
    ("mapping keys are not allowed", ("`? ` cannot stand here", _QUOTES), False),
    ("node content", ("a value is missing before this", "close each [ or {, or quote the text"), False),
    ("scanning an alias", ("a text cannot begin with `*`", _QUOTES), True),
    ("scanning an anchor", ("a text cannot begin with `&`", _QUOTES), True),
    ("scanning a block scalar", ("this cannot follow `|` or `>`", "put the text on the next lines"), False),
    ("tag", ("a text cannot begin with `!`", _QUOTES), True),
    ("parsing a block mapping", ("this does not fit the lines before it", _LINE_UP), False),
    ("parsing a block collection", ("this does not fit the list before it", "begin it with `- `"), False),
    ("document", ("this does not fit what stands before it", "write `key: value` lines"), False),
)


def of_syntax(
    error: yaml.MarkedYAMLError, lines: Sequence[str], last: yaml.Event | None = None
) -> tuple[int, int, str, str]:
    """Line, column, what is wrong and what to write instead, for a text that is not YAML.

    ``last`` is what the parser read before it met the error.
    """
    mark: Any = error.problem_mark or error.context_mark
    if mark is not None and getattr(last, "style", None) in ("'", '"'):
        start: Any = getattr(last, "start_mark", None)
        end: Any = getattr(last, "end_mark", None)
        if end.line == mark.line > start.line:
            what = f"the quote that begins here closes only on line {end.line + 1}"
            return start.line + 1, start.column + 1, what, _CLOSE_QUOTE[1]
        if end.line == mark.line and "parsing a block" in str(error.context):
            what = "the text goes on after its closing quote"
            return mark.line + 1, mark.column + 1, what, "put the other kind of quotes around all of it"
    said = f"{error.problem} {error.context}"
    what, instead = "this is not YAML", "compare it with a file that works"
    bracket = _IN_BRACKETS.search(said)
    if "mapping values are not allowed" in said and mark is not None:
        if _ONLY_A_KEY.fullmatch(lines[mark.line][: mark.column]):
            what, instead = "this key does not fit the lines above it", _LINE_UP
        else:
            what, instead = "a second colon stands on this line", _COLON
    elif "cannot start any token" in said and mark is not None:
        begin = lines[mark.line][mark.column : mark.column + 1]
        if begin == "\t":
            what, instead = "a tab stands here", "indent with spaces"
        else:
            what, instead = f"a text cannot begin with {code(begin)}", _QUOTES
    elif "could not find expected ':'" in said and error.context_mark is not None:
        mark = error.context_mark
        what, instead = "this line is not `key: value`", "write a colon and a space after the key"
    elif bracket and mark is not None:
        opened = (error.context_mark or mark).line + 1
        what = f"a comma or `{bracket[1]}` is missing before this (the bracket opens on line {opened})"
        instead = "add it, and quote texts that have commas or brackets"
    else:
        for part, words, at_start in _SYNTAX:
            if part in said:
                what, instead = words
                mark = (error.context_mark if at_start else None) or mark
                break
    if mark is None:
        return 1, 1, what, instead
    return mark.line + 1, mark.column + 1, what, instead
