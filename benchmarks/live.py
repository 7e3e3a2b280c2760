"""Live sound: devices lost and back, many times over; and what a session costs.

    python -m benchmarks.live --losses [--times N]
    python -m benchmarks.live --cost [--minutes M]

Both on a PulseAudio daemon of its own (tests/rig.py), in real time: a loss and return takes some 3 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from benchmarks import machine, progress
from benchmarks.reaction_live import PLAIN, VOICES, session
from tests.rig import FORMAT, Rig, sound_rig
from voiceguide.speech.voice import Voice

LOSSES: dict[str, tuple[Callable[[Rig], None], Callable[[Rig], None], list[str]]] = {
    "microphone pulled out": (
        lambda rig: rig.pull_out("microphone"),
        lambda rig: rig.plug_in("microphone"),
        ["microphone"],
    ),
    "speaker pulled out": (lambda rig: rig.pull_out("speaker"), lambda rig: rig.plug_in("speaker"), ["speaker"]),
    "server killed": (Rig.kill, Rig.start, ["microphone", "speaker"]),
    "server frozen": (Rig.freeze, Rig.thaw, ["microphone", "speaker"]),
}
PATIENCE_S = 20.0
START_S = 4.0
"""In its first three seconds a stream may be silent without counting as lost."""
PREPARED_S = 1.5
"""Computing in 10 s of a session in which nothing is rendered any more: sound alone takes less."""
MAIN, OTHERS = "the loop: hearing, guide", "sound: PortAudio's threads, PulseAudio's, the narrators"

WATCH = """
import json, time
import numpy as np
from voiceguide.sound.live import LiveSound

sound = LiveSound()
sound.open(lambda n: np.zeros(n, np.int16))
lost = None
while True:
    block = sound.read()
    if block.lost != lost:
        lost = block.lost
        print(json.dumps([time.monotonic(), sorted(lost)]), flush=True)
