"""Hostile files, many thousands of them, for everything that reads one: each is read, or refused in one line.

    python -m benchmarks.fuzz                      # 100,000 files, half an hour on one core
    python -m benchmarks.fuzz --files 5000 --seed 7 --only audio archive
    python -m benchmarks.fuzz --guided routine     # by coverage: needs `pip install atheris`
    python -m benchmarks.fuzz --commands           # seconds and MB of the commands, for the worst that is known

A file is an honest one with damage: bytes turned, cut out, doubled, replaced by what such a file is made of, or by
another's part. What fails is kept, and printed with what it raised.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from benchmarks import machine, progress
from voiceguide import config
from voiceguide.errors import VoiceguideError
from voiceguide.files.source import read
from voiceguide.language import language as commands
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import archive, models
from voiceguide.routine.library import find
from voiceguide.routine.loading import folder_of_routines, load
from voiceguide.routine.routine import Part
from voiceguide.sessions.script import built_in, load_script
from voiceguide.sound.files import blocks_of, excerpts_of

PIECES = [
    *(b": ", b"\n  ", b"- ", b"{", b"[", b"]", b"}", b",", b"&a ", b"*a", b"<<: ", b"!!int ", b"---\n", b"...\n"),
    *(b"!!python/object:os.system ", b"%YAML 1.1\n", b"# ", b"'", b'"', b'"\\x00"', b"no", b"on", b"~", b"|", b"\t"),
    *(b".nan", b".inf", b"1e999", b"0x7fffffffffffffffffff", b"-1", b"99999999999999999999", b"1.5", b"\r", b"\0"),
    *(b"(a|b)", b"[a] ", b"<baby>", b"{part}", b"say", b"id", b"parts", b"steps", b"../../x", b"/dev/zero"),
    *(c.encode() for c in "\ufeff\u202e\u200fé\U0001f476"),
    *(b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b'"\\ud800"'),
]
NUMBERS = [
    n.to_bytes(size, order)
    for size in (2, 4, 8)
    for order in ("little", "big")
    for n in (0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1))
]
"""What a length in a header may be, at worst."""
SECONDS, MEGABYTES = 2.0, 200
"""What a refusal may take."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--guided", choices=TARGETS, metavar="TARGET", help="by coverage, with atheris, one target")
    parser.add_argument("--commands", action="store_true")
    arguments = parser.parse_args()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        if arguments.commands:
            return measured(Path(folder))
        if arguments.guided:
            return guided(arguments.guided, arguments.files, arguments.seed, Path(folder))
        return fuzzed(arguments.only, arguments.files, arguments.seed, Path(folder))


# ---- What reads files, and honest ones to begin with ----


def texts(*files: Path) -> list[bytes]:
    return [file.read_bytes() for file in files]


def routines() -> list[bytes]:
    """All of them named as the file that is damaged."""
    return [re.sub(rb"(?m)^routine: .*$", b"routine: f", content) for content in texts(*BOX.glob("*.yaml"))]


def recordings() -> list[bytes]:
    tone = (0.3 * np.sin(np.arange(1600) / 5)).astype(np.float32)
    kinds = [
        ("WAV", "PCM_16", 1),
        ("WAV", "FLOAT", 2),
        ("FLAC", "PCM_16", 2),
        ("OGG", "VORBIS", 1),
        ("W64", "PCM_24", 8),
    ]
    kinds += [("MP3", "MPEG_LAYER_III", 1), ("AIFF", "PCM_16", 1), ("WAV", "IMA_ADPCM", 1), ("CAF", "ALAC_16", 1)]
    made = []
    for form, subtype, channels in kinds:
        file = io.BytesIO()
        soundfile.write(file, np.stack([tone] * channels, axis=1), 16_000, format=form, subtype=subtype)
        made.append(file.getvalue())
    return made


def archives() -> list[bytes]:
    made = []
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", kind) as packed:
            for name in ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"):
                packed.writestr(f"vosk-model-small-xx/{name}", b"\0B" + bytes(200))
        made.append(file.getvalue())
    return made


def reads_language(path: Path) -> None:
    schema = json.loads((Path(commands.__file__).parent / "language.schema.json").read_text("utf-8"))
    read(path, schema)


def reads_routine(path: Path) -> None:
    phrases_of(load(path).parts)


@cache
def phrases_of(parts: tuple[Part, ...]) -> Phrasebook:
    """It takes a tenth of a second, and most damage is elsewhere."""
    return commands.load_language("en").phrasebook(parts)


