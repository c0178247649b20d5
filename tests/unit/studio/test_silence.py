"""A studio that says nothing on the air has lost its microphone; one that waits for its turn has not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from app.studio.takeover import SILENT_S, Takeover
from app.studio.watching import OnAir
from audio.pcm import RATE


@pytest.mark.parametrize(
    ("decoded_s", "sounded_s", "place_s", "silent"),
    [
        (100, 99, 0, False),
        (100, 84, 0, True),
        (100, 0, 200, False),  # it is not heard before
        (200, 0, 200, False),
        (214, 0, 200, False),
        (216, 0, 200, True),
        (216, 210, 200, False),
    ],
)
def test_silence_counts_from_when_it_is_heard(
    decoded_s: int, sounded_s: int, place_s: int, *, silent: bool
) -> None:
    nothing = cast("Any", None)
    takeover = Takeover(
        nothing, nothing, nothing, zero_sample=0, _began_at=datetime(2026, 11, 20, tzinfo=UTC)
    )
    takeover._decoded, takeover._sounded = decoded_s * RATE, sounded_s * RATE
    assert takeover._is_silent(OnAir(place_s * RATE, 999 * RATE)) is silent
    assert SILENT_S == 15
