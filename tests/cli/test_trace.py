"""The log: where it goes, and what isn't in it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import need_espeak
from rig import environment_without_sound

from voiceguide.cli import trace
from voiceguide.cli.door import main
from voiceguide.language.language import load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions import entries

TYPED = "ready\npause\nhe's fussing\ncontinue\nyes\nfinish\nyes\n"


@pytest.fixture(autouse=True)
def no_log_afterwards() -> Iterator[None]:
    yield
    trace.start(False, {})


def log_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if " voiceguide." in line]


def test_without_being_asked_nothing_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    trace.start(False, {})
    logging.getLogger("voiceguide.sound.live").error("the sky falls")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", [["--verbose", "routines"], ["routines", "--verbose"]], ids=" ".join)
def test_verbose_logs_to_standard_error_before_and_after_the_command(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["routines"]) == 0
    plain = capsys.readouterr()
    assert plain.err == ""
    assert main(arguments) == 0
    logged = capsys.readouterr()
    assert logged.out == plain.out
    assert logged.err.splitlines()[0].endswith(": routines")


def test_verbose_is_an_option_of_a_verb_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path", "--verbose"]) == 0
    assert any("(in the box)" in line for line in log_of(capsys))


def test_a_dash_is_standard_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEGUIDE_LOG", "-")
    assert main(["routines", "--verbose"]) == 0
    assert len(log_of(capsys)) == 1, "once, not twice"


def test_a_file_is_for_this_user_only_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "guide.log"
    monkeypatch.setenv("VOICEGUIDE_LOG", str(path))
    assert main(["routines"]) == main(["routines"]) == 0
    assert len(path.read_text("utf-8").splitlines()) == 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOICEGUIDE_LOG", "/proc/nowhere/log")
    assert main(["routines"]) == 1
    line = "voiceguide: cannot write /proc/nowhere/log: No such file or directory; check $VOICEGUIDE_LOG\n"
    assert capsys.readouterr().err == line


def logged(path: Path, more: Mapping[str, str]) -> str:
    """What a session of typed commands logs."""
    need_espeak()
    result = subprocess.run(
        [sys.executable, "-m", "voiceguide", "run", "first-weeks", "--keyboard", "--json"],
        env=environment_without_sound() | {"VOICEGUIDE_LOG": str(path)} | more,
        input=TYPED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["kind"] for line in printed][-1] == "end"
    assert {"ready", "stress", "yes"} <= {line["command"] for line in printed if line["kind"] == "heard"}
    return path.read_text("utf-8")


def test_a_session_is_logged_without_a_word_that_was_said_or_heard(tmp_path: Path) -> None:
    log = logged(tmp_path / "log", {})
    for pair in ('"state": "tending"', '"kind": "heard"', '"kind": "said"', '"why": "not_now"'):
        assert pair in log
    routine, language = load(find("first-weeks")), load_language("en")
    said = [text for passage in (*routine.welcome, *routine.steps) for text in passage.say]
    said += [text for prompt in language.prompts.values() for text in prompt]
    for text in (*TYPED.splitlines(), *said):
        assert f'"{text}"' not in log
        assert len(text) < 20 or text not in log
    for key in entries.WORDS:
        assert f'"{key}"' not in log
    assert "fuss" not in log and "ready" not in log


def test_the_words_are_there_if_they_are_asked_for(tmp_path: Path) -> None:
    log = logged(tmp_path / "log", {"VOICEGUIDE_LOG_WORDS": "1"})
    assert "he's fussing" in log and load_language("en").say("goodbye")[-1] in log
