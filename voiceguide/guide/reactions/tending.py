"""The baby's signs: stress, danger, mixed, comfort, calm."""

from __future__ import annotations

from dataclasses import replace

from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import EMERGENCY, LEAVING, OFFERING, REASSURING, TEND_S, TENDING
from voiceguide.guide.stage import CALM_GAP_S, Scene
from voiceguide.language.language import Command

ENOUGH = 3
"""Signs of stress in a session before the guide finishes for today, unless the parent says otherwise. One sign
earlier it suggests to. A restless baby has had enough (care-mayo in routines/infant-massage.yaml)."""


def tend(massage: Massage, command: Command) -> None:
    assert command.sign is not None
    if not any(scene.situation in (TENDING, EMERGENCY) for scene in massage.stage.scenes):
        massage.record.stress += 1
    if command.danger:
        massage.levels = replace(massage.levels, eased=0)
        danger = massage.routine.danger.say if massage.routine.danger else ()
        script = (*massage.say("emergency"), *danger)
        massage.stage.interrupt(Scene(EMERGENCY, script, script, gap=CALM_GAP_S))
        return
    for_parent = massage.routine.whom == "parent"
    stop = massage.say("stop_and_tend_parent" if for_parent else "stop_and_tend")
    sign = massage.routine.signs[command.sign]
    # Not said again for the same sign (crying, and then why), unless it was cut off before its end.
    now = massage.stage.scene
    said = now.situation is TENDING and now.sign == command.sign and now.said
    guidance = sign.say if command.reason is None else sign.reasons[command.reason]
    script = (*(() if said else stop), *guidance, *massage.say("quiet_wait"))
    massage.stage.interrupt(
        Scene(
            TENDING,
            script,
            script,
            gap=CALM_GAP_S,
            patience=TEND_S if massage.record.stress >= ENOUGH else None,
            sign=command.sign,
            must_say=stop[-1],
            said=said,
        )
    )


def offer(massage: Massage) -> None:
    doctor = massage.say("emergency_over") if massage.stage.situation is EMERGENCY else ()
    if massage.record.stress >= ENOUGH:
        script = (*doctor, *massage.say("calm_enough"), *massage.say("leave"))
        massage.stage.enter(Scene(LEAVING, script, script, gap=CALM_GAP_S))
        return
    good = massage.say("calm_again" if massage.record.stress == ENOUGH - 1 else "calm_first")
    script = (*doctor, *good, *massage.say("calm_offer"))
    massage.stage.enter(Scene(OFFERING, script, script))


def leave(massage: Massage) -> None:
    script = massage.say("leave")
    massage.stage.enter(Scene(LEAVING, script, script, soft=True))


def reassure(massage: Massage) -> None:
    script = (*massage.say("mixed"), *massage.routine.mixed.say, *massage.say("try_again"))
    massage.stage.interrupt(Scene(REASSURING, script, script, gap=CALM_GAP_S))


def invite(massage: Massage) -> None:
    massage.tell(massage.say("try_again"))


def warm_word(massage: Massage, command: Command) -> None:
    assert command.sign is not None
    massage.tell(massage.routine.signs[command.sign].say)
