"""The loop: what it returns, and what comes out of the speaker in a simulated room.

The voice is real. Most tests use ears that hear what the test says, when it says: errors of hearing are tested
elsewhere. The room's clock is exact, so times are compared exactly.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from conftest import Speak
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rig import GIVE_UP_S

from voiceguide.guide.machine import Guide
from voiceguide.guide.situations import CHECK_S, SILENCE_S
from voiceguide.hearing.ears import Fake, Heard, Ignored
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.language import Language, load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sessions import entries
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.session import (
    CHIME_AFTER_CUT_S,
    FASTER_WPM,
    LOUDER_DB,
    SILENCE_TIMES,
    SOFT_DB,
    SPEECH_AFTER_CHIME_S,
    Session,
)
from voiceguide.sound import BLOCK, RATE, Block, Kind, Pcm
from voiceguide.sound.levels import active_rms
from voiceguide.sound.room import Room
from voiceguide.speech.player import DUCK_DB
from voiceguide.speech.voice import DEFAULT_RATE, Voice

BLOCK_S = BLOCK / RATE
CHIME_S = 0.22
FADE_S = 0.005
SILENT = round(32768 * 10 ** (-60 / 20))
"""-60 dBFS."""

Said = tuple[float, str | Ignored]
"""When, and what."""


@cache
def english() -> Language:
    return load_language("en")


@cache
def first_weeks() -> Routine:
    """With three sentences in its first step, so that a test needn't wait for more."""
    whole = load(find("first-weeks"))
    legs, *others = whole.parts
    first, *steps = legs.steps
    return replace(whole, parts=(replace(legs, steps=(replace(first, say=first.say[:3]), *steps)), *others))


@cache
def phrases() -> Phrasebook:
    return english().phrasebook(first_weeks().parts)


class PromptedEars:
    """Ears that hear each phrase at its moment, and a voice from ``voices[0]`` to ``voices[1]`` seconds."""

    suspects = False

    def __init__(self, script: Sequence[Said], voices: tuple[float, float] = (0.0, 0.0)) -> None:
        self.voice = False
        self._voices = voices
        self._script = sorted(script, key=lambda said: said[0])
        self.own: list[tuple[tuple[Fake, ...], float]] = []

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None) -> list[Heard | Ignored]:
        heard: list[Heard | Ignored] = []
        self.voice = self._voices[0] <= at < self._voices[1]
        while self._script and at >= self._script[0][0]:
            _, what = self._script.pop(0)
            if isinstance(what, Ignored):
                heard.append(what)
            else:
                command = phrases().meaning(what)
                assert command is not None, f"{what} is no command"
                heard.append(Heard(command, what, 1.0, at, at, at))
        return heard

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        self.own.append((fakes, start))


E = TypeVar("E", bound=Entry)


@dataclass(slots=True)
class Played:
    """A session that was played: its transcript, and the sound at the speaker."""

    entries: list[Entry] = field(default_factory=list)
    speaker: Pcm = field(default_factory=lambda: np.zeros(0, np.int16))

    def of(self, kind: type[E]) -> list[E]:
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def texts(self) -> list[str]:
        return [entry.text for entry in self.of(entries.Said)]

    @property
    def states(self) -> list[str]:
        """Each once until it changes: a step may change within a state."""
        return [state for state, _ in groupby(entry.state for entry in self.of(entries.State))]

    @property
    def steps(self) -> list[str | None]:
        return [step for step, _ in groupby(entry.step for entry in self.of(entries.State))]

    def said(self, text: str, nth: int = 0) -> float:
        """When a sentence began."""
        return float([entry.t for entry in self.of(entries.Said) if entry.text == text][nth])

    def between(self, start: float, until: float) -> Pcm:
        return self.speaker[round(start * RATE) : round(until * RATE)]


