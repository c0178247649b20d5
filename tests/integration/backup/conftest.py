from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from app.library.importing import Wishes, import_file
from tests.integration.library.stations import Station, make_station, write_tone


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station whose library holds two segments."""
    made = make_station(tmp_path / "var")
    for number in range(2):
        recording = write_tone(tmp_path / f"{number}.wav", 0.5 + number / 4, 400 + 100 * number)
        import_file(made.engine, made.settings, recording, Wishes(made.person_id))
    yield made
    made.engine.dispose()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO())
