"""``danpa demo``: a station of its own under ``var/demo``, seeded once, then served like any other."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from app.database import id_of, open_database, reading, writing
from app.demo.seed import PERSON, STATION, is_seeded, seed
from app.people.service import create_login_link, find_person
from app.settings import Settings
from app.station.founding import found
from app.storage import write_atomically

LINK_VALID_FOR = timedelta(hours=12)


def prepare(settings: Settings, now: datetime) -> tuple[str, str]:
    """Make the demo station where it is not there yet. Returns the path of a one-time link and the demo's key.

    A seeding that was broken off is begun again from nothing: there is nobody's work in it.
    """
    key_file = settings.root / "api-key"
    if settings.database_path.exists() and not _is_whole(settings):
        shutil.rmtree(settings.root)
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
    engine = open_database(settings)
    try:
        with reading(engine) as session:
            return is_seeded(session) and (settings.root / "api-key").exists()
    except Exception:  # noqa: BLE001 - whatever is wrong with a half-made demo, it is made anew
        return False
    finally:
        engine.dispose()
