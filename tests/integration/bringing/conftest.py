from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.library.stations import Station, make_station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = make_station(tmp_path / "var")
    yield made
    made.engine.dispose()
