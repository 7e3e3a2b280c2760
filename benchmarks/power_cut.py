"""Sessions that are killed at random moments, and a journal whose every access to the disk fails or is the last.

    python -m benchmarks.power_cut [--times N] [--seed S]

Killed sessions: the real loop, guide and journal, in a process that is killed (SIGKILL) at a random moment, and a
next one that must go on at the right step. So that there are many steps in a moment, the clock is virtual, lines
are 30 ms of silence, and commands come from a list: without voice, recogniser and sound devices, which know nothing
of the journal. The disk is what the folder for temporary files is on; the kernel stays alive, so what it holds back
is not lost.

Faults: the journal's program runs under strace, which fails the k-th call of each kind on the journal's files, or
kills at it, for every k. Afterwards the journal has the old state or the new one. Left out where strace is not
installed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import machine, progress
from voiceguide.guide.machine import Guide
from voiceguide.guide.progress import Progress
from voiceguide.hearing.ears import Heard
from voiceguide.language.command import Command
from voiceguide.language.language import Language, load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine
from voiceguide.sessions.entries import Entry, Said
from voiceguide.sessions.journal import Journal, Keeper
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.session import Session
from voiceguide.sound import BLOCK, RATE, Block, Fill, Pcm

LATEST_S = 0.2
"""A session is killed within so long after it began: a commit takes some ms, so there are several before."""
SILENCE = np.zeros(BLOCK, np.int16)


class Clock:
    """Sound whose time passes as fast as it is read."""

    delay = 0.0

    def __init__(self) -> None:
        self._fill: Fill | None = None
        self._at = 0.0

    def open(self, fill: Fill) -> None:
        self._fill = fill

    def read(self) -> Block:
        assert self._fill is not None
        self._at += BLOCK / RATE
        return Block(SILENCE, self._at, self._fill(BLOCK))

    def close(self) -> None:
        """Nothing to close."""


class Mute:
    """A voice that says each line in 30 ms, without a sound."""

    def render(self, text: str, **_: object) -> Pcm:
        return SILENCE


class Parent:
    """Gives a command now and then; more often than others one that moves on."""

    voice = suspects = False

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None) -> list[Heard]:
        if self._choose.random() > 0.2:
            return []
        sign = Command("stress", sign="crying")
        moves = [
            Command(name) for name in ("ready", "next", "next", "next", "back", "skip", "pause", "resume", "calm")
        ]
        command = self._choose.choice([*moves, Command("goto", target="legs"), sign])
        return [Heard(command, command.name, 1.0, at, at, at)]

    def own_voice(self, fakes: object, start: float) -> None:
        """It hears nothing."""


def guide(path: Path, pipe: int, seed: int, routine: Routine, language: Language) -> None:
    """A session, from where the one before was, that writes to ``pipe`` what it is about to keep (``>``), has kept
    (``=``), and says (``!``)."""

    def write(kind: str, step: str | None) -> None:
        os.write(pipe, f"{kind}{step or '-'}\n".encode())

    def keep(progress: Progress) -> bool:
        write(">", progress.step)
        kept = keeper.keep(progress)
        write("=", progress.step)
        return kept

    def tell(happened: list[Entry]) -> None:
        for entry in happened:
            if isinstance(entry, Said):
                write("!", entry.step)

    keeper = Keeper(routine, lambda line: write("?", line), path)
    interrupted = keeper.interrupted(asked=True)
    narrator = Narrator(Mute(), None, ahead=False)
    machine = Guide(routine, language, interrupted=interrupted)
    Session(machine, Clock(), narrator, Parent(seed), keep=keep).run(tell)


def killed(path: Path, seed: int, after: float, routine: Routine, language: Language) -> tuple[list[str], bool]:
    """What a session wrote until it was killed so many seconds after it began; whether it came to its end before."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            guide(path, theirs, seed, routine, language)
            os._exit(0)
        except BaseException as error:
            os.write(theirs, f"?{error!r}\n".encode())
            os._exit(1)
    os.close(theirs)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    with os.fdopen(ours) as lines:
        written = lines.read().splitlines()
    _, status = os.waitpid(child, 0)
    return written, not os.WIFSIGNALED(status)


