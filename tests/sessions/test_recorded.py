"""Lines in somebody's own voice: which files are used, how they sound, and what's reported about them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import Speak, need_espeak
from rig import GIVE_UP_S

from voiceguide.errors import VoiceguideError
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.recorded_lines import LONGEST_S, Own, Recorded, line_of
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.levels import active_rms
from voiceguide.sound.room import VOICE_DB
from voiceguide.speech.voice import Voice

ROUTINE = """\
routine: feet
title: Warm feet
language: en
about: A minute for the feet.
care_from: infant-massage
sources: {leaflet: A leaflet}
welcome: [{say: [Welcome.], source: leaflet}]
preparation: [{id: warm-room, say: [Make the room warm.], source: leaflet}]
parts:
  - id: feet
    name: feet
    steps:
      - id: feet-1
        title: Resting hands
        say:
          - {text: Rest your hands on the feet., recording: rest.flac}
          - Be still.
        hold: 3
        source: leaflet
      - id: feet-2
        title: Long strokes
        say: [Stroke the soles., Softly.]
        recording: voice/strokes.wav
        source: leaflet
closing: [{say: [That is all.], source: leaflet}]
why: [{say: [It is a quiet time together.], source: leaflet}]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has recordings of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def write(path: Path, pcm: Pcm, rate: int = RATE) -> Path:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, pcm, rate)
    return path


@pytest.fixture
def feet(tmp_path: Path, speak: Speak) -> Path:
    """A routine with both kinds of recordings, which are there."""
    write(tmp_path / "rest.flac", speak("rest your hands here"))
    write(tmp_path / "voice/strokes.wav", speak("stroke them and softly"))
    path = tmp_path / "feet.yaml"
    path.write_text(ROUTINE, encoding="utf-8")
    return path


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voiceguide", "check", path.name]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=GIVE_UP_S, check=False)


# ---- what a recording sounds like ----


@pytest.mark.parametrize(("gain", "rate"), [(0.02, 16_000), (1.5, 16_000), (0.5, 44_100), (0.5, 8_000)])
def test_a_recording_is_as_loud_as_the_voice_and_begins_at_once(
    tmp_path: Path, speak: Speak, gain: float, rate: int
) -> None:
    spoken = speak("rest your hands here")
    padded = np.pad((spoken * gain).clip(-32768, 32767).astype(np.int16), RATE)
    pcm = line_of(write(tmp_path / "a.wav", np.repeat(padded[:, None], 2, axis=1), rate))
    assert 20 * np.log10(active_rms(pcm) / 32768) == pytest.approx(VOICE_DB, abs=1.5)
    seconds = len(spoken) / rate
    assert len(pcm) / RATE == pytest.approx(seconds, abs=0.1)


