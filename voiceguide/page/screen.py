"""The page as a live session has it (``sessions.live.Screen``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voiceguide.guide.machine import Guide
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.page.server import PageServer
from voiceguide.page.view import View
from voiceguide.routine.routine import Routine
from voiceguide.sessions.entries import Entry


class Page:
    """Shows one session after another on the page; each is served from its ``open`` to its ``close``."""

    def __init__(self, host: str, note: Callable[[str], None]) -> None:
        """``host``: an address of this machine. ``note``: gets lines for the user."""
        self._host = host
        self._note = note
        self._view: View | None = None
        self._server: PageServer | None = None

    def open(self, routine: Routine, language: Language) -> None:
        """Serve a page for a session. Raises VoiceguideError where it can't be served."""
        self._view = View(routine, language)
        self._server = PageServer(self._host, language, routine.title, self._note)
        address = self._server.start()
        if address.local:
            self._note(f"The page is at {address.url}")

    def touched(self) -> Command | None:
        """The next command that was touched; None when there's no more."""
        return self._server.touched() if self._server is not None else None

    def show(self, happened: Sequence[Entry], guide: Guide, now: float) -> None:
        """What happened in a turn, which ended at ``now`` seconds on the session's clock."""
        if self._view is not None and self._server is not None:
            picture = self._view.update(happened, guide, now)
            if picture is not None:
                self._server.show(picture)

    def close(self) -> None:
        """The session is over."""
        if self._server is not None:
            self._server.close()
        self._server = self._view = None
