"""``danpa demo``: a station of its own under ``var/demo``, seeded once, then served like any other."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app.database import id_of, open_database, reading, writing
from app.demo.seed import PERSON, STATION, is_seeded, seed
from app.errors import Conflict
from app.locks import Lock, holder
from app.people.service import create_login_link, find_person
from app.settings import Settings
from app.station.founding import found
from app.station.models import Station
from app.storage import write_atomically

LINK_VALID_FOR = timedelta(hours=12)


def prepare(settings: Settings, now: datetime) -> tuple[str, str]:
    """Make the demo station where it is not there yet. Returns the path of a one-time link and the demo's key.

    A seeding that was broken off is begun again from nothing: there is nobody's work in it.

    Raises:
        Conflict: the station that is here is no demo, or another `danpa demo` is making one.
    """
    settings.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock(
        settings.root.with_name(f".{settings.root.name}.lock")
    )  # beside: the folder may go and come again
    if not lock.acquire():
        raise Conflict(f"another `danpa demo` is making the station in {settings.root}: wait for it")
    try:
        return _prepare(settings, now)
    finally:
        lock.release()


def _prepare(settings: Settings, now: datetime) -> tuple[str, str]:
    key_file = settings.root / "api-key"
    if settings.database_path.exists() and not _is_whole(settings):
        _remove_half_made(settings)
    if not settings.database_path.exists():
        founded = found(settings, STATION, PERSON, now=now, is_demo=True)
        assert founded is not None
        write_atomically(key_file, founded.key.encode() + b"\n")
        engine = open_database(settings)
        seed(engine, settings, founded.person_id, now)
    else:
        found(settings, STATION, PERSON, now=now)
        engine = open_database(settings)
    with writing(engine) as session:
        person = find_person(session, PERSON)
        assert person is not None
        token = create_login_link(session, id_of(person), LINK_VALID_FOR, now=now)
    engine.dispose()
    return f"/login/{token}", key_file.read_text().strip()


def _is_whole(settings: Settings) -> bool:
    """Whether a demo was made to its end.

    Raises:
        Conflict: what is here is somebody's station. It only lies in a folder that is called demo.
    """
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            is_demo = session.exec(select(Station.is_demo)).first()
            if is_demo is False:
                raise Conflict(
                    f"the station in {settings.root} is no demo: name another place with DANPA_HOME"
                )
            return is_seeded(session) and (settings.root / "api-key").exists()
    except OperationalError as error:
        if "no such table" not in str(error):  # it may be whole, and cannot be read just now
            raise
        return False
    finally:
        engine.dispose()


def _remove_half_made(settings: Settings) -> None:
    if holder(settings.run_dir / "supervisor.lock") is not None:
        raise Conflict(f"a service runs in {settings.root}: stop it first")
    shutil.rmtree(settings.root)
