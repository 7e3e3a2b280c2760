"""What a phrase means: the commands that the guide obeys."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (
    "ready next done back start_again repeat other_side pause away resume stop finish skip goto leave_out only "
    "everything minutes shorter longer bedtime how_long where ask help there why signs louder quieter faster slower "
    "music_on music_off music_louder music_quieter wait_for_me keep_going yes no calm comfort stress mixed asleep "
    "unwell injury overwhelmed"
).split()
"""Every command, in the order in which tables and help list them."""

CALMING = frozenset({"pause", "away", "stop", "stress", "mixed", "unwell", "injury", "overwhelmed"})
"""Commands that make things calmer: obeyed at once, on a stable partial result."""

ADVANCING = frozenset(
    "next done skip goto leave_out only minutes ready resume start_again finish asleep yes keep_going".split()
)
"""Commands that move on or end: they wait for certainty. Doubt never advances the routine."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a phrase means. ``name`` is one of NAMES."""

    name: str
    target: str | None = None
    """goto: the body part's id."""
    targets: tuple[str, ...] = ()
    """leave_out, only: the ids of one or two body parts."""
    sign: str | None = None
    """comfort, stress: the sign's id."""
    reason: str | None = None
    """crying: hungry, pain, sad, tired, frightened; None when no reason was given."""
    about: str | None = None
    """ask, away, overwhelmed: what it's about, as in "oil", "nappy" and "tired"."""
    minutes: int | None = None
    """minutes: how many there are for the massage."""
    danger: bool = False
    """stress: a danger sign, which is answered with the emergency words."""

    def as_json(self) -> dict[str, object]:
        """The keys of ``hear --json``; those that aren't set are left out."""
        keys: dict[str, object] = {"command": self.name, "target": self.target, "targets": [*self.targets] or None}
        keys |= {"sign": self.sign, "reason": self.reason, "about": self.about}
        keys |= {"minutes": self.minutes, "danger": self.danger or None}
        return {key: value for key, value in keys.items() if value is not None}
