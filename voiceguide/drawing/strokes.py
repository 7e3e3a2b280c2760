"""Every stroke as a row: on which figure, what of it is seen, and where which hand goes.

The baby lies with the feet towards the parent, so the parent's hands come from below, and the baby's right side is on
the left. Places and paths are in the units of the figures (figures.py); a path's numbers are absolute, in pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

Place = tuple[float, float]
Frame = tuple[float, float, float, float]
"""Left, top, width and height of what is seen."""


@dataclass(frozen=True, slots=True)
class Move:
    """One hand, and what it does."""

    hand: str
    """A name of ``svg.HANDS``."""
    at: Place
    """Where it rests, or where its way begins."""
    turn: float = 0.0
    """Degrees, clockwise; at 0 the fingers point away from the parent."""
    way: str = ""
    """The path that it goes; empty where it rests."""
    seconds: float = 0.0
    """How long one go takes, back and pause included; at 0 it lies still."""
    left: bool = False
    to_and_fro: bool = False
    size: float = 0.8
    shown: bool = True
    """Whether the way is drawn."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drawing."""

    view: str
    """A name of ``svg.FIGURES``."""
    frame: Frame
    moves: tuple[Move, ...]
    times: int = 0
    """How often it is done, on each side where there are two; 0: for a while."""


WHOLE: Frame = (-60, 24, 520, 520)
LEGS: Frame = (30, 290, 290, 290)
TORSO: Frame = (30, 170, 340, 340)
ARM: Frame = (-10, 120, 270, 270)
HEAD: Frame = (60, 20, 280, 280)
SIDE: Frame = (20, 70, 260, 260)
CLOSE: Frame = (20, 110, 400, 400)


def rest(at: Place, turn: float = 0.0, size: float = 0.7, hand: str = "hand", left: bool = False) -> Move:
    """A hand that lies there, whole and still."""
    return Move(hand, at, turn, seconds=5.0, left=left, size=size)


def goes(
    way: str,
    hand: str = "hand",
    turn: float = 0.0,
    seconds: float = 5.0,
    size: float = 0.7,
    left: bool = False,
    to_and_fro: bool = False,
    shown: bool = True,
) -> Move:
    """A hand that goes a way."""
    x, y = next(word for word in way.split() if "," in word).split(",")
    return Move(hand, (float(x), float(y)), turn, way, seconds, left, to_and_fro, size, shown)


def pair(right: Move) -> tuple[Move, Move]:
    """The same with the other hand, on the other side."""
    words = []
    for word in right.way.split():
        x, comma, y = word.partition(",")
        words.append(f"{400 - float(x):g},{y}" if comma else word)
    other = replace(
        right, at=(400 - right.at[0], right.at[1]), turn=-right.turn, way=" ".join(words), left=not right.left
    )
    return right, other


