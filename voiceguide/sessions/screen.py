"""What a parent sees on a terminal: where the guide is, what it says and understood, and what can be said now."""

from __future__ import annotations

from voiceguide.language.language import Language
from voiceguide.routine.routine import Routine
from voiceguide.sessions.entries import Entry, Found, Heard, Ignored, Lost, Said, State, Unheard

SAYABLE = {
    "preparing": ("ready", "help"),
    "guiding": ("next", "repeat", "pause", "skip"),
    "paused": ("resume", "repeat", "finish"),
    "tending": ("calm", "stop"),
    "reassuring": ("resume", "finish"),
    "finishing": ("yes", "no"),
}
"""The commands that are needed most in each state; the signs come on top."""
TITLES = {
    "preparing": "Getting ready",
    "paused": "Paused",
    "tending": "Tending to your baby",
    "reassuring": "A rest for your baby",
    "finishing": "Coming to an end",
    "finished": "The end",
}
OWN_TITLES = {"tending": "A rest", "reassuring": "A rest"}
OWN_SAYABLE = {"tending": ("resume", "stop")}
"""Where the massage is for the parent's own body."""


class Screen:
    """Of one session."""

    def __init__(self, routine: Routine, language: Language) -> None:
        own = routine.whom == "parent"
        self._titles = TITLES | (OWN_TITLES if own else {})
        self._sayable = SAYABLE | (OWN_SAYABLE if own else {})
        self._language = language
        self._where = {
            step.id: f"{part.name[:1].upper()}{part.name[1:]}, step {number} of {len(routine.steps)}: {step.title}"
            for part in routine.parts
            for number, step in enumerate(routine.steps, start=1)
            if step.part == part.id
        }

    def line(self, entry: Entry) -> str | None:
        """An entry as a line of the screen; None if a parent needn't see it."""
        match entry:
            case State(state=state, step=step):
                return self._state(state, step)
            case Said(text=text, error=error):
                return f"  {text}{' (not spoken)' if error is not None else ''}"
            case Unheard(text=text):
                return f"  {text} (to be said when the speaker is back)"
            case Heard(heard=heard, obeyed=True):
                return f'    understood: "{heard.phrase}"'
            case Ignored(phrase=phrase, why="not_now"):
                return f'    "{phrase}" makes no sense just now'
            case Lost(device=device):
                return f"    the {device} is lost: waiting until it is back"
            case Found(device=device):
                return f"    the {device} is back"
            case _:
                return None

    def _state(self, state: str, step: str | None) -> str:
        what = self._titles.get(state) or self._where.get(step or "", state)
        ways = [self._language.examples(name)[:1] for name in self._sayable.get(state, ())]
        said = ", ".join(f'"{way}"' for found in ways for way in found)
        return f"\n{what}{f'   (say {said})' if said else ''}"
