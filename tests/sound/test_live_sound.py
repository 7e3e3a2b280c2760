"""Live sound through the real PortAudio and a sound server, with devices that exist only in software."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import GIVE_UP_S, SERVERS, Pcm, Rig, environment_without_sound, python, sound_rig

from voiceguide.errors import SoundError
from voiceguide.sound import BLOCK, RATE, Kind, clock, ends, live, portaudio
from voiceguide.sound.clock import MicrophoneClock
from voiceguide.sound.live import Device, choose
from voiceguide.sound.played import Played
from voiceguide.sound.silent import SilentSound

LOUD = 1_000
IN_TIME_S = 0.25
"""Blocks are read this soon after their end, unless the machine is busy."""


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with sound_rig() as rig:
        yield rig


def run(program: str, environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """The one JSON object that a program prints. It mustn't print anything on standard error."""
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
    return (8_000 * np.sin(2 * np.pi * 440 * time) * (time < 1.0)).astype(np.int16)

sound = LiveSound()
sound.open(fill)
before = time.monotonic()
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

# Devices that refuse all but one rate and number of channels, with PortAudio's error.
PICKY = """
import sounddevice

def picky(real):
    def open(**asked):
        if (asked["samplerate"], asked["channels"]) != (RATE, CHANNELS):
            raise sounddevice.PortAudioError("Error opening RawStream: Invalid sample rate", -9997)
        return real(**asked)
    return open

sounddevice.RawInputStream = picky(sounddevice.RawInputStream)
sounddevice.RawOutputStream = picky(sounddevice.RawOutputStream)
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """What became of a second of 440 Hz at the speaker, while there was a tone of 1000 Hz in the room."""

    said: dict[str, Any]
    speaker: Pcm
    microphone: Pcm


def picky(rate: int, channels: int) -> str:
    return PICKY.replace("RATE", str(rate)).replace("CHANNELS", str(channels))


@pytest.fixture(
    scope="module",
    params=[
        ({}, ""),
        ({}, picky(32_000, 2)),
        ({"speaker": "rate=44100 channels=2", "room": "rate=48000 channels=2", "microphone": 1}, ""),
        ({"speaker": "rate=48000 channels=6", "room": "rate=44100 channels=6", "microphone": 6}, ""),
        ({"speaker": "rate=48000 channels=2", "room": "rate=44100 channels=1"}, picky(44_100, 1)),
        ({"speaker": "rate=48000 channels=6", "room": "rate=48000 channels=6", "microphone": 6}, picky(48_000, 32)),
    ],
    ids=[
        "16 kHz",
        "32 kHz stereo asked",
        "44.1/48 kHz",
        "48/44.1 kHz, 6",
        "44.1 kHz asked",
        "48 kHz, all channels asked",
    ],
)
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Talk:
    heard = tmp_path_factory.mktemp("talk") / "heard.raw"
    devices, program = request.param
    for _ in range(5):  # a busy machine may hold up the program or the server
        with sound_rig(**devices) as rig, rig.playing(tone(1_000, 12)), rig.recording() as speaker:
            said = run(program + TALK, rig.environment, str(heard))
        if not any(said["lost"]) and np.median(said["lateness"]) < IN_TIME_S:
            break
    return Talk(said, speaker[0], np.fromfile(heard, np.int16))


def test_the_speaker_plays_what_fill_returns(talk: Talk) -> None:
    loud = np.flatnonzero(np.abs(talk.speaker) > LOUD)
    sounding = talk.speaker[loud[0] : loud[-1] + 1]
    assert len(sounding) / RATE == pytest.approx(1.0, abs=0.05)
    assert pitch(sounding) == pytest.approx(440, abs=2)
    assert np.abs(sounding).max() == pytest.approx(8_000, rel=0.05)


def test_sound_in_the_room_is_read(talk: Talk) -> None:
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
    # They're read soon after their end. Where a burst of late sound is smoothed out it may be a little before.
    assert min(talk.said["lateness"]) > -0.1
    assert np.median(talk.said["lateness"]) < IN_TIME_S


def test_nothing_is_lost_on_the_way(talk: Talk) -> None:
    assert talk.said["lost"] == [0, 0, 0]


def test_the_first_word_after_a_long_silence_is_heard_from_its_start(rig: Rig) -> None:
    program = """