"""


class Watch:
    """A process that reads blocks and tells when what is lost changes."""

    def __init__(self, rig: Rig) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WATCH], env=rig.environment, stdout=subprocess.PIPE, text=True
        )
        self._told: list[tuple[float, list[str]]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            at, lost = json.loads(line)
            self._told.append((at, lost))

    def since(self, began: float, lost: list[str]) -> float | None:
        """Seconds until just these were lost; None when it took too long."""
        while time.monotonic() < began + PATIENCE_S:
            for at, told in list(self._told):
                if at > began and told == lost:
                    return at - began
            time.sleep(0.01)
        return None


def losses(times: int) -> None:
    """Each loss so many times."""
    print(f"losses: {machine.facts()}")
    with sound_rig() as rig:
        watch = Watch(rig)
        time.sleep(START_S)
        for name, (lose, give_back, lost) in LOSSES.items():
            noticed, recovered, failed = [], [], 0
            for n in range(times):
                progress.show(f"{name}: {n} of {times}")
                began = time.monotonic()
                lose(rig)
                if (late := watch.since(began, lost)) is not None:
                    noticed.append(late)
                time.sleep(0.5)
                began = time.monotonic()
                give_back(rig)
                there = _heard_by_another(rig) if name == "server killed" else began
                if (late := watch.since(began, [])) is None:
                    failed += 1
                else:
                    recovered.append(max(0.0, began + late - there))
                time.sleep(START_S if lost == ["microphone", "speaker"] else 0.5)
            alive = "" if watch.process.poll() is None else " AND THE PROCESS HAS ENDED"
            missed = times - len(noticed) + failed
            print(
                f"{name:<24} noticed {_spread(noticed)}, used again {_spread(recovered)}; {missed} failures{alive}",
                flush=True,
            )
        watch.process.kill()


def _heard_by_another(rig: Rig) -> float:
    """When another program hears the microphone: a server that has just started takes up to 2 s to give sound."""
    command = ["parec", "--device=mic", "--latency-msec=20", *FORMAT]
    with subprocess.Popen(command, env=rig.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(2)
        process.kill()
        return time.monotonic()


def cost(minutes: float) -> None:
    """Computing and memory of a session that goes on by itself, the first on its machine: nothing is rendered yet."""
    print(f"cost: {machine.facts()}")
    with tempfile.TemporaryDirectory() as cache, Voice() as voice, ExitStack() as stack:
        os.environ["XDG_CACHE_HOME"] = cache
        running = stack.enter_context(session(PLAIN))[1]
        running.until("  guide ", 20.0, 0)
        for phrase, answer in (("I'm ready", "(guiding"), ("keep going by yourself", "heard keep_going")):
            time.sleep(3.0)
            running.say(voice.render(phrase, voice=VOICES[0]), answer)
        prepared = _until_prepared(running.process.pid)
        print(f"to render all sentences, in the first session of a routine: {prepared:.0f} s of a core")
        began, before, most = time.monotonic(), _cpu(running.process.pid), [0.0, 0.0]
        while time.monotonic() < began + 60 * minutes:
            time.sleep(5.0)
            progress.show(f"{time.monotonic() - began:.0f} s")
            if running.process.poll() is not None:
                raise RuntimeError(f"the session has ended: {running.lines[-3:]}")
            most = [max(*pair) for pair in zip(most, _memory(running.process.pid), strict=True)]
        spent = {name: used - before.get(name, 0.0) for name, used in _cpu(running.process.pid).items()}
        seconds = time.monotonic() - began
        for name, used in spent.items():
            print(f"{name:<56} {100 * used / seconds:5.1f} % of a core")
        print(f"{'all':<56} {100 * sum(spent.values()) / seconds:5.1f} % of a core, over {seconds:.0f} s")
        print(
            f"at most {most[0]:.0f} MB resident (RSS) in all processes, {most[1]:.0f} MB of it not shared twice (PSS)"
        )


def _until_prepared(pid: int) -> float:
    """Seconds of computing, but the loop's, until 10 s pass with little of it: all sentences are on disk."""

    def spent() -> float:
        return sum(used for name, used in _cpu(pid).items() if name != MAIN)

    used = spent()
    while True:
        time.sleep(10.0)
        before, used = used, spent()
        progress.show(f"preparing: {used:.0f} s of a core")
        if used < before + PREPARED_S:
            return used


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has just ended
            for child in (task / "children").read_text().split():
                found += _tree(int(child))
    return found


def _cpu(pid: int) -> dict[str, float]:
    """Seconds of computing, by what it is for: threads have no names that can be seen from outside."""
    loop = _spent(Path(f"/proc/{pid}/task/{pid}/stat"))
    workers = sum(_spent(Path(f"/proc/{process}/stat")) for process in _tree(pid) if process != pid)
    return {MAIN: loop, OTHERS: _spent(Path(f"/proc/{pid}/stat")) - loop, "voice worker": workers}


def _spent(stat: Path) -> float:
    """Of a process with the threads that have ended, or of a thread."""
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> tuple[float, float]:
    """RSS and PSS in MB."""
    sums = {"Rss": 0, "Pss": 0}
    for process in _tree(pid):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except ProcessLookupError:  # it has just ended
            print(f"process {process} has ended ({Path(f'/proc/{process}/cmdline').read_bytes()!r})")
            continue
        for line in lines:
            name, _, rest = line.partition(":")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return sums["Rss"] / 1024, sums["Pss"] / 1024


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "never"
    return f"{np.median(seconds):.2f} s (95 % within {np.percentile(seconds, 95):.2f}, at most {max(seconds):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--losses", action="store_true")
    what.add_argument("--cost", action="store_true")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=3.0)
    arguments = parser.parse_args()
    if arguments.losses:
        losses(arguments.times)
    else:
        cost(arguments.minutes)


if __name__ == "__main__":
    main()
