"""What the guide's own voice would fake: found by the real Vosk in real speech, and kept on the disk."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voiceguide.hearing import own_voice as module
from voiceguide.hearing.ears import Fake
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models
from voiceguide.recognition.model import ClosedModel
from voiceguide.sound import RATE, Pcm
from voiceguide.speech import voice as speech

Speak = Callable[..., Pcm]
Guide = Callable[[str], Pcm]

TRY_AGAIN = "Say continue to try again."


@pytest.fixture
def guide(speak: Speak) -> Guide:
    """A sentence as the guide says it."""
    return lambda text: speak(text, "en-us+f3", 140)


@pytest.fixture
def finder(vosk_model: Any, book: Phrasebook) -> OwnVoice:
    return OwnVoice(vosk_model, book, cache=None)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser refuses to listen from now on."""

    def refuse(*_: object) -> None:
        raise AssertionError("it was listened to again")

    monkeypatch.setattr(ClosedModel, "recogniser", refuse)


def commands(fakes: tuple[Fake, ...]) -> set[str]:
    return {fake.command.name for fake in fakes}


def covers(fakes: tuple[Fake, ...], name: str, moment: float) -> bool:
    return any(fake.command.name == name and fake.at <= moment <= fake.until for fake in fakes)


def of(pcm: Pcm) -> float:
    return len(pcm) / RATE


# What's found


def test_a_phrase_in_the_text_is_found_roughly_when_it_is_said(finder: OwnVoice, guide: Guide) -> None:
    pcm = guide(TRY_AGAIN)
    fakes = finder.fakes(TRY_AGAIN, pcm)
    assert commands(fakes) >= {"resume", "repeat"}  # "continue" and "try again", and "again"
    assert covers(fakes, "resume", 0.35 * of(pcm))
    assert covers(fakes, "repeat", 0.85 * of(pcm))
    assert not covers(fakes, "repeat", 0.1)
    for fake in fakes:
        assert 0 <= fake.at < fake.until <= of(pcm)


def test_the_text_counts_even_if_the_recogniser_hears_none_of_it(finder: OwnVoice) -> None:
    quiet = np.zeros(4 * RATE, np.int16)
    assert commands(finder.fakes("Rest here, say next, and stay here for a while.", quiet)) == {"next"}
    (fake,) = finder.fakes("Rest here, say next, and stay here for a while.", quiet)
    assert fake.phrase == "next" and fake.command == Command("next")
    assert fake.at < 1.5 < fake.until  # letters 12 to 16 of 36
    assert fake.until - fake.at < 2.0


def test_the_sound_counts_even_if_the_text_has_none_of_it(finder: OwnVoice, guide: Guide) -> None:
    pcm = np.concatenate([np.zeros(RATE, np.int16), guide("finish"), np.zeros(2 * RATE, np.int16)])
    fakes = finder.fakes("", pcm)
    assert "finish" in commands(fakes)
    assert covers(fakes, "finish", 1.4)
    assert not covers(fakes, "finish", 0.1)
    assert not covers(fakes, "finish", of(pcm) - 0.2)


def test_a_phrase_within_a_longer_text_is_found(finder: OwnVoice, guide: Guide) -> None:
    """It isn't a command there, but the room decides what part of it the recogniser takes for an utterance."""
    assert "finish" in commands(finder.fakes("Say yes to finish, or no to stay.", guide("Say yes to finish.")))


def test_a_sentence_without_a_command_fakes_none(finder: OwnVoice, guide: Guide) -> None:
    for text in ("Use only the weight of your hands.", "Let it rise and fall with each breath."):
        assert not commands(finder.fakes(text, guide(text))) & {"next", "finish", "skip", "yes", "resume", "stop"}


def test_a_phrase_said_twice_is_faked_twice(finder: OwnVoice) -> None:
    text = "Next, " + "walk your hands along the sides of the legs to the feet, " * 3 + "next."
    spans = [(fake.at, fake.until) for fake in finder.fakes(text, np.zeros(12 * RATE, np.int16))]
    assert len(spans) == 2
    assert spans[0][1] < 1.5 and spans[1][0] > 10.5


