"""Music: a stream that's always ready in time, files of all kinds, and the lullaby."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from rig import GIVE_UP_S

from voiceguide.errors import VoiceguideError
from voiceguide.sound import RATE
from voiceguide.speech.envelopes import Float
from voiceguide.speech.lullaby import CHUNK, lullaby
from voiceguide.speech.music import AHEAD, LEVEL_DB, Music, files_of, recorded


def level(samples: Float) -> float:
    """RMS in dBFS."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) / 32768**2 + 1e-12))


def write(
    path: Path,
    seconds: float = 2.0,
    *,
    hertz: float = 440.0,
    rate: int = 44_100,
    channels: int = 2,
    peak: float = 0.5,
) -> Path:
    """A tone in a file, in the format of its suffix."""
    wave = peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    return path


def pitch(samples: Float) -> float:
    """The strongest tone in it, in hertz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples)))) * RATE / len(samples)


def never(line: str) -> None:
    pytest.fail(line)


# ---- the stream ----


def numbers(sizes: list[int]) -> Generator[Float, None, None]:
    at = 0
    for size in sizes:
        yield np.arange(at, at + size, dtype=np.float32)
        at += size


@given(sizes=st.lists(st.integers(0, 50), max_size=20), asked=st.lists(st.integers(0, 60), max_size=20))
def test_the_stream_gives_all_samples_in_order(sizes: list[int], asked: list[int]) -> None:
    with Music(numbers(sizes), ahead=False) as music:
        taken = np.concatenate([np.zeros(0, np.float32), *(music.take(n) for n in asked)])
    expected = np.zeros(sum(asked))
    there = min(sum(sizes), sum(asked))
    expected[:there] = np.arange(there)
    assert np.array_equal(taken, expected), "and silence after its end"


class Endless:
    """Chunks of ones, counted."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = threading.Event()

    def chunks(self) -> Generator[Float, None, None]:
        try:
            while True:
                self.made += 1
                yield np.ones(CHUNK, np.float32)
        finally:
            self.closed.set()

    def wait_for(self, made: int) -> None:
        deadline = time.monotonic() + GIVE_UP_S
        while self.made < made and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)  # time enough to make more
        assert self.made == made


