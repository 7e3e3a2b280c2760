"""A whole session by voice: the program as a parent runs it, through the real PortAudio, in a room of a sound server.

The parent's words are rendered and played into the room. What is asked for here is that it works, not how fast:
that is measured in rehearsals, whose clock does not depend on the machine.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from conftest import Speak, need_espeak
from live_guide import PARENT_GAIN, RUN, SILENT_DB, SPOKEN, Guide, level
from rig import GIVE_UP_S, RATE, Rig, python, sound_rig

from voiceguide.language.language import load_language

SPOKEN_DB = -40.0


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    need_espeak()
    with sound_rig() as rig:
        yield rig


HEADSET = """
pcm.headset_mic { type pulse device mic hint { show on description "headset microphone" } }
pcm.headset { type pulse device spk hint { show on description "headset" } }
"""
"""Devices of the sound server with names of their own, as docs/sound.md has it. They run at 44.1 kHz, as a sound card
would, and the program resamples."""
LOSSES: tuple[tuple[list[str], Callable[[Rig], None], Callable[[Rig], None]], ...] = (
    (["microphone"], lambda rig: rig.pull_out("microphone"), lambda rig: rig.plug_in("microphone")),
    (["speaker"], lambda rig: rig.pull_out("speaker"), lambda rig: rig.plug_in("speaker")),
    (["microphone", "speaker"], Rig.kill, Rig.start),
)
HANGS = """
import os, sys, time, runpy, vosk

class Recogniser(vosk.KaldiRecognizer):  # the first one is the session's, the others are the guard's
    made = 0
    def __init__(self, *given):
        super().__init__(*given)
        self.number = Recogniser.made
        Recogniser.made += 1
    def AcceptWaveform(self, sound):
        if self.number == 0 and os.path.exists(os.environ["HANG"]):
            time.sleep(600)
        return super().AcceptWaveform(sound)

vosk.KaldiRecognizer = Recogniser
runpy.run_module("voiceguide", run_name="__main__", alter_sys=True)
"""
"""The program, with a recogniser that hangs from when there is a file."""


@contextmanager
def guided(
    rig: Rig, speak: Speak, *options: str, program: str = RUN, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Guide]:
    given = rig.environment | {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]} | dict(environment)
    with python(program, given, "run", "first-weeks", *options) as process:
        yield Guide(process, rig, speak)


def test_a_parent_pauses_goes_on_and_finishes_by_voice(rig: Rig, speak: Speak) -> None:
    english = load_language("en")
    with guided(rig, speak) as guide:
        guide.wait_for(SPOKEN)
        assert level(guide.plays(1.5)) > SPOKEN_DB
        # In the midst of the second sentence, when it has heard how loud its own voice comes back.
        guide.wait_for(SPOKEN, after=guide.wait_for(SPOKEN))
        told = guide.is_told("pause", until="(paused")
        interrupted = guide.interrupted(told)
        assert any("(hushed)" in line for line in guide.printed[told - 3 : told])
        guide.wait_for(english.say("paused_first")[-1], after=told)
        guide.falls_silent()
        assert level(guide.plays(2.0)) < SILENT_DB, "and stays silent"

        told = guide.is_told("continue", until="(preparing)")
        guide.wait_for(SPOKEN + interrupted, after=guide.wait_for(english.say("carry_on")[0], after=told))
        assert level(guide.plays(1.5)) > SPOKEN_DB, "it is back"

        guide.is_told("finish", until="(finishing)")
        told = guide.is_told("yes", until="heard yes")
        guide.wait_for("(finished)", after=told)
        assert guide.process.wait(GIVE_UP_S) == 0
        assert guide.process.stderr is not None
        assert guide.process.stderr.read() == ""


def test_a_lost_device_is_waited_for_and_the_sentence_begun_again(speak: Speak) -> None:
    english = load_language("en")
    chosen = "--input-device", "headset_mic", "--output-device", "HEADSET"
    with sound_rig("rate=44100 channels=2", "rate=48000 channels=2", 2) as rig:
        with Path(rig.environment["ALSA_CONFIG_PATH"]).open("a") as alsa:
            alsa.write(HEADSET)
        with guided(rig, speak, *chosen) as guide:
            back = 0
            for devices, lose, give_back in LOSSES:
                said = guide.wait_for(SPOKEN, after=guide.wait_for(SPOKEN, after=back))
                lose(rig)
                lost = max(
                    guide.wait_for(f"({device} lost: waiting until it is back)", after=said) for device in devices
                )
                interrupted = guide.interrupted(lost)
                told = lost
                if devices == ["microphone"]:
                    told = guide.wait_for(english.say("lost")[0], after=lost)
                    assert level(guide.plays(1.0)) > SPOKEN_DB, "it says so"
                time.sleep(2.0)
                assert not [line for line in guide.printed[told:] if SPOKEN in line], "it waits"
                give_back(rig)
                back = max(guide.wait_for(f"({device} back)", after=lost) for device in devices)
                back = guide.wait_for(SPOKEN + interrupted, after=back)
                assert level(guide.plays(1.5)) > SPOKEN_DB
            guide.is_told("pause", until="(paused")


def test_what_would_be_said_to_a_typed_command_is_shown_while_the_speaker_is_lost(rig: Rig, speak: Speak) -> None:
    tend = load_language("en").say("stop_and_tend")[0]
    with guided(rig, speak, "--keyboard") as guide:
        guide.wait_for(SPOKEN)
        rig.pull_out("speaker")
        lost = guide.wait_for("(speaker lost: waiting until it is back)")
        guide.type("next")
        guide.wait_for("(next: not now)", after=lost)
        guide.type("baby is crying")
        shown = guide.wait_for(f"{SPOKEN}{tend} (to be said when the speaker is back)", after=lost)
        rig.plug_in("speaker")
        back = guide.wait_for("(speaker back)", after=shown)
        guide.wait_for(SPOKEN + tend, after=back)
        assert level(guide.plays(1.5)) > SPOKEN_DB


def test_a_command_given_while_the_process_is_stopped_is_obeyed(rig: Rig, speak: Speak) -> None:
    with guided(rig, speak) as guide:
        heard = guide.wait_for(SPOKEN, after=guide.wait_for(SPOKEN))
        guide.process.send_signal(signal.SIGSTOP)
        with rig.playing(np.pad((speak("pause") * PARENT_GAIN).astype(np.int16), (RATE // 10, 2 * RATE))):
            time.sleep(1.0)
            guide.process.send_signal(signal.SIGCONT)
            guide.wait_for("(paused)", after=heard)
        assert not any("lost" in line for line in guide.printed)
        guide.falls_silent()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_voice_that_dies_or_hangs_is_replaced(rig: Rig, speak: Speak, tmp_path: Path, fault: int) -> None:
    with guided(rig, speak, environment={"XDG_CACHE_HOME": str(tmp_path)}) as guide:
        told = guide.wait_for(SPOKEN)
        (worker,) = workers(guide.process.pid)
        os.kill(worker, fault)
        for _ in range(3):
            told = guide.wait_for(SPOKEN, after=told)
        assert level(guide.plays(1.5)) > SPOKEN_DB, "it goes on"
        (other,) = workers(guide.process.pid)
        assert other != worker
        assert not any("error" in line for line in guide.printed)


def workers(pid: int) -> list[int]:
    """The processes that speak for it."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [child for child in children if b"speech.synthesis" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_a_recogniser_that_hangs_is_replaced(rig: Rig, speak: Speak, tmp_path: Path) -> None:
    hang = tmp_path / "hang"
    with guided(rig, speak, program=HANGS, environment={"HANG": str(hang)}) as guide:
        guide.is_told("I'm ready", until="(guiding")
        hang.touch()
        guide.is_told("pause", until="(paused")
        guide.is_told("continue", until="(guiding")
        guide.process.terminate()
        guide.wait_for("the recogniser hung or failed once, and was replaced")
        assert guide.process.wait(GIVE_UP_S) == 0


