"""Files that are damaged, absurd or malicious: one line says so, in little memory. See also benchmarks/fuzz.py; for
YAML: test_source.py, for models: test_models.py."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from rig import GIVE_UP_S, environment_without_sound
from test_cli import refused, run

from benchmarks import fuzz
from voiceguide.errors import VoiceguideError
from voiceguide.files.paths import expanded
from voiceguide.recognition import archive
from voiceguide.sound import BLOCK, RATE
from voiceguide.sound.files import blocks_of, excerpts_of, rate_of, read_recording

ADDRESSES = 4 << 30
"""A child's address space, in bytes. Its libraries map a good part of it, however little they use."""


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    """No warning by numpy reaches standard error, where nobody would understand it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def header(path: Path, *, rate: int = RATE, channels: int = 1, claimed: int = 0, samples: int = 480) -> Path:
    """A 16-bit WAV file with these facts in its header."""
    data = np.zeros(samples, np.int16).tobytes()
    frame = 2 * channels
    fmt = (1).to_bytes(2, "little") + channels.to_bytes(2, "little") + rate.to_bytes(4, "little")
    fmt += (rate * frame % 2**32).to_bytes(4, "little") + frame.to_bytes(2, "little") + (16).to_bytes(2, "little")
    chunks = b"WAVEfmt " + len(fmt).to_bytes(4, "little") + fmt + b"data"
    chunks += (claimed or len(data)).to_bytes(4, "little") + data
    path.write_bytes(b"RIFF" + len(chunks).to_bytes(4, "little") + chunks)
    return path


# ---- Recordings ----


def test_a_recording_with_nan_or_beyond_full_scale_is_read(tmp_path: Path) -> None:
    for value in (np.nan, np.inf, -np.inf, 1e38):
        sound = np.zeros((RATE, 2), np.float32)
        sound[::2, 0] = value
        soundfile.write(tmp_path / "odd.wav", sound, RATE, subtype="FLOAT")
        read = np.concatenate([*blocks_of(tmp_path / "odd.wav")])
        assert np.abs(read.astype(int)).max() <= 32768
        assert all(np.isfinite(sound).all() for sound in excerpts_of(tmp_path / "odd.wav", 3, 0.1))


@pytest.mark.parametrize("channels", [1, 8, 16])
def test_all_channels_of_a_recording_are_heard(tmp_path: Path, channels: int) -> None:
    tone = np.zeros((RATE, channels), np.float32)
    tone[:, -1] = 0.5
    soundfile.write(tmp_path / "last.wav", tone, RATE)
    assert read_recording(tmp_path / "last.wav")[RATE // 2] == pytest.approx(16384 / channels, rel=0.01)


def test_a_recording_without_a_sample_has_no_block(tmp_path: Path) -> None:
    assert [*blocks_of(header(tmp_path / "none.wav", samples=0))] == []
    assert all(not len(sound) for sound in excerpts_of(tmp_path / "none.wav", 3, 0.1))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"rate": 2**31 - 1}, "it has 2147483647 samples a second; from 4000 to 384000 will do"),
        ({"rate": 1}, "it has 1 samples a second"),
        ({"channels": 400}, "it has 400 channels; up to 16 will do"),
    ],
)
def test_absurd_facts_in_a_header_are_refused(tmp_path: Path, facts: dict[str, int], message: str) -> None:
    path = header(tmp_path / "absurd.wav", **facts)
    for read in (lambda: [*blocks_of(path)], lambda: [*excerpts_of(path, 3, 0.1)]):
        with pytest.raises(VoiceguideError) as error:
            read()
        assert message in str(error.value)
    assert rate_of(path) == 0


def test_a_header_that_claims_too_much_gives_what_there_is(tmp_path: Path) -> None:
    assert len([*blocks_of(header(tmp_path / "short.wav", claimed=2**31, samples=BLOCK))]) == 1


def test_an_hour_is_streamed_and_not_loaded(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "hour.wav", "w", 48_000, 2, subtype="PCM_16") as file:
        for _ in range(60):
            file.write(np.zeros((60 * 48_000, 2), np.int16))
    tracemalloc.start()
    try:
        count = sum(1 for _ in blocks_of(tmp_path / "hour.wav"))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3600 * RATE // BLOCK
    assert most < 8_000_000


def test_what_is_read_as_a_whole_is_at_most_ten_minutes_long(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.flac", "w", RATE, 1, subtype="PCM_16") as file:
        for _ in range(11):
            file.write(np.zeros(60 * RATE, np.int16))
    with pytest.raises(VoiceguideError, match="longer than 10 minutes; take a part of it"):
        read_recording(tmp_path / "long.flac")


def test_a_damaged_mp3_is_read_without_a_word_of_its_library(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile has no MP3")
    chance = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.mp3", chance.normal(scale=0.1, size=RATE), RATE, format="MP3")
    content = bytearray((tmp_path / "a.mp3").read_bytes())
    content[800:900] = bytes(100)
    (tmp_path / "a.mp3").write_bytes(content)
    with soundfile.SoundFile(tmp_path / "a.mp3") as file:
        file.read()
    assert "Note: " in capfd.readouterr().err, "the library has something to say"
    assert [*blocks_of(tmp_path / "a.mp3")]
    assert capfd.readouterr().err == ""


# ---- Any damage ----


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_a_damaged_file_is_read_or_refused_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEGUIDE_CONFIG", "")
    honest = fuzz.TARGETS[name][1]()
    read_it = fuzz.TARGETS[name][0]
    assert fuzz.tried(read_it, tmp_path / "f.yaml", honest[0])

    @given(st.randoms(use_true_random=False))
    def holds(chance: object) -> None:
        fuzz.tried(read_it, tmp_path / "f.yaml", fuzz.damaged(honest, chance))  # type: ignore[arg-type]

    holds()


# ---- By the door: one line, and little memory ----


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("check pipe.yaml", 1, "this is not a file that can be read"),
        ("rehearse --script pipe.yaml", 1, "this is not a file that can be read"),
        ("hear pipe.yaml", 1, "there is no recording pipe.yaml"),
        ("hear two\nlines.wav", 1, r"there is no recording two\nlines.wav"),
        ("run first-weeks --keyboard --music ~no-one/x", 1, "there is no recording ~no-one/x"),
        ("models install ~no-one/x.zip", 1, "~no-one/x.zip: no such file"),
        ("models install many.zip", 1, "its list of members is longer than any model's"),
        ("hear absurd.wav", 1, "samples a second; from 4000"),
    ],
)
def test_one_line_within_little_memory(tmp_path: Path, arguments: str, code: int, message: str) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    header(tmp_path / "absurd.wav", rate=2**31 - 1)
    if "many.zip" in arguments:
        with zipfile.ZipFile(tmp_path / "many.zip", "w") as packed:
            for number in range(60_000):
                packed.writestr(f"m/{number}", b"")
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", *arguments.split(" ")],
        cwd=tmp_path,
        env=environment_without_sound(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES)),
    )
    assert message in refused(result, code)


def test_a_file_name_that_is_not_text_can_be_printed(tmp_path: Path) -> None:
    folder = os.fsdecode(b"caf\xe9")
    (tmp_path / folder).mkdir()
    assert run("new", "evening", cwd=tmp_path / folder).returncode == 0
    result = run("check", f"{folder}/evening.yaml", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("caf\\udce9/evening.yaml: good")


def test_the_home_of_an_unknown_user_stays_as_it_is() -> None:
    assert expanded("~nobody-at-all/x") == Path("~nobody-at-all/x")
    assert expanded("~/x") == Path.home() / "x"


def test_an_archive_that_zipfile_cannot_read_is_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("m/é", b"x")
    content = (tmp_path / "a.zip").read_bytes().replace("é".encode(), b"\xff\xff")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(archive.BadArchiveError, match="it is damaged"):
        archive.top_folder(tmp_path / "a.zip")