def reads_config(path: Path) -> None:
    os.environ["VOICEGUIDE_CONFIG"] = str(path)
    config.settings()


def reads_audio(path: Path) -> None:
    for number, block in enumerate(blocks_of(path)):
        assert block.shape == (480,)
        if number > 1000:
            break
    for sound in excerpts_of(path, 3, 0.1):
        assert np.isfinite(sound).all()


def reads_archive(path: Path) -> None:
    target = path.parent / "unpacked" / "model"
    target.parent.mkdir(exist_ok=True)
    try:
        archive.unpack(path, target, lambda folder: None)
    except archive.BadArchiveError as error:
        raise VoiceguideError(models.one_line(error)) from error  # as `models install` tells it
    finally:
        shutil.rmtree(target.parent)


def reads_model(path: Path) -> None:
    """The file is each of the files of a model in turn: none may be read without end, or raise."""
    folder = path.parent / "model"
    if not folder.exists():
        shutil.copytree(models.box(), folder)
    damaged = folder / ("conf/model.conf" if path.read_bytes()[:1] > b"\x80" else "am/final.mdl")
    shutil.copyfile(path, damaged)
    models.verify(folder)


BOX = folder_of_routines()
TARGETS: dict[str, tuple[Callable[[Path], object], Callable[[], list[bytes]], float]] = {
    "routine": (reads_routine, routines, 0.05),
    "language": (reads_language, lambda: texts(*commands.folder_of_languages().glob("*.yaml")), 0.08),
    "config": (reads_config, lambda: [b"routine: x\nbaby: {name: Mia, pronoun: she}\ninput_device: 3\n"], 0.2),
    "script": (load_script, lambda: texts(built_in(load(find("first-weeks")))), 0.04),
    "audio": (reads_audio, recordings, 0.4),
    "archive": (reads_archive, archives, 0.2),
    "model": (reads_model, lambda: texts(models.box() / "am/final.mdl", models.box() / "conf/model.conf"), 0.03),
}
"""By name: what reads it, honest files, and which share of all files is for it."""


# ---- Damage ----


