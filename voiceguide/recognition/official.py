"""The official list of Vosk models, and what some of them were when they were published."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from voiceguide.errors import InstallError
from voiceguide.files import download

OFFICIAL = "https://alphacephei.com/vosk/models/model-list.json"
"""The list of the Vosk project: an array of objects with name, url, size (bytes), md5, type, obsolete and more."""
OTHERWISE = "give a downloaded .zip file"


@dataclass(frozen=True, slots=True)
class Pin:
    """What an archive was when it was published, whatever the list says today."""

    size: int
    """Bytes."""
    sha256: str


PINNED = {
    "vosk-model-small-en-us-0.15": Pin(41205931, "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list says about a model."""

    archive: download.Item
    md5: str
    kind: str
    """small, big or big-lgraph."""
    obsolete: bool


def entry(name: str, list_url: str) -> Entry:
    """What the list at ``list_url`` says about the model ``name``. Raises InstallError."""
    try:
        listed = {str(item["name"]): item for item in download.listed(list_url, "models", otherwise=OTHERWISE)}
    except (TypeError, KeyError) as error:
        raise InstallError(f"{list_url} is not a list of models; try again later") from error
    item = listed.get(name)
    if item is None:
        current = [other for other, found in listed.items() if found.get("obsolete") != "true"]
        near = difflib.get_close_matches(name, current, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "see https://alphacephei.com/vosk/models"
        raise InstallError(f"there is no model {name} in the official list; {hint}")
    try:
        url, size, md5 = str(item["url"]), int(item["size"]), str(item["md5"]).lower()
    except (ValueError, TypeError, KeyError) as error:
        raise InstallError(f"the list lacks the address, size or checksum of {name}: not downloaded") from error
    if size < 1:
        raise InstallError(f"the list says that {name} has {size} bytes: not downloaded")
    if not download.secure(url, list_url):
        raise InstallError(f"the list gives {url} for {name}, which is not an https address: not downloaded")
    if (pin := PINNED.get(name)) and pin.size != size:
        raise InstallError(f"the list offers a changed {name} ({size} bytes, not {pin.size}): not downloaded")
    return Entry(download.Item(name, url, size), md5, str(item.get("type")), item.get("obsolete") == "true")
