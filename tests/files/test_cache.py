"""A folder of files that can be made again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from voiceguide.files import atomic
from voiceguide.files.cache import Cache

BIG = bytes(10_000)  # three blocks of the disk


def age(path: Path, seconds: int) -> None:
    """It was last used so long after the year 2001."""
    os.utime(path, (1_000_000_000 + seconds, 1_000_000_000 + seconds))


def test_what_was_written_is_read_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    cache = Cache(folder, ".bin", 100_000)
    assert cache.read("a") is None
    cache.write("a", b"one")
    cache.write("a", b"two")
    assert cache.read("a") == Cache(folder, ".bin", 100_000).read("a") == b"two"
    assert cache.read("b") is None
    assert [file.name for file in folder.iterdir()] == ["a.bin"]
    assert stat.S_IMODE((folder / "a.bin").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, ".bin", 1_000_000)
    for n, name in enumerate("abcde"):
        cache.write(name, BIG)
        age(tmp_path / f"{name}.bin", n)
    assert cache.read("a") == BIG  # used again: now the youngest
    (tmp_path / "not mine.txt").write_text("keep me")
    cache = Cache(tmp_path, ".bin", 3 * 12_288 + 5_000)
    assert {path.name for path in tmp_path.iterdir()} == {"a.bin", "d.bin", "e.bin", "not mine.txt"}
    cache.write("f", BIG)
    assert {path.name for path in tmp_path.glob("*.bin")} == {"a.bin", "e.bin", "f.bin"}


def test_small_files_count_as_much_as_they_take_up(tmp_path: Path) -> None:
    cache = Cache(tmp_path, ".bin", 40_960)
    for n in range(30):
        cache.write(str(n), b"x")
    assert len(list(tmp_path.iterdir())) <= 10


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{atomic.SCRATCH}crashed"
    left.touch()
    age(left, 0)
    Cache(tmp_path, ".bin", 100_000).write("a", BIG)
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("way", ["file/cache", "file"])
def test_a_folder_that_cannot_be_made_is_an_empty_cache(tmp_path: Path, way: str) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / way, ".bin", 100_000)
    cache.write("a", b"one")
    assert cache.read("a") is None
