"""`docs/guide.md`, made from the tables: python -m voiceguide.guide.diagram > docs/guide.md"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from voiceguide.guide.situations import FINISHED, LOST, NEVER, SITUATIONS, SPEAKING, Situation, State
from voiceguide.guide.table import GROUPS, REACTIONS, TABLE, WORDLESS, Reaction

NOT_NOW, OVER, NOTHING = (REACTIONS[name] for name in ("not_now", "over", "nothing"))

_INTRODUCTION = """# What the guide does

This page is made from the tables in `voiceguide/guide/table.py` by `python -m voiceguide.guide.diagram`; don't edit
it by hand.

The guide is a pure state machine: events go in, actions come out. Events are commands that were heard, and a few
things that happen without a word: a sentence has been said, a stroke is over, nobody has spoken for a while, the
microphone is gone.

## States and situations

The guide is always in one *situation*. Several situations make up a *state*, which is what transcripts show.
What is interrupted stays below what interrupts it: a step below tending to the baby, and that below a question.
"Continue" takes the top away, and goes on at the sentence that was cut off or with the rest of the stroke.

| state | situation | what the guide does in it | patience |
|---|---|---|---|
"""

_EVENTS = """
*Patience* is how long nobody may speak before the event `silence`. After the third sign of stress the parent gets
300 s of it while tending.

## What follows from each event

The second column says what usually follows, the third where something else does, and the fourth where the command
makes no sense: it changes nothing, and the guide says so. Two rules keep the lists short. While a device is *lost*
a command makes no sense unless its row says otherwise, and once a session is *finished* nothing happens any more.
"""

_REACTIONS = """
## What each reaction does

| reaction | leads to | what it does |
|---|---|---|
"""


def edges() -> dict[tuple[State, State], list[str]]:
    """For every two different states: the events that lead from the one to the other, in the table's order."""
    found: dict[tuple[State, State], list[str]] = {}
    for event, row in TABLE.items():
        for situation, reaction in row.items():
            for target in reaction.leads_to:
                ends = situation.state, target.state
                if ends[0] != ends[1] and event not in found.setdefault(ends, []):
                    found[ends].append(event)
    return found


def diagram() -> str:
    """The states, and what leads from one to another, in Mermaid. Reactions such as `carry_on`, which lead back to
    what was interrupted, are drawn to every state that can be interrupted."""
    order = list(State)
    lines = ["stateDiagram-v2", "    [*] --> preparing"]
    lines += [
        f"    {start} --> {end}: {', '.join(events)}"
        for (start, end), events in sorted(
            edges().items(), key=lambda edge: (order.index(edge[0][0]), order.index(edge[0][1]))
        )
    ]
    return "\n".join([*lines, "    finished --> [*]"])


def markdown() -> str:
    """The whole page."""
    return "".join(
        [
            _INTRODUCTION,
            *(_line(*_situation(situation)) for situation in SITUATIONS),
            _EVENTS,
            *(_group(name, events) for name, events in GROUPS.items()),
            _REACTIONS,
            *(_line(*_reaction(reaction)) for reaction in REACTIONS.values() if reaction is not NOTHING),
            f"\n## From state to state\n\n```mermaid\n{diagram()}\n```\n",
        ]
    )


def _situation(situation: Situation) -> Iterator[str]:
    first = next(other for other in SITUATIONS if other.state is situation.state)
    yield f"**{situation.state}**" if situation is first else ""
    yield situation.name
    yield situation.meaning
    yield f"{situation.silence:.0f} s" if situation.silence != NEVER else ""


def _group(name: str, events: tuple[str, ...]) -> str:
    heads = ["event", "usually", "but while"]
    if events[0] not in WORDLESS:
        heads = ["command", "usually", "but while", "makes no sense while"]
    rows = "".join(_line(*_event(event)) for event in events)
    return f"\n### {name}\n\n{_line(*heads)}|{'---|' * len(heads)}\n{rows}"


def _event(event: str) -> Iterator[str]:
    row = dict(TABLE[event])
    del row[FINISHED]
    if row[LOST] is NOT_NOW:
        del row[LOST]
    counts = Counter(row.values())
    usual = max(counts, key=lambda reaction: (counts[reaction], reaction is row[SPEAKING]))
    yield f"**{event}**"
    yield {NOT_NOW: "makes no sense", NOTHING: "nothing"}.get(usual, f"*{usual}*: {usual.meaning}")
    others = dict.fromkeys(reaction for reaction in row.values() if reaction not in (usual, NOT_NOW))
    yield "; ".join(f"{_where(row, reaction)}: *{reaction}*" for reaction in others)
    if event not in WORDLESS:
        yield "anywhere else" if usual is NOT_NOW else _where(row, NOT_NOW)


def _where(row: dict[Situation, Reaction], reaction: Reaction) -> str:
    return ", ".join(situation.name for situation, other in row.items() if other is reaction)


def _reaction(reaction: Reaction) -> Iterator[str]:
    yield reaction.name
    yield ", ".join([*(situation.name for situation in reaction.leads_to), *(["stays"] if reaction.stays else [])])
    yield reaction.meaning


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(markdown(), end="")
