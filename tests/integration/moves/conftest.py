from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.moves.desk import Desk
from tests.stations import PATIENCE_S, keyed, make_station, serving


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A station whose slot 1 (20:00 to 20:30 UTC, daily, B26) has line 1 from site 1 on 7490 kHz."""
    made = make_station(
        tmp_path / "station",
        public_url="https://studio.example",
        smtp_host="127.0.0.1",
        smtp_security="plain",
    )
    with serving(made) as url, keyed(url, made.key) as api:
        yield Desk(made, api)
    made.database.dispose()


@pytest.fixture
def stranger(desk: Desk) -> Iterator[httpx.Client]:
    """Somebody at a site, whose browser speaks neither Korean nor English."""
    with httpx.Client(
        base_url=desk.api.base_url, headers={"Accept-Language": "ru"}, timeout=PATIENCE_S
    ) as client:
        yield client
