"""Founding a station: its folders, its database, its interval signal and its first person with a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from app.database import id_of, migrate, open_database, reading, writing
from app.people.models import Person
from app.people.service import create_key, create_person
from app.settings import Settings
from app.station.interval_signal import ensure_interval_signal
from app.station.models import Station


@dataclass(frozen=True, slots=True)
class Founded:
    """The first person of a new station and the secret of their key, shown once."""

    person_id: int
    key: str


def is_founded(engine: Engine) -> bool:
    """Whether there is a station in this database."""
    with reading(engine) as session:
        return session.get(Station, 1) is not None


def found(
    settings: Settings, name: str, first_person: str, *, now: datetime, is_demo: bool = False
) -> Founded | None:
    """Make a station, or bring an existing one up to date (then None: its people have their keys)."""
    settings.make_directories()
    engine = open_database(settings)
    migrate(engine)
    founded = None
    if not is_founded(engine):
        with writing(engine) as session:
            session.add(Station(id=1, name=name, is_demo=is_demo, created_at=now))
            person: Person = create_person(session, first_person, now=now, by=None)
            _, secret = create_key(session, id_of(person), "first key", now=now, by=person.id)
            founded = Founded(id_of(person), secret)
    ensure_interval_signal(engine, settings)
    engine.dispose()
    return founded
