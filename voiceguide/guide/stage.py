"""What is being said, and why: the scene that is on, and the scenes that it interrupted.

What is interrupted stays below what interrupts it: a step below tending to the baby, and that below a question.
"Continue" takes the top away and goes on below, at the sentence that was cut off or with the rest of the stroke.

Both timers follow from the scene that is on, and no reaction touches them. So no situation can lose its timer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from voiceguide.guide.actions import Action, CancelTimer, Hush, Say, StartTimer
from voiceguide.guide.events import Timer
from voiceguide.guide.situations import FINISHED, HOLDING, NEVER, Situation

BREATH_S = 0.6
"""Silence after the guide was cut off by something that calms, before it speaks again."""
ANSWER_S = 0.2
"""The same where it was already silent: people take about as long to take their turn."""
CALM_GAP_S = 0.9
"""Silence between sentences said to a parent who is tending to the baby."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is going on, or was when it was interrupted."""

    situation: Situation
    script: tuple[str, ...] = ()
    """Everything that is said in it, from the start."""
    lines: tuple[str, ...] = ()
    """What is still to be said of it. The first line may have begun."""
    hold: float = 0.0
    """Seconds left of the stroke."""
    gap: float = 0.35
    """Seconds between the lines."""
    soft: bool = False
    patience: float | None = None
    """Seconds of silence until the event `silence`, where the situation's own don't apply."""
    sign: str | None = None
    """The stress sign that is being tended to."""
    must_say: str | None = None
    """The line that has to be said to its end before `said` is true."""
    said: bool = False

    @property
    def silence(self) -> float:
        """Seconds of silence until the event `silence`."""
        return self.situation.silence if self.patience is None else self.patience


class Stage:
    """The scenes, and the actions that follow from them. Seconds are those of a clock that never goes back."""

    def __init__(self) -> None:
        self.scenes: tuple[Scene, ...] = (Scene(FINISHED),)
        """The last one is on; each of the others was interrupted by the one after it."""
        self.aside: tuple[str, ...] = ()
        """What is still to be said before the scene's own lines."""
        self.hold_ends = 0.0
        """When the stroke is over, while one is held."""
        self.reminded = False
        """Whether the reminder was given since the parent last said something; one is enough."""
        self.now = 0.0
        self.out: list[Action] = []
        """What follows from the present event."""
        self._coming: Scene | None = None
        """What interrupts when the sentence that is being said has ended."""
        self._utterance = 0
        self._quiet_since = 0.0
        """When the silence began that the guide has patience for."""
        self._timers: dict[Timer, float] = {}
        """Those that run, and when they elapse."""

    @property
    def scene(self) -> Scene:
        """The one that is on."""
        return self.scenes[-1]

    @property
    def situation(self) -> Situation:
        return self.scene.situation

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        return bool(self.aside or self.scene.lines)

    @property
    def breaking_in(self) -> bool:
        """Whether something will interrupt when the sentence that is being said has ended."""
        return self._coming is not None

    # Events

    def begin(self, now: float) -> None:
        """An event has come."""
        self.now, self.out = now, []

    def listened(self) -> None:
        """The parent said something: the silence counts from now."""
        self.reminded, self._quiet_since, self._coming = False, self.now, None

    def elapsed(self, timer: Timer) -> None:
        self._timers.pop(timer, None)

    def spoken(self, utterance: int) -> bool:
        """A line of an utterance has been said. Whether that was the last of what is to be said."""
        if utterance != self._utterance or not self.speaking:
            return False  # it was replaced
        if self.aside:
            self.aside = self.aside[1:]
        else:
            line, *rest = self.scene.lines
            self.change(lines=tuple(rest), said=self.scene.said or line == self.scene.must_say)
        self._quiet_since = self.now
        if self._coming is not None:
            self.push(self._coming)
            return False
        return not self.speaking

    def settle(self) -> None:
        """The event has been dealt with: start and cancel the timers to suit the scene that is on now."""
        due: dict[Timer, float] = {}
        if self.situation is HOLDING:
            due[Timer.HOLD] = self.hold_ends
        if self.scene.silence != NEVER and not self.speaking and not self.reminded:
            due[Timer.SILENCE] = self._quiet_since + self.scene.silence
        self.out += [CancelTimer(timer) for timer in self._timers if timer not in due]
        self.out += [StartTimer(timer, at - self.now) for timer, at in due.items() if self._timers.get(timer) != at]
        self._timers = due

    # Scenes

    def change(self, **fields: Any) -> None:
        """Change the scene that is on, without saying anything."""
        self.scenes = (*self.scenes[:-1], replace(self.scene, **fields))

    def enter(self, scene: Scene, first: tuple[str, ...] = (), delay: float = 0.0) -> None:
        """Put a scene in the place of the one that is on; `first` is said before its lines."""
        self.scenes = (*self.scenes[:-1], scene)
        self.reminded, self._quiet_since = False, self.now
        self.aside = first
        if scene.situation is HOLDING:
            self.hold_ends = self.now + scene.hold
        if self.speaking:
            self.say(delay)

    def enter_only(self, scene: Scene, first: tuple[str, ...] = ()) -> None:
        """Enter a scene in the place of all there are."""
        self.scenes = (scene,)
        self.enter(scene, first)

    def push(self, scene: Scene) -> None:
        """Interrupt the scene that is on."""
        self._suspend()
        self._coming = None
        self.scenes = (*self.scenes, scene)
        self.enter(scene)

    def break_in(self, scene: Scene) -> None:
        """Interrupt the scene that is on, but let the sentence end that is being said. What the parent says, or
        silence, comes first: then nothing interrupts."""
        if self.speaking:
            self._coming = scene
        else:
            self.push(scene)

    def interrupt(self, scene: Scene) -> None:
        """Fall silent, and put a scene above the lowest one, in the place of whatever was there."""
        delay = BREATH_S if self.speaking else ANSWER_S
        self._suspend()
        self.hush()
        self.scenes = (self.scenes[0], scene)
        self.enter(scene, delay=delay)

    def drop(self) -> None:
        """Take away the scene that is on."""
        self.scenes = self.scenes[:-1]

    def drop_to_base(self) -> None:
        """Take away all scenes but the lowest."""
        self.scenes = self.scenes[:1]

    def scale_strokes(self, by: float) -> None:
        """Change how long the strokes still go on, those that were interrupted included."""
        self._suspend()
        self.scenes = tuple(replace(scene, hold=scene.hold * by) for scene in self.scenes)
        if self.situation is HOLDING:
            self.hold_ends = self.now + self.scene.hold

    def _suspend(self) -> None:
        if self.situation is HOLDING:
            self.change(hold=max(0.0, self.hold_ends - self.now))

    # Speech

    def say(self, delay: float = 0.0) -> None:
        """Say what is to be said; the sentence that is being said is started again."""
        self._utterance += 1
        scene = self.scene
        self.out.append(Say(self._utterance, (*self.aside, *scene.lines), delay, scene.gap, scene.soft))

    def tell(self, sentences: tuple[str, ...], delay: float = 0.0) -> None:
        """Say something in between, then the sentence that it cut off again from its start."""
        self.aside = sentences
        self.say(delay)

    def hush(self) -> None:
        """Fall silent at once. The scene's own lines stay to be said."""
        self.aside, self._coming = (), None
        self.out.append(Hush())
