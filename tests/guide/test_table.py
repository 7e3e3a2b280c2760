"""The tables of the guide: every event in every situation."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from player import Player, cut_off, in_situation, random_event, small

from voiceguide.guide import table
from voiceguide.guide.actions import (
    Chime,
    Hush,
    NotNow,
)
from voiceguide.guide.diagram import markdown
from voiceguide.guide.events import Cry, Doubted, Elapsed, Event, Found, Heard, Lost, Missed, NotKept, Spoken, Timer
from voiceguide.guide.machine import Guide
from voiceguide.guide.situations import (
    CHECKING,
    EMERGENCY,
    LEAVING,
    NEVER,
    SITUATIONS,
    SPEAKING,
    TENDING,
    WAITING,
    Situation,
    State,
)
from voiceguide.guide.table import REACTIONS, TABLE
from voiceguide.language.command import NAMES, Command


def events(p: Player) -> Iterator[tuple[str, Event]]:
    """Every row of the table, as an event that can be given to ``p`` now."""
    for name in NAMES:
        sign = {"comfort": "bright_eyed", "stress": "crying"}.get(name)
        target = "belly" if name == "goto" else None
        targets = ("belly",) if name in ("leave_out", "only") else ()
        about = {"ask": "oil", "away": "nappy", "overwhelmed": "distress"}.get(name)
        minutes = 10 if name == "minutes" else None
        command = Command(name, sign=sign, target=target, targets=targets, about=about, minutes=minutes)
        yield name, Heard(command)
    yield "spoken", Spoken(p.utterance, 0)
    yield "hold_over", Elapsed(Timer.HOLD)
    yield "silence", Elapsed(Timer.SILENCE)
    yield "lost", Lost(speaker=False)
    yield "found", Found()
    yield "not_kept", NotKept()
    yield "doubt", Doubted()
    yield "missed", Missed()
    yield "cry", Cry()


def test_every_event_is_decided_in_every_situation() -> None:
    assert set(TABLE) == {
        *NAMES,
        "spoken",
        "hold_over",
        "silence",
        "lost",
        "found",
        "not_kept",
        "doubt",
        "missed",
        "cry",
    }
    assert all(set(row) == set(SITUATIONS) for row in TABLE.values())
    assert {reaction for row in TABLE.values() for reaction in row.values()} == set(REACTIONS.values())
    assert {situation.state for situation in SITUATIONS} == set(State)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("row", TABLE)
def test_each_cell_leads_where_its_reaction_says(situation: Situation, row: str) -> None:
    p = in_situation(situation)
    event = dict(events(p))[row]
    if row == "spoken":
        p.all_lines()
        situation_after = p.guide.situation
    else:
        before = p.guide.step, p.guide.situation
        actions = p.give(event)
        situation_after = p.guide.situation
        assert p.guide.reaction is TABLE[row][situation]
        if p.guide.reaction.name in ("not_now", "over"):
            assert NotNow(event.command) in actions
            assert (p.guide.step, p.guide.situation) == before
            assert not any(isinstance(a, Hush | Chime) and a != Chime("no") for a in actions)
    reaction = TABLE[row][situation]
    assert situation_after in reaction.leads_to or (reaction.stays and situation_after is situation)


def walk(p: Player, way: str) -> Player:
    """Lead a guide by commands, timers (`hold`, `silence`), `lost` and `found`; `all`: all lines are said."""
    for what in way.split():
        if what == "all":
            p.all_lines()
        elif what in p.timers:
            p.elapse(what)
        elif what in ("lost", "found"):
            p.give(Lost(speaker=False) if what == "lost" else Found())
        else:
            p.hear(what)
    return p


def test_every_target_of_every_reaction_is_reached() -> None:
    """The page shows no arrow that can't be walked."""
    walked: set[tuple[str, str]] = set()
    handle = Guide.handle

    def watched(self: Guide, event: Event, now: float) -> list:
        before = self.situation
        out = handle(self, event, now)
        if self.reaction is not None:
            stays = self.situation is before and self.reaction.stays
            walked.add((self.reaction.name, "=" if stays else self.situation.name))
        return out

    first, second, last = (step.id for step in small().steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guide, "handle", watched)
        # What chance hardly finds.
        for situation in REACTIONS["stay"].leads_to:
            walk(in_situation(situation), "finish no")
        for situation in REACTIONS["regain"].leads_to:
            walk(in_situation(situation), "lost found")
        for situation in REACTIONS["carry_on"].leads_to:
            walk(in_situation(situation), "mixed resume")
        walk(in_situation(LEAVING), "resume stress all silence")
        p = in_situation(WAITING)
        p.give(Missed())
        p.give(Missed())
        walk(in_situation(WAITING), "keep_going")
        for at, way in [
            (second, "all"),
            (second, "keep_going all"),
            (last, "keep_going all"),
            (last, "keep_going all hold"),
            (last, "all hold all keep_going"),
            (last, "all where keep_going hold all"),
            (first, "all where keep_going hold all"),
            (last, "next pause repeat"),
        ]:
            walk(Player(routine=small(last_hold=0.0 if way == "keep_going all" else 20.0), at=at), way)
        p = Player(routine=small(), interrupted=cut_off(last))
        p.hear("leave_out", targets=("arms",))
        p.hear("yes")
        for begin in ("ready", "done"):
            p = Player(routine=small())
            p.hear("leave_out", targets=("legs", "arms"))
            p.all_lines()
            p.hear(begin)
        walk(Player(routine=small()), "all done")
        walk(in_situation(SPEAKING), "unwell resume pause goto")
        walk(in_situation(CHECKING), "stop")
        for again in ("goto", "start_again", "only", "back"):
            walk(in_situation(EMERGENCY), f"calm pause {again}")
        choose = random.Random(7)
        for n in range(600):
            interrupted = cut_off(choose.choice(small().steps).id) if n % 3 == 0 else None
            p = Player(routine=small(last_hold=20.0 * (n % 2)), interrupted=interrupted)
            for _ in range(60):
                random_event(p, choose, calm=n % 4 != 0)
    targets = {name: [*(s.name for s in r.leads_to), *(["="] if r.stays else [])] for name, r in REACTIONS.items()}
    assert walked == {(name, target) for name in targets for target in targets[name]}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("step_back", "setp_back"),
        ("event         resuming", "event         resumin"),
        ("\nquieter ", "\nquiter "),
        ("\nlouder ", "\n# louder "),
        ("pausing.check,", "pausing.chek,"),
        ('"speaking closing"', '"speeking closing"'),
        ("spoken        .  ", "spoken        -  "),
    ],
)
def test_a_typo_in_the_tables_fails_at_import(right: str, wrong: str) -> None:
    source = Path(table.__file__).read_text("utf-8")
    assert right in source
    with pytest.raises((ValueError, KeyError, AttributeError)):
        exec(compile(source.replace(right, wrong, 1), "table.py", "exec"), {"__name__": table.__name__})


def test_the_columns_of_the_table_line_up() -> None:
    head, *rows = (line for line in table._TABLE.splitlines() if line and not line.startswith("#"))
    columns = [word.start() for word in re.finditer(r"\S+", head)]
    for row in rows:
        assert [word.start() for word in re.finditer(r"\S+", row)] == columns, row


def test_the_guide_has_patience_where_something_follows_from_silence() -> None:
    follows = {situation for situation, reaction in TABLE["silence"].items() if reaction.name != "nothing"}
    assert follows == {situation for situation in SITUATIONS if situation.silence != NEVER} | {TENDING}


def test_the_documentation_is_made_from_the_tables() -> None:
    """If not: python -m voiceguide.guide.diagram > docs/guide.md"""
    assert (Path(__file__).parents[2] / "docs" / "guide.md").read_text("utf-8") == markdown()
