"""The states of a session, and the situations that each of them has.

A *state* is what the world sees. A *situation* is what the guide decides by: "next" and "yes" mean different things
in different situations of one state, so the table has a column for each. Both are objects, so that a misspelt name
fails at import and not in the middle of a massage.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

NEVER = inf
"""Seconds of silence that nothing follows from."""
SILENCE_S = 90.0
"""Silence before the one reminder: longer than any single stroke."""
CHECK_S = 20.0
"""Silence in a pause before the one question whether to go on. Perhaps nobody asked for the pause; a parent who did
has had time to say more."""
LEAVE_S = 20.0
"""Silence before the guide finishes, once it has said that it will: as long as for the question in a pause."""
TEND_S = 300.0
"""Silence after the third sign of stress before the guide says that it will finish. The parent is tending to the baby
and shouldn't be hurried."""


MISSES_S = 30.0
"""Two things that weren't understood, and that were said no further apart, were said to the guide: a room isn't so
insistent."""
AGAIN_S = 15.0
"""Silence before the emergency words are said once more: in a panic they may not have been taken in."""


class State(StrEnum):
    """What a session is doing, as transcripts and `rehearse --json` show it."""

    PREPARING = "preparing"
    GUIDING = "guiding"
    PAUSED = "paused"
    TENDING = "tending"
    REASSURING = "reassuring"
    FINISHING = "finishing"
    FINISHED = "finished"


@dataclass(frozen=True, eq=False, slots=True)
class Situation:
    """A column of the table."""

    name: str
    state: State
    meaning: str
    silence: float = NEVER
    """Seconds of silence until the event `silence`."""
    own_words: bool = False
    """Whether `help` and the hint after a command that makes no sense have prompts for this situation
    (`help_NAME`, `hint_NAME`); otherwise they have one for its state."""

    @property
    def words(self) -> str:
        """The NAME in the prompts `help_NAME` and `hint_NAME`."""
        return self.name if self.own_words else str(self.state)

    def __repr__(self) -> str:
        return self.name


RESUMING = Situation(
    "resuming", State.PREPARING, "the last session was cut off: go on there, or start again?", own_words=True
)
PREPARING = Situation("preparing", State.PREPARING, "reads the checklist", SILENCE_S)
SPEAKING = Situation("speaking", State.GUIDING, "reads a step")
HOLDING = Situation("holding", State.GUIDING, "gives a stroke its time")
WAITING = Situation("waiting", State.GUIDING, 'waits for the parent to say "next"', SILENCE_S)
PAUSED = Situation("paused", State.PAUSED, "is silent until asked to go on", CHECK_S)
CHECKING = Situation("checking", State.PAUSED, "asks whether to go on, as the pause may have been misheard")
WONDERING = Situation(
    "wondering",
    State.PAUSED,
    "asks whether the baby is all right, as a danger sign may have been heard, or nothing was understood twice",
    CHECK_S,
)
CRYING = Situation(
    "crying", State.PAUSED, "asks whether to stop, as it thinks that it hears crying", CHECK_S, own_words=True
)
LOST = Situation(
    "lost", State.PAUSED, "the microphone or the speaker is gone: waits until it is back", own_words=True
)
TENDING = Situation("tending", State.TENDING, "is silent while the parent tends to the baby")
EMERGENCY = Situation("emergency", State.TENDING, "there was a danger sign: get help first", AGAIN_S, own_words=True)
OFFERING = Situation(
    "offering", State.TENDING, "the baby is calm: go on, repeat, or finish?", SILENCE_S, own_words=True
)
REASSURING = Situation("reassuring", State.REASSURING, "the signs were mixed: reassures, then tries again", SILENCE_S)
ASKING = Situation("asking", State.FINISHING, "asks whether to finish", SILENCE_S)
LEAVING = Situation(
    "leaving", State.FINISHING, "finishes after a third sign of stress, unless the parent says otherwise", LEAVE_S
)
CLOSING = Situation("closing", State.FINISHING, "says the last words")
FINISHED = Situation("finished", State.FINISHED, "the session is over")

SITUATIONS = (
    RESUMING,
    PREPARING,
    SPEAKING,
    HOLDING,
    WAITING,
    PAUSED,
    CHECKING,
    WONDERING,
    CRYING,
    LOST,
    TENDING,
    EMERGENCY,
    OFFERING,
    REASSURING,
    ASKING,
    LEAVING,
    CLOSING,
    FINISHED,
)
"""All of them, in the order of the table's columns."""
