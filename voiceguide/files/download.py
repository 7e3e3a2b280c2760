"""Downloads files: resumes a download that was cut off, and checks the bytes. And what installing them takes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from voiceguide import __version__
from voiceguide.errors import InstallError
from voiceguide.files import private

Say = Callable[[str], None]

_TIMEOUT = 15.0
_TRIES = 5
_LIST_LIMIT = 4 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """Something to download."""

    name: str
    """As users know it."""
    url: str
    size: int
    """Bytes."""


def listed(url: str, what: str, *, otherwise: str) -> Any:
    """The JSON at ``url``, a list of ``what`` ("models"). ``otherwise``: as for ``fetch``. Raises InstallError."""
    with _open(url, otherwise) as answer:
        try:
            raw = answer.read(_LIST_LIMIT)
        except (OSError, HTTPException) as error:
            raise InstallError(f"the list of {what} cannot be read ({one_line(error)}); try again") from error
    try:
        return json.loads(raw)
    except ValueError as error:
        raise InstallError(f"{url} is not a list of {what}; try again later") from error


def secure(url: str, list_url: str) -> bool:
    """Whether what a list names is as safe from eavesdroppers as the list."""
    try:
        return urlsplit(url).scheme in ("https", urlsplit(list_url).scheme)
    except ValueError:
        return False


def valid_name(name: str) -> bool:
    """Whether a name may become the name of a folder."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) is not None


@contextmanager
def alone_in(folder: Path, scratch: str) -> Iterator[None]:
    """Keep a second install out of ``folder``, and remove what a killed one left behind: whatever begins with
    ``scratch``. All that's made inside is for this user only. Raises InstallError, OSError."""
    private.make(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallError(f"another install is at work in {folder}; wait for it to end") from None
        for leftover in folder.glob(f"{scratch}*"):
            shutil.rmtree(leftover)
        with private.all_made():
            yield
    finally:
        os.close(handle)


def fetch(item: Item, part: Path, say: Say, *, otherwise: str) -> None:
    """Download ``item`` into ``part``, after the bytes that it holds already if the server can resume.

    ``say`` gets a line every 5 % or 2 s. ``otherwise``: what one can do who can't reach the server. Raises
    InstallError, OSError; what was received stays in ``part``."""
    have = part.stat().st_size if part.exists() else 0
    missing, free = item.size - have, shutil.disk_usage(part.parent).free
    if missing > free:
        raise InstallError(f"{item.name} needs {_mb(missing)} in {part.parent}, where {_mb(free)} are free")
    if have:
        say(f"{item.name}: going on at {_mb(have)} of {_mb(item.size)}")
    for _ in range(_TRIES):
        before = have
        if have < item.size:
            have = _receive(item, part, have, say, otherwise)
        if have >= item.size:
            return
        if have <= before:
            break
    at = f"{_mb(have)} of {_mb(item.size)}"
    raise InstallError(f"the download of {item.name} was cut off at {at}; the same command goes on with it")


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


def _open(url: str, otherwise: str, start: int = 0) -> Any:
    """The server's answer for ``url``, from byte ``start`` on if it can resume. Raises InstallError."""
    request = urllib.request.Request(url, headers={"User-Agent": f"voiceguide/{__version__}"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        return urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # the server's file isn't that long
            return _open(url, otherwise)
        raise InstallError(f"the server answers {error.code} ({error.reason}) for {url}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = one_line(getattr(error, "reason", error))
        instead = f", or {otherwise}" if otherwise else ""
        raise InstallError(f"cannot reach {urlsplit(url).netloc or url} ({reason}); go online{instead}") from error


def _receive(item: Item, part: Path, start: int, say: Say, otherwise: str) -> int:
    """Make one request: append to ``part`` from byte ``start`` on, or start it again. Returns its size in bytes."""
    with _open(item.url, otherwise, start) as answer:
        resumed = answer.headers.get("Content-Range") == f"bytes {start}-{item.size - 1}/{item.size}"
        if start and answer.status == 206 and not resumed:  # not the bytes that were asked for
            part.unlink()
            return _receive(item, part, 0, say, otherwise)
        if not resumed and (length := answer.headers.get("Content-Length")) != str(item.size) and length:
            raise InstallError(f"the server has {length} bytes for {item.name}, its list says {item.size}; try later")
        if start and not resumed:
            say(f"{item.name}: the server cannot resume a download, starting again")
        have = start if resumed else 0
        said, said_at = have / item.size, time.monotonic()
        with part.open("ab" if resumed else "wb") as file:
            while have <= item.size:
                try:
                    chunk = answer.read(1 << 16)
                except (OSError, HTTPException):
                    break
                if not chunk:
                    break
                file.write(chunk)
                have += len(chunk)
                done, now = have / item.size, time.monotonic()
                if done >= 1 or done - said >= 0.05 or (now - said_at >= 2 and done > said):
                    say(f"{item.name}: {min(done, 1):.0%} of {_mb(item.size)}")
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
