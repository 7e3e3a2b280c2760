"""Rehearsals: the scripts that come with the routines, from the first word to the last, and how scripts work.

The first half runs the program as a user does, with the real voice and the real recogniser. The second half has ears
that can't err, because what a script means doesn't depend on them.
"""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from conftest import PARENT_VOICE, Speak, need_espeak
from rig import GIVE_UP_S

from voiceguide.errors import SourceError, VoiceguideError
from voiceguide.guide.machine import Guide
from voiceguide.guide.situations import State
from voiceguide.hearing.ears import Fake, Heard, Ignored
from voiceguide.language.command import CALMING, NAMES, Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition import models
from voiceguide.recognition.graph import Costs
from voiceguide.recognition.model import ClosedModel
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sessions import entries, transcript
from voiceguide.sessions.assembly import Options
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.rehearsal import PATIENCE_S, TURN_S, Actor, Rehearsal, Report, reactions
from voiceguide.sessions.script import Cue, built_in, load_script
from voiceguide.sessions.session import Session
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.levels import active_rms
from voiceguide.sound.room import Room
from voiceguide.speech.voice import Voice

ROUTINES = (
    "bedtime-wind-down",
    "first-weeks",
    "hand-and-wrist",
    "infant-massage",
    "still-touch",
    "stuffy-nose",
    "teething-comfort",
    "tummy-ease",
)
BLOCK_S = BLOCK / RATE
CHIME_S = 0.22
SILENT = round(32768 * 10 ** (-60 / 20))
"""-60 dBFS."""

Line = dict[str, Any]


@dataclass(slots=True)
class Rehearsed:
    """What a run of ``voiceguide rehearse --json --wav`` gave."""

    exit_code: int
    errors: str
    lines: list[Line]
    sound: Pcm
    """int16[n, 2]"""

    def of(self, *kinds: str) -> list[Line]:
        return [line for line in self.lines if line["kind"] in kinds]

    @property
    def summary(self) -> Line:
        return self.lines[-1]

    def until_next(self, after: float, *kinds: str) -> float:
        """When the next entry of these kinds came, or the end."""
        times = [line["t"] for line in self.of(*kinds) if line["t"] > after + 1e-6]
        return float(min(times, default=len(self.sound) / RATE))

    def left(self, start: float, until: float) -> Pcm:
        return self.sound[round(start * RATE) : round(until * RATE), 0]

    def right(self, start: float, until: float) -> Pcm:
        return self.sound[round(start * RATE) : round(until * RATE), 1]

    @property
    def answers(self) -> list[tuple[Line, Line]]:
        """Each entry of the parent that was heard as a command, with what was heard."""
        parent = self.of("parent")
        return [
            (max((said for said in parent if said["t"] < heard["until"]), key=lambda said: said["t"]), heard)
            for heard in self.of("heard")
        ]

    @property
    def reactions(self) -> list[tuple[str, float]]:
        """How long after each command its answer came, in ms, with the command's name. What calms is answered by
        silence: the guide's last sound before it's decided. Anything else is answered when it's decided."""
        found = []
        for said, heard in self.answers:
            sounds = np.flatnonzero(np.abs(self.left(said["t"], heard["t"])) > SILENT)
            hushed = heard["command"] in CALMING and len(sounds)
            answered = said["t"] + (sounds[-1] + 1) / RATE if hushed else heard["t"]
            found.append((heard["command"], 1000 * (answered - said["until"])))
        return found


def rehearsed_in(folder: Path, *arguments: str) -> Rehearsed:
    """Run ``voiceguide rehearse`` in a folder."""
    need_espeak()
    wav = folder / "rehearsal.wav"
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", "rehearse", "--json", "--wav", str(wav), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    (folder / "result.json").write_text(json.dumps([result.returncode, result.stderr, result.stdout]))
    return read(folder)


def read(folder: Path) -> Rehearsed:
    """What was rehearsed there."""
    code, errors, output = json.loads((folder / "result.json").read_text())
    wav = folder / "rehearsal.wav"
    sound = soundfile.read(wav, dtype="int16", always_2d=True)[0] if wav.exists() else np.zeros((0, 2), np.int16)
    return Rehearsed(code, errors, [json.loads(line) for line in output.splitlines()], sound)


def rehearse(folder: Path, script: str) -> Rehearsed:
    """Run a script."""
    (folder / "script.yaml").write_text(script, encoding="utf-8")
    return rehearsed_in(folder, "--script", "script.yaml")


