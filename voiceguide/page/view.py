"""What the page shows, as plain data: a picture of the session as it is now, made from what has happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voiceguide.guide.machine import Guide
from voiceguide.guide.table import TABLE
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.page.words import words
from voiceguide.routine.routine import Routine
from voiceguide.sessions import entries
from voiceguide.sessions.entries import Entry

ALWAYS = {"stop": Command("stop"), "crying": Command("stress", sign="crying")}
"""What can be touched at any time: a large stop, and "my baby cries"."""
OFFERED = ("ready", "resume", "yes", "no", "calm", "next", "repeat", "back", "pause", "how_long", "finish")
"""What else is offered where it makes sense, the most useful first."""
AT_MOST = 6
"""So many of these at a time: more can't be taken in at a glance."""
SILLY = frozenset({"not_now", "over", "nothing", "going", "hush", "keep_quiet", "glad"})
"""Reactions by which a command changes nothing to speak of: it isn't offered."""
TOUCHES: Mapping[str, Command] = {**{name: Command(name) for name in OFFERED}, **ALWAYS}
"""Every command that can be touched, by the name that the page sends."""

Picture = dict[str, object]
"""What goes to the browser, as JSON."""


class View:
    """Follows a session."""

    def __init__(self, routine: Routine, language: Language) -> None:
        self._routine = routine
        self._language = language
        self._saying = ""
        self._understood = ""
        self._told: tuple[object, ...] = ()
        self._picture: Picture = {}

    def update(self, happened: Iterable[Entry], guide: Guide, now: float) -> Picture | None:
        """The picture after a turn, or None if it's the same as before. ``now``: seconds on the session's clock."""
        for entry in happened:
            match entry:
                case entries.Said(text=text) | entries.Unheard(text=text):
                    self._saying = text
                case entries.Hushed():
                    self._saying = ""
                case entries.Heard(heard=heard):
                    self._understood = heard.phrase
                case entries.State(state=state) if state == "finished":
                    self._saying = ""
        ends = guide.stroke_ends
        told = (self._saying, self._understood, guide.situation, guide.step, ends, guide.massage.plan)
        if told == self._told:
            return None
        self._told = told
        self._picture = self._draw(guide, ends, now)
        return self._picture

    def _draw(self, guide: Guide, ends: float | None, now: float) -> Picture:
        step, situation = guide.step, guide.situation
        place, places = guide.massage.plan.place(guide.massage.n) if step else (0, 0)
        own = words(self._language.code)
        return {
            "state": str(guide.state),
            "mood": own[f"state_{guide.state}"],
            "part": guide.massage.name_of(step.part) if step else "",
            "title": step.title if step else self._routine.title,
            "place": own["place"].format(place=place, places=places) if step else "",
            "drawing": (step.drawing or "") if step else "",
            "saying": self._saying,
            "understood": self._understood,
            "stroke": {"left": round(ends - now, 1), "of": round(guide.massage.plan.hold(guide.massage.n), 1)}
            if ends is not None
            else None,
            "offers": [
                {"name": name, "label": _label(self._language, name)}
                for name in OFFERED
                if TABLE[name][situation].name not in SILLY
            ][:AT_MOST],
            "over": guide.state == "finished",
        }


def _label(language: Language, name: str) -> str:
    """What the parent would say instead of touching it."""
    phrase = language.examples(name)[0]
    return phrase[:1].upper() + phrase[1:]


def always(language: Language) -> dict[str, str]:
    """The labels of what can be touched at any time, by name."""
    crying = language.example(ALWAYS["crying"])
    return {"stop": _label(language, "stop"), "crying": crying[:1].upper() + crying[1:]}
