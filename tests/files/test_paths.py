"""The user's own folders, also where the user has no home or no name."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from voiceguide.files import paths
from voiceguide.sessions import journal

NAMES = tuple("HOME LOGNAME USER LNAME USERNAME XDG_CACHE_HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_DATA_HOME".split())


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system doesn't know, as in a container that was started with a number for one."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_a_user_without_a_home_or_a_name_has_folders_that_are_not_there(nobody: None) -> None:
    assert paths.home() == paths.NOWHERE
    assert paths.user_name() == str(os.getuid())
    for kind in ("cache", "config", "data", "state"):
        folder = paths.user_folder(kind)  # type: ignore[arg-type]
        assert folder.is_absolute() and not folder.exists()


def test_the_folders_are_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "")
    assert journal.default_path() == tmp_path / ".local/state/voiceguide/journal.db"
    monkeypatch.setenv("XDG_STATE_HOME", "~/kept")
    assert tmp_path in journal.default_path().parents, "and not in a folder that is called ~"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert paths.user_folder("state") == tmp_path / "other/voiceguide"