def once(folder: Path, run: Callable[[Path], Rehearsed]) -> Rehearsed:
    """The rehearsal in this folder, run by whichever process needs it first."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return read(folder) if (folder / "result.json").exists() else run(folder)


def of_routine(common: Path, name: str) -> Rehearsed:
    """The rehearsal that comes with a routine."""
    return once(common / name, lambda folder: rehearsed_in(folder, name))


@pytest.fixture(scope="module")
def built_in_ones(common: Path) -> Mapping[str, Rehearsed]:
    """The scripts that come with the routines."""
    return {name: of_routine(common, name) for name in ROUTINES}


@pytest.fixture(scope="module", params=ROUTINES)
def rehearsed(common: Path, request: pytest.FixtureRequest) -> Rehearsed:
    return of_routine(common, request.param)


# ---- The scripts that come with the routines ----


def test_every_routine_in_the_box_has_a_script_of_its_own() -> None:
    """But for those in other languages: there is no model in the box to rehearse them with."""
    names = [path.stem for path in all_routines() if load(path).language == "en"]
    assert sorted(names) == sorted(ROUTINES)
    for name in names:
        assert built_in(load(find(name))).stem == name


def test_every_command_is_obeyed_and_none_is_imagined(rehearsed: Rehearsed) -> None:
    assert (rehearsed.exit_code, rehearsed.errors) == (0, "")
    assert rehearsed.summary["commands_given"] == rehearsed.summary["commands_obeyed"] > 10
    assert rehearsed.summary["false_commands"] == 0


def test_every_state_is_visited_and_the_last_one_is_the_end(rehearsed: Rehearsed) -> None:
    states = [line["state"] for line in rehearsed.of("state")]
    assert set(states) == set(State)
    assert (states[0], states[-1]) == ("preparing", "finished")


def test_the_whole_script_is_played(built_in_ones: Mapping[str, Rehearsed]) -> None:
    for name, rehearsed in built_in_ones.items():
        script = load_script(built_in(load(find(name))))
        assert [line["text"] for line in rehearsed.of("parent")] == [entry.say for entry in script.parent]


SIGNS = (
    "happy_sounds bowel_sounds glowing_skin relaxed_breathing bright_eyed focusing enjoying "
    "hiccoughs skin_colour unable_to_focus restless irritable disinterested crying fussing"
).split()
NUMBER = (int, float)
CONTRACT: dict[str, dict[str, tuple[type, ...]]] = {
    "state": {"state": (str,), "step": (str, type(None))},
    "said": {"text": (str,)},
    "hushed": {},
    "chime": {"sound": (str,)},
    "parent": {"text": (str,), "until": NUMBER},
    "heard": {"at": NUMBER, "until": NUMBER, "command": (str,), "phrase": (str,), "confidence": NUMBER},
    "ignored": {"phrase": (str,), "why": (str,)},
    "timer": {"name": (str,)},
    "end": {},
}
PERHAPS = {"said": {"step"}, "heard": {"target", "targets", "sign", "reason", "about", "danger"}}


def test_each_line_has_the_keys_of_its_kind(rehearsed: Rehearsed) -> None:
    for line in rehearsed.lines[:-1]:
        kind = line["kind"]
        assert 0 <= line["t"] <= rehearsed.summary["duration_s"]
        assert {"t", "kind"} | CONTRACT[kind].keys() <= line.keys()
        assert line.keys() - {"t", "kind"} - CONTRACT[kind].keys() <= PERHAPS.get(kind, set())
        for key, types in CONTRACT[kind].items():
            assert isinstance(line[key], types), line


def test_the_lines_say_what_the_contract_lets_them_say(rehearsed: Rehearsed) -> None:
    steps = {step.id for name in ROUTINES for step in load(find(name)).steps}
    for line in rehearsed.lines:
        match line["kind"]:
            case "state":
                assert line["state"] in set(State)
                assert line["step"] is None or line["step"] in steps
            case "said":
                assert line.get("step", next(iter(steps))) in steps
            case "parent":
                assert line["until"] > line["t"]
            case "ignored":
                assert line["why"] in ("own_voice", "low_confidence", "not_now")
            case "heard":
                assert line["command"] in NAMES
                assert ("sign" in line) == (line["command"] in ("comfort", "stress"))
                assert line.get("sign", "crying") in SIGNS
                assert ("target" in line) == (line["command"] == "goto")
                assert line["at"] < line["until"] <= line["t"]
                assert 0 < line["confidence"] <= 1


def test_the_summary_has_its_keys(rehearsed: Rehearsed) -> None:
    assert [line["kind"] for line in rehearsed.lines].count("summary") == 1
    numbers = rehearsed.summary
    for key in ("commands_given", "commands_obeyed", "false_commands"):
        assert type(numbers[key]) is int
    for value in (numbers["compute_rtf"], numbers["duration_s"], numbers["wall_s"], *numbers["reaction_ms"].values()):
        assert isinstance(value, NUMBER)
        assert value > 0
    assert numbers["reaction_ms"].keys() == {"median", "p95"}
    assert numbers.keys() == {
        *("kind", "commands_given", "commands_obeyed", "false_commands"),
        *("reaction_ms", "compute_rtf", "duration_s", "wall_s"),
    }


def test_the_end_comes_once_and_last(rehearsed: Rehearsed) -> None:
    assert [line["kind"] for line in rehearsed.lines[-2:]] == ["end", "summary"]
    assert len(rehearsed.of("end")) == 1


def test_commands_are_heard_where_the_parent_said_them(rehearsed: Rehearsed) -> None:
    for said, heard in rehearsed.answers:
        assert heard["at"] == pytest.approx(said["t"], abs=0.3)
        assert heard["until"] == pytest.approx(said["until"], abs=0.3)


def test_the_reactions_of_the_summary_are_those_of_the_transcript_and_the_time_to_compute(
    rehearsed: Rehearsed,
) -> None:
    reactions = [ms for _, ms in rehearsed.reactions]
    for key, quantile in (("median", 0.5), ("p95", 0.95)):
        assert rehearsed.summary["reaction_ms"][key] >= np.quantile(reactions, quantile)


# ---- "Pause" ----

PAUSES = """
routine: first-weeks
seed: 11
parent:
  - {at: 5.0, when: {state: preparing, speaking_for: 1.0}, say: pause}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 0.5}, say: hold on}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 0.8}, say: pause, voice: en-gb-x-rp+f5}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 1.5}, say: stop}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 1.2}, say: pause, voice: en-gb-x-rp+f5}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 0.7}, say: take a break, voice: en-gb-x-rp+f5}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 0.9}, say: pause please}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: preparing, speaking_for: 1.1}, say: stop, voice: en-gb-x-rp+f5}
"""


@pytest.fixture(scope="module")
def pauses(common: Path) -> Rehearsed:
    """Eight times "pause", in several words and voices, into the guide's sentences."""
    return once(common / "pauses", lambda folder: rehearse(folder, PAUSES))


