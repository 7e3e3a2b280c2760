"""Hearing, with real Vosk, the model in the box, and real voices of espeak-ng; times are those of the sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voiceguide.hearing import judge, own_sound
from voiceguide.hearing import listener as rules
from voiceguide.hearing.ears import Fake, Heard, Ignored
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.command import ADVANCING, CALMING, Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition import models
from voiceguide.recognition.model import GrammarModel, known
from voiceguide.sound import BLOCK, RATE, Block, Pcm
from voiceguide.sound.files import read_recording
from voiceguide.sound.room import Room

Decided = list[Heard | Ignored]
Speak = Callable[..., Pcm]

VOICES = ("en-us+m7", "en-us", "en-gb", "en-us+m3")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
WORDS, ORDERS = CORPUS / "words", CORPUS / "coffee"


@dataclass(frozen=True, slots=True)
class Said:
    """What is truly said in a recording, and from when to when, in seconds."""

    text: str
    at: float
    until: float


@pytest.fixture
def ears(vosk_model: Any, book: Phrasebook) -> Listener:
    return Listener(vosk_model, book)


@pytest.fixture(scope="module")
def own_voice(vosk_model: Any, book: Phrasebook) -> OwnVoice:
    return OwnVoice(vosk_model, book, cache=None)


def silence(seconds: float) -> Pcm:
    return np.zeros(round(seconds * RATE), np.int16)


def sounding(pcm: Pcm) -> tuple[float, float]:
    """From when to when something sounds in it."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.02 * np.abs(pcm.astype(np.int32)).max())
    return float(loud[0]) / RATE, float(loud[-1] + 1) / RATE


def recording(speak: Speak, *texts: str, voice: str = VOICES[0], gap: float = 1.2) -> tuple[Pcm, list[Said]]:
    """A second of silence, and the texts with ``gap`` seconds after each."""
    parts, said, now = [silence(1.0)], [], 1.0
    for text in texts:
        pcm = speak(text, voice)
        start, end = sounding(pcm)
        said.append(Said(text, now + start, now + end))
        parts += [pcm, silence(gap)]
        now += (len(pcm) + len(parts[-1])) / RATE
    return np.concatenate(parts), said


def hear(ears: Listener, pcm: Pcm, *, size: int = BLOCK, start: float = 0.0, own: bool = False) -> Decided:
    """All that is decided on ``pcm``, fed in blocks of ``size`` samples; the last one is filled up. ``own``: whether
    the guide sounds all the while, where the microphone cannot hear it."""
    chance = np.random.default_rng(3)
    pcm = np.concatenate([pcm, np.zeros(-len(pcm) % size, np.int16)])
    decided: Decided = []
    for i in range(0, len(pcm), size):
        played = chance.normal(0, 1000, size).astype(np.int16) if own else None
        decided += ears.hear(pcm[i : i + size], start + (i + size) / RATE, played=played)
    return decided + ears.finish()


def obeyed(decided: Decided) -> list[str]:
    return [heard.phrase for heard in decided if isinstance(heard, Heard)]


# What is said is heard


@pytest.mark.parametrize("voice", VOICES)
def test_commands_are_found_amid_other_speech(ears: Listener, speak: Speak, voice: str) -> None:
    pcm, said = recording(
        speak,
        "What a lovely day it is.",
        "Pause.",
        "I think the kettle is boiling.",
        "Next.",
        "Where did I put the towel?",
        "Baby is fussing.",
        "We will have dinner at six.",
        voice=voice,
    )
    decided = hear(ears, pcm)
    assert obeyed(decided) == ["pause", "next", "baby is fussing"]
    for heard, truth in zip(decided, said[1::2], strict=True):
        assert isinstance(heard, Heard)
        assert heard.at == pytest.approx(truth.at, abs=0.25)
        assert heard.until == pytest.approx(truth.until, abs=0.25)
        assert heard.until < heard.decided < heard.until + 1.6
        assert 0.5 <= heard.confidence <= 1.0
    assert [heard.command.name for heard in decided if isinstance(heard, Heard)] == ["pause", "next", "stress"]


