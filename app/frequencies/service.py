"""Sites and lines: what may be written, and by whom it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from app.airings.models import AsRun
from app.contracts.models import Contract
from app.database import id_of
from app.errors import Invalid
from app.feeds.models import Feed
from app.frequencies.fitting import require_fit, require_no_gaps
from app.frequencies.models import Line, LineFeed, Site
from app.journal.service import record
from app.moves.models import LineChange, PoolEntry, SiteNotice
from app.moves.pending import require_settled
from app.programmes.models import Slot
from app.programmes.service import times_of
from app.records import find, referred, require_free, require_revision, require_unused, revise
from app.reports.models import ReceptionReport
from schedules.days import Days, check_days, days_to_eibi, format_days
from schedules.frequencies.bands import HIGHEST_KHZ, LOWEST_KHZ
from schedules.said import Said, say

OF_THE_RECORD = ("slot_id", "site_id", "khz")
"""What as-run knows by the line alone: changing it would rewrite what was aired."""

ASKED_OF_THE_SITE = (*OF_THE_RECORD, "days", "first_date", "last_date")
"""What a notice tells the site of a line: not to be changed while the site is thinking about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFields:
    """What a person says of a transmitter site."""

    code: str
    name: str
    operator: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    contacts: str | None = None
    desk: dict[str, str] = field(default_factory=dict)
    desk_in_alarms: bool = False
    country: str | None = None
    retune_s: int | None = None
    notice_h: float = 0
    notice_mail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """What a person says of a line. Days and dates that are left out are the slot's."""

    slot_id: int
    site_id: int
    khz: int
    power_kw: float | None = None
    azimuth: int | None = None
    ciraf_zones: str | None = None
    days: Days | None = None
    first_date: date | None = None
    last_date: date | None = None
    transmitter: str | None = None
    synchronised: str | None = None
    texts: dict[str, str] | None = None
    """As it stands in a file; None leaves what is there."""
    feed_ids: tuple[int, ...] = ()


def site(session: Session, site_id: int) -> Site:
    """Raises NotFound."""
    return find(session, Site, site_id, "site")


def create_site(session: Session, fields: SiteFields, *, now: datetime, by: int | None) -> Site:
    """Add a site. Raises Conflict where the code is taken."""
    _check_code(session, fields.code, None)
    made = Site(**asdict(fields), created_at=now)
    session.add(made)
    session.flush()
    record(session, "site.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_site(
    session: Session, site_id: int, fields: SiteFields, *, expected: int | None, now: datetime, by: int | None
) -> Site:
    """Change a site. Raises NotFound, StaleRevision, Conflict."""
    changed = site(session, site_id)
    require_revision(changed, expected)
    _check_code(session, fields.code, site_id)
    names = revise(changed, asdict(fields))
    record(session, "site.changed", at=now, person_id=by, subject_id=site_id, fields=names)
    return changed


