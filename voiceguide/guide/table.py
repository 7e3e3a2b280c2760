"""Every event in every situation: what the guide does, as two tables that a person can read.

`TABLE` says which reaction follows, for every event and every situation; there are no defaults. `REACTIONS` says what
each reaction does and which situations it may lead to. Both are checked when they are read, at import: a misspelt
name, a missing cell or a command without a row doesn't get as far as a session. `docs/guide.md` is made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from voiceguide.guide.events import Cry, Doubted, Elapsed, Event, Found, Heard, Lost, Missed, NotKept, Spoken, Timer
from voiceguide.guide.massage import Massage
from voiceguide.guide.reactions import answering, finishing, moving, pausing, planning, sounding, telling, tending
from voiceguide.guide.situations import SITUATIONS, Situation
from voiceguide.language.command import NAMES, Command

WORDLESS = ("doubt", "missed", "spoken", "hold_over", "silence", "cry", "lost", "found", "not_kept")
"""The rows that aren't commands."""


def row_of(event: Event) -> str:
    """The row of the table that an event belongs to."""
    match event:
        case Heard():
            return event.command.name
        case Spoken():
            return "spoken"
        case Elapsed():
            return {Timer.HOLD: "hold_over", Timer.SILENCE: "silence"}[event.timer]
        case Lost():
            return "lost"
        case Found():
            return "found"
        case NotKept():
            return "not_kept"
        case Doubted():
            return "doubt"
        case Missed():
            return "missed"
        case Cry():
            return "cry"


