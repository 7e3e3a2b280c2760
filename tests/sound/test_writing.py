"""Whether a WAV file can be written is known before there's a sound to write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voiceguide.errors import VoiceguideError
from voiceguide.sound.files import check_writable


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_writable(tmp_path / "out.wav")
    asked: list[Path] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(path))  # root may write anywhere
    with pytest.raises(VoiceguideError, match=r"cannot write .*out.wav: Permission denied"):
        check_writable(tmp_path / "out.wav")
    (tmp_path / "old.wav").touch()
    with pytest.raises(VoiceguideError):
        check_writable(tmp_path / "old.wav")
    assert asked == [tmp_path, tmp_path / "old.wav"]


@pytest.mark.parametrize("name", ["x.mp3", "x.FLAC", "x.ogg"])
def test_the_name_of_another_format(name: str, tmp_path: Path) -> None:
    with pytest.raises(VoiceguideError, match=r"it would be a WAV file; name it x.wav"):
        check_writable(tmp_path / name)