position = 0
def fill(n):  # three seconds of silence, and a fifth of a second of 8 000
    global position
    at = np.arange(position, position + n)
    position += n
    return np.where((at >= 48_000) & (at < 51_200), 8_000, 0).astype(np.int16)

sound = LiveSound()
sound.open(fill)
for _ in range(33 * 4):
    sound.read()
sound.close()
print(json.dumps({"underflows": sound.underflows}))
"""
    with rig.recording() as speaker:
        said = run(HELP + program, rig.environment)
    if said["underflows"]:
        pytest.skip("this machine is too busy: the speaker ran out of sound")
    assert np.count_nonzero(speaker[0]) == 3_200


# ---- A late reader, a speaker alone, an error in the program ----

HELP = """
import json, os, signal, sys, time
import numpy as np
from voiceguide.errors import SoundError
from voiceguide.sound import ends, live
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
ends.QUEUE_S = 0.2
sound = LiveSound()
sound.open(silence)
before = time.monotonic()
early = sound.read().at
time.sleep(1)
lateness = [time.monotonic() - before - sound.read().at for _ in range(20)]
print(json.dumps({"dropped": sound.dropped, "lateness": lateness}))
"""
    said = run(HELP + program, rig.environment)
    assert said["dropped"] > 0.5
    # The second that it slept through has passed in the blocks, too.
    assert said["lateness"][-1] < 0.7


def test_without_a_microphone_it_reads_silence_and_plays(rig: Rig) -> None:
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


def test_read_raises_what_fill_raises(rig: Rig) -> None:
    program = """
sound = LiveSound(microphone=False)
sound.open(lambda n: silence(n)[1:])
try:
    read_for_ever(sound)
except ValueError as error:
    print(json.dumps({"text": str(error)}))
sound.close()
"""
    text = run(HELP + program, rig.environment)["text"]
    asked, gave = (int(number) for number in re.findall(r"\d+", text))
    assert text == f"fill({asked}) returned {asked - 1} samples" and gave == asked - 1


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


def test_for_an_unknown_device_the_known_ones_are_listed(rig: Rig) -> None:
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


def test_files_that_portaudios_libraries_leave_behind_are_for_this_user_only(rig: Rig) -> None:
    """JACK's, which Debian's PortAudio brings, makes a database in /dev/shm."""
    program = """
import os
os.umask(0)
masks = []
def seen():
    masks.append(os.umask(0))
    os.umask(masks[-1])
