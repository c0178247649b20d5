from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.approving.newsroom import Newsroom
from tests.stations import keyed, make_station, serving


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    station = make_station(tmp_path / "station")
    other = station.another_key("이강")
    with serving(station) as url, keyed(url, station.key) as editor, keyed(url, other) as approver:
        made = Newsroom(station, editor, approver)
        made.open()
        yield made
    station.database.dispose()