def delete_site(session: Session, site_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict while it has lines or feeds."""
    gone = site(session, site_id)
    require_unused(
        session,
        col(Line.site_id),
        site_id,
        lambda count: say(
            "wrong-site-lines",
            "site {site_id} has {count} lines: delete them first",
            count=count,
            site_id=site_id,
        ),
    )
    require_unused(
        session,
        col(Feed.site_id),
        site_id,
        lambda count: say(
            "wrong-site-feeds",
            "site {site_id} has {count} feeds: delete them first",
            count=count,
            site_id=site_id,
        ),
    )
    require_unused(
        session,
        col(Contract.site_id),
        site_id,
        lambda count: say(
            "wrong-site-contracts",
            "site {site_id} has {count} contracts: delete them first",
            count=count,
            site_id=site_id,
        ),
    )
    for column in (col(LineChange.site_id), col(SiteNotice.site_id)):
        require_unused(
            session,
            column,
            site_id,
            lambda count: say(
                "wrong-site-record",
                "site {site_id} has {count} changes or notices on record, which are kept",
                count=count,
                site_id=site_id,
            ),
        )
    session.exec(delete(PoolEntry).where(col(PoolEntry.site_id) == site_id))
    session.delete(gone)
    record(session, "site.deleted", at=now, person_id=by, subject_id=site_id)


def line(session: Session, line_id: int) -> Line:
    """Raises NotFound."""
    return find(session, Line, line_id, "line")


def create_line(
    session: Session, fields: LineFields, *, room_bytes: int, now: datetime, by: int | None
) -> Line:
    """Add a line to a slot; ``room_bytes`` as in `require_fit`. Raises Invalid, BadDays."""
    made = Line(**checked_columns(session, fields, room_bytes), created_at=now)
    session.add(made)
    session.flush()
    set_feeds(session, id_of(made), fields.feed_ids)
    record(session, "line.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_line(
    session: Session,
    line_id: int,
    fields: LineFields,
    *,
    room_bytes: int,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Line:
    """Change a line and the feeds that take its audio.

    Raises:
        NotFound, StaleRevision, Invalid, BadDays: as elsewhere.
        Conflict: it has been on the air or reported, and the record would tell another slot, site or frequency than it was.
    """
    changed = line(session, line_id)
    require_revision(changed, expected)
    columns = checked_columns(session, fields, room_bytes)
    if any(getattr(changed, name) != columns[name] for name in ASKED_OF_THE_SITE):
        require_settled(session, line_id)
    if any(getattr(changed, name) != columns[name] for name in OF_THE_RECORD):
        _require_unaired(
            session, line_id, say("wrong-instead-new", "end it with an earlier last date and add a new line")
        )
    names = revise(changed, columns)
    if set(feeds_of(session, [line_id]).get(line_id, [])) != set(fields.feed_ids):
        set_feeds(session, line_id, fields.feed_ids)
        if not names:
            changed.revision += 1
        names.append("feed_ids")
    if names:
        record(session, "line.changed", at=now, person_id=by, subject_id=line_id, fields=names)
    return changed


def delete_line(session: Session, line_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict once something was recorded as aired over it or reported of it."""
    gone = line(session, line_id)
    _require_unaired(session, line_id, say("wrong-instead-end", "end it with an earlier last date instead"))
    for column in (
        col(LineChange.line_id),
        col(LineChange.new_line_id),
        col(LineChange.rest_line_id),
        col(LineChange.rolled_from_id),
    ):
        require_unused(
            session,
            column,
            line_id,
            lambda count: say(
                "wrong-line-changes",
                "line {line_id} has {count} changes on record, which are kept: undo them, or end it with an earlier last date",
                count=count,
                line_id=line_id,
            ),
        )
    set_feeds(session, line_id, ())
    session.delete(gone)
    record(session, "line.deleted", at=now, person_id=by, subject_id=line_id)


def feeds_of(session: Session, line_ids: Iterable[int]) -> dict[int, list[int]]:
    """The ids of the feeds of each of the lines."""
    feeds: dict[int, list[int]] = {}
    rows = session.exec(
        select(LineFeed).where(col(LineFeed.line_id).in_(list(line_ids))).order_by(col(LineFeed.feed_id))
    )
    for row in rows:
        feeds.setdefault(row.line_id, []).append(row.feed_id)
    return feeds


def _require_unaired(session: Session, line_id: int, instead: Said) -> None:
    require_unused(
        session,
        col(AsRun.line_id),
        line_id,
        lambda count: say(
            "wrong-line-aired",
            "line {line_id} has {count} entries in the record of what was aired, which is kept: {instead}",
            count=count,
            line_id=line_id,
            instead=instead,
        ),
    )
    require_unused(
        session,
        col(ReceptionReport.line_id),
        line_id,
        lambda count: say(
            "wrong-line-reported",
            "line {line_id} has {count} reception reports: {instead}",
            count=count,
            line_id=line_id,
            instead=instead,
        ),
    )


def _check_code(session: Session, code: str, site_id: int | None) -> None:
    require_free(
        session,
        col(Site.code),
        code,
        site_id,
        say("wrong-site-code", "there is already a site {code}", code=code),
    )


def set_feeds(session: Session, line_id: int, feed_ids: Iterable[int]) -> None:
    """Name the feeds that take a line's audio."""
    session.exec(delete(LineFeed).where(col(LineFeed.line_id) == line_id))
    session.add_all(LineFeed(line_id=line_id, feed_id=feed_id) for feed_id in sorted(set(feed_ids)))


def checked_columns(session: Session, fields: LineFields, room_bytes: int) -> dict[str, Any]:
    """A line's columns, once slot, site, feeds, days and dates are known to fit together. Raises Invalid, BadDays."""
    slot = referred(session, Slot, fields.slot_id, "slot", "slot_id")
    referred(session, Site, fields.site_id, "site", "site_id")
    require_shortwave(fields.khz, "khz")
    feeds: list[Feed] = []
    for position, feed_id in enumerate(fields.feed_ids):
        feed = referred(session, Feed, feed_id, "feed", f"feed_ids.{position}")
        if feed.site_id != fields.site_id:
            told = "feed {feed_id} belongs to site {its_site_id}, not to the line's site {site_id}"
            said = say("wrong-site", told, feed_id=feed_id, its_site_id=feed.site_id, site_id=fields.site_id)
            raise Invalid(said, field=f"feed_ids.{position}")
        require_fit(slot, feed, room_bytes, f"feed_ids.{position}")
        feeds.append(feed)
    require_no_gaps(slot, feeds)
    days, first_date, last_date = _checked_days(slot, fields)
    kept = asdict(fields)
    del kept["feed_ids"]
    if fields.texts is None:
        del kept["texts"]
    return kept | {"days": days_to_eibi(days), "first_date": first_date, "last_date": last_date}


def require_shortwave(khz: int, field: str) -> None:
    """Raises Invalid for any other frequency."""
    if not LOWEST_KHZ <= khz <= HIGHEST_KHZ:
        told = "{khz} kHz is not a shortwave frequency: write {least} to {most}"
        raise Invalid(say("wrong-khz", told, khz=khz, least=LOWEST_KHZ, most=HIGHEST_KHZ), field=field)


def _checked_days(slot: Slot, fields: LineFields) -> tuple[Days, date, date]:
    """Days and dates within the slot's, and at least one night among them."""
    times = times_of(slot)
    days = times.days if fields.days is None else fields.days
    first_date = fields.first_date or times.first_date
    last_date = fields.last_date or times.last_date
    check_days(days)
    if not days <= times.days:
        told = "the line's days ({days}) go beyond the slot's ({slot_days}, UTC)"
        said = say("wrong-days", told, days=format_days(days), slot_days=format_days(times.days))
        raise Invalid(said, field="days")
    if last_date < first_date:
        told = "the last date {last_on} is before the first date {first_on}"
        raise Invalid(say("wrong-dates", told, last_on=last_date, first_on=first_date), field="last_date")
    if first_date < times.first_date or last_date > times.last_date:
        field = "first_date" if first_date < times.first_date else "last_date"
        told = (
            "the line's dates ({first_on} to {last_on}) go beyond the slot's "
            "({slot_first_on} to {slot_last_on}, UTC)"
        )
        said = say(
            "wrong-beyond-slot",
            told,
            first_on=first_date,
            last_on=last_date,
            slot_first_on=times.first_date,
            slot_last_on=times.last_date,
        )
        raise Invalid(said, field=field)
    week = min(7, (last_date - first_date).days + 1)
    if not any((first_date + timedelta(days=step)).isoweekday() in days for step in range(week)):
        told = "from {first_on} to {last_on} there is no {days}: the line would never be on the air"
        said = say("wrong-never", told, first_on=first_date, last_on=last_date, days=format_days(days))
        raise Invalid(said, field="days")
    return days, first_date, last_date
