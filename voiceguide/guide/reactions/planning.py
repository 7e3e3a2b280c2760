"""What is done, and how: which parts, how long the strokes are, and who goes on."""

from __future__ import annotations

from dataclasses import replace

from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import CLOSING, RESUMING
from voiceguide.language.command import Command


def fit_time(massage: Massage, command: Command) -> None:
    massage.minutes, massage.announced = command.minutes, True
    massage.fit()
    massage.tell(massage.what_fits())


def shorten(massage: Massage) -> None:
    """Shorter strokes; once they can't be any shorter, a part less."""
    least = massage.by_worth(massage.parts_left())[1:]
    if _change_strokes(massage, -1):
        massage.tell((*massage.say("shorter"), *massage.time_left()))
    elif least:
        massage.change_plan(replace(massage.plan, no_time=massage.plan.no_time | {least[-1]}))
        told = massage.say("leave_out_one", part=massage.name_of(least[-1]))
        massage.tell((*told, *massage.time_left()))
    else:
        massage.tell(massage.say("shortest"))


def lengthen(massage: Massage) -> None:
    if not _change_strokes(massage, 1):
        massage.tell(massage.say("longest"))
    else:
        massage.tell((*massage.say("longer"), *massage.time_left()))


def _change_strokes(massage: Massage, grades: int) -> bool:
    """False where they can't be any shorter or longer."""
    plan = massage.plan.with_stroke(grades)
    if plan == massage.plan:
        return False
    massage.change_plan(plan)
    return True


def leave_out(massage: Massage, command: Command) -> None:
    names = _names(massage, command)
    if not names:
        massage.tell(massage.say("no_such_part"))
        return
    massage.plan = massage.plan.without(*command.targets)
    told = massage.say("leave_out_one" if len(names) == 1 else "leave_out_two", **names)
    if massage.in_steps and massage.n not in massage.plan:
        massage.start_step(massage.plan.after(massage.n), first=told)
    else:
        massage.tell((*told, *massage.time_left()))


def keep_only(massage: Massage, command: Command) -> None:
    names = _names(massage, command)
    if not names:
        massage.tell(massage.say("no_such_part"))
        return
    massage.plan = massage.plan.only(*command.targets)
    told = massage.say("only_one" if len(names) == 1 else "only_two", **names)
    n = massage.n
    if n not in massage.plan or massage.base is CLOSING:
        n = massage.plan.after(n)
        if n == len(massage.plan.steps):
            n = massage.plan.after(-1)  # what is wanted comes before: it is done again
    if massage.base is CLOSING or (massage.in_steps and n != massage.n):
        massage.start_step(n, first=told)
        return
    if massage.base is RESUMING:
        massage.n = n
    massage.tell((*told, *massage.time_left()))


def _names(massage: Massage, command: Command) -> dict[str, str]:
    """The names of the one or two parts that a command is about, for a prompt; none where the routine lacks one."""
    names = {part.id: part.name for part in massage.routine.parts}
    if not names.keys() >= {*command.targets}:
        return {}
    return dict(zip(("part", "other"), (names[target] for target in command.targets), strict=False))


def all_parts(massage: Massage) -> None:
    massage.plan, massage.minutes = massage.plan.whole(), None
    if massage.base is RESUMING and massage.interrupted is not None:
        massage.n = massage.find(massage.interrupted.progress.step or "") or 0
    massage.tell((*massage.say("everything"), *massage.time_left()))


def bedtime(massage: Massage) -> None:
    massage.levels = replace(massage.levels, bedtime=True)
    massage.ease()
    massage.tell(massage.say("bedtime"))


def wait_mode(massage: Massage) -> None:
    massage.alone = False
    massage.tell(massage.say("wait_for_me"))


def alone_mode(massage: Massage) -> None:
    massage.alone = True
    massage.tell(massage.say("keep_going"))