# A line of "#" begins a group. "-": makes no sense now (`not_now`). ".": nothing to do (`nothing`).
_TABLE = """
event         resuming   preparing  speaking   holding    waiting    paused     checking   wondering  crying     lost       tending    emergency  offering   reassuring asking     leaving    closing    finished

# The baby
stress        tend       tend       tend       tend       tend       tend       tend       tend       tend       tend       tend       say_afresh tend       tend       tend       tend       tend       over
mixed         reassure   reassure   reassure   reassure   reassure   reassure   reassure   reassure   reassure   reassure   -          -          reassure   say_afresh reassure   reassure   reassure   over
comfort       warm_word  warm_word  warm_word  warm_word  warm_word  warm_word  warm_word  warm_word  warm_word  -          offer      -          warm_word  invite     warm_word  warm_word  warm_word  over
calm          -          glad       glad       glad       glad       glad       glad       carry_on   carry_on   -          offer      offer      say_again  invite     -          say_again  -          over
asleep        asleep     asleep     asleep     asleep     asleep     asleep     asleep     asleep     asleep     -          asleep     -          asleep     asleep     asleep     asleep     going      over
unwell        care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first say_afresh care_first care_first care_first care_first care_first over
injury        care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first say_afresh care_first care_first care_first care_first care_first over
overwhelmed   care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first care_first say_afresh care_first care_first care_first care_first care_first over

# Pausing and finishing
stop          hush       stop       stop       stop       stop       hush       keep_quiet stop       stop       stop       hush       hush       hush       hush       hush       stop       stop       over
pause         hush       pause      pause      pause      pause      hush       keep_quiet pause      pause      pause      hush       hush       hush       hush       hush       pause      pause      over
away          step_away  step_away  step_away  step_away  step_away  step_away  step_away  step_away  step_away  -          tell_away  -          tell_away  tell_away  tell_away  tell_away  tell_away  over
resume        pick_up    begin      going      going      next_step  carry_on   carry_on   carry_on   carry_on   -          carry_on   -          carry_on   carry_on   stay       carry_on   going      over
finish        ask        ask        ask        ask        ask        ask        ask        ask        ask        -          ask        ask        ask        ask        say_again  close      -          over
yes           pick_up    -          -          -          -          -          carry_on   carry_on   tend_cry   -          -          -          -          -          close      close      -          over
no            start_over -          -          -          -          -          keep_quiet alarm      carry_on   -          -          -          -          -          stay       carry_on   -          over

# Moving about
ready         pick_up    begin      going      going      next_step  carry_on   carry_on   carry_on   carry_on   -          -          -          carry_on   carry_on   -          carry_on   -          over
next          -          begin      next_step  next_step  next_step  next_step  next_step  next_step  next_step  -          -          -          next_step  -          -          next_step  -          over
done          pick_up    done       going      next_step  next_step  -          carry_on   ask_well   tend_cry   -          going      going      going      going      close      close      going      over
back          -          -          step_back  step_back  step_back  go_back    go_back    go_back    go_back    -          -          -          go_back    -          -          go_back    -          over
repeat        say_again  say_again  redo_step  redo_step  redo_step  restart    restart    restart    restart    -          say_again  say_again  restart    say_again  say_again  restart    say_again  over
other_side    -          -          other_side other_side other_side -          -          -          -          -          -          -          -          -          -          -          -          over
skip          -          begin      skip       skip       skip       skip       skip       skip       skip       -          -          -          skip       -          -          skip       -          over
goto          go_to      go_to      go_to      go_to      go_to      go_to      go_to      go_to      go_to      -          -          -          go_to      -          -          go_to      go_to      over
start_again   start_over read_all   start_over start_over start_over start_over start_over start_over start_over -          -          -          start_over -          -          -          -          over

# What is done, and how
leave_out     leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  leave_out  -          -          -          leave_out  -          -          leave_out  -          over
only          keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  keep_only  -          -          -          keep_only  -          -          keep_only  -          over
everything    all_parts  all_parts  all_parts  all_parts  all_parts  all_parts  all_parts  all_parts  all_parts  -          -          -          all_parts  -          -          all_parts  -          over
minutes       fit_time   fit_time   fit_time   fit_time   fit_time   fit_time   fit_time   fit_time   fit_time   -          -          -          fit_time   -          -          fit_time   -          over
shorter       shorten    shorten    shorten    shorten    shorten    shorten    shorten    shorten    shorten    -          -          -          shorten    -          -          shorten    -          over
longer        lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   lengthen   -          -          -          lengthen   -          -          lengthen   -          over
bedtime       bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    bedtime    -          bedtime    -          bedtime    bedtime    bedtime    bedtime    -          over
wait_for_me   wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  wait_mode  -          wait_mode  -          wait_mode  wait_mode  wait_mode  wait_mode  -          over
keep_going    alone_mode alone_mode alone_mode alone_mode alone_now  alone_mode alone_mode alone_mode alone_mode -          alone_mode -          alone_mode alone_mode alone_mode alone_mode -          over

# Questions
how_long      tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  tell_time  -          tell_time  say_again  tell_time  tell_time  tell_time  tell_time  tell_time  over
where         tell_where tell_where tell_where tell_where tell_where tell_where tell_where tell_where tell_where -          tell_where say_again  tell_where tell_where tell_where tell_where tell_where over
help          tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  tell_help  -          tell_help  say_again  tell_help  tell_help  tell_help  tell_help  tell_help  over
ask           tell_how   tell_how   tell_how   tell_how   tell_how   tell_how   tell_how   tell_how   tell_how   -          tell_how   say_again  tell_how   tell_how   tell_how   tell_how   tell_how   over
there         tell_there tell_there tell_there tell_there tell_there tell_there tell_there tell_there tell_there -          tell_there say_again  tell_there tell_there tell_there tell_there tell_there over
why           tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   tell_why   -          tell_why   say_again  tell_why   tell_why   tell_why   tell_why   tell_why   over
signs         tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs tell_signs -          tell_signs say_again  tell_signs tell_signs tell_signs tell_signs tell_signs over

# Sound
louder        louder     louder     louder     louder     louder     louder     louder     louder     louder     -          louder     louder     louder     louder     louder     louder     louder     over
quieter       quieter    quieter    quieter    quieter    quieter    quieter    quieter    quieter    quieter    -          quieter    quieter    quieter    quieter    quieter    quieter    quieter    over
faster        faster     faster     faster     faster     faster     faster     faster     faster     faster     -          faster     faster     faster     faster     faster     faster     faster     over
slower        slower     slower     slower     slower     slower     slower     slower     slower     slower     -          slower     slower     slower     slower     slower     slower     slower     over
music_on      play_music play_music play_music play_music play_music play_music play_music play_music play_music -          play_music -          play_music play_music play_music play_music play_music over
music_off     stop_music stop_music stop_music stop_music stop_music stop_music stop_music stop_music stop_music -          stop_music stop_music stop_music stop_music stop_music stop_music stop_music over
music_louder  music_up   music_up   music_up   music_up   music_up   music_up   music_up   music_up   music_up   -          music_up   -          music_up   music_up   music_up   music_up   music_up   over
music_quieter music_down music_down music_down music_down music_down music_down music_down music_down music_down -          music_down -          music_down music_down music_down music_down music_down over

# Without a word
doubt         wonder     wonder     wonder     wonder     wonder     wonder     wonder     .          wonder     .          ask_well   .          wonder     wonder     wonder     wonder     wonder     .
missed        .          hear_miss  hear_miss  hear_miss  hear_miss  .          .          .          .          .          .          .          .          .          .          .          .          .
spoken        .          .          hold       .          wait_next  .          .          .          .          .          .          .          .          .          .          .          end        .
hold_over     .          .          .          stroke_end .          .          .          .          .          .          .          .          .          .          .          .          .          .
silence       .          remind     .          .          remind     check      .          check      check      .          leave      once_more  remind     remind     remind     close      .          .
cry           .          hear_cry   hear_cry   hear_cry   hear_cry   .          .          .          .          .          .          .          .          .          .          .          .          .
lost          lose       lose       lose       lose       lose       lose       lose       lose       lose       tell_lost  tell_lost  .          lose       tell_lost  lose       lose       .          .
found         greet      greet      greet      greet      greet      greet      greet      greet      greet      regain     greet      say_rest   greet      greet      greet      greet      say_rest   .
not_kept      note       note       note       note       note       note       note       note       note       note       note       note       note       note       note       note       .          .
"""


