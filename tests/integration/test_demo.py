"""The demo makes itself anew where it was broken off, and touches nobody's station."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.database import migrate, open_database, reading
from app.demo import run as demo
from app.demo.seed import PERSON
from app.errors import Conflict
from app.locks import Lock
from app.people.service import find_person
from app.settings import Settings
from tests.stations import NOW, make_station


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "demo", disk_reserve_bytes=0)


def half_made(settings: Settings) -> Path:
    """What a kill in the middle leaves: tables, no programme, no key."""
    settings.make_directories()
    database = open_database(settings)
    migrate(database)
    database.dispose()
    left = settings.incoming_dir / "left.part"
    left.touch()
    return left


def test_a_station_in_a_folder_called_demo_is_not_removed(settings: Settings) -> None:
    station = make_station(settings.root)
    with pytest.raises(Conflict, match="is no demo"):
        demo.prepare(settings, NOW)
    with reading(station.database) as session:
        assert find_person(session, "김하늘") is not None
    station.database.dispose()


def test_what_was_broken_off_is_made_anew(settings: Settings) -> None:
    left = half_made(settings)
    link, key = demo.prepare(settings, NOW)
    assert not left.exists()
    assert link.startswith("/login/")
    assert (settings.root / "api-key").read_text().strip() == key
    again, same_key = demo.prepare(settings, NOW)
    assert (again != link, same_key) == (True, key)
    database = open_database(settings)
    with reading(database) as session:
        assert find_person(session, PERSON) is not None
    database.dispose()


def test_a_demo_that_is_being_made_is_left_alone(settings: Settings) -> None:
    left = half_made(settings)
    other = Lock(settings.root.with_name(".demo.lock"))
    assert other.acquire()
    try:
        with pytest.raises(Conflict, match="is making the station"):
            demo.prepare(settings, NOW)
    finally:
        other.release()
    assert left.exists()


def test_a_half_made_demo_that_is_served_is_left_alone(settings: Settings) -> None:
    left = half_made(settings)
    service = Lock(settings.run_dir / "supervisor.lock")
    assert service.acquire()
    try:
        with pytest.raises(Conflict, match="stop it first"):
            demo.prepare(settings, NOW)
    finally:
        service.release()
    assert left.exists()