def test_a_pause_is_obeyed_within_300_ms_and_hardly_ever_after_500(
    pauses: Rehearsed, built_in_ones: Mapping[str, Rehearsed]
) -> None:
    assert pauses.summary["commands_obeyed"] == pauses.summary["commands_given"] == 15, pauses.errors
    reactions = [
        ms
        for rehearsed in (pauses, *built_in_ones.values())
        for command, ms in rehearsed.reactions
        if command in ("pause", "stop")
    ]
    assert len(reactions) >= 11
    assert np.median(reactions) <= 300
    assert np.quantile(reactions, 0.95) <= 500


def test_the_guide_is_silent_within_a_block_where_the_transcript_says_hushed(
    pauses: Rehearsed, built_in_ones: Mapping[str, Rehearsed]
) -> None:
    stretches = []
    for rehearsed in (pauses, *built_in_ones.values()):
        for hushed in rehearsed.of("hushed"):
            assert np.abs(rehearsed.left(hushed["t"] - 0.7, hushed["t"])).max() > SILENT, "something was cut off"
            until = rehearsed.until_next(hushed["t"], "said", "chime")
            stretches.append(rehearsed.left(hushed["t"] + BLOCK_S, until))
    assert len(stretches) > 15
    assert all(len(quiet) > 0.05 * RATE for quiet in stretches)
    assert max(np.abs(quiet).max() for quiet in stretches) < SILENT


# ---- The recording ----


def test_the_recording_is_stereo_and_as_long_as_the_rehearsal(rehearsed: Rehearsed) -> None:
    assert rehearsed.sound.shape[1] == 2
    assert len(rehearsed.sound) / RATE == pytest.approx(rehearsed.summary["duration_s"], abs=0.01)


