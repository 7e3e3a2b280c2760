"""Settings. The command line comes first, then the environment, then the settings file.

The file is ``~/.config/voiceguide/config.yaml`` (``$XDG_CONFIG_HOME``, ``$VOICEGUIDE_CONFIG``). Its keys are in
docs/configuration.md.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voiceguide.errors import SourceError, VoiceguideError
from voiceguide.files.paths import expanded, user_folder

DEFAULT_ROUTINE = "infant-massage"
"""If no routine is named."""
KEYS = {
    "routine": ("VOICEGUIDE_ROUTINE", ("routine",)),
    "language": ("VOICEGUIDE_LANGUAGE", ("language",)),
    "model": ("VOICEGUIDE_MODEL", ("model",)),
    "voice": ("VOICEGUIDE_VOICE", ("voice",)),
    "input_device": ("VOICEGUIDE_INPUT_DEVICE", ("input_device",)),
    "output_device": ("VOICEGUIDE_OUTPUT_DEVICE", ("output_device",)),
    "minutes": ("VOICEGUIDE_MINUTES", ("minutes",)),
    "music": ("VOICEGUIDE_MUSIC", ("music",)),
    "cry": ("VOICEGUIDE_CRY", ("cry",)),
    "baby": ("VOICEGUIDE_BABY", ("baby", "name")),
    "pronoun": ("VOICEGUIDE_PRONOUN", ("baby", "pronoun")),
    "button": ("VOICEGUIDE_BUTTON", ("button",)),
    "led": ("VOICEGUIDE_LED", ("led",)),
    "emergency_number": ("VOICEGUIDE_EMERGENCY_NUMBER", ("emergency_number",)),
}
"""For each option, its environment variable and its key in the file."""
MOST_MINUTES = 120
"""That a massage may be asked to take."""
EMERGENCY_NUMBER = "112"
"""The number to call where nobody knows the country: that of Europe, which most mobile phones take anywhere."""
EMERGENCY_NUMBERS = {"AU": "000", "CA": "911", "GB": "999", "MX": "911", "NZ": "111", "PR": "911", "US": "911"}
"""By country, where it's another one."""
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables that name it; the first that is set counts."""


def path() -> Path:
    """Where the settings file is, if there is one."""
    if named := os.environ.get("VOICEGUIDE_CONFIG"):
        return expanded(named)
    return user_folder("config") / "config.yaml"


def settings() -> dict[str, str]:
    """What the environment and the file say, by option. An empty variable counts as not set.

    Raises SourceError with every error in the file, VoiceguideError if it can't be read."""
    found = {}
    data = _file()
    for option, (variable, keys) in KEYS.items():
        value: Any = data
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        value = os.environ.get(variable) or value
        if isinstance(value, Mapping):
            value = ", ".join(f"{key}: {one}" for key, one in value.items())
        if value is not None:
            found[option] = str(value)
    return found


def country() -> str | None:
    """The country of the user's locale, such as GB of en_GB.UTF-8; None where it names none."""
    locale = next((named for variable in LOCALE if (named := os.environ.get(variable))), "")
    found = re.match(r"[a-z]{2,3}_([A-Z]{2})(?![A-Za-z])", locale)
    return found[1] if found else None


def emergency_number(chosen: str | None = None) -> str:
    """The digits of the number that the guide tells a parent to call: the one that was ``chosen``, or that of the
    user's country.

    Raises VoiceguideError if what was chosen can't be called."""
    if chosen is None:
        return EMERGENCY_NUMBERS.get(country() or "", EMERGENCY_NUMBER)
    if not re.fullmatch("[0-9]{2,6}", chosen):
        raise VoiceguideError(
            f"the emergency number is 2 to 6 digits, such as 112, not {chosen!r}; "
            "see --emergency-number, $VOICEGUIDE_EMERGENCY_NUMBER and the settings"
        )
    return chosen


def voice_in_environment() -> dict[str, str]:
    """The voice that the environment names, as ``named_voices`` has it."""
    chosen = os.environ.get("VOICEGUIDE_VOICE")
    return {"": chosen} if chosen else {}


def named_voices(option: str | None = None) -> dict[str, str]:
    """The voices that the user has named, by language; ``""`` is any. ``option`` (``--voice``) comes first, then the
    environment, then the settings file.

    Raises what ``settings`` raises."""
    if chosen := {"": option} if option else voice_in_environment():
        return chosen
    kept = _file().get("voice")
    if isinstance(kept, Mapping):
        return {str(language): str(name) for language, name in kept.items()}
    return {} if kept is None else {"": str(kept)}


def named_models(option: Path | None = None) -> dict[str, Path]:
    """The recognition models that the user has named, by where they're named: ``option`` (``--model``), then the
    environment or, failing that, the settings file. The first one counts.

    Raises what ``settings`` raises."""
    named = {} if option is None else {"--model": option}
    if chosen := os.environ.get("VOICEGUIDE_MODEL"):
        named["$VOICEGUIDE_MODEL"] = expanded(chosen)
    elif kept := settings().get("model"):
        named["model: in the settings"] = expanded(kept)
    return named


def _file() -> Mapping[str, Any]:
    where = path()
    if not os.path.lexists(where):
        if os.environ.get("VOICEGUIDE_CONFIG"):
            raise VoiceguideError(f"{where}: there is no such file; check $VOICEGUIDE_CONFIG")
        return {}
    from voiceguide.files.source import read  # slow to import, and most users have no file

    schema = json.loads((Path(__file__).parent / "config.schema.json").read_text("utf-8"))
    try:
        data: Mapping[str, Any] = read(where, schema).data
    except SourceError as error:
        if [one.what for one in error.errors] == ["the file is empty"]:
            return {}  # or has only comments
        raise
    return data
