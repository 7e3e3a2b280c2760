"""The page's documents: HTML in the session's language, its style and script, and the drawings."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from voiceguide.drawing.svg import STYLE, drawing
from voiceguide.language.language import Language
from voiceguide.page.view import always
from voiceguide.page.words import words

_STATIC = Path(__file__).with_name("static")

_HEAD = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>{title}</title>
<link rel="stylesheet" href="/page.css">
"""

_PAGE = """<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1><span id="part"></span> <span id="title">{title}</span></h1>
<p><span id="place"></span> <strong id="mood" aria-live="polite"></strong></p>
</header>
<main>
<div id="drawing"></div>
<progress id="left" value="0" max="1" aria-label="{time}" hidden></progress>
<p id="saying" aria-label="{saying}"></p>
<p id="understood" aria-live="polite" data-label="{understood}"></p>
</main>
<nav aria-label="{say}">
<button id="stop" type="button" data-touch="stop">{stop}</button>
<button id="crying" type="button" data-touch="crying">{crying}</button>
<div id="offers"></div>
</nav>
<p id="lost" role="alert" data-lost="{lost}" data-full="{full}"></p>
</body>
</html>
"""

_DOOR = """</head>
<body>
<main>
<h1>{title}</h1>
<form method="post" action="/pair">
<p><label for="code">{code}</label></p>
<p><input id="code" name="code" inputmode="numeric" autocomplete="off" maxlength="6" pattern="[0-9]{{6}}" required
 autofocus></p>
<p role="alert">{wrong}</p>
<p><button type="submit">{pair}</button></p>
</form>
</main>
</body>
</html>
"""


def page(language: Language, title: str) -> str:
    """The page for a screen that was let in."""
    return _filled(_HEAD + _PAGE, language, title)


def door(language: Language, title: str, *, wrong: bool = False) -> str:
    """What any other screen gets: a field for the code. ``wrong``: it was wrong."""
    return _filled(_HEAD + _DOOR, language, title, {} if wrong else {"wrong": ""})


def _filled(document: str, language: Language, title: str, more: dict[str, str] | None = None) -> str:
    texts = {**words(language.code), **always(language), "title": title, "language": language.code, **(more or {})}
    return document.format(**{name: escape(text) for name, text in texts.items()})


@cache
def stroke(name: str, *, moving: bool = True) -> str:
    """A drawing as a document. KeyError for an unknown name."""
    return drawing(name, "", moving=moving)


@cache
def file(name: str) -> str:
    """``page.css`` or ``page.js``."""
    text = (_STATIC / name).read_text("utf-8")
    return text + STYLE if name.endswith(".css") else text
