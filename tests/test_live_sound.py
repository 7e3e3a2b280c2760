"""Live sound through the real PortAudio and a sound server, with a speaker and a microphone that are not there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import Pcm, Rig, environment_without_sound, python, sound_rig

from voiceguide.errors import SoundError
from voiceguide.sound import BLOCK, RATE, live
from voiceguide.sound.live import Device, MicrophoneClock, SilentSound, choose

LOUD = 1_000


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with sound_rig() as rig:
        yield rig


def run(program: str, environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """The one JSON object that a program prints; it must print nothing on standard error."""
    with python(program, environment, *arguments) as process:
        output, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    answer: dict[str, Any] = json.loads(output)
    return answer


def tone(hertz: float, seconds: float) -> Pcm:
    return (8_000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)


def pitch(pcm: Pcm) -> float:
    """The loudest frequency in hertz."""
    return float(np.argmax(np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))) * RATE / len(pcm))


# ---- Both directions at once ----

TALK = """
import json, sys, time
import numpy as np
from voiceguide.sound.live import LiveSound

given = 0
def fill(n):
    global given
    time = np.arange(given, given + n) / 16_000
    given += n
    return (8_000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16) * (given <= 16_000)

sound = LiveSound()
before = time.monotonic()
sound.open(fill)
blocks, lateness = [], []
while len(blocks) < 50:
    blocks.append(sound.read())
    lateness.append(time.monotonic() - before - blocks[-1].at)
sound.close()
np.concatenate([block.pcm for block in blocks]).tofile(sys.argv[1])
print(json.dumps({
    "lengths": [len(block.pcm) for block in blocks],
    "types": [str(block.pcm.dtype) for block in blocks],
    "at": [block.at for block in blocks],
    "lateness": lateness,
    "lost": [sound.overflows, sound.underflows, sound.dropped],
}))
"""

# What a device refuses it refuses by PortAudio's error, here for all but 32 kHz stereo.
PICKY = """
import sounddevice

def picky(real):
    def open(**asked):
        if (asked["samplerate"], asked["channels"]) != (32_000, 2):
            raise sounddevice.PortAudioError("Error opening RawStream: Invalid sample rate", -9997)
        return real(**asked)
    return open

sounddevice.RawInputStream = picky(sounddevice.RawInputStream)
sounddevice.RawOutputStream = picky(sounddevice.RawOutputStream)
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """What came of one second of a tone of 440 Hz at the speaker while 1000 Hz were heard in the room."""

    said: dict[str, Any]
    speaker: Pcm
    microphone: Pcm


