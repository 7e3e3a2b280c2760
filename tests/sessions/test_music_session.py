"""Music in a session: by voice, and by option; with the real voice and the real recogniser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import need_espeak
from rig import GIVE_UP_S, sound_rig

from voiceguide.sound import RATE, Pcm

SILENT_DB = -66.0
PROGRAM = (sys.executable, "-m", "voiceguide")


def level(pcm: Pcm) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64)) / 32768**2 + 1e-12))


@dataclass(frozen=True, slots=True)
class Rehearsed:
    lines: list[dict[str, Any]]
    speaker: Pcm

    def heard(self, command: str) -> float:
        """When it was obeyed, in seconds."""
        return float(next(line["t"] for line in self.lines if line.get("command") == command))

    def level(self, start: float, seconds: float) -> float:
        return level(self.speaker[round(start * RATE) : round((start + seconds) * RATE)])


Rehearse = Callable[..., Rehearsed]


@pytest.fixture
def rehearse(tmp_path: Path) -> Rehearse:
    """``voiceguide rehearse``, with a script and more options."""
    need_espeak()

    def run(script: str, *options: str) -> Rehearsed:
        (tmp_path / "script.yaml").write_text(script, encoding="utf-8")
        wav = tmp_path / "out.wav"
        result = subprocess.run(
            [*PROGRAM, "rehearse", "--script", "script.yaml", "--json", "--wav", str(wav), *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=GIVE_UP_S,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        sound, _ = soundfile.read(wav, dtype="int16")
        return Rehearsed([json.loads(line) for line in result.stdout.splitlines()], sound[:, 0])

    return run


def test_music_comes_and_goes_by_voice(rehearse: Rehearse) -> None:
    rehearsed = rehearse("""\
routine: first-weeks
parent:
  - {when: {state: preparing, silent_for: 1.0}, say: "music on"}
  - {after: 4.0, say: "softer music"}
  - {after: 4.0, say: "music off"}
  - {after: 3.0, say: "be quiet"}
""")
    on, softer, off = map(rehearsed.heard, ("music_on", "music_quieter", "music_off"))
    assert rehearsed.level(on - 0.5, 0.4) < SILENT_DB
    assert rehearsed.level(on + 2.5, 1.0) == pytest.approx(-38, abs=7), "soft, and there"
    before, after = rehearsed.level(softer - 1.0, 1.0), rehearsed.level(softer + 2.0, 1.0)
    assert after < before + 5  # the lullaby itself has louder and softer moments
    assert rehearsed.level(off + 1.0, 1.0) < SILENT_DB


def test_music_of_ones_own_is_played_from_the_start_and_stops_for_the_baby(
    rehearse: Rehearse, tmp_path: Path
) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(44_100 * 3) / 44_100)
    soundfile.write(tmp_path / "tune.flac", tone, 44_100)
    rehearsed = rehearse(
        """\
routine: first-weeks
parent:
  - {when: {state: preparing, speaking_for: 1.0}, say: "I'm ready"}
  - {when: {step: legs-1, silent_for: 1.5}, say: "baby is crying"}
  - {when: {state: tending, silent_for: 3.0}, say: "baby is calm"}
  - {when: {silent_for: 2.0}, say: "continue"}
  - {when: {state: guiding, silent_for: 3.5}, say: "stop"}
""",
        *("--music", "tune.flac"),
    )
    crying, calm, again = map(rehearsed.heard, ("stress", "calm", "resume"))
    assert rehearsed.level(crying - 2.0, 0.4) == pytest.approx(-38, abs=5)
    assert rehearsed.level(calm - 1.5, 1.0) < SILENT_DB
    assert rehearsed.heard("stop") > again
    stop = rehearsed.heard("stop")
    assert rehearsed.level(stop - 1.2, 0.5) == pytest.approx(-38, abs=3), "it is back"
    assert rehearsed.level(stop + 0.6, 0.3) < SILENT_DB


def test_music_fades_out_at_the_end(rehearse: Rehearse) -> None:
    rehearsed = rehearse(
        """\
routine: first-weeks
parent:
  - {when: {state: preparing, speaking_for: 1.0}, say: "finish"}
  - {when: {state: finishing, silent_for: 2.0}, say: "yes"}
""",
        *("--music", "lullaby"),
    )
    assert rehearsed.level(rehearsed.heard("yes") - 2.0, 0.5) > -50
    end = len(rehearsed.speaker) / RATE
    assert rehearsed.level(end - 0.7, 0.2) > SILENT_DB
    assert rehearsed.level(end - 0.03, 0.03) < SILENT_DB


def test_music_comes_out_of_a_real_speaker_and_goes_when_it_is_told_to(tmp_path: Path) -> None:
    need_espeak()
    chance = np.random.default_rng(1)
    soundfile.write(tmp_path / "tune.ogg", 0.1 * chance.normal(size=(44_100 * 5, 2)), 44_100)
    with (
        sound_rig() as rig,
        subprocess.Popen(
            [*PROGRAM, "run", "first-weeks", "--keyboard", "--music", str(tmp_path / "tune.ogg")],
            env=rig.environment,
            cwd=rig.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdout.readline()  # it has begun

        def type_and_listen(line: str, wait: float) -> float:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
            time.sleep(wait)
            with rig.recording() as heard:
                time.sleep(1.0)
            return level(heard[0])

        assert type_and_listen("finish", 7.0) == pytest.approx(-38, abs=2), "it has asked, and waits"
        assert type_and_listen("music off", 1.5) < SILENT_DB
        assert type_and_listen("louder music", 3.0) == pytest.approx(-34, abs=2)
        process.stdin.close()
        assert process.wait(GIVE_UP_S) == 0
        assert process.stderr.read() == ""
