from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import delete

from app.approving.models import SegmentNote
from app.database import writing
from app.events.models import Event
from app.jobs.models import Job
from app.journal.models import JournalEntry
from app.library.models import Cut, Segment
from tests.integration.library.stations import Service, Station, make_station, serving, write_tone


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = make_station(tmp_path / "var")
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = make_station(tmp_path_factory.mktemp("station") / "var")
    with serving(made) as service:
        yield service
    made.engine.dispose()


@pytest.fixture
def service(running: Service) -> Service:
    """A running web process whose library is empty."""
    with writing(running.station.engine) as session:
        for table in (Event, JournalEntry, Job, SegmentNote, Cut, Segment):
            session.exec(delete(table))
    for path in running.station.settings.incoming_dir.iterdir():
        path.unlink()
    return running


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "tone.wav")