@pytest.fixture(scope="module", params=["", PICKY], ids=["own rate", "only 32 kHz stereo"])
def talk(rig: Rig, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Talk:
    heard = tmp_path_factory.mktemp("talk") / "heard.raw"
    with rig.playing(tone(1_000, 12)), rig.recording() as speaker:
        said = run(request.param + TALK, rig.environment, str(heard))
    return Talk(said, speaker[0], np.fromfile(heard, np.int16))


def test_what_fill_gives_is_heard_at_the_speaker(talk: Talk) -> None:
    loud = np.flatnonzero(np.abs(talk.speaker) > LOUD)
    sounding = talk.speaker[loud[0] : loud[-1] + 1]
    assert len(sounding) / RATE == pytest.approx(1.0, abs=0.05)
    assert pitch(sounding) == pytest.approx(440, abs=2)
    assert np.abs(sounding).max() == pytest.approx(8_000, rel=0.05)


def test_what_sounds_in_the_room_is_read(talk: Talk) -> None:
    settled = talk.microphone[-RATE // 2 :]
    assert pitch(settled) == pytest.approx(1_000, abs=3)
    assert np.abs(settled).max() == pytest.approx(8_000, rel=0.05)


def test_blocks_are_30_ms_of_int16(talk: Talk) -> None:
    assert set(talk.said["lengths"]) == {BLOCK}
    assert set(talk.said["types"]) == {"int16"}


def test_the_time_of_a_block_is_when_it_was_heard(talk: Talk) -> None:
    at = np.array(talk.said["at"])
    assert np.all(np.diff(at) > 0)
    assert at[-1] - at[0] == pytest.approx(49 * 0.03, abs=0.1)
    # Read soon after; before it at most by what a burst of late sound needs to be evened out.
    assert min(talk.said["lateness"]) > -0.1
    assert np.median(talk.said["lateness"]) < 0.25


def test_nothing_is_lost_on_the_way(talk: Talk) -> None:
    assert talk.said["lost"] == [0, 0, 0]


# ---- A reader that is late, a speaker alone, a fault in the program ----

HELP = """
import json, os, signal, sys, time
import numpy as np
from voiceguide.errors import SoundError
from voiceguide.sound import live
from voiceguide.sound.live import LiveSound, devices

def silence(n):
    return np.zeros(n, np.int16)

def refusal(task):
    began = time.monotonic()
    try:
        task()
    except SoundError as error:
        return {"text": str(error), "code": error.exit_code, "after": time.monotonic() - began}

def read_for_ever(sound):
    while True:
        sound.read()
"""


def test_a_late_reader_gets_the_newest_sound_with_its_true_time(rig: Rig) -> None:
    program = """
live.QUEUE = 20
sound = LiveSound()
before = time.monotonic()
sound.open(silence)
early = sound.read().at
time.sleep(1)
lateness = [time.monotonic() - before - sound.read().at for _ in range(20)]
print(json.dumps({"dropped": sound.dropped, "lateness": lateness}))
"""
    said = run(HELP + program, rig.environment)
    assert said["dropped"] > 50
    # The second that was slept through has passed in the blocks as well.
    assert said["lateness"][-1] < 0.3


def test_without_a_microphone_silence_is_read_and_the_speaker_is_used(rig: Rig) -> None:
    program = """
asked = []
sound = LiveSound(output_device="PUL", microphone=False)
sound.open(lambda n: (asked.append(n), silence(n))[1])
blocks = [sound.read() for _ in range(10)]
sound.close()
print(json.dumps({
    "at": [block.at for block in blocks],
    "sounds": any(block.pcm.any() for block in blocks),
    "lengths": [len(block.pcm) for block in blocks],
    "asked": sum(asked),
}))
"""
    said = run(HELP + program, rig.environment)
    assert said["at"] == pytest.approx(np.arange(1, 11) * 0.03)
    assert said["lengths"] == [BLOCK] * 10
    assert not said["sounds"]
    assert said["asked"] >= 9 * BLOCK


def test_what_fill_raises_is_raised_by_read(rig: Rig) -> None:
    program = """
sound = LiveSound(microphone=False)
sound.open(lambda n: silence(n)[1:])
try:
    read_for_ever(sound)
except ValueError as error:
    print(json.dumps({"text": str(error)}))
sound.close()
"""
    assert run(HELP + program, rig.environment) == {"text": "fill(160) gave 159 samples"}


# ---- Devices ----


def test_devices_are_listed(rig: Rig) -> None:
    program = """
from dataclasses import asdict
print(json.dumps({device.name: asdict(device) for device in devices()}))
"""
    found = run(HELP + program, rig.environment)
    assert found["default"]["is_default_input"]
    assert found["default"]["is_default_output"]
    assert found["pulse"]["inputs"] > 0
    assert found["pulse"]["outputs"] > 0
    assert found["pulse"]["rate"] >= RATE
    assert found["pulse"]["host_api"] == "ALSA"


def test_an_unknown_device_is_answered_by_what_there_is(rig: Rig) -> None:
    program = """
print(json.dumps(refusal(lambda: LiveSound("kitchen").open(silence))))
"""
    said = run(HELP + program, rig.environment)
    assert said["code"] == 3
    assert said["text"] == 'there is no microphone "kitchen"; choose from 0 "pulse", 1 "default"'


def test_no_device_at_all() -> None:
    program = """
print(json.dumps({
    "devices": [device.name for device in devices()],
    "both": refusal(lambda: LiveSound().open(silence)),
    "speaker": refusal(lambda: LiveSound(microphone=False).open(silence)),
}))
"""
    said = run(HELP + program, environment_without_sound())
    if said["devices"]:
        pytest.skip(f"this machine has sound cards: {', '.join(said['devices'])}")
    for which in ("both", "speaker"):
        assert said[which]["code"] == 3
        assert said[which]["text"].startswith("no sound device: ")
        assert "\n" not in said[which]["text"]


def test_without_the_library_the_package_is_named() -> None:
    program = """
import ctypes.util
ctypes.util.find_library = lambda name: None
print(json.dumps([refusal(devices), refusal(lambda: LiveSound().open(silence))]))
"""
    for said in run(HELP + program, environment_without_sound()):
        assert said["code"] == 3
        assert "sudo apt install libportaudio2" in said["text"]


def device(index: int, name: str, inputs: int = 1, outputs: int = 1, *, default: bool = False) -> Device:
    return Device(index, name, inputs, outputs, 48_000, "ALSA", default, default)


SHELF = [
    device(0, "HDA Intel: HDMI 1", inputs=0),
    device(1, "USB Speakerphone"),
    device(2, "USB Camera", outputs=0),
    device(3, "default", default=True),
    device(4, "usb"),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 3),
        (1, 1),
        ("2", 2),
        ("speaker", 1),
        ("CAMERA", 2),
        ("usb camera", 2),
        ("usb", 4),  # the whole name goes before a part of the others
    ],
)
def test_a_device_is_chosen_by_number_name_or_part_of_its_name(wanted: str | int | None, index: int) -> None:
    assert choose(SHELF, wanted, "microphone").index == index


