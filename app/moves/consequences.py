"""What a change would do, before anybody is asked: both outcomes, and what it touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from sqlmodel import Session, col, or_, select

from app.airings.models import Airing
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.frequencies.service import feeds_of
from app.moves.drafting import notice_starts
from app.moves.lines import pieces
from app.moves.models import LineChange, PoolEntry
from app.moves.occurrences import DAY
from app.moves.wording import row_of
from app.programmes.models import Slot
from app.schedule.background import background_lines
from app.schedule.own import own_lines, value_of
from app.settings import Settings
from schedules.frequencies.bands import notes_on
from schedules.frequencies.conflicts import Conflict, background_conflicts, own_conflicts
from schedules.said import Said, say
from schedules.season import season_at
from schedules.snapshot import CLOSED
from schedules.time import Span

AIRINGS_SHOWN = 50

NEW = "new"
"""The key, among our own lines, of one that has no row yet."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A line as it would be. ``line_id`` is None where it would get a row of its own."""

    line_id: int | None
    site_id: int
    khz: int
    power_kw: float | None
    azimuth: int | None
    ciraf_zones: str | None
    days: str
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class ConcernedAiring:
    airing_id: int
    starts_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class ConcernedFeed:
    """A feed that gets another file or manifest; ``renames``: its names hold the frequency."""

    feed_id: int
    name: str
    site_id: int
    renames: bool


@dataclass(frozen=True, slots=True)
class Consequences:
    """``ask_by`` is the site's own limit; the lines are those of the whole slot, whatever their dates."""

    starts_at: datetime
    cut_off_at: datetime
    ask_by: datetime
    notice_kept: bool
    airings: tuple[ConcernedAiring, ...]
    feeds: tuple[ConcernedFeed, ...]
    if_agreed: tuple[Planned, ...]
    if_refused: tuple[Planned, ...]
    conflicts: tuple[Conflict, ...]
    conflicts_now: tuple[Conflict, ...]
    """The same of the line as it is, over the same time: what the change ends, or keeps."""
    notes: tuple[Said, ...]


def consequences_of(session: Session, settings: Settings, change: LineChange, now: datetime) -> Consequences:
    """What a drafted change would do. It need not be stored."""
    ask_by = notice_starts(session, change)
    kept = now <= ask_by
    return Consequences(
        starts_at=change.starts_at,
        cut_off_at=change.cut_off_at,
        ask_by=ask_by,
        notice_kept=kept,
        airings=tuple(_airings(session, change)),
        feeds=tuple(_feeds(session, change)),
        if_agreed=tuple(_if_agreed(session, change)),
        if_refused=tuple(map(_as_it_is, _lines_of(session, change.slot_id))),
        conflicts=tuple(conflicts_of(session, change)),
        conflicts_now=tuple(conflicts_without(session, change)),
        notes=tuple(notes_of(session, settings, change, now)),
    )


def conflicts_of(session: Session, change: LineChange) -> list[Conflict]:
    """What the new frequency would do to our other lines and to everybody else's, in the season in which it begins.

    Without the line that it takes the place of; retuning is not looked at, since it is the same on every frequency.
    """
    if change.kind == "end":
        return []
    return _conflicts(session, change, row_of(change.model_dump()))


def conflicts_without(session: Session, change: LineChange) -> list[Conflict]:
    """What the line does as it is to the same lines over the same time; nothing of a line that is not there yet."""
    line = session.get(Line, change.line_id) if change.line_id is not None else None
    return [] if line is None else _conflicts(session, change, line)


def _conflicts(session: Session, change: LineChange, as_line: Line) -> list[Conflict]:
    season = season_at(change.starts_at)
    end = (
        datetime.combine(change.last_date, time(), UTC) + 2 * DAY
    )  # what starts on the last day may end on the next
    span = Span(change.starts_at, min(end, season.end))
    slot, site = session.get_one(Slot, change.slot_id), session.get_one(Site, as_line.site_id)
    looked_at = replace(value_of(as_line, slot, site, ""), key=NEW)
    others = [one for one in own_lines(session, season) if one.key != str(change.line_id)]
    own = [one for one in own_conflicts([looked_at, *others], span) if NEW in (one.line.key, one.other.key)]
    return [*own, *background_conflicts([looked_at], background_lines(session, season), span)]


