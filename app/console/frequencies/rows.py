"""Reads our lines and their changes for the pages: a few queries, however many lines there are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.console.frequencies.views import ChangeView, LineView, Times
from app.database import id_of
from app.frequencies.models import Line, Site
from app.moves.models import LineChange
from app.moves.pending import PENDING
from app.people.models import Person
from app.programmes.models import Programme, Slot
from schedules.frequencies.bands import in_band
from schedules.season import Season

MOST_CHANGES = 200
"""So many changes are listed, the newest first."""


def lines_of(session: Session, season: Season | None = None, *, slot_id: int | None = None) -> list[LineView]:
    """Our lines of a season, or of a slot, upwards in frequency."""
    query = (
        select(Line, Slot, Programme.title, Site)
        .join(Slot, col(Slot.id) == Line.slot_id)
        .join(Programme, col(Programme.id) == Slot.programme_id)
        .join(Site, col(Site.id) == Line.site_id)
        .order_by(col(Line.khz), col(Slot.start_minute), col(Line.first_date), col(Line.id))
    )
    if season is not None:
        query = query.where(Line.first_date <= season.end.date(), Line.last_date >= season.start.date())
    if slot_id is not None:
        query = query.where(Line.slot_id == slot_id)
    asked = {one.line_id: one for one in changes_of(session, pending=True)}
    return [
        _line(row, slot, title, site, asked.get(row.id)) for row, slot, title, site in session.exec(query)
    ]


def _line(row: Line, slot: Slot, title: str, site: Site, change: ChangeView | None) -> LineView:
    return LineView(
        id=id_of(row),
        khz=row.khz,
        slot_id=row.slot_id,
        programme=title,
        site_code=site.code,
        site_name=site.name,
        times=Times(slot.start_minute, slot.stop_minute, row.days),
        first_date=row.first_date,
        last_date=row.last_date,
        power_kw=row.power_kw,
        azimuth=row.azimuth,
        zones=row.ciraf_zones,
        in_band=in_band(row.khz),
        change=change,
    )


def changes_of(
    session: Session, *, pending: bool = False, slot_id: int | None = None, state: str = ""
) -> list[ChangeView]:
    """The changes, the newest first. ``pending``: only those whose answer is awaited."""
    query = (
        select(LineChange, Slot, Programme.title, Site)
        .join(Slot, col(Slot.id) == LineChange.slot_id)
        .join(Programme, col(Programme.id) == Slot.programme_id)
        .join(Site, col(Site.id) == LineChange.site_id)
        .order_by(col(LineChange.id).desc())
    )
    if pending:
        query = query.where(col(LineChange.state).in_(PENDING), col(LineChange.undone_at).is_(None))
    else:
        query = query.limit(MOST_CHANGES)
    if slot_id is not None:
        query = query.where(LineChange.slot_id == slot_id)
    if state:
        query = query.where(LineChange.state == state, col(LineChange.undone_at).is_(None))
    people = dict(session.exec(select(Person.id, Person.name)).all())
    return [_change(*row, people) for row in session.exec(query)]


def _change(row: LineChange, slot: Slot, title: str, site: Site, people: dict[int | None, str]) -> ChangeView:
    return ChangeView(
        id=id_of(row),
        kind=row.kind,
        state=row.state,
        undone=row.undone_at is not None,
        line_id=row.line_id,
        new_line_id=row.new_line_id,
        slot_id=row.slot_id,
        programme=title,
        site_code=site.code,
        site_name=site.name,
        has_mail=bool(site.notice_mail or site.desk.get("mail")),
        old_khz=(row.was or {}).get("khz"),
        khz=row.khz,
        times=Times(slot.start_minute, slot.stop_minute, row.days),
        first_date=row.first_date,
        last_date=row.last_date,
        starts_at=row.starts_at,
        cut_off_at=row.cut_off_at,
        reason=row.reason,
        asked_by=people.get(row.asked_by),
        answered_at=row.answered_at,
        answered_by=people.get(row.answered_by),
        answered_name=row.answered_name,
        answered_how=row.answered_how,
        answer_note=row.answer_note,
    )


def sites_of(session: Session) -> Sequence[Site]:
    return session.exec(select(Site).order_by(col(Site.code))).all()