def test_a_recording_of_no_line_is_reported(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound", "utf-8")
    long = np.full((LONGEST_S + 1) * 8000, 1000, np.int16)
    for path, words in (
        (tmp_path / "nothing.wav", "there is no recording"),
        (tmp_path / "text.wav", "is no recording that can be read"),
        (write(tmp_path / "silent.flac", np.zeros(RATE, np.int16)), "is silent"),
        (write(tmp_path / "long.flac", long, 8000), "is longer than 120 seconds"),
    ):
        with pytest.raises(VoiceguideError, match=words):
            line_of(path)


# ---- those that a routine names ----


def test_a_routine_names_recordings_of_a_sentence_and_of_a_step(feet: Path) -> None:
    routine = load(feet)
    assert routine.steps[0].say == ("Rest your hands on the feet.", "Be still.")
    assert routine.steps[1].say == ("Stroke the soles. Softly.",), "what is in one recording is one line"
    assert routine.recordings == {
        "Rest your hands on the feet.": feet.parent / "rest.flac",
        "Stroke the soles. Softly.": feet.parent / "voice/strokes.wav",
    }
    result = check(feet)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_line_with_a_recording_is_taken_from_it_and_the_others_are_spoken(feet: Path, voice: Voice) -> None:
    warnings: list[str] = []
    narrator = Narrator(voice, None, ahead=False, recorded=Recorded(load(feet), warnings.append).pcm)
    assert np.array_equal(narrator.line("Rest your hands on the feet.").result(), line_of(feet.parent / "rest.flac"))
    assert np.array_equal(narrator.line("Be still.").result(), voice.render("Be still."))
    assert warnings == []


def test_the_guard_knows_what_a_recorded_line_would_fake(
    feet: Path, voice: Voice, speak: Speak, vosk_model: Any, book: Phrasebook
) -> None:
    write(feet.parent / "rest.flac", speak("baby is crying"))
    own_voice = OwnVoice(vosk_model, book, cache=None)
    narrator = Narrator(voice, own_voice, ahead=False, recorded=Recorded(load(feet)).pcm)
    narrator.line("Rest your hands on the feet.").result()
    assert "baby is crying" in {fake.phrase for fake in narrator.fakes("Rest your hands on the feet.")}


def test_without_its_file_a_line_is_spoken_and_a_step_sentence_by_sentence(feet: Path, voice: Voice) -> None:
    (feet.parent / "rest.flac").write_text("no sound", "utf-8")
    (feet.parent / "voice/strokes.wav").unlink()
    routine, warnings = load(feet), list[str]()
    assert routine.steps[1].say == ("Stroke the soles.", "Softly.")
    recorded = Recorded(routine, warnings.append)
    assert warnings == [f"there is no recording {feet.parent}/voice/strokes.wav; the voice says it"]
    narrator = Narrator(voice, None, ahead=False, recorded=recorded.pcm)
    for _ in range(2):
        narrator.rate += 1  # so that it is asked for again
        pcm = narrator.line("Rest your hands on the feet.").result()
        assert np.array_equal(pcm, voice.render("Rest your hands on the feet.", rate=narrator.rate))
    (_, line) = warnings
    assert line.startswith(f"{feet.parent}/rest.flac is no recording that can be read")


def test_check_says_where_a_recording_is_missing_or_unreadable(feet: Path) -> None:
    (feet.parent / "rest.flac").unlink()
    write(feet.parent / "voice/strokes.wav", np.zeros(RATE, np.int16))
    result = check(feet)
    assert result.returncode == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(
        "feet.yaml:16:61: there is no recording rest.flac; name a recording of at most two minutes"
    )
    assert second.startswith("feet.yaml:23:20: voice/strokes.wav is silent; name a recording")


def test_a_file_outside_is_refused_and_not_looked_at(feet: Path, tmp_path: Path) -> None:
    for name in ("../rest.flac", "/etc/passwd", "voice/../../rest.flac", r"C:\rest.flac"):
        feet.write_text(ROUTINE.replace("rest.flac", name), encoding="utf-8")
        result = check(feet)
        (line,) = result.stderr.splitlines()
        assert line.startswith("feet.yaml:16:61: `recording` cannot be "), line
        assert "a sound file beside this file or in a folder below it" in line


def test_recordings_of_lent_signs_are_beside_the_lender(feet: Path, tmp_path: Path) -> None:
    lender = find("infant-massage").read_text("utf-8")
    sentence = "Let them pass in their own time."
    assert sentence in lender
    path = tmp_path / "lender.yaml"
    path.write_text(
        lender.replace("routine: infant-massage", "routine: lender").replace(
            f'- "{sentence}"', f"- {{text: {sentence}, recording: pass.flac}}"
        )
    )
    feet.write_text(ROUTINE.replace("care_from: infant-massage", "care_from: lender"), encoding="utf-8")
    assert load(feet).recordings[sentence] == tmp_path / "pass.flac"


# ---- the user's own ----


def first_weeks() -> Routine:
    return load(find("first-weeks"))


def test_ones_own_recording_is_used_until_its_sentence_is_changed(speak: Speak) -> None:
    routine = first_weeks()
    text = routine.steps[0].say[0]
    own, pcm = Own(routine.id), speak("rest your hands here")
    assert Recorded(routine).pcm(text) is None
    own.keep(text, pcm)
    found = Recorded(routine).pcm(text)
    assert found is not None and len(found) == pytest.approx(len(pcm), abs=1000)
    assert Recorded(routine).pcm(text + " Now.") is None


def test_what_the_file_names_goes_before_ones_own(feet: Path, speak: Speak) -> None:
    routine = load(feet)
    text = "Rest your hands on the feet."
    Own("feet").keep(text, speak("something else"))
    recorded = Recorded(routine)
    assert np.array_equal(recorded.pcm(text), line_of(feet.parent / "rest.flac"))  # type: ignore[arg-type]
    (feet.parent / "rest.flac").unlink()
    assert np.array_equal(recorded.pcm(text), line_of(Own("feet").path(text)))  # type: ignore[arg-type]


def test_ones_own_recordings_are_for_this_user_only_and_can_be_deleted(tmp_path: Path, speak: Speak) -> None:
    own = Own("feet")
    for text in ("One.", "Two.", "One."):
        own.keep(text, speak("one"))
    assert own.folder == tmp_path / "data/voiceguide/recordings/feet"
    assert own.all() == sorted(map(own.path, ("One.", "Two.")))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (own.folder, own.path("One."))] == [0o700, 0o600]
    assert soundfile.info(own.path("One.")).format == "FLAC"
    own.delete()
    assert own.all() == [] and not own.folder.exists()
    own.delete()


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, speak: Speak) -> None:
    (tmp_path / "data").write_text("in the way", "utf-8")
    with pytest.raises(VoiceguideError, match="cannot write"):
        Own("feet").keep("One.", speak("one"))


