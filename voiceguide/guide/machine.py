"""The guide: events in, actions out. No clock, no thread, no sound, no chance; time comes with the event."""

from __future__ import annotations

from voiceguide.guide.actions import Action, Chime, Say, Setting
from voiceguide.guide.events import Elapsed, Event, Heard, Lost, Spoken
from voiceguide.guide.levels import Levels
from voiceguide.guide.massage import Massage
from voiceguide.guide.plan import Plan
from voiceguide.guide.progress import Interrupted
from voiceguide.guide.reactions.answering import not_now, over
from voiceguide.guide.reactions.moving import pick_up
from voiceguide.guide.situations import CRYING, HOLDING, RESUMING, Situation, State
from voiceguide.guide.stage import Scene
from voiceguide.guide.table import TABLE, Reaction, row_of
from voiceguide.language.command import CALMING, Command
from voiceguide.language.language import Language
from voiceguide.routine.routine import Routine, Step

NO_MUSIC = frozenset({State.PAUSED, State.TENDING, State.REASSURING, State.FINISHED})
"""States in which no music plays: quiet was asked for, or the baby needs it."""

AT_ONCE = (
    *("stop_and_tend", "stop_and_tend_parent", "emergency", "not_caught", "all_right", "quiet_wait", "mixed"),
    *("try_again", "paused_first", "shall_i_go_on", "lost", "back", "ask_finish"),
)
"""Prompts that nobody should wait for."""


