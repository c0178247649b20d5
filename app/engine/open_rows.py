"""The rows of what is open: each kind is read by one query for all airings, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlmodel import Session, SQLModel, col, select

from app.airings.carriage import Carriage, carriages_of
from app.airings.models import Airing, Artefact, Intent, RundownVersion
from app.airings.programme import IS_NEWEST, compile_key
from app.alarms.models import Alarm
from app.awaited.service import names_awaited
from app.database import id_of
from app.feeds.models import Feed
from app.handoffs.models import FolderCheck, Handoff
from app.jobs.models import Job
from app.programmes.models import Programme, Slot

Row = TypeVar("Row")
Table = TypeVar("Table", bound=SQLModel)


@dataclass(frozen=True, slots=True)
class OpenRows:
    """By the id of an airing, what belongs to it; where there is nothing, there is no entry."""

    carried: Mapping[tuple[int, date], list[Carriage]]
    """By slot and UTC start day."""
    newest: Mapping[int, RundownVersion]
    compile_jobs: Mapping[int, Job]
    alarms: Mapping[int, list[tuple[str, int | None, int]]]
    """Kind, feed and step of the open ones."""
    looks: Mapping[int, list[FolderCheck]]
    handoffs: Mapping[int, list[Handoff]]
    intents: Mapping[int, list[Intent]]
    """Those that nobody has carried out."""
    awaited: Mapping[int, list[str]]
    """The names of what its clock awaits."""
    kept: Sequence[SQLModel]
    """What will be asked for by its id: a session finds a row by itself only as long as somebody holds it."""

    def carriages(self, airing: Airing) -> list[Carriage]:
        return self.carried[airing.slot_id, airing.starts_at.date()]


def gather(session: Session, airings: Sequence[Airing]) -> OpenRows:
    """Raises whatever a row raises that somebody edited by hand, whichever of the airings it belongs to."""
    ids = [id_of(airing) for airing in airings]
    carried = carriages_of(session, [(airing.slot_id, airing.starts_at.date()) for airing in airings])
    newest = session.exec(select(RundownVersion).join(Airing, IS_NEWEST).where(col(Airing.id).in_(ids)))
    keys = {compile_key(id_of(airing), airing.version + 1): id_of(airing) for airing in airings}
    jobs = session.exec(select(Job).where(col(Job.key).in_(keys)))
    alarms = session.exec(
        select(Alarm.airing_id, Alarm.kind, Alarm.feed_id, Alarm.step).where(
            col(Alarm.airing_id).in_(ids), col(Alarm.cleared_at).is_(None)
        )
    )
    looks = session.exec(select(FolderCheck).where(col(FolderCheck.airing_id).in_(ids)))
    handoffs = session.exec(
        select(Handoff).where(col(Handoff.airing_id).in_(ids)).order_by(col(Handoff.id))
    ).all()
    intents = session.exec(
        select(Intent)
        .where(col(Intent.airing_id).in_(ids), col(Intent.carried_out_at).is_(None))
        .order_by(col(Intent.id))
    )
    slots = _with_ids(session, Slot, {airing.slot_id for airing in airings})
    programmes = {slot.programme_id for slot in slots} | {airing.instead_id for airing in airings}
    return OpenRows(
        carried=carried,
        newest={row.airing_id: row for row in newest},
        compile_jobs={keys[job.key]: job for job in jobs},
        alarms=_grouped((airing_id or 0, (kind, feed_id, step)) for airing_id, kind, feed_id, step in alarms),
        looks=_grouped((row.airing_id, row) for row in looks),
        handoffs=_grouped((row.airing_id, row) for row in handoffs),
        intents=_grouped((row.airing_id, row) for row in intents),
        awaited=names_awaited(session, airings),
        kept=(
            *slots,
            *_with_ids(session, Programme, programmes),
            *_with_ids(session, Feed, {row.feed_id for row in handoffs}),
            *_with_ids(session, Artefact, {row.artefact_id for row in handoffs}),
        ),
    )


def _with_ids(session: Session, table: type[Table], ids: Collection[int | None]) -> Sequence[Table]:
    return session.exec(select(table).where(table.__table__.c.id.in_(ids))).all()  # type: ignore[attr-defined]  # every one of them has an id


def _grouped(rows: Iterable[tuple[int, Row]]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for airing_id, row in rows:
        found.setdefault(airing_id, []).append(row)
    return found
