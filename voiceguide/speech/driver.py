"""What pyttsx3 asks of an engine, answered by ours: they keep the samples instead of playing them."""

from __future__ import annotations

from typing import Any


class Driver:
    """A pyttsx3 driver. A subclass speaks: it fills ``pcm`` in `say`, and sets ``hertz``.

    pyttsx3 names the methods. Its queue swallows their exceptions and reports them as "error" events."""

    forks = False
    """Whether each text is rendered in a fork of the process."""

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy
        self.pcm = bytearray()
        """What was said last: mono, 16 bits, little-endian."""
        self.hertz = 0

    def say(self, text: str) -> None:
        raise NotImplementedError

    def set_voice(self, voice: str) -> None:
        """Raises UnknownVoiceError where it can't speak with this voice."""
        raise NotImplementedError

    def set_rate(self, rate: int) -> None:
        """The pace, as the engine counts it."""
        raise NotImplementedError

    def setProperty(self, name: str, value: Any) -> None:  # noqa: N802
        if name == "voice":
            self.set_voice(str(value))
        elif name == "rate":
            self.set_rate(int(value))
        else:
            raise KeyError(f"unknown property {name}")

    def startLoop(self) -> None:  # noqa: N802
        self._proxy.setBusy(False)  # runs all that is queued; the last of it is endLoop

    def endLoop(self) -> None:  # noqa: N802
        """Nothing to end: `say` blocks."""

    def stop(self) -> None:
        """Nothing to stop: pyttsx3 calls this when the queue is empty."""

    def destroy(self) -> None:
        """The engine is kept until the process ends."""