@pytest.mark.parametrize("voice", VOICES[:3])
def test_what_calms_is_noticed_within_half_a_second_of_its_end(
    vosk_model: Any, book: Phrasebook, speak: Speak, voice: str
) -> None:
    for phrase in (
        "pause",
        "stop",
        "hold on",
        "baby is fussing",
        "he's crying",
        "mixed signs",
        "baby is turning blue",
    ):
        pcm, (said,) = recording(speak, phrase, voice=voice, gap=2.0)
        (heard,) = hear(Listener(vosk_model, book), pcm)
        assert isinstance(heard, Heard), phrase
        assert heard.phrase == normal(phrase) and heard.command.name in CALMING
        assert heard.noticed < said.until + 0.5, phrase
        assert said.until + judge.CALM_AFTER_S - 0.1 < heard.decided < said.until + 1.3, "when nothing came after it"


def test_what_moves_on_is_not_decided_before_it_has_ended(vosk_model: Any, book: Phrasebook, speak: Speak) -> None:
    for phrase in ("next", "continue", "finish", "ready", "yes", "skip this part", "go to the legs"):
        pcm, (said,) = recording(speak, phrase, gap=2.0)
        (heard,) = hear(Listener(vosk_model, book), pcm)
        assert isinstance(heard, Heard), phrase
        assert heard.phrase == phrase and heard.command.name in ADVANCING
        assert said.until + judge.AFTER_S - 0.1 < heard.decided < said.until + 1.6, phrase


def test_a_longer_phrase_is_not_taken_for_the_shorter_one_with_which_it_begins(
    vosk_model: Any, book: Phrasebook, speak: Speak
) -> None:
    for phrase, command in {
        "keep going": Command("resume"),
        "keep going by yourself": Command("keep_going"),
        "go on by yourself": Command("keep_going"),
        "carry on to the next": Command("next"),
        "skip to the tummy": Command("goto", target="belly"),
    }.items():
        pcm, _ = recording(speak, phrase, gap=2.0)
        decided = hear(Listener(vosk_model, book), pcm)
        assert obeyed(decided) == [phrase]
        assert isinstance(decided[0], Heard) and decided[0].command == command


@pytest.mark.parametrize("voice", VOICES[:2])
def test_two_commands_in_a_row_are_both_heard(vosk_model: Any, book: Phrasebook, speak: Speak, voice: str) -> None:
    for first, second in (("pause", "continue"), ("louder", "louder"), ("stop", "finish")):
        pcm, _ = recording(speak, first, second, voice=voice, gap=1.0)
        assert obeyed(hear(Listener(vosk_model, book), pcm)) == [first, second]


def test_times_are_those_of_the_session(vosk_model: Any, book: Phrasebook, speak: Speak) -> None:
    pcm, _ = recording(speak, "pause", "next")
    first, later = (hear(Listener(vosk_model, book), pcm, start=start) for start in (0.0, 100.0))
    for a, b in zip(first, later, strict=True):
        assert isinstance(a, Heard) and isinstance(b, Heard)
        assert (b.at - a.at, b.until - a.until, b.decided - a.decided) == pytest.approx((100, 100, 100))


def test_a_jump_of_the_clock_is_followed(ears: Listener, speak: Speak) -> None:
    """A device that has lost sound gives no samples for the time that has passed."""
    pcm, (said,) = recording(speak, "pause", gap=2.0)
    hear_first = [ears.hear(np.zeros(BLOCK, np.int16), (n + 1) * BLOCK / RATE) for n in range(100)]
    assert not any(hear_first)
    (heard,) = hear(ears, pcm, start=60.0)
    assert isinstance(heard, Heard)
    assert heard.at == pytest.approx(60 + said.at, abs=0.25)