@pytest.mark.parametrize(
    ("wanted", "kind", "text"),
    [
        ("us", "speaker", '"us" may be any of 1 "USB Speakerphone", 4 "usb": choose the speaker by its number'),
        ("hdmi", "microphone", 'there is no microphone "hdmi"; choose from 1 "USB Speakerphone", 2 "USB Camera"'),
        (9, "speaker", 'there is no speaker "9"; choose from 0 "HDA Intel: HDMI 1", 1 "USB Speakerphone"'),
        ("", "speaker", 'there is no speaker ""; choose from 0 "HDA Intel: HDMI 1", 1 "USB Speakerphone"'),
    ],
)
def test_a_device_that_is_not_clear_is_refused(wanted: str | int, kind: live.Kind, text: str) -> None:
    with pytest.raises(SoundError) as refused:
        choose(SHELF, wanted, kind)
    assert str(refused.value).startswith(text)


def test_a_machine_with_a_speaker_only_has_no_microphone() -> None:
    with pytest.raises(SoundError, match="no sound device: this machine has no microphone; "):
        choose(SHELF[:1], None, "microphone")
    assert choose(SHELF[:1], None, "speaker").index == 0


# ---- A sound server that goes away ----


LOSE = """
sound = LiveSound()
sound.open(silence)
sound.read()
print(json.dumps("hearing"), flush=True)
lost = refusal(lambda: read_for_ever(sound))
closing = time.monotonic()
sound.close()
print(json.dumps(lost | {"closing": time.monotonic() - closing}), flush=True)
"""


def test_a_lost_sound_server_is_told_at_once_and_can_come_back() -> None:
    program = """
while refusal(lambda: sound.open(silence)):
    time.sleep(0.2)
print(json.dumps(len(sound.read().pcm)), flush=True)
sound.close()
"""
    with sound_rig() as rig, python(HELP + LOSE + program, rig.environment) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline()) == "hearing"
        rig.kill()
        lost = json.loads(process.stdout.readline())
        rig.start()
        assert json.loads(process.stdout.readline()) == BLOCK
        assert process.wait(10) == 0
    assert lost["code"] == 3
    assert lost["text"].startswith("the microphone was lost: ")
    assert lost["after"] < 1.5
    assert lost["closing"] < 2.5


