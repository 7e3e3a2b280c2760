"""Whether a routine is good: its own rules, the words that a parent must say and be heard with, and, by ear, what the
recogniser makes of the guide's sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from voiceguide.check import by_ear, recordings, words
from voiceguide.check.words import Known
from voiceguide.errors import FileError, ModelError, SourceError
from voiceguide.files.source import Document
from voiceguide.language import language as commands
from voiceguide.recognition import models
from voiceguide.routine import routine
from voiceguide.routine.routine import Routine
from voiceguide.sessions.assembly import Hearing
from voiceguide.sound import Pcm
from voiceguide.speech.voice import Voice


@dataclass(frozen=True, slots=True)
class Checked:
    """A routine without an error."""

    routine: Routine
    near: tuple[str, ...]
    """Lines on names that sound a little like others: no errors. Only where it was listened to."""


class Lint:
    """Checks files of routines."""

    def __init__(self, named: models.Named = models.NONE_NAMED) -> None:
        """``named``: models, as for models.find. If there's no model for the language of a routine, its words aren't
        checked."""
        self._named = named
        self._known: dict[str, Known | None] = {}

    def check(self, path: Path, progress: Callable[[int], None] | None = None) -> Checked:
        """The routine in a file; by ear, too, where ``progress`` is given, which is told how many sentences were
        listened to.

        Raises SourceError with every error, or what else keeps the file or the model from being read."""
        seen: list[Document] = []
        good = routine.load(path, partial(self._errors, path.parent, seen))
        if progress is not None and (found := list(self._by_ear(seen[0], good, progress))):
            raise SourceError(found)
        of = self._of(seen[0]) if progress is not None else None
        return Checked(good, tuple(words.near(seen[0], of)) if of is not None else ())

    def _errors(self, folder: Path, seen: list[Document], document: Document) -> Iterator[FileError]:
        """What is wrong beyond the routine's own rules: its language, words that are never heard, and recordings.
        Adds the file to ``seen``."""
        seen.append(document)
        yield from commands.errors(document)
        if (of := self._of(document)) is not None:
            yield from words.errors(document, of)
            yield from words.alike(document, of)
        yield from recordings.errors(document, folder)

    def _by_ear(self, document: Document, good: Routine, progress: Callable[[int], None]) -> Iterator[FileError]:
        """What is found when it is spoken and listened to."""
        language = commands.load_language(good.language)
        hearing = Hearing.of(good, language, self._named)
        yield from by_ear.too_long(document, good)
        with Voice() as voice:

            def render(text: str) -> Pcm:
                return voice.render(routine.respelt(text, good.respell), voice=language.voice)

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
