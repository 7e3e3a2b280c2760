"""Starting, and moving from step to step."""

from __future__ import annotations

from voiceguide.guide.massage import Massage
from voiceguide.guide.plan import Plan
from voiceguide.guide.reactions.answering import say_again
from voiceguide.guide.situations import CLOSING, HOLDING, PREPARING, RESUMING, SPEAKING, WAITING
from voiceguide.guide.stage import Scene
from voiceguide.language.command import Command


def pick_up(massage: Massage) -> None:
    n = massage.n if massage.n in massage.plan else massage.plan.after(massage.n)
    massage.start_step(n, first=massage.say("carry_on"))


def start_over(massage: Massage) -> None:
    if massage.over_today:
        massage.close()
        return
    massage.plan = Plan(massage.routine.steps)
    if massage.base is RESUMING:
        massage.record.forget()
    if massage.base in (RESUMING, PREPARING):
        massage.prepare(whole=massage.base is PREPARING)
        massage.fit()
    else:
        massage.start_at(0)


def read_all(massage: Massage) -> None:
    massage.prepare(whole=True)


def begin(massage: Massage) -> None:
    massage.start_step(massage.plan.after(-1), first=massage.say("begin"))


def next_step(massage: Massage) -> None:
    massage.finish_step()
    _move(massage, massage.plan.after(massage.n))


def skip(massage: Massage) -> None:
    _move(massage, massage.plan.after_part(massage.n))


def _move(massage: Massage, n: int) -> None:
    """On to step `n`: from the preparation to the first one, from the closing words nowhere."""
    if massage.base in (RESUMING, CLOSING):
        carry_on(massage)
    else:
        massage.start_step(n if massage.in_steps else massage.plan.after(-1))


def done(massage: Massage) -> None:
    """ "Okay" is an answer where one is waited for; while the checklist is read it's only a nod."""
    if not massage.stage.speaking:
        begin(massage)


def other_side(massage: Massage) -> None:
    script = massage.say("other_side")
    massage.stage.enter_only(Scene(SPEAKING, script, script))


def step_back(massage: Massage) -> None:
    before = massage.plan.before(massage.n)
    if before < 0:
        massage.start_step(massage.n, first=massage.say("first_step"))
    else:
        massage.start_step(before)


def go_back(massage: Massage) -> None:
    if massage.base in (RESUMING, PREPARING):
        restart(massage)
    elif massage.base is CLOSING:
        massage.start_step(massage.n)
    else:
        step_back(massage)


def go_to(massage: Massage, command: Command) -> None:
    n = massage.find(command.target or "")
    if n is None:
        massage.tell(massage.say("no_such_part"))
    else:
        massage.plan = massage.plan.including(massage.plan.steps[n].part)
        massage.start_step(n)


def redo_step(massage: Massage) -> None:
    massage.start_step(massage.n)


def restart(massage: Massage) -> None:
    massage.stage.drop_to_base()
    if massage.over_today:
        massage.close()
    elif massage.in_steps:
        redo_step(massage)
    else:
        say_again(massage)


def carry_on(massage: Massage) -> None:
    if massage.over_today:
        massage.close()
    elif massage.base is RESUMING:
        pick_up(massage)
    else:
        massage.stage.drop_to_base()
        massage.go_on(massage.say("carry_on"))


def going(massage: Massage) -> None:
    pass


def hold(massage: Massage) -> None:
    seconds = massage.plan.hold(massage.n)
    if seconds:
        massage.stage.enter_only(Scene(HOLDING, hold=seconds))
    else:
        stroke_end(massage)


def stroke_end(massage: Massage) -> None:
    massage.finish_step()
    if massage.alone and not massage.stage.speaking:
        next_step(massage)
        return
    prompt = () if massage.alone else massage.first_time("next_first", "next_again", times=2)
    if massage.stage.speaking:
        # An answer that is being said when the stroke ends is said to its end; then `wait_next` sees to the rest.
        massage.stage.scenes = (Scene(WAITING, script=prompt),)
    else:
        massage.stage.enter_only(Scene(WAITING, lines=prompt))


def wait_next(massage: Massage) -> None:
    prompt = massage.stage.scene.script
    if massage.alone:
        next_step(massage)
    elif prompt:
        massage.stage.enter(Scene(WAITING, lines=prompt))


def alone_now(massage: Massage) -> None:
    massage.alone = True
    massage.start_step(massage.plan.after(massage.n), first=massage.say("keep_going"))
