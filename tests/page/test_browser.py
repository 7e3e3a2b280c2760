"""The page in a real browser: a session is followed, touched, and read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="the page needs the extra `page`: no aiohttp")

from browser import Browser, chromium
from player import Player, in_situation, infant_massage, language

from voiceguide.guide.situations import HOLDING, SPEAKING
from voiceguide.language.language import load_language
from voiceguide.page.server import PageServer
from voiceguide.page.view import View
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sessions import entries

CONTRAST = """(() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("h1 *, header p *, p, button")].filter((one) => one.textContent.trim())
    .map((one) => {
      const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
      return (pair[0] + 0.05) / (pair[1] + 0.05);
    });
})()"""
"""The contrast of each text with what is behind it, after WCAG 2."""


class Stage:
    """A guide, its page, and a browser that shows it."""

    def __init__(self, browser: Browser, player: Player) -> None:
        self.browser = browser
        self.player = player
        self.server = PageServer("127.0.0.1", language(), "Infant massage", print)
        self.url = self.server.start().url
        self.view = View(infant_massage(), language())

    def show(self, *happened: entries.Entry) -> None:
        picture = self.view.update(happened, self.player.guide, self.player.now)
        assert picture is not None
        self.server.show(picture)

    def open(self, **size: int) -> None:
        self.show(entries.Said(0.0, self.player.said[-1]))
        self.browser.open(self.url, **size)
        self.browser.wait_for("document.getElementById('title').textContent && document.body.dataset.state")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def speaking(browser: Browser) -> Iterator[Stage]:
    stage = Stage(browser, in_situation(SPEAKING))
    stage.open()
    yield stage
    stage.server.close()


def test_the_session_is_followed_as_it_goes(speaking: Stage) -> None:
    browser = speaking.browser
    assert "Asking your baby" in browser.run("document.querySelector('h1').innerText")
    browser.wait_for("document.querySelector('#drawing svg path')")
    speaking.player.hear("next")
    speaking.show(entries.Said(3.0, "Lay one warm hand on each thigh."))
    browser.wait_for("document.getElementById('title').textContent === 'Resting hands on the legs'")
    assert browser.run("document.getElementById('saying').textContent") == "Lay one warm hand on each thigh."
    browser.wait_for(
        "document.querySelector('#drawing svg').getAttribute('aria-label') === 'Resting hands on the legs'"
    )


def test_what_is_touched_reaches_the_guide(speaking: Stage) -> None:
    for name, command in (("stop", "stop"), ("crying", "stress"), ("next", "next"), ("pause", "pause")):
        speaking.browser.run(f"document.querySelector('[data-touch={name}]').click()")
        while (touched := speaking.server.touched()) is None:
            pass
        assert touched.name == command


def test_it_works_by_keyboard_and_shows_where_it_is(speaking: Stage) -> None:
    browser = speaking.browser
    reached = []
    for _ in range(8):
        browser.press("Tab", 9)
        reached.append(browser.run("document.activeElement.dataset.touch || ''"))
        assert browser.run("getComputedStyle(document.activeElement).outlineWidth") == "4px"
    assert reached[:3] == ["stop", "crying", "next"]
    browser.run("document.getElementById('stop').focus()")
    browser.press("Enter", 13, "\r")
    while (touched := speaking.server.touched()) is None:
        pass
    assert touched.name == "stop"


def test_a_screen_reader_tells_everything_by_name(speaking: Stage) -> None:
    speaking.browser.wait_for("document.querySelector('#drawing svg')?.getAttribute('aria-label')")
    told = speaking.browser.names()
    assert ("image", "Asking your baby") in told
    buttons = [name for role, name in told if role == "button"]
    assert buttons[:2] == ["Stop", "Baby is crying"] and all(buttons)
    assert ("heading", "legs · Asking your baby") in told


def test_the_time_of_the_stroke_runs(browser: Browser) -> None:
    stage = Stage(browser, in_situation(HOLDING))
    stage.open()
    browser.wait_for("!document.getElementById('left').hidden")
    first = browser.run("document.getElementById('left').value")
    assert 0 < first <= 15
    browser.wait_for(f"document.getElementById('left').value < {first}")
    stage.server.close()


def test_its_texts_can_be_read_in_the_dark(speaking: Stage) -> None:
    contrasts = speaking.browser.run(CONTRAST)
    assert len(contrasts) > 8 and min(contrasts) >= 4.5
    assert speaking.browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(18, 16, 14)"


@pytest.mark.parametrize("code", ["en", "es", "fr"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (500, 900), (1280, 720)])
def test_text_twice_as_large_still_fits(browser: Browser, code: str, width: int, height: int) -> None:
    routine = load(find("infant-massage" if code == "en" else f"infant-massage-{code}"))
    player = Player(routine=routine)
    player.hear("ready")
    server = PageServer("127.0.0.1", load_language(code), routine.title, print)
    url = server.start().url
    longest = max((line.text for line in routine.lines()), key=len)
    picture = View(routine, load_language(code)).update([entries.Said(0.0, longest)], player.guide, 0.0)
    assert picture is not None
    server.show(picture)
    browser.open(url, width, height)
    browser.wait_for("document.body.dataset.state")
    browser.run("document.documentElement.style.fontSize = '200%'")
    assert browser.run("document.documentElement.scrollWidth") <= width
    cut = "[...document.querySelectorAll('button, p')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert browser.run(cut) == 0
    server.close()


def test_every_stroke_is_drawn_and_nothing_of_it_is_refused(browser: Browser, tmp_path: Path) -> None:
    stage = Stage(browser, in_situation(SPEAKING))
    stage.open(width=600, height=1000)
    browser.run(
        "document.addEventListener('securitypolicyviolation', () => { document.body.dataset.refused = 'yes' })"
    )
    pictures = set()
    for step in islice(infant_massage().steps, None):
        browser.wait_for(f"document.querySelector('#drawing svg')?.getAttribute('aria-label') === {step.title!r}")
        size = browser.run("JSON.stringify(document.querySelector('#drawing svg').getBoundingClientRect().width)")
        assert float(size) > 300, "large enough to see across a room"
        pictures.add(browser.picture())
        stage.player.hear("next")
        stage.show()
    assert len(pictures) == len(infant_massage().steps)
    assert browser.run("document.body.dataset.refused || ''") == ""
    stage.server.close()


def test_who_wants_less_motion_gets_none(browser: Browser) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    stage = Stage(browser, in_situation(SPEAKING))
    stage.open()
    browser.wait_for("document.querySelector('#drawing svg path')")
    assert browser.run("document.querySelectorAll('#drawing animate, #drawing animateMotion').length") == 0
    browser.call("Emulation.setEmulatedMedia", features=[])
    stage.server.close()


def test_a_phone_is_let_in_by_the_code(browser: Browser) -> None:
    notes: list[str] = []
    server = PageServer("127.0.0.1", language(), "Infant massage", notes.append, codes=True)
    browser.open(server.start().url)
    browser.run(f"document.getElementById('code').value = '{notes[-1][-6:]}'")
    browser.run("document.querySelector('button').click()")
    browser.wait_for("document.getElementById('stop')")
    server.close()


def test_without_a_guide_the_page_says_so(speaking: Stage) -> None:
    speaking.server.close()
    speaking.browser.wait_for("document.getElementById('lost').textContent.startsWith('No connection')")
