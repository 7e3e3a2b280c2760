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
    if massage.base is not CLOSING:
        massage.record.ended = "left early"
    script = (*massage.say("goodbye_early"), *massage.say("goodbye"))
    massage.stage.enter_only(Scene(CLOSING, script, script))


def end(massage: Massage) -> None:
    massage.stage.enter_only(Scene(FINISHED))
    massage.stage.out.append(End())