def test_the_end_of_a_recording_is_the_end_of_an_utterance(ears: Listener, speak: Speak) -> None:
    pcm, (said,) = recording(speak, "next", gap=0.0)
    fed = pcm[: len(pcm) // BLOCK * BLOCK]
    before = [ears.hear(fed[i : i + BLOCK], (i + BLOCK) / RATE) for i in range(0, len(fed), BLOCK)]
    assert not any(before)
    (heard,) = ears.finish()
    assert isinstance(heard, Heard) and heard.phrase == "next"
    assert heard.until == pytest.approx(said.until, abs=0.25)
    assert ears.finish() == []


@pytest.mark.parametrize("voice", VOICES[:2])
def test_the_size_of_the_blocks_matters_little(vosk_model: Any, book: Phrasebook, speak: Speak, voice: str) -> None:
    texts = ("I think the kettle is boiling.", "pause", "next", "baby is fussing", "louder", "how long")
    pcm, said = recording(speak, *texts, voice=voice)
    for milliseconds in (10, 30, 100):
        decided = hear(Listener(vosk_model, book), pcm, size=RATE * milliseconds // 1000)
        assert obeyed(decided) == list(texts[1:]), milliseconds
        for heard, truth in zip(decided, said[1:], strict=True):
            assert isinstance(heard, Heard)
            assert (heard.at, heard.until) == pytest.approx((truth.at, truth.until), abs=0.25)


def test_a_phrase_with_a_word_that_the_model_does_not_know_is_left_out(vosk_model: Any) -> None:
    pause = Command("pause")
    book = Phrasebook({"pause": pause, "pause xyzzyx": pause}, ("text", "xyzzyx"))
    assert known(vosk_model, book) == Phrasebook({"pause": pause}, ("text",))


# What is not said is not heard

RUNNING_SPEECH = (
    "The next door neighbour is coming.",
    "We had to stop at the shop on the way home.",
    "Shall we pause the film and eat?",
    "I will go back to work in the spring.",
    "She said no to the cake.",
    "He can help me carry the shopping.",
    "Wait for me at the corner of the street.",
    "Are you ready for your bath tonight?",
    "I was so tired after the long drive.",
    "Your brother is crying about his homework again.",
    "Then we finish the washing and hang it up.",
    "Yes I know that you are a lovely little one.",
    "Do not stop now, little one.",
)


@pytest.mark.parametrize("voice", VOICES[:3])
def test_a_command_inside_running_speech_is_not_obeyed(ears: Listener, speak: Speak, voice: str) -> None:
    pcm, _ = recording(speak, *RUNNING_SPEECH, voice=voice)
    assert hear(ears, pcm) == []


@pytest.mark.parametrize("level", [0, 3, 300, 3000], ids=lambda level: f"rms-{level}")
def test_silence_and_noise_are_no_commands(ears: Listener, level: int) -> None:
    noise = np.random.default_rng(7).normal(size=10 * RATE) * level
    assert hear(ears, noise.astype(np.int16)) == []


def test_full_scale_noise_and_clicks_are_no_commands(ears: Listener) -> None:
    noise = np.random.default_rng(7).integers(-32768, 32768, 5 * RATE).astype(np.int16)
    clicks = silence(5.0)
    clicks[:: RATE // 2] = 32767
    assert hear(ears, np.concatenate([noise, clicks])) == []


def spread(paths: Sequence[Path], count: int) -> Sequence[Path]:
    """So many of them, evenly."""
    return [paths[n * len(paths) // count] for n in range(count)]


@pytest.mark.skipif(not WORDS.is_dir(), reason="needs the recordings in ../shared/corpus/words")
def test_words_of_many_people_that_are_no_commands(ears: Listener) -> None:
    files = [path for word in sorted(WORDS.iterdir()) for path in spread(sorted(word.glob("*.flac")), 10)]
    assert len(files) == 60
    pcm = np.concatenate([part for path in files for part in (read_recording(path), silence(1.0))])
    advancing = [h for h in hear(ears, pcm) if isinstance(h, Heard) and h.command.name in ADVANCING]
    assert len(advancing) <= 1


@pytest.mark.skipif(not ORDERS.is_dir(), reason="needs the recordings in ../shared/corpus/coffee")
def test_orders_of_coffee_are_no_commands(ears: Listener) -> None:
    files = sorted(ORDERS.glob("*.flac"))
    begin_like_one = [path for path in files if path.stem.startswith(("0636c68b", "76c73b9a", "8ec5d594"))]
    assert len(begin_like_one) == 3  # as "give me a minute" and "they want milk" do
    for path in [*begin_like_one, *spread(files, 20)]:
        heard = hear(ears, np.concatenate([read_recording(path), silence(1.0)]))
        assert not [one.phrase for one in heard if isinstance(one, Heard)], path.name


@pytest.mark.parametrize("voice", VOICES)
def test_a_sign_that_goes_on_after_its_beginning_is_one_sign(ears: Listener, speak: Speak, voice: str) -> None:
    """Decided before "his back" is half said, or when it is; and "back" is no command then."""
    said = ("Baby is arching his back.", "She's arching her back.", "He's not looking at me.", "Baby is arching.")
    decided = hear(ears, recording(speak, *said, voice=voice)[0])
    assert [one.command.sign for one in decided if isinstance(one, Heard)] == [
        "disinterested",
        "disinterested",
        "unable_to_focus",
        "disinterested",
    ]


# Certainty


def both(one: Pcm, other: Pcm, gain: float) -> Pcm:
    """Two sounds at once, the second ``gain`` times as loud as the first."""
    size = max(len(one), len(other))
    first, second = (np.pad(pcm.astype(np.float64), (0, size - len(pcm))) for pcm in (one, other))
    return ((first + gain * second) / (1 + gain)).astype(np.int16)


def test_of_two_commands_at_once_only_the_louder_one_is_obeyed(
    vosk_model: Any, book: Phrasebook, speak: Speak
) -> None:
    """And where neither is, at most one of them."""
    for phrase, other in (("louder", "slower"), ("yes", "next"), ("wait a minute", "go to the legs")):
        first, second = recording(speak, phrase)[0], recording(speak, other)[0]
        meant, not_meant = book.meanings[phrase], book.meanings[other]
        for gain, only in ((0.1, meant), (1.0, None), (10.0, not_meant)):
            heard = [
                one for one in hear(Listener(vosk_model, book), both(first, second, gain)) if isinstance(one, Heard)
            ]
            if only is not None:
                assert [one.command for one in heard] == [only], (phrase, other, gain)
            assert len(heard) <= 1


def test_doubt_never_advances_the_routine(vosk_model: Any, book: Phrasebook, speak: Speak) -> None:
    """Each command has its own bar; where it isn't reached the phrase is ignored, and it is said why."""
    pcm, _ = recording(speak, "next", "pause", "louder")
    for doubtful in ("next", "pause", "louder"):
        bars = {book.meanings[doubtful]: 1.01}
        ears = Listener(vosk_model, book, lambda command, bars=bars: bars.get(command, 0.0))  # type: ignore[misc]
        decided = hear(ears, pcm)
        assert [(d.phrase, isinstance(d, Heard)) for d in decided] == [
            (phrase, phrase != doubtful) for phrase in ("next", "pause", "louder")
        ]
        (ignored,) = (d for d in decided if isinstance(d, Ignored))
        assert ignored.why == "low_confidence"


# Alone, or part of something longer


@pytest.mark.parametrize("voice", VOICES[:3])
@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("okay, next", "next"),
        ("um, pause please", "pause please"),
        ("right, go on", "go on"),
        ("next, thank you", "next"),
        ("oh no, baby is choking", "baby is choking"),
    ],
)
def test_fillers_change_nothing(
    ears: Listener, book: Phrasebook, speak: Speak, voice: str, said: str, phrase: str
) -> None:
    (heard,) = hear(ears, recording(speak, said, voice=voice)[0])
    assert isinstance(heard, Heard) and heard.command == book.meanings[phrase]


@pytest.mark.parametrize("voice", VOICES[:2])
@pytest.mark.parametrize(
    ("before", "after"), [("I told her to wait and", ""), ("", "and then we went on to the shops")]
)
def test_a_phrase_right_beside_other_speech_is_not_obeyed(
    ears: Listener, speak: Speak, voice: str, before: str, after: str
) -> None:
    """However clearly it is said: a breath of 0.3 s makes no command of it. (Less is asked of a pause or a stop.)"""
    for phrase in ("next", "louder", "repeat"):
        parts = [speak(text, voice) for text in (before, phrase, after) if text]
        pcm = np.concatenate([silence(1.0), *(part for one in parts for part in (one, silence(0.15))), silence(1.5)])
        assert obeyed(hear(ears, pcm)) == [], phrase


@pytest.mark.parametrize("voice", VOICES[:2])
def test_danger_counts_whatever_came_before_it(vosk_model: Any, book: Phrasebook, speak: Speak, voice: str) -> None:
    """Other speech, or a command that was not certain in the same breath."""
    for before in ("look at her", "pause"):
        parts = (silence(1.0), speak(before, voice), silence(0.1), speak("baby is choking", voice), silence(1.5))
        heard = [one for one in hear(Listener(vosk_model, book), np.concatenate(parts)) if isinstance(one, Heard)]
        assert [one.command.danger for one in heard] == [True], before


def test_the_guide_is_silent_while_it_suspects_something_that_calms(ears: Listener, speak: Speak) -> None:
    pcm, (said,) = recording(speak, "pause", gap=2.0)
    suspected = []
    for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
        heard = ears.hear(pcm[i : i + BLOCK], (i + BLOCK) / RATE)
        if ears.suspects:
            suspected.append((i + BLOCK) / RATE)
        if heard:
            assert not ears.suspects, "it is decided"
            (one,) = heard
            assert isinstance(one, Heard) and one.noticed == suspected[0] < said.until + 0.5


def test_a_model_that_cannot_be_looked_into_goes_by_the_words_around(book: Phrasebook, speak: Speak) -> None:
    ears = Listener(GrammarModel(models.box()), book)
    pcm, _ = recording(speak, "baby is crying", "The next door neighbour is coming.", "okay, next", "go to the legs")
    heard = [one.command.name for one in hear(ears, pcm) if isinstance(one, Heard)]
    assert heard == ["stress", "next", "goto"]


# The guide's own voice in the microphone


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the guide, and when it starts."""

    at: float
    text: str
    pcm: Pcm


def lines(speak: Speak, *texts: str, at: float = 1.0, gap: float = 0.35) -> list[Line]:
    """Sentences one after the other, as the player plays them."""
    found = []
    for text in texts:
        found.append(Line(at, text, speak(text, "en-us+f3", 140)))
        at = found[-1].at + len(found[-1].pcm) / RATE + gap
    return found


def converse(
    ears: Listener,
    room: Room,
    guide: Sequence[Line],
    seconds: float,
    own_voice: OwnVoice | None,
    each_block: Callable[[Block], None] = lambda block: None,
) -> Decided:
    """What is decided while the guide speaks in a room; what the parent says has been placed there before."""
    speaker = silence(seconds + 1)
    for line in guide:
        start = round(line.at * RATE)
        speaker[start : start + len(line.pcm)] = line.pcm
    blocks: Iterator[Pcm] = iter(speaker[: len(speaker) // BLOCK * BLOCK].reshape(-1, BLOCK))
    coming = list(guide)
    room.open(lambda n: next(blocks))
    decided: Decided = []
    while room.now < seconds:
        block = room.read()
        while coming and coming[0].at < block.at:
            line = coming.pop(0)
            if own_voice is not None:
                ears.own_voice(own_voice.fakes(line.text, line.pcm), line.at)
        decided += ears.hear(block.pcm, block.at, played=block.played)
        each_block(block)
    return decided + ears.finish()


@pytest.mark.parametrize("echo_db", [-20, 0])
def test_the_guide_does_not_obey_itself(
    vosk_model: Any, book: Phrasebook, speak: Speak, own_voice: OwnVoice, echo_db: float
) -> None:
    guide = lines(
        speak,
        "Say ready when you want to begin.",
        "Say continue to try again.",
        "You can say next, repeat, or pause.",
        "Tell me at once if your baby is fussing.",
        "Say yes to finish, or no to stay.",
        "Stop the massage, and tend to your baby.",
        "Say continue, repeat, or finish for today.",
    )
    end = guide[-1].at + 4
    decided = converse(Listener(vosk_model, book), Room(echo_db=echo_db), guide, end, own_voice)
    assert obeyed(decided) == []


def test_without_its_guard_it_would(vosk_model: Any, book: Phrasebook, speak: Speak, own_voice: OwnVoice) -> None:
    """The guide says a command itself, and no one else speaks; where the microphone is not told so, it obeys."""
    guide = lines(speak, "Let's have a quiet moment.", "Pause.")
    pcm = np.concatenate([silence(1.0), guide[1].pcm, silence(1.0)])
    assert obeyed(hear(Listener(vosk_model, book), pcm)) == ["pause"]
    for echo_db in (-20.0, -10.0, 0.0):
        room = Room(echo_db=echo_db)
        assert obeyed(converse(Listener(vosk_model, book), room, guide, guide[1].at + 3, own_voice)) == []


@pytest.mark.parametrize("echo_db", [-30, -20, -15, -10])
@pytest.mark.parametrize("voice", VOICES[:2])
def test_the_answer_right_after_the_sentence_is_obeyed(
    ears: Listener, speak: Speak, own_voice: OwnVoice, voice: str, echo_db: float
) -> None:
    guide = lines(
        speak, "Let's have a quiet moment.", "Some babies need a little time.", "Say continue to try again."
    )
    end = guide[-1].at + sounding(guide[-1].pcm)[1]
    answer = speak("continue", voice)
    room = Room(echo_db=echo_db)
    at, until = room.place(answer, at=end + 0.3 - sounding(answer)[0])
    assert at == pytest.approx(end + 0.3, abs=0.001)
    decided = converse(ears, room, guide, until + 2, own_voice)
    assert obeyed(decided) == ["continue"]
    heard = decided[-1]
    assert isinstance(heard, Heard)
    assert (heard.at, heard.until) == pytest.approx((at, until), abs=0.25)


@pytest.mark.parametrize("phrase", ["pause", "stop", "baby is crying"])
@pytest.mark.parametrize("echo_db", [-30, -20])
def test_the_parent_is_heard_while_the_guide_speaks(
    ears: Listener, book: Phrasebook, speak: Speak, own_voice: OwnVoice, phrase: str, echo_db: float
) -> None:
    guide = lines(
        speak,
        "Lay one warm hand on each thigh, whole and still.",
        "Let your shoulders drop, and breathe softly for about half a minute.",
    )
    room = Room(echo_db=echo_db)
    _, until = room.place(speak(phrase), at=guide[1].at + 1.0)
    (heard,) = converse(ears, room, guide, guide[1].at + 7, own_voice)
    assert isinstance(heard, Heard)
    assert heard.command == book.meaning(phrase)  # "the baby is crying" will do
    assert heard.decided < until + 1.0


def test_just_what_is_faked_is_refused_just_when_it_is(
    vosk_model: Any, book: Phrasebook, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_sound, "CLEAR_DB", float("inf"))  # as if it did not stand out from the guide's own voice
    pcm, (said,) = recording(speak, "continue", gap=2.0)
    middle = (said.at + said.until) / 2
    resume, next_ = Command("resume"), Command("next")
    for fake, start, refused in (
        (Fake("continue", resume, 0.5, 1.0), middle - 0.75, True),
        (Fake("go on", resume, 0.5, 1.0), middle - 0.75, True),  # the same command by another name
        (Fake("next", next_, 0.5, 1.0), middle - 0.75, False),
        (Fake("continue", resume, 0.5, 1.0), middle - 2.5, False),
        (Fake("continue", resume, 0.5, 1.0), middle + 1.0, False),
    ):
        ears = Listener(vosk_model, book)
        ears.own_voice((fake,), start)
        (decided,) = hear(ears, pcm, own=True)
        if refused:
            assert decided == Ignored("continue", "own_voice", decided.decided)
        else:
            assert isinstance(decided, Heard) and decided.command == resume


def test_a_voice_far_above_the_echo_is_obeyed_whatever_the_guide_says(
    vosk_model: Any, book: Phrasebook, speak: Speak
) -> None:
    pcm, (said,) = recording(speak, "continue", gap=2.0)
    ears = Listener(vosk_model, book)
    ears.own_voice((Fake("continue", Command("resume"), 0.0, 3.0),), said.at)
    assert obeyed(hear(ears, pcm, own=True)) == ["continue"]


def test_no_prompt_of_the_guide_is_obeyed(vosk_model: Any, book: Phrasebook, voice: Any, own_voice: OwnVoice) -> None:
    """All that it says of its own, in a room with a loud echo."""
    said = {s for sentences in load_language("en").prompts.values() for s in sentences if "{" not in s}
    guide = lines(lambda text, *_: voice.render(text), *sorted(said))
    ears = Listener(vosk_model, book)
    decided = converse(ears, Room(echo_db=-10), guide, guide[-1].at + 5, own_voice)
    assert obeyed(decided) == []


# Somebody speaks over the guide


def voices(ears: Listener, room: Room, guide: Sequence[Line], seconds: float) -> list[tuple[float, float]]:
    """From when to when it heard somebody speak."""
    found: list[tuple[float, float]] = []
    before = 0.0

    def note(block: Block) -> None:
        nonlocal before
        if ears.voice:
            start = found.pop()[0] if found and found[-1][1] == before else block.at
            found.append((start, block.at))
        before = block.at

    converse(ears, room, guide, seconds, None, note)
    return found


GUIDE = (
    "Hold one ankle loosely, and glide your other hand from hip to ankle.",
    "Be slow, and just firm enough not to tickle.",
    "Let your shoulders drop, and breathe softly for about half a minute.",
)


@pytest.mark.parametrize("echo_db", [-20, -10, 0])
def test_its_own_voice_is_nobodys(vosk_model: Any, book: Phrasebook, speak: Speak, echo_db: float) -> None:
    guide = lines(speak, *GUIDE)
    noticed = voices(Listener(vosk_model, book), Room(echo_db=echo_db), guide, guide[-1].at + 5)
    assert [span for span in noticed if echo_db < 0 or span[0] > 3.0] == [], "as loud as a parent: once it knows it"


@pytest.mark.parametrize("echo_db", [-20, -10])
def test_who_speaks_over_the_guide_is_noticed_at_once(
    vosk_model: Any, book: Phrasebook, speak: Speak, echo_db: float
) -> None:
    guide = lines(speak, *GUIDE)
    room = Room(echo_db=echo_db)
    start, until = room.place(speak("what a lovely baby you are"), at=8.0)
    ((noticed, ended),) = voices(Listener(vosk_model, book), room, guide, 14.0)
    assert start < noticed < start + 0.35
    assert until < ended < until + rules.VOICE_S + 0.4, "it was nothing: then nobody speaks any more"


def test_who_has_given_a_command_has_said_what_he_wanted(vosk_model: Any, book: Phrasebook, speak: Speak) -> None:
    """The guide's answer is not softened by the last of the command."""
    guide = lines(speak, *GUIDE)
    room = Room(echo_db=-20)
    _, until = room.place(speak("pause"), at=8.0)
    ((_, ended),) = voices(Listener(vosk_model, book), room, guide, 14.0)
    assert ended < until + 0.3
