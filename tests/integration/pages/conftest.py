from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.stations import PATIENCE_S, TRUST, SmallStation, serving


@pytest.fixture
def browser(demo_station: SmallStation) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients with a cookie jar, signed in unless told otherwise, that speak Korean."""
    clients: list[httpx.Client] = []
    with serving(demo_station) as url:

        def make(*, signed_in: bool = True) -> httpx.Client:
            headers = {"Accept-Language": "ko", "Sec-Fetch-Site": "same-origin"}
            client = httpx.Client(
                base_url=url, headers=headers, follow_redirects=True, timeout=PATIENCE_S, verify=TRUST
            )
            clients.append(client)
            if signed_in:
                assert client.post("/sign-in", data={"key": demo_station.key}).status_code == 200
            return client

        yield make
        for client in clients:
            client.close()
