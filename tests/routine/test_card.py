"""A routine as a card to print."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.cli.door import main
from voiceguide.language.language import load_language
from voiceguide.routine.card import SHOWN, card, text
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import load

ENGLISH = load_language("en")
VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page; every element that is opened must be closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.elements: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.opened:
            self.text += data


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_the_card_has_every_step_and_what_to_prepare(path: Path) -> None:
    routine = load(path)
    page = Page(card(routine, load_language(routine.language)))
    shown = " ".join(page.text.split())
    for step in routine.steps:
        assert step.title in shown
    for item in routine.preparation:
        assert unescape(text(item.say, load_language(routine.language))) in shown
    for sign in routine.signs.values():
        assert sign.name in shown


def test_the_card_says_what_to_say_and_what_to_do_in_danger() -> None:
    page = Page(card(load(find("infant-massage")), ENGLISH))
    for command in SHOWN:
        assert ENGLISH.examples(command)[0] in page.text
    assert {"stop", "ready"} <= set(SHOWN)
    danger = page.text.index("This can be an emergency. Get help now.")
    assert danger < page.text.index("Before"), "on the first page, however wide the font"


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("infant-massage", ("Step by step", "Signs of stress: stop, and tend to your baby")),
        ("infant-massage-es", ("Paso a paso", "Señales de estrés: para y atiende a tu bebé")),
        ("infant-massage-fr", ("Étape par étape", "Signes de stress : arrêtez, et occupez-vous de votre bébé")),
        ("hand-and-wrist", ("Step by step", "When to stop")),
    ],
)
def test_what_stands_above_a_section_is_in_its_language(name: str, stands: tuple[str, ...]) -> None:
    routine = load(find(name))
    shown = Page(card(routine, load_language(routine.language))).text
    assert all(heading in shown for heading in stands)
    assert (routine.language == "en") == ("What to say" in shown)


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("infant-massage", ("Dial 112 now,", "38 °C"), ("one one", "Celsius")),
        ("infant-massage-es", ("Marca ya el 112,", "con 38 °C o más"), ("uno uno", "treinta")),
        (
            "infant-massage-fr",
            ("Composez le 112 maintenant,", "à 38 °C ou plus"),
            ("un un", "trente"),
        ),
    ],
)
def test_numbers_are_written_to_be_read(name: str, numbers: tuple[str, ...], words: tuple[str, ...]) -> None:
    routine = load(find(name))
    page = Page(card(routine, load_language(routine.language)))
    assert all(number in page.text for number in numbers)
    assert not [word for word in words if word in page.text]


def test_a_telephone_shows_it_at_its_own_width() -> None:
    assert '<meta name="viewport" content="width=device-width' in card(load(find("first-weeks")), ENGLISH)


def test_the_card_needs_nothing_else() -> None:
    page = Page(card(load(find("infant-massage")), ENGLISH))
    assert page.links == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(page.elements)


@given(st.text())
def test_whatever_a_text_holds_is_text(text: str) -> None:
    routine = replace(load(find("first-weeks")), title=f"<script>{text}", about=f"{text}</p>&amp;")
    page = Page(card(routine, ENGLISH))
    assert "script" not in page.elements


@pytest.mark.parametrize(("locale", "number"), [("en_GB.UTF-8", "999"), ("en_AU.UTF-8", "000"), ("C", "112")])
def test_show_prints_it_with_the_number_of_the_country(
    locale: str, number: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert main(["show", "infant-massage", "--html"]) == 0
    printed = capsys.readouterr().out
    assert printed == card(load(find("infant-massage")), load_language("en", number))
    assert f"Dial {number} now, and put the phone on speaker." in printed
