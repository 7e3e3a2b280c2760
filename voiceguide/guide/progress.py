"""What is saved of a session, so that one that was cut off can go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from voiceguide.guide.plan import AS_WRITTEN, Plan

Ending = Literal["finished", "left early"]
"""All steps were done, or the parent finished before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session is: an action of the guide, to be saved before anything else is said."""

    step: str | None = None
    """Id of the step to go on at; None before the first step and after the last."""
    done: tuple[str, ...] = ()
    """Ids of the parts whose last step is over."""
    signs: tuple[str, ...] = ()
    """What the parent has said of the baby: ids of signs, `danger` for a danger sign, and `mixed`."""
    stress: int = 0
    """How often the baby had to be tended to."""
    left_out: tuple[str, ...] = ()
    """Ids of the parts to leave out."""
    stroke: int = AS_WRITTEN
    """How long the strokes are, as in `Plan`."""
    ended: str | None = None
    """An `Ending`, when there are no more steps to come."""
    resumed: bool = False
    """Whether this is the interrupted session going on, or a new one."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A session that did not come to its end."""

    progress: Progress
    """As it was saved; its step is one of the routine's."""
    ago: str = "some_time"
    """When that was: one of `language.AGO`."""
    count: int = 0
    """How many minutes or hours ago."""
    ask: bool = True
    """Whether to ask first, or go on at once."""


@dataclass(slots=True)
class Record:
    """What has happened in a session, and what of it has been saved."""

    done: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    stress: int = 0
    ended: Ending | None = None
    resumed: bool = False
    _saved: Progress | None = Progress()
    """None where the session is to be saved again, though nothing has changed."""
    _confirmed: bool = True

    def recall(self, progress: Progress) -> None:
        """Go on with a session that was cut off. It isn't saved again until its first step starts."""
        self.done, self.signs, self.stress = progress.done, progress.signs, progress.stress
        self.ended, self.resumed = None, True
        self._saved, self._confirmed = replace(progress, ended=None, resumed=True), False

    def forget(self) -> None:
        """Start a session of its own after all."""
        self.done, self.signs, self.stress, self.resumed = (), (), 0, False

    def step_starts(self) -> None:
        self.ended = None
        if not self._confirmed:
            self._saved, self._confirmed = None, True

    def part_is_over(self, part: str) -> None:
        if part not in self.done:
            self.done += (part,)

    def to_save(self, step: str | None, plan: Plan) -> Progress | None:
        """What to save now; None where nothing has changed, or nothing has happened yet."""
        left_out = tuple(sorted(plan.not_done))
        now = Progress(step, self.done, self.signs, self.stress, left_out, plan.stroke, self.ended, self.resumed)
        if now in (self._saved, Progress(left_out=left_out, stroke=plan.stroke)):
            return None
        self._saved = now
        return now
