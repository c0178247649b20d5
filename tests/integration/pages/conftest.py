from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.nights import FilledNight, fill_night
from tests.stations import SmallStation, make_station, serving


@pytest.fixture
def station(tmp_path: Path) -> Iterator[SmallStation]:
    made = make_station(tmp_path / "station", is_demo=True)
    yield made
    made.database.dispose()


@pytest.fixture
def night(station: SmallStation) -> FilledNight:
    return fill_night(station)


@pytest.fixture
def browser(station: SmallStation) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients with a cookie jar, signed in unless told otherwise, that speak Korean."""
    clients: list[httpx.Client] = []
    with serving(station) as url:

        def make(*, signed_in: bool = True) -> httpx.Client:
            headers = {"Accept-Language": "ko", "Sec-Fetch-Site": "same-origin"}
            client = httpx.Client(base_url=url, headers=headers, follow_redirects=True)
            clients.append(client)
            if signed_in:
                assert client.post("/sign-in", data={"key": station.key}).status_code == 200
            return client

        yield make
        for client in clients:
            client.close()
