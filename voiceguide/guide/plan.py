"""Which steps of a routine are done, and for how long: the parent may leave parts out, and change the strokes."""

from __future__ import annotations

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
    """Ids of parts."""
    stroke: int = AS_WRITTEN
    """Index of STROKES."""

    def __contains__(self, n: int) -> bool:
        return self.steps[n].part not in self.left_out

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
        return replace(self, left_out=frozenset(step.part for step in self.steps) - {*parts})

    def including(self, *parts: str) -> Plan:
        """The same with these parts."""
        return replace(self, left_out=self.left_out - {*parts})

    def whole(self) -> Plan:
        """The same with all parts."""
        return replace(self, left_out=frozenset())

    def with_stroke(self, change: int) -> Plan:
        """With strokes longer (or, below 0, shorter) by so many grades; the same where there is no further grade."""
        stroke = min(max(0, self.stroke + change), len(STROKES) - 1)
        return replace(self, stroke=stroke)