def play(
    voice: Voice,
    *script: Said,
    seconds: float,
    at: str | None = "legs-1",
    ears: Any = None,
    narrator: Narrator | None = None,
    room: Room | None = None,
) -> Played:
    """``seconds`` of a session of the routine first-weeks, from its first step, or less where it ends before."""
    played = Played()
    room = room or Room()
    session = Session(
        Guide(first_weeks(), english()),
        room,
        narrator or Narrator(voice, None, ahead=False),
        ears or PromptedEars(script),
    )

    def each_turn(happened: list[Entry]) -> None:
        played.entries += happened
        if session.now >= seconds:
            session.leave()

    session.run(each_turn, at)
    played.speaker = np.concatenate(room.speaker)
    return played


def level(pcm: Pcm) -> float:
    """RMS of what is no pause, in dBFS."""
    return float(20 * np.log10(active_rms(pcm) / 32768))


FIRST, SECOND, THIRD = first_weeks().steps[0].say


def prompt(name: str, **values: object) -> list[str]:
    """What the guide says of its own."""
    return list(english().say(name, **values))


def where() -> list[str]:
    return prompt("where", part="legs", title=first_weeks().steps[0].title, step=1, steps=len(first_weeks().steps))


def test_a_step_is_said_sentence_by_sentence_and_sounds_as_it_was_rendered(voice: Voice) -> None:
    played = play(voice, seconds=20.0)
    assert played.texts == [FIRST, SECOND, THIRD]
    assert (played.states, played.steps) == (["guiding"], ["legs-1"])
    for entry in played.of(entries.Said):
        assert entry.step == "legs-1"
        rendered = voice.render(entry.text)
        assert np.array_equal(played.between(entry.t, entry.t + len(rendered) / RATE), rendered)


# ---- Stopping is sacred ----

COMMANDS = (
    "ready|next|back|repeat|pause|continue|stop|finish|skip|go to the feet|how long|where are we|what can I say|"
    "why massage|louder|quieter|wait for me|keep going by yourself|yes|no|baby is calm|"
    "baby is smiling|baby is hiccuping|baby is crying|baby is hungry|baby is turning blue|mixed signs"
).split("|")
"""All but those of the pace, which would change how long a sentence is."""


@pytest.mark.parametrize("command", ["pause", "stop", "baby is fussing", "baby is crying", "mixed signs"])
def test_a_command_that_calms_is_followed_by_silence_within_one_block(voice: Voice, command: str) -> None:
    played = play(voice, (2.0, command), seconds=4.0)
    (hushed,) = played.of(entries.Hushed)
    assert hushed.t == pytest.approx(2.0, abs=BLOCK_S)
    assert np.abs(played.between(hushed.t - 0.1, hushed.t)).max() > SILENT, "it was speaking"
    following = [entry.t for entry in played.of(entries.Said) if entry.t > hushed.t]
    quiet = played.between(hushed.t + BLOCK_S, min(following, default=4.0))
    assert len(quiet) > 0.5 * RATE
    assert np.abs(quiet).max() < SILENT


def sounding(played: Played, voice: Voice) -> np.ndarray:
    """bool[n]: where, by the transcript, the speaker may sound."""
    may = np.zeros(len(played.speaker), bool)
    for entry in sorted(played.entries, key=lambda entry: entry.t):
        start = round(entry.t * RATE)
        match entry:
            case entries.Said():
                may[start : start + len(voice.render(entry.text))] = True
            case entries.Chime():
                may[start : start + round(CHIME_S * RATE)] = True
            case entries.Hushed():
                may[start + round(FADE_S * RATE) :] = False
    return may


