"""What a service tells systemd: that sound is flowing, that it still is, that the service is stopping. And whether
its output goes to the journal.

sd_notify(3) is a datagram to a Unix socket. The packages for it are only a few lines themselves, and either need
systemd's headers to be built or haven't had a release for years.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from math import inf
from typing import TextIO

from voiceguide.sound import Block, Fill, Sound

FLOWS_BLOCKS = 10
"""After this many blocks from the devices (0.3 s) sound is flowing."""


class Notify:
    """The service manager that started this process, if one did."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._path = environment.get("NOTIFY_SOCKET", "")
        wanted = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.every = int(wanted) / 2e6 if wanted.isdecimal() and ours else None
        """Seconds between two signs of life: half the watchdog's time, as sd_watchdog_enabled(3) says. None where
        there's no watchdog."""
        self._ready = False

    def ready(self) -> None:
        """The service has started. It's said only once."""
        if not self._ready:
            self._ready = True
            self.tell("READY=1")

    def tell(self, state: str) -> None:
        """Send it, without waiting for anything. Harmless where nobody listens."""
        if not self._path.startswith(("/", "@")):
            return
        address = f"\0{self._path[1:]}" if self._path.startswith("@") else self._path
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.setblocking(False)
                sending.sendto(state.encode(), address)
        except OSError:
            pass  # the watchdog will notice


class WatchedSound:
    """A Sound that feeds the watchdog while it's read, and while its blocks come from the devices.

    A lost device isn't waited for for ever: after the watchdog's time the service is restarted, and PortAudio with
    it, and finds the devices that are there by then."""

    def __init__(self, sound: Sound, notify: Notify) -> None:
        self._sound = sound
        self._notify = notify
        self._flowing = 0
        self._fed = -inf

    @property
    def delay(self) -> float:
        return self._sound.delay

    def open(self, fill: Fill) -> None:
        self._sound.open(fill)
        self._flowing, self._fed = 0, -inf  # feed it at once: it wasn't fed while this was closed

    def read(self) -> Block:
        block = self._sound.read()
        self._flowing = 0 if block.lost else self._flowing + 1
        if self._flowing >= FLOWS_BLOCKS:
            self._notify.ready()
            every = self._notify.every
            if every is not None and block.at >= self._fed + every:
                self._fed = block.at
                self._notify.tell("WATCHDOG=1")
        return block

    def close(self) -> None:
        self._sound.close()

    def troubles(self) -> list[str]:
        return self._sound.troubles()


def goes_to_journal(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether what's printed there is kept in systemd's journal: systemd.exec(5), $JOURNAL_STREAM."""
    try:
        found = None if stream is None else os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return found is not None and environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
