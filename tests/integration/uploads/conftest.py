from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import delete

from app.database import writing
from app.events.models import Event
from app.jobs.models import Job
from app.journal.models import JournalEntry
from app.library.models import Segment
from app.uploads.models import Upload
from tests.stations import NOW, SmallStation, keyed, make_station, serving
from tests.tus_uploads import JsClient


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStation]:
    made = make_station(tmp_path_factory.mktemp("founded") / "station")
    yield made
    made.database.dispose()


@pytest.fixture(scope="module")
def served(founded: SmallStation) -> Iterator[str]:
    with serving(founded) as at:
        yield at


@pytest.fixture
def station(founded: SmallStation) -> SmallStation:
    """A station whose library is empty."""
    with writing(founded.database) as session:
        for table in (Upload, Event, JournalEntry, Job, Segment):
            session.exec(delete(table))
    for path in founded.settings.incoming_dir.iterdir():
        path.unlink()
    founded.clock.at = NOW
    return founded


@pytest.fixture
def url(station: SmallStation, served: str) -> str:
    return served


@pytest.fixture
def api(station: SmallStation, url: str) -> Iterator[httpx.Client]:
    with keyed(url, station.key) as client:
        yield client


@pytest.fixture(scope="session")
def tus_js(peer: Callable[[str], Path], node_peer: Callable[[str], Path]) -> JsClient:
    return JsClient(peer("node"), node_peer("tus-js-client").parents[1])
