"""Settings from the file, the environment and the command line: each wins over the one before."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import need_espeak

from voiceguide import config
from voiceguide.cli.door import main
from voiceguide.cli.parser import fill
from voiceguide.cli.parser import options as session_options
from voiceguide.errors import SourceError, VoiceguideError

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """``settings_file(text)``: the user's settings are ``text``."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("VOICEGUIDE_CONFIG", raising=False)
    for variable, _ in config.KEYS.values():
        monkeypatch.delenv(variable, raising=False)

    def write(text: str) -> Path:
        path = tmp_path / "voiceguide" / "config.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def options(**given: object) -> argparse.Namespace:
    filled = argparse.Namespace(**{**dict.fromkeys(config.KEYS), **given})
    fill(filled)
    return filled


def test_without_a_file_nothing_is_set(settings_file: Callable[[str], Path]) -> None:
    assert config.settings() == {}
    settings_file("# all of it\n# left out\n")
    assert config.settings() == {}


def test_the_example_in_the_documentation_is_valid_and_complete(settings_file: Callable[[str], Path]) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    settings_file(example)
    assert config.settings().keys() == config.KEYS.keys()
    assert config.settings()["baby"] == "Mia"


def test_every_key_is_documented_with_its_variable_and_in_the_schema() -> None:
    text = DOCUMENTATION.read_text("utf-8")
    schema = json.loads((Path(config.__file__).parent / "config.schema.json").read_text("utf-8"))
    for variable, (first, *rest) in config.KEYS.values():
        assert f"`{variable}`" in text and f"`{first}`" in text
        assert first in schema["properties"]
        assert all(key in schema["properties"][first]["properties"] for key in rest)


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    settings_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file("music: lullaby\noutput_device: 3\nbaby: {name: Mia}\n")
    monkeypatch.setenv("VOICEGUIDE_BABY", "Leo")
    monkeypatch.setenv("VOICEGUIDE_MUSIC", "")  # counts as not set
    filled = options(output_device="Jabra", music=None)
    assert (filled.baby, filled.output_device, filled.music) == ("Leo", "Jabra", "lullaby")
    assert options().output_device == "3"


