"""The drawings of the strokes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from voiceguide.drawing.sheet import sheet
from voiceguide.drawing.strokes import STROKES, pair
from voiceguide.drawing.svg import FIGURES, HANDS, STYLE, drawing
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load

SVG = "{http://www.w3.org/2000/svg}"
PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


def elements(name: str, *, moving: bool = True) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(drawing(name, "A <stroke> & more", moving=moving)).iter())


@pytest.mark.parametrize("name", STROKES)
def test_every_drawing_is_svg_with_a_name_for_a_screen_reader(name: str) -> None:
    root, *rest = elements(name)
    assert (root.tag, root.attrib["role"], root.attrib["aria-label"]) == (f"{SVG}svg", "img", "A <stroke> & more")
    assert {one.tag.removeprefix(SVG) for one in rest} <= {
        "defs",
        "marker",
        "path",
        "g",
        "animateMotion",
        "animate",
    }
    for one in rest:
        assert "style" not in one.attrib, "the page's policy allows none"
        assert not any(key.endswith("href") or key.startswith("on") for key in one.attrib)
        for kind in one.attrib.get("class", "").split():
            assert f".{kind}" in STYLE, f"{kind} has a look"


@pytest.mark.parametrize("name", STROKES)
def test_every_way_and_every_hand_that_rests_is_in_the_picture(name: str) -> None:
    left, top, width, height = STROKES[name].frame
    for move in STROKES[name].moves:
        for x, y in [move.at, *((float(x), float(y)) for x, y in PAIR.findall(move.way))]:
            assert left <= x <= left + width and top <= y <= top + height, (x, y)


@pytest.mark.parametrize("name", STROKES)
def test_what_moves_moves_softly_and_nothing_flashes(name: str) -> None:
    """Nothing comes and goes more than three times a second (WCAG 2.3.1), nor nearly so often."""
    for one in elements(name):
        if one.tag in (f"{SVG}animate", f"{SVG}animateMotion"):
            assert float(one.attrib["dur"].removesuffix("s")) >= 0.9


@pytest.mark.parametrize("name", STROKES)
def test_a_still_drawing_does_not_move_and_shows_the_same(name: str) -> None:
    still, moving = elements(name, moving=False), elements(name)
    assert not any("animate" in one.tag for one in still)
    assert [one.attrib for one in still] == [one.attrib for one in moving if "animate" not in one.tag]


def test_each_stroke_names_figures_and_hands_that_are_there() -> None:
    for name, stroke in STROKES.items():
        assert stroke.view in FIGURES and stroke.moves, name
        assert {move.hand for move in stroke.moves} <= HANDS.keys(), name


def test_the_belly_is_circled_clockwise_as_the_parent_looks_down() -> None:
    """Up the baby's right side, which is on the left, across, and down the left side: along the bowel."""
    (move,) = STROKES["belly-circle"].moves
    points = [(float(x), float(y)) for x, y in PAIR.findall(move.way)]
    area = sum(a * d - b * c for (a, b), (c, d) in zip(points, points[1:] + points[:1], strict=True))
    assert area > 0  # y points down
    assert points[0][0] < 200 and points[1][1] < points[0][1]


def test_the_back_is_stroked_beside_the_spine_and_never_on_it() -> None:
    for name in ("back-down", "back-to-feet"):
        for move in STROKES[name].moves:
            assert all(abs(float(x) - 200) >= 20 for x, _ in PAIR.findall(move.way))


def test_no_hand_goes_over_the_throat_or_the_soft_spot() -> None:
    for name in ("rest-neck", "neck-side", "nape"):
        for move in STROKES[name].moves:
            for x, y in [move.at, *((float(x), float(y)) for x, y in PAIR.findall(move.way))]:
                assert abs(x - 200) >= 20 or not 170 < y < 220
    assert all(float(y) > 85 for move in STROKES["forehead"].moves for _, y in PAIR.findall(move.way))


def test_the_other_hand_does_the_same_on_the_other_side() -> None:
    right, left = pair(STROKES["forehead"].moves[0])
    assert left.left is not right.left
    assert [(400 - float(x), y) for x, y in PAIR.findall(left.way)] == [
        (float(x), y) for x, y in PAIR.findall(right.way)
    ]


def test_every_drawing_is_used() -> None:
    assert {step.drawing for path in all_routines() for step in load(path).steps} == set(STROKES)


def test_the_sheet_in_the_documentation_has_every_drawing_as_it_is() -> None:
    """If not: python -m voiceguide.drawing.sheet > docs/strokes.svg"""
    assert (Path(__file__).parents[2] / "docs" / "strokes.svg").read_text("utf-8") == sheet()
