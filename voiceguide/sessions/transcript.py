"""What happens in a session, as lines for people."""

from __future__ import annotations

from voiceguide.hearing import ears
from voiceguide.sessions.entries import (
    Crying,
    Entry,
    Found,
    Heard,
    Hushed,
    Ignored,
    Lost,
    Parent,
    Said,
    State,
    Summary,
    Unheard,
)


def line(entry: Entry) -> str | None:
    """An entry as a line of the transcript; None if people needn't see it."""
    match entry:
        case Said(text=text, error=error):
            what = f"  guide   {text}{' (not spoken)' if error is not None else ''}"
        case Unheard(text=text):
            what = f"  guide   {text} (to be said when the speaker is back)"
        case Parent(text=text):
            what = f"  parent  {text}"
        case Heard(heard=heard):
            what = f"    heard {meaning(heard)}"
        case Ignored(phrase=phrase, why=why):
            what = f"    ({phrase}: {why.replace('_', ' ')})"
        case Crying():
            what = "    (sounds like crying)"
        case Lost(device=device):
            what = f"    ({device} lost: waiting until it is back)"
        case Found(device=device):
            what = f"    ({device} back)"
        case Hushed():
            what = "    (hushed)"
        case State(state=state, step=step):
            what = f"    ({state}{f' {step}' if step else ''})"
        case _:
            return None
    return clock(entry.t) + what


def summary(score: Summary) -> str:
    """The score of a rehearsal as a line."""
    median = score.reaction_ms["median"]
    return (
        f"Rehearsed {score.duration_s / 60:.1f} minutes in {score.wall_s:.0f} s: "
        f"{score.commands_given} commands given, {score.commands_obeyed} obeyed, "
        f"{score.false_commands} false commands; "
        f"median reaction {'none' if median is None else f'{median:.0f} ms'}."
    )


def clock(seconds: float) -> str:
    """``  1:02.3``"""
    seconds = max(0.0, seconds)  # when a line started is known to within 20 ms, even for the first one
    tenths = round(10 * seconds)  # first, or 59.97 would be 0:60.0
    return f"{tenths // 600:3d}:{tenths % 600 / 10:04.1f}"


def meaning(heard: ears.Heard) -> str:
    """``stress (crying, hungry): she's hungry``"""
    command = heard.command
    more = [value for value in (command.target, command.sign, command.reason) if value is not None]
    more += ["danger"] if command.danger else []
    details = f" ({', '.join(more)})" if more else ""
    return f"{command.name}{details}: {heard.phrase}"
