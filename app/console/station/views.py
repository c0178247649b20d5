"""What the station's page shows of its people, its health, its keys and its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.console.tonight.rows import grouped
from app.database import id_of
from app.journal.models import JournalEntry
from app.library.models import Segment, SegmentKind, SegmentState
from app.people.models import Key, Person
from app.settings import Settings
from app.signing.keys import KeyUnusable, PublicKeys, station_public_keys
from app.station.service import station
from app.storage import free_bytes
from app.web.health import engine_seen_at, is_fresh

OFFERED = 100
"""Recordings that are offered as the evergreen: music, talks and fillers, the newest."""

PAGES = {
    "segment": "/library/",
    "programme": "/programmes/",
    "airing": "/airings/",
    "site": "/sites/",
    "feed": "/feeds/",
}
"""Where the journal's subjects have a page of their own."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody, and the keys with which they may come in."""

    person: Person
    keys: Sequence[Key]
    is_last: bool
    """The last who may sign in."""


def people(session: Session) -> list[PersonRow]:
    """Everybody, those who may come in first."""
    listed = session.exec(select(Person).order_by(col(Person.id))).all()
    living = select(Key).where(col(Key.revoked_at).is_(None)).order_by(col(Key.id))
    keys = grouped(session.exec(living).all(), lambda key: key.person_id)
    enabled = [person for person in listed if person.disabled_at is None]
    return [
        PersonRow(person, keys.get(id_of(person), []), is_last=enabled == [person])
        for person in sorted(listed, key=lambda person: person.disabled_at is not None)
    ]


def evergreen_choices(session: Session) -> list[tuple[int, str]]:
    """Ids and titles of what may air when all else fails; what is chosen already is among them."""
    chosen = station(session).evergreen_segment_id
    fitting = (SegmentKind.music, SegmentKind.talk, SegmentKind.filler)
    rows = session.exec(
        select(Segment.id, Segment.title)
        .where(
            (col(Segment.state) == SegmentState.approved) & col(Segment.kind).in_(fitting)
            | (col(Segment.id) == chosen)
        )
        .order_by((col(Segment.id) == chosen).desc(), col(Segment.id).desc())
        .limit(OFFERED)
    ).all()
    return [(segment_id, title) for segment_id, title in rows if segment_id is not None]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the station can do its work, part by part; that a page is shown says that the database can be read."""

    engine_seen_at: datetime | None
    engine_runs: bool
    free_mib: int
    reserve_mib: int

    @property
    def has_room(self) -> bool:
        return self.free_mib >= self.reserve_mib


def health(settings: Settings, now: datetime) -> Health:
    seen = engine_seen_at(settings)
    return Health(
        seen,
        seen is not None and is_fresh(seen, now),
        free_bytes(settings) >> 20,
        settings.disk_reserve_bytes >> 20,
    )


def signing_keys(settings: Settings) -> PublicKeys | str:
    """The public keys; where they cannot be used, why."""
    try:
        return station_public_keys(settings)
    except KeyUnusable as problem:
        return str(problem)


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One entry: what was done is a noun and a verb, each with a word of its own."""

    at: datetime
    person: str | None
    noun: str
    verb: str
    subject_id: int | None

    @property
    def address(self) -> str | None:
        """The page of what it was done to, where there is one."""
        if self.subject_id is None or self.noun not in PAGES or self.verb == "deleted":
            return None
        return f"{PAGES[self.noun]}{self.subject_id}"


def journal_rows(session: Session, entries: Sequence[JournalEntry]) -> list[JournalRow]:
    wanted = {entry.person_id for entry in entries}
    names = dict(session.exec(select(Person.id, Person.name).where(col(Person.id).in_(wanted))).all())
    rows = []
    for entry in entries:
        noun, _, verb = entry.action.partition(".")
        rows.append(JournalRow(entry.at, names.get(entry.person_id), noun, verb, entry.subject_id))
    return rows
