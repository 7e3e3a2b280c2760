"""The end of a session, and the question before it."""

from __future__ import annotations

from voiceguide.guide.actions import End
from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import ASKING, CLOSING, FINISHED
from voiceguide.guide.stage import Scene


def ask(massage: Massage) -> None:
    script = massage.say("ask_finish")
    massage.stage.push(Scene(ASKING, script, script))


def stay(massage: Massage) -> None:
    massage.stage.drop()
    massage.go_on(massage.say("not_finished"))


def close(massage: Massage) -> None:
    massage.close()


def asleep(massage: Massage) -> None:
    """One soft sentence, and the end: nothing may wake a sleeping baby."""
    massage.record.ended = "left early"
    passage = massage.routine.care.get("asleep")
    script = passage.say if passage else massage.say("goodbye_early")
    massage.stage.hush()
    massage.stage.enter_only(Scene(CLOSING, script, script, soft=True))


def end(massage: Massage) -> None:
    massage.stage.enter_only(Scene(FINISHED))
    massage.stage.out.append(End())