import sounddevice
real = sounddevice._initialize
sounddevice._initialize = lambda: (seen(), real())
devices()
seen()
print(json.dumps(masks))
"""
    assert run(HELP + program, rig.environment) == [0o077, 0]


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


def named(*names: str) -> list[Device]:
    """Devices of these names, the last of which is the default."""
    last = len(names) - 1
    return [Device(n, name, 2, 2, 48_000, "ALSA", n == last, n == last) for n, name in enumerate(names)]


def test_pipewire_is_reached_by_the_plugin_that_survives_its_restarts() -> None:
    assert choose(named("pipewire", "pulse", "default"), None, "microphone").name == "pulse"
    assert choose(named("pipewire", "pulse", "default"), "default", "microphone").name == "default"
    assert choose(named("pipewire", "default"), None, "speaker").name == "default"
    assert choose(named("pulse", "pipewire", "card"), None, "speaker").name == "card"


def test_of_two_devices_with_one_name_the_same_one_is_found_again() -> None:
    first, second = found = named("USB Audio (hw:1,0)", "USB Audio #1 (hw:1,1)")
    assert [portaudio.same(found, one, "speaker") for one in found] == found
    twins = named("USB Audio (hw:1,0)", "USB Audio (hw:2,0)", "USB Audio (hw:2,0)")
    assert [portaudio.same(twins, one, "speaker") for one in twins] == twins
    elsewhere = named("HDMI", "USB Audio (hw:3,0)")
    assert portaudio.same(elsewhere, first, "microphone") == elsewhere[1], "plugged in again"
    with pytest.raises(SoundError, match="USB Audio #1"):
        portaudio.same(elsewhere, second, "microphone")


@pytest.mark.parametrize(
    ("wanted", "kind", "text"),
    [
        ("us", "speaker", '"us" may be any of 1 "USB Speakerphone", 4 "usb": choose the speaker by its number'),
        ("hdmi", "microphone", 'there is no microphone "hdmi"; choose from 1 "USB Speakerphone", 2 "USB Camera"'),
        (9, "speaker", 'there is no speaker "9"; choose from 0 "HDA Intel: HDMI 1", 1 "USB Speakerphone"'),
        ("", "speaker", 'there is no speaker ""; choose from 0 "HDA Intel: HDMI 1", 1 "USB Speakerphone"'),
    ],
)
def test_an_unknown_or_ambiguous_device_is_refused(wanted: str | int, kind: Kind, text: str) -> None:
    with pytest.raises(SoundError) as refused:
        choose(SHELF, wanted, kind)
    assert str(refused.value).startswith(text)


def test_a_machine_with_only_a_speaker_has_no_microphone() -> None:
    with pytest.raises(SoundError, match="no sound device: this machine has no microphone; "):
        choose(SHELF[:1], None, "microphone")
    assert choose(SHELF[:1], None, "speaker").index == 0


# ---- Devices that go away and come back ----

# Plays 440 Hz, and prints what's lost and how loud the microphone is: every half second, and when it changes.
WATCH = """
position = 0
def fill(n):
    global position
    position += n
    return (8_000 * np.sin(2 * np.pi * 440 * np.arange(position - n, position) / 16_000)).astype(np.int16)

sound = LiveSound()
sound.open(fill)
said, count = None, 0
while True:
    count += 1
    block = sound.read()
    if sorted(block.lost) != said or count % 17 == 0:
        said = sorted(block.lost)
        peak = int(np.abs(block.pcm.astype(int)).max())
        print(json.dumps({"lost": said, "at": block.at, "peak": peak, "asked": position}), flush=True)
"""

LOSSES: dict[str, tuple[Callable[[Rig], None], Callable[[Rig], None], list[str]]] = {
    "server killed": (lambda rig: rig.kill(), lambda rig: rig.start(), ["microphone", "speaker"]),
    "server frozen": (lambda rig: rig.freeze(), lambda rig: rig.thaw(), ["microphone", "speaker"]),
    "microphone": (lambda rig: rig.pull_out("microphone"), lambda rig: rig.plug_in("microphone"), ["microphone"]),
    "speaker": (lambda rig: rig.pull_out("speaker"), lambda rig: rig.plug_in("speaker"), ["speaker"]),
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_device_is_reported_waited_for_and_used_again(loss: str, server: str) -> None:
    lose, give_back, lost = LOSSES[loss]
    with sound_rig(server=server) as rig, python(HELP + WATCH, rig.environment) as process:
        output = process.stdout
        assert output
        told = (json.loads(line) for line in output)
        with rig.playing(tone(1_000, 40)):
            heard = next(t for t in told if t["peak"] > LOUD)
            assert heard["lost"] == []
            lose(rig)
            away = next(t for t in told if t["lost"] == lost)
            later = [next(told) for _ in range(3)]
            give_back(rig)
        with rig.playing(tone(1_000, 40)):
            back = next(t for t in told if not t["lost"])
            assert next(t for t in told if t["peak"] > LOUD)["lost"] == []
            with rig.recording() as speaker:
                for _ in range(4):
                    next(told)
    assert [t["lost"] for t in later] == [lost] * 3
    ats = [t["at"] for t in (heard, away, *later, back)]
    assert ats == sorted(ats), "time goes on"
    if "microphone" in lost:
        assert max(t["peak"] for t in later) == 0
    if "speaker" in lost:
        assert later[-1]["asked"] == later[0]["asked"], "nothing is played to nobody"
    assert pitch(speaker[0][-RATE // 2 :]) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("server", SERVERS)
def test_a_device_that_comes_back_under_another_name_is_the_same(server: str) -> None:
    """With a number, since the old one had not quite gone; or with another of a Bluetooth headset's profiles."""
    with sound_rig(server=server) as rig, python(HELP + WATCH, rig.environment) as process:
        assert process.stdout
        told = (json.loads(line) for line in process.stdout)
        assert next(told)["lost"] == []
        rig.pull_out("microphone")
        next(t for t in told if t["lost"] == ["microphone"])
        rig.pactl("load-module", "module-remap-source", "source_name=mic.2", "master=room.monitor", "channels=1")
        next(t for t in told if not t["lost"])
        for _ in range(3):
            assert next(told)["lost"] == []
        assert rig.streams()["source-outputs"] == "mic.2"


