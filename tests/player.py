"""A guide that is played at the speed of a call: what tests lead into any situation, and what may happen there."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from voiceguide.guide.actions import (
    CancelTimer,
    End,
    Hush,
    Say,
    StartTimer,
)
from voiceguide.guide.events import Cry, Doubted, Elapsed, Event, Found, Heard, Lost, Missed, NotKept, Spoken, Timer
from voiceguide.guide.machine import Guide
from voiceguide.guide.progress import Interrupted, Progress
from voiceguide.guide.reactions.tending import ENOUGH
from voiceguide.guide.situations import (
    ASKING,
    CHECKING,
    CLOSING,
    CRYING,
    EMERGENCY,
    FINISHED,
    HOLDING,
    LEAVING,
    LOST,
    OFFERING,
    PAUSED,
    PREPARING,
    REASSURING,
    RESUMING,
    TENDING,
    WAITING,
    WONDERING,
    Situation,
)
from voiceguide.language.command import NAMES, Command
from voiceguide.language.language import Language, load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine


@cache
def language() -> Language:
    return load_language("en")


@cache
def infant_massage() -> Routine:
    return load(find("infant-massage"))


class Player:
    """Does with the guide's actions what the rest of voiceguide does, as fast as it is called."""

    def __init__(
        self,
        at: str | None = None,
        routine: Routine | None = None,
        interrupted: Interrupted | None = None,
        minutes: int | None = None,
        known: bool = False,
    ) -> None:
        routine = routine or infant_massage()
        self.guide = Guide(routine, language(), interrupted=interrupted, minutes=minutes, known=known)
        self.now = 0.0
        self.utterance, self.lines, self.index = 0, (), 0
        self.timers: dict[str, float] = {}
        self.said: list[str] = []
        self.ended = False
        self.kept = Progress()
        self.actions = self.apply(self.guide.start(self.now, at))

    def apply(self, actions: list) -> list:
        for action in actions:
            match action:
                case Say():
                    self.utterance, self.lines, self.index = action.utterance, action.lines, 0
                    self.said += action.lines[:1]
                case Hush():
                    self.lines = ()
                case StartTimer():
                    self.timers[action.name] = self.now + action.seconds
                case CancelTimer():
                    self.timers.pop(action.name, None)
                case Progress():
                    self.kept = action
                case End():
                    self.ended = True
        return actions

    def give(self, event: Event) -> list:
        self.actions = self.apply(self.guide.handle(event, self.now))
        return self.actions

    def hear(self, name: str, **more: object) -> list:
        if name in ("comfort", "stress") and "sign" not in more:
            more["sign"] = {"comfort": "bright_eyed", "stress": "hiccoughs"}[name]
        if name in ("ask", "away", "overwhelmed") and "about" not in more:
            more["about"] = {"ask": "oil", "away": "nappy", "overwhelmed": "distress"}[name]
        if name == "minutes" and "minutes" not in more:
            more["minutes"] = 10
        if name == "goto" and "target" not in more:
            more["target"] = "legs"
        if name in ("leave_out", "only") and "targets" not in more:
            more["targets"] = ("legs",)
        return self.give(Heard(Command(name, **more)))

    def one_line(self) -> None:
        """The line that is being said comes to its end."""
        index, self.index = self.index, self.index + 1
        if self.index >= len(self.lines):
            self.lines = ()
        else:
            self.said.append(self.lines[self.index])
        self.give(Spoken(self.utterance, index))

    def all_lines(self) -> None:
        """Everything is said to its end."""
        while self.lines:
            self.one_line()

    def elapse(self, timer: str) -> None:
        self.now = max(self.now, self.timers.pop(timer))
        self.give(Elapsed(Timer(timer)))


def cut_off(step: str = "belly-1", **more: object) -> Interrupted:
    """A session that was interrupted at a step, ten minutes ago."""
    return Interrupted(Progress(step, **more), "minutes", 10)


def in_situation(situation: Situation) -> Player:
    """A guide that was led into a situation as a parent would lead it there."""
    if situation is RESUMING:
        return Player(interrupted=cut_off())
    p = Player()
    if situation is PREPARING:
        return p
    p.hear("ready")
    if situation in (HOLDING, WAITING):
        p.all_lines()
        if situation is WAITING:
            p.elapse("hold")
    elif situation in (PAUSED, CHECKING):
        p.hear("pause")
        if situation is CHECKING:
            p.all_lines()
            p.elapse("silence")
    elif situation is WONDERING:
        p.give(Doubted())
    elif situation is CRYING:
        p.one_line()
        p.give(Cry())
        p.one_line()
    elif situation is LOST:
        p.give(Lost(speaker=False))
    elif situation in (TENDING, OFFERING):
        p.hear("stress")
        if situation is OFFERING:
            p.hear("calm")
    elif situation is EMERGENCY:
        p.hear("stress", sign="skin_colour", danger=True)
    elif situation is REASSURING:
        p.hear("mixed")
    elif situation is LEAVING:
        for _ in range(ENOUGH):
            p.hear("stress")
            p.hear("calm")
    elif situation in (ASKING, CLOSING, FINISHED):
        p.hear("finish")
        if situation is not ASKING:
            p.hear("yes")
        if situation is FINISHED:
            p.all_lines()
    assert p.guide.situation is situation
    return p


def small(last_hold: float = 20.0) -> Routine:
    """Three steps in two parts, the middle one without a stroke to hold."""
    big = infant_massage()
    legs, arms = big.parts[0], big.parts[1]
    first, second = legs.steps[0], replace(legs.steps[1], hold=0.0)
    third = replace(arms.steps[0], hold=last_hold)
    return replace(big, parts=(replace(legs, steps=(first, second)), replace(arms, steps=(third,))))


END_IT = frozenset({"unwell", "injury", "overwhelmed", "asleep"})
"""Commands after which there's no more massage today, as after danger."""


def random_event(p: Player, choose: random.Random, *, calm: bool = False) -> None:
    """Something that can happen now; `calm`: nothing that ends the massage for today."""
    part = choose.choice(small().parts).id
    named = {"goto": {"target": part}, "leave_out": {"targets": (part,)}, "only": {"targets": (part,)}}
    name = choose.choice([name for name in NAMES if not calm or name not in END_IT])
    happenings = [lambda: p.hear(name, **named.get(name, {}))] * 6
    happenings += [lambda: p.hear("stress"), lambda: p.hear("calm")]
    if not calm:
        happenings += [lambda: p.hear("stress", sign="skin_colour", danger=True)]
    happenings += [
        lambda: p.give(
            choose.choice([Lost(speaker=False), Lost(speaker=True), Found(), NotKept(), Doubted(), Missed(), Cry()])
        )
    ]
    if p.lines:
        happenings += [p.one_line, p.all_lines]
    happenings += [lambda timer=timer: p.elapse(timer) for timer in p.timers]
    choose.choice(happenings)()


some_events = st.lists(st.integers(0, 2**31), max_size=40).map(lambda seeds: [random.Random(s) for s in seeds])


def after(happenings: list[random.Random]) -> Player:
    """A guide after anything that may happen."""
    first = happenings[0].random() if happenings else 1.0
    p = Player(routine=small(), interrupted=cut_off(small().steps[1].id) if first < 0.3 else None)
    for choose in happenings:
        random_event(p, choose)
    return p
