"""The guide: events in, actions out. No clock, no thread, no sound; what it decides stands in table.py.

What is interrupted is kept under what interrupts it: tending over a step, and a question over tending. "Continue"
takes the uppermost away and goes on below, at the sentence that was cut off, or with the rest of the stroke.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from voiceguide.guide.events import (
    LEVELS,
    Action,
    CancelTimer,
    Chime,
    Doubted,
    Elapsed,
    End,
    Event,
    Found,
    Heard,
    Hush,
    Interrupted,
    Lost,
    NotKept,
    NotNow,
    Progress,
    Say,
    SetMusic,
    SetMusicVolume,
    SetPace,
    SetVolume,
    Spoken,
    StartTimer,
)
from voiceguide.guide.plan import STROKES, Plan
from voiceguide.guide.table import STATE_OF, TABLE
from voiceguide.language.language import CALMING, Command, Language
from voiceguide.routine.routine import Routine, Step, seconds_to_say

SILENCE_S = 90.0
"""Silence before the one reminder: longer than any single stroke."""
CHECK_S = 20.0
"""Silence, in a pause, before the one question whether to go on: nobody may have asked for it, and who did has had
time to say more."""
LEAVE_S = 20.0
"""Silence, when it has said that it will finish, before it does: as long as for the question in a pause."""
TEND_S = 300.0
"""Silence after the third sign of stress before it says that it will finish: a parent is tending, and not to be
hurried."""
ENOUGH = 3
"""Signs of stress in a session before it finishes for today, unless the parent says otherwise; one before that it
suggests it. A restless baby has had enough (care-mayo in routines/infant-massage.yaml)."""
EASES = 2
"""In bedtime mode: grades of volume and pace by which it speaks softer and slower at the end than at the start."""
NO_MUSIC = frozenset({"paused", "tending", "reassuring", "finished"})
"""States in which no music plays: quiet was asked for, or the baby needs it."""
BREATH_S = 0.6
"""Silence after an interruption by a sign of the baby, before the guide speaks again."""
ANSWER_S = 0.2
"""The same where the guide was silent already: people take about as long to take their turn."""
CALM_GAP_S = 0.9
"""Between the sentences that are said to a parent who is tending to the baby."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is going on, or was when it was interrupted."""

    situation: str
    script: tuple[str, ...] = ()
    """What is said in it, from the start."""
    lines: tuple[str, ...] = ()
    """What has not been said of it yet; the first line may have been begun."""
    hold: float = 0.0
    """Seconds left of the stroke."""
    gap: float = 0.35
    soft: bool = False
    sign: str | None = None
    """The stress sign that is being tended to."""
    told: bool = False
    """Whether "stop, and tend to your baby" has been said to its end."""


