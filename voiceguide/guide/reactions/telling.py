"""Answers to questions."""

from __future__ import annotations

from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import CLOSING, HOLDING, RESUMING
from voiceguide.guide.stage import BREATH_S
from voiceguide.language.command import Command


def tell_time(massage: Massage) -> None:
    stage = massage.stage
    seconds = round(stage.hold_ends - stage.now) if stage.situation is HOLDING else 0
    stroke = massage.say("how_long_stroke", seconds=seconds) if seconds > 5 else ()
    massage.tell((*stroke, *massage.time_left()))


def tell_where(massage: Massage) -> None:
    if massage.base is CLOSING:
        massage.tell(massage.say("where_closing"))
    elif massage.base is RESUMING:
        massage.tell(massage.offer_to_resume()[:-1])
    elif massage.step is None:
        first = min(massage.plan.after(-1), len(massage.plan.steps) - 1)
        part = massage.name_of(massage.plan.steps[first].part)
        massage.tell(massage.say("where_preparing", part=part))
    else:
        part, title = massage.name_of(massage.step.part), massage.step.title
        place, places = massage.plan.place(massage.n)
        massage.tell(massage.say("where", part=part, title=title, step=place, steps=places))


def tell_help(massage: Massage) -> None:
    massage.tell((*massage.say("help_first"), *massage.say(f"help_{massage.stage.situation.words}")))


def tell_how(massage: Massage, command: Command) -> None:
    """Answer a question on how to do it, for the step that is being done where it has an answer of its own."""
    about = str(command.about)
    own = massage.step.answers.get(about) if massage.step else None
    if own is not None:
        massage.tell((own,))
    elif about == "duration":
        seconds = round(massage.plan.hold(massage.n)) if massage.step else 0
        massage.tell(massage.say("ask_duration", seconds=seconds) if seconds else massage.time_left())
    else:
        massage.tell(massage.say(f"ask_{about}"))


def tell_away(massage: Massage, command: Command) -> None:
    massage.stage.hush()
    massage.stage.tell(massage.say(f"away_{command.about}"), BREATH_S)


def tell_there(massage: Massage) -> None:
    massage.tell(massage.say("there"))


def tell_why(massage: Massage) -> None:
    passages = [passage.say for passage in massage.routine.why] or [massage.say("no_why")]
    massage.tell(passages[massage.times["why"] % len(passages)])
    massage.times["why"] += 1


def tell_signs(massage: Massage) -> None:
    *comfort, last_comfort = [sign.name for sign in massage.routine.signs.values() if sign.kind == "comfort"]
    *stress, last_stress = [sign.name for sign in massage.routine.signs.values() if sign.kind == "stress"]
    first = massage.say("signs_comfort", signs=", ".join(comfort), last=last_comfort)
    massage.tell((*first, *massage.say("signs_stress", signs=", ".join(stress), last=last_stress)))