@dataclass(frozen=True, eq=False, slots=True)
class Reaction:
    """A row of `REACTIONS`."""

    name: str
    meaning: str
    leads_to: tuple[Situation, ...]
    """The other situations in which it may end."""
    stays: bool
    """Whether it may end in the situation in which it began."""
    act: Callable[[Massage], None] | None
    answer: Callable[[Massage, Command], None] | None
    """One of the two is given: what it does, without or with the command that it answers."""

    def __repr__(self) -> str:
        return self.name


def does(act: Callable[[Massage], None], leads_to: str, meaning: str) -> Reaction:
    """A reaction that follows whatever the event was. `leads_to`: names of situations; `=` for staying where it is."""
    return Reaction(act.__name__, meaning, *_targets(leads_to), act, None)


def answers(answer: Callable[[Massage, Command], None], leads_to: str, meaning: str) -> Reaction:
    """A reaction that needs to know the command."""
    return Reaction(answer.__name__, meaning, *_targets(leads_to), None, answer)


def _targets(leads_to: str) -> tuple[tuple[Situation, ...], bool]:
    names = {situation.name: situation for situation in SITUATIONS}
    return tuple(names[name] for name in leads_to.split() if name != "="), "=" in leads_to.split()


# fmt: off
_REACTIONS = (
    does(    moving.pick_up,       "speaking closing",                          "goes on with the session that was cut off, from the start of its step"),
    does(    moving.start_over,    "preparing speaking closing",                        "starts from the beginning, with all parts that there is time for"),
    does(    moving.read_all,      "=",                                         "reads the whole checklist from its start"),
    does(    moving.begin,         "speaking closing",                          "starts the first step that isn't left out"),
    does(    moving.next_step,     "speaking closing",                          "starts the next step; after the last one, says the closing words"),
    does(    moving.step_back,     "speaking",                                  "starts the step before"),
    does(    moving.go_back,       "speaking preparing resuming closing",               "drops what interrupted, and starts the step before"),
    does(    moving.skip,          "speaking closing",                          "leaves out the rest of this part"),
    does(    moving.done,          "= speaking closing",                        "is an answer where one is waited for; else a nod"),
    does(    moving.other_side,    "speaking",                                  "says to do the same on the other side, and gives the stroke its time again"),
    answers( moving.go_to,         "speaking = closing",                                "starts the part that was named"),
    does(    moving.redo_step,     "speaking",                                  "starts the step again, and its stroke"),
    does(    moving.restart,       "preparing resuming speaking closing",       "drops what interrupted, and starts what it interrupted again"),
    does(    moving.carry_on,      "preparing speaking holding waiting closing", "goes on where it was interrupted, from the start of the sentence"),
    does(    moving.going,         "=",                                         "is going on anyway: nothing changes"),
    does(    moving.hold,          "holding waiting speaking closing",          "the words are over: gives the stroke its time, or goes on as after it"),
    does(    moving.stroke_end,    "waiting speaking closing",                  'the stroke is over: waits for "next", or goes on by itself'),
    does(    moving.wait_next,     "= speaking closing",                        'waits for "next"; goes on by itself if that was asked for meanwhile'),
    does(    moving.alone_now,     "speaking closing",                          "goes on by itself, from now on"),
    answers( planning.leave_out,   "speaking closing =",                        "leaves out the part that was named"),
    answers( planning.keep_only,   "speaking = closing",                                "leaves out all parts but the ones that were named"),
    does(    planning.all_parts,   "=",                                         "does all parts after all"),
    answers( planning.fit_time,    "=",                                         "does as many parts as there is time for, and shortens strokes if it must; says which"),
    does(    planning.shorten,     "=",                                         "makes the strokes shorter; once they can't be, leaves out a part"),
    does(    planning.lengthen,    "=",                                         "makes the strokes longer"),
    does(    planning.bedtime,     "=",                                         "will speak more softly and slowly from step to step"),
    does(    planning.wait_mode,   "=",                                         'will wait for "next" after each step'),
    does(    planning.alone_mode,  "=",                                         "will go on by itself after each step"),
    does(    pausing.pause,        "paused",                                    "falls silent at once and waits; the first time, says how to go on"),
    answers( pausing.step_away,    "paused",                                    "says a kind sentence, and waits for as long as it takes"),
    does(    pausing.stop,         "paused",                                    "falls silent at once and waits"),
    does(    pausing.hush,         "=",                                         "falls silent at once, and stays where it is"),
    does(    pausing.check,        "checking",                                  "asks once, softly, whether to go on: the pause may have been misheard"),
    does(    pausing.wonder,       "wondering",                                 "falls silent; asks whether the baby is all right: a danger sign may have been heard"),
    does(    pausing.hear_miss,    "= wondering",                               "the second time within half a minute: falls silent, and asks whether the baby is all right; once, until a command is understood"),
    does(    pausing.ask_well,     "=",                                         "asks whether the baby is all right"),
    does(    tending.alarm,        "emergency",                                 "the baby isn't all right: says to get help now"),
    does(    pausing.keep_quiet,   "paused",                                    "stays paused, and doesn't ask again"),
    does(    pausing.remind,       "=",                                         "gives one gentle reminder, then is quiet"),
    does(    pausing.lose,         "lost",                                      "falls silent; says that it can't hear, if it can still speak; waits"),
    does(    pausing.tell_lost,    "=",                                         "says that it can't hear, if it can still speak"),
    does(    pausing.regain,       "preparing resuming speaking holding waiting paused checking wondering crying offering asking leaving", "goes on where it was, from the start of the sentence"),
    does(    pausing.greet,        "=",                                         "says that it can hear again, and what that cut off"),
    does(    pausing.say_rest,     "=",                                         "says again what hasn't been said to its end"),
    does(    pausing.note,         "=",                                         "will say before the next step, once, that it can't save the session"),
    does(    tending.hear_cry,     "crying =",                                  "lowers its voice, and asks at the end of the sentence whether to stop; only once, unless the answer was yes"),
    does(    tending.tend_cry,     "tending",                                   "tends to the baby, as if the parent had said that it cries"),
    answers( tending.tend,         "tending emergency",                         "falls silent at once; says to stop and tend to the baby; then waits, silent"),
    does(    tending.offer,        "offering leaving closing",                          "the baby is calm: offers to go on, repeat or finish; the third time, will finish"),
    does(    tending.leave,        "leaving closing",                                   "will finish for today, unless the parent says otherwise"),
    does(    tending.reassure,     "reassuring",                                "falls silent at once; pauses, reassures, then tries again"),
    does(    tending.invite,       "=",                                         "invites the parent to try again"),
    answers( tending.care_first,   "tending",                                   "falls silent at once; says what matters more than the massage, which is over for today"),
    does(    tending.once_more,    "=",                                         "says it once more, as nobody has answered"),
    does(    tending.glad,         "=",                                         "is glad to hear it, and goes on"),
    answers( tending.warm_word,    "=",                                         "says a warm word, and goes on"),
    does(    finishing.ask,        "asking",                                    "asks whether to finish for today"),
    does(    finishing.stay,       "preparing resuming speaking holding waiting paused checking wondering crying tending emergency offering reassuring", "doesn't finish: goes back to where it was"),
    does(    finishing.close,      "closing",                                   "says goodbye"),
    does(    finishing.asleep,     "closing",                                   "says one soft sentence on safe sleep, and ends"),
    does(    finishing.end,        "finished",                                  "ends the session"),
    does(    telling.tell_time,    "=",                                         "says how long it will still take"),
    does(    telling.tell_where,   "=",                                         "says where we are"),
    does(    telling.tell_help,    "=",                                         "says what the parent can say now"),
    answers( telling.tell_how,     "=",                                         "answers how to do it"),
    answers( telling.tell_away,    "=",                                         "falls silent at once; says a kind sentence, and what that cut off"),
    does(    telling.tell_there,   "=",                                         "says that it's there"),
    does(    telling.tell_why,     "=",                                         "says one thing that massage may be good for"),
    does(    telling.tell_signs,   "=",                                         "names the signs of comfort and of stress"),
    does(    sounding.louder,      "=",                                         "speaks louder"),
    does(    sounding.quieter,     "=",                                         "speaks more softly"),
    does(    sounding.faster,      "=",                                         "speaks faster"),
    does(    sounding.slower,      "=",                                         "speaks more slowly"),
    does(    sounding.play_music,  "=",                                         "plays music"),
    does(    sounding.stop_music,  "=",                                         "stops the music"),
    does(    sounding.music_up,    "=",                                         "plays the music louder"),
    does(    sounding.music_down,  "=",                                         "plays the music more softly"),
    does(    answering.say_again,  "=",                                         "says it again from its start"),
    does(    answering.say_afresh, "=",                                         "falls silent at once, then says it again from its start"),
    answers( answering.not_now,    "=",                                         "makes no sense now: changes nothing, and says so"),
    answers( answering.over,       "=",                                         "the session is over: changes nothing"),
    does(    answering.nothing,    "=",                                         "nothing"),
)
# fmt: on


