"""A sound server that has no microphone or no speaker offers something in its place, which is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from conftest import need_espeak
from rig import GIVE_UP_S, Rig, python, sound_rig
from test_live_sound import HELP, WATCH

Break = Callable[[Rig], None]


def no_microphone(rig: Rig) -> None:
    rig.pull_out("microphone")
    rig.pactl("set-default-source", "spk.monitor")


def no_speaker(rig: Rig) -> None:
    rig.pactl("load-module", "module-null-sink", "sink_name=auto_null", "sink_properties=device.description=Dummy")
    rig.pactl("set-default-sink", "auto_null")


@pytest.fixture(params=[no_microphone, no_speaker])
def told(request: pytest.FixtureRequest) -> Iterator[tuple[Rig, str]]:
    """A server that lacks something, and what it lacks, in our words."""
    need_espeak()
    with sound_rig() as rig:
        request.param(rig)
        yield rig, "has no microphone, only " if request.param is no_microphone else "has no speaker, only a dummy"


def voiceguide(rig: Rig, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voiceguide", *arguments],
        env=rig.environment,
        cwd=rig.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )


def test_it_is_told_and_no_session_starts(told: tuple[Rig, str]) -> None:
    rig, lack = told
    result = voiceguide(rig, "run", "first-weeks")
    assert (result.returncode, result.stderr.count("\n")) == (3, 1)
    assert lack in result.stderr and "connect a" in result.stderr

    assert lack in voiceguide(rig, "devices").stderr
    findings = {one["check"]: one for one in map(json.loads, voiceguide(rig, "doctor", "--json").stdout.splitlines())}
    assert not findings["sound"]["ok"] and lack in findings["sound"]["detail"] + findings["sound"]["remedy"]


def test_without_a_command_it_rehearses(told: tuple[Rig, str]) -> None:
    rig, lack = told
    with python("import runpy; runpy.run_module('voiceguide', run_name='__main__')", rig.environment) as process:
        assert process.stderr is not None and process.stdout is not None
        line = process.stderr.readline()
        assert lack in line and "rehearsal of infant-massage" in line
        assert process.stdout.readline().strip().endswith("(preparing)")


def test_where_the_server_is_asked_too_late_the_device_counts_as_lost_until_there_is_one() -> None:
    with sound_rig() as rig:
        no_microphone(rig)
        unasked = "live.Server.unfit = property(lambda self: {}, lambda self, value: None)\n"
        with python(HELP + unasked + WATCH, rig.environment) as process:
            assert process.stdout is not None
            lines = map(json.loads, process.stdout)
            next(line for line in lines if line["lost"] == ["microphone"])
            rig.plug_in("microphone")
            rig.pactl("set-default-source", "mic")
            (stream,) = [
                one.split()[0]
                for one in rig.pactl("list", "source-outputs").split("Source Output #")
                if "python" in one
            ]
            rig.pactl("move-source-output", stream, "mic")
            next(line for line in lines if line["lost"] == [])