@settings(max_examples=60, deadline=None)
@given(script=st.lists(st.tuples(st.floats(0.1, 12.0), st.sampled_from(COMMANDS)), max_size=8))
@example(script=[(1.0, "where are we"), (1.1, "pause")])
@example(script=[(1.0, "louder"), (1.2, "stop")])
@example(script=[(1.0, "finish"), (1.5, "yes"), (3.0, "pause"), (5.0, "continue")])
def test_whatever_is_said_the_speaker_sounds_only_when_the_transcript_says_so(
    voice: Voice, script: list[Said]
) -> None:
    played = play(voice, *script, seconds=15.0)
    may = sounding(played, voice)
    assert not played.speaker[~may].any()
    for entry in played.of(entries.Said):
        last = entry.t > len(played.speaker) / RATE - 0.1
        cut = any(entry.t <= other.t < entry.t + 0.1 for other in played.of(entries.Hushed))
        assert last or cut or np.abs(played.between(entry.t, entry.t + 0.1)).max() > SILENT


def test_setting_the_clock_changes_nothing(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = first_weeks().steps[0].hold
    script = (2.0, "pause"), (7.0, "continue")
    played = play(voice, *script, seconds=40.0 + hold)
    days = itertools.cycle([0.0, 1e5, -1e5])
    monkeypatch.setattr(time, "time", lambda: 1.8e9 + next(days))
    again = play(voice, *script, seconds=40.0 + hold)
    assert again.entries == played.entries
    assert played.of(entries.Timer), "a stroke was held to its end"


def test_in_a_gap_between_sentences_there_is_nothing_to_hush(voice: Voice) -> None:
    gap = len(voice.render(FIRST)) / RATE + 0.1
    played = play(voice, (gap, "pause"), seconds=8.0)
    assert played.of(entries.Hushed) == []
    assert played.states == ["guiding", "paused"]
    assert SECOND not in played.texts


def test_a_pause_that_is_heard_by_real_ears_silences_the_guide(
    voice: Voice, vosk_model: Any, book: Phrasebook, speak: Speak
) -> None:
    room = Room(echo_db=-20.0)
    _, until = room.place(speak("pause", "en-us+m7", 150), at=2.0)
    narrator = Narrator(voice, OwnVoice(vosk_model, book, cache=None), ahead=False)
    played = play(voice, seconds=6.0, ears=Listener(vosk_model, book), narrator=narrator, room=room)

    (heard,) = played.of(entries.Heard)
    assert (heard.heard.command.name, heard.obeyed) == ("pause", True)
    assert heard.heard.until == pytest.approx(until, abs=0.15)
    (hushed,) = played.of(entries.Hushed)
    assert until - 0.15 < hushed.t < until + 0.5, "perhaps while the last sound dies away"
    following = [entry.t for entry in played.of(entries.Said) if entry.t > hushed.t]
    assert np.abs(played.between(hushed.t + BLOCK_S, following[0])).max() < SILENT


# ---- Going on ----


@pytest.mark.parametrize("into", [0.1, 1.5, 2.5])
@pytest.mark.parametrize("interruption", ["pause", "stop", "mixed signs", "baby is crying"])
def test_after_an_interruption_speech_goes_on_at_the_start_of_the_sentence(
    voice: Voice, interruption: str, into: float
) -> None:
    begins = len(voice.render(FIRST)) / RATE + 0.35
    played = play(voice, (begins + into, interruption), (begins + into + 2.0, "continue"), seconds=25.0)

    carry_on = prompt("carry_on")
    after = played.texts[played.texts.index(carry_on[0]) :]
    assert after == [*carry_on, SECOND, THIRD]
    again = played.said(SECOND, -1)
    whole = voice.render(SECOND)
    assert np.array_equal(played.between(again, again + len(whole) / RATE), whole)


def test_an_answer_in_between_does_not_lose_the_sentence(voice: Voice) -> None:
    begins = len(voice.render(FIRST)) / RATE + 0.35
    played = play(voice, (begins + 1.0, "where are we"), seconds=25.0)
    assert played.texts == [FIRST, SECOND, *where(), SECOND, THIRD]


def test_the_session_ends_after_the_last_words(voice: Voice) -> None:
    played = play(voice, (1.0, "finish"), (2.0, "yes"), seconds=60.0)
    assert played.states == ["guiding", "finishing", "finished"]
    goodbye = prompt("goodbye")[-1]
    assert played.texts[-1] == goodbye
    (end,) = played.of(entries.End)
    assert end is played.entries[-1]
    assert end.t == pytest.approx(played.said(goodbye) + len(voice.render(goodbye)) / RATE, abs=2 * BLOCK_S)


def test_stop_does_not_end_the_session(voice: Voice) -> None:
    played = play(voice, (1.0, "stop"), seconds=30.0)
    (end,) = played.of(entries.End)
    assert end.t >= 30.0, "only because the test leaves then"
    assert played.states == ["guiding", "paused"]


# ---- Timers ----


def spoken_at(voice: Voice) -> float:
    """When the words of the first step are over, and its stroke of ten seconds begins."""
    return sum(len(voice.render(text)) / RATE for text in (FIRST, SECOND, THIRD)) + 2 * 0.35


def test_a_stroke_is_held_for_its_time_and_then_the_guide_waits_for_next(voice: Voice) -> None:
    played = play(voice, seconds=40.0)
    (timer,) = played.of(entries.Timer)
    assert timer.name == "hold"
    assert timer.t == pytest.approx(spoken_at(voice) + 10.0, abs=2 * BLOCK_S)
    assert not played.between(spoken_at(voice) + 0.1, timer.t).any(), "quiet hands, quiet guide"
    assert played.texts[3:] == prompt("next_first")
    assert (played.states, played.steps) == (["guiding"], ["legs-1"])


def test_a_pause_in_a_stroke_leaves_its_rest_for_later(voice: Voice) -> None:
    begins = spoken_at(voice)
    played = play(voice, (begins + 4.0, "stop"), (begins + 20.0, "continue"), seconds=60.0)
    (timer,) = played.of(entries.Timer)
    assert timer.t == pytest.approx(begins + 20.0 + 6.0, abs=4 * BLOCK_S)


def test_next_in_a_stroke_cancels_its_timer(voice: Voice) -> None:
    begins = spoken_at(voice)
    played = play(voice, (begins + 4.0, "next"), seconds=begins + 14.0)
    assert played.of(entries.Timer) == []
    assert (played.states, played.steps) == (["guiding"], ["legs-1", "legs-2"])


def test_when_asked_to_the_guide_goes_on_by_itself(voice: Voice) -> None:
    played = play(voice, (1.0, "keep going by yourself"), seconds=45.0)
    assert (played.states, played.steps) == (["guiding"], ["legs-1", "legs-2"])
    (timer,) = played.of(entries.Timer)
    moved = next(entry for entry in played.of(entries.State) if entry.step == "legs-2")
    assert moved.t == timer.t


def test_a_long_silence_is_followed_by_one_reminder_and_no_other(voice: Voice) -> None:
    played = play(voice, seconds=2.0 + 3 * SILENCE_S, at=None)
    assert played.texts[-1:] == prompt("reminder")
    assert [timer.name for timer in played.of(entries.Timer)] == ["silence"]


# ---- A pause that nobody asked for ----


def test_it_asks_softly_whether_to_go_on_and_goes_on_at_the_sentence(voice: Voice) -> None:
    played = play(voice, (2.0, "stop"), (2.0 + CHECK_S + 2.5, "yes"), seconds=2.0 + CHECK_S + 8.0)
    question = played.said("Shall I go on?")
    assert question == pytest.approx(2.0 + CHECK_S, abs=3 * BLOCK_S)
    loud = active_rms(played.between(0.0, 2.0))
    soft = active_rms(played.between(question, question + 1.0))
    assert 20 * np.log10(soft / loud) == pytest.approx(SOFT_DB, abs=1.5)
    assert played.texts[0] == played.texts[3] == FIRST, "from the start of the sentence that was cut off"
    again = active_rms(played.between(played.said(FIRST, 1), played.said(FIRST, 1) + 2.0))
    assert 20 * np.log10(again / loud) == pytest.approx(0.0, abs=1.5), "as loud as before"


def test_it_does_not_ask_while_somebody_speaks(voice: Voice) -> None:
    """It is not the guide's turn."""
    ears = PromptedEars([(2.0, "stop")], voices=(10.0, 15.0))
    played = play(voice, seconds=2.0 + 2 * CHECK_S, ears=ears)
    assert played.said("Shall I go on?") == pytest.approx(15.0 + CHECK_S, abs=3 * BLOCK_S)


def test_a_television_does_not_keep_it_from_asking(voice: Voice) -> None:
    ears = PromptedEars([(2.0, "stop")], voices=(0.0, 1000.0))
    played = play(voice, seconds=4.0 + SILENCE_TIMES * CHECK_S, ears=ears)
    assert played.said("Shall I go on?") == pytest.approx(2.0 + SILENCE_TIMES * CHECK_S, abs=3 * BLOCK_S)


# ---- Somebody speaks over it ----


def test_it_is_softer_while_somebody_speaks_and_comes_back_when_it_was_nothing(voice: Voice) -> None:
    plain = play(voice, seconds=4.0)
    ears = PromptedEars([], voices=(2.0, 3.0))
    played = play(voice, seconds=4.0, ears=ears)
    assert played.of(entries.Hushed) == []
    assert np.array_equal(played.between(0.0, 2.0), plain.between(0.0, 2.0))
    over = played.between(2.03, 3.0).astype(float), plain.between(2.03, 3.0).astype(float)
    assert 20 * np.log10(np.linalg.norm(over[0]) / np.linalg.norm(over[1])) == pytest.approx(DUCK_DB, abs=1.0)
    assert np.array_equal(played.between(3.06, 4.0), plain.between(3.06, 4.0))


# ---- A device that is lost ----


class FaultyRoom(Room):
    """``lost``: what is away from when to when, in seconds. Nothing is played while the speaker is."""

    def __init__(self, *lost: tuple[float, float, Kind]) -> None:
        super().__init__()
        self._lost = lost

    def read(self) -> Block:
        away = frozenset(kind for start, until, kind in self._lost if start <= self.now < until)
        fill = self._fill
        if "speaker" in away:
            self._fill = lambda n: np.zeros(n, np.int16)
        block = super().read()
        self._fill = fill
        pcm = np.zeros_like(block.pcm) if "microphone" in away else block.pcm
        return replace(block, pcm=pcm, lost=away)


def test_a_lost_microphone_is_reported_and_waited_for(voice: Voice) -> None:
    played = play(voice, seconds=14.0, room=FaultyRoom((2.0, 8.0, "microphone")))
    assert played.texts[:4] == [FIRST, *prompt("lost"), *prompt("back"), FIRST]
    (lost,), (found,) = played.of(entries.Lost), played.of(entries.Found)
    assert lost.device == found.device == "microphone"
    assert played.said(prompt("lost")[0]) == pytest.approx(2.0, abs=0.1)
    assert not played.between(played.said(prompt("lost")[0]) + 4.0, 8.0).any(), "then it waits in silence"
    assert played.said(prompt("back")[0]) == pytest.approx(8.0, abs=0.1)


def test_what_was_not_heard_for_want_of_a_speaker_is_said_when_it_is_back(voice: Voice) -> None:
    played = play(voice, seconds=12.0, room=FaultyRoom((2.0, 6.0, "speaker")))
    assert played.texts[:3] == [FIRST, *prompt("back"), FIRST]
    assert not played.between(2.05, 6.0).any()


def test_a_baby_in_distress_is_heard_while_the_speaker_is_lost(voice: Voice) -> None:
    room = FaultyRoom((2.0, 6.0, "speaker"))
    played = play(voice, (4.0, "baby is crying"), seconds=14.0, room=room)
    assert played.states == ["guiding", "paused", "tending"]
    assert played.texts[1:3] == [*prompt("back"), *prompt("stop_and_tend")]
    shown = played.of(entries.Unheard)[0]
    assert (shown.text, shown.t) == (*prompt("stop_and_tend"), pytest.approx(4.0, abs=0.05))


def test_it_says_that_it_cannot_hear_when_the_speaker_is_back_before_the_microphone(voice: Voice) -> None:
    room = FaultyRoom((2.0, 4.0, "speaker"), (2.5, 8.0, "microphone"))
    played = play(voice, seconds=12.0, room=room)
    assert [entry.device for entry in played.of(entries.Lost)] == ["speaker", "microphone"]
    assert [entry.device for entry in played.of(entries.Found)] == ["speaker", "microphone"]
    assert not played.of(entries.Unheard), "nothing is said while the speaker is lost"
    assert played.texts[:4] == [FIRST, *prompt("lost"), *prompt("back"), FIRST]
    assert played.said(prompt("lost")[0]) == pytest.approx(4.0, abs=0.1)


# ---- Chimes ----


def test_where_speech_was_cut_the_chime_waits_and_the_answer_comes_after_it(voice: Voice) -> None:
    played = play(voice, (2.0, "where are we"), seconds=6.0)
    (hushed,), (chime,) = played.of(entries.Hushed), played.of(entries.Chime)
    assert chime.sound == "heard"
    assert chime.t - hushed.t == pytest.approx(CHIME_AFTER_CUT_S, abs=BLOCK_S)
    assert not played.between(hushed.t + FADE_S, chime.t).any(), "first the silence is heard"
    assert np.abs(played.between(chime.t, chime.t + CHIME_S)).max() > SILENT
    answer = played.said(where()[0])
    assert answer - hushed.t == pytest.approx(SPEECH_AFTER_CHIME_S, abs=BLOCK_S)
    assert answer >= chime.t + CHIME_S


def test_where_it_was_silent_the_chime_comes_at_once(voice: Voice) -> None:
    played = play(voice, (1.0, "stop"), (4.0, "continue"), seconds=8.0)
    (chime,) = played.of(entries.Chime)
    assert chime.t == pytest.approx(4.0, abs=BLOCK_S)
    assert np.abs(played.between(chime.t, chime.t + CHIME_S)).max() > SILENT
    assert played.said(prompt("carry_on")[0]) - chime.t == pytest.approx(SPEECH_AFTER_CHIME_S, abs=BLOCK_S)


def test_a_chime_that_waits_is_dropped_when_there_must_be_silence(voice: Voice) -> None:
    played = play(voice, (2.0, "where are we"), (2.0 + CHIME_AFTER_CUT_S / 2, "baby is fussing"), seconds=2.6)
    assert played.of(entries.Chime) == []
    assert not played.between(2.0 + 2 * BLOCK_S, 2.6).any()


def test_a_command_that_makes_no_sense_now_changes_nothing_and_says_so(voice: Voice) -> None:
    played = play(voice, (1.0, "stop"), (3.0, "yes"), seconds=5.0)
    (ignored,) = played.of(entries.Ignored)
    assert (ignored.phrase, ignored.why) == ("yes", "not_now")
    (chime,) = played.of(entries.Chime)
    assert chime.sound == "no"
    assert (played.states, played.steps) == (["guiding", "paused"], ["legs-1"])


# ---- What was not understood ----


@pytest.mark.parametrize("why", ["own_voice", "low_confidence"])
def test_what_was_not_obeyed_is_reported_and_changes_nothing(voice: Voice, why: Any) -> None:
    played = play(voice, (1.0, Ignored("next", why, 1.0)), seconds=20.0)
    (ignored,) = played.of(entries.Ignored)
    assert (ignored.phrase, ignored.why) == ("next", why)
    assert ignored.t == pytest.approx(1.0, abs=BLOCK_S)
    assert played.texts == [FIRST, SECOND, THIRD]
    assert [kind for kind in (entries.Heard, entries.Hushed, entries.Chime) if played.of(kind)] == []


MISS = Ignored("next", "low_confidence", 0.0)


def test_what_is_not_understood_twice_in_a_stroke_is_asked_about_once(voice: Voice) -> None:
    spoken = play(voice, seconds=30.0).said(THIRD) + len(voice.render(THIRD)) / RATE
    misses = [(spoken + after, MISS) for after in (3.0, 6.0)]
    played = play(voice, *misses, seconds=spoken + 10.0)
    assert played.texts == [FIRST, SECOND, THIRD, *prompt("not_caught"), *prompt("all_right")]
    assert played.states == ["guiding", "paused"]


def test_what_may_be_the_rest_of_its_own_voice_is_no_miss(voice: Voice) -> None:
    played = play(voice, (1.0, MISS), (2.0, MISS), (3.0, MISS), seconds=20.0)
    assert played.texts == [FIRST, SECOND, THIRD] and played.states == ["guiding"]


def test_the_ears_are_told_what_each_sentence_would_fake_when_it_begins(
    voice: Voice, vosk_model: Any, book: Phrasebook
) -> None:
    ears = PromptedEars([(1.0, "stop"), (2.0, "yes")])
    narrator = Narrator(voice, OwnVoice(vosk_model, book, cache=None), ahead=False)
    played = play(voice, ears=ears, narrator=narrator, seconds=5.0)

    assert [start for _, start in ears.own] == [pytest.approx(entry.t) for entry in played.of(entries.Said)]
    hint = played.texts.index(prompt("hint_paused")[-1])
    assert "resume" in {fake.command.name for fake in ears.own[hint][0]}


# ---- Volume and pace ----


@pytest.mark.parametrize(("command", "steps"), [("louder", 1), ("quieter", -1)])
def test_the_volume_changes_by_a_step_at_once(voice: Voice, command: str, steps: int) -> None:
    played = play(voice, (1.0, command), seconds=12.0)
    assert played.texts == [FIRST, SECOND, THIRD], "nothing is interrupted"
    start = played.said(SECOND)
    heard = played.between(start, start + len(voice.render(SECOND)) / RATE)
    # Peaks are bent where they would be too loud.
    assert level(heard) - level(voice.render(SECOND)) == pytest.approx(steps * LOUDER_DB, abs=0.5)
    during = played.between(1.5, 3.0)
    assert level(during) - level(voice.render(FIRST)[round(1.5 * RATE) : 3 * RATE]) == pytest.approx(
        steps * LOUDER_DB, abs=0.5
    )


def test_a_soft_sentence_that_is_made_louder_stays_softer_than_others(voice: Voice) -> None:
    asked = 2.0 + CHECK_S
    played = play(voice, (2.0, "stop"), (asked + 0.3, "louder"), seconds=asked + 3.0)
    question = played.said("Shall I go on?")
    rendered = voice.render("Shall I go on?")[round(0.5 * RATE) : round(0.9 * RATE)]
    during = played.between(question + 0.5, question + 0.9)
    assert level(during) - level(rendered) == pytest.approx(SOFT_DB + LOUDER_DB, abs=0.5)


@pytest.mark.parametrize(("command", "steps"), [("faster", 1), ("slower", -1)])
def test_the_pace_changes_from_the_next_sentence_on(voice: Voice, command: str, steps: int) -> None:
    played = play(voice, (1.0, command), seconds=20.0)
    assert played.texts == [FIRST, *prompt(command), FIRST, SECOND, THIRD][: len(played.texts)]
    start = played.said(FIRST, -1)
    expected = voice.render(FIRST, rate=DEFAULT_RATE + steps * FASTER_WPM)
    assert np.array_equal(played.between(start, start + len(expected) / RATE), expected)
    assert np.sign(len(voice.render(FIRST)) - len(expected)) == steps


# ---- When something fails ----


def test_a_sentence_that_cannot_be_rendered_is_shown_and_the_session_goes_on() -> None:
    with Voice(cache=None) as voice:
        for text in (FIRST, THIRD):
            voice.render(text)
    # It is closed now, so it knows these two and can say no other.
    played = play(voice, seconds=20.0)

    assert played.texts == [FIRST, SECOND, THIRD]
    failed = [entry for entry in played.of(entries.Said) if entry.error]
    assert [entry.text for entry in failed] == [SECOND]
    assert failed[0].error == "the voice has been closed"
    assert failed[0].step == "legs-1"
    start = played.said(THIRD)
    third = voice.render(THIRD)
    assert np.array_equal(played.between(start, start + len(third) / RATE), third)
    assert played.of(entries.Said)[-1].error is None


def test_a_guide_that_has_lost_its_voice_still_listens_holds_and_ends() -> None:
    with Voice(cache=None) as voice:
        pass
    played = play(voice, (5.0, "pause"), (8.0, "continue"), (30.0, "finish"), (31.0, "yes"), seconds=60.0)
    assert all(entry.error for entry in played.of(entries.Said))
    assert played.states == ["guiding", "paused", "guiding", "finishing", "finished"]
    assert [timer.name for timer in played.of(entries.Timer)] == ["hold"]
    assert not any(played.between(a, b).any() for a, b in ((0, 5.0), (5.3, 8.0), (8.3, 30.0)))


class ClosedRoom(Room):
    closed = False

    def close(self) -> None:
        super().close()
        self.closed = True


def test_the_sound_is_closed_however_a_session_ends(voice: Voice) -> None:
    room = ClosedRoom()
    play(voice, seconds=0.3, room=room)
    assert room.closed

    class DeafEars(PromptedEars):
        def hear(self, pcm: Pcm, at: float, *, played: Pcm | None) -> list[Heard | Ignored]:
            raise RuntimeError("the ears fell off")

    room = ClosedRoom()
    with pytest.raises(RuntimeError, match="fell off"):
        play(voice, seconds=0.3, room=room, ears=DeafEars([]))
    assert room.closed


# ---- The narrator ----


def test_lines_are_rendered_ahead_in_the_background(tmp_path: Path) -> None:
    with Voice(cache=tmp_path) as voice:
        narrator = Narrator(voice, None, ahead=True)
        narrator.prepare((FIRST, SECOND))
        assert np.array_equal(narrator.line(THIRD).result(GIVE_UP_S), voice.render(THIRD)), (
            "what is urgent does not wait"
        )
        deadline = time.monotonic() + GIVE_UP_S
        while len(list(tmp_path.glob("*.pcm"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        narrator.close()
    # Closed, the voice has only what was rendered before.
    assert voice.render(FIRST).any()
    assert voice.render(SECOND).any()


def test_a_line_is_rendered_once_and_tried_again_where_that_failed(voice: Voice) -> None:
    narrator = Narrator(voice, None, ahead=False)
    assert narrator.line(FIRST) is narrator.line(FIRST)

    with Voice(cache=None) as mute:
        pass
    narrator = Narrator(mute, None, ahead=False)
    failed = narrator.line(FIRST)
    assert failed.exception() is not None
    assert narrator.line(FIRST) is not failed


def test_a_closed_narrator_leaves_no_thread_at_work() -> None:
    with Voice(cache=None) as voice:
        narrator = Narrator(voice, None, ahead=True)
        narrator.prepare(Guide(first_weeks(), english()).texts())
        narrator.line(FIRST).result(GIVE_UP_S)
        assert any(thread.name.startswith("narrator") for thread in threading.enumerate())
        narrator.close()
        assert not any(thread.name.startswith("narrator") for thread in threading.enumerate())