STROKES: Mapping[str, Stroke] = MappingProxyType(
    {
        "ask": Stroke("front", WHOLE, pair(rest((356, 430), 14, 0.95, "open", left=True))),
        # Legs and feet
        "rest-legs": Stroke("front", WHOLE, pair(rest((264, 408), -14))),
        "leg-down": Stroke(
            "front",
            LEGS,
            (
                Move("hand", (142, 520), -10, size=0.5, left=True),
                goes("M 172,352 C 150,380 122,396 118,424 C 120,446 132,470 138,486", turn=-38, size=0.6),
            ),
            times=4,
        ),
        "leg-stroke": Stroke(
            "front",
            LEGS,
            (goes("M 172,352 C 150,380 122,396 118,424 C 120,446 132,470 138,486", turn=-38, size=0.6),),
            times=4,
        ),
        "sole": Stroke("foot", CLOSE, (goes("M 200,430 C 196,360 196,300 204,196", "thumb", seconds=6, size=0.9),)),
        "leg-roll": Stroke(
            "front",
            LEGS,
            (
                goes("M 68,424 L 92,398", turn=52, seconds=2.4, size=0.55, left=True, to_and_fro=True),
                goes("M 176,412 L 152,438", turn=-48, seconds=2.4, size=0.55, to_and_fro=True),
            ),
        ),
        "rest-feet": Stroke("front", LEGS, pair(rest((258, 506), -6, 0.62))),
        "legs-sweep": Stroke(
            "front",
            WHOLE,
            pair(goes("M 250,352 C 282,384 290,410 284,428 C 274,452 262,480 260,506", turn=-10, seconds=7)),
            times=1,
        ),
        # Arms and hands
        "rest-arms": Stroke("front", TORSO, pair(rest((282, 248), 24, 0.66))),
        "arm-down": Stroke(
            "front",
            ARM,
            (
                Move("hand", (58, 196), 150, size=0.42, left=True),
                goes("M 150,222 C 130,240 112,258 98,260 C 84,252 76,232 70,216", turn=-52, size=0.55),
            ),
            times=4,
        ),
        "arm-stroke": Stroke(
            "front",
            ARM,
            (goes("M 150,222 C 130,240 112,258 98,260 C 84,252 76,232 70,216", turn=-52, size=0.55),),
            times=4,
        ),
        "palm": Stroke("palm", CLOSE, (goes("M 200,392 C 176,360 190,310 202,296", "thumb", seconds=5, size=0.9),)),
        "arm-roll": Stroke(
            "front",
            ARM,
            (
                goes("M 92,210 L 116,196", turn=160, seconds=2.2, size=0.46, left=True, to_and_fro=True),
                goes("M 150,278 L 126,292", turn=-24, seconds=2.2, size=0.46, to_and_fro=True),
            ),
        ),
        # Belly and chest
        "rest-belly": Stroke("front", TORSO, (rest((206, 300), -8, 0.8),)),
        "belly-circle": Stroke(
            "front",
            TORSO,
            (
                goes(
                    "M 158,350 C 140,320 146,282 168,270 C 186,260 216,260 234,272 C 254,286 256,322 242,348 "
                    "C 226,366 178,366 162,354",
                    turn=-6,
                    seconds=6,
                    size=0.55,
                ),
            ),
            times=6,
        ),
        "belly-walk": Stroke(
            "front",
            TORSO,
            (
                goes(
                    "M 146,318 Q 158,300 170,318 Q 182,300 194,318 Q 206,300 218,318 Q 230,300 242,318 L 252,318",
                    "fingers",
                    seconds=6,
                    size=0.7,
                ),
            ),
            times=3,
        ),
        "belly-down": Stroke(
            "front",
            TORSO,
            (
                Move("hand", (170, 340), 62, size=0.52, left=True),
                goes("M 214,258 C 214,284 214,308 214,336", turn=-62, seconds=5, size=0.56),
            ),
            times=6,
        ),
        "knees-to-tummy": Stroke(
            "knees",
            WHOLE,
            pair(goes("M 282,438 C 280,420 276,406 270,392", turn=-22, seconds=8, size=0.62, to_and_fro=True)),
            times=3,
        ),
        "hand-on-chest": Stroke("front", TORSO, (rest((204, 262), -8, 0.76),)),
        "chest-open": Stroke(
            "front",
            TORSO,
            pair(goes("M 228,276 C 242,264 258,266 270,284", turn=-34, size=0.5)),
            times=4,
        ),
        "rest-chest": Stroke("front", TORSO, pair(rest((232, 262), -12, 0.66))),
        "chest-heart": Stroke(
            "front",
            TORSO,
            pair(goes("M 206,262 C 224,226 262,226 262,258 C 260,290 226,308 206,322", "fingers", -8, 5, 0.6)),
            times=4,
        ),
        "chest-cross": Stroke(
            "front", TORSO, (goes("M 244,318 C 220,296 186,258 160,226", turn=-34, seconds=5, size=0.66),), times=3
        ),
        # Neck
        "rest-neck": Stroke("front", HEAD, pair(rest((268, 250), -34, 0.6))),
        "neck-side": Stroke(
            "front",
            SIDE,
            (
                goes(
                    "M 146,158 C 156,180 156,196 140,206 C 128,212 116,222 108,232", "fingers", -20, 5, 0.6, left=True
                ),
            ),
            times=3,
        ),
        "nape": Stroke(
            "front",
            HEAD,
            pair(goes("M 244,196 C 232,186 222,194 226,204 C 232,214 246,208 244,196", "fingers", -36, 3, 0.6)),
        ),
        # Face and ears
        "rest-cheeks": Stroke("front", HEAD, pair(rest((272, 196), 2, 0.58))),
        "forehead": Stroke(
            "front", HEAD, pair(goes("M 206,98 C 224,94 244,98 256,110", "fingers", -66, 5, 0.55)), times=5
        ),
        "cheeks": Stroke(
            "front", HEAD, pair(goes("M 208,152 C 222,158 236,156 250,144", "thumb", -30, 5, 0.46)), times=4
        ),
        "nose-side": Stroke(
            "front",
            HEAD,
            pair(goes("M 207,142 C 208,152 212,160 222,162 C 234,164 244,158 252,150", "fingers", -30, 6, 0.42)),
            times=5,
        ),
        "jaw-circle": Stroke(
            "front",
            HEAD,
            pair(
                goes(
                    "M 266,150 C 276,160 262,170 258,160 C 256,176 242,186 240,174 C 236,190 222,198 212,192",
                    "fingers",
                    -40,
                    7,
                    0.5,
                )
            ),
            times=4,
        ),
        "around-mouth": Stroke(
            "front",
            HEAD,
            (
                *pair(goes("M 203,162 C 212,158 222,160 228,166", "thumb", -40, 5, 0.42)),
                *pair(goes("M 203,190 C 212,194 222,190 228,184", "none", 0, 5)),
            ),
            times=4,
        ),
        "gums": Stroke("front", HEAD, (goes("M 190,174 Q 200,182 212,174", "thumb", -6, 4, 0.44, to_and_fro=True),)),
        "rest-ears": Stroke("front", HEAD, pair(rest((282, 158), 4, 0.62))),
        "ear-edge": Stroke(
            "front", HEAD, pair(goes("M 264,106 C 280,112 280,130 268,142", "fingers", -30, 4, 0.55)), times=4
        ),
        "behind-ear": Stroke(
            "front", HEAD, pair(goes("M 268,92 C 292,104 294,132 270,150", "fingers", -40, 4, 0.55)), times=4
        ),
        # Still hands
        "rest-head": Stroke("front", HEAD, (rest((244, 66), -74, 0.84),)),
        "head-and-feet": Stroke("front", WHOLE, (rest((248, 64), -74, 0.84), rest((206, 512), 74, 1.0, left=True))),
        "finger-to-hold": Stroke("front", ARM, (Move("fingers", (60, 186), 48, seconds=5.0, size=0.62),)),
        "let-go": Stroke(
            "front",
            WHOLE,
            (
                rest((248, 64), -74, 0.84),
                goes("M 206,512 C 190,524 150,530 96,536", turn=74, seconds=8, size=1.0, left=True),
            ),
        ),
        # Back
        "turn-over": Stroke(
            "back",
            WHOLE,
            (*pair(Move("hand", (272, 330), -30, size=0.7)), goes("M 96,250 C 96,150 304,150 304,250", "none", 0, 6)),
        ),
        "rest-back": Stroke("back", WHOLE, pair(rest((238, 282), -8, 0.74))),
        "back-down": Stroke(
            "back",
            TORSO,
            (rest((178, 400), 8, 0.6, left=True), goes("M 232,222 C 238,270 238,320 234,368", turn=-14, size=0.6)),
            times=3,
        ),
        "back-to-feet": Stroke(
            "back", WHOLE, (goes("M 236,222 C 240,300 244,400 250,512", turn=-10, seconds=7, size=0.64),), times=4
        ),
        # A parent's own hands
        "open-close": Stroke("none", (20, 40, 360, 360), pair(rest((292, 230), 8, 1.3, "open", left=True)), times=5),
        "finger-to-thumb": Stroke(
            "none",
            (20, 40, 360, 360),
            (
                Move("open", (210, 230), 0, size=1.7),
                goes("M 188,72 C 140,84 108,136 108,200", "none", 0, 4, to_and_fro=True),
            ),
            times=2,
        ),
        "thumb-circle": Stroke(
            "none",
            (20, 40, 360, 360),
            (
                Move("hand", (220, 230), 0, size=1.7),
                goes("M 140,190 C 108,176 108,228 140,226 C 166,222 162,196 140,190", "none", 0, 3),
            ),
            times=5,
        ),
        "wrist-up-down": Stroke(
            "none",
            (20, 40, 360, 360),
            (
                goes("M 200,190 L 200,140", turn=0, seconds=5, size=1.4, to_and_fro=True, shown=False),
                goes("M 320,260 L 320,130", "none", 0, 5, to_and_fro=True),
            ),
            times=5,
        ),
        "wrist-sideways": Stroke(
            "none",
            (20, 40, 360, 360),
            (
                Move("hand", (200, 240), 0, size=1.4),
                goes("M 130,92 C 170,70 230,70 270,92", "none", 0, 5, to_and_fro=True),
            ),
        ),
        "shake": Stroke(
            "none",
            (20, 40, 360, 360),
            (
                *pair(
                    goes(
                        "M 290,200 L 298,208",
                        turn=176,
                        seconds=0.9,
                        size=1.1,
                        to_and_fro=True,
                        left=True,
                        shown=False,
                    )
                ),
                *pair(goes("M 348,290 L 376,310", "none", to_and_fro=True)),
            ),
        ),
        "own-palm": Stroke(
            "palm",
            CLOSE,
            (goes("M 200,392 C 164,390 164,330 202,328 C 240,330 240,390 206,392", "thumb", seconds=4, size=0.9),),
        ),
    }
)
"""By name."""
