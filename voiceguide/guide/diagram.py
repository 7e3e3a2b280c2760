"""``docs/guide.md``: the tables of the guide and the diagram of its states, made from table.py.

python -m voiceguide.guide.diagram > docs/guide.md
"""

from __future__ import annotations

from voiceguide.guide.table import REACTIONS, STATE_OF, STATES, TABLE

_INTRODUCTION = """# What the guide does

This page is made from the tables in `voiceguide/guide/table.py` by `python -m voiceguide.guide.diagram`.

The guide is a pure state machine: events go in, actions come out. It is always in one *situation*, a state with its
phase. What is interrupted is kept below what interrupts it: tending to the baby above a step, and a question above
that. "Continue" takes the uppermost away, and goes on at the sentence that was cut off, or with the rest of the
stroke.

| state | situations |
|---|---|
"""

_MEANING = {
    "resuming": "a session was cut off: go on there, or start again?",
    "preparing": "the checklist is read",
    "speaking": "a step is read",
    "holding": "a stroke is held for its time",
    "waiting": 'the parent is waited for, until "next"',
    "paused": "silent, until asked to go on",
    "checking": "shall I go on? The pause may have been misheard",
    "wondering": "is your baby all right? A sign of danger may have been heard",
    "lost": "microphone or speaker is away: waits until it is back",
    "tending": "the parent tends to the baby; the guide is silent",
    "emergency": "a danger sign: get help first; the guide is silent",
    "offering": "the baby is calm: go on, repeat, or finish?",
    "reassuring": "mixed signs: reassure, then try again",
    "asking": "shall we finish?",
    "leaving": "a third sign of stress: finishes for today, unless the parent says otherwise",
    "closing": "the last words",
    "finished": "the session is over",
}


def edges() -> dict[tuple[str, str], list[str]]:
    """For every two different states: the events that lead from the one to the other, in the table's order."""
    found: dict[tuple[str, str], list[str]] = {}
    for event, row in TABLE.items():
        for situation, reaction in row.items():
            for target in REACTIONS[reaction].leads_to:
                start, end = STATE_OF[situation], STATE_OF[situation if target == "=" else target]
                if start != end and event not in found.setdefault((start, end), []):
                    found[start, end].append(event)
    return found


def diagram() -> str:
    """The states and what leads from one to another, in Mermaid. Those of `carry_on` and its like, which lead back
    to what was interrupted, are drawn to every state that can be interrupted."""
    lines = ["stateDiagram-v2", "    [*] --> preparing"]
    lines += [
        f"    {start} --> {end}: {', '.join(events)}"
        for (start, end), events in sorted(
            edges().items(), key=lambda edge: (STATES.index(edge[0][0]), STATES.index(edge[0][1]))
        )
    ]
    return "\n".join([*lines, "    finished --> [*]"])


def markdown() -> str:
    """The whole page."""
    by_state = {state: [s for s in STATE_OF if STATE_OF[s] == state] for state in STATES}
    states = [
        f"| {state} | {'; '.join(f'**{situation}**: {_MEANING[situation]}' for situation in situations)} |"
        for state, situations in by_state.items()
    ]
    head = "| event | " + " | ".join(STATE_OF) + " |\n|---|" + "---|" * len(STATE_OF)
    rows = [f"| **{event}** | " + " | ".join(_cell(row[s]) for s in STATE_OF) + " |" for event, row in TABLE.items()]
    reactions = [
        f"| {name} | {', '.join('stays' if t == '=' else t for t in reaction.leads_to)} | {reaction.meaning} |"
        for name, reaction in REACTIONS.items()
        if name != "nothing"
    ]
    return "\n".join(
        [
            _INTRODUCTION + "\n".join(states),
            "\n## Every event in every situation\n",
            "A dot: nothing to do. *not now*: changes nothing, and says so.\n",
            head,
            *rows,
            "\n## Reactions\n",
            "| reaction | leads to | what it does |\n|---|---|---|",
            *reactions,
            "\n## States\n",
            f"```mermaid\n{diagram()}\n```",
            "",
        ]
    )


def _cell(reaction: str) -> str:
    return {"nothing": "·", "not_now": "*not now*"}.get(reaction, reaction)


if __name__ == "__main__":
    print(markdown(), end="")
