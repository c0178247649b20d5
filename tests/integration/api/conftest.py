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


@pytest.fixture(scope="package")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A signed-in client of a station on which nothing is changed: for refusals and for what everybody may see."""
    made = make_station(tmp_path_factory.mktemp("quiet"))
    with serving(made) as at, keyed(at, made.key) as client:
        yield client
    made.database.dispose()


@pytest.fixture(scope="package")
def quiet_url(quiet: httpx.Client) -> str:
    return str(quiet.base_url)
