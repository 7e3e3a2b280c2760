"""What happens in a session, as lines for people."""

from __future__ import annotations

from typing import Any


def clock(seconds: float) -> str:
    seconds = max(0.0, seconds)  # when a line began is known to 20 ms, also for the first one
    return f"{int(seconds // 60):3d}:{seconds % 60:04.1f}"


def line(kind: str, t: float, fields: dict[str, Any]) -> str | None:
    """A line of the transcript for people; None for what they need not see."""
    said = {
        "said": lambda: f"{clock(t)}  guide   {fields['text']}" + (" (not spoken)" if "error" in fields else ""),
        "unheard": lambda: f"{clock(t)}  guide   {fields['text']} (to be said when the speaker is back)",
        "parent": lambda: f"{clock(t)}  parent  {fields['text']}",
        "heard": lambda: f"{clock(t)}    heard {meaning(fields)}",
        "ignored": lambda: f"{clock(t)}    ({fields['phrase']}: {fields['why'].replace('_', ' ')})",
        "lost": lambda: f"{clock(t)}    ({fields['device']} lost: waiting until it is back)",
        "found": lambda: f"{clock(t)}    ({fields['device']} back)",
        "hushed": lambda: f"{clock(t)}    (hushed)",
        "state": lambda: f"{clock(t)}    ({fields['state']}{' ' + fields['step'] if fields['step'] else ''})",
    }
    return said[kind]() if kind in said else None


def meaning(fields: dict[str, Any]) -> str:
    more = [str(fields[key]) for key in ("target", "sign", "reason") if key in fields]
    more += ["danger"] if fields.get("danger") else []
    return f"{fields['command']}{' (' + ', '.join(more) + ')' if more else ''}: {fields['phrase']}"