def damaged(honest: list[bytes], chance: random.Random) -> bytes:
    """One of them, damaged once or a few times; sometimes chance alone."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(300))
    data = bytearray(chance.choice(honest))
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        # Half of the damage is to the first bytes, where headers are.
        at = chance.randrange(min(len(data), chance.choice([64, len(data)])) + 1) if data else 0
        size = min(chance.choice([1, 2, 4, 16, 200]), len(data) - at)
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * chance.choice([1, 2, 50])
            case 3:
                data[at:at] = chance.choice(PIECES) * chance.choice([1, 1, 2, 40])
            case 4:
                number = chance.choice(NUMBERS)
                data[at : at + len(number)] = number
            case 5:
                other = chance.choice(honest)
                start = chance.randrange(len(other))
                data[at : at + size] = other[start : start + chance.choice([8, 64, 512])]
            case _:
                data = data[:at] if chance.random() < 0.3 else data
    return bytes(data)


class FailedError(Exception):
    """What was neither read nor refused in one line."""


def tried(read_it: Callable[[Path], object], path: Path, content: bytes) -> bool:
    """Whether it was read; not when it was refused as it should be. Raises FailedError."""
    path.write_bytes(content)
    try:
        read_it(path)
    except VoiceguideError as error:
        lines = str(error).splitlines()
        if not lines or not all(line.isprintable() for line in lines):
            raise FailedError(f"not one printable line: {str(error)!r}") from error
        return False
    except OSError as error:  # the door tells of these in a line
        if error.strerror is None:
            raise FailedError(traceback.format_exc()) from error
        return False
    except Exception as error:
        raise FailedError(traceback.format_exc()) from error
    return True


def fuzzed(names: list[str], files: int, seed: int, folder: Path) -> int:
    warnings.simplefilter("error")  # a warning is a line that nobody understands
    print(machine.facts())
    whole = sum(TARGETS[name][2] for name in names)
    failures = total = 0
    for name in names:
        read_it, honest_files, share = TARGETS[name]
        honest, chance = honest_files(), random.Random(f"{seed} {name}")
        count, good, slowest, began = round(files * share / whole), 0, 0.0, time.monotonic()
        path = folder / ("f.yaml" if name in ("routine", "language", "config", "script") else "f")
        for number in range(count):
            content = damaged(honest, chance)
            start = time.process_time()
            try:
                good += tried(read_it, path, content)
            except FailedError as error:
                failures += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz-{name}-{number}"
                kept.write_bytes(content)
                print(f"\n{name} {number} (seed {seed}), kept as {kept}:\n{error}", flush=True)
                if failures > 20:
                    return 1
            slowest = max(slowest, time.process_time() - start)
            if number % 100 == 0:
                progress.show(f"{name}: {number} of {count}")
        total += count
        mega = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        took = time.monotonic() - began
        print(
            f"{name:<9} {count:>6} files, {good} read, the others refused; {took:.0f} s, "
            f"slowest {slowest:.2f} s of computing; most memory so far {mega:.0f} MB",
            flush=True,
        )
    print(f"{total} files, seed {seed}: {failures} failures")
    return 1 if failures else 0


def guided(name: str, runs: int, seed: int, folder: Path) -> int:
    """By coverage. atheris ends the process itself."""
    try:
        import atheris
    except ImportError:
        print("fuzz: atheris is not installed; try: pip install atheris", file=sys.stderr)
        return 1
    read_it, honest_files, _ = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate(honest_files()):
        (corpus / str(number)).write_bytes(content)
    path = folder / "f.yaml"
    atheris.instrument_all()
    atheris.Setup(
        [sys.argv[0], f"-runs={runs}", f"-seed={seed + 1}", str(corpus)], lambda data: tried(read_it, path, data)
    )
    atheris.Fuzz()
    return 0


# ---- The worst that is known, by the commands themselves ----


def measured(folder: Path) -> int:
    """A table: what each command makes of it, seconds, MB."""
    with ProcessPoolExecutor(1) as pool:  # a process's most memory counts its parent's at its start
        worst = pool.submit(hostile_files, folder).result()
    print(machine.facts())
    well = True
    for name, arguments, code in worst:
        command = [sys.executable, "-m", "voiceguide", *arguments]
        began = time.monotonic()
        with (
            tempfile.TemporaryFile("w+", dir=folder) as errors,
            subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
            ) as process,
        ):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            lines = errors.read().splitlines()
        took = time.monotonic() - began
        mega = usage.ru_maxrss / 1024
        good = process.returncode == code and mega < MEGABYTES
        good &= code == 0 or (took < SECONDS and not any("Traceback" in line for line in lines))
        well &= good
        print(
            f"{'good' if good else 'BAD '} {took:5.2f} s {mega:4.0f} MB  {name}: {(lines or ['read'])[0][:100]}",
            flush=True,
        )
    return 0 if well else 1


def hostile_files(folder: Path) -> list[tuple[str, list[str], int]]:
    """Makes them. Gives a name, a command, and how it is to end."""

    def text(name: str, content: str | bytes) -> str:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return name

    aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    aliases += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    yaml = [
        ("aliases in aliases", aliases),
        ("100,000 levels", "[" * 100_000),
        ("a mebibyte of a", "a" * (1 << 20)),
        ("more than a mebibyte", "a: b\n" * 300_000),
        ("UTF-16", "routine: x\n".encode("utf-16")),
        ("zero bytes", b"\0" * 1000),
        ("a tag", "routine: !!python/object/apply:os.system [x]\n"),
    ]
    found: list[tuple[str, list[str], int]] = []
    for number, (name, content) in enumerate(yaml):
        file = text(f"f{number}.yaml", content)
        found.append((f"check, {name}", ["check", file], 1))
    with soundfile.SoundFile(folder / "hour.wav", "w", 48_000, 2, subtype="PCM_16") as sound:
        for _ in range(3600):
            sound.write(np.zeros((48_000, 2), np.int16))
    soundfile.write(folder / "nan.wav", np.full((16_000, 8), np.nan, np.float32), 48_000, subtype="FLOAT")
    soundfile.write(folder / "none.wav", np.zeros(0, np.float32), 16_000)
    header = bytearray((folder / "none.wav").read_bytes())
    header[24:28] = (2**31 - 1).to_bytes(4, "little")
    (folder / "rate.wav").write_bytes(header)
    (folder / "cut.wav").write_bytes(header[:20])
    found += [(f"hear, {n}", ["hear", f"{n}.wav"], 0) for n in ("nan", "none", "hour")]
    found += [(f"hear, {n}", ["hear", f"{n}.wav"], 1) for n in ("rate", "cut")]
    with zipfile.ZipFile(folder / "many.zip", "w") as packed:
        for number in range(300_000):
            packed.writestr(f"m/{number}", b"")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m/am/final.mdl", bytes(200_000_000))
    found += [(f"models install, {n}", ["models", "install", f"{n}.zip"], 4) for n in ("many", "bomb")]
    return found


if __name__ == "__main__":
    sys.exit(main())