def words_found(sentences: Sequence[Sequence[str]], sounds: Iterable[Pcm]) -> float:
    """Which part of the words of the sentences is recognised, in order, in the sounds. The recogniser takes any of
    them for one, wherever it belongs, rather than for an unknown one."""
    model = ClosedModel(models.box(), costs=Costs(calming=1.0, unknown=30.0))
    meanings = {word: Command("pause") for words in sentences for word in words if model.knows(word)}
    pause = np.zeros(RATE // 2, np.int16)
    found = 0
    for words, sound in zip(sentences, sounds, strict=True):
        recogniser = model.recogniser(Phrasebook(meanings, ()))
        recogniser.AcceptWaveform(np.concatenate([pause, sound, pause]).tobytes())
        heard = json.loads(recogniser.FinalResult())["text"].split()
        matches = SequenceMatcher(None, words, heard, autojunk=False).get_matching_blocks()
        found += sum(match.size for match in matches)
    return found / sum(map(len, sentences))


def whole_sentences(rehearsed: Rehearsed) -> Iterator[tuple[list[str], Pcm]]:
    """What the guide said to the end, and the left channel meanwhile."""
    for said in rehearsed.of("said"):
        until = rehearsed.until_next(said["t"], "said", "hushed", "chime")
        if until == rehearsed.until_next(said["t"], "said") or until == len(rehearsed.sound) / RATE:
            yield normal(said["text"]).split(), rehearsed.left(said["t"], min(until, said["t"] + 15.0))


def test_the_guide_is_understood_by_the_left_channel(rehearsed: Rehearsed) -> None:
    sentences, sounds = zip(*whole_sentences(rehearsed), strict=True)
    assert sum(map(len, sentences)) > 100
    assert words_found(sentences, sounds) > 0.6
    # The same sounds under other sentences: what is found by chance.
    assert words_found(sentences[1:] + sentences[:1], sounds) < 0.3


def test_the_parent_is_in_the_right_channel_and_not_in_the_left(rehearsed: Rehearsed) -> None:
    quiet = []
    for said in rehearsed.of("parent"):
        assert np.abs(rehearsed.right(said["t"], said["until"])).max() > 10 * SILENT
        if not any(line["t"] > said["t"] - 20.0 and line["t"] < said["until"] for line in rehearsed.of("said")):
            quiet.append(rehearsed.left(said["t"], said["until"]))
    assert all(np.abs(sound).max() < SILENT for sound in quiet)


def test_the_microphone_hears_the_guide_more_softly(rehearsed: Rehearsed) -> None:
    parent = [(line["t"] - 0.5, line["until"] + 0.5) for line in rehearsed.of("parent")]
    ratios = []
    for said in rehearsed.of("said"):
        start, until = said["t"] + 0.2, said["t"] + 0.9
        if not any(a < until and start < b for a, b in parent):
            guide, echo = rehearsed.left(start, until), rehearsed.right(start, until)
            ratios.append(20 * np.log10((echo.std() + 1) / (guide.std() + 1)))
    # 20 dB below the parent, who is at -26 dBFS where the guide's own voice is at -20.
    assert np.median(ratios) == pytest.approx(-26, abs=2)


# ---- Noise, recordings, and a script that is not played to its end ----


@pytest.fixture(scope="module")
def in_noise(common: Path, speak: Speak) -> Rehearsed:
    """A room with a fan, in which somebody talks on a recording."""
    return once(common / "in-noise", partial(rehearse_in_noise, speak))


def rehearse_in_noise(speak: Speak, folder: Path) -> Rehearsed:
    fan = np.random.default_rng(1).normal(scale=2_000, size=44_100).astype(np.int16)
    soundfile.write(folder / "fan.wav", fan, 44_100)
    talk = speak("please hand me the towel over there").astype(np.float64)
    soundfile.write(folder / "talk.flac", np.stack([talk, talk], axis=1).astype(np.int16), RATE)
    script = """
routine: first-weeks
room: {echo_db: -30, noise: fan.wav, snr_db: 25}
parent:
  - {at: 5.0, say: stop}
  - {when: {state: paused, silent_for: 2.0}, play: talk.flac}
  - {after: 2.0, say: finish}
  - {when: {state: finishing, silent_for: 1.0}, say: "yes"}
  - {when: {state: paused}, say: continue}
  - {when: {step: feet-1}, say: pause}
"""
    return rehearse(folder, script)


def test_a_rehearsal_in_noise_is_obeyed(in_noise: Rehearsed) -> None:
    assert [line["command"] for line in in_noise.of("heard")] == ["stop", "finish", "yes"]
    assert in_noise.summary["commands_given"] == in_noise.summary["commands_obeyed"] == 3


def test_the_noise_is_in_the_room_at_its_level(in_noise: Rehearsed) -> None:
    stop = in_noise.of("parent")[0]["until"]
    quiet = in_noise.right(stop + 1.0, stop + 2.0).astype(np.float64)
    assert 20 * np.log10(np.sqrt(np.mean(quiet**2)) / 32768) == pytest.approx(-26 - 25, abs=1)


def test_a_recording_is_played_to_the_microphone_and_is_no_command(in_noise: Rehearsed) -> None:
    played = in_noise.of("parent")[1]
    assert Path(played["text"]).name == "talk.flac"
    during = in_noise.right(played["t"], played["until"]).astype(np.float64)
    assert 20 * np.log10(np.sqrt(np.mean(during**2)) / 32768) > -35
    assert played["until"] - played["t"] > 1.0
    assert in_noise.summary["false_commands"] == 0


def test_cues_that_were_never_reached_are_named(in_noise: Rehearsed) -> None:
    assert in_noise.exit_code == 1
    (line,) = in_noise.errors.splitlines()
    assert line.startswith("voiceguide: the rehearsal was not flawless: 2 entries were never reached")
    assert "script.yaml:9" in line


def test_a_routine_without_a_script_is_rehearsed_by_one_that_suits_any(tmp_path: Path) -> None:
    new = [sys.executable, "-m", "voiceguide", "new", "quiet-evening"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True, timeout=GIVE_UP_S)
    rehearsed = rehearsed_in(tmp_path, "quiet-evening.yaml")
    assert (rehearsed.exit_code, rehearsed.errors) == (0, "")
    assert {line["state"] for line in rehearsed.of("state")} == set(State)


# ---- Errors in a script ----


def errors_in(folder: Path, script: str) -> list[tuple[int, int]]:
    """Line and column of each, by ``load_script``; each must say what is wrong and what to write instead."""
    path = folder / "script.yaml"
    path.write_text(script, encoding="utf-8")
    with pytest.raises(SourceError) as refusal:
        load_script(path)
    for one in refusal.value.errors:
        assert one.file == str(path)
        assert one.what
        assert one.instead
    return [(one.line, one.column) for one in refusal.value.errors]


ALL_WRONG = """\
routine: first-weeks
sede: 7
room: {echo_db: loud, distance: 3}
parent:
  - {at: -1, say: "I'm ready"}
  - {when: {state: sleeping}, say: pause}
  - {when: {}, say: pause}
  - {after: 1.0}
  - {after: 1.0, say: hello, play: clip.flac}
  - {when: {until: 3}, say: next}
  - {say: 3}
"""


def test_all_errors_are_reported_at_once_with_their_places(tmp_path: Path) -> None:
    assert errors_in(tmp_path, ALL_WRONG) == [
        (2, 1),
        (3, 17),
        (3, 23),
        (5, 10),
        (6, 20),
        (7, 12),
        (8, 5),
        (9, 36),
        (10, 13),
        (11, 11),
    ]


@pytest.mark.parametrize("script", ["", "parent: []", "routine: first-weeks", "parent: pause", "parent: [pause]"])
def test_a_file_that_is_not_a_script_is_refused(tmp_path: Path, script: str) -> None:
    assert errors_in(tmp_path, script)


def test_missing_recordings_are_errors(tmp_path: Path) -> None:
    script = "parent:\n  - {play: clip.flac}\n  - {say: pause}\n  - {play: no.wav}\nroom: {noise: fan.wav}\n"
    assert set(errors_in(tmp_path, script)) == {(2, 12), (4, 12), (5, 15)}


def test_the_program_prints_every_error_on_a_line_of_its_own(tmp_path: Path) -> None:
    rehearsed = rehearse(tmp_path, ALL_WRONG)
    assert rehearsed.exit_code == 1
    assert rehearsed.lines == []
    lines = rehearsed.errors.splitlines()
    assert len(lines) == 10
    assert all(re.match(r"script\.yaml:\d+:\d+: .+; .+", line) for line in lines)
    assert lines[0] == "script.yaml:2:1: `sede` is not known here; write `seed` if you meant that"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("routine: nobody\nparent: [{say: pause}]", 'no routine "nobody"'),
        ("parent: [{play: script.yaml}]", "script.yaml is no recording that can be read"),
        ("room: {noise: script.yaml}\nparent: [{say: pause}]", "script.yaml is no recording that can be read"),
        ("parent: [{say: pause, voice: martian}]", "espeak-ng has no voice 'martian'"),
    ],
)
def test_an_error_that_shows_only_later_is_one_line_too(tmp_path: Path, script: str, words: str) -> None:
    rehearsed = rehearse(tmp_path, script)
    assert rehearsed.exit_code == 1
    assert words in rehearsed.errors
    assert len(rehearsed.errors.splitlines()) == 1