def notes_of(session: Session, settings: Settings, change: LineChange, now: datetime) -> list[Said]:
    """What a frequency manager should know of a change."""
    site = session.get_one(Site, change.site_id)
    notes = [] if change.kind == "end" else [*notes_on(change.khz), *_of_pool(session, change)]
    if now > notice_starts(session, change):
        late = "{site} wants to be asked {hours} hours before: call it, for it may refuse for that alone"
        notes.append(say("move-notice-passed", late, site=site.code, hours=f"{site.notice_h:g}"))
    notes += _of_mail(site, settings)
    if change.kind in ("move", "one_night") and change.was and change.site_id != change.was["site_id"]:
        if not change.feed_ids:
            notes.append(
                say("move-no-feed-there", "no feed of {site} takes the audio: name its feeds", site=site.code)
            )
        notes.append(say("move-old-site-later", "the old site is told once the new one has agreed"))
    return notes


def _of_mail(site: Site, settings: Settings) -> list[Said]:
    """Why people have to ask the site themselves, or to write down what it answers."""
    if not (site.notice_mail or site.desk.get("mail")):
        told = "{site} has no mail address: tell it yourself and record its answer"
        return [say("move-no-mail-address", told, site=site.code)]
    if not settings.smtp_host:
        return [
            say("move-no-mail-server", "no mail server is set: tell the site yourself and record its answer")
        ]
    if not settings.public_url:
        told = "DANPA_PUBLIC_URL is not set, so the mail has no reply link: record the answer yourself"
        return [say("move-no-reply-link", told)]
    return []


def _of_pool(session: Session, change: LineChange) -> list[Said]:
    pool = session.exec(select(PoolEntry).where(PoolEntry.slot_id == change.slot_id)).all()
    ours = [each for each in pool if each.khz == change.khz and each.site_id in (None, change.site_id)]
    if pool and not ours:
        told = "{khz} kHz is not in the pool of slot {slot_id}: is it cleared?"
        return [say("move-not-in-pool", told, khz=change.khz, slot_id=change.slot_id)]
    return [
        say("move-in-pool", "in the pool: {status}", status=each.legal_status)
        for each in ours
        if each.legal_status
    ]


def _lines_of(session: Session, slot_id: int) -> list[Line]:
    return list(session.exec(select(Line).where(Line.slot_id == slot_id).order_by(col(Line.id))).all())


def _planned(
    line_id: int | None, wanted: Line | LineChange, days: str, first_date: date, last_date: date
) -> Planned:
    return Planned(
        line_id=line_id,
        site_id=wanted.site_id,
        khz=wanted.khz,
        power_kw=wanted.power_kw,
        azimuth=wanted.azimuth,
        ciraf_zones=wanted.ciraf_zones,
        days=days,
        first_date=first_date,
        last_date=last_date,
    )


def _as_it_is(line: Line) -> Planned:
    return _planned(line.id, line, line.days, line.first_date, line.last_date)


def _after(change: LineChange, line: Line) -> list[Planned]:
    if line.id != change.line_id:
        return [_as_it_is(line)]
    return [
        _planned(
            line.id if number == 0 else None,
            change if piece.is_new else line,
            line.days,
            piece.first_date,
            piece.last_date,
        )
        for number, piece in enumerate(pieces(change, line))
    ]


def _if_agreed(session: Session, change: LineChange) -> list[Planned]:
    planned = [each for line in _lines_of(session, change.slot_id) for each in _after(change, line)]
    if change.kind == "new":
        planned.append(_planned(None, change, change.days, change.first_date, change.last_date))
    return planned


def _airings(session: Session, change: LineChange) -> list[ConcernedAiring]:
    rows = session.exec(
        select(Airing)
        .where(
            Airing.slot_id == change.slot_id,
            Airing.starts_at >= change.starts_at,
            col(Airing.state).not_in(CLOSED),
        )
        .order_by(col(Airing.starts_at))
        .limit(AIRINGS_SHOWN)
    ).all()
    return [
        ConcernedAiring(id_of(row), row.starts_at, row.state)
        for row in rows
        if row.starts_at.date() <= change.last_date and str(row.starts_at.isoweekday()) in change.days
    ]


def _feeds(session: Session, change: LineChange) -> list[ConcernedFeed]:
    ids = set(change.feed_ids)
    if change.line_id is not None:
        ids |= set(feeds_of(session, [change.line_id]).get(change.line_id, []))
    seconds = select(Feed.second_feed_id).where(col(Feed.id).in_(ids))
    rows = session.exec(
        select(Feed).where(or_(col(Feed.id).in_(ids), col(Feed.id).in_(seconds))).order_by(col(Feed.id))
    ).all()
    return [ConcernedFeed(id_of(row), row.name, row.site_id, "{khz" in row.name_template) for row in rows]