def test_the_guide_hears_a_parent_over_the_echo_of_its_own_voice_and_nobody_else(speak: Speak) -> None:
    with sound_rig() as rig:
        rig.echo(-10)
        with guided(rig, speak) as guide:
            guide.is_told("I'm ready", until="(guiding")
            told = len(guide.printed)
            time.sleep(15.0)
            assert not [line for line in guide.printed[told:] if "heard" in line and "guide  " not in line]
            guide.is_told("say that again", until="heard repeat")
            guide.wait_for(SPOKEN, after=len(guide.printed))
            guide.is_told("pause", until="(paused")


def test_the_doctor_finds_the_devices(rig: Rig) -> None:
    command = [sys.executable, "-m", "voiceguide", "doctor", "--json"]
    result = subprocess.run(
        command, env=rig.environment, cwd=rig.folder, capture_output=True, text=True, timeout=GIVE_UP_S, check=False
    )
    findings = {finding["check"]: finding for finding in map(json.loads, result.stdout.splitlines())}
    assert findings["microphone"]["ok"]
    assert findings["speaker"]["ok"]
    assert "default: 16000 Hz, 1 channel" in findings["speaker"]["detail"]
    assert findings["sound"]["detail"] == "nothing was lost in 3 s"
    bad = [check for check, finding in findings.items() if not finding["ok"]]
    assert (bad, result.stderr) == (["level", "loop"], ""), "in the room of the rig it is silent, without any hiss"


def test_the_devices_are_listed_with_the_default_ones(rig: Rig) -> None:
    command = [sys.executable, "-m", "voiceguide", "devices"]
    result = subprocess.run(
        command, env=rig.environment, cwd=rig.folder, capture_output=True, text=True, timeout=GIVE_UP_S, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert any("default microphone and speaker" in line for line in result.stdout.splitlines())


def test_sigterm_silences_it_and_the_next_session_goes_on(rig: Rig, speak: Speak) -> None:
    with guided(rig, speak) as guide:
        guide.is_told("I'm ready", until="(guiding")
        guide.wait_for("Lovely", after=len(guide.printed) - 2)
        guide.process.terminate()
        assert guide.process.wait(GIVE_UP_S) == 0
        assert level(guide.plays(1.0)) < SILENT_DB
    with guided(rig, speak) as guide:
        guide.wait_for("start again")
        guide.is_told("continue", until="(guiding")


def test_sigterm_ends_it_politely_though_the_sound_server_hangs(rig: Rig, speak: Speak) -> None:
    with guided(rig, speak) as guide:
        guide.is_told("I'm ready", until="(guiding")
        rig.freeze()
        try:
            guide.process.terminate()
            assert guide.process.wait(GIVE_UP_S) == 0
        finally:
            rig.thaw()
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", "history", "--json"],
        env=rig.environment | {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]},
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )
    assert json.loads(result.stdout.splitlines()[0])["ended"] == "terminated"
