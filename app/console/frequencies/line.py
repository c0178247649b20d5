"""One line's page: its facts, what may be done with it, and what a form about it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlmodel import Session, col, select

from app.console.frequencies.rows import changes_of, lines_of, sites_of
from app.console.frequencies.views import ChangeView, LineView, Times
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.frequencies.service import feeds_of
from app.moves.models import PoolEntry
from app.moves.occurrences import days_between, start_of
from app.programmes.models import Programme, Slot
from app.records import find
from app.reports.models import ReceptionReport
from schedules.time import Span

MOST_STARTS = 60
"""So many coming occurrences are offered for a change to begin with: two months of a daily line."""

MOST_REPORTS = 20


@dataclass(frozen=True, slots=True)
class Start:
    """An occurrence that is to come: its UTC start day, by which the API names it, and when that is."""

    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class SiteFeeds:
    """A site, and the feeds there that may take a line's audio."""

    site: Site
    feeds: tuple[Feed, ...]

    @property
    def mail(self) -> str:
        """Where notices of changes go; empty where people must tell it."""
        return self.site.notice_mail or self.site.desk.get("mail", "")


@dataclass(frozen=True, slots=True)
class LinePage:
    row: Line
    line: LineView
    slot: Slot
    site: Site
    feeds: tuple[Feed, ...]
    starts: tuple[Start, ...]
    next: Span | None
    """The next occurrence, or the one that is on the air."""
    pool: Sequence[PoolEntry]
    active: frozenset[int]
    """The frequencies of the slot that are on the air at that occurrence."""
    parallel: tuple[LineView, ...]
    changes: tuple[ChangeView, ...]
    reports: Sequence[ReceptionReport]


@dataclass(frozen=True, slots=True)
class SlotChoice:
    """A slot that a new line may carry."""

    id: int
    programme: str
    times: Times
    first_date: date
    last_date: date


def line_page(session: Session, line_id: int, now: datetime) -> LinePage:
    """Raises NotFound."""
    row = find(session, Line, line_id, "line")
    slot = session.get_one(Slot, row.slot_id)
    of_slot = lines_of(session, slot_id=row.slot_id)
    length = Times(slot.start_minute, slot.stop_minute, row.days)
    following = _starts(slot, row, now)
    coming = following[0] if following else None
    return LinePage(
        row=row,
        line=next(one for one in of_slot if one.id == line_id),
        slot=slot,
        site=session.get_one(Site, row.site_id),
        feeds=_feeds(session, feeds_of(session, [line_id]).get(line_id, [])),
        starts=tuple(one for one in following if one.at > now)[:MOST_STARTS],
        next=Span(coming.at, coming.at + length.length) if coming else None,
        pool=pool_of(session, row.slot_id),
        active=active_on(of_slot, coming.day if coming else now.date()),
        parallel=tuple(one for one in of_slot if one.id != line_id),
        changes=tuple(
            one
            for one in changes_of(session, slot_id=row.slot_id)
            if line_id in (one.line_id, one.new_line_id)
        ),
        reports=session.exec(
            select(ReceptionReport)
            .where(ReceptionReport.line_id == line_id)
            .order_by(col(ReceptionReport.heard_at).desc())
            .limit(MOST_REPORTS)
        ).all(),
    )


def _starts(slot: Slot, row: Line, now: datetime) -> Sequence[Start]:
    length = Times(slot.start_minute, slot.stop_minute, row.days).length
    first = max(row.first_date, (now - length).date())
    found = (Start(day, start_of(slot, day)) for day in days_between(row.days, first, row.last_date))
    return [one for one in islice(found, MOST_STARTS + 2) if one.at + length > now]


def active_on(lines: Sequence[LineView], day: date) -> frozenset[int]:
    """The frequencies that are on the air on a UTC start day."""
    return frozenset(
        one.khz
        for one in lines
        if one.first_date <= day <= one.last_date and str(day.isoweekday()) in one.times.days
    )


def pool_of(session: Session, slot_id: int) -> Sequence[PoolEntry]:
    found = select(PoolEntry).where(PoolEntry.slot_id == slot_id)
    return session.exec(found.order_by(col(PoolEntry.khz), col(PoolEntry.id))).all()


def _feeds(session: Session, feed_ids: Sequence[int]) -> tuple[Feed, ...]:
    return tuple(session.exec(select(Feed).where(col(Feed.id).in_(feed_ids)).order_by(col(Feed.id))))


def site_choices(session: Session) -> list[SiteFeeds]:
    """Every site with its feeds."""
    feeds = session.exec(select(Feed).order_by(col(Feed.name))).all()
    return [
        SiteFeeds(site, tuple(one for one in feeds if one.site_id == site.id)) for site in sites_of(session)
    ]


def slot_choices(session: Session) -> list[SlotChoice]:
    """Every slot, by programme and time."""
    rows = session.exec(
        select(Slot, Programme.title)
        .join(Programme, col(Programme.id) == Slot.programme_id)
        .order_by(col(Programme.title), col(Slot.start_minute), col(Slot.id))
    )
    return [
        SlotChoice(
            id_of(slot),
            title,
            Times(slot.start_minute, slot.stop_minute, slot.days),
            slot.first_date,
            slot.last_date,
        )
        for slot, title in rows
    ]
