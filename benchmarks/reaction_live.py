"""The live half of benchmarks/reaction.py: commands spoken over the guide, as `voiceguide run` hears them.

A sound server of its own (tests/rig.py) has a speaker and a room. What a parent says is played into the room, and
what the speaker plays is recorded. Times are those of the machine's clock: of samples, when the server had them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.reaction_room import CALMING, OTHERS
from tests.rig import FORMAT, RATE, Pcm, Rig, sound_rig
from voiceguide.sound import BLOCK
from voiceguide.speech.voice import Voice

VOICES = ("en-us+m7", "en-gb-x-rp+f5")
GAIN = 0.5
"""The parent is 6 dB softer in the microphone than the guide is in its speaker."""
AUDIBLE = 16
"""Samples below it, -66 dB of full scale, are silence."""
PATIENCE_S = 3.0

# What a session does and when, written by the session itself: the times of its blocks and its decisions.
WATCHED = """
import json, struct, sys, time
from voiceguide import cli
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.ears import Heard
from voiceguide.sound.live import LiveSound
from voiceguide.speech.player import Player

folder = sys.argv[1]
blocks, times, log = (open(f"{folder}/{name}", "wb", 0) for name in ("blocks", "times", "log"))

def note(**fields):
    log.write(json.dumps({"t": time.monotonic(), **fields}).encode() + b"\\n")

def after(owner, name, then):
    real = getattr(owner, name)
    def watched(self, *arguments, **named):
        given = real(self, *arguments, **named)
        then(self, given)
        return given
    setattr(owner, name, watched)

def read(sound, block):
    times.write(struct.pack("d", time.monotonic()))
    blocks.write(block.pcm.tobytes())

before = ""
def heard(listener, decided):
    global before
    if listener._text != before:
        before = listener._text
        note(partial=before)
    for one in decided:
        if isinstance(one, Heard):
            note(heard=one.phrase)

after(LiveSound, "read", read)
after(Listener, "hear", heard)
after(Player, "hush", lambda player, cut: cut and note(hush=True))
after(Player, "chime", lambda player, _: note(chime=True))
sys.exit(cli.main(["run", "infant-massage"]))
"""
PLAIN = """
import sys
from voiceguide import cli

sys.exit(cli.main(["run", "infant-massage"]))
"""


@dataclass(frozen=True)
class Reaction:
    """One command; stage by stage, in ms."""

    phrase: str
    calming: bool
    capture: float
    """From the end of the phrase in the room to the block with it in the session's hands."""
    known: float
    """From there until the recogniser gave the phrase and kept to it; below zero where it did before the end."""
    certain: float
    """From there until it was decided: the rules of certainty, and the computing."""
    acted: float
    """From there until the player was told."""
    out: float
    """From there to silence at the speaker, or to the chime there."""

    @property
    def total(self) -> float:
        return self.capture + self.known + self.certain + self.acted + self.out

    @property
    def answer(self) -> float:
        """From the decision on."""
        return self.acted + self.out


