from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stations import SmallStation, keyed, make_station, serving


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SmallStation]:
    made = make_station(tmp_path / "station")
    yield made
    made.database.dispose()


@pytest.fixture
def url(station: SmallStation) -> Iterator[str]:
    with serving(station) as at:
        yield at


@pytest.fixture
def api(station: SmallStation, url: str) -> Iterator[httpx.Client]:
    with keyed(url, station.key) as client:
        yield client
