"""Downloads a Vosk model: reads the official list, resumes a download that was cut off, and checks the bytes."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from voiceguide import __version__
from voiceguide.errors import InstallError

OFFICIAL = "https://alphacephei.com/vosk/models/model-list.json"
"""The list of the Vosk project: an array of objects with name, url, size (bytes), md5, type, obsolete and more."""

Say = Callable[[str], None]

_TIMEOUT = 15.0
_TRIES = 5
_LIST_LIMIT = 4 << 20


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

    name: str
    url: str
    size: int
    """Bytes of the archive."""
    md5: str
    kind: str
    """small, big or big-lgraph."""
    obsolete: bool


def entry(name: str, list_url: str) -> Entry:
    """What the list at ``list_url`` says about the model ``name``. Raises InstallError."""
    with _open(list_url) as answer:
        try:
            raw = answer.read(_LIST_LIMIT)
        except (OSError, HTTPException) as error:
            raise InstallError(f"the list of models cannot be read ({one_line(error)}); try again") from error
    try:
        listed = {str(item["name"]): item for item in json.loads(raw)}
    except (ValueError, TypeError, KeyError) as error:
        raise InstallError(f"{list_url} is not a list of models; try again later") from error
    item = listed.get(name)
    if item is None:
        current = [other for other, found in listed.items() if found.get("obsolete") != "true"]
        near = difflib.get_close_matches(name, current, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "see https://alphacephei.com/vosk/models"
        raise InstallError(f"there is no model {name} in the official list; {hint}")
    try:
        url, size, md5 = str(item["url"]), int(item["size"]), str(item["md5"]).lower()
        secure = urlsplit(url).scheme in ("https", urlsplit(list_url).scheme)
    except (ValueError, TypeError, KeyError) as error:
        raise InstallError(f"the list lacks the address, size or checksum of {name}: not downloaded") from error
    if size < 1:
        raise InstallError(f"the list says that {name} has {size} bytes: not downloaded")
    if not secure:
        raise InstallError(f"the list gives {url} for {name}, which is not an https address: not downloaded")
    if (pin := PINNED.get(name)) and pin.size != size:
        raise InstallError(f"the list offers a changed {name} ({size} bytes, not {pin.size}): not downloaded")
    return Entry(name, url, size, md5, str(item.get("type")), item.get("obsolete") == "true")


def fetch(model: Entry, part: Path, say: Say) -> None:
    """Download the model's archive into ``part``, after the bytes that it holds already if the server can resume.

    ``say`` gets a line every 5 % or 2 s. Raises InstallError, OSError; what was received stays in ``part``."""
    have = part.stat().st_size if part.exists() else 0
    missing, free = model.size - have, shutil.disk_usage(part.parent).free
    if missing > free:
        raise InstallError(f"{model.name} needs {_mb(missing)} in {part.parent}, where {_mb(free)} are free")
    if have:
        say(f"{model.name}: going on at {_mb(have)} of {_mb(model.size)}")
    for _ in range(_TRIES):
        before = have
        if have < model.size:
            have = _receive(model, part, have, say)
        if have >= model.size:
            return
        if have <= before:
            break
    at = f"{_mb(have)} of {_mb(model.size)}"
    raise InstallError(f"the download of {model.name} was cut off at {at}; the same command goes on with it")


def error_in(path: Path, *, size: int, md5: str | None = None, sha256: str | None = None) -> str | None:
    """What's wrong with the bytes of the file ``path``; None if nothing is. Raises OSError."""
    if (found := path.stat().st_size) != size:
        return f"{found} bytes instead of {size}"
    for kind, expected in (("md5", md5), ("sha256", sha256)):
        if expected is None:
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, kind).hexdigest()
        if digest != expected:
            return f"{kind} {digest} instead of {expected}"
    return None


def _open(url: str, start: int = 0) -> Any:
    """The server's answer for ``url``, from byte ``start`` on if it can resume. Raises InstallError."""
    request = urllib.request.Request(url, headers={"User-Agent": f"voiceguide/{__version__}"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # the server's file isn't that long
            return _open(url)
        raise InstallError(f"the server answers {error.code} ({error.reason}) for {url}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = one_line(getattr(error, "reason", error))
        raise InstallError(
            f"cannot reach {urlsplit(url).netloc or url} ({reason}); go online, or give a downloaded .zip file"
        ) from error


def _receive(model: Entry, part: Path, start: int, say: Say) -> int:
    """Make one request: append to ``part`` from byte ``start`` on, or start it again. Returns its size in bytes."""
    with _open(model.url, start) as answer:
        resumed = answer.headers.get("Content-Range") == f"bytes {start}-{model.size - 1}/{model.size}"
        if start and answer.status == 206 and not resumed:  # not the bytes that were asked for
            part.unlink()
            return _receive(model, part, 0, say)
        if not resumed and (length := answer.headers.get("Content-Length")) != str(model.size) and length:
            raise InstallError(
                f"the server has {length} bytes for {model.name}, its list says {model.size}; try later"
            )
        if start and not resumed:
            say(f"{model.name}: the server cannot resume a download, starting again")
        have = start if resumed else 0
        said, said_at = have / model.size, time.monotonic()
        with part.open("ab" if resumed else "wb") as file:
            while have <= model.size:
                try:
                    chunk = answer.read(1 << 16)
                except (OSError, HTTPException):
                    break
                if not chunk:
                    break
                file.write(chunk)
                have += len(chunk)
                done, now = have / model.size, time.monotonic()
                if done >= 1 or done - said >= 0.05 or (now - said_at >= 2 and done > said):
                    say(f"{model.name}: {min(done, 1):.0%} of {_mb(model.size)}")
                    said, said_at = done, now
            file.flush()
            os.fsync(file.fileno())
    return have


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def one_line(error: object) -> str:
    """The text of an error on one line, without characters that a terminal would obey."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text)[:200]
