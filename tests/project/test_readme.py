"""What the README and its pages tell parents to say is understood and means what it says, and no command is left
out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from voiceguide.cli.door import main
from voiceguide.guide.situations import State
from voiceguide.language.command import NAMES, Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.routine.rules import COMFORT_SIGNS, REASONS, STRESS_SIGNS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
TO_SAY = (ROOT / "docs/what-to-say.md").read_text("utf-8")
COMMANDS = (ROOT / "docs/commands.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
NO_COMMANDS = {"the next bus", "understood", "He's", "she's", "they're", "baby is", "Mia is crying"}
"""An example of what is none, what a chime means, beginnings, and what needs a name."""


def quoted(text: str) -> set[str]:
    """What is in double quotes, outside blocks of code."""
    return set(re.findall('"([^"]+)"', re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def rows(text: str) -> list[tuple[str, list[str]]]:
    """The rows of its tables: the first cell, and the quoted phrases in the second. What follows ``; then`` answers
    what the guide asks then, and isn't one of them."""
    cells = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    found = [(first.strip(" *"), re.findall('"([^"]+)"', re.split("[;,] then", rest)[0])) for first, rest in cells]
    return [(first, phrases) for first, phrases in found if phrases]


def test_every_phrase_in_them_is_a_command(book: Phrasebook) -> None:
    phrases = quoted(README) | quoted(TO_SAY)
    assert len(phrases) > 140
    assert {phrase for phrase in phrases if book.meaning(phrase) is None} == NO_COMMANDS


@pytest.mark.parametrize(("what", "phrases"), rows(TO_SAY), ids=[what for what, _ in rows(TO_SAY)])
def test_the_phrases_of_a_row_mean_one_thing(book: Phrasebook, what: str, phrases: list[str]) -> None:
    meanings: list[Any] = [book.meaning(phrase) for phrase in phrases]
    names = {(one.name, one.sign, one.reason) for one in meanings}
    assert len(names) == 1, names


def test_every_command_and_every_sign_is_on_the_page(book: Phrasebook) -> None:
    meanings = [book.meaning(phrase) for phrase in quoted(TO_SAY)]
    found = [one for one in meanings if isinstance(one, Command)]
    assert {one.name for one in found} == set(NAMES)
    assert {one.sign for one in found if not one.danger} == {None, *COMFORT_SIGNS, *STRESS_SIGNS}
    assert {one.reason for one in found} == {None, *REASONS}
    assert any(one.danger for one in found)


def test_the_session_shows_states_that_are_there() -> None:
    shown = set(re.findall(r"^ +\d+:\d\d\.\d +\((\w+)", TO_SAY, re.MULTILINE)) - {"hushed"}
    assert {"preparing", "guiding", "tending", "finished"} <= shown <= set(State)


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<!\w)--[a-z][a-z-]+", text))


def test_every_command_has_its_line_and_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    names = re.findall(r"^ {4}([a-z]+) ", help_of(capsys), re.MULTILINE)
    assert "rehearse" in names
    for name in names:
        assert re.search(rf"`{name}\b", COMMANDS), name
        missing = options_in(help_of(capsys, name)) - options_in(COMMANDS)
        assert not missing, name


def test_every_link_leads_somewhere() -> None:
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
            file = page.parent / target if target else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
                anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
                assert anchor in anchors, f"{page.name}: {target}#{anchor}"


def test_the_messages_that_the_page_on_sound_explains_are_there() -> None:
    page = (ROOT / "docs/sound.md").read_text("utf-8").partition("## What the errors mean")[2].partition("\n## ")[0]
    code = "".join(path.read_text("utf-8") for path in (ROOT / "voiceguide").rglob("*.py"))
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(messages) == 14
    for message in messages:
        pieces = re.split(r"…|\"|[():]|\d times|microphone|speaker", message)
        assert all(piece in code for piece in map(str.strip, pieces)), message


@pytest.mark.parametrize("page", [one for one in PAGES if one.name != "hearing.md"], ids=lambda page: page.name)
def test_every_file_and_module_that_a_page_names_is_there(page: Path) -> None:
    """CODE, NAME and the like stand for any name."""
    text = page.read_text("utf-8")
    named = set(re.findall(r"`(\w+/[\w/.-]+\.(?:py|yaml|json|md))`", text))
    named |= {
        f"{one.replace('.', '/')}*" for one in re.findall(r"python -m ((?:voiceguide|benchmarks|models)[\w.]*)", text)
    }
    patterns = {name: re.sub("[A-Z]{4,}", "*", name) for name in named}
    places = (ROOT, ROOT / "voiceguide")
    assert [n for n, pattern in patterns.items() if not any(any(place.glob(pattern)) for place in places)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_row_of_a_table_is_one_line_with_all_its_cells(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        head, *others = table.replace(r"\|", "").splitlines()
        assert {(row.count("|"), row[-1]) for row in others} == {(head.count("|"), "|")}, head
