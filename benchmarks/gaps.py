"""Whether anybody ever waits for the voice: a session in real time, first with an empty cache, then again.

    python -m benchmarks.gaps [--voice V] [--seconds S] [--quota PERCENT] [--sessions N]

The guide reads the start of the infant massage into a simulated room, whose clock is the real one here, and hears
with its own recogniser. For each session: when its first word was there, from the moment when the recogniser was; how
many sentences another voice said, or the same one at another pace; how much longer than planned the three longest
pauses between sentences were; and the memory of all of its processes (PSS), at most and at the end.

``--quota`` takes all CPUs together down to so many per cent, by the kernel's CFS bandwidth control (cgroup v1, as
root).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import machine
from voiceguide.guide.machine import Guide
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.sessions import assembly, entries
from voiceguide.sessions.assembly import Hearing, Options
from voiceguide.sessions.entries import Entry
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.session import PACES, Session
from voiceguide.sound import RATE, Block
from voiceguide.sound.room import Room
from voiceguide.speech.choice import choose
from voiceguide.speech.voice import Voice

GAP_S = 0.35
"""The pause that is planned between two sentences of an utterance: Player.say."""
CGROUP = Path("/sys/fs/cgroup/cpu/voiceguide-benchmark")
PERIOD_US = 100_000


class RealTimeRoom(Room):
    """A room whose clock is the real one."""

    began: float | None = None

    def read(self) -> Block:
        if self.began is None:
            self.began = time.monotonic() - self.now
        block = super().read()
        time.sleep(max(0.0, self.began + block.at - time.monotonic()))
        return block


def memory_mb() -> float:
    """PSS of this process and all below it."""
    pids, total = [os.getpid()], 0
    while pids:
        pid = pids.pop()
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            for task in Path(f"/proc/{pid}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
    return total / 1000


@contextmanager
def quota(percent: int | None) -> Iterator[None]:
    if percent is None:
        yield
        return
    CGROUP.mkdir(exist_ok=True)
    (CGROUP / "cpu.cfs_period_us").write_text(str(PERIOD_US))
    (CGROUP / "cpu.cfs_quota_us").write_text(str(PERIOD_US * (os.cpu_count() or 1) * percent // 100))
    (CGROUP / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        with suppress(OSError):
            (CGROUP.parent / "cgroup.procs").write_text(str(os.getpid()))
            CGROUP.rmdir()


def session(folder: Path, named: str | None, seconds: float) -> str:
    """A session's row."""
    routine, language = assembly.content(Options())
    hearing = Hearing.of(routine, language)
    names, _ = choose(language.code, language.voice, {"": named} if named else {})
    began = time.monotonic()
    memory: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            memory.append(memory_mb())

    watching = threading.Thread(target=watch)
    watching.start()
    said: list[entries.Said] = []
    with Voice(cache=folder / "speech") as voice:
        own_voice = OwnVoice(hearing.model, hearing.book, cache=folder / "own-voice")
        narrator = Narrator(voice, own_voice, ahead=True, names=names)
        guide, room = Guide(routine, language), RealTimeRoom()
        running = Session(guide, room, narrator, hearing.listener())
        texts = guide.texts()
        narrator.first(texts[0])
        first = time.monotonic() - began
        narrator.prepare(texts, at_once=guide.at_once(), rates=PACES)
        waits: list[float] = []
        others = 0
        ended: float | None = None

        def each_turn(happened: list[Entry]) -> None:
            nonlocal ended, others
            for entry in happened:
                if isinstance(entry, entries.Said):
                    said.append(entry)
                    if ended is not None:
                        waits.append(entry.t - ended - GAP_S)
                    pcm = narrator.line(entry.text).result(0)
                    main = voice.kept(entry.text, voice=names[0])
                    others += main is None or len(main) != len(pcm)
                    ended = entry.t + len(pcm) / RATE
            if running.now >= seconds:
                running.leave()

        running.run(each_turn)
        narrator.close()
    over.set()
    watching.join()
    late = sorted(waits)[-3:]
    return (
        f"| {names[0]} | {first:.2f} s | {len(said)} | {others} | {', '.join(f'{one:.2f}' for one in late)} s |"
        f" {max(memory, default=0):.0f} MB | {memory[-1] if memory else 0:.0f} MB |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--sessions", type=int, default=2)
    parser.add_argument("--quota", type=int, metavar="PERCENT")
    arguments = parser.parse_args()
    print(machine.facts() + (f", held to {arguments.quota} %" if arguments.quota else ""))
    print("| voice | first word | sentences | by another voice | longest waits | most memory | at the end |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, quota(arguments.quota):
        for _ in range(arguments.sessions):
            print(session(Path(folder), arguments.voice, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