def kills(times: int, seed: int) -> bool:
    """Kill so many sessions. Whether all went on at the right step."""
    choose = random.Random(seed)
    routine, language = load(find("infant-massage")), load_language("en")
    told: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state", "journal.db")
        at: str | None = None
        for n in range(times):
            written, ended = killed(path, choose.getrandbits(32), choose.uniform(0, LATEST_S), routine, language)
            said = [line[1:] for line in written if line.startswith("!")]
            if at is not None and said and said[0] != at:
                wrong.append(f"{n}: kept at {at}, went on at {said[0]}")
            wrong += [f"{n}: {line[1:]}" for line in written if line.startswith("?")]
            kept = [line for line in written if line[0] in ">="]
            certain = next((line[1:] for line in reversed(kept) if line[0] == "="), at or "-")
            right = {certain} | ({kept[-1][1:]} if kept and kept[-1][0] == ">" else set())
            with Journal(path, say=wrong.append) as journal:
                offered = journal.interrupted(routine, asked=True)
            at = offered.progress.step if offered else None
            if (at or "-") not in right:
                wrong.append(f"{n}: at {at} instead of {right}: {written[-6:]}")
            told["ended before" if ended else "in a write" if len(right) > 1 else "between writes"] += 1
            told["steps spoken"] += len(set(said))
            progress.show(f"{n + 1} sessions")
        left = sorted(file.name for file in path.parent.iterdir())
        with Journal(path) as journal:
            sessions = len(journal.sessions())
    print(f"{times} sessions killed: {dict(told)}; {sessions} in the history; files: {', '.join(left)}")
    print(f"went on at the right step: {times - len(wrong)} of {times}")
    for line in wrong:
        print(f"WRONG {line}")
    return not wrong


# Faults

CALLS = ("openat", "pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "rename")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
WRITER = """
import sys
from pathlib import Path
from voiceguide.guide.progress import Progress
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions.journal import Keeper
path, torn = Path(sys.argv[1]), sys.argv[2]
keeper = Keeper(load(find("first-weeks")), lambda line: print(line, flush=True), path)
print("opened", flush=True)
keeper.interrupted(asked=True)
keeper.keep(Progress("legs-3", resumed=True))
print("kept", flush=True)
keeper.close()
"""


def faults() -> bool:
    """Every call that the journal makes fails once, or is the last. Whether old or new state was always there."""
    routine = load(find("first-weeks"))
    results: Counter[str] = Counter()
    fine = True
    for start in ("one step", "nothing", "torn"):
        for call in CALLS:
            for fault in FAULTS:
                for k in range(1, 100):
                    with tempfile.TemporaryDirectory() as folder:
                        path = Path(folder, "journal.db")
                        prepare(path, start, routine)
                        hit, result = once(path, call, fault, k, routine)
                    if not hit:
                        break
                    results[f"{fault}: {result}"] += 1
                    fine &= not result.startswith("WRONG")
                    if result.startswith("WRONG"):
                        print(f"{start}, {call} {k}, {fault}: {result}")
    print(f"{results.total()} faults, one at a time, in {', '.join(CALLS)}:")
    for result, n in sorted(results.items()):
        print(f"  {n:4d}  {result}")
    return fine


def prepare(path: Path, start: str, routine: Routine) -> None:
    if start != "nothing":
        with Journal(path) as journal:
            journal.keep(routine.id, Progress("legs-2"))
    if start == "torn":
        path.write_bytes(path.read_bytes()[:5000])


def once(path: Path, call: str, fault: str, k: int, routine: Routine) -> tuple[bool, str]:
    """Whether there was a k-th call, and what became of it."""
    names = [path, f"{path}-journal", path.parent, path.parent / "*"]
    watched = [word for name in names for word in ("-P", str(name))]
    inject = ["-e", f"trace={','.join(CALLS)}", "-e", f"inject={call}:{fault}:when={k}"]
    command = ["strace", "-f", "-o", f"{path.parent}.trace", *watched, *inject, sys.executable, "-c", WRITER]
    run = subprocess.run([*command, str(path), ""], capture_output=True, text=True, check=False)
    trace = Path(f"{path.parent}.trace")
    hit = "(INJECTED)" in trace.read_text() or "SIGKILL" in trace.read_text()
    trace.unlink()
    kept = run.stdout.splitlines()[-1:] == ["kept"] and "not kept" not in run.stdout
    if run.stderr:
        return hit, f"WRONG: {run.stderr.splitlines()[-1]}"
    try:
        told: list[str] = []
        with Journal(path, say=told.append) as journal:
            found = journal.interrupted(routine, asked=True)
    except Exception as error:
        return hit, f"WRONG: {error}"
    step = found.progress.step if found else None
    if told:
        return hit, "the torn file was still there, and is set aside now"
    if kept and step != "legs-3":
        return hit, f"WRONG: it was kept, and is {step}"
    if step not in (None, "legs-2", "legs-3"):
        return hit, f"WRONG: {step}"
    return hit, {"legs-3": "new state", "legs-2": "old state", None: "none, as before"}[step]


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000, help="how many sessions are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", action="store_true", help="without the faults")
    arguments = parser.parse_args()
    print(machine.facts())
    checks: list[Callable[[], bool]] = [lambda: kills(arguments.times, arguments.seed)]
    if shutil.which("strace") is None:
        print("the faults are left out: strace is not installed")
    elif not arguments.kills:
        checks.append(faults)
    failed = [check() for check in checks].count(False)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