def test_recordings_are_looked_for_beside_the_script(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", np.zeros(100, np.int16), RATE)
    (tmp_path / "script.yaml").write_text("room: {noise: clip.wav}\nparent: [{play: clip.wav}]", encoding="utf-8")
    script = load_script(tmp_path / "script.yaml")
    assert script.room["noise"] == script.parent[0].play == tmp_path / "clip.wav"


# ---- When the parent speaks ----


@cache
def first_weeks() -> Routine:
    return load(find("first-weeks"))


@cache
def phrases() -> Phrasebook:
    return load_language("en").phrasebook(first_weeks().parts)


Mishear = Callable[[str], str | None]


class PerfectEars:
    """They hear each phrase at its end; or, with ``mishear``, another one or none."""

    voice = suspects = False

    def __init__(self, said: list[entries.Parent], mishear: Mishear) -> None:
        self._said = said
        self._mishear = mishear
        self._heard = 0

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None) -> list[Heard | Ignored]:
        heard: list[Heard | Ignored] = []
        while self._heard < len(self._said) and at >= self._said[self._heard].until:
            line = self._said[self._heard]
            self._heard += 1
            phrase = self._mishear(line.text)
            command = phrases().meaning(phrase) if phrase else None
            if phrase and command is not None:
                heard.append(Heard(command, phrase, 1.0, line.t, line.until, at))
        return heard

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        """They never mistake the guide for the parent."""


E = TypeVar("E", bound=Entry)


@dataclass(slots=True)
class Acted:
    """A script that was played to perfect ears."""

    entries: list[Entry] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    duration: float = 0.0
    never: list[str] = field(default_factory=list)

    @property
    def parent(self) -> list[entries.Parent]:
        return self.of(entries.Parent)

    def of(self, kind: type[E]) -> list[E]:
        return [entry for entry in self.entries if isinstance(entry, kind)]

    def said(self, text: str) -> entries.Parent:
        (line,) = [line for line in self.parent if line.text == text]
        return line

    def last(self, kind: type[Entry], before: float) -> Entry:
        return [entry for entry in self.of(kind) if entry.t <= before][-1]


@pytest.fixture
def act(voice: Voice, tmp_path: Path) -> Callable[..., Acted]:
    def play(cues: str, mishear: Mishear = lambda phrase: phrase) -> Acted:
        path = tmp_path / "script.yaml"
        path.write_text(f"routine: first-weeks\nparent:\n{cues}", encoding="utf-8")
        script = load_script(path)
        acted, room = Acted(), Room()
        said: list[entries.Parent] = []

        def render(cue: Cue) -> Pcm:
            assert cue.say is not None
            return voice.render(cue.say, voice=cue.voice or PARENT_VOICE)

        guide = Guide(first_weeks(), load_language("en"))
        narrator = Narrator(voice, None, ahead=False)
        session = Session(guide, room, narrator, PerfectEars(said, mishear))
        parent = Actor(script, session, room, render, phrases().meaning)

        def each_turn(happened: list[Entry]) -> None:
            spoken = parent.act(happened, compute_s=0.0)
            acted.entries += [*happened, *spoken]
            said.extend(entry for entry in spoken if isinstance(entry, entries.Parent))

        session.run(each_turn)
        acted.report = parent.report
        acted.report.reactions_ms = reactions(acted.report.given, np.concatenate(room.speaker))
        acted.never = parent.never()
        acted.duration = room.now
        return acted

    return play


Act = Callable[..., Acted]


def soon(moment: float) -> Any:
    """The next block, after the short silence with which a rendered voice begins."""
    return pytest.approx(moment, abs=0.06)


def test_at_counts_from_the_start(act: Act) -> None:
    acted = act('  - {at: 2.0, say: "stop"}\n  - {at: 4.5, say: "where are we"}\n')
    assert [line.t for line in acted.parent] == [soon(2.0), soon(4.5)]


def test_after_counts_from_the_end_of_the_entry_before(act: Act) -> None:
    acted = act('  - {after: 1.0, say: "stop"}\n  - {after: 3.0, say: "where are we"}\n')
    first, second = acted.parent
    assert first.t == soon(1.0)
    assert second.t == soon(first.until + 3.0)


def test_without_a_moment_an_entry_follows_the_one_before(act: Act) -> None:
    acted = act('  - {say: "stop"}\n  - {say: "hello"}\n')
    first, second = acted.parent
    assert first.t == soon(0.0)
    assert second.t == soon(first.until)


def test_entries_keep_their_order_and_nobody_interrupts_himself(act: Act) -> None:
    acted = act('  - {at: 3.0, say: "stop"}\n  - {at: 1.0, say: "hello"}\n  - {at: 3.1, say: "where are we"}\n')
    assert [line.text for line in acted.parent] == ["stop", "hello", "where are we"]
    assert [line.t for line in acted.parent[1:]] == [soon(line.until) for line in acted.parent[:-1]]


def test_each_entry_is_said_once_though_its_moment_lasts(act: Act) -> None:
    acted = act('  - {when: {state: preparing}, say: "hello"}\n  - {when: {state: preparing}, say: "stop"}\n')
    assert [line.text for line in acted.parent] == ["hello", "stop"]


def test_when_waits_for_a_state(act: Act) -> None:
    acted = act('  - {at: 3.0, say: "stop"}\n  - {when: {state: paused}, say: "where are we"}\n')
    assert acted.said("where are we").t == soon(acted.said("stop").until + TURN_S)


def test_when_waits_for_a_step(act: Act) -> None:
    cues = [
        '  - {at: 1.0, say: "ready"}\n',
        '  - {after: 3.0, say: "go to the feet"}\n',
        '  - {when: {step: feet-1}, say: "next"}\n',
        '  - {when: {step: feet-2}, say: "stop"}\n',
    ]
    acted = act("".join(cues))
    assert acted.never == []
    reached = {state.step: state.t for state in reversed(acted.of(entries.State))}
    assert acted.said("next").t > reached["feet-1"]
    assert reached["feet-1"] < acted.said("next").t < reached["feet-2"] < acted.said("stop").t


