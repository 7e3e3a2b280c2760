"""Notices a microphone that's muted: it gives no sound at all, not even hiss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from voiceguide.sound import Block, Fill, Sound
from voiceguide.sound.chirp import DEAD

MUTED_S = 30.0
"""Seconds of digital silence. No quiet room is that silent; a speakerphone with a noise gate may be."""


class MuteNoticed:
    """A Sound whose silence is told, once."""

    def __init__(self, sound: Sound, tell: Callable[[str], None]) -> None:
        self._sound = sound
        self._tell = tell
        self._sounded = 0.0
        """When there was last a sound, or no microphone to make one."""
        self._told = False

    @property
    def delay(self) -> float:
        return self._sound.delay

    def open(self, fill: Fill) -> None:
        self._sound.open(fill)
        self._sounded = 0.0

    def read(self) -> Block:
        block = self._sound.read()
        if "microphone" in block.lost or np.abs(block.pcm.astype(np.int32)).max(initial=0) > DEAD:
            self._sounded = block.at
        elif not self._told and block.at > self._sounded + MUTED_S:
            self._told = True
            self._tell(f"    (the microphone has given no sound at all for {MUTED_S:.0f} s: is it muted?)")
        return block

    def close(self) -> None:
        self._sound.close()

    def troubles(self) -> list[str]:
        return self._sound.troubles()
