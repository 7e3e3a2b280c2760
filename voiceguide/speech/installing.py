"""Installs Piper's voices: from the public list that Piper itself reads, or from a file.

A voice is a model (.onnx), its settings (.onnx.json) and a MODEL_CARD, which names its licence. The list has the size
and the MD5 of each.
"""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceguide.errors import InstallError
from voiceguide.files import atomic, download
from voiceguide.files.download import Item, Say, one_line
from voiceguide.files.paths import expanded
from voiceguide.speech import catalogue

LIST = "https://huggingface.co/rhasspy/piper-voices/resolve/main/voices.json"
"""An object: for each voice its language, quality and files, each with its size and MD5; the files lie beside it."""
OTHERWISE = "give a downloaded .onnx file, with its .onnx.json beside it"
SCRATCH = ".new-"
_SETTINGS_LIMIT, _CARD_LIMIT = 1 << 20, 1 << 20
_MODEL_LIMIT = 1 << 30
"""Bytes. The biggest models on the list have 120 MB."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a voice on the list."""

    item: Item
    md5: str


def install(name: str, *, list_url: str = LIST, say: Say) -> Path:
    """Download the voice ``name`` of the list, or copy the one whose model is the file ``name``. Returns its folder.

    ``say`` gets a line of progress now and then, and the licence. A half-done download is kept, and the next call
    resumes it (``discard`` throws it away). Raises InstallError."""
    folder = catalogue.voices_folder()
    try:
        with download.alone_in(folder, SCRATCH):
            if name.lower().endswith(".onnx"):
                return _from_file(expanded(name), folder, say)
            return _from_list(name, folder, list_url, say)
    except OSError as error:
        raise InstallError(f"cannot install into {folder}: {error.strerror or one_line(error)}") from error


def discard(name: str) -> bool:
    """Throw the half-done download of ``name`` away; False if there's none. Raises InstallError."""
    parts = [path for path in catalogue.voices_folder().glob(f"{_checked(name)}.*.part") if path.is_file()]
    try:
        for part in parts:
            part.unlink()
    except OSError as error:
        raise InstallError(f"cannot remove {error.filename}: {error.strerror}") from error
    return bool(parts)


def _checked(name: str) -> str:
    if not catalogue.PIPER_NAME.fullmatch(name):
        raise InstallError(
            f"{one_line(repr(name))} is not the name of a voice of Piper's; give one such as en_GB-cori-medium, "
            "or an .onnx file"
        )
    return name


def _from_list(name: str, folder: Path, list_url: str, say: Say) -> Path:
    target = folder / _checked(name)
    if _is_there(target, say):
        return target
    files = _listed(name, list_url)
    parts = {kind: folder / f"{name}.{kind}.part" for kind in files}
    for kind in ("card", "settings", "model"):  # who doesn't like the licence can stop there
        if kind not in files:
            continue
        found, part = files[kind], parts[kind]
        try:
            download.fetch(found.item, part, say if kind == "model" else lambda line: None, otherwise=OTHERWISE)
        except KeyboardInterrupt:
            say("stopped; the same command goes on with the download, --discard throws it away")
            raise
        if damage := download.error_in(part, size=found.item.size, md5=found.md5):
            part.unlink()
            raise InstallError(f"the download of {name} is damaged ({damage}) and was thrown away; try again")
        if kind == "card":
            say(f"{name}: its licence is {catalogue.licence_of(part.read_text('utf-8', 'replace'))}")
    _put(target, parts, move=True)
    say(f"{name} is installed: {target}")
    return target


def _from_file(path: Path, folder: Path, say: Say) -> Path:
    name = _checked(path.name.removesuffix(".onnx"))
    settings, card = path.with_name(f"{path.name}.json"), path.with_name("MODEL_CARD")
    for one, limit in ((path, _MODEL_LIMIT), (settings, _SETTINGS_LIMIT)):
        if not one.is_file():
            raise InstallError(f"{one}: no such file; a voice is two files, {path.name} and {settings.name}")
        if one.stat().st_size > limit:
            raise InstallError(f"{one} is bigger than any voice of Piper's; choose another file")
    target = folder / name
    if _is_there(target, say):
        return target
    files = {"model": path, "settings": settings}
    if card.is_file() and card.stat().st_size <= _CARD_LIMIT:
        files["card"] = card
        say(f"{name}: its licence is {catalogue.licence_of(card.read_text('utf-8', 'replace'))}")
    _put(target, files, move=False)
    say(f"{name} is installed: {target}")
    return target


def _put(target: Path, files: Mapping[str, Path], *, move: bool) -> None:
    """Make the folder of a voice of its files: whole, or not at all. Raises InstallError, OSError."""
    names = {"model": f"{target.name}.onnx", "settings": f"{target.name}.onnx.json", "card": "MODEL_CARD"}
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=target.parent) as scratch:
        new = Path(scratch, "new")
        new.mkdir()
        for kind, path in files.items():
            if move:
                path.rename(new / names[kind])
            else:
                shutil.copyfile(path, new / names[kind])
        if error := catalogue.error_in(new, target.name):
            raise InstallError(f"{target.name} cannot be used: {error}; choose another voice")
        atomic.sync_folder(new)
        if target.exists():
            target.rename(Path(scratch, "old"))
        new.rename(target)
        atomic.sync_folder(target.parent)


def _is_there(target: Path, say: Say) -> bool:
    if not target.exists():
        return False
    if error := catalogue.error_in(target, target.name):
        say(f"{target.name} is half there and will be replaced: {error}")
        return False
    say(f"{target.name} is installed already: {target}")
    return True


def _listed(name: str, list_url: str) -> dict[str, Listed]:
    """The files of a voice: ``model``, ``settings`` and, mostly, ``card``. Raises InstallError."""
    voices: Any = download.listed(list_url, "voices", otherwise=OTHERWISE)
    if not isinstance(voices, dict):
        raise InstallError(f"{list_url} is not a list of voices; try again later")
    if name not in voices:
        near = difflib.get_close_matches(name, map(str, voices), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "see https://rhasspy.github.io/piper-samples"
        raise InstallError(f"there is no voice {name} in the public list; {hint}")
    kinds = {f"{name}.onnx": "model", f"{name}.onnx.json": "settings", "MODEL_CARD": "card"}
    found = {}
    try:
        for path, about in voices[name]["files"].items():
            last = str(path).rpartition("/")[2]
            url = f"{list_url.rpartition('/')[0]}/{path}"
            if (kind := kinds.get(last)) and download.secure(url, list_url) and ".." not in path.split("/"):
                found[kind] = Listed(Item(name, url, int(about["size_bytes"])), str(about["md5_digest"]).lower())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InstallError(f"the list lacks a size or a checksum of {name}: not downloaded") from error
    limits = {"model": _MODEL_LIMIT, "settings": _SETTINGS_LIMIT, "card": _CARD_LIMIT}
    if not {"model", "settings"} <= set(found):
        raise InstallError(f"the list lacks a file of {name}: not downloaded")
    if any(not 0 < one.item.size <= limits[kind] for kind, one in found.items()):
        raise InstallError(f"the list gives {name} a size that no voice has: not downloaded")
    return found