@pytest.mark.parametrize("seconds", [1.0, 2.5])
def test_speaking_for_counts_from_the_start_of_a_sentence(act: Act, seconds: float) -> None:
    acted = act(f'  - {{at: 4.0, when: {{state: preparing, speaking_for: {seconds}}}, say: "stop"}}\n')
    said = acted.said("stop").t
    sentence = acted.last(entries.Said, said).t
    assert said - sentence >= seconds
    assert said == soon(max(4.0, sentence + seconds))


def test_speaking_for_never_comes_where_the_guide_is_silent(act: Act) -> None:
    acted = act('  - {at: 1.0, say: "stop"}\n  - {when: {speaking_for: 20.0}, say: "continue"}\n')
    assert [line.text for line in acted.parent] == ["stop"]
    assert len(acted.never) == 1


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_silent_for_counts_from_the_last_sound(act: Act, seconds: float) -> None:
    acted = act(f'  - {{at: 2.0, say: "stop"}}\n  - {{when: {{silent_for: {seconds}}}, say: "continue"}}\n')
    hushed = acted.last(entries.Hushed, 4.0).t
    assert acted.said("continue").t == soon(hushed + seconds)


def test_silent_for_is_not_confused_by_the_gaps_between_sentences(act: Act) -> None:
    acted = act('  - {when: {state: preparing, silent_for: 0.2}, say: "ready"}\n')
    sentences = [said.text for said in acted.of(entries.Said)]
    assert load_language("en").say("say_ready")[-1] in sentences, "the preparation is said to its end"
    assert acted.said("ready").t > acted.last(entries.Said, acted.said("ready").t).t + 1.0


def test_a_breath_is_taken_before_an_entry_with_when_but_not_where_after_says_how_long(act: Act) -> None:
    acted = act('  - {at: 2.0, say: "stop"}\n  - {when: {state: paused}, after: 0.1, say: "continue"}\n')
    stop = acted.said("stop").until
    assert acted.said("continue").t == soon(stop + 0.1)


def test_all_conditions_must_hold(act: Act) -> None:
    entries = (
        '  - {at: 2.0, say: "stop"}\n  - {at: 9.0, after: 3.0, when: {state: paused, silent_for: 1.0}, say: "back"}\n'
    )
    assert act(entries).said("back").t == soon(9.0)
    entries = entries.replace("9.0", "3.0").replace("after: 3.0", "after: 4.0")
    acted = act(entries)
    assert acted.said("back").t == soon(acted.said("stop").until + 4.0)


def test_a_rehearsal_ends_soon_after_the_last_entry(act: Act) -> None:
    acted = act('  - {at: 2.0, say: "stop"}\n')
    assert isinstance(acted.entries[-1], entries.End)
    assert acted.duration == pytest.approx(acted.said("stop").until + 5.0, abs=0.2)


def test_a_moment_that_never_comes_is_waited_for_for_long_and_then_given_up(act: Act) -> None:
    acted = act('  - {at: 2.0, say: "stop"}\n  - {when: {step: legs-2}, say: "next"}\n  - {say: "hello"}\n')
    assert [Path(where).name for where in acted.never] == ["script.yaml:4", "script.yaml:5"]
    reminder = acted.last(entries.Said, acted.duration).t
    assert acted.duration > reminder + PATIENCE_S
    assert acted.duration < reminder + PATIENCE_S + 10.0


# ---- The score ----


def test_commands_given_and_obeyed_are_counted(act: Act) -> None:
    report = act(
        '  - {at: 1.0, say: "stop"}\n  - {after: 1.0, say: "hello"}\n  - {after: 1.0, say: "continue"}\n'
    ).report
    assert ([given.phrase for given in report.given], report.obeyed) == (["stop", "continue"], 2)
    assert report.flawless
    assert report.flaws() == ""
    assert report.summary().reaction_ms == {
        # "Stop" cuts a sentence off; "continue" is answered by the chime.
        "median": pytest.approx(20, abs=20),
        "p95": pytest.approx(20, abs=20),
    }


def test_a_command_that_was_not_heard_is_a_flaw(act: Act) -> None:
    report = act('  - {at: 1.0, say: "stop"}\n', mishear=lambda phrase: None).report
    assert (len(report.given), report.obeyed, report.false_commands) == (1, 0, 0)
    assert not report.flawless
    assert re.fullmatch(r'not obeyed: "stop" at 1\.\d s', report.flaws())
    assert report.summary().reaction_ms == {"median": None, "p95": None}


def test_a_command_that_nobody_gave_is_a_flaw(act: Act) -> None:
    report = act('  - {at: 1.0, say: "hello"}\n', mishear=lambda phrase: "next").report
    assert (len(report.given), report.false_commands) == (0, 1)
    assert not report.flawless
    assert report.flaws() == "1 commands were heard that nobody gave"


def test_a_command_taken_for_another_is_two_flaws(act: Act) -> None:
    report = act('  - {at: 1.0, say: "stop"}\n', mishear=lambda phrase: "skip").report
    assert (len(report.given), report.obeyed, report.false_commands) == (1, 0, 1)


def test_the_line_for_people_says_how_it_went(act: Act) -> None:
    report = act('  - {at: 1.0, say: "stop"}\n').report
    report.duration_s, report.wall_s = 90.0, 3.0
    assert transcript.summary(report.summary()).startswith(
        "Rehearsed 1.5 minutes in 3 s: 1 commands given, 1 obeyed, 0 false commands;"
    )
    assert transcript.summary(Report().summary()).endswith("median reaction none.")


def test_a_script_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(VoiceguideError, match=r"nowhere\.yaml: there is no such file"):
        load_script(tmp_path / "nowhere.yaml")


