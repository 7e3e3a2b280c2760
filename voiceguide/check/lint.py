"""Whether a routine is good: its own rules, the words that a parent must say and be heard with, what it says, and, by
ear, what the recogniser makes of the guide's sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from voiceguide.check import by_ear, prose, recordings, words
from voiceguide.check.words import Known
from voiceguide.errors import FileError, ModelError, SourceError, VoiceguideError
from voiceguide.files.source import Document
from voiceguide.files.wording import code, nearest, quoted
from voiceguide.language.language import known_languages, load_language
from voiceguide.recognition import models
from voiceguide.routine.loading import load
from voiceguide.routine.routine import Routine, respelt
from voiceguide.routine.rules import sentences
from voiceguide.sessions.assembly import Hearing
from voiceguide.sound import Pcm
from voiceguide.speech.voice import Voice

DEEPEST = 8
"""Levels down to the deepest text of a routine: signs, stress, crying, reasons, hungry, say, 0, text."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A routine without an error."""

    routine: Routine
    near: tuple[str, ...]
    """Lines about names that sound a little like others: not errors. Only after a check by ear."""


class Lint:
    """Checks files of routines."""

    def __init__(self, named: models.Named = models.NONE_NAMED) -> None:
        """``named``: models, as for models.find. If there's no model for the language of a routine, its words aren't
        checked."""
        self._named = named
        self._known: dict[str, Known | None] = {}

    def check(self, path: Path, progress: Callable[[int], None] | None = None) -> Checked:
        """The routine in a file. With ``progress`` it's checked by ear, too, and ``progress`` gets the number of
        sentences so far.

        Raises SourceError with every error, or what else keeps the file or the model from being read."""
        seen: list[Document] = []
        good = load(path, partial(self._errors, path.parent, seen))
        if progress is not None and (found := list(self._by_ear(seen[0], good, progress))):
            raise SourceError(found)
        of = self._of(seen[0]) if progress is not None else None
        return Checked(good, tuple(words.near(seen[0], of)) if of is not None else ())

    def _errors(self, folder: Path, seen: list[Document], document: Document) -> Iterator[FileError]:
        """What is wrong beyond the routine's own rules: its language, words that are never heard, recordings, and
        what is said. Adds the file to ``seen``."""
        seen.append(document)
        yield from _unknown_language(document)
        if (of := self._of(document)) is not None:
            yield from words.errors(document, of)
            yield from words.alike(document, of)
        yield from recordings.errors(document, folder)
        yield from _cut_off(document)
        yield from prose.errors(document)

    def _by_ear(self, document: Document, good: Routine, progress: Callable[[int], None]) -> Iterator[FileError]:
        """What is found when it is spoken and listened to."""
        language = load_language(good.language)
        hearing = Hearing.of(good, language, self._named)
        yield from by_ear.too_long(document, good)
        with Voice() as voice:

            def render(text: str) -> Pcm:
                return voice.render(respelt(text, good.respell), voice=language.voice)

            for n, error in enumerate(by_ear.obeyed(document, render, hearing.model, hearing.book), 1):
                progress(n)
                if error is not None:
                    yield error

    def _of(self, document: Document) -> Known | None:
        """The words of the model for its language."""
        language = document.data.get("language") if isinstance(document.data, dict) else None
        if not isinstance(language, str):
            return None
        language = language.strip()
        if language not in self._known:
            try:
                self._known[language] = words.known(models.find(self._named, language=language))
            except ModelError:
                if self._named:
                    raise
                self._known[language] = None
        return self._known[language]


def _unknown_language(document: Document) -> Iterator[FileError]:
    """Where the guide doesn't speak the language of a routine."""
    for where, value in document.each("language"):
        if not isinstance(value, str) or not re.fullmatch(r"\s*[A-Za-z-]+\s*", value):
            continue  # the schema's error
        name = value.strip()
        try:
            load_language(name)
        except SourceError as error:
            what = f"the language file of {code(name)} has errors (the first: {error.errors[0]})"
            yield document.error(where, what, "correct it: see docs/languages.md")
        except VoiceguideError:
            instead = f"{nearest(name, known_languages())}, or add it: see docs/languages.md"
            yield document.error(where, f"the guide has no language {code(name)}", instead)


def _cut_off(document: Document) -> Iterator[FileError]:
    """Texts without quotes that YAML ends sooner than their author thinks: at a `#`, or in brackets at a comma."""
    for depth in range(1, DEEPEST + 1):
        for where, text in document.each(*["*"] * depth):
            if isinstance(text, str) and re.match(r"#[^\s#]", document.after(where)):
                what = f"a `#` after a space begins a comment, so this text is only {quoted(text)}"
                yield document.error(where, what, "put quotes around the whole text, or a space after the `#`")
    for where, text in sentences(document):
        if document.after(where)[:1] in ("#", ",") and not re.search(r"[.!?…][\"'”’»)]*$", text.strip()):
            what = f"this sentence ends after {quoted(text)}, without a full stop"
            yield document.error(where, what, "put quotes around the whole sentence, or end it with a full stop")