class Guide:
    """The state machine. What follows from an event stands in table.py, and what it does in reactions/."""

    def __init__(
        self,
        routine: Routine,
        language: Language,
        *,
        music: bool = False,
        minutes: int | None = None,
        known: bool = False,
        interrupted: Interrupted | None = None,
    ) -> None:
        """`music`: play it from the start. `minutes`: how many there are for the massage. `known`: the parent has
        done this routine to its end not long ago. `interrupted`: a session with it that can go on."""
        levels = Levels(music=music, bedtime=routine.bedtime)
        plan, announced = Plan(routine.steps), minutes is None
        self.massage = Massage(
            routine, language, plan, levels, interrupted, known=known, minutes=minutes, announced=announced
        )
        """All that it knows: to look at."""
        self.reaction: Reaction | None = None
        """What followed from the last event; None where that changed nothing, as in the middle of an utterance."""
        self._settings: tuple[Setting, ...] = Levels().settings()
        """As they are at the speaker."""

    @property
    def routine(self) -> Routine:
        return self.massage.routine

    @property
    def situation(self) -> Situation:
        return self.massage.stage.situation

    @property
    def state(self) -> State:
        return self.situation.state

    @property
    def step(self) -> Step | None:
        """The step that is being done, or was when it was interrupted; None before the first and after the last."""
        return self.massage.step

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        return self.massage.stage.speaking

    @property
    def stroke_ends(self) -> float | None:
        """When the stroke that is held is over, in seconds on the clock of the events; None while none is."""
        return self.massage.stage.hold_ends if self.situation is HOLDING else None

    def seconds_left(self, now: float) -> float:
        """How long the rest of the routine takes, without pauses, in seconds."""
        return self.massage.seconds_left(now)

    def texts(self, at: str | None = None) -> tuple[str, ...]:
        """Everything that may be said without filling in numbers, in the order in which it's likely to be needed, for
        a session that starts with `start(at=at)`."""
        massage, routine = self.massage, self.routine
        minutes, known, interrupted = massage.minutes, massage.known, massage.interrupted
        start = Guide(routine, massage.language, minutes=minutes, known=known, interrupted=interrupted).start(at=at)
        first = next(action.lines for action in start if isinstance(action, Say))
        fixed = [line for lines in massage.language.prompts.values() for line in lines if "{" not in line]
        steps = [line for step in massage.plan.steps for line in step.say]
        rest = [line for passage in (*routine.closing, *routine.why) for line in passage.say]
        everything = [
            *first,
            *self.at_once(),
            *massage.preparation(),
            *massage.whole_preparation(),
            *fixed,
            *steps,
            *rest,
        ]
        return tuple(dict.fromkeys(everything))

    def at_once(self) -> tuple[str, ...]:
        """What has to be said without delay, at any pace: on a sign or a danger, and in a pause."""
        massage, routine = self.massage, self.routine
        prompts = [line for name in AT_ONCE for line in massage.say(name)]
        passages = [passage for passage in (routine.danger, *routine.care.values(), routine.mixed) if passage]
        signs = [line for sign in routine.signs.values() for line in (*sign.say, *sum(sign.reasons.values(), ()))]
        return tuple(dict.fromkeys([*prompts, *(line for one in passages for line in one.say), *signs]))

    def start(self, now: float = 0.0, at: str | None = None) -> list[Action]:
        """Begin with the preparation, at the step or part `at`, which must exist, or where the interrupted session
        was."""
        massage = self.massage
        massage.stage.begin(now)
        if at is not None:
            n = massage.find(at)
            assert n is not None
            massage.start_at(n)
        elif massage.interrupted is None:
            massage.prepare()
            massage.fit()
        else:
            self._recall(massage.interrupted)
        return self._settle()

    def _recall(self, interrupted: Interrupted) -> None:
        massage, progress = self.massage, interrupted.progress
        massage.n = massage.find(progress.step or "") or 0
        massage.plan = Plan(self.routine.steps, frozenset(progress.left_out), stroke=progress.stroke)
        massage.announced = True
        massage.record.recall(progress)
        if interrupted.ask:
            script = massage.offer_to_resume()
            massage.stage.enter_only(Scene(RESUMING, script, script))
        else:
            pick_up(massage)

    def handle(self, event: Event, now: float) -> list[Action]:
        """React to an event. `now`: seconds on a clock that never goes back."""
        massage, stage = self.massage, self.massage.stage
        stage.begin(now)
        self.reaction = None
        command = event.command if isinstance(event, Heard) else None
        if isinstance(event, Spoken) and not stage.spoken(event.utterance):
            return self._settle()
        if isinstance(event, Elapsed):
            stage.elapsed(event.timer)
        if isinstance(event, Lost):
            massage.mute = event.speaker
        reaction = self.reaction = TABLE[row_of(event)][self.situation]
        if command is not None and reaction.answer is not over:
            stage.listened()
            massage.understood()
            if reaction.answer is not not_now:
                self._acknowledge(command)
        if reaction.act is not None:
            reaction.act(massage)
        elif reaction.answer is not None and command is not None:
            reaction.answer(massage, command)
        return self._settle()

    def _acknowledge(self, command: Command) -> None:
        """Chime, and note a sign. Silence itself answers a command that calms; where it's silent already, the chime
        does."""
        stage, record = self.massage.stage, self.massage.record
        if command.name not in CALMING or (command.sign is None and not stage.speaking):
            stage.out.append(Chime("heard"))
        if command.name in ("comfort", "stress", "mixed", "unwell", "injury"):
            record.signs += ("danger" if command.danger else command.sign or command.name,)

    def _settle(self) -> list[Action]:
        """What follows from how things are now. New settings and progress come before the first words, but after
        falling silent: neither a disk nor a volume keeps the guide from that."""
        massage, stage = self.massage, self.massage.stage
        stage.settle()
        quiet = any(scene.situation.state in NO_MUSIC for scene in stage.scenes)
        asks = stage.situation is CRYING
        massage.asked_about_crying |= asks
        settings = massage.levels.settings(quiet=quiet, low=asks or stage.breaking_in)
        first: list[Action] = [setting for setting in settings if setting not in self._settings]
        self._settings = settings
        step = massage.plan.steps[massage.n] if massage.base is RESUMING else massage.step
        progress = massage.record.to_save(step.id if step else None, massage.plan)
        if progress is not None:
            first.append(progress)
        words = next((n for n, action in enumerate(stage.out) if isinstance(action, Say)), len(stage.out))
        stage.out[words:words] = first
        return stage.out