# ---- Barge-in at any moment ----

ANY_MOMENT = """
routine: first-weeks
seed: 5
room: {echo_db: -10, delay_ms: 60, reverb_s: 0.3}
parent:
  - {at: 4.0, when: {state: preparing, speaking_for: 1.0}, say: music on}
  - {when: {state: preparing, speaking_for: 1.0}, say: "I'm ready"}
  - {when: {step: legs-1, speaking_for: 1.0}, say: where are we}          # under the guide's voice
  - {after: 1.05, say: pause}                                             # under the chime
  - {when: {state: paused, silent_for: 0.5}, say: continue}
  - {when: {step: legs-1, speaking_for: 1.5}, say: pause, voice: en-gb-x-rp+f5}
  - {when: {state: paused, silent_for: 1.0}, say: continue}
  - {when: {state: guiding, silent_for: 2.5}, say: baby is hiccuping}     # under the music, in a stroke
  - {when: {state: tending, speaking_for: 1.0}, say: be quiet}            # into the guidance
  - {when: {state: tending, silent_for: 1.0}, say: baby is calm}
  - {when: {state: tending, silent_for: 0.5}, say: continue}
  - {when: {state: guiding, silent_for: 2.5}, say: music off}
  - {when: {state: guiding, silent_for: 1.0}, say: next}
"""


@pytest.fixture(scope="module")
def any_moment(common: Path) -> Rehearsed:
    return once(common / "any-moment", lambda folder: rehearse(folder, ANY_MOMENT))


def test_commands_are_obeyed_under_its_voice_a_chime_a_stroke_and_music(any_moment: Rehearsed) -> None:
    """With an echo 10 dB below the parent's voice."""
    summary = any_moment.summary
    assert summary["commands_obeyed"] == summary["commands_given"] == 13, any_moment.errors
    assert summary["false_commands"] == 0


def test_it_ducks_while_somebody_speaks_over_it_and_comes_back(tmp_path: Path) -> None:
    """What was said isn't a command."""
    script = """
routine: first-weeks
seed: 5
room: {echo_db: -10, delay_ms: 60, reverb_s: 0.3}
parent:
  - {at: 5.0, when: {state: preparing, speaking_for: 1.0}, say: what a lovely big boy you are}
"""
    talked = rehearse(tmp_path, script)
    (said,) = talked.of("parent")
    assert talked.of("hushed") == talked.of("heard") == []

    def level(start: float, until: float) -> float:
        return 20 * float(np.log10(active_rms(talked.left(start, until))))

    before = level(said["t"] - 1.0, said["t"])
    assert level(said["t"] + 0.4, said["until"]) < before - 8
    assert level(said["until"] + 1.2, said["until"] + 2.2) > before - 4


# ---- Every sign ----

TOLD = {
    "hiccoughs": "he's got the hiccups",
    "skin_colour": "she's very pale",
    "unable_to_focus": "they're looking away",
    "restless": "the little one is restless",
    "irritable": "he's grumpy",
    "disinterested": "she doesn't like it",
    "crying": "baby's crying",
    "fussing": "my baby is fussing",
}
"""For each sign of stress, a way to report it."""
WHY = {
    "hungry": "she's hungry",
    "pain": "he's in pain",
    "sad": "she's sad",
    "tired": "they're tired",
    "frightened": "he's scared",
}
WARM = {
    "happy_sounds": "she's giggling",
    "bowel_sounds": "tummy is rumbling",
    "glowing_skin": "he's rosy",
    "relaxed_breathing": "relaxed breathing",
    "bright_eyed": "bright eyes",
    "focusing": "she's looking at me",
    "enjoying": "he likes it",
}


@pytest.fixture(scope="module")
def all_signs(common: Path) -> Rehearsed:
    """A parent who reports one sign after the other, and goes on while there may be a massage today."""
    story = ["- {when: {state: preparing, speaking_for: 1.0}, say: ready}"]
    for n, phrase in enumerate([*TOLD.values(), WHY["sad"], WHY["frightened"]]):
        over = "tending" if n < 2 else "finishing"  # from the third on it is about to finish
        story += [
            f'- {{when: {{state: guiding, speaking_for: 1.0}}, say: "{phrase}"}}',
            "- {when: {state: tending, silent_for: 2.5}, say: baby is calm}",
            f"- {{when: {{state: {over}, silent_for: 1.0}}, say: continue}}",
        ]
    story += ["- {when: {state: guiding, speaking_for: 1.0}, say: mixed signs}"]
    story += ["- {when: {state: reassuring, silent_for: 2.5}, say: continue}"]
    for phrase in WARM.values():
        story += [f'- {{after: 7.0, when: {{state: guiding}}, say: "{phrase}"}}']
    # The first of these ends the massage for today. In between another sign, so that "stop" is said to each.
    story += [f'- {{after: 9.0, when: {{state: guiding}}, say: "{WHY["hungry"]}"}}']
    for phrase in (TOLD["fussing"], WHY["pain"], TOLD["fussing"], WHY["tired"], "he's turning blue"):
        story += [f'- {{when: {{state: tending, silent_for: 2.5}}, say: "{phrase}"}}']
    script = "routine: infant-massage\nparent:\n" + "\n".join(f"  {line}" for line in story) + "\n"
    return once(common / "all-signs", lambda folder: rehearse(folder, script))


def said_after(session: Rehearsed, command: str, **more: str) -> list[str]:
    """What the guide said from hearing a command until it heard the next one."""
    lines = session.lines
    start = next(
        n
        for n, line in enumerate(lines)
        if line["kind"] == "heard" and line["command"] == command and more.items() <= line.items()
    )
    end = next(n for n, line in enumerate(lines) if n > start and line["kind"] in ("heard", "summary"))
    return [line["text"] for line in lines[start:end] if line["kind"] == "said"]


