"""Vosk models: finds them, checks whether a folder is one, and installs them.

The order is: the one that the user has named (see config.named_models), those that the user has installed, those in
``$VOSK_MODEL_PATH``, ``/usr/share/vosk`` and ``~/.cache/vosk``, and the one in the box. Vosk is only given folders
that have been checked: if it's asked by name or language, it downloads without a checksum, leaves half a folder
behind, and ends the process (vosk 0.3.45, ``Model.get_model_path``).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from voiceguide.errors import InstallError, ModelError
from voiceguide.files import download
from voiceguide.files.download import one_line
from voiceguide.files.paths import expanded, home, user_folder
from voiceguide.recognition import archive, official, trial
from voiceguide.recognition import model as recognition
from voiceguide.recognition.fst import MAGIC
from voiceguide.recognition.model import Model
from voiceguide.recognition.official import OFFICIAL, OTHERWISE

log = logging.getLogger(__name__)

SYSTEM = Path("/usr/share/vosk")
BOX = "voiceguide-en"

Named = Mapping[str, Path]
"""Models that the user has named, by where they're named; the first one counts: ``{"--model": Path("mine")}``."""
NONE_NAMED: Named = MappingProxyType({})
_PART = ".zip.part"

_FST_MAGIC = MAGIC.to_bytes(4, "little")
_LAYOUTS = (
    # The first file tells which layout it is, as for Vosk itself. Models before 2020 have the second one.
    ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/{}"),
    ("final.mdl", "mfcc.conf", "{}"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place to look for a model."""

    label: str
    """Why it's one: an option, a variable, a well-known folder."""
    path: Path
    error: str | None
    """Why there's no usable model; None if there is one."""


def box() -> Path:
    """The folder of the model that comes with voiceguide, in the installed package or in the repository."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "models" / BOX
    return inside if inside.is_dir() else package.parent / "models" / BOX


def installed() -> Path:
    """The folder that ``install`` puts the user's models into. It needn't exist yet."""
    return user_folder("data") / "models"


def locations(named: Named = NONE_NAMED, *, language: str = "en") -> list[Place]:
    """Every place for a model of ``language``, in the order in which they're tried. A folder without a usable one is
    listed with its error."""
    places = [_place(label, path) for label, path in named.items()]
    folders = [("installed", installed())]
    if shared := os.environ.get("VOSK_MODEL_PATH"):
        folders.append(("$VOSK_MODEL_PATH", expanded(shared)))
    folders += [(str(SYSTEM), SYSTEM), ("~/.cache/vosk", home() / ".cache" / "vosk")]
    for label, folder in folders:
        places += _places_in(label, folder, language)
    if _rank(BOX, language) is not None:
        places.append(_place("in the box", box()))
    return places


def find(named: Named = NONE_NAMED, *, language: str = "en", official: str = "NAME") -> Path:
    """The first usable model. If the user named one, it must be a model: nothing else is taken in its place.
    ``official``: the name of one that can be installed, for the message.

    Raises ModelError."""
    places = locations(named, language=language)
    for place in places:
        if place.error is None:
            log.info("model: %s (%s)", place.path, place.label)
            return place.path
        if place.label in named:
            raise ModelError(f"{place.label}: {place.path}: {place.error}")
    looked = ", ".join(dict.fromkeys(place.label for place in places))
    raise ModelError(
        f"no recognition model for the language {language!r} (looked: {looked}); "
        f"install one with: voiceguide models install {official} (or type the commands: run --keyboard)"
    )


def verify(path: Path) -> None:
    """Check that ``path`` is a model folder that Vosk can load, with a closed graph or a run-time grammar.

    Vosk isn't asked: some damaged folders make it end the process. Raises ModelError, which names what's missing or
    damaged."""
    if error := _error_in(path):
        raise ModelError(f"{path}: {error}")


def load(path: Path, pronounce: Mapping[str, str] = recognition.NONE) -> Model:
    """Load the model in ``path``; nothing is written to standard error. ``pronounce``: a routine's own words, each
    spelt as it sounds.

    Raises ModelError if the folder isn't a model, or if Vosk refuses it or would crash (see ``trial``); SpeechError
    if words are spelt and there's no espeak-ng."""
    verify(path)
    trial.need_good(path, identity(path))
    return recognition.load(path, pronounce)


def _place(label: str, path: Path) -> Place:
    return Place(label, path, _error_in(path))


def _places_in(label: str, folder: Path, language: str) -> list[Place]:
    try:
        if (folder / "am").is_dir():
            return [_place(label, folder)]  # a model, though Vosk wants a folder of models here
        names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    except FileNotFoundError:
        return [Place(label, folder, "no such folder")]
    except OSError as error:
        return [Place(label, folder, f"cannot be read: {error.strerror}")]
    ranked = sorted((rank, name) for name in names if (rank := _rank(name, language)) is not None)
    if not ranked:
        return [Place(label, folder, f"no model for {language!r} in it")]
    return [_place(label, folder / name) for _, name in ranked]


def _rank(name: str, language: str) -> tuple[Any, ...] | None:
    """A sort key for folders with a model of ``language``: the right region first, then small ones, then new ones.

    None for all other names, such as those of unfinished folders."""
    pattern = r"(?:vosk-model|voiceguide)(-small)?-([a-z]{2,3})(?:-([a-z]{2}))?(?:-.*)?"
    match = re.fullmatch(pattern, name)
    wanted, _, region = language.lower().replace("_", "-").partition("-")
    if not match or match[2] != wanted:
        return None
    usual = region or {"en": "us"}.get(wanted)
    version = [-int(number) for number in re.findall(r"\d+", name)]
    return (match[3] not in (None, usual), match[1] is None, version)


def _error_in(path: Path) -> str | None:
    """Why the model in ``path`` can't be used, and what to do; None if it can."""
    try:
        if not path.is_dir():
            return "not a folder; name the folder of the unpacked model" if path.exists() else "no such folder"
        layout = next((layout for layout in _LAYOUTS if (path / layout[0]).exists()), None)
        if layout is None:
            return "not a Vosk model: am/final.mdl is missing"
        graph = layout[-1]
        if (path / graph.format("HCLG.fst")).exists():
            return "its graph is fixed, so it cannot be given the guide's phrases; take a small or an lgraph model"
        disambig, words = graph.format("disambig_tid.int"), graph.format("words.txt")
        if recognition.takes_graph(path):
            fsts, others = [], list(recognition.FILES)
        else:
            fsts = [graph.format("HCLr.fst"), graph.format("Gr.fst")]
            others = [disambig, *([words] if (path / words).exists() else [])]
        heads = {}
        for name in [*layout[:-1], *fsts, *others]:
            if not (path / name).is_file():
                return f"{name} is missing; install the model again"
            with (path / name).open("rb") as file:
                heads[name] = file.read(4096)
            if not heads[name]:
                return f"{name} is empty; install the model again"
    except OSError as error:
        return f"{error.filename or path} cannot be read: {error.strerror}"
    damaged = [name for name in fsts if not heads[name].startswith(_FST_MAGIC)]
    if not heads[layout[0]].startswith(b"\0B"):
        damaged.append(layout[0])
    if disambig in heads and not re.fullmatch(rb"[\d\s]+", heads[disambig]):  # Vosk would read it for ever
        damaged.append(disambig)
    return f"{damaged[0]} is damaged; install the model again" if damaged else None


def install(name: str, *, into: Path | None = None, list_url: str = OFFICIAL, say: Callable[[str], None]) -> Path:
    """Download the model ``name`` of the list, or unpack the archive ``name`` if it ends in .zip. Returns its folder.

    ``say`` gets a line of progress now and then. A half-done download is kept, and the next call resumes it
    (``discard`` throws it away). A half-unpacked model is never found. Raises InstallError."""
    folder = into or installed()
    try:
        with download.alone_in(folder, archive.SCRATCH):
            if name.lower().endswith(".zip"):
                return _install_file(expanded(name), folder, say)
            return _install_listed(name, folder, list_url, say)
    except OSError as error:
        raise InstallError(f"cannot install into {folder}: {error.strerror or one_line(error)}") from error


def discard(name: str, *, into: Path | None = None) -> bool:
    """Throw the half-done download of ``name`` away; False if there's none. Raises InstallError."""
    part = (into or installed()) / f"{_checked(name)}{_PART}"
    try:
        part.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InstallError(f"cannot remove {part}: {error.strerror}") from error
    return True


def _checked(name: str) -> str:
    if not download.valid_name(name):
        raise InstallError(
            f"{one_line(repr(name))} is not a model's name; give one of the official list, or a .zip file"
        )
    return name


def _install_listed(name: str, folder: Path, list_url: str, say: Callable[[str], None]) -> Path:
    target, part = folder / _checked(name), folder / f"{name}{_PART}"
    if _is_there(target, say):
        return target
    model = official.entry(name, list_url)
    if model.obsolete:
        say(f"{name} is marked obsolete in the official list: there is a better one")
    if model.kind == "big":
        say("most big models have a fixed graph and cannot be used; small and big-lgraph ones can")
    try:
        download.fetch(model.archive, part, say, otherwise=OTHERWISE)
    except KeyboardInterrupt:
        say(f"stopped; the same command goes on with the download, --discard throws {part.name} away")
        raise
    pin = official.PINNED.get(name)
    if damage := download.error_in(part, size=model.archive.size, md5=model.md5, sha256=pin.sha256 if pin else None):
        part.unlink()
        raise InstallError(f"the download of {name} is damaged ({damage}) and was thrown away; try again")
    say(f"{name}: unpacking")
    try:
        archive.unpack(part, target, _error_in_new)
    except archive.BadArchiveError as error:
        part.unlink()
        raise InstallError(f"{name} cannot be used: {one_line(error)}; choose another model") from error
    part.unlink()
    say(f"{name} is installed: {target}")
    return target


def _install_file(path: Path, folder: Path, say: Callable[[str], None]) -> Path:
    if not path.is_file():
        raise InstallError(f"{path}: no such file; give a downloaded archive, or a name of the official list")
    pin = official.PINNED.get(path.stem)
    if pin and (damage := download.error_in(path, size=pin.size, sha256=pin.sha256)):
        raise InstallError(f"{path} is not {path.stem} as published ({damage}); download it again")
    try:
        target = folder / _checked(archive.top_folder(path))
        if not _is_there(target, say):
            archive.unpack(path, target, _error_in_new)
            say(f"{target.name} is installed: {target}")
    except archive.BadArchiveError as error:
        raise InstallError(f"{path} cannot be used: {one_line(error)}; choose another archive") from error
    return target


def _is_there(target: Path, say: Callable[[str], None]) -> bool:
    if not target.exists():
        return False
    if error := _error_in(target):
        say(f"{target.name} is damaged and will be replaced: {error}")
        return False
    say(f"{target.name} is installed already: {target}")
    return True


def _error_in_new(path: Path) -> str | None:
    error = _error_in(path)
    return error and error.partition(";")[0]  # without the advice to install it again


def identity(path: Path) -> str:
    """Text that differs for every model, and changes with it: its path, and the sizes and times of its files."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return repr([str(path.resolve()), *((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)])
