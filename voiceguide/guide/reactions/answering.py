"""Answers that fit anywhere: again, not now, nothing."""

from __future__ import annotations

from voiceguide.guide.actions import Chime, NotNow
from voiceguide.guide.massage import Massage
from voiceguide.guide.stage import BREATH_S
from voiceguide.language.command import Command


def say_again(massage: Massage) -> None:
    massage.stage.change(lines=massage.stage.scene.script)
    massage.stage.enter(massage.stage.scene)


def say_afresh(massage: Massage) -> None:
    massage.stage.hush()
    massage.stage.change(lines=massage.stage.scene.script)
    massage.stage.enter(massage.stage.scene, delay=BREATH_S)


def not_now(massage: Massage, command: Command) -> None:
    massage.stage.out += [NotNow(command), Chime("no")]
    hint = massage.say(f"hint_{massage.stage.situation.words}")
    if hint and not massage.stage.speaking:
        massage.tell(hint)


def over(massage: Massage, command: Command) -> None:
    massage.stage.out.append(NotNow(command))


def nothing(massage: Massage) -> None:
    pass
