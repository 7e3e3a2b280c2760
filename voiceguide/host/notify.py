"""What a service tells systemd: that sound flows, that it still does, that it ends.

sd_notify(3) is a datagram to a unix socket. The packages for it are a few lines, too, and either want systemd's
headers to be built or have had no release for years.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from math import inf

from voiceguide.sound import Block, Fill, Sound

FLOWS_BLOCKS = 10
"""After so many blocks from the devices, 0.3 s, sound flows."""


class Notify:
    """The service manager that started this process, if one did."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._path = environment.get("NOTIFY_SOCKET", "")
        wanted = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.every = int(wanted) / 2e6 if wanted.isdecimal() and ours else None
        """Seconds between two signs of life: half of what the watchdog waits, as sd_watchdog_enabled(3) has it. None
        where nobody watches."""
        self._ready = False

    def ready(self) -> None:
        """The service has started; told once."""
        if not self._ready:
            self._ready = True
            self.tell("READY=1")

    def tell(self, state: str) -> None:
        """Send it; where nobody listens nothing is lost, and nothing is waited for."""
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
    """A Sound whose reading feeds the watchdog: only while blocks come from the devices, and the loop takes them.

    A device that is lost is waited for, but not for ever: after the watchdog's time the service is started anew, with
    all that is in PortAudio, and comes to the devices that are there then."""

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
        self._flowing, self._fed = 0, -inf  # at once, for nothing was told while it was closed

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
