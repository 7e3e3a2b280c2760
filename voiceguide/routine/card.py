"""A routine as a card to print and hang up: the steps, and what to say. It's one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from voiceguide.drawing.svg import STYLE, drawing
from voiceguide.language.language import Language
from voiceguide.routine.routine import Routine

_STYLE = """
@page { size: A4; margin: 14mm }
body { font: 11pt/1.35 Georgia, serif; color: #222; max-width: 180mm; margin: 0 auto; padding: 1em }
h1 { font-size: 20pt; margin: 0 } h2 { font-size: 13pt; margin: 1em 0 .3em; border-bottom: 1px solid #999 }
p { margin: .3em 0 } ul, ol { margin: .3em 0; padding-left: 1.4em } li { margin: .15em 0; break-inside: avoid }
.time { color: #666; font-size: 9pt; white-space: nowrap }
b { font-weight: bold } .parts { columns: 2; column-gap: 8mm }
.part { break-inside: avoid } .danger { border: 2px solid #222; padding: .4em .8em; break-inside: avoid }
dl { columns: 2; column-gap: 8mm; margin: .3em 0 } dt { font-weight: bold } dd { margin: 0 0 .3em }
body { --line: #222; --skin: #fff; --cloth: #e4e4e0; --hand: #d5dde4; --lap: #f0f0f0; --way: #b04a00 }
.part ol { list-style: none; padding: 0; display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 2mm 4mm }
"""

SHOWN = ("ready", "next", "back", "repeat", "stop", "pause", "resume", "skip", "how_long", "help", "finish")
"""The commands on the card: those that are needed most."""
WAYS = 3
"""How many phrases are given for each."""
AS_DIGITS = {
    "en": {
        "thirty eight Celsius": "38 °C",
        "one hundred point four Fahrenheit": "100.4 °F",
    },
    "es": {
        "treinta y ocho grados": "38 °C",
        "cien coma cuatro Fahrenheit": "100,4 °F",
    },
    "fr": {
        "trente-huit degrés": "38 °C",
        "cent virgule quatre Fahrenheit": "100,4 °F",
    },
}
"""Numbers that are written as they're spoken, and how they're read; by language."""


HEADINGS = {
    "en": {
        "danger": "Danger.",
        "length": "{} steps, about {} minutes.",
        "before": "Before",
        "steps": "Step by step",
        "say": "What to say",
        "comfort": "Signs of comfort: go on",
        "stress": "Signs of stress: stop, and tend to your baby",
        "own": "When to stop",
    },
    "es": {
        "danger": "Peligro.",
        "length": "{} pasos, unos {} minutos.",
        "before": "Antes",
        "steps": "Paso a paso",
        "say": "Qué decir",
        "comfort": "Señales de bienestar: sigue",
        "stress": "Señales de estrés: para y atiende a tu bebé",
        "own": "Cuándo parar",
    },
    "fr": {
        "danger": "Danger.",
        "length": "{} étapes, environ {} minutes.",
        "before": "Avant",
        "steps": "Étape par étape",
        "say": "Que dire",
        "comfort": "Signes de bien-être : continuez",
        "stress": "Signes de stress : arrêtez, et occupez-vous de votre bébé",
        "own": "Quand arrêter",
    },
}
"""What stands above each section, by language."""


def card(routine: Routine, language: Language) -> str:
    """The card of a routine. Its texts are escaped."""
    return "\n".join(_lines(routine, language)) + "\n"


def _lines(routine: Routine, language: Language) -> Iterator[str]:
    title = escape(routine.title)
    headings = HEADINGS.get(language.code, HEADINGS["en"])
    yield f'<!doctype html>\n<html lang="{escape(routine.language)}">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}{STYLE}</style>\n</head>\n<body>"
    yield f"<h1>{title}</h1>\n<p>{escape(routine.about)}</p>"
    if routine.danger is not None:  # at the top: a wider font may make it two pages
        words = (*language.prompts["emergency"], *routine.danger.say)
        yield f'<p class="danger"><b>{headings["danger"]}</b> {text(words, language)}</p>'
    length = headings["length"].format(len(routine.steps), round(routine.seconds / 60))
    yield f'<p class="time">{length}</p>\n<h2>{headings["before"]}</h2>\n<ul>'
    for item in routine.preparation:
        yield f"<li>{text(item.say, language)}</li>"
    yield f'</ul>\n<h2>{headings["steps"]}</h2>\n<div class="parts">'
    for part in routine.parts:
        yield f'<div class="part"><p><b>{escape(part.name.capitalize())}</b></p>\n<ol>'
        for step in part.steps:
            hold = f' <span class="time">({step.hold:.0f} s)</span>' if step.hold else ""
            shown = drawing(step.drawing, "", moving=False) if step.drawing else ""
            yield f"<li>{shown}{escape(step.title)}{hold}</li>"
        yield "</ol></div>"
    yield f"</div>\n<h2>{headings['say']}</h2>\n<dl>"
    for command in SHOWN:
        ways = language.examples(command)[:WAYS]
        yield f"<dt>{escape(ways[0])}</dt><dd>{escape(' · '.join(ways[1:]))}</dd>"
    yield "</dl>"
    own = {"stress": headings["own"]} if routine.whom == "parent" else {}
    for kind in ("comfort", "stress"):
        heading = own.get(kind, headings[kind])
        names = [sign.name for sign in routine.signs.values() if sign.kind == kind]
        yield f"<h2>{heading}</h2>\n<p>{escape(', '.join(names))}</p>"
    yield "</body>\n</html>"


def text(sentences: tuple[str, ...], language: Language) -> str:
    """Sentences as they're printed, escaped."""
    joined = " ".join(sentences)
    number = {language.emergency_words: language.emergency_number}
    for spoken, read in (number | AS_DIGITS.get(language.code, {})).items():
        joined = joined.replace(spoken, read)
    return escape(joined)
