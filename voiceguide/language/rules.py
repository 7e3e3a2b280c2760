"""The rules of a language file that its schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter

from voiceguide.errors import FileError
from voiceguide.files.source import Document
from voiceguide.files.wording import code, nearest

FIELDS: Mapping[str, frozenset[str]] = {
    "where": frozenset({"part", "title", "step", "steps"}),
    **dict.fromkeys(("where_preparing", "leave_out_one", "only_one"), frozenset({"part"})),
    **dict.fromkeys(("leave_out_two", "only_two"), frozenset({"part", "other"})),
    **dict.fromkeys(
        ("stopped_some_time", "stopped_moment", "stopped_hour", "stopped_yesterday"), frozenset({"part"})
    ),
    **dict.fromkeys(("stopped_minutes", "stopped_hours"), frozenset({"part", "count"})),
    **dict.fromkeys(("how_long_stroke", "ask_duration"), frozenset({"seconds"})),
    "fits": frozenset({"minutes", "parts", "last"}),
    "fits_one": frozenset({"minutes", "part"}),
    "how_long": frozenset({"minutes"}),
    "how_long_one": frozenset({"minutes"}),
    **dict.fromkeys(("signs_comfort", "signs_stress"), frozenset({"signs", "last"})),
    **dict.fromkeys(("emergency", "help_first"), frozenset({"emergency_number"})),
}
"""What is filled in where a prompt has it in braces; other prompts are said as they are."""


FLAT = ("rules", "named", "danger", "injury", "unwell", "mixed", "wake")
GROUPED = ("commands", "comfort", "stress", "crying", "overwhelmed", "away", "ask", "minutes", "around")
"""The sections of templates: with one list each, and with a list for each of several names."""


def errors(document: Document) -> Iterator[FileError]:
    """What the schema cannot say: templates that nothing can be made of, and what is filled in nowhere."""
    from hassil.parse_expression import parse_sentence
    from hassil.parser import ParseError

    places: list[tuple[str, ...]] = [(section, "*") for section in FLAT] + [
        (section, "*", "*") for section in GROUPED
    ]
    places += [("typed", *place) for place in places]
    places += [("claims", section, "*") for section in ("rules", "promise", "diagnosis")]
    known = {
        above: next((rules for _, rules in document.each(*above, "rules") if isinstance(rules, dict)), {})
        for above in ((), ("typed",), ("claims",))
    }
    for where, template in (found for place in places for found in document.each(*place)):
        rules = known[(str(where[0]),) if where[0] in ("typed", "claims") else ()]
        if isinstance(template, str):
            for name in re.findall(r"<([^<>]*)>", template):
                if name not in rules:
                    yield document.error(where, f"there is no rule {code(name)}", nearest(name, list(rules)))
            try:
                parse_sentence(template)
            except ParseError as error:
                what = f"this is no template ({' '.join(str(error).split())})"
                yield document.error(where, what, "close each bracket, and see docs/languages.md")
    for where, sentence in document.each("prompts", "*", "*"):
        fields = FIELDS.get(str(where[1]), frozenset())
        try:
            wrong = {name for _, name, _, _ in Formatter().parse(str(sentence)) if name is not None} - fields
        except ValueError:
            wrong = {"{"}
        for name in sorted(wrong):
            instead = nearest(name, sorted(fields))
            yield document.error(where, f"{code(name)} is not filled in here", instead)
    for where, _ in document.each("joined", "*"):
        try:
            re.compile(str(where[-1]))
        except re.error as error:
            what = f"this is no regular expression ({error})"
            yield document.error(where, what, "see docs/languages.md", key=True)
