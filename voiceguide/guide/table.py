"""Every event in every situation: what the guide does, as two tables that a person can read.

A *situation* is a state with its phase: ``preparing`` is resuming (go on where the last session was cut off?) or
preparing; ``guiding`` is speaking, holding (a timed stroke) or waiting (for
"next"); ``paused`` is paused, checking (shall I go on?), wondering (is the baby all right?) or lost (a sound device is away: nothing can be heard, or said);
``tending`` is tending (the baby comes first), emergency (get help first) or offering (the baby is calm again: how shall we go on?);
``finishing`` is asking (shall we?), leaving (we shall, unless the parent says otherwise) or closing (the last words). TABLE says, for every event and every situation,
which reaction follows; REACTIONS says where each reaction may lead and what it does. The reactions are the methods
of Guide (machine.py) of the same names. ``docs/guide.md`` is made from the two tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

STATES = ("preparing", "guiding", "paused", "tending", "reassuring", "finishing", "finished")

STATE_OF = {
    "resuming": "preparing",
    "preparing": "preparing",
    "speaking": "guiding",
    "holding": "guiding",
    "waiting": "guiding",
    "paused": "paused",
    "checking": "paused",
    "wondering": "paused",
    "lost": "paused",
    "tending": "tending",
    "emergency": "tending",
    "offering": "tending",
    "reassuring": "reassuring",
    "asking": "finishing",
    "leaving": "finishing",
    "closing": "finishing",
    "finished": "finished",
}
"""The state to which each situation belongs."""

_TABLE = """
event         resuming   preparing  speaking   holding    waiting    paused     checking   wondering  lost     tending    emergency  offering   reassuring asking     leaving    closing    finished
ready         take_up    begin      going      going      onward     carry_on   carry_on   carry_on   not_now  not_now    not_now    carry_on   carry_on   not_now    carry_on   not_now    over
next          not_now    begin      onward     onward     onward     onward     onward     onward     not_now  not_now    not_now    onward     not_now    not_now    onward     not_now    over
back          not_now    not_now    step_back  step_back  step_back  go_back    go_back    go_back    not_now  not_now    not_now    go_back    not_now    not_now    go_back    not_now    over
start_again   start_anew again      start_anew start_anew start_anew start_anew start_anew start_anew not_now  not_now    not_now    start_anew not_now    not_now    not_now    not_now    over
repeat        again      again      step_again step_again step_again from_start from_start from_start not_now  again      again      from_start again      again      from_start again      over
pause         quiet      pause      pause      pause      pause      quiet      keep_quiet keep_quiet pause    quiet      quiet      quiet      quiet      quiet      pause      pause      over
resume        take_up    begin      going      going      onward     carry_on   carry_on   carry_on   not_now  carry_on   not_now    carry_on   carry_on   stay       carry_on   going      over
stop          quiet      pause      pause      pause      pause      quiet      keep_quiet keep_quiet pause    quiet      quiet      quiet      quiet      quiet      pause      pause      over
finish        ask        ask        ask        ask        ask        ask        ask        ask        not_now  ask        ask        ask        ask        again      close      not_now    over
skip          not_now    begin      skip       skip       skip       skip       skip       skip       not_now  not_now    not_now    skip       not_now    not_now    skip       not_now    over
goto          go_to      go_to      go_to      go_to      go_to      go_to      go_to      go_to      not_now  not_now    not_now    go_to      not_now    not_now    go_to      go_to      over
shorter       shorten    shorten    shorten    shorten    shorten    shorten    shorten    shorten    not_now  not_now    not_now    shorten    not_now    not_now    shorten    not_now    over
longer        lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   not_now  not_now    not_now    lengthen   not_now    not_now    lengthen   not_now    over
leave_out     leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  not_now  not_now    not_now    leave_out  not_now    not_now    leave_out  not_now    over
only          keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  not_now  not_now    not_now    keep_only  not_now    not_now    keep_only  not_now    over
everything    whole      whole      whole      whole      whole      whole      whole      whole      not_now  not_now    not_now    whole      not_now    not_now    whole      not_now    over
bedtime       bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    not_now  bedtime    not_now    bedtime    bedtime    bedtime    bedtime    not_now    over
how_long      tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  not_now  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  over
where         tell_where tell_where tell_where tell_where tell_where tell_where tell_where tell_where not_now  tell_where tell_where tell_where tell_where tell_where tell_where tell_where over
help          tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  not_now  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  over
why           tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   not_now  tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   over
signs         tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs not_now  tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs over
louder        louder     louder     louder     louder     louder     louder     louder     louder     not_now  louder     louder     louder     louder     louder     louder     louder     over
quieter       quieter    quieter    quieter    quieter    quieter    quieter    quieter    quieter    not_now  quieter    quieter    quieter    quieter    quieter    quieter    quieter    over
faster        faster     faster     faster     faster     faster     faster     faster     faster     not_now  faster     faster     faster     faster     faster     faster     faster     over
slower        slower     slower     slower     slower     slower     slower     slower     slower     not_now  slower     slower     slower     slower     slower     slower     slower     over
music_on      music      music      music      music      music      music      music      music      not_now  music      not_now    music      music      music      music      music      over
music_off     no_music   no_music   no_music   no_music   no_music   no_music   no_music   no_music   not_now  no_music   no_music   no_music   no_music   no_music   no_music   no_music   over
music_louder  music_up   music_up   music_up   music_up   music_up   music_up   music_up   music_up   not_now  music_up   not_now    music_up   music_up   music_up   music_up   music_up   over
music_quieter music_down music_down music_down music_down music_down music_down music_down music_down not_now  music_down not_now    music_down music_down music_down music_down music_down over
wait_for_me   wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  not_now  wait_mode  not_now    wait_mode  wait_mode  wait_mode  wait_mode  not_now    over
keep_going    alone_mode alone_mode alone_mode alone_mode alone_on   alone_mode alone_mode alone_mode not_now  alone_mode not_now    alone_mode alone_mode alone_mode alone_mode not_now    over
yes           take_up    not_now    not_now    not_now    not_now    not_now    carry_on   carry_on   not_now  not_now    not_now    not_now    not_now    close      close      not_now    over
no            start_anew not_now    not_now    not_now    not_now    not_now    keep_quiet alarm      not_now  not_now    not_now    not_now    not_now    stay       carry_on   not_now    over
calm          not_now    not_now    not_now    not_now    not_now    not_now    not_now    carry_on   not_now  offer      offer      again      invite     not_now    again      not_now    over
comfort       warm       warm       warm       warm       warm       warm       warm       warm       not_now  offer      not_now    warm       invite     warm       warm       warm       over
stress        tend       tend       tend       tend       tend       tend       tend       tend       tend     tend       again      tend       tend       tend       tend       tend       over
mixed         reassure   reassure   reassure   reassure   reassure   reassure   reassure   reassure   reassure not_now    not_now    reassure   again      reassure   reassure   reassure   over
doubt         wonder     wonder     wonder     wonder     wonder     wonder     wonder     nothing    nothing  ask_well   nothing    wonder     wonder     wonder     wonder     wonder     nothing
spoken        nothing    wait       hold       nothing    wait_next  wait       nothing    wait       nothing  wait_third nothing    wait       wait       wait       wait       end        nothing
hold_over     nothing    nothing    nothing    rest       nothing    nothing    nothing    nothing    nothing  nothing    nothing    nothing    nothing    nothing    nothing    nothing    nothing
silence       nothing    remind     nothing    nothing    remind     check      nothing    check      nothing  leave      nothing    remind     remind     remind     close      nothing    nothing
lost          lose       lose       lose       lose       lose       lose       lose       lose       nothing  tell_lost  nothing    lose       tell_lost  lose       lose       nothing    nothing
found         greet      greet      greet      greet      greet      greet      greet      greet      regain   greet      say_on     greet      greet      greet      greet      say_on     nothing
not_kept      note       note       note       note       note       note       note       note       note     note       note       note       note       note       note       nothing    nothing
"""

_REACTIONS = """
take_up      speaking closing                      goes on with the session that was cut off, from the start of its step
start_anew   preparing speaking                    starts from the beginning, with all parts
begin        speaking closing                      starts the first step that is not left out
onward       speaking closing                      starts the following step; after the last one says the closing words
step_back    speaking                              starts the step before
go_back      speaking preparing resuming           leaves what interrupts, and starts the step before
skip         speaking closing                      leaves out the rest of this part
go_to        speaking =                            starts the part that was named
shorten      =                                     makes the strokes shorter
lengthen     =                                     makes the strokes longer
leave_out    speaking closing =                    leaves out the part that was named
keep_only    speaking =                            leaves out all parts but those that were named
whole        =                                     does all parts again
bedtime      =                                     will speak softer and slower, step by step
step_again   speaking                              starts the step again, with its stroke
again        =                                     says it again from its start
from_start   preparing resuming speaking closing   goes back to what was interrupted and starts it anew
carry_on     preparing speaking holding waiting closing  goes on where it was interrupted, from the start of the sentence
going        =                                     is going on anyway: nothing changes
pause        paused                                falls silent at once, and waits for "continue"
check        checking                              asks once, softly, whether to go on: the pause may have been misheard
wonder       wondering                            falls silent; asks whether the baby is all right: a sign of danger may have been heard
ask_well     =                                     asks whether the baby is all right
alarm        emergency                             the baby is not all right: get emergency help now
keep_quiet   paused                                stays paused, and asks no more
lose         lost                                  falls silent; says that it cannot hear, where it can; waits
tell_lost    =                                     says that it cannot hear just now, where it can
regain       preparing resuming speaking holding waiting paused checking wondering offering asking leaving  goes on where it was, from the start of the sentence
greet        =                                     says that it is here again, and what was cut off
say_on       =                                     says what is left anew
note         =                                     will say before the next step, once, that the session is not kept
quiet        =                                     falls silent at once, and stays where it is
tend         tending emergency                          falls silent at once; stop and tend to your baby; then waits, quiet
offer        offering leaving                      the baby is calm: offers to go on, to repeat, or to finish; the third time: leave
leave        leaving                               after the third sign: will finish for today, unless the parent says otherwise
wait_third   =                                     stays quiet; after the third sign only until long nothing was said
reassure     reassuring                            falls silent at once; pause, reassure, then try again
invite       =                                     invites to try again
warm         =                                     a warm word, and on
ask          asking                                asks whether to finish for today
stay         preparing resuming speaking holding waiting paused checking wondering tending emergency offering reassuring  does not finish; goes back to where it was
close        closing                               says goodbye
end          finished                              ends the session
hold         holding waiting speaking closing      the words are over: holds the stroke, or goes on as after it
rest         waiting speaking closing              the stroke is over: waits for "next", or goes on by itself
wait         =                                     waits in silence, and will remind once
wait_next    = speaking closing                    the same; goes on by itself where that was asked for meanwhile
remind       =                                     one gentle reminder, then quiet
tell_time    =                                     says how long it still takes
tell_where   =                                     says where we are
tell_help    =                                     says what can be said now
tell_signs   =                                     names the signs of comfort and of stress
tell_why     =                                     says one thing that massage may be good for
louder       =                                     speaks louder
quieter      =                                     speaks more softly
faster       =                                     speaks faster
slower       =                                     speaks slower
music        =                                     plays music
no_music     =                                     plays no music
music_up     =                                     plays louder music
music_down   =                                     plays softer music
wait_mode    =                                     will wait for "next" after each step
alone_mode   =                                     will go on by itself after each step
alone_on     speaking closing                      goes on by itself, from now on
not_now      =                                     makes no sense now: changes nothing, and says so
over         =                                     the session is over
nothing      =                                     nothing to do
"""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A row of REACTIONS."""

    leads_to: tuple[str, ...]
    """The situations in which it may end; ``=`` stands for the one in which it began."""
    meaning: str


def _read_table() -> dict[str, dict[str, str]]:
    head, *rows = [line.split() for line in _TABLE.strip().splitlines()]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def _read_reactions() -> dict[str, Reaction]:
    rows = [re.split(r"\s{2,}", line, maxsplit=2) for line in _REACTIONS.strip().splitlines()]
    return {name: Reaction(tuple(leads.split()), meaning) for name, leads, meaning in rows}


TABLE: Mapping[str, Mapping[str, str]] = _read_table()
"""TABLE[event][situation] is the name of the reaction."""
REACTIONS: Mapping[str, Reaction] = _read_reactions()