@pytest.mark.parametrize("server", SERVERS)
def test_while_the_server_stays_away_no_stream_is_left_open(server: str) -> None:
    """They would take a processor, and through PipeWire's own plugin all memory."""
    program = """
sound = LiveSound()
sound.open(silence)
print(len(live.pa.in_use), flush=True)
while len(sound.read().lost) < 2 or live.pa.in_use:
    pass
print(len(live.pa.in_use), flush=True)
while sound.read().lost:
    pass
print(len(live.pa.in_use), flush=True)
"""
    with sound_rig(server=server) as rig, python(HELP + program, rig.environment) as process:
        assert process.stdout
        assert int(process.stdout.readline()) == 2
        rig.kill()
        assert int(process.stdout.readline()) == 0
        rig.start()
        assert int(process.stdout.readline()) == 2


def test_a_stream_that_the_user_moves_to_another_device_stays_there() -> None:
    with sound_rig() as rig, python(HELP + WATCH, rig.environment) as process:
        assert process.stdout
        told = (json.loads(line) for line in process.stdout)
        for _ in range(3):
            next(told)
        (stream,) = [i.split()[0] for i in rig.pactl("list", "sink-inputs").split("Sink Input #") if "python" in i]
        rig.pactl("move-sink-input", stream, "room")
        for _ in range(3):
            assert next(told)["lost"] == []
        (on,) = [
            line.split()[1]
            for line in rig.pactl("list", "short", "sink-inputs").splitlines()
            if line.startswith(stream)
        ]
        names = {line.split()[0]: line.split()[1] for line in rig.pactl("list", "short", "sinks").splitlines()}
        assert names[on] == "room"


@pytest.mark.parametrize("server", SERVERS)
def test_a_device_of_the_server_is_chosen_by_its_name_there_and_found_again(server: str) -> None:
    program = """
sound = LiveSound("MIC", "spk")
sound.open(silence)
for lost in (0, 2, 0):
    while len(sound.read().lost) != lost:
        pass
    print(json.dumps([stream.device.at for stream in sound.running]), flush=True)
read_for_ever(sound)
"""
    with sound_rig(server=server) as rig:
        rig.pactl("set-default-sink", "room")
        with python(HELP + program, rig.environment) as process:
            assert process.stdout
            assert json.loads(process.stdout.readline()) == ["mic", "spk"]
            assert rig.streams() == {"sink-inputs": "spk", "source-outputs": "mic"}
            rig.kill()
            assert process.stdout.readline()
            rig.start()
            assert json.loads(process.stdout.readline()) == ["mic", "spk"]
            assert rig.streams() == {"sink-inputs": "spk", "source-outputs": "mic"}


