from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.pull.deliveries import PullStation, pull_station
from tests.stations import SmallStation, keyed, make_station, serving


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SmallStation]:
    made = make_station(tmp_path / "station")
    yield made
    made.database.dispose()


@pytest.fixture
def pull(station: SmallStation) -> Iterator[PullStation]:
    """The station's web server, and a site that fetches from it."""
    with serving(station) as url:
        yield pull_station(station, url)


@pytest.fixture
def api(pull: PullStation) -> Iterator[httpx.Client]:
    with keyed(pull.url, pull.station.key) as client:
        yield client