def _read() -> tuple[dict[str, dict[Situation, Reaction]], dict[str, tuple[str, ...]]]:
    """The table, and the rows of each of its groups."""
    head, *lines = (line for line in _TABLE.splitlines() if line)
    if tuple(head.split()[1:]) != tuple(situation.name for situation in SITUATIONS):
        raise ValueError("the table's columns must be the situations, in their order")
    table: dict[str, dict[Situation, Reaction]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if line.startswith("#"):
            group = line.removeprefix("#").strip()
            groups[group] = ()
            continue
        event, *cells = line.split()
        names = [{"-": "not_now", ".": "nothing"}.get(cell, cell) for cell in cells]
        unknown = [name for name in names if name not in REACTIONS]
        if unknown or len(names) != len(SITUATIONS):
            raise ValueError(f"{event}: there must be a reaction for each situation; unknown: {unknown}")
        table[event] = {situation: REACTIONS[name] for situation, name in zip(SITUATIONS, names, strict=True)}
        groups[group] += (event,)
        if event in WORDLESS and any(reaction.answer for reaction in table[event].values()):
            raise ValueError(f"{event}: there is no command to answer")
    if table.keys() != {*NAMES, *WORDLESS}:
        raise ValueError(f"rows missing or unknown: {sorted(table.keys() ^ {*NAMES, *WORDLESS})}")
    return table, groups


REACTIONS: Mapping[str, Reaction] = {reaction.name: reaction for reaction in _REACTIONS}
"""By name."""
_READ = _read()
TABLE: Mapping[str, Mapping[Situation, Reaction]] = _READ[0]
"""`TABLE[event][situation]` is the reaction."""
GROUPS: Mapping[str, tuple[str, ...]] = _READ[1]
"""The events by subject, in the table's order."""