def test_a_command_gets_only_the_options_that_it_has(settings_file: Callable[[str], Path]) -> None:
    settings_file("language: es\nmusic: lullaby\n")
    filled = argparse.Namespace(language=None, model=None)
    fill(filled)
    assert vars(filled) == {"language": "es", "model": None}, "models are found elsewhere"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("babby: {name: Mia}\n", "config.yaml:1:1: "),
        ("baby:\n  pronoun: it\n", "config.yaml:2:12: "),
        ("baby: {pronoun: her}\n", 'config.yaml:1:17: `pronoun` cannot be "her"; write one of `she`, `he`, `they`'),
        ("routine: [a, b]\n", "config.yaml:1:10: "),
        ("output_device: -1\n", "config.yaml:1:16: "),
        ("emergency_number: 000\n", "config.yaml:1:19: "),
        ("emergency_number: call 112\n", "config.yaml:1:19: "),
    ],
)
def test_an_error_in_the_file_is_reported_with_its_place(
    text: str, line: str, settings_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file(text)
    with pytest.raises(SourceError):
        config.settings()
    assert main(["run", "--keyboard"]) == 1
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1


def test_a_file_that_is_named_must_exist(
    settings_file: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VOICEGUIDE_CONFIG", str(tmp_path / "mine.yaml"))
    assert main(["run", "--keyboard"]) == 1
    assert "there is no such file; check $VOICEGUIDE_CONFIG" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--baby", "M1a"], "write it as it is said"), (["--pronoun", "it"], "she, he, they")]
)
def test_a_bad_name_or_pronoun_is_one_line(
    arguments: list[str], said: str, settings_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--keyboard", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "voices"),
    [
        ("voice: pico-en-gb", {"": "pico-en-gb"}),
        ("voice: {en: pico-en-gb, es: es+f2}", {"en": "pico-en-gb", "es": "es+f2"}),
        ("language: es", {}),
    ],
)
def test_a_voice_is_set_for_all_languages_or_for_each(
    text: str, voices: dict[str, str], settings_file: Callable[[str], Path]
) -> None:
    settings_file(text)
    assert config.named_voices() == voices
    assert config.named_voices("en-us") == {"": "en-us"}, "the command line wins"


def test_the_environment_names_a_voice(settings_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file("voice: pico-en-gb")
    monkeypatch.setenv("VOICEGUIDE_VOICE", "espeak")
    assert config.named_voices() == {"": "espeak"}


@pytest.mark.parametrize("text", ["voice: {}", "voice: [a]", "voice: {en: {}}"])
def test_what_is_no_voice_is_told(text: str, settings_file: Callable[[str], Path]) -> None:
    settings_file(text)
    with pytest.raises(SourceError, match="voice"):
        config.named_voices()


@pytest.mark.parametrize("arguments", [["--voice", "espeak"], ["--voice", "en-gb+f2"], ["--language", "es"]])
def test_a_text_is_spoken_in_the_voice_that_was_asked_for(
    arguments: list[str], tmp_path: Path, settings_file: Callable[[str], Path]
) -> None:
    need_espeak()
    settings_file("voice: espeak")
    assert main(["say", "hello", *arguments, "--wav", str(tmp_path / "hello.wav")]) == 0
    assert (tmp_path / "hello.wav").stat().st_size > 10_000


def test_a_voice_that_is_not_there_is_refused_where_it_was_asked_for(
    tmp_path: Path, settings_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["say", "hello", "--voice", "en_GB-cori-medium", "--wav", str(tmp_path / "hello.wav")]) == 1
    assert capsys.readouterr().err == (
        "voiceguide: the voice en_GB-cori-medium is not installed; "
        "install it: voiceguide voices install en_GB-cori-medium\n"
    )


# The number to call


@pytest.mark.parametrize(
    ("variables", "number"),
    [
        ({"LANG": "en_GB.UTF-8"}, "999"),
        ({"LANG": "en_US"}, "911"),
        ({"LANG": "fr_CA.UTF-8"}, "911"),
        ({"LANG": "es_MX.UTF-8"}, "911"),
        ({"LANG": "en_AU.UTF-8"}, "000"),
        ({"LANG": "en_NZ.UTF-8"}, "111"),
        ({"LANG": "en_IE.UTF-8@euro"}, "112"),
        ({"LANG": "es_ES.UTF-8"}, "112"),
        ({"LANG": "C.UTF-8"}, "112"),
        ({"LANG": "en"}, "112"),
        ({}, "112"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "999"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "en_AU.UTF-8"}, "000"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": ""}, "999"),
    ],
)
def test_the_number_to_call_is_that_of_the_locales_country(
    variables: dict[str, str], number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in config.LOCALE:
        monkeypatch.setenv(variable, variables.get(variable, ""))
    assert config.emergency_number() == number


@pytest.mark.parametrize("text", ['emergency_number: "999"', "emergency_number: 999"])
def test_the_settings_come_before_the_locale(
    text: str, settings_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert session_options(options(emergency_number=None)).emergency_number == "911"
    settings_file(text)
    assert session_options(options(emergency_number=None)).emergency_number == "999"
    assert session_options(options(emergency_number="000")).emergency_number == "000"


def test_a_rehearsal_is_the_same_in_every_country(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert session_options(argparse.Namespace()).emergency_number == "112"


@pytest.mark.parametrize("number", ["1", "1 1 2", "+112", "nine", "1234567"])
def test_what_cannot_be_called_is_refused(
    number: str, settings_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--keyboard", "--emergency-number", number]) == 1
    error = capsys.readouterr().err
    assert "the emergency number is 2 to 6 digits, such as 112" in error and error.count("\n") == 1


@pytest.mark.parametrize(("value", "minutes"), [(None, None), ("1", 1), ("10", 10), ("120", 120)])
def test_the_minutes_for_a_massage(value: str | None, minutes: int | None) -> None:
    assert session_options(options(minutes=value)).minutes == minutes


@pytest.mark.parametrize("value", ["0", "121", "ten", "-5", "5.5", ""])
def test_what_is_no_number_of_minutes_is_refused(value: str) -> None:
    with pytest.raises(VoiceguideError, match=r"^the minutes for a massage are 1 to 120, not "):
        session_options(argparse.Namespace(minutes=value))
