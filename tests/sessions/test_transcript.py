"""The times of the transcript."""

from __future__ import annotations

import pytest

from voiceguide.sessions.transcript import clock


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "  0:00.0"), (-0.02, "  0:00.0"), (62.34, "  1:02.3"), (59.94, "  0:59.9"), (59.97, "  1:00.0")],
)
def test_a_minute_has_sixty_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
