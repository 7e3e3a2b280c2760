"""A massage under way: what the reactions look at and change."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf

from voiceguide.guide.levels import Levels
from voiceguide.guide.plan import Plan
from voiceguide.guide.progress import Interrupted, Record
from voiceguide.guide.situations import (
    CLOSING,
    FINISHED,
    HOLDING,
    PREPARING,
    RESUMING,
    SPEAKING,
    WAITING,
    Situation,
    State,
)
from voiceguide.guide.stage import Scene, Stage
from voiceguide.language.language import Language
from voiceguide.routine.routine import Routine, Step, seconds_to_say


@dataclass(slots=True)
class Massage:
    """All that the guide knows."""

    routine: Routine
    language: Language
    plan: Plan
    levels: Levels
    interrupted: Interrupted | None
    """The session before, where it was cut off and can go on."""
    known: bool = False
    """Whether the parent has done this routine to its end not long ago, so that a few sentences prepare for it."""
    stage: Stage = field(default_factory=Stage)
    record: Record = field(default_factory=Record)
    n: int = 0
    """The step that is done, or was last: its place in the routine, from 0. While resuming: the one to go on at."""
    alone: bool = False
    """Whether to go on after each step without being asked."""
    asked_about_crying: bool = False
    """Whether it has asked if to stop because of crying that it heard, and the answer was not yes."""
    missed_at: float = -inf
    """When something was last said that wasn't understood; -inf once a command is."""
    asked_about_misses: bool = False
    """Whether it has asked if the baby is all right because of that, and has understood nothing since."""
    minutes: int | None = None
    """How many there are for the massage; None: as many as it takes."""
    announced: bool = True
    """Whether the parent has been told what there is time for."""
    over_today: bool = False
    """Whether something happened after which there's no more massage today: danger, an illness, a fall, a parent at
    the end of their strength, a baby who needs a feed or sleep. From then on nothing leads back to a step."""
    mute: bool = False
    """Whether the speaker was lost the last time that a device was."""
    noted: tuple[str, ...] = ()
    """What to say before the next step, so as not to cut into this one."""
    times: Counter[str] = field(default_factory=Counter)
    """How often each thing was said that is said differently the next time."""

    def understood(self) -> None:
        """The parent gave a command: what was missed before doesn't count any more."""
        self.missed_at, self.asked_about_misses = -inf, False

    # Where it is

    @property
    def base(self) -> Situation:
        """The situation below everything that interrupts."""
        return self.stage.scenes[0].situation

    @property
    def in_steps(self) -> bool:
        """Whether a step is being done, or was when it was interrupted."""
        return self.base.state is State.GUIDING

    @property
    def step(self) -> Step | None:
        """That step; None before the first and after the last."""
        return self.plan.steps[self.n] if self.in_steps else None

    def find(self, name: str) -> int | None:
        """The place of the step, or of the first step of the part, with this id."""
        return next((n for n, step in enumerate(self.plan.steps) if name in (step.id, step.part)), None)

    def seconds_left(self, now: float) -> float:
        """How long the rest of the routine takes, without pauses, in seconds."""
        checklist = self.stage.scenes[0].lines if self.base is PREPARING else ()
        return sum(map(seconds_to_say, checklist)) + self.seconds_with(self.plan, now)

    def seconds_with(self, plan: Plan, now: float) -> float:
        """How long the rest of the massage would take with another plan, from the first step on."""
        base, by = self.stage.scenes[0], plan.scale / self.plan.scale
        seconds = 0.0 if base.situation in (RESUMING, PREPARING) else sum(map(seconds_to_say, base.lines))
        if base.situation in (CLOSING, FINISHED):
            return seconds
        if base.situation is HOLDING:
            seconds += by * (self.stage.hold_ends - now if len(self.stage.scenes) == 1 else base.hold)
        elif base.situation is SPEAKING:
            seconds += plan.hold(self.n)
        return seconds + plan.seconds_after(self.last) + sum(map(seconds_to_say, self.closing_words()))

    @property
    def last(self) -> int:
        """The step after which the rest begins: the one that is being done, or -1 before the first."""
        return self.n if self.in_steps else self.n - 1 if self.base is RESUMING else -1

    # What it says

    def say(self, prompt: str, **values: object) -> tuple[str, ...]:
        """The sentences of a prompt in the language's file, filled in."""
        return self.language.say(prompt, **values)

    def tell(self, sentences: tuple[str, ...]) -> None:
        """Say something in between, then the sentence that it cut off again from its start."""
        self.stage.tell(sentences)

    def first_time(self, prompt: str, later: str | None = None, times: int = 1) -> tuple[str, ...]:
        """One prompt the first time (or so many times), then another one, or none."""
        self.times[prompt] += 1
        if self.times[prompt] <= times:
            return self.say(prompt)
        return self.say(later) if later else ()

    def time_left(self) -> tuple[str, ...]:
        minutes = round(self.seconds_left(self.stage.now) / 60)
        return self.say("how_long" if minutes > 1 else "how_long_one", minutes=minutes)

    def preparation(self) -> tuple[str, ...]:
        """The welcome and the checklist; of what is known only what must not be forgotten."""
        again = [line for item in self.routine.preparation for line in item.again]
        if not self.known or not again:
            return self.whole_preparation()
        return (*self.say("welcome_back"), *again, *self.say("whole_list"), *self.say("say_ready"))

    def whole_preparation(self) -> tuple[str, ...]:
        welcome = [line for passage in self.routine.welcome for line in passage.say]
        items = [line for item in self.routine.preparation for line in item.say]
        return (*welcome, *items, *self.say("say_ready"))

    def offer_to_resume(self) -> tuple[str, ...]:
        """Where the last session stopped, and the question whether to go on there."""
        assert self.interrupted is not None
        step = next(step for step in self.plan.steps if step.id == self.interrupted.progress.step)
        part = self.name_of(step.part)
        stopped = self.say(f"stopped_{self.interrupted.ago}", part=part, count=self.interrupted.count)
        return (*stopped, *self.say("go_on_there"))

    def closing_words(self) -> tuple[str, ...]:
        return tuple(line for passage in self.routine.closing for line in passage.say)

    def name_of(self, part: str) -> str:
        """The name of a part of the routine, by its id, as it is spoken."""
        return next(p.name for p in self.routine.parts if p.id == part)

    # What there is time for

    def parts_left(self, plan: Plan | None = None) -> tuple[str, ...]:
        """Ids of the parts still to be done, by this plan or another one, and of the one that is being done."""
        now = (self.step.part,) if self.step else ()
        return tuple(dict.fromkeys((*now, *(plan or self.plan).parts_after(self.last))))

    def by_worth(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Parts in the order in which to keep them where there isn't time for all: the first one, a calm one to end
        with, then the others as they come."""
        calm = [part.id for part in self.routine.parts if part.calm and part.id in parts]
        return tuple(dict.fromkeys((*parts[:1], *calm[-1:], *parts)))

    def change_plan(self, plan: Plan) -> None:
        """Go on by another plan; the stroke that is being done takes its new time, too."""
        self.stage.scale_strokes(plan.scale / self.plan.scale)
        self.plan = plan

    def fit(self) -> None:
        """Leave out parts, and shorten the strokes if that isn't enough, so that the rest takes no more than the
        minutes that there are."""
        if self.minutes is not None:
            limit, now = 60 * self.minutes, self.stage.now
            keep = self.by_worth(self.parts_left(replace(self.plan, no_time=frozenset())))
            self.change_plan(self.plan.fitting(keep, lambda plan: self.seconds_with(plan, now) <= limit))

    def what_fits(self) -> tuple[str, ...]:
        """What there is time for, in a sentence."""
        minutes = round(self.seconds_with(self.plan, self.stage.now) / 60)
        parts = [self.name_of(part) for part in self.parts_left()]
        if minutes <= 1 or not parts:
            return self.time_left()
        if len(parts) == 1:
            return self.say("fits_one", minutes=minutes, part=parts[0])
        return self.say("fits", minutes=minutes, parts=", ".join(parts[:-1]), last=parts[-1])

    # Where it goes

    def prepare(self, *, whole: bool = False) -> None:
        """Read the checklist, as short as may be or as a whole."""
        script = self.whole_preparation() if whole else self.preparation()
        self.stage.enter_only(Scene(PREPARING, script, script))

    def start_at(self, n: int) -> None:
        """Start the massage at step `n`, with the parts that there is time for from there on."""
        self.n, script = n, self.plan.steps[n].say
        self.stage.scenes = (Scene(SPEAKING, script, script),)
        self.fit()
        self.start_step(n)

    def start_step(self, n: int, *, first: tuple[str, ...] = ()) -> None:
        """Start step `n`, or say the closing words after the last one; `first` is said before."""
        if self.over_today:
            self.close()
            return
        self.record.step_starts()
        if n >= len(self.plan.steps):
            script = (*first, *self.closing_words(), *self.say("goodbye"))
            self.record.ended = "finished"
            self.stage.enter_only(Scene(CLOSING, script, script))
            return
        self.n = n
        self.ease()
        script = self.plan.steps[n].say
        noted, self.noted = self.noted, ()
        scene = Scene(SPEAKING, script, script)
        if not self.announced:
            self.announced, self.stage.scenes = True, (scene,)
            noted = (*self.what_fits(), *noted)
        self.stage.enter_only(scene, (*first, *noted))

    def close(self, *first: str) -> None:
        """Say goodbye before the last step was done; `first` is said before."""
        if self.base is not CLOSING:
            self.record.ended = "left early"
        leave = self.say("no_massage_today") if self.over_today else ()
        script = (*first, *leave, *self.say("goodbye_early"), *self.say("goodbye"))
        self.stage.enter_only(Scene(CLOSING, script, script))

    def finish_step(self) -> None:
        """Note that a step is over, and its part if that was the last one."""
        if self.step is not None:
            after = self.plan.after(self.n)
            if after == len(self.plan.steps) or self.plan.steps[after].part != self.step.part:
                self.record.part_is_over(self.step.part)

    def ease(self) -> None:
        """At bedtime: speak more softly and slowly, the further on it is."""
        self.levels = self.levels.at(*self.plan.place(self.n))

    def go_on(self, first: tuple[str, ...]) -> None:
        """Go on with the scene that is on, from where it was cut off; `first` is said before."""
        scene = self.stage.scene
        if scene.situation is WAITING and not scene.lines and not self.alone:
            scene = replace(scene, lines=self.say("next_again"))
        elif scene.situation is RESUMING and not scene.lines:
            scene = replace(scene, lines=scene.script)
        self.stage.enter(scene, first)