def test_the_server_has_no_microphone_of_a_number_or_of_many_names(rig: Rig) -> None:
    program = """
from voiceguide.sound import server
for wanted in ("mic", "1", "", "spk.monitor", "nosuch"):
    found = server.named(wanted, "microphone")
    print(found and found.name)
"""
    with python(HELP + program, rig.environment) as process:
        assert process.communicate()[0].split() == ["mic", "None", "None", "None", "None"]


def test_a_device_is_found_again_by_its_name(rig: Rig) -> None:
    program = """
sound = LiveSound("PUL", "pulse")
sound.open(silence)
before = sound.running
real = live.pa.query
def renumbered():
    from dataclasses import replace
    found = real()
    return [replace(found[0], index=7, name="new")] + found
live.pa.query = renumbered
sound._restart()
print(json.dumps([[stream.device.name for stream in streams] for streams in (before, sound.running)]))
sound.close()
"""
    assert run(HELP + program, rig.environment) == [["pulse", "pulse"]] * 2


def test_a_frozen_sound_server_does_not_freeze_the_program() -> None:
    program = """
sound = LiveSound()
sound.open(silence)
print(json.dumps("open"), flush=True)
while not sound.read().lost:
    pass
sound.close()
live.pa.OPEN_LIMIT = 1.0
print(json.dumps([refusal(lambda: sound.open(silence)), refusal(devices)]))
"""
    with sound_rig() as rig, python(HELP + program, rig.environment) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline()) == "open"
        rig.freeze()
        for refused in json.loads(process.stdout.readline()):
            assert refused["code"] == 3
            assert refused["text"].startswith("the sound device does not answer: ")
        assert process.wait(GIVE_UP_S) == 0
        assert process.stderr.read() == ""


def test_speech_while_the_process_is_stopped_is_heard_afterwards(rig: Rig) -> None:
    program = """
sound = LiveSound()
sound.open(silence)
loud, lost = [], False
for count in range(33 * 6):
    block = sound.read()
    lost |= bool(block.lost)
    loud.append(int(np.abs(block.pcm.astype(int)).max()) > 1_000)
    if count == 33:
        print(json.dumps("open"), flush=True)
print(json.dumps({"seconds": sum(loud) * 0.03, "lost": lost, "dropped": sound.dropped}))
sound.close()
"""
    with python(HELP + program, rig.environment) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline()) == "open"
        process.send_signal(signal.SIGSTOP)
        with rig.playing(tone(1_000, 0.5)):
            time.sleep(1.0)
        process.send_signal(signal.SIGCONT)
        said = json.loads(process.stdout.readline())
    assert said["seconds"] == pytest.approx(0.5, abs=0.07)
    assert not said["lost"]
    assert said["dropped"] == 0


def test_nothing_is_left_behind_by_a_program_that_is_killed_while_it_waits() -> None:
    with sound_rig() as rig, python(HELP + WATCH, rig.environment) as process:
        assert process.stdout
        told = (json.loads(line) for line in process.stdout)
        assert next(told)["lost"] == []
        rig.freeze()
        assert next(t for t in told if t["lost"])
        assert wait_until(lambda: children(process.pid))
        looking = children(process.pid)
        process.kill()
        process.wait()
        assert wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in looking))


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def wait_until(condition: Callable[[], object]) -> bool:
    """Whether it comes true."""
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


# ---- A speaker that runs out of sound ----


def test_the_latency_is_widened_when_the_speaker_runs_out_of_sound(rig: Rig) -> None:
    program = """
def fill(n):
    global asked
    asked += n
    if asked % 8_000 < n:  # every half a second the program is late
        time.sleep(0.09)
    return silence(n)

asked = 0
sound = LiveSound()
sound.open(fill)
first = sound.running[1].latency
lost = False
for _ in range(33 * 6):
    lost |= bool(sound.read().lost)
print(json.dumps({"first": first, "last": sound.running[1].latency, "lost": lost, "troubles": sound.troubles()}))
sound.close()
"""
    said = run(HELP + program, rig.environment)
    assert said["last"] >= 2 * said["first"]
    assert not said["lost"]
    assert "the speaker ran out of sound" in "; ".join(said["troubles"])


