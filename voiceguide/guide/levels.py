"""How loud and how fast the guide speaks, and whether music plays."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voiceguide.guide.actions import SetMusic, SetMusicVolume, SetPace, Setting, SetVolume

LEVELS = 3
"""Steps of volume and of pace, up and down."""
EASES = 2
"""At bedtime: by how many steps the guide speaks more softly and slowly at the end than at the start."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What was asked for. A change gives new levels, or equal ones where there is no further step."""

    volume: int = 0
    pace: int = 0
    music_volume: int = 0
    music: bool = False
    """Whether music is wanted. It still stops where quiet is needed."""
    bedtime: bool = False
    """Whether to speak more softly and slowly from step to step."""
    eased: int = 0
    """Steps of volume and pace below what was asked for."""

    def louder(self, steps: int) -> Levels:
        return replace(self, volume=_within(self.volume + steps))

    def faster(self, steps: int) -> Levels:
        return replace(self, pace=_within(self.pace + steps))

    def music_louder(self, steps: int) -> Levels:
        """The music is wanted then, too."""
        return replace(self, music=True, music_volume=_within(self.music_volume + steps))

    def at(self, place: int, places: int) -> Levels:
        """For step `place` of `places`, counted from 1: eased where it's bedtime."""
        return replace(self, eased=(EASES + 1) * (place - 1) // places) if self.bedtime else self

    def settings(self, *, quiet: bool = False, low: bool = False) -> tuple[Setting, ...]:
        """All settings as they should be now. `quiet`: no music, though it is wanted. `low`: with a lowered voice."""
        volume, pace = _within(self.volume - self.eased - low), _within(self.pace - self.eased)
        return SetVolume(volume), SetPace(pace), SetMusic(self.music and not quiet), SetMusicVolume(self.music_volume)


def _within(level: int) -> int:
    return max(-LEVELS, min(LEVELS, level))
