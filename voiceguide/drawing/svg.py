"""Draws a stroke as SVG: the figure, the way that the hands go, and the hands, which go it softly, over and over."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from voiceguide.drawing.figures import BACK, FINGERS, FOOT, FRONT, HAND, KNEES, OPEN, PALM, THUMB, Figure
from voiceguide.drawing.strokes import STROKES, Move, Stroke

STYLE = """
.drawing { display: block; width: 100%; height: auto; stroke-linecap: round; stroke-linejoin: round; fill: none }
.drawing .rim { stroke: var(--line) }
.drawing .rim.filled { fill: var(--line) }
.drawing .skin { stroke: var(--skin) }
.drawing .skin.filled { fill: var(--skin) }
.drawing .cloth { stroke: var(--cloth) }
.drawing .cloth.filled { fill: var(--cloth) }
.drawing .lap { stroke: var(--lap) }
.drawing .hand { stroke: var(--hand) }
.drawing .hand.filled { fill: var(--hand) }
.drawing .line { stroke: var(--line); stroke-width: 5 }
.drawing .faint { stroke: var(--line); stroke-width: 4; stroke-dasharray: 1 13; opacity: .7 }
.drawing .way { stroke: var(--way) }
.drawing .tip { fill: var(--way); stroke: none }
"""
"""How the classes look. The colours are properties: --line, --skin, --cloth, --hand and --way."""

FIGURES = {"front": FRONT, "back": BACK, "knees": KNEES, "foot": FOOT, "palm": PALM, "none": Figure(())}
HANDS = {"hand": HAND, "fingers": FINGERS, "thumb": THUMB, "open": OPEN, "none": Figure(())}
RIM = 5.0
"""How wide an outline is."""


def drawing(name: str, label: str, *, moving: bool = True) -> str:
    """The drawing of a stroke as an SVG element. ``label``: what a screen reader says. ``moving``: the hands move.

    KeyError for an unknown name."""
    return "".join(_drawing(STROKES[name], name, label, moving))


def _drawing(stroke: Stroke, name: str, label: str, moving: bool) -> Iterator[str]:
    x, y, width, height = stroke.frame
    yield '<svg xmlns="http://www.w3.org/2000/svg" class="drawing" '
    yield f'viewBox="{x:g} {y:g} {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
    yield f'<defs><marker id="tip-{name}" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="3.4" markerHeight="3.4" '
    yield 'orient="auto-start-reverse"><path class="tip" d="M 0,0 L 10,5 L 0,10 Z"/></marker></defs>'
    yield from _figure(FIGURES[stroke.view])
    for move in stroke.moves:
        yield from _hand(move, moving)
    for move in stroke.moves:
        if move.way and move.shown:
            ends = f' marker-end="url(#tip-{name})"' + (
                f' marker-start="url(#tip-{name})"' if move.to_and_fro else ""
            )
            yield f'<path class="way" stroke-width="{width / 46:.1f}" d="{move.way}"{ends}/>'
    yield "</svg>"


def _figure(figure: Figure, rim: float = RIM) -> Iterator[str]:
    for _, layer in groupby(figure.limbs, lambda limb: limb.kind):
        limbs = list(layer)
        for limb in limbs:
            yield _limb(limb.path, limb.width + 2 * rim, "rim", limb.filled)
        for limb in limbs:
            yield _limb(limb.path, limb.width, limb.kind, limb.filled)
    for path in figure.faint:
        yield f'<path class="faint" d="{path}"/>'
    for path in figure.lines:
        yield f'<path class="line" d="{path}"/>'


def _limb(path: str, width: float, kind: str, filled: bool) -> str:
    return f'<path class="{kind}{" filled" if filled else ""}" stroke-width="{width:g}" d="{path}"/>'


def _hand(move: Move, moving: bool) -> Iterator[str]:
    """A hand where its way begins, and its motion along it if it moves."""
    side = -1 if move.left else 1
    at = move.at
    yield f'<g transform="translate({at[0]:g} {at[1]:g})"><g>'
    if moving and move.way:
        points = "0;1;0" if move.to_and_fro else "0;1;1"
        times = "0;0.5;1" if move.to_and_fro else "0;0.8;1"
        splines = ".4 0 .6 1;.4 0 .6 1"
        yield (
            f'<animateMotion dur="{move.seconds:g}s" repeatCount="indefinite" calcMode="spline" keyPoints="{points}" '
            f'keyTimes="{times}" keySplines="{splines}" path="{_relative(move.way, at)}"/>'
        )
        if not move.to_and_fro:
            yield (
                f'<animate attributeName="opacity" dur="{move.seconds:g}s" repeatCount="indefinite" '
                'values="0;1;1;0" keyTimes="0;0.1;0.8;1"/>'
            )
    elif moving and move.seconds:
        yield (
            f'<animate attributeName="opacity" dur="{move.seconds:g}s" repeatCount="indefinite" values="1;.72;1" '
            'calcMode="spline" keyTimes="0;0.5;1" keySplines=".4 0 .6 1;.4 0 .6 1"/>'
        )
    yield f'<g transform="rotate({move.turn:g}) scale({side * move.size:g} {move.size:g})">'
    yield from _figure(HANDS[move.hand], RIM / move.size)
    yield "</g></g></g>"


def _relative(way: str, at: tuple[float, float]) -> str:
    """A path of absolute pairs as seen from ``at``."""
    words = []
    for word in way.split():
        x, comma, y = word.partition(",")
        words.append(f"{float(x) - at[0]:g},{float(y) - at[1]:g}" if comma else word)
    return " ".join(words)
