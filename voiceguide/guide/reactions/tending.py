"""The baby's signs: stress, danger, mixed, comfort, calm."""

from __future__ import annotations

from dataclasses import replace

from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import CRYING, EMERGENCY, LEAVING, NEVER, OFFERING, REASSURING, TEND_S, TENDING
from voiceguide.guide.stage import CALM_GAP_S, Scene
from voiceguide.language.command import Command

ENOUGH = 3
"""Signs of stress in a session before the guide finishes for today, unless the parent says otherwise. One sign
earlier it suggests to. A restless baby has had enough (care-mayo in routines/infant-massage.yaml)."""


OVER_TODAY = frozenset({"hungry", "pain", "tired"})
"""Reasons for crying after which the massage waits for another day: after a feed an hour has to pass (care-hhma), and
sleep, or finding what hurts, comes first (care-icon)."""


def care_first(massage: Massage, command: Command) -> None:
    """The baby is unwell or hurt, or the parent can't go on: that, and nothing else, for today."""
    massage.over_today = True
    massage.record.ended = "left early"
    passage = massage.routine.care.get(command.about or command.name)
    script = passage.say if passage else massage.say("care_missing")
    massage.levels = replace(massage.levels, eased=0)
    massage.stage.interrupt(Scene(TENDING, script, script, gap=CALM_GAP_S, patience=TEND_S))


def once_more(massage: Massage) -> None:
    """Nobody has said a word: say it again, once."""
    scene = massage.stage.scene
    massage.stage.enter(replace(scene, lines=scene.script, patience=NEVER))


def glad(massage: Massage) -> None:
    massage.tell(massage.say("glad"))


def tend(massage: Massage, command: Command) -> None:
    assert command.sign is not None
    if not any(scene.situation in (TENDING, EMERGENCY) for scene in massage.stage.scenes):
        massage.record.stress += 1
    if command.danger or command.reason in OVER_TODAY:
        massage.over_today = True
        massage.record.ended = "left early"  # a session that is started again doesn't offer to go on with this one
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


def hear_cry(massage: Massage) -> None:
    if not massage.asked_about_crying:
        script = massage.say("crying_heard")
        massage.stage.break_in(Scene(CRYING, script, script))


def tend_cry(massage: Massage) -> None:
    massage.asked_about_crying = False
    massage.record.signs += ("crying",)
    tend(massage, Command("stress", sign="crying"))


def alarm(massage: Massage) -> None:
    tend(massage, Command("stress", sign="skin_colour", danger=True))


def offer(massage: Massage) -> None:
    doctor = massage.say("emergency_over") if massage.stage.situation is EMERGENCY else ()
    if massage.over_today:
        massage.close(*(doctor or massage.say("calm_first")))
        return
    if massage.record.stress >= ENOUGH:
        script = (*doctor, *massage.say("calm_enough"), *massage.say("leave"))
        massage.stage.enter(Scene(LEAVING, script, script, gap=CALM_GAP_S))
        return
    good = massage.say("calm_again" if massage.record.stress == ENOUGH - 1 else "calm_first")
    script = (*doctor, *good, *massage.say("calm_offer"))
    massage.stage.enter(Scene(OFFERING, script, script))


def leave(massage: Massage) -> None:
    if massage.over_today:
        massage.close()
        return
    script = massage.say("leave")
    massage.stage.enter(Scene(LEAVING, script, script, soft=True))


def reassure(massage: Massage) -> None:
    script = (*massage.say("mixed"), *massage.routine.mixed.say, *massage.say("try_again"))
    massage.stage.interrupt(Scene(REASSURING, script, script, gap=CALM_GAP_S))


def invite(massage: Massage) -> None:
    massage.tell(massage.say("try_again"))


def warm_word(massage: Massage, command: Command) -> None:
    """Never the same words twice for a sign. Once all have been said for it, the chime is enough."""
    sign, times = command.sign, massage.times
    assert sign is not None
    times[sign] += 1
    if times[sign] == 1:
        massage.tell(massage.routine.signs[sign].say)
        return
    left = [line for line in massage.say("comfort_again") if not times[f"{sign}: {line}"]]
    if left:
        line = min(left, key=lambda line: times[line])  # so that two signs that take turns get different ones
        times[line] += 1
        times[f"{sign}: {line}"] += 1
        massage.tell((line,))
