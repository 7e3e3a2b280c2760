"""docs/architecture.md draws the rooms from the door down. Imports go down that drawing, never up, and never in a
circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWING = re.compile(r"^```\n((?:\S+(?:/|\.py)  .+\n)+)```$", re.MULTILINE)
"""The only fenced block in which every line is a room or a module, two spaces, and a sentence."""


def rooms() -> list[str]:
    """The names in the drawing, the door first: ``cli``, …, ``errors``."""
    (drawing,) = DRAWING.findall((ROOT / "docs/architecture.md").read_text("utf-8"))
    return [re.sub(r"/|\.py$", "", line.split()[0]) for line in drawing.splitlines()]


@cache
def sources() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    paths = (ROOT / "voiceguide").rglob("*.py")
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imported(source: str, modules: frozenset[str]) -> Iterator[str]:
    """Which of ``modules`` the source imports, anywhere in it: also inside a function, or only for its types."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if found := next((module for module in (whole, node.module) if module in modules), None):
                    yield found


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each module of the package imports of it."""
    modules = frozenset(sources())
    return {
        name: frozenset(found for found in imported(path.read_text("utf-8"), modules) if found != name)
        for name, path in sources().items()
    }


def room(module: str) -> str:
    return (*module.split("."), "")[1]


def a_circle(edges: dict[str, frozenset[str]]) -> list[str]:
    """Modules of which each imports the next, and the last the first; empty where there are none."""
    done: set[str] = set()

    def search(path: list[str]) -> list[str]:
        for found in sorted(edges[path[-1]]):
            if found in path:
                return [*path[path.index(found) :], found]
            if found not in done and (circle := search([*path, found])):
                return circle
        done.add(path[-1])
        return []

    return next((circle for name in edges if name not in done and (circle := search([name]))), [])


def test_every_room_is_drawn_and_every_drawn_room_is_there() -> None:
    drawn = rooms()
    assert len(drawn) == len(set(drawn))
    assert {*drawn, "", "__main__"} == {room(module) for module in sources()}


def test_the_root_of_the_package_imports_nothing_of_it() -> None:
    """So that any room may read the version."""
    assert imports()["voiceguide"] == frozenset()


def test_imports_go_down_the_drawing() -> None:
    order = ["__main__", *rooms(), ""]
    upwards = [
        f"{module} imports {found}"
        for module, names in imports().items()
        for found in names
        if order.index(room(found)) < order.index(room(module))
    ]
    assert upwards == []


def test_no_imports_go_in_a_circle() -> None:
    assert " → ".join(a_circle(imports())) == ""


def test_every_room_says_what_it_is_for() -> None:
    packages = [path for path in sources().values() if path.name == "__init__.py"]
    silent = [path for path in packages if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b", {"a.b"}),
        ("def f():\n    from a import b", {"a.b"}),
        ("from a import x", {"a"}),
        ("from a.b import c", {"a.b"}),
        ("if TYPE_CHECKING:\n    from a.b import c", {"a.b"}),
        ("import os", set()),
    ],
)
def test_imports_are_seen_wherever_they_stand(source: str, found: set[str]) -> None:
    assert set(imported(source, frozenset({"a", "a.b"}))) == found


def test_a_circle_is_seen() -> None:
    edges = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("bd"), "d": frozenset[str]()}
    assert a_circle(edges) == ["b", "c", "b"]
