"""Silence that was asked for, or that a lost device makes."""

from __future__ import annotations

from voiceguide.guide.massage import Massage
from voiceguide.guide.situations import CHECKING, LOST, MISSES_S, NEVER, PAUSED, TEND_S, WONDERING
from voiceguide.guide.stage import Scene
from voiceguide.language.command import Command


def pause(massage: Massage) -> None:
    massage.stage.interrupt(Scene(PAUSED, lines=massage.first_time("paused_first")))


def step_away(massage: Massage, command: Command) -> None:
    """Something small comes between: a kind sentence, and all the time that it takes."""
    lines = (*massage.say(f"away_{command.about}"), *massage.first_time("away_back"))
    massage.stage.interrupt(Scene(PAUSED, lines, lines, patience=TEND_S))


def stop(massage: Massage) -> None:
    massage.stage.interrupt(Scene(PAUSED))


def hush(massage: Massage) -> None:
    massage.stage.hush()
    massage.stage.change(lines=())


def check(massage: Massage) -> None:
    massage.stage.enter(Scene(CHECKING, lines=massage.say("shall_i_go_on"), soft=True))


def wonder(massage: Massage) -> None:
    massage.stage.interrupt(Scene(WONDERING, lines=massage.say("all_right")))


def hear_miss(massage: Massage) -> None:
    """It may have been about the baby. One question is enough: who wants to be heard will answer it."""
    again = massage.stage.now - massage.missed_at <= MISSES_S
    massage.missed_at = massage.stage.now
    if again and not massage.asked_about_misses:
        massage.asked_about_misses = True
        massage.stage.interrupt(Scene(WONDERING, lines=(*massage.say("not_caught"), *massage.say("all_right"))))


def ask_well(massage: Massage) -> None:
    massage.tell(massage.say("all_right"))


def keep_quiet(massage: Massage) -> None:
    massage.stage.hush()
    massage.stage.enter(Scene(PAUSED, patience=NEVER))


def remind(massage: Massage) -> None:
    massage.stage.reminded = True
    massage.tell(massage.say("reminder"))


def lose(massage: Massage) -> None:
    massage.stage.hush()
    massage.stage.push(Scene(LOST, lines=() if massage.mute else massage.say("lost")))


def tell_lost(massage: Massage) -> None:
    if not massage.mute:
        massage.tell(massage.say("lost"))


def regain(massage: Massage) -> None:
    massage.stage.drop()
    massage.go_on(massage.say("back"))


def greet(massage: Massage) -> None:
    massage.tell(massage.say("back"))


def say_rest(massage: Massage) -> None:
    if massage.stage.speaking:
        massage.stage.say()


def note(massage: Massage) -> None:
    massage.noted = massage.noted or massage.first_time("not_kept")