def test_a_device_that_asks_for_more_than_it_can_play_counts_as_running_out() -> None:
    speaker = ends.Speaker(threading.Event(), Played())
    supply = live._Supply(speaker)
    short = []
    for tick in range(100):  # after five seconds it takes 2.4 s of sound a second, which has been seen
        speaker.seconds += 0.1 if tick < 50 else 0.24
        short.append(supply.short(tick * 0.1, 0.1))
    assert not any(short[:50])
    assert any(short[50:65])


def test_two_underruns_are_one_too_many() -> None:
    speaker = ends.Speaker(threading.Event(), Played())
    supply = live._Supply(speaker)
    at = {5.0: 1, 5.1: 1, 30.0: 1, 34.0: 1, 60.0: 5}
    short = []
    for tick in range(700):
        now = round(tick * 0.1, 1)
        speaker.seconds = now
        speaker.xruns += at.get(now, 0)
        if supply.short(now, 0.1):
            short.append(now)
    assert short == [34.0]


def test_a_latency_at_which_the_device_runs_out_is_not_chosen(rig: Rig) -> None:
    program = """
from voiceguide.sound.ends import Speaker

class Slow(Speaker):
    def _taker(self, rate, channels):
        take = super()._taker(rate, channels)
        def late(data, frames, status):
            time.sleep(0.07)  # a device that holds less than this runs out
            take(data, frames, status)
        return late

live.Speaker = Slow
sound = LiveSound(microphone=False)
sound.open(silence)
print(json.dumps({"latency": sound.running[0].latency, "steps": live.LATENCIES}))
sound.close()
"""
    said = run(HELP + program, rig.environment)
    assert said["latency"] > said["steps"][0] * 1.2


# ---- What was played meanwhile ----


def test_what_was_played_keeps_its_distance_from_what_is_heard(rig: Rig, tmp_path: Path) -> None:
    program = """
noise = np.random.default_rng(1)
sound = LiveSound()
sound.open(lambda n: noise.integers(-8_000, 8_000, n).astype(np.int16))
blocks = [sound.read() for _ in range(33 * 8)]
print(json.dumps({"alignments": sound.alignments}))
sound.close()
np.concatenate([b.pcm for b in blocks]).tofile(sys.argv[1])
np.concatenate([b.played for b in blocks]).tofile(sys.argv[2])
"""
    files = tmp_path / "heard", tmp_path / "played"
    # The microphone hears what the speaker plays.
    run(HELP + program, rig.environment | {"PULSE_SOURCE": "spk.monitor"}, *map(str, files))
    heard, played = (np.fromfile(file, np.int16).astype(float) for file in files)
    lags = [lag(heard[at : at + RATE], played[at : at + RATE]) for at in range(2 * RATE, 7 * RATE, RATE // 2)]
    assert set(lags) == {lags[0]}
    assert 0 < lags[0] < RATE // 4, "an echo comes after the original"


def lag(heard: npt.NDArray[Any], played: npt.NDArray[Any]) -> int:
    """How many samples later ``played`` is heard; negative if it's heard earlier."""
    size = 2 * len(heard)
    alike = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size)))
    best = int(np.argmax(alike))
    return best if best < len(heard) else best - size


pieces = st.lists(st.integers(min_value=0, max_value=2), min_size=40, max_size=200)


@given(pieces, st.integers(0, 3), st.sampled_from([0.04, 0.06, 0.1, 0.2]))
def test_played_keeps_its_distance_while_nothing_is_lost(late: list[int], phase: int, latency: float) -> None:
    """The speaker takes pieces of 20 ms, up to 10 ms late; the microphone gives a block every 30 ms."""
    played = Played()
    played.piece = piece = RATE // 50
    played.held = round(latency * RATE)
    ramp = np.arange(1, 32_000, dtype=np.int16)
    played.give(ramp[: played.held])
    given, distances = played.held, set()
    for tick in range(340):  # of 5 ms
        at = (given - played.held) // piece
        if tick >= 4 * at + phase + late[at % len(late)]:
            played.give(ramp[given : given + piece])
            given += piece
        if tick % 6 == 5:
            block = played.meanwhile(caught_up=True)
            if tick > 120:
                distances.add(int(block[0]) - tick * 80)
                assert np.all(np.diff(block.astype(int)) == 1)
    assert len(distances) == 1
    assert played.alignments == 1