class Recorder:
    """Records a monitor of the sound server, with the time of each sample."""

    def __init__(self, rig: Rig, source: str) -> None:
        command = ["parec", f"--device={source}", "--latency-msec=10", *FORMAT]
        self._process = subprocess.Popen(command, env=rig.environment, stdout=subprocess.PIPE)
        self._pieces: list[bytes] = []
        self._arrivals: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout
        count = 0
        while data := self._process.stdout.read1(1 << 16):
            now = time.monotonic()
            self._pieces.append(data)
            count += len(data)
            self._arrivals.append((count // 2, now))

    def stop(self) -> Recorded:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        pcm = np.frombuffer(b"".join(self._pieces)[: self._arrivals[-1][0] * 2], np.int16)
        counts, times = (np.array(column) for column in zip(*self._arrivals, strict=True))
        return Recorded(pcm, counts, times)


@dataclass(frozen=True)
class Recorded:
    pcm: Pcm
    counts: np.ndarray
    times: np.ndarray

    def index(self, at: float) -> int:
        """The sample that was there at this time: the one of which the least late arrival of 2 s tells it."""
        near = np.abs(self.times - at) < 1.0
        start = np.min(self.times[near] - self.counts[near] / RATE)
        return round((at - start) * RATE)

    def time(self, index: int) -> float:
        """When this sample was there."""
        near = np.abs(self.counts - index) < RATE
        return float(np.min(self.times[near] - self.counts[near] / RATE) + index / RATE)


class Session:
    """`voiceguide run`, watched or as it is."""

    def __init__(self, rig: Rig, folder: Path, program: str) -> None:
        self._rig = rig
        self._folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            env=rig.environment | {"XDG_STATE_HOME": str(folder)},  # or it would go on where another one ended
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.lines: list[tuple[float, str]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def until(self, text: str, seconds: float, after: int) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(text in line for _, line in self.lines[after:]):
                return True
            time.sleep(0.02)
        return False

    def say(self, pcm: Pcm, until: str, seconds: float = PATIENCE_S) -> tuple[float, bool]:
        """The parent says something; when it began to be played, and whether ``until`` came of it."""
        after = len(self.lines)
        path = self._folder / "said.raw"
        np.pad((pcm * GAIN).astype(np.int16), (RATE // 10, RATE // 10)).tofile(path)
        began = time.monotonic()
        subprocess.run(["paplay", "--device=room", *FORMAT, str(path)], env=self._rig.environment, check=True)
        return began, self.until(until, seconds, after)


@contextmanager
def session(program: str = WATCHED) -> Iterator[tuple[Rig, Session, Path]]:
    with sound_rig() as rig, tempfile.TemporaryDirectory() as folder:
        running = Session(rig, Path(folder), program)
        try:
            yield rig, running, Path(folder)
        finally:
            running.process.terminate()
            running.process.wait()


def measure(seed: int = 1, every: int = 1) -> tuple[list[Reaction], list[str]]:
    """The reactions, and the commands without one to be measured: not obeyed, or given when it was silent already."""
    chance = np.random.default_rng(seed)
    phrases = [(p, v) for p in (*CALMING[::every], *OTHERS[::every]) for v in VOICES]
    given: list[tuple[str, float]] = []
    with Voice() as voice, session() as (rig, running, folder):
        go_on, ready = voice.render("continue", voice=VOICES[0]), voice.render("I'm ready", voice=VOICES[0])
        room, speaker = Recorder(rig, "room.monitor"), Recorder(rig, "spk.monitor")
        if not running.until("  guide ", 20.0, 0):
            raise RuntimeError("the guide does not speak")
        time.sleep(4.0)
        running.say(ready, "(guiding")
        for n, (phrase, name) in enumerate(chance.permutation(phrases).tolist()):
            if sys.stderr.isatty():
                print(f"\r{n} of {len(phrases)}", end="", file=sys.stderr, flush=True)
            running.until("  guide ", 20.0, len(running.lines))
            time.sleep(float(chance.uniform(0.4, 1.2)))
            began, obeyed = running.say(voice.render(phrase, voice=name), "heard")
            given.append((phrase, began))
            if phrase in CALMING and obeyed:
                for _ in range(3):
                    time.sleep(1.5)
                    if running.say(go_on, "(guiding")[1]:
                        break
        room_heard, speaker_heard = room.stop(), speaker.stop()
        log = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
        blocks = np.fromfile(folder / "blocks", np.int16)
        times = np.fromfile(folder / "times", np.float64)
    found = [_reaction(*one, room_heard, speaker_heard, blocks, times, log) for one in given]
    rest = [f"{phrase}: {one}" for (phrase, _), one in zip(given, found, strict=True) if isinstance(one, str)]
    return [one for one in found if isinstance(one, Reaction)], rest


def _reaction(
    phrase: str,
    began: float,
    room: Recorded,
    speaker: Recorded,
    blocks: Pcm,
    times: np.ndarray,
    log: Sequence[dict[str, object]],
) -> Reaction | str:
    first = room.index(began)
    loud = np.flatnonzero(np.abs(room.pcm[first : first + 4 * RATE].astype(int)) > AUDIBLE)
    breaks = np.flatnonzero(np.diff(loud) > RATE // 2)
    last = first + int(loud[breaks[0]] if len(breaks) else loud[-1])
    ended = room.time(last)
    heard = [e for e in log if e.get("heard") == phrase.lower() and ended - 1.0 < float(e["t"]) < ended + PATIENCE_S]
    if not heard:
        return "not obeyed"
    decided = float(heard[0]["t"])
    # The same sound as the session had it, block by block: the room adds nothing here.
    words = room.pcm[first + int(loud[0]) : last + 1].astype(float)
    near = max(0, int(np.searchsorted(times, ended - 3.0))) * BLOCK
    stretch = blocks[near : near + 5 * RATE].astype(float)
    at = near + int(np.argmax(np.correlate(stretch, words))) + len(words) - 1
    read = float(times[at // BLOCK])
    known = decided
    for e in reversed([e for e in log if "partial" in e and ended - 3.0 < float(e["t"]) <= decided]):
        if not str(e["partial"]).endswith(phrase.lower()):
            break
        known = float(e["t"])
    calming = phrase in CALMING
    acts = [
        float(e["t"]) for e in log if ("hush" if calming else "chime") in e and -0.05 < float(e["t"]) - decided < 0.6
    ]
    if not acts:
        return "obeyed in silence"
    start = speaker.index(acts[0])
    sound = np.abs(speaker.pcm[start : start + RATE].astype(int)) > AUDIBLE
    changes = np.flatnonzero(sound)
    if calming:  # the last sound before at least 0.1 s of silence
        gaps = np.flatnonzero(np.diff(np.append(changes, 2 * RATE)) > RATE // 10)
        changed = int(changes[gaps[0]]) if len(changes) else 0
    else:  # the first sound, or, where speech still sounds, the first after 0.05 s of silence
        gaps = np.flatnonzero(np.diff(changes) > RATE // 20)
        still = len(changes) > 0 and changes[0] < RATE // 100
        changed = int(changes[gaps[0] + 1] if still and len(gaps) else changes[0]) if len(changes) else 0
    ms = 1000 * np.diff([ended, read, known, decided, acts[0], speaker.time(start + changed)])
    return Reaction(phrase, calming, *ms.tolist())
