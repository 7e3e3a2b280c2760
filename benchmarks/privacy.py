"""What a session writes, and what sockets it opens, by the system calls of all its processes.

    python -m benchmarks.privacy

Sessions under strace, in a home of their own: a rehearsal, one with typed commands that is stopped and gone on with,
and one by voice, with a sound server of its own (tests/rig.py). Every file that is opened for writing, made, renamed
or removed is counted by where it is; anything but the journal, the caches, temporary files that are gone, what the
libraries of PulseAudio and JACK make for themselves, and devices is a failure, and so is every socket that is not
AF_UNIX. Left out where strace is not installed, or may not trace.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import machine
from tests.rig import RATE, Pcm, Rig, environment_without_sound, sound_rig
from voiceguide.speech.voice import Voice

CALLS = (
    "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat"
)
CALLS += ",truncate,chmod,fchmodat,mknod,mknodat,socket,connect,bind"
TYPED = "ready\nnext\nhe's crying\ncontinue\nnext\nfinish\nyes\n"
SESSIONS = {
    "a rehearsal": (["rehearse", "first-weeks"], ""),
    "a session with typed commands, stopped": (["run", "first-weeks", "--keyboard"], "ready\nnext\n"),
    "the same, gone on with": (["run", "first-weeks", "--keyboard", "--resume"], TYPED),
}
BY_VOICE = ["run", "first-weeks", "--no-resume", "--music", "lullaby"]
SPOKEN = ("I'm ready", "next", "pause", "continue", "the baby is crying", "baby is calm", "finish", "yes")
GAP_S = 8.0
"""After each of these."""


def by_voice(folder: Path) -> list[str]:
    """As ``traced``: a session in which everything is said aloud, again and again until it has ended."""
    with Voice() as voice:
        gap = np.zeros(round(GAP_S * RATE), np.int16)
        said: Pcm = np.concatenate([pcm for text in SPOKEN for pcm in (gap, voice.render(text, voice="en-gb+m3"))])
    with sound_rig() as rig, rig.playing(np.tile(said, 3)):
        return traced(BY_VOICE, "", folder, rig)


def traced(arguments: list[str], typed: str, folder: Path, rig: Rig | None = None) -> list[str]:
    """The system calls of a session, one a line, with the folders that relative paths start from."""
    log = folder / "trace"
    home, temporary = folder / "home", folder / "tmp"
    for path in (home, temporary, folder / "runtime"):
        path.mkdir(mode=0o700, exist_ok=True)
    homes = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    sound: Mapping[str, str] = rig.environment if rig else environment_without_sound()
    environment = {**sound, **homes, "HOME": str(home), "TMPDIR": str(temporary)}
    environment |= {"XDG_RUNTIME_DIR": str(folder / "runtime"), "PULSE_COOKIE": str(folder / "runtime" / "cookie")}
    command = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-o", str(log), "-e", f"trace={CALLS}"]
    program = [sys.executable, "-B", "-m", "voiceguide", *arguments]
    run = subprocess.run(
        [*command, *program],
        env=environment,
        cwd=home,
        input=typed,
        stdout=subprocess.DEVNULL,
        text=True,
        timeout=600,
        check=False,
    )
    if run.returncode:
        sys.exit(f"the session failed: exit code {run.returncode}")
    return log.read_text(errors="replace").splitlines()


def place(path: str, folder: Path) -> str:
    """Where a path is, in words."""
    full = os.path.normpath(path)
    if full.startswith("/dev/shm/jack_db"):
        return "JACK's library"
    if full.startswith("/dev/shm/") and not full.startswith("/dev/shm/pulse-shm-"):
        return f"ELSEWHERE: {full}"  # files like any other
    for name, at in (
        ("the journal", folder / "home" / "state" / "voiceguide"),
        ("the caches", folder / "home" / "cache" / "voiceguide"),
        ("temporary files", folder / "tmp"),
        ("PulseAudio's library", folder / "runtime"),
        ("devices", Path("/dev")),
        ("its own processes", Path("/proc/self")),
    ):
        if Path(full).is_relative_to(at) or (name in ("the journal", "the caches") and at.is_relative_to(full)):
            return name
    return f"ELSEWHERE: {full}"


def judged(lines: list[str], folder: Path) -> Counter[str]:
    """How often each place was written to, and each family of sockets opened."""
    found: Counter[str] = Counter()
    for line in lines:
        call = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
        if call is None or call[3].startswith("-"):
            continue  # it did not succeed
        name, arguments = call[1], call[2]
        if name == "socket":
            family = arguments.split(",")[0]
            found[f"socket {family}" if family == "AF_UNIX" else f"ELSEWHERE: socket {family}"] += 1
        elif name in ("connect", "bind"):
            continue  # of a socket that was counted
        elif name.startswith(("open", "creat")) and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments):
            continue
        else:
            at = re.match(r"(?:AT_FDCWD|\d+)<([^>]*)>", arguments)
            paths = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
            for path in paths[-1:] if "symlink" in name else paths:  # what a link points to is not touched
                found[place(str(Path(at[1] if at else folder / "home") / path), folder)] += 1
    return found


def main() -> None:
    """Print what each session did."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(machine.facts())
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False).returncode != 0
    ):
        print("left out: strace is not installed, or may not trace")
        return
    fine = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tests = {name: partial(traced, arguments, typed) for name, (arguments, typed) in SESSIONS.items()}
        for name, test in {**tests, "a session by voice": by_voice}.items():
            lines = test(folder)
            found = judged(lines, folder)
            print(f"{name}: {len(lines)} calls; {', '.join(f'{place} {n}' for place, n in sorted(found.items()))}")
            fine &= not any(place.startswith("ELSEWHERE") for place in found) and bool(found["the caches"])
        left = [str(path) for path in (folder / "tmp").iterdir()]
        wide = [
            str(path)
            for path in (folder / "home").rglob("*")
            if path.stat().st_mode & 0o077 and "voiceguide" in path.parts
        ]
        print(f"temporary files that are left: {left or 'none'}; readable by others: {wide or 'none'}")
    sys.exit(not fine or bool(wide))


if __name__ == "__main__":
    main()
