"""A routine as a page of plain text, to read before the massage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from textwrap import fill

from voiceguide.routine.routine import Passage, Routine, Sign

_WIDTH = 80  # columns


def readable(routine: Routine, recorded: Collection[str] = ()) -> str:
    """The whole routine: what the guide says, how long it takes, and where each fact comes from. ``recorded``: the
    lines that have been recorded; they're marked.

    Times are estimates for the usual speaking rate, without the parent's own pauses.
    """
    return "\n".join(_Page(recorded).lines(routine)) + "\n"


class _Page:
    def __init__(self, recorded: Collection[str]) -> None:
        self._recorded = recorded

    def lines(self, routine: Routine) -> Iterator[str]:
        yield from (routine.title, "=" * len(routine.title), _wrapped(routine.about), "")
        count = len(routine.steps)
        yield f"About {_time(routine.seconds)}, in {count} step{'s' if count > 1 else ''}."
        yield from _heading("Welcome")
        yield from self._passages(routine.welcome)
        yield from _heading("Preparation")
        for item in routine.preparation:
            yield self._said(item.say, item.source, "  - ")
        for part in routine.parts:
            also = f" (also: {', '.join(part.also)})" if part.also else ""
            yield from _heading(f"{part.name.capitalize()}{also}: {_time(sum(step.seconds for step in part.steps))}")
            for step in part.steps:
                hold = f", then {_time(step.hold)} for the stroke" if step.hold else ""
                yield f"  {step.title} [{step.id}]: {_time(step.seconds)}{hold}"
                yield self._said(step.say, step.source, "    ")
        yield from _heading("Closing")
        yield from self._passages(routine.closing)
        for title, kind in (("Signs of comfort", "comfort"), ("Signs of stress: stop first", "stress")):
            yield from _heading(title)
            for sign in routine.signs.values():
                if sign.kind == kind:
                    yield from self._sign(sign)
        yield from _heading("Mixed signs: pause first")
        yield from self._passages([routine.mixed])
        if routine.danger is not None:
            yield from _heading("Danger: get emergency help first")
            yield from self._passages([routine.danger])
        yield from _heading("When you ask why")
        yield from self._passages(routine.why)
        yield from _heading("Sources")
        for key, title in routine.sources.items():
            yield _wrapped(f"[{key}] {title}", "  ", "      ")

    def _passages(self, passages: Iterable[Passage]) -> Iterator[str]:
        for passage in passages:
            yield self._said(passage.say, passage.source, "  ")

    def _sign(self, sign: Sign) -> Iterator[str]:
        yield f"  {sign.name.capitalize()}"
        yield self._said(sign.say, sign.source, "    ")
        for reason, say in sign.reasons.items():
            yield _wrapped(f"{reason}: {self._text(say)}", "    ", "      ")

    def _said(self, say: Iterable[str], source: Iterable[str], indent: str) -> str:
        keys = ", ".join(source)
        text = self._text(say) + (f" [{keys}]" if keys else "")
        return _wrapped(text, indent, " " * len(indent))

    def _text(self, say: Iterable[str]) -> str:
        return " ".join(f"{line} (recorded)" if line in self._recorded else line for line in say)


def _heading(text: str) -> tuple[str, str, str]:
    return "", text, "-" * len(text)


def _wrapped(text: str, first: str = "", other: str = "") -> str:
    return fill(text, _WIDTH, initial_indent=first, subsequent_indent=other, break_on_hyphens=False)


def _time(seconds: float) -> str:
    """A length of time in words, rounded to five seconds, or to a minute from two minutes on."""
    if seconds < 120:
        rounded = max(5 * round(seconds / 5), 5)
        return f"{rounded} seconds"
    return f"{round(seconds / 60)} minutes"
