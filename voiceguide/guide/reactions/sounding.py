"""How loud and how fast it speaks, and the music."""

from __future__ import annotations

from dataclasses import replace

from voiceguide.guide.massage import Massage


def louder(massage: Massage) -> None:
    levels = massage.levels.louder(1)
    if levels == massage.levels:
        massage.tell(massage.say("loudest"))
        return
    massage.levels = levels
    if not massage.stage.speaking:  # otherwise it can be heard
        massage.tell(massage.say("louder"))


def quieter(massage: Massage) -> None:
    levels = massage.levels.louder(-1)
    if levels == massage.levels:
        massage.tell(massage.say("softest"))
        return
    massage.levels = levels
    if not massage.stage.speaking:
        massage.tell(massage.say("quieter"))


def faster(massage: Massage) -> None:
    levels = massage.levels.faster(1)
    massage.tell(massage.say("fastest" if levels == massage.levels else "faster"))
    massage.levels = levels


def slower(massage: Massage) -> None:
    levels = massage.levels.faster(-1)
    massage.tell(massage.say("slowest" if levels == massage.levels else "slower"))
    massage.levels = levels


def play_music(massage: Massage) -> None:
    massage.levels = replace(massage.levels, music=True)


def stop_music(massage: Massage) -> None:
    massage.levels = replace(massage.levels, music=False)


def music_up(massage: Massage) -> None:
    before, massage.levels = massage.levels, massage.levels.music_louder(1)
    if massage.levels.music_volume == before.music_volume:
        massage.tell(massage.say("music_loudest"))


def music_down(massage: Massage) -> None:
    before, massage.levels = massage.levels, massage.levels.music_louder(-1)
    if massage.levels.music_volume == before.music_volume:
        massage.tell(massage.say("music_softest"))