def test_the_page_marks_what_is_recorded(feet: Path, speak: Speak) -> None:
    Own("feet").keep("Be still.", speak("be still"))
    command = [sys.executable, "-m", "voiceguide", "show", "feet.yaml"]
    page = subprocess.run(
        command, cwd=feet.parent, capture_output=True, text=True, timeout=GIVE_UP_S, check=True
    ).stdout
    flat = " ".join(page.split())
    assert "Rest your hands on the feet. (recorded) Be still. (recorded) [leaflet]" in flat
    assert "Stroke the soles. Softly. (recorded) [leaflet]" in flat
    assert flat.count("(recorded)") == 3


# ---- a rehearsal ----


def test_a_rehearsal_is_heard_in_the_recorded_voice(feet: Path, tmp_path: Path, speak: Speak) -> None:
    need_espeak()
    (feet.parent / "voice/strokes.wav").unlink()
    Own("feet").keep("Softly.", speak("softly my dear"))
    (tmp_path / "script.yaml").write_text(
        """\
routine: feet.yaml
parent:
  - {at: 1.5, say: "I'm ready"}
  - {when: {step: feet-1, silent_for: 3.5}, say: "next"}
  - {when: {step: feet-2, silent_for: 1.0}, say: "say that again"}
""",
        encoding="utf-8",
    )
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", "rehearse", "--script", "script.yaml", "--json", "--wav", "out.wav"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == "voiceguide: there is no recording voice/strokes.wav; the voice says it\n"
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    speaker = soundfile.read(tmp_path / "out.wav", dtype="int16")[0][:, 0]
    for text, path in (
        ("Rest your hands on the feet.", feet.parent / "rest.flac"),
        ("Softly.", Own("feet").path("Softly.")),
    ):
        begun = [line["t"] for line in lines if line["kind"] == "said" and line["text"] == text]
        assert begun
        pcm = line_of(path)
        for at in begun:
            near = range(round((at - 0.001) * RATE), round((at + 0.001) * RATE))  # times are in milliseconds
            assert any(np.array_equal(speaker[start : start + len(pcm)], pcm) for start in near)
