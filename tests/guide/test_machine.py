"""The guide, story by story."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from player import Player, cut_off, in_situation, infant_massage, language, small

from voiceguide.guide.actions import (
    Chime,
    Hush,
    Say,
    SetMusic,
    SetMusicVolume,
    SetPace,
    SetVolume,
)
from voiceguide.guide.events import Found, Lost, NotKept
from voiceguide.guide.progress import Interrupted, Progress
from voiceguide.guide.situations import (
    CHECKING,
    CLOSING,
    EMERGENCY,
    HOLDING,
    LEAVING,
    OFFERING,
    PAUSED,
    PREPARING,
    RESUMING,
    SILENCE_S,
    SITUATIONS,
    SPEAKING,
    TEND_S,
    TENDING,
    WAITING,
    Situation,
)
from voiceguide.guide.table import TABLE
from voiceguide.language.command import CALMING
from voiceguide.routine.library import find
from voiceguide.routine.loading import load


def test_a_parent_is_guided_step_by_step() -> None:
    p = Player()
    assert p.guide.state == "preparing"
    p.all_lines()
    assert p.said[-1] == "Say ready when you want to begin."
    p.hear("ready")
    first = infant_massage().steps[0]
    assert p.guide.step == first and first.say[0] in p.lines
    p.all_lines()
    assert p.guide.situation is HOLDING and p.timers["hold"] == p.now + first.hold
    p.elapse("hold")
    p.all_lines()
    assert p.said[-1] == "When you have done this, say next."
    p.hear("next")
    assert p.guide.step == infant_massage().steps[1]


def test_it_goes_on_by_itself_when_asked_to() -> None:
    p = in_situation(SPEAKING)
    p.hear("keep_going")
    p.all_lines()
    p.elapse("hold")
    assert p.guide.step == infant_massage().steps[1] and p.guide.situation is SPEAKING


def test_a_stress_sign_hushes_and_the_baby_comes_first() -> None:
    p = in_situation(SPEAKING)
    actions = p.hear("stress", sign="hiccoughs")
    assert Hush() in actions
    assert not any(isinstance(a, Chime) for a in actions)
    assert p.lines[0] == "Stop the massage, and tend to your baby."
    assert p.lines[1 : 1 + len(infant_massage().signs["hiccoughs"].say)] == infant_massage().signs["hiccoughs"].say
    p.all_lines()
    assert not p.timers  # quiet, for as long as it takes
    p.hear("next")
    assert p.guide.state == "tending" and p.lines == ("Your baby comes first. Tell me when your baby is calm.",)
    p.hear("calm")
    assert p.lines[-1] == "Say continue, repeat, or finish for today."
    p.hear("resume")
    assert p.guide.situation is SPEAKING and p.guide.step == infant_massage().steps[0]


@pytest.mark.parametrize("reason", ["hungry", "pain", "sad", "tired", "frightened"])
def test_crying_asks_which_kind_and_answers_each(reason: str) -> None:
    p = in_situation(HOLDING)
    p.hear("stress", sign="crying")
    p.all_lines()
    crying = infant_massage().signs["crying"]
    assert p.said[-2:] == [crying.say[-1], "I'll be quiet. Tell me when your baby is calm."]
    p.hear("stress", sign="crying", reason=reason)
    assert p.lines[: len(crying.reasons[reason])] == crying.reasons[reason]  # not "stop and tend" again


def test_a_danger_sign_gets_the_emergency_words_first() -> None:
    p = in_situation(SPEAKING)
    p.hear("stress", sign="skin_colour", danger=True)
    assert p.lines[0] == "This can be an emergency. Get help now."
    p.all_lines()
    for command in ("resume", "next", "ready", "skip", "goto"):
        p.hear(command)
        assert p.guide.situation is EMERGENCY and p.lines[0].startswith("Get help first.")
    p.hear("stress", sign="crying")
    assert p.lines[0] == "This can be an emergency. Get help now."


def test_after_a_danger_sign_calm_advises_a_doctor_before_anything_else() -> None:
    p = in_situation(EMERGENCY)
    p.hear("calm")
    assert p.lines[0] == "Even if your baby seems well now, a doctor should see your baby today."


def test_after_danger_calm_ends_the_massage_for_today() -> None:
    p = in_situation(EMERGENCY)
    p.hear("calm")
    assert p.lines[1] == "We'll leave the massage for today."
    for command in ("resume", "repeat", "goto", "start_again", "back"):
        p.hear(command)
        assert p.guide.situation is CLOSING
    p.all_lines()
    assert p.ended


@pytest.mark.parametrize("what", ["unwell", "injury", "overwhelmed", "asleep"])
def test_what_matters_more_than_the_massage_is_said_and_ends_it(what: str) -> None:
    p = in_situation(SPEAKING)
    p.hear(what)
    care = infant_massage().care[{"overwhelmed": "distress"}.get(what, what)]
    assert Hush() in p.actions and p.lines == care.say
    p.all_lines()
    if what != "asleep":
        p.hear("resume")
        assert p.lines[0] == "We'll leave the massage for today."
        p.all_lines()
    assert p.ended


def test_the_emergency_words_are_said_twice_where_nobody_answers() -> None:
    p = in_situation(EMERGENCY)
    p.all_lines()
    p.said.clear()
    p.elapse("silence")
    p.all_lines()
    assert p.said[0] == "This can be an emergency. Get help now."
    assert "silence" not in p.timers


def test_a_question_in_an_emergency_repeats_the_emergency_words() -> None:
    for question in ("how_long", "where", "help", "why", "signs", "ask", "there"):
        p = in_situation(EMERGENCY)
        p.all_lines()
        p.hear(question)
        assert p.lines[0] == "This can be an emergency. Get help now."


def test_okay_is_next_where_the_guide_waits_and_a_nod_while_it_speaks() -> None:
    p = in_situation(WAITING)
    p.hear("done")
    assert p.guide.step == infant_massage().steps[1]
    p = in_situation(SPEAKING)
    said = p.lines
    p.hear("done")
    assert p.guide.step == infant_massage().steps[0] and p.lines == said


def test_the_same_comfort_gets_other_words_each_time_and_then_only_a_chime() -> None:
    p = in_situation(WAITING)
    p.all_lines()
    own, heard = infant_massage().signs["bright_eyed"].say, []
    for _ in range(4):
        p.hear("comfort", sign="bright_eyed")
        heard.append(p.lines)
        p.all_lines()
    assert heard[0] == own and set(heard[1:]) == {(line,) for line in language().say("comfort_again")}
    for _ in range(3):
        actions = p.hear("comfort", sign="bright_eyed")
        assert Chime("heard") in actions and p.lines == ()


def test_two_signs_of_comfort_that_take_turns_get_different_words() -> None:
    p = in_situation(WAITING)
    p.all_lines()
    heard = []
    for sign in ("happy_sounds", "bowel_sounds") * 3:
        p.hear("comfort", sign=sign)
        heard.append(p.lines)
        p.all_lines()
    assert all(one != other for one, other in pairwise(heard))


def test_a_question_on_how_to_do_it_is_answered_in_one_line() -> None:
    p = in_situation(HOLDING)
    p.hear("ask", about="oil")
    assert p.lines == language().say("ask_oil")
    p.hear("ask", about="duration")
    assert p.lines == language().say("ask_duration", seconds=15)


def test_mixed_signs_pause_reassure_and_try_again() -> None:
    p = in_situation(SPEAKING)
    p.hear("mixed")
    assert p.guide.state == "reassuring" and Hush() in p.actions
    assert p.lines[0] == "Let's have a quiet moment." and p.lines[-1] == "Say continue to try again."
    p.hear("resume")
    assert p.guide.situation is SPEAKING


def test_a_comfort_sign_gets_a_warm_word_and_the_sentence_again() -> None:
    p = in_situation(SPEAKING)
    p.one_line()
    interrupted = p.lines[1]
    p.hear("comfort", sign="bright_eyed")
    assert p.lines[:-1][: len(infant_massage().signs["bright_eyed"].say)] == infant_massage().signs["bright_eyed"].say
    assert p.guide.situation is SPEAKING and interrupted in p.lines


def test_stop_never_ends_the_session_and_says_nothing() -> None:
    p = in_situation(SPEAKING)
    p.hear("stop")
    assert p.guide.state == "paused" and p.lines == ()
    for _ in range(5):
        p.hear("stop")
    assert p.guide.state == "paused"


def test_finish_ends_it_after_a_yes_only() -> None:
    p = in_situation(WAITING)
    p.hear("finish")
    assert p.lines == ("Shall we finish for today? Say yes or no.",)
    p.hear("no")
    assert p.guide.situation is WAITING
    p.hear("finish")
    p.hear("yes")
    p.all_lines()
    assert p.ended


def test_long_silence_gets_one_gentle_reminder_then_quiet() -> None:
    p = in_situation(WAITING)
    p.all_lines()
    p.elapse("silence")
    assert p.lines == ("I'm still here. Take all the time you need.",)
    p.all_lines()
    assert "silence" not in p.timers


def test_a_pause_that_nobody_asked_for_heals() -> None:
    """It asks once, softly; "yes" goes on at the sentence that was cut off."""
    p = in_situation(SPEAKING)
    p.one_line()
    sentence = p.lines[1]
    p.hear("stop")
    p.elapse("silence")
    assert [a.lines for a in p.actions if isinstance(a, Say) and a.soft] == [("Shall I go on?",)]
    p.all_lines()
    assert not p.timers
    p.hear("yes")
    assert p.guide.situation is SPEAKING and p.lines[:2] == ("All right, we'll pick up where we left off.", sentence)


@pytest.mark.parametrize("answer", ["no", "pause", "stop"])
def test_a_pause_that_was_meant_stays_one(answer: str) -> None:
    p = in_situation(CHECKING)
    p.all_lines()
    p.hear(answer)
    assert p.guide.situation is PAUSED and not p.lines and not p.timers, "it doesn't ask again"
    p.hear("yes")
    assert p.guide.situation is PAUSED, "yes to whom?"
    p.hear("resume")
    assert p.guide.situation is SPEAKING


def test_it_says_that_the_microphone_is_lost_and_waits_for_it() -> None:
    p = in_situation(SPEAKING)
    p.one_line()
    sentence = p.lines[1]
    p.give(Lost(speaker=False))
    assert p.lines == ("I can't hear you just now. I'll wait.",)
    p.all_lines()
    assert not p.timers
    p.give(Found())
    assert p.lines[:2] == ("I can hear you again.", sentence)


def test_with_the_speaker_lost_nothing_is_said_and_a_baby_in_distress_is_still_heard() -> None:
    p = in_situation(SPEAKING)
    p.give(Lost(speaker=True))
    assert not p.lines
    p.hear("stress", sign="crying")
    assert p.guide.situation is TENDING
    words = p.lines
    p.give(Found())
    assert p.guide.situation is TENDING and p.lines == ("I can hear you again.", *words)


def test_once_the_speaker_is_back_it_says_that_it_still_cannot_hear() -> None:
    p = in_situation(SPEAKING)
    p.give(Lost(speaker=True))
    assert not p.lines
    p.give(Lost(speaker=False))
    assert "can't hear" in " ".join(p.lines)
    p.give(Found())
    assert p.lines[0] == "I can hear you again."


def test_a_stroke_that_a_lost_device_cut_off_is_finished() -> None:
    p = in_situation(HOLDING)
    whole = p.timers["hold"] - p.now
    p.now += 5.0
    p.give(Lost(speaker=False))
    p.now += 60.0
    p.give(Found())
    assert p.timers["hold"] - p.now == pytest.approx(whole - 5.0)


def test_it_says_once_that_a_session_cannot_be_saved_and_interrupts_nothing_for_it() -> None:
    p = in_situation(SPEAKING)
    assert not [a for a in p.give(NotKept()) if isinstance(a, Say | Hush | Chime)]
    p.hear("stress", sign="crying")
    p.give(NotKept())
    assert "remember" not in " ".join(p.lines)
    p.hear("calm")
    p.hear("next")
    assert p.lines[:2] == (
        "By the way, I can't remember this session.",
        "If the power fails, we'll have to begin at the top.",
    )
    p.give(NotKept())
    p.hear("next")
    assert "remember" not in " ".join(p.lines)


def test_a_lost_device_does_not_interrupt_the_emergency_words() -> None:
    p = in_situation(EMERGENCY)
    words = p.lines
    assert not [a for a in p.give(Lost(speaker=False)) if isinstance(a, Say | Hush)]
    p.one_line()
    p.give(Found())
    assert p.lines == words[1:]


def test_music_plays_when_it_is_asked_for_and_stops_where_quiet_is_needed() -> None:
    p = in_situation(SPEAKING)
    assert SetMusic(True) in p.hear("music_on")
    assert SetMusic(False) in p.hear("stress", sign="crying")
    assert not any(isinstance(a, SetMusic) for a in p.hear("calm"))
    assert SetMusic(True) in p.hear("resume")
    assert SetMusic(False) in p.hear("music_off")
    p.hear("pause")
    assert not any(isinstance(a, SetMusic) for a in p.hear("resume")), "it was not asked for again"


def test_the_music_has_a_volume_of_its_own() -> None:
    p = in_situation(SPEAKING)
    actions = p.hear("music_louder")
    assert SetMusicVolume(1) in actions and SetMusic(True) in actions
    for level in (0, -1, -2, -3):
        assert SetMusicVolume(level) in p.hear("music_quieter")
    p.hear("music_quieter")
    assert p.lines[0] == "The music can't be any softer."


def test_an_answer_while_the_stroke_ends_is_said_to_its_end() -> None:
    p = in_situation(HOLDING)
    p.hear("where")
    before = p.lines
    p.elapse("hold")
    assert p.lines == before and p.guide.situation is WAITING
    p.all_lines()
    assert p.said[-1] == "When you have done this, say next."


def test_how_long_counts_what_is_left() -> None:
    p = Player()
    whole = p.guide.seconds_left(p.now)
    p.hear("ready")
    p.hear("how_long")
    assert p.lines[0] == f"About {round(p.guide.seconds_left(p.now) / 60)} minutes are left."
    assert p.guide.seconds_left(p.now) < whole
    last = Player(at=infant_massage().steps[-1].id)
    last.hear("how_long")
    assert last.guide.seconds_left(0) < 120


def test_shorter_strokes_leave_less_time() -> None:
    p = in_situation(HOLDING)
    p.now += 5
    left, whole = p.timers["hold"] - p.now, p.guide.seconds_left(p.now)
    p.hear("shorter")
    assert p.timers["hold"] - p.now == pytest.approx(0.6 * left)
    assert p.guide.seconds_left(p.now) < 0.8 * whole
    assert p.lines[0] == "I'll give each stroke less time."
    assert p.lines[1] == f"About {round(p.guide.seconds_left(p.now) / 60)} minutes are left."
    p.hear("longer")
    assert p.timers["hold"] - p.now == pytest.approx(left)
    assert p.guide.seconds_left(p.now) == pytest.approx(whole)


def test_once_strokes_cannot_be_shorter_a_part_is_left_out() -> None:
    p = in_situation(HOLDING)
    p.hear("shorter")
    p.hear("shorter")
    told = []
    for _ in range(8):
        p.hear("shorter")
        told.append(p.lines[0])
    parts = ["back", "ears", "neck", "chest", "belly", "arms", "face"]  # the face is a calm one to end with
    assert told == [*(f"We'll leave out the {part}." for part in parts), "It can't be any shorter than this."]
    assert p.guide.step is not None and p.guide.step.part == "legs"
    p.hear("everything")
    p.hear("skip")
    assert p.guide.step.part == "arms"


def test_a_part_that_is_left_out_is_skipped() -> None:
    p = in_situation(SPEAKING)
    minutes = p.guide.seconds_left(p.now)
    p.hear("leave_out", targets=("arms",))
    assert p.lines[0] == "We'll leave out the arms." and p.guide.step == infant_massage().steps[0]
    assert p.guide.seconds_left(p.now) < minutes
    p.hear("skip")
    assert p.guide.step is not None and p.guide.step.part == "belly"
    p.hear("back")
    assert p.guide.step.part == "legs"


def test_a_part_that_is_being_done_can_be_left_out() -> None:
    p = in_situation(HOLDING)
    p.hear("leave_out", targets=("legs", "belly"))
    assert p.lines[0] == "We'll leave out the legs and the belly."
    assert p.guide.step is not None and p.guide.step.part == "arms"
    p.hear("goto", target="legs")  # and is done after all when it is asked for
    assert p.guide.step.part == "legs"


def test_only_what_was_named_is_done() -> None:
    p = in_situation(PREPARING)
    p.hear("only", targets=("legs", "belly"))
    assert p.lines[0] == "Only the legs and the belly, then."
    p.hear("ready")
    parts = []
    while p.guide.step is not None:
        parts.append(p.guide.step.part)
        p.hear("next")
    assert list(dict.fromkeys(parts)) == ["legs", "belly"]
    assert p.guide.situation is CLOSING


def test_only_goes_back_to_a_part_that_came_before() -> None:
    p = Player(at="face")
    p.hear("only", targets=("arms",))
    assert p.guide.step is not None and p.guide.step.part == "arms"
    p.hear("everything")
    p.hear("skip")
    assert p.guide.step.part == "belly"


def test_a_part_that_the_routine_lacks_cannot_be_left_out() -> None:
    p = Player(routine=small())
    p.hear("leave_out", targets=("face",))
    assert p.lines[0] == "That part isn't in this massage."
    p.hear("only", targets=("face", "legs"))
    assert p.lines[0] == "That part isn't in this massage."


def test_a_second_sign_of_stress_suggests_to_stop_for_today_and_a_third_finishes() -> None:
    p = in_situation(SPEAKING)
    step = p.guide.step
    p.hear("stress", sign="hiccoughs")
    p.hear("stress", sign="crying")  # the same upset, told more exactly
    p.hear("calm")
    assert p.lines == ("That's good.", "Say continue, repeat, or finish for today.")
    p.hear("resume")
    p.hear("stress", sign="restless")
    p.hear("calm")
    assert "That's twice now, so perhaps it's enough for today." in p.lines
    p.hear("resume")
    assert p.guide.step == step
    p.hear("stress", sign="fussing")
    p.hear("calm")
    assert p.lines[-1] == "I'll finish here for today, unless you say continue."
    p.all_lines()
    p.elapse("silence")
    assert p.guide.situation is CLOSING
    p.all_lines()
    assert p.ended


@pytest.mark.parametrize("word", ["resume", "no", "ready"])
def test_a_third_sign_does_not_finish_against_the_parent(word: str) -> None:
    p = in_situation(LEAVING)
    p.hear(word)
    assert p.guide.situation is SPEAKING


def test_a_parent_who_says_nothing_after_a_third_sign_is_left_in_peace_for_minutes() -> None:
    p = in_situation(LEAVING)
    p.hear("resume")
    p.hear("stress")
    p.all_lines()
    said = len(p.said)
    assert p.timers["silence"] - p.now >= 300
    assert len(p.said) == said
    p.elapse("silence")
    assert p.guide.situation is LEAVING and p.actions[-1].soft
    p.all_lines()
    p.elapse("silence")
    assert p.guide.situation is CLOSING


def test_a_routine_for_the_parent_only_says_to_stop_here() -> None:
    p = Player(at="fingers", routine=load(find("hand-and-wrist")))
    p.hear("stress", sign="fussing")
    assert p.lines[0] == "Stop here, and tend to your baby."
    assert p.guide.state == "tending"


def test_at_bedtime_it_speaks_more_softly_and_slowly_as_it_goes() -> None:
    p = Player(routine=replace(infant_massage(), bedtime=True))
    volumes, paces = [0], [0]
    p.hear("ready")
    while p.guide.step is not None:
        p.hear("next")
        volumes += [a.level for a in p.actions if isinstance(a, SetVolume)]
        paces += [a.level for a in p.actions if isinstance(a, SetPace)]
    assert volumes == paces == [0, -1, -2]


def test_bedtime_can_be_asked_for_and_an_emergency_is_not_whispered() -> None:
    p = Player(at="back")
    assert not any(isinstance(a, SetVolume) for a in p.actions)
    assert SetVolume(-2) in p.hear("bedtime")
    assert SetVolume(-1) in p.hear("louder")
    actions = p.hear("stress", sign="skin_colour", danger=True)
    assert actions.index(SetVolume(1)) < next(n for n, a in enumerate(actions) if isinstance(a, Say))


def test_volume_and_pace_have_limits() -> None:
    p = in_situation(PAUSED)
    for level in (1, 2, 3):
        assert SetVolume(level) in p.hear("louder")
    assert not any(isinstance(a, SetVolume) for a in p.hear("louder"))
    assert p.lines[0] == "This is as loud as I can speak."
    for level in (-1, -2, -3):
        assert SetPace(level) in p.hear("slower")
    p.hear("slower")
    assert p.lines[0] == "This is as slow as I can speak."


def test_why_tells_one_thing_at_a_time_and_only_when_asked() -> None:
    p = in_situation(PAUSED)
    p.all_lines()
    p.hear("why")
    first = p.lines
    p.hear("why")
    assert first == infant_massage().why[0].say and p.lines == infant_massage().why[1].say


def test_going_to_a_part_that_the_routine_lacks_changes_nothing() -> None:
    p = in_situation(PAUSED)
    p.hear("goto", target="elbows")
    assert p.guide.state == "paused" and p.lines[0] == "That part isn't in this massage."


def test_the_signs_are_named_when_asked_for() -> None:
    p = in_situation(HOLDING)
    p.hear("signs")
    assert p.lines[0].startswith("Signs of comfort are happy sounds, ")
    assert p.lines[1].startswith("Signs of stress are hiccoughs, ")


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("calming", sorted(CALMING))
def test_what_calms_silences_the_guide_and_leaves_a_breath(situation: Situation, calming: str) -> None:
    p = in_situation(situation)
    if TABLE[calming][situation].name in ("not_now", "over"):
        return
    spoke = p.guide.speaking
    actions = p.hear(calming)
    assert Hush() in actions
    assert all(a.delay >= (0.6 if spoke else 0.2) for a in actions if isinstance(a, Say))


def test_go_to_and_skip_move_by_parts() -> None:
    p = in_situation(SPEAKING)
    p.hear("goto", target="face")
    assert p.guide.step is not None and p.guide.step.part == "face"
    p.hear("skip")
    assert p.guide.step.part == "ears"


def test_it_offers_to_go_on_where_a_session_was_cut_off_and_asks_once() -> None:
    p = Player(interrupted=cut_off("belly-2"))
    assert p.guide.state == "preparing" and p.guide.step is None
    assert p.lines == (
        "We stopped at the belly, 10 minutes ago.",
        "Say continue to go on, or start again.",
    )
    p.all_lines()
    assert not p.timers, "it waits, quiet"


@pytest.mark.parametrize("word", ["resume", "ready", "yes"])
def test_the_session_goes_on_at_its_step_as_the_parent_had_wanted_it(word: str) -> None:
    kept = cut_off("belly-2", done=("legs",), signs=("crying",), stress=2, left_out=("chest",), stroke=1)
    p = Player(interrupted=kept)
    actions = p.hear(word)
    assert p.guide.step is not None and p.guide.step.id == "belly-2"
    assert p.lines[1:] == p.guide.step.say
    assert replace(kept.progress, resumed=True) in actions
    p.all_lines()
    assert p.timers["hold"] - p.now == pytest.approx(0.6 * p.guide.step.hold)
    p.hear("stress")
    p.hear("calm")
    assert p.guide.situation is LEAVING, "it was the third sign"


@pytest.mark.parametrize("word", ["start_again", "no"])
def test_or_it_starts_over(word: str) -> None:
    p = Player(interrupted=cut_off("belly-2", stress=2, left_out=("legs",)))
    p.hear(word)
    assert p.guide.situation is PREPARING and p.lines == Player().lines
    p.hear("ready")
    assert p.kept == Progress(infant_massage().steps[0].id)


def test_it_resumes_without_a_question_where_that_was_asked_for() -> None:
    p = Player(interrupted=replace(cut_off("belly-2"), ask=False))
    assert p.guide.step is not None and p.guide.step.id == "belly-2" and p.guide.situation is SPEAKING


def test_it_asks_again_when_the_baby_is_calm_and_the_question_was_cut_off() -> None:
    p = in_situation(RESUMING)
    p.hear("stress")
    p.hear("calm")
    p.hear("resume")
    assert p.guide.step is not None and p.guide.step.id == "belly-1"


def test_the_massage_can_be_started_again_from_its_middle() -> None:
    p = Player(at="face")
    p.hear("start_again")
    assert p.guide.step == infant_massage().steps[0]


def test_parts_are_done_when_their_last_step_is_and_signs_are_kept() -> None:
    p = Player()
    p.hear("ready")
    p.hear("stress", sign="hiccoughs")
    p.hear("resume")
    while p.guide.step is not None and p.guide.step.part == "legs":
        assert p.kept.done == ()
        p.hear("next")
    p.hear("skip")
    p.hear("stress", sign="skin_colour", danger=True)
    assert p.kept.done == ("legs",) and p.kept.signs == ("hiccoughs", "danger")
    p.hear("finish")
    p.hear("yes")
    assert p.kept.ended == "left early" and p.kept.step is None


def test_a_massage_that_was_done_is_finished_though_its_last_words_are_cut_off() -> None:
    p = Player(at=infant_massage().steps[-1].id)
    p.hear("next")
    assert p.guide.situation is CLOSING and p.kept.ended == "finished"
    p.hear("goto", target="legs")
    assert p.kept.ended is None and p.kept.step == infant_massage().steps[0].id


def test_music_does_not_take_away_the_reminder() -> None:
    p = in_situation(WAITING)
    p.all_lines()
    p.now += 60.0
    p.hear("music_on")
    assert p.timers["silence"] - p.now == pytest.approx(SILENCE_S)


@pytest.mark.parametrize("word", ["stop", "pause"])
def test_silence_that_was_asked_for_keeps_the_patience_that_there_was(word: str) -> None:
    p = in_situation(OFFERING)
    p.hear(word)
    assert not p.lines and p.timers["silence"] - p.now == pytest.approx(SILENCE_S)
    p = in_situation(LEAVING)
    p.hear("resume")
    p.hear("stress")
    p.hear(word)
    assert not p.lines and p.timers["silence"] - p.now == pytest.approx(TEND_S)


@pytest.mark.parametrize("word", ["yes", "resume", "ready"])
def test_only_the_legs_does_the_legs_though_the_session_had_stopped_after_them(word: str) -> None:
    p = Player(interrupted=cut_off("belly-1", done=("legs",)))
    p.hear("only", targets=("legs",))
    assert p.guide.situation is RESUMING
    p.hear(word)
    assert p.guide.step == infant_massage().parts[0].steps[0]


def test_only_the_legs_and_then_everything_goes_on_where_the_session_stopped() -> None:
    p = Player(interrupted=cut_off("belly-1"))
    p.hear("only", targets=("legs",))
    p.hear("everything")
    p.hear("yes")
    assert p.guide.step is not None and p.guide.step.id == "belly-1"


def test_only_the_legs_after_the_last_step_does_them_again() -> None:
    p = Player(at=infant_massage().steps[-1].id)
    p.hear("next")
    p.hear("pause")
    p.hear("only", targets=("legs",))
    assert p.guide.step == infant_massage().parts[0].steps[0]


def test_a_pause_that_was_meant_is_not_asked_about_after_other_words() -> None:
    p = in_situation(CHECKING)
    p.hear("no")
    p.hear("where")
    p.all_lines()
    assert p.guide.situation is PAUSED and not p.timers


@pytest.mark.parametrize("at", [None, "legs", "belly-2"])
@pytest.mark.parametrize("interrupted", [None, cut_off("belly-2"), replace(cut_off("belly-2"), ask=False)])
def test_what_is_said_first_is_the_first_to_be_made(at: str | None, interrupted: Interrupted | None) -> None:
    p = Player(at=at, interrupted=interrupted)
    assert p.guide.texts(at)[: len(p.lines)] == p.lines