def test_played_is_aligned_again_when_samples_were_lost() -> None:
    played = Played()
    ones = np.ones(BLOCK, np.int16)
    for _ in range(20):
        played.give(ones)
        assert played.meanwhile(caught_up=True).size == BLOCK
    for _ in range(10):  # the speaker is held up
        gap = played.meanwhile(caught_up=True)
    assert not gap.any()
    for _ in range(20):
        played.give(2 * ones)
        block = played.meanwhile(caught_up=True)
    assert set(block.tolist()) == {2}
    assert played.alignments == 2


# ---- The microphone's clock ----


def times(lateness: Iterable[float], lost: float = 0.0) -> Iterator[tuple[float, float]]:
    """The true time of each block, and the time by the clock. Chunks of 10 ms arrive by ``lateness`` after they were
    heard; after the first second, ``lost`` seconds of sound are missing."""
    mic = MicrophoneClock()
    for chunk, late in enumerate(lateness, start=1):
        counted = chunk * 0.01
        true = counted + (lost if chunk > 100 else 0.0)
        mic.arrived(counted, true + late)
        if chunk % 3 == 0:
            yield true, mic.at(counted)


@given(st.lists(st.floats(min_value=-5, max_value=5), min_size=6, max_size=100), st.floats(-5, 5))
def test_time_never_goes_backwards(lateness: list[float], lost: float) -> None:
    given = [at for _, at in times(lateness * 20, lost)]
    assert all(later - earlier > 0.0149 for earlier, later in pairwise(given))


@given(st.lists(st.floats(min_value=0, max_value=0.2), min_size=1, max_size=100), st.floats(0, 0.9))
def test_time_is_right_again_within_a_second_of_a_loss(lateness: list[float], lost: float) -> None:
    least = min(lateness)
    pattern = islice(cycle(lateness), 400)
    for true, at in islice(times(pattern, lost), 67, None):
        assert true + least - 1e-6 <= at <= true + max(lateness) + 1e-6
    assert at == pytest.approx(true + least)


# ---- Silence ----


class FakeTime:
    """A clock that's moved only by sleeping, or by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(clock, "monotonic", lambda: self.now)
        monkeypatch.setattr(clock, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_silent_sound_keeps_the_pace_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime(monkeypatch)
    asked: list[int] = []
    sound = SilentSound()
    sound.open(lambda n: (asked.append(n), tone(440, n / RATE))[1])
    for count in range(1, 101):
        block = sound.read()
        assert block.at == pytest.approx(count * 0.03)
        assert time.now - 100 == pytest.approx(count * 0.03)
        assert len(block.pcm) == BLOCK
        assert not block.pcm.any()
    assert asked == [BLOCK] * 100


def test_silent_sound_catches_up_after_a_short_stall_and_skips_a_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time = FakeTime(monkeypatch)
    sound = SilentSound()
    sound.open(lambda n: np.zeros(n, np.int16))
    sound.read()
    time.now += 0.5
    assert [sound.read().at for _ in range(3)] == pytest.approx([0.06, 0.09, 0.12])
    time.now += 60
    assert sound.read().at == pytest.approx(time.now - 100 - clock.STALL_S)


@pytest.mark.parametrize("sound", [SilentSound(), live.LiveSound()], ids=["silent", "live"])
def test_sound_that_is_not_open_cannot_be_read(sound: SilentSound | live.LiveSound) -> None:
    sound.close()
    with pytest.raises(SoundError, match="not open"):
        sound.read()