class Guide:
    """The state machine. ``handle`` takes an event and gives the actions that follow from it."""

    def __init__(
        self, routine: Routine, language: Language, *, music: bool = False, interrupted: Interrupted | None = None
    ) -> None:
        """``music``: play it from the start. ``interrupted``: a session with this routine that can go on."""
        self.routine = routine
        self._language = language
        self._plan = Plan(routine.steps)
        self._n = 0
        self._scenes: tuple[Scene, ...] = (Scene("finished"),)
        self._aside: tuple[str, ...] = ()
        self._utterance = 0
        self._hold_ends = 0.0
        self._alone = False
        self._interrupted = interrupted
        self._kept = Progress()
        """What the journal has of this session."""
        self._done: tuple[str, ...] = ()
        self._signs: tuple[str, ...] = ()
        self._ended: str | None = None
        self._resumed = self._unanswered = False
        """Whether this is the interrupted session, going on; and whether that has not been said yet."""
        self._volume = self._pace = self._music_volume = 0
        self._easing = routine.bedtime
        self._eased = 0
        """Grades by which it speaks softer and slower now than it was asked to."""
        self._stress = 0
        """Signs of stress so far."""
        self._wants_music = music
        self._music_plays = self._mute = False
        self._told: dict[str, int] = {}
        """How often each thing was said that is said differently the second time."""
        self._noted: tuple[str, ...] = ()
        """What is to be said before the next step, so as not to cut into this one."""
        self._now = 0.0
        self._out: list[Action] = []

    # What can be asked of it

    @property
    def situation(self) -> str:
        """One of the keys of STATE_OF."""
        return self._scenes[-1].situation

    @property
    def state(self) -> str:
        """One of STATES."""
        return STATE_OF[self.situation]

    @property
    def step(self) -> Step | None:
        """The step that is being done, or was when it was interrupted; None before the first and after the last."""
        return self._plan.steps[self._n] if self._base == "guiding" else None

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or about to be."""
        return bool(self._aside or self._scenes[-1].lines)

    def texts(self) -> tuple[str, ...]:
        """All that may be said without filling in numbers, in the order in which it is likely to be needed."""
        fixed = [line for name, p in self._language.prompts.items() for line in p if "{" not in line]
        steps = [line for step in self._plan.steps for line in step.say]
        signs = [line for s in self.routine.signs.values() for line in (*s.say, *sum(s.reasons.values(), ()))]
        passages = (self.routine.mixed, self.routine.danger, *self.routine.closing, *self.routine.why)
        rest = [line for passage in passages if passage for line in passage.say]
        first = self._offer_to_resume() if self._interrupted else ()
        return tuple(dict.fromkeys([*first, *self._preparation(), *fixed, *signs, *steps, *rest]))

    # The two ways in

    def start(self, now: float = 0.0, at: str | None = None) -> list[Action]:
        """Begin with the preparation, or at the step or part ``at``, which must exist; or where the interrupted
        session was."""
        self._now, self._out = now, []
        if at is None and self._interrupted is not None:
            self._recall(self._interrupted.progress)
            if self._interrupted.ask:
                script = self._offer_to_resume()
                self._enter(Scene("resuming", script, script))
            else:
                self._take_up(None)
        elif at is None:
            script = self._preparation()
            self._enter(Scene("preparing", script, script))
        else:
            self._start_step(self._index(at))
        self._keep_music()
        self._keep_progress()
        return self._out

    def handle(self, event: Event, now: float) -> list[Action]:
        """React to an event. ``now``: seconds on a clock that never goes back."""
        self._now, self._out = now, []
        command = event.command if isinstance(event, Heard) else None
        if isinstance(event, Spoken):
            if event.utterance != self._utterance or not self.speaking:
                return []
            self._drop_line()
            if self.speaking:
                return []
            row = "spoken"
        elif isinstance(event, Elapsed):
            row = {"hold": "hold_over", "silence": "silence"}[event.timer]
        elif isinstance(event, Lost):
            row, self._mute = "lost", event.speaker
        elif isinstance(event, Found):
            row = "found"
        elif isinstance(event, NotKept):
            row = "not_kept"
        elif isinstance(event, Doubted):
            row = "doubt"
        else:
            row = event.command.name
        reaction = TABLE[row][self.situation]
        if command is not None and reaction not in ("not_now", "over"):
            # Silence itself answers a command that calms; where it is silent already, the chime does.
            if command.name not in CALMING or (command.sign is None and not self.speaking):
                self._out.append(Chime("heard"))
            self._out.append(CancelTimer("silence"))
            if command.name in ("comfort", "stress", "mixed"):
                self._signs += ("danger" if command.danger else command.sign or command.name,)
        getattr(self, f"_{reaction}")(command)
        self._keep_music()
        self._keep_progress()
        return self._out

    # Reactions: one for each row of REACTIONS

    def _take_up(self, _: Command | None) -> None:
        n = self._n if self._n in self._plan else self._plan.after(self._n)
        self._start_step(n, first=self._language.say("carry_on"))

    def _start_anew(self, _: Command | None) -> None:
        self._plan = Plan(self.routine.steps)
        if self._base == "resuming":
            self._done, self._signs, self._stress, self._resumed = (), (), 0, False
        if self._base in ("resuming", "preparing"):
            script = self._preparation()
            self._enter_only(Scene("preparing", script, script))
        else:
            self._start_step(0)

    def _begin(self, _: Command | None) -> None:
        self._start_step(self._plan.after(-1), first=self._language.say("begin"))

    def _onward(self, _: Command | None) -> None:
        self._step_is_over()
        self._move(self._plan.after(self._n))

    def _step_back(self, _: Command | None) -> None:
        before = self._plan.before(self._n)
        if before < 0:
            self._start_step(self._n, first=self._language.say("first_step"))
        else:
            self._start_step(before)

    def _go_back(self, _: Command | None) -> None:
        if self._base in ("resuming", "preparing"):
            self._from_start(None)
        elif self._base == "closing":
            self._start_step(self._n)
        else:
            self._step_back(None)

    def _skip(self, _: Command | None) -> None:
        self._move(self._plan.after_part(self._n))

    def _go_to(self, command: Command | None) -> None:
        n = self._index(command.target if command and command.target else "")
        if n < 0:
            self._tell(self._language.say("no_such_part"))
        else:
            self._plan = self._plan.including(self._plan.steps[n].part)
            self._start_step(n)

    def _shorten(self, _: Command | None) -> None:
        self._set_stroke(-1)

    def _lengthen(self, _: Command | None) -> None:
        self._set_stroke(1)

    def _leave_out(self, command: Command | None) -> None:
        self._replan(command, self._plan.without, "leave_out_one", "leave_out_two")

    def _keep_only(self, command: Command | None) -> None:
        self._replan(command, self._plan.only, "only_one", "only_two")

    def _whole(self, _: Command | None) -> None:
        self._plan = self._plan.whole()
        self._tell((*self._language.say("everything"), *self._time_left()))

    def _bedtime(self, _: Command | None) -> None:
        self._easing = True
        self._ease()
        self._tell(self._language.say("bedtime"))

    def _step_again(self, _: Command | None) -> None:
        self._start_step(self._n)

    def _again(self, command: Command | None) -> None:
        calming = command is not None and command.name in CALMING
        if calming:
            self._hush()
        self._enter(replace(self._scenes[-1], lines=self._scenes[-1].script), delay=BREATH_S if calming else 0.0)

    def _from_start(self, _: Command | None) -> None:
        self._scenes = self._scenes[:1]
        if self.state == "guiding":
            self._step_again(None)
        else:
            self._again(None)

    def _carry_on(self, _: Command | None) -> None:
        if self._base == "resuming":
            self._take_up(None)
            return
        self._scenes = self._scenes[:1]
        self._go_on(self._language.say("carry_on"))

    def _going(self, _: Command | None) -> None:
        pass

    def _pause(self, command: Command | None) -> None:
        asked = command is not None and command.name == "pause"
        self._interrupt(Scene("paused", lines=self._first_time("paused_first") if asked else ()))

    def _note(self, _: Command | None) -> None:
        self._noted = self._noted or self._first_time("not_kept")

    def _quiet(self, _: Command | None) -> None:
        self._hush()
        self._scenes = (*self._scenes[:-1], replace(self._scenes[-1], lines=()))
        if self.state != "tending":
            self._wait(None)

    def _check(self, _: Command | None) -> None:
        self._enter(Scene("checking", lines=self._language.say("shall_i_go_on"), soft=True))

    def _wonder(self, _: Command | None) -> None:
        self._interrupt(Scene("wondering", lines=self._language.say("all_right"), gap=CALM_GAP_S))

    def _ask_well(self, _: Command | None) -> None:
        self._tell(self._language.say("all_right"))

    def _alarm(self, _: Command | None) -> None:
        self._tend(Command("stress", sign="skin_colour", danger=True))

    def _keep_quiet(self, _: Command | None) -> None:
        self._hush()
        self._scenes = (*self._scenes[:-1], Scene("paused"))

    def _lose(self, _: Command | None) -> None:
        self._suspend()
        self._hush()
        self._scenes = (*self._scenes, Scene("lost"))
        self._enter(replace(self._scenes[-1], lines=() if self._mute else self._language.say("lost")))

    def _tell_lost(self, _: Command | None) -> None:
        if not self._mute:
            self._tell(self._language.say("lost"))

    def _regain(self, _: Command | None) -> None:
        self._scenes = self._scenes[:-1]
        self._go_on(self._language.say("back"))

    def _greet(self, _: Command | None) -> None:
        self._tell(self._language.say("back"))

    def _say_on(self, _: Command | None) -> None:
        if self.speaking:
            self._say()

    def _tend(self, command: Command | None) -> None:
        assert command is not None and command.sign is not None
        if not any(scene.situation in ("tending", "emergency") for scene in self._scenes):
            self._stress += 1
        if command.danger:
            self._set_eased(0)
            danger = self.routine.danger.say if self.routine.danger else ()
            script = (*self._language.say("emergency"), *danger)
            self._interrupt(Scene("emergency", script, script, gap=CALM_GAP_S))
            return
        sign = self.routine.signs[command.sign]
        # Not twice for one sign (crying, and then why); but never passed over before it was said to its end.
        scene = self._scenes[-1]
        told = self.situation == "tending" and scene.sign == command.sign and scene.told
        first = () if told else self._stop_and_tend()
        last = self._language.say("quiet_wait")
        if command.reason is not None:
            script = (*first, *sign.reasons[command.reason], *last)
        else:
            script = (*first, *sign.say, *last)
        self._interrupt(Scene("tending", script, script, gap=CALM_GAP_S, sign=command.sign, told=told))

    def _stop_and_tend(self) -> tuple[str, ...]:
        if self.routine.whom == "parent":
            return self._language.say("stop_and_tend_parent")
        return self._language.say("stop_and_tend")

    def _offer(self, _: Command | None) -> None:
        first = self._language.say("emergency_over") if self.situation == "emergency" else ()
        if self._stress >= ENOUGH:
            script = (*first, *self._language.say("calm_enough"), *self._language.say("leave"))
            self._enter(Scene("leaving", script, script, gap=CALM_GAP_S))
            return
        again = self._language.say("calm_again") if self._stress == ENOUGH - 1 else self._language.say("calm_first")
        script = (*first, *again, *self._language.say("calm_offer"))
        self._enter(Scene("offering", script, script))

    def _leave(self, _: Command | None) -> None:
        script = self._language.say("leave")
        self._enter(Scene("leaving", script, script, soft=True))

    def _wait_third(self, _: Command | None) -> None:
        if self._stress >= ENOUGH:
            self._out.append(StartTimer("silence", TEND_S))

    def _reassure(self, _: Command | None) -> None:
        script = (*self._language.say("mixed"), *self.routine.mixed.say, *self._language.say("try_again"))
        self._interrupt(Scene("reassuring", script, script, gap=CALM_GAP_S))

    def _invite(self, _: Command | None) -> None:
        self._tell(self._language.say("try_again"))

    def _warm(self, command: Command | None) -> None:
        assert command is not None and command.sign is not None
        self._tell(self.routine.signs[command.sign].say)

    def _ask(self, _: Command | None) -> None:
        script = self._language.say("ask_finish")
        self._push(Scene("asking", script, script))

    def _stay(self, _: Command | None) -> None:
        self._scenes = self._scenes[:-1]
        self._go_on(self._language.say("not_finished"))

    def _close(self, _: Command | None) -> None:
        script = (*self._language.say("goodbye_early"), *self._language.say("goodbye"))
        if self._base != "closing":
            self._ended = "left early"
        self._enter_only(Scene("closing", script, script))

    def _end(self, _: Command | None) -> None:
        self._enter_only(Scene("finished"))
        self._out.append(End())

    def _hold(self, _: Command | None) -> None:
        hold = self._plan.hold(self._n)
        if hold:
            self._enter_only(Scene("holding", hold=hold))
        else:
            self._rest(None)

    def _rest(self, _: Command | None) -> None:
        self._step_is_over()
        if self._alone and not self.speaking:
            self._onward(None)
            return
        prompt = () if self._alone else self._first_time("next_first", "next_again", times=2)
        if self.speaking:
            # An answer that is being said when the stroke is over is said to its end; then `wait` sees to the rest.
            self._scenes = (Scene("waiting", script=prompt),)
        else:
            self._enter_only(Scene("waiting", lines=prompt))

    def _wait(self, _: Command | None) -> None:
        if not self._told.pop("reminded", 0):
            seconds = {"paused": CHECK_S, "wondering": CHECK_S, "leaving": LEAVE_S}.get(self.situation, SILENCE_S)
            self._out.append(StartTimer("silence", seconds))

    def _wait_next(self, _: Command | None) -> None:
        scene = self._scenes[-1]
        if self._alone:
            self._onward(None)
        elif scene.script:
            self._enter(Scene("waiting", lines=scene.script))
        else:
            self._wait(None)

    def _remind(self, _: Command | None) -> None:
        self._told["reminded"] = 1
        self._tell(self._language.say("reminder"))

    def _tell_time(self, _: Command | None) -> None:
        seconds = round(self._hold_ends - self._now) if self.situation == "holding" else 0
        stroke = self._language.say("how_long_stroke", seconds=seconds) if seconds > 5 else ()
        self._tell((*stroke, *self._time_left()))

    def _tell_where(self, _: Command | None) -> None:
        step = self.step
        names = {part.id: part.name for part in self.routine.parts}
        if self._base == "closing":
            self._tell(self._language.say("where_closing"))
        elif self._base == "resuming":
            self._tell(self._offer_to_resume()[:-1])
        elif step is None:
            first = min(self._plan.after(-1), len(self._plan.steps) - 1)
            self._tell(self._language.say("where_preparing", part=names[self._plan.steps[first].part]))
        else:
            place, places = self._plan.place(self._n)
            at = {"part": names[step.part], "title": step.title, "step": place, "steps": places}
            self._tell(self._language.say("where", **at))

    def _tell_help(self, _: Command | None) -> None:
        self._tell(self._language.say(f"help_{self._place}"))

    def _tell_why(self, _: Command | None) -> None:
        passages = [p.say for p in self.routine.why] or [self._language.say("no_why")]
        self._tell(passages[self._count("why") % len(passages)])

    def _tell_signs(self, _: Command | None) -> None:
        *comfort, last_comfort = [sign.name for sign in self.routine.signs.values() if sign.kind == "comfort"]
        *stress, last_stress = [sign.name for sign in self.routine.signs.values() if sign.kind == "stress"]
        first = self._language.say("signs_comfort", signs=", ".join(comfort), last=last_comfort)
        self._tell((*first, *self._language.say("signs_stress", signs=", ".join(stress), last=last_stress)))

    def _louder(self, _: Command | None) -> None:
        self._set_volume(self._volume + 1)

    def _quieter(self, _: Command | None) -> None:
        self._set_volume(self._volume - 1)

    def _faster(self, _: Command | None) -> None:
        self._set_pace(self._pace + 1)

    def _slower(self, _: Command | None) -> None:
        self._set_pace(self._pace - 1)

    def _music(self, _: Command | None) -> None:
        self._wants_music = True

    def _no_music(self, _: Command | None) -> None:
        self._wants_music = False

    def _music_up(self, _: Command | None) -> None:
        self._set_music_volume(self._music_volume + 1)

    def _music_down(self, _: Command | None) -> None:
        self._set_music_volume(self._music_volume - 1)

    def _wait_mode(self, _: Command | None) -> None:
        self._alone = False
        self._tell(self._language.say("wait_for_me"))

    def _alone_mode(self, _: Command | None) -> None:
        self._alone = True
        self._tell(self._language.say("keep_going"))

    def _alone_on(self, _: Command | None) -> None:
        self._alone = True
        self._start_step(self._plan.after(self._n), first=self._language.say("keep_going"))

    def _not_now(self, command: Command | None) -> None:
        assert command is not None
        self._out += [NotNow(command), Chime("no")]
        hint = self._language.say(f"hint_{self._place}")
        if hint and not self.speaking:
            self._tell(hint)

    def _over(self, command: Command | None) -> None:
        assert command is not None
        self._out.append(NotNow(command))

    def _nothing(self, _: Command | None) -> None:
        pass

    # What the reactions are made of

    def seconds_left(self, now: float) -> float:
        """How long the rest of the routine takes, without pauses, in seconds."""
        base = self._scenes[0]
        seconds = 0.0 if base.situation == "resuming" else sum(map(seconds_to_say, base.lines))
        if base.situation == "holding":
            seconds += self._hold_ends - now if len(self._scenes) == 1 else base.hold
        elif base.situation == "speaking":
            seconds += self._plan.hold(self._n)
        if base.situation in ("closing", "finished"):
            return seconds
        seconds += self._plan.seconds_after(self._n if self.step else self._n - 1 if self._resumed else -1)
        return seconds + sum(sum(map(seconds_to_say, p.say)) for p in self.routine.closing)

    def _preparation(self) -> tuple[str, ...]:
        welcome = (line for passage in self.routine.welcome for line in passage.say)
        items = (line for item in self.routine.preparation for line in item.say)
        return (*welcome, *items, *self._language.say("say_ready"))

    @property
    def _place(self) -> str:
        """What hints and help go by: the state, but for the situations that have words of their own."""
        return self.situation if self.situation in ("emergency", "offering", "lost", "resuming") else self.state

    @property
    def _base(self) -> str:
        """What everything else is above of: resuming, preparing, guiding, closing or finished."""
        situation = self._scenes[0].situation
        return "guiding" if STATE_OF[situation] == "guiding" else situation

    def _move(self, n: int) -> None:
        """On to step ``n``: from the preparation to the first one, from the closing words nowhere."""
        if self._base in ("closing", "resuming"):
            self._carry_on(None)
        else:
            self._start_step(n if self._base == "guiding" else self._plan.after(-1))

    def _index(self, name: str) -> int:
        """Of the step, or of the first step of the part; -1 where there is none."""
        return next((n for n, step in enumerate(self._plan.steps) if name in (step.id, step.part)), -1)

    def _start_step(self, n: int, *, first: tuple[str, ...] = ()) -> None:
        if self._unanswered:
            self._unanswered, self._kept = False, Progress()
        if n >= len(self._plan.steps):
            closing = (line for p in self.routine.closing for line in p.say)
            script = (*first, *closing, *self._language.say("goodbye"))
            self._ended = "finished"
            self._enter_only(Scene("closing", script, script))
        else:
            self._n, self._ended = n, None
            self._ease()
            script = self._plan.steps[n].say
            noted, self._noted = self._noted, ()
            self._enter_only(Scene("speaking", script, script), (*first, *noted))

    def _enter_only(self, scene: Scene, first: tuple[str, ...] = ()) -> None:
        self._scenes = ()
        self._push(scene, first)

    def _push(self, scene: Scene, first: tuple[str, ...] = ()) -> None:
        """Suspend what is going on, and enter a scene above it; ``first`` is said before its lines."""
        self._suspend()
        self._scenes = (*self._scenes, scene)
        self._enter(scene, first)

    def _interrupt(self, scene: Scene) -> None:
        """Hush, and put a scene above the step, instead of what was above it."""
        delay = BREATH_S if self.speaking else ANSWER_S
        self._suspend()
        self._hush()
        self._scenes = (self._scenes[0], scene)
        self._enter(scene, delay=delay)

    def _suspend(self) -> None:
        if self._scenes and self.situation == "holding":
            left = max(0.0, self._hold_ends - self._now)
            self._scenes = (*self._scenes[:-1], replace(self._scenes[-1], hold=left))

    def _go_on(self, first: tuple[str, ...]) -> None:
        """With the uppermost scene, from where it was left."""
        scene = self._scenes[-1]
        if scene.situation == "waiting" and not scene.lines and not self._alone:
            scene = replace(scene, lines=self._language.say("next_again"))
        elif scene.situation == "resuming" and not scene.lines:
            scene = replace(scene, lines=scene.script)
        self._enter(scene, first)

    def _enter(self, scene: Scene, first: tuple[str, ...] = (), delay: float = 0.0) -> None:
        self._scenes = (*self._scenes[:-1], scene)
        self._told.pop("reminded", None)
        self._out += [CancelTimer("hold"), CancelTimer("silence")]
        self._aside = first
        if scene.situation == "holding":
            self._hold_ends = self._now + scene.hold
            self._out.append(StartTimer("hold", scene.hold))
        if self.speaking:
            self._say(delay)
        elif scene.situation in ("waiting", "paused", "leaving"):
            self._wait(None)

    def _tell(self, sentences: tuple[str, ...]) -> None:
        """Say something between, then the interrupted sentence again from its start."""
        self._aside = sentences
        self._say()

    def _say(self, delay: float = 0.0) -> None:
        self._utterance += 1
        scene = self._scenes[-1]
        self._out.append(Say(self._utterance, (*self._aside, *scene.lines), delay, scene.gap, scene.soft))

    def _hush(self) -> None:
        self._aside = ()
        self._out.append(Hush())

    def _drop_line(self) -> None:
        if self._aside:
            self._aside = self._aside[1:]
        else:
            scene = self._scenes[-1]
            told = scene.told or scene.lines[0] == self._stop_and_tend()[-1]
            self._scenes = (*self._scenes[:-1], replace(scene, lines=scene.lines[1:], told=told))

    def _time_left(self) -> tuple[str, ...]:
        minutes = round(self.seconds_left(self._now) / 60)
        return self._language.say("how_long" if minutes > 1 else "how_long_one", minutes=minutes)

    def _replan(self, command: Command | None, change: Callable[..., Plan], one: str, two: str) -> None:
        """Change the parts that are done by those that were named; leave one that is not done any more."""
        assert command is not None
        names = {part.id: part.name for part in self.routine.parts}
        if not names.keys() >= {*command.targets}:
            self._tell(self._language.say("no_such_part"))
            return
        self._plan = change(*command.targets)
        first, *rest = [names[target] for target in command.targets]
        told = self._language.say(two, part=first, other=rest[0]) if rest else self._language.say(one, part=first)
        if self._base == "guiding" and self._n not in self._plan:
            n = self._plan.after(self._n)
            if n == len(self._plan.steps) and command.name == "only":
                n = self._plan.after(-1)  # what is wanted came before: it is done again
            self._start_step(n, first=told)
        else:
            self._tell((*told, *self._time_left()))

    def _set_stroke(self, change: int) -> None:
        plan = self._plan.with_stroke(change)
        if plan == self._plan:
            self._tell(self._language.say("shortest" if change < 0 else "longest"))
            return
        self._suspend()
        scale = STROKES[plan.stroke] / STROKES[self._plan.stroke]
        self._scenes = tuple(replace(scene, hold=scene.hold * scale) for scene in self._scenes)
        self._plan = plan
        if self.situation == "holding":
            self._hold_ends = self._now + self._scenes[-1].hold
            self._out.append(StartTimer("hold", self._scenes[-1].hold))
        self._tell((*self._language.say("shorter" if change < 0 else "longer"), *self._time_left()))

    def _ease(self) -> None:
        """In bedtime mode: speak softer and slower, the further on."""
        if self._easing:
            place, places = self._plan.place(self._n)
            self._set_eased((EASES + 1) * (place - 1) // places)

    def _set_eased(self, eased: int) -> None:
        if eased != self._eased:
            self._eased = eased
            self._out += [SetVolume(self._level(self._volume)), SetPace(self._level(self._pace))]

    def _level(self, asked: int) -> int:
        return max(-LEVELS, asked - self._eased)

    def _set_volume(self, level: int) -> None:
        if abs(level) > LEVELS:
            self._tell(self._language.say("loudest" if level > 0 else "softest"))
            return
        up, self._volume = level > self._volume, level
        self._out.append(SetVolume(self._level(level)))
        if not self.speaking:
            self._tell(self._language.say("louder" if up else "quieter"))

    def _keep_music(self) -> None:
        """Play it where it is wanted and fits."""
        playing = self._wants_music and not any(STATE_OF[scene.situation] in NO_MUSIC for scene in self._scenes)
        if playing != self._music_plays:
            self._music_plays = playing
            self._out.append(SetMusic(playing))

    def _step_is_over(self) -> None:
        """Note the part of which it was the last one."""
        if self.step is not None:
            part, after = self.step.part, self._plan.after(self._n)
            last = after == len(self._plan.steps) or self._plan.steps[after].part != part
            if last and part not in self._done:
                self._done += (part,)

    def _offer_to_resume(self) -> tuple[str, ...]:
        assert self._interrupted is not None
        step = self._plan.steps[self._index(self._interrupted.progress.step or "")]
        part = next(part.name for part in self.routine.parts if part.id == step.part)
        stopped = self._language.say(f"stopped_{self._interrupted.ago}", part=part, count=self._interrupted.count)
        return (*stopped, *self._language.say("go_on_there"))

    def _recall(self, kept: Progress) -> None:
        self._n = self._index(kept.step or "")
        self._plan = replace(self._plan, left_out=frozenset(kept.left_out), stroke=kept.stroke)
        self._done, self._signs, self._stress, self._resumed = kept.done, kept.signs, kept.stress, True
        self._kept, self._unanswered = replace(kept, ended=None, resumed=True), True

    def _keep_progress(self) -> None:
        """Before the first word that follows from what has changed."""
        step = self._plan.steps[self._n] if self._base == "resuming" else self.step
        now = Progress(
            step=step.id if step else None,
            done=self._done,
            signs=self._signs,
            stress=self._stress,
            left_out=tuple(sorted(self._plan.left_out)),
            stroke=self._plan.stroke,
            ended=self._ended,
            resumed=self._resumed,
        )
        if now not in (self._kept, replace(Progress(), stroke=now.stroke, left_out=now.left_out)):
            self._kept = now
            words = next((n for n, action in enumerate(self._out) if isinstance(action, Say)), len(self._out))
            self._out.insert(words, now)

    def _set_music_volume(self, level: int) -> None:
        self._wants_music = True
        if abs(level) > LEVELS:
            self._tell(self._language.say("music_loudest" if level > 0 else "music_softest"))
            return
        self._music_volume = level
        self._out.append(SetMusicVolume(level))

    def _set_pace(self, level: int) -> None:
        if abs(level) > LEVELS:
            self._tell(self._language.say("fastest" if level > 0 else "slowest"))
            return
        up, self._pace = level > self._pace, level
        self._out.append(SetPace(self._level(level)))
        self._tell(self._language.say("faster" if up else "slower"))

    def _count(self, what: str) -> int:
        self._told[what] = self._told.get(what, 0) + 1
        return self._told[what] - 1

    def _first_time(self, first: str, later: str | None = None, times: int = 1) -> tuple[str, ...]:
        if self._count(first) < times:
            return self._language.say(first)
        return self._language.say(later) if later else ()