def test_a_frozen_sound_server_does_not_freeze_the_program() -> None:
    program = """
print(json.dumps([refusal(lambda: sound.open(silence)), refusal(devices)]))
"""
    with sound_rig() as rig, python(HELP + LOSE + program, rig.environment) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline()) == "hearing"
        rig.freeze()
        lost = json.loads(process.stdout.readline())
        later = json.loads(process.stdout.readline())
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
    assert lost["text"].startswith("the microphone gave no sound for a second: ")
    assert lost["after"] < 2.5
    assert lost["closing"] < 3.5
    for refused in later:
        assert refused["code"] == 3
        assert refused["text"].startswith("the sound device does not answer: ")


# ---- The time of the microphone ----


def times(lateness: Iterable[float], lost: float = 0.0) -> Iterator[tuple[float, float]]:
    """The true time of each block, and the one that the clock gives it. Chunks of 10 ms come each so much later
    than they were heard; from the second second on ``lost`` seconds of sound are missing."""
    clock = MicrophoneClock()
    for chunk, late in enumerate(lateness, start=1):
        counted = chunk * 0.01
        true = counted + (lost if chunk > 100 else 0.0)
        clock.arrived(counted, true + late)
        if chunk % 3 == 0:
            yield true, clock.at(counted)


@given(st.lists(st.floats(min_value=-5, max_value=5), min_size=6, max_size=100), st.floats(-5, 5))
def test_time_never_goes_backwards(lateness: list[float], lost: float) -> None:
    given = [at for _, at in times(lateness * 20, lost)]
    assert all(later - earlier > 0.0149 for earlier, later in pairwise(given))


@given(st.lists(st.floats(min_value=0, max_value=0.2), min_size=1, max_size=100), st.floats(0, 0.9))
def test_time_is_true_again_within_a_second_of_a_loss(lateness: list[float], lost: float) -> None:
    least = min(lateness)
    pattern = islice(cycle(lateness), 400)
    for true, at in islice(times(pattern, lost), 67, None):
        assert true + least - 1e-6 <= at <= true + max(lateness) + 1e-6
    assert at == pytest.approx(true + least)


# ---- Silence ----


class FakeTime:
    """A clock that only sleeping, or the test, moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(live, "monotonic", lambda: self.now)
        monkeypatch.setattr(live, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_silent_sound_keeps_the_pace_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime(monkeypatch)
    asked: list[int] = []
    sound = SilentSound()
    sound.open(lambda n: (asked.append(n), tone(440, n / RATE))[1])
    for count in range(1, 101):
        block = sound.read()
        assert block.at == pytest.approx(count * 0.03)
        assert clock.now - 100 == pytest.approx(count * 0.03)
        assert len(block.pcm) == BLOCK
        assert not block.pcm.any()
    assert asked == [BLOCK] * 100


def test_silent_sound_catches_up_with_a_short_delay_and_leaves_out_a_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeTime(monkeypatch)
    sound = SilentSound()
    sound.open(lambda n: np.zeros(n, np.int16))
    sound.read()
    clock.now += 0.5
    assert [sound.read().at for _ in range(3)] == pytest.approx([0.06, 0.09, 0.12])
    clock.now += 60
    assert sound.read().at == pytest.approx(clock.now - 100 - live.PATIENCE)


@pytest.mark.parametrize("sound", [SilentSound(), live.LiveSound()], ids=["silent", "live"])
def test_sound_that_is_not_open_cannot_be_read(sound: SilentSound | live.LiveSound) -> None:
    sound.close()
    with pytest.raises(SoundError, match="not open"):
        sound.read()
