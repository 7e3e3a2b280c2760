"""``docs/strokes.svg``, all drawings on one sheet: python -m voiceguide.drawing.sheet > docs/strokes.svg"""

from __future__ import annotations

from collections.abc import Iterator

from voiceguide.drawing.strokes import STROKES
from voiceguide.drawing.svg import STYLE, drawing

COLUMNS, CELL, TEXT = 6, 220, 34
"""How many are side by side; the width of each, and the height of its name, in pixels."""
_STYLE = (
    ":root { --line: #222; --skin: #fff; --cloth: #e4e4e0; --hand: #d5dde4; --lap: #f0f0f0; --way: #b04a00 }"
    " text { font: 18px sans-serif; fill: #222; text-anchor: middle }"
)


def sheet() -> str:
    """The sheet, as an SVG document."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    height = -(-len(STROKES) // COLUMNS) * (CELL + TEXT)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {COLUMNS * CELL} {height}">\n'
    yield f"<style>{_STYLE}{STYLE.replace('width: 100%; height: auto; ', '')}</style>\n"
    yield '<rect width="100%" height="100%" fill="#fff"/>\n'
    for n, name in enumerate(STROKES):
        x, y = n % COLUMNS * CELL, n // COLUMNS * (CELL + TEXT)
        yield f'<svg x="{x + 5}" y="{y}" width="{CELL - 10}" height="{CELL}">'
        yield f"{drawing(name, name, moving=False)}</svg>\n"
        yield f'<text x="{x + CELL // 2}" y="{y + CELL + 18}">{name}</text>\n'
    yield "</svg>\n"


if __name__ == "__main__":
    print(sheet(), end="")
