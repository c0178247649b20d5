from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from app.bringing.recordings import walk
from app.bringing.taking import Intent, take
from app.library.description import Description
from app.library.models import SegmentKind
from app.processes import utcnow
from tests.integration.library.stations import Station, make_station, write_tone


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station whose library holds two segments."""
    made = make_station(tmp_path / "var")
    for number in range(2):
        (tmp_path / "brought").mkdir(exist_ok=True)
        write_tone(tmp_path / "brought" / f"{number}.wav", 0.5 + number / 4, 400 + 100 * number)
    brought = walk(tmp_path / "brought")
    for one in brought.recordings:
        intent = Intent(one, Description(title=one.name, kind=SegmentKind.talk))
        take(
            made.engine,
            made.settings,
            brought,
            intent,
            person_id=made.person_id,
            approve=False,
            clock=utcnow,
        )
    yield made
    made.engine.dispose()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO())
