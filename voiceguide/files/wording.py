"""Words for what's wrong in a file: the user's own text quoted, and the errors of YAML in plain English."""

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


def printable(text: str) -> str:
    """``text`` on one line: what can't be printed is shown as an escape."""
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
    """What's wrong with a forbidden character, and what to do."""
    name = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Cf":
        what = f"a hidden character ({name}) stands here, which can change what the text seems to say"
    else:
        what = f"a control character ({name}) stands here"
    return what, "remove its escape from this text" if escaped else "delete it"


QUOTES = 'write it in double quotes, like "this"'
_BEGIN = "a text cannot begin with {begin}"
_SYNTAX: tuple[tuple[str, bool, str, str], ...] = (
    # A pattern for what PyYAML says, with libyaml or by its own parser; whether the place is where the construct
    # starts (its "context"), not where the parser noticed; what's wrong; what to write instead.
    ("unexpected (end of stream|document)", True, "the quote that begins here is never closed", "close it"),
    (
        "mapping values are not allowed",
        False,
        "this colon does not fit here",
        "put quotes around the whole text if the colon is part of it, or line the key up with those above it",
    ),
    ("could not find expected ':'", True, "this line is not `key: value`", "write a colon and a space after the key"),
    (
        "expected ',' or '",
        False,
        "a comma or a closing bracket is missing before this (the bracket opens on line {line})",
        "add it, and quote texts that have commas or brackets",
    ),
    ("expected (the )?node content", False, "a value is missing before this", "close each [ or {, or quote the text"),
    ("sequence entries are not allowed", False, "`- ` cannot stand here", "begin the list on a new line"),
    ("escape", True, "a backslash in this text has no meaning", "write it twice"),
    ("block scalar", False, "this cannot follow `|` or `>`", "put the text on the next lines"),
    ("token|an alias|an anchor|tag|directive|document start", True, _BEGIN, QUOTES),
    (
        "parsing a block|document",
        False,
        "this does not fit the lines before it",
        "line it up with the line above that it belongs with, and write a space after each colon or `-`",
    ),
)


def of_syntax(
    error: yaml.MarkedYAMLError, lines: Sequence[str], last: yaml.Event | None = None
) -> tuple[Any, str, str]:
    """The place (a mark of PyYAML), what's wrong and what to write instead, for a text that isn't YAML.

    ``last`` is what the parser read before it met the error.
    """
    mark: Any = error.problem_mark
    before: Any = last
    if getattr(last, "style", None) in ("'", '"') and before.end_mark.line == mark.line:
        what = f"the quote that begins here closes on line {mark.line + 1}, and more text follows"
        return before.start_mark, what, "put the other kind of quotes around all of it, or close it earlier"
    for pattern, at_start, what, instead in _SYNTAX:
        if re.search(pattern, f"{error.problem} {error.context}"):
            opened: Any = error.context_mark or mark
            mark = opened if at_start else mark
            begin = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
            if what is _BEGIN and begin == "\t":
                return mark, "a tab stands here", "indent with spaces"
            return mark, what.format(line=opened.line + 1, begin=code(begin)), instead
    return mark, f"this is not YAML ({error.problem})", "compare it with a file that works"