def test_every_sign_that_is_reported_is_understood(all_signs: Rehearsed) -> None:
    assert (all_signs.exit_code, all_signs.errors) == (0, "")
    assert all_signs.summary["false_commands"] == 0


@pytest.mark.parametrize("sign", TOLD)
def test_a_sign_of_stress_is_answered_with_how_to_tend_to_it_once(all_signs: Rehearsed, sign: str) -> None:
    answer = load(find("infant-massage")).signs[sign].say
    said = said_after(all_signs, "stress", sign=sign)
    assert said == ["Stop the massage, and tend to your baby.", *answer, *load_language("en").say("quiet_wait")]


@pytest.mark.parametrize("reason", WHY)
def test_each_kind_of_crying_has_its_answer(all_signs: Rehearsed, reason: str) -> None:
    answer = load(find("infant-massage")).signs["crying"].reasons[reason]
    said = said_after(all_signs, "stress", sign="crying", reason=reason)
    assert said == ["Stop the massage, and tend to your baby.", *answer, *load_language("en").say("quiet_wait")]


def test_danger_is_answered_with_the_emergency_words_first(all_signs: Rehearsed) -> None:
    said = said_after(all_signs, "stress", danger=True)
    assert said[0] == "This can be an emergency. Get help now."


def test_mixed_signs_are_answered_by_a_pause_reassurance_and_another_try(all_signs: Rehearsed) -> None:
    said = said_after(all_signs, "mixed")
    assert said[0] == "Let's have a quiet moment." and said[-1] == "Say continue to try again."
    assert said[1:-1] == list(load(find("infant-massage")).mixed.say)


@pytest.mark.parametrize("sign", WARM)
def test_a_sign_of_comfort_has_a_warm_word_and_the_massage_goes_on(all_signs: Rehearsed, sign: str) -> None:
    routine = load(find("infant-massage"))
    said = said_after(all_signs, "comfort", sign=sign)
    assert said[: len(routine.signs[sign].say)] == list(routine.signs[sign].say)
    onwards = (*routine.steps[0].say, *load_language("en").say("next_first"))
    assert said[len(routine.signs[sign].say)] in onwards


def test_there_is_quiet_between_the_sentences_for_a_parent_who_tends_to_the_baby(all_signs: Rehearsed) -> None:
    start = next(line["t"] for line in all_signs.of("heard") if line.get("sign") == "crying")
    times = [line["t"] for line in all_signs.of("said") if start < line["t"] < start + 30][:5]
    for begin in times[1:]:
        gap = all_signs.left(begin - 0.8, begin - 0.05)
        assert np.abs(gap.astype(int)).max() < 200


# ---- What comes before the massage ----

CARE = built_in(load(find("infant-massage"))).parent / "care"
FIRST = {
    "danger": "This can be an emergency. Get help now.",
    "unwell": "Leave the massage for today, and hold your baby close.",
    "fall": "Stay with your baby, and press a clean cloth on anything that bleeds.",
    "overwhelmed": "This is hard, and you're not alone with it.",
    "asleep": "Sweet dreams.",
}
"""What the guide says first in each of these scripts."""


@pytest.mark.parametrize("what", FIRST)
def test_what_comes_before_the_massage_is_heard_and_ends_it(common: Path, what: str) -> None:
    script = (CARE / f"{what}.yaml").read_text("utf-8")
    session = once(common / f"care-{what}", lambda folder: rehearse(folder, script))
    assert (session.exit_code, session.errors) == (0, "")
    assert session.summary["commands_given"] == session.summary["commands_obeyed"] == script.count("say:")
    told = [line["command"] for line in session.of("heard")][1]
    said = said_after(session, told)
    assert said[0] == FIRST[what]
    strokes = {line for step in load(find("infant-massage")).steps for line in step.say}
    everything = [line["text"] for line in session.of("said")]
    assert not strokes & {*everything[everything.index(FIRST[what]) :]}


def test_the_phone_is_waited_for(common: Path) -> None:
    script = (CARE / "away.yaml").read_text("utf-8")
    session = once(common / "care-away", lambda folder: rehearse(folder, script))
    assert session.summary["commands_given"] == session.summary["commands_obeyed"] == script.count("say:")
    assert said_after(session, "away")[0].startswith("I'll wait.")
    assert said_after(session, "resume")[0] == "All right, we'll pick up where we left off."


CRYING = Path(__file__).parents[2] / "voiceguide" / "sessions" / "rehearsals" / "crying.yaml"


def test_a_script_can_play_a_cry_and_expect_the_question() -> None:
    rehearsal = Rehearsal(load_script(CRYING), Options(cry=True))
    told: list[Entry] = []
    report = rehearsal.run(told.append)
    assert report.flaws() == ""
    question = [entry for entry in told if isinstance(entry, entries.Said) and "hear crying" in entry.text]
    heard = [entry for entry in told if isinstance(entry, entries.Crying)]
    assert len(question) == len(heard) == 2
    states = [entry.state for entry in told if isinstance(entry, entries.State)]
    assert states.count("paused") == 2 and "tending" in states


def test_where_crying_is_the_noise_of_the_room_the_guide_does_not_ask(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "routine: first-weeks\n"
        f"room: {{noise: {CRYING.with_name('crying.flac')}, snr_db: 15}}\n"
        "parent:\n"
        "  - {at: 14.0, say: finish}\n"
        "  - {when: {state: finishing, silent_for: 0.5}, say: 'yes'}\n",
        "utf-8",
    )
    told: list[Entry] = []
    Rehearsal(load_script(tmp_path / "s.yaml"), Options(cry=True)).run(told.append)
    assert not any(isinstance(entry, entries.Crying) for entry in told)
