"""Which steps of a routine are done, and for how long: the parent may leave parts out, and change the strokes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from voiceguide.routine.routine import Step, seconds_to_say

STROKES = (0.35, 0.6, 1.0, 1.6)
"""How long a stroke is against the routine's own, shortest first; far enough apart to be noticed."""
AS_WRITTEN = STROKES.index(1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps go by their places in the routine, from 0."""

    steps: tuple[Step, ...]
    """All of the routine."""
    left_out: frozenset[str] = frozenset()
    """Ids of the parts that the parent doesn't want."""
    no_time: frozenset[str] = frozenset()
    """Ids of the parts that there isn't time for."""
    stroke: int = AS_WRITTEN
    """Index of STROKES."""

    def __contains__(self, n: int) -> bool:
        return self.steps[n].part not in self.not_done

    @property
    def not_done(self) -> frozenset[str]:
        """Ids of all parts to leave out."""
        return self.left_out | self.no_time

    def after(self, n: int) -> int:
        """The next step after `n` that is done; the number of all steps if there is none."""
        return next((m for m in range(n + 1, len(self.steps)) if m in self), len(self.steps))

    def before(self, n: int) -> int:
        """The last step before `n` that is done; -1 if there is none."""
        return next((m for m in reversed(range(n)) if m in self), -1)

    def after_part(self, n: int) -> int:
        """The first step that is done after the part of step `n`."""
        m = self.after(n)
        while m < len(self.steps) and self.steps[m].part == self.steps[n].part:
            m = self.after(m)
        return m

    @property
    def scale(self) -> float:
        """How long the strokes are against the routine's own."""
        return STROKES[self.stroke]

    def place(self, n: int) -> tuple[int, int]:
        """The number of a step among those that are done, from 1, and how many those are."""
        done = [m for m in range(len(self.steps)) if m in self or m == n]
        return done.index(n) + 1, len(done)

    def hold(self, n: int) -> float:
        """How long the stroke of a step lasts, in seconds."""
        return self.steps[n].hold * self.scale

    def seconds_after(self, n: int) -> float:
        """How many seconds everything after step `n` takes; -1: everything."""
        following = (m for m in range(n + 1, len(self.steps)) if m in self)
        return sum(sum(map(seconds_to_say, self.steps[m].say)) + self.hold(m) for m in following)

    def without(self, *parts: str) -> Plan:
        """The same without these parts."""
        return replace(self, left_out=self.left_out | {*parts})

    def only(self, *parts: str) -> Plan:
        """The same with no parts but these."""
        left_out = frozenset(step.part for step in self.steps) - {*parts}
        return replace(self, left_out=left_out, no_time=frozenset())

    def including(self, *parts: str) -> Plan:
        """The same with these parts."""
        return replace(self, left_out=self.left_out - {*parts}, no_time=self.no_time - {*parts})

    def whole(self) -> Plan:
        """The same with all parts."""
        return replace(self, left_out=frozenset(), no_time=frozenset())

    def parts_after(self, n: int) -> tuple[str, ...]:
        """Ids of the parts that have steps to be done after step `n`, in their order."""
        return tuple(dict.fromkeys(self.steps[m].part for m in range(n + 1, len(self.steps)) if m in self))

    def fitting(self, keep: Sequence[str], fits: Callable[[Plan], bool]) -> Plan:
        """The same with those parts of `keep` that fit, the first ones before the others. The very first is always
        done, with shorter strokes where it doesn't fit otherwise; no other one is begun that doesn't fit."""
        first, others = keep[:1], keep[1:]
        plan = replace(self, no_time=self.no_time.difference(first).union(others), stroke=AS_WRITTEN)
        while not fits(plan) and plan.stroke > 0:
            plan = plan.with_stroke(-1)
        for part in others:
            more = replace(plan, no_time=plan.no_time - {part})
            plan = more if fits(more) else plan
        return plan

    def with_stroke(self, change: int) -> Plan:
        """With strokes longer (or, below 0, shorter) by so many grades; the same where there is no further grade."""
        stroke = min(max(0, self.stroke + change), len(STROKES) - 1)
        return replace(self, stroke=stroke)