def test_a_thread_keeps_four_seconds_ready_and_no_more() -> None:
    source = Endless()
    with Music(source.chunks(), ahead=True) as music:
        source.wait_for(AHEAD // CHUNK)
        assert music.take(2 * CHUNK).all()
        source.wait_for(AHEAD // CHUNK + 2)
        assert music.missed == 0
    assert source.closed.wait(GIVE_UP_S), "its file is closed"
    assert not music.take(CHUNK).any()


def test_samples_that_are_not_ready_are_silent_and_are_counted() -> None:
    go = threading.Event()

    def slow_disk() -> Generator[Float, None, None]:
        yield np.ones(100, np.float32)
        go.wait(GIVE_UP_S)
        yield np.ones(50, np.float32)

    with Music(slow_disk(), ahead=True) as music:
        deadline = time.monotonic() + GIVE_UP_S
        taken = music.take(0)
        while not taken.any() and time.monotonic() < deadline:
            taken = music.take(150)
        assert np.array_equal(taken, [1.0] * 100 + [0.0] * 50), "it doesn't wait"
        assert music.missed % 150 == 50
        go.set()
        while not (taken := music.take(50)).any() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert taken.all(), "and goes on"


# ---- files ----


def test_files_of_any_rate_and_number_of_channels_are_equally_loud(tmp_path: Path) -> None:
    loud = write(tmp_path / "a.wav", 3.0, hertz=300, rate=48_000, channels=2, peak=0.9)
    soft = write(tmp_path / "b.flac", 3.0, hertz=500, rate=22_050, channels=1, peak=0.01)
    squeezed = write(tmp_path / "c.ogg", 3.0, hertz=700, rate=44_100, channels=2, peak=0.3)
    with Music(recorded((loud, soft, squeezed), never), ahead=False) as music:
        for _ in range(2):  # in a loop
            for hertz in (300, 500, 700):
                tune = music.take(3 * RATE)
                assert pitch(tune) == pytest.approx(hertz, abs=1)
                assert level(tune[RATE : 2 * RATE]) == pytest.approx(LEVEL_DB, abs=0.3)


@pytest.mark.skipif("MP3" not in soundfile.available_formats(), reason="libsndfile is older than MP3")
def test_mp3_is_music(tmp_path: Path) -> None:
    with Music(recorded((write(tmp_path / "a.mp3", 50.0),), never), ahead=False) as music:
        music.take(5 * RATE)
        tune = music.take(20 * RATE)
    assert level(tune) == pytest.approx(LEVEL_DB, abs=0.5)
    assert pitch(tune) == pytest.approx(440, abs=1)
    assert min(map(level, tune.reshape(-1, RATE // 50))) > LEVEL_DB - 2, "it's never gone"


def test_a_long_file_is_measured_in_its_loud_parts_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    quiet_first = rng.normal(size=120 * 8000) * np.repeat([0.001, 0.1], 60 * 8000)
    soundfile.write(tmp_path / "a.wav", quiet_first, 8000, subtype="FLOAT")
    with Music(recorded((tmp_path / "a.wav",), never), ahead=False) as music:
        music.take(70 * RATE)
        assert level(music.take(20 * RATE)) == pytest.approx(LEVEL_DB, abs=1.0)


def test_pauses_do_not_make_the_rest_louder(tmp_path: Path) -> None:
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    soundfile.write(tmp_path / "a.wav", np.concatenate([tone, np.zeros(6 * RATE)]), RATE)
    with Music(recorded((tmp_path / "a.wav",), never), ahead=False) as music:
        assert level(music.take(2 * RATE)[RATE // 2 :]) == pytest.approx(LEVEL_DB, abs=0.3)


@pytest.mark.parametrize("seconds", [0.02, 0.54, 0.545, 0.55, 0.56, 1.5])
def test_one_file_fades_into_the_next_whatever_its_length(tmp_path: Path, seconds: float) -> None:
    """Files are read in pieces of half a second: even a last piece shorter than the fade has no click."""
    files = tuple(write(tmp_path / f"{n}.wav", seconds, hertz=100 * n + 33, rate=RATE) for n in (1, 2))
    with Music(recorded(files, never), ahead=False) as music:
        tune = music.take(6 * RATE)
    steepest = 2 * np.pi * 233 / RATE * np.abs(tune).max()
    assert np.abs(np.diff(tune)).max() <= 1.5 * steepest, "no click"


def test_a_file_that_cannot_be_read_is_mentioned_once_and_left_out(tmp_path: Path) -> None:
    good = write(tmp_path / "b.wav", 1.0, hertz=440)
    (tmp_path / "a.mp3").write_text("no music", "utf-8")
    soundfile.write(tmp_path / "c.wav", np.zeros(RATE), RATE)
    told: list[str] = []
    with Music(recorded((tmp_path / "a.mp3", good, tmp_path / "c.wav"), told.append), ahead=False) as music:
        for _ in range(3):
            assert pitch(music.take(RATE)) == pytest.approx(440, abs=1)
    bad, silent = told
    assert bad.startswith(f"{tmp_path}/a.mp3 is no recording that can be read") and bad.endswith("it is left out")
    assert silent == f"{tmp_path}/c.wav is silent; it is left out"


def test_music_ends_when_no_file_is_left(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", 1.0)
    told: list[str] = []
    chunks = recorded((file,), told.append)
    next(chunks)
    file.unlink()
    with Music(chunks, ahead=False) as music:
        music.take(RATE)
        assert not music.take(RATE).any()
    assert told == [f"there is no recording {file}; it is left out"]


def test_a_folder_is_played_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b/2.wav", "b/1.FLAC", "a.ogg", ".hidden.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, 0.1)
    (tmp_path / "cover.jpg").touch()
    assert [str(file.relative_to(tmp_path)) for file in files_of(tmp_path)] == ["a.ogg", "b/1.FLAC", "b/2.wav"]


def test_where_there_is_no_music_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.m4a").write_text("no music", "utf-8")
    (tmp_path / "text.wav").write_text("no music", "utf-8")
    for name, words in (
        ("empty", "there is none in it; name a folder or file of WAV, FLAC, OGG or MP3"),
        ("videos", "none of its 1 files can be read"),
        ("text.wav", "is no recording that can be read"),
        ("nothing", "there is no recording"),
    ):
        with pytest.raises(VoiceguideError, match=words):
            files_of(tmp_path / name)


# ---- the lullaby ----


def song(seconds: int, seed: int = 1) -> Float:
    return np.concatenate(list(islice(lullaby(seed), 2 * seconds)))


def test_the_lullaby_is_as_soft_as_other_music_and_never_silent() -> None:
    for seed in (1, 2, 3):
        tune = song(900, seed)
        assert level(tune) == pytest.approx(LEVEL_DB, abs=1.0)
        seconds = tune.reshape(-1, RATE)
        assert min(map(level, seconds)) > -55, "the drone goes on"
        assert max(map(level, seconds)) < -28
        assert 20 * np.log10(np.abs(tune).max() / 32768) < -20
        assert np.abs(np.diff(tune)).max() < 0.5 * np.abs(tune).max(), "no click"


def test_each_seed_has_a_lullaby_of_its_own() -> None:
    assert np.array_equal(song(60), song(60))
    assert not np.array_equal(song(60), song(60, seed=2))


def test_the_lullaby_does_not_repeat_itself_in_a_quarter_of_an_hour() -> None:
    tune = song(900)
    minutes = [tune[at : at + 60 * RATE] for at in range(0, len(tune) - 60 * RATE, 20 * RATE)]  # as the drone does
    assert all(not np.array_equal(a, b) for n, a in enumerate(minutes) for b in minutes[:n])


def test_the_lullaby_keeps_to_its_scale() -> None:
    spectrum = np.abs(np.fft.rfft(song(120)))
    strongest = np.argsort(spectrum)[-200:] / 120
    semitones = 12 * np.log2(strongest[strongest > 300] / 349.2) % 12
    nearest = np.abs(semitones[:, None] - np.array([0, 2, 4, 7, 9, 12])).min(axis=1)
    assert nearest.max() < 0.2