def test_silence_and_no_text_fake_nothing(finder: OwnVoice) -> None:
    assert finder.fakes("", np.zeros(RATE // 5, np.int16)) == ()
    assert finder.fakes("", np.zeros(0, np.int16)) == ()


def test_from_several_threads_at_once(finder: OwnVoice, guide: Guide) -> None:
    texts = [TRY_AGAIN, "Say yes to finish, or no to stay."]
    sounds = [guide(text) for text in texts]
    alone = [finder.fakes(text, pcm) for text, pcm in zip(texts, sounds, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(finder.fakes, texts * 4, sounds * 4)) == alone * 4


# What's kept


def test_a_sentence_is_listened_to_only_once(
    vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pcm = guide(TRY_AGAIN)
    first = OwnVoice(vosk_model, book, cache=tmp_path / "made" / "on" / "demand").fakes(TRY_AGAIN, pcm)
    nothing = OwnVoice(vosk_model, book, cache=tmp_path / "made" / "on" / "demand").fakes("", pcm[:RATE])
    request.getfixturevalue("deaf")
    later = OwnVoice(vosk_model, book, cache=tmp_path / "made" / "on" / "demand")
    assert later.fakes(TRY_AGAIN, pcm) == first != ()
    assert later.fakes("", pcm[:RATE]) == nothing


def test_another_text_sound_or_phrasebook_is_listened_to_again(
    vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    pcm = guide(TRY_AGAIN)
    OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm)
    request.getfixturevalue("deaf")
    same = OwnVoice(vosk_model, book, cache=tmp_path)
    fewer = Phrasebook({p: c for p, c in book.meanings.items() if c.name != "skip"}, book.decoys)
    decoys = replace(book, decoys=book.decoys[1:])
    for other, text, sound in (
        (same, "Say continue.", pcm),
        (same, TRY_AGAIN, pcm // 2),
        (OwnVoice(vosk_model, fewer, cache=tmp_path), TRY_AGAIN, pcm),
        (OwnVoice(vosk_model, decoys, cache=tmp_path), TRY_AGAIN, pcm),
    ):
        with pytest.raises(AssertionError, match="listened to again"):
            other.fakes(text, sound)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"[[", b"\xff\xfe\x00", b"null", b"3", b'[["continue", 0.1]]', b'[["continue", null, 1.0]]', b"[7]"],
    ids=["empty", "cut-off", "no-text", "null", "number", "short", "no-number", "no-list"],
)
def test_a_damaged_file_is_replaced(
    vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path, damaged: bytes, request: pytest.FixtureRequest
) -> None:
    pcm = guide(TRY_AGAIN)
    first = OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damaged)
    assert OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm) == first
    json.loads(file.read_bytes())
    request.getfixturevalue("deaf")
    assert OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm) == first


def test_phrases_that_are_no_longer_understood_are_not_taken_from_the_cache(
    vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path
) -> None:
    pcm = guide(TRY_AGAIN)
    OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm)
    (file,) = tmp_path.iterdir()
    file.write_text('[["abracadabra", 0.0, 1.0], ["continue", 0.5, 1.0]]')
    assert OwnVoice(vosk_model, book, cache=tmp_path).fakes(TRY_AGAIN, pcm) == (
        Fake("continue", Command("resume"), 0.5, 1.0),
    )


def test_it_works_without_a_cache(vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    pcm = guide(TRY_AGAIN)
    expected = OwnVoice(vosk_model, book, cache=None).fakes(TRY_AGAIN, pcm)
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        assert OwnVoice(vosk_model, book, cache=cache).fakes(TRY_AGAIN, pcm) == expected
    assert (tmp_path / "file").read_text() == "in the way"


def test_only_the_user_can_read_what_is_kept(vosk_model: Any, book: Phrasebook, guide: Guide, tmp_path: Path) -> None:
    """It doesn't contain the texts, but which commands are said when."""
    OwnVoice(vosk_model, book, cache=tmp_path / "cache").fakes(TRY_AGAIN, guide(TRY_AGAIN))
    (file,) = (tmp_path / "cache").iterdir()
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    assert file.stat().st_mode & 0o077 == 0


def test_the_tests_leave_the_users_own_folders_alone() -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for folder in (module.DEFAULT_CACHE, speech.DEFAULT_CACHE, models.installed()):
        assert folder.is_relative_to(tempfile.gettempdir())
        assert not folder.is_relative_to(home)
