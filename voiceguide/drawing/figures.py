"""What is drawn: a baby from the front and from the back, a small foot and hand, and a grown-up's hands.

A figure is made of limbs: thick lines with round ends. Those of one kind run together: first their outlines are
drawn, then what is inside them, so that no line crosses the body. Lengths are in the units of the picture, 400 wide.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limb:
    """A thick line along a path (SVG's path data)."""

    path: str
    width: float
    filled: bool = False
    """Whether the path's inside belongs to it."""
    kind: str = "skin"
    """How it is painted: a class of ``svg.STYLE``."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Limbs, and thin lines on them."""

    limbs: tuple[Limb, ...]
    lines: tuple[str, ...] = ()
    """Path data: what the face, the navel and such are drawn with."""
    faint: tuple[str, ...] = ()
    """The same, dotted: what is there but not drawn, as the spine."""


def _mirrored(*limbs: Limb) -> tuple[Limb, ...]:
    """Limbs whose paths are absolute pairs of numbers, and the same on the other side of x = 200."""
    return tuple(one for limb in limbs for one in (limb, _other(limb)))


def _other(limb: Limb) -> Limb:
    words = []
    for word in limb.path.split():
        x, comma, y = word.partition(",")
        words.append(f"{400 - float(x):g},{y}" if comma else word)
    return Limb(" ".join(words), limb.width, limb.filled, limb.kind)


def both(path: str) -> tuple[str, str]:
    """A path of absolute pairs, and the same on the other side."""
    return path, _other(Limb(path, 0)).path


_LEG = (
    Limb("M 166,372 L 116,424", 62),  # thigh
    Limb("M 116,424 L 144,492", 50),
    Limb("M 146,500 L 136,522", 42),  # foot
)
_ARM = (
    Limb("M 150,222 L 98,262", 46),  # upper arm
    Limb("M 98,262 L 70,212", 40),
    Limb("M 69,208 L 66,196", 44),  # hand
)

FRONT = Figure(
    limbs=(
        *_mirrored(*_ARM, *_LEG),
        Limb("M 168,236 L 232,236 L 236,330 L 226,372 L 174,372 L 164,330 Z", 66, filled=True),
        Limb("M 200,180 L 200,200", 60),
        *_mirrored(Limb("M 133,118 L 133,128", 20)),  # ears
        Limb(
            "M 200,98 C 236,98 246,140 232,158 C 220,172 180,172 168,158 C 154,140 164,98 200,98 Z", 76, filled=True
        ),
        Limb("M 152,358 L 248,358 L 238,384 L 210,404 L 190,404 L 162,384 Z", 26, filled=True, kind="cloth"),
    ),
    lines=(
        *both("M 163,118 Q 172,111 182,116"),  # brows
        *both("M 164,134 Q 173,142 182,134"),  # eyes, content
        "M 196,154 Q 200,158 204,154",
        "M 180,170 Q 200,186 220,170",
        "M 188,62 C 196,44 216,50 208,62 C 202,70 196,60 204,54",  # a curl
        "M 196,318 Q 200,323 204,318",
        *both("M 122,120 Q 130,114 134,124"),
    ),
)

KNEES = Figure(
    limbs=(
        *(limb for limb in FRONT.limbs if limb not in _mirrored(*_LEG)),
        *_mirrored(
            Limb("M 166,376 L 146,318", 60),
            Limb("M 146,318 L 134,388", 50),
            Limb("M 133,394 L 126,410", 42),
        ),
    ),
    lines=FRONT.lines[:-3],
)
"""As FRONT, with the knees bent to the tummy."""

BACK = Figure(
    limbs=(
        Limb("M -60,232 L 460,232", 108, kind="lap"),
        Limb("M -60,372 L 460,372", 108, kind="lap"),
        *_mirrored(
            Limb("M 152,226 L 104,204", 46),
            Limb("M 104,204 L 96,150", 40),
            Limb("M 96,146 L 100,132", 42),
            Limb("M 172,380 L 150,450", 62),
            Limb("M 150,450 L 152,500", 50),
            Limb("M 152,506 L 150,524", 42),
        ),
        Limb("M 168,236 L 232,236 L 236,330 L 232,380 L 168,380 L 164,330 Z", 66, filled=True),
        Limb("M 200,180 L 200,200", 60),
        Limb(
            "M 200,98 C 236,98 246,140 232,158 C 220,172 180,172 168,158 C 154,140 164,98 200,98 Z", 76, filled=True
        ),
        Limb("M 244,130 L 244,142", 20),
        Limb("M 156,364 L 244,364 L 246,398 L 218,412 L 182,412 L 154,398 Z", 26, filled=True, kind="cloth"),
    ),
    lines=(
        "M 180,64 C 188,48 210,52 202,66",
        "M 198,60 C 210,46 228,56 218,70",
        "M 130,134 Q 138,142 147,136",  # the face is turned to the side
        "M 134,168 Q 142,176 150,172",
        "M 240,130 Q 250,132 248,144",
        "M 200,372 L 200,410",
    ),
    faint=("M 200,214 L 200,346",),
)

FOOT = Figure(
    limbs=(
        Limb("M 200,470 L 200,560", 120),
        Limb(
            "M 200,430 C 168,430 160,400 168,350 C 172,300 160,260 172,230 C 190,206 232,212 240,240 "
            "C 246,280 228,320 232,360 C 238,400 232,430 200,430 Z",
            60,
            filled=True,
        ),
        Limb("M 168,176 L 166,160", 44),
        Limb("M 206,166 L 206,154", 36),
        Limb("M 238,178 L 240,168", 32),
        Limb("M 262,202 L 266,194", 28),
        Limb("M 280,232 L 284,226", 26),
    ),
    lines=("M 160,470 Q 200,492 240,470",),
)

PALM = Figure(
    limbs=(
        Limb("M 200,440 L 200,560", 100),
        Limb("M 170,290 L 236,290 L 240,380 L 214,412 L 184,412 L 164,380 Z", 60, filled=True),
        Limb("M 154,268 L 138,190", 40),
        Limb("M 186,250 L 180,160", 42),
        Limb("M 220,250 L 226,162", 42),
        Limb("M 252,270 L 268,200", 38),
        Limb("M 250,370 L 300,310", 46),
    ),
    lines=("M 150,300 Q 200,330 256,296", "M 186,420 Q 170,370 220,330"),
)

HAND = Figure(
    limbs=(
        Limb("M 0,34 L 0,120", 46, kind="hand"),
        Limb("M -17,-14 L 17,-14 L 15,24 L -15,24 Z", 26, filled=True, kind="hand"),
        Limb("M -22,-24 L -26,-66", 16, kind="hand"),
        Limb("M -7,-28 L -8,-82", 17, kind="hand"),
        Limb("M 8,-28 L 10,-80", 17, kind="hand"),
        Limb("M 22,-22 L 27,-64", 15, kind="hand"),
        Limb("M -22,16 L -44,-10 L -46,-24", 17, kind="hand"),
    ),
)
"""A right hand, flat, its back to us and its fingers up; the middle of the palm is at (0, 0)."""

FINGERS = Figure(
    limbs=(
        Limb("M 2,70 L 0,130", 40, kind="hand"),
        Limb("M -14,26 L 16,26 L 14,64 L -12,64 Z", 24, filled=True, kind="hand"),
        Limb("M -7,26 L -6,4", 17, kind="hand"),
        Limb("M 9,28 L 8,6", 17, kind="hand"),
        Limb("M 22,40 L 24,30", 16, kind="hand"),
        Limb("M -18,58 L -34,42", 17, kind="hand"),
    ),
)
"""Two fingertips of a right hand: they touch at (0, 0)."""

THUMB = Figure(
    limbs=(
        Limb("M 30,108 L 34,170", 44, kind="hand"),
        Limb("M 24,62 L 54,66 L 50,104 L 22,104 Z", 30, filled=True, kind="hand"),
        Limb("M 18,80 L 2,36 L 0,10", 26, kind="hand"),
    ),
    lines=("M -6,6 Q 0,-4 6,6",),
)
"""A thumb of a right hand, which touches at (0, 0)."""

OPEN = Figure(
    limbs=(
        Limb("M 0,44 L 0,130", 52, kind="hand"),
        Limb("M -18,-14 L 18,-14 L 15,30 L -15,30 Z", 32, filled=True, kind="hand"),
        Limb("M -26,-28 L -38,-74", 17, kind="hand"),
        Limb("M -9,-32 L -13,-90", 18, kind="hand"),
        Limb("M 10,-32 L 14,-88", 18, kind="hand"),
        Limb("M 27,-26 L 40,-68", 16, kind="hand"),
        Limb("M -28,20 L -58,-6", 20, kind="hand"),
    ),
    lines=("M -26,-2 Q 0,-14 28,-4", "M -12,40 Q -24,14 8,8"),
)
"""An open left hand whose palm we see, its fingers up."""
