"""Which line was on the air at a time: what a report of a frequency is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session, select

from app.airings.carriage import carriages
from app.airings.materialise import slot_value
from app.airings.models import Airing
from app.database import id_of
from app.frequencies.models import Line, Site
from app.programmes.models import Slot
from app.reports.errors import Refused
from schedules.slots import occurrences
from schedules.time import Span, to_kst

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OnAir:
    """A line, its site, and from when to when it was on the air."""

    line: Line
    site: Site
    span: Span


def on_air(session: Session, around: Span) -> list[OnAir]:
    """Everything of ours that is on the air within a span, in order of its start.

    Airings tell what was; where a slot has none on a day (one from before it was written here), its times do.
    """
    first = datetime.combine((around.start - _DAY).date(), time(), UTC)
    starts = Span(first, around.end)
    airings = session.exec(
        select(Airing).where(Airing.starts_at >= starts.start, Airing.starts_at < starts.end)
    ).all()
    spans = [(row.slot_id, Span(row.starts_at, row.stops_at)) for row in airings if row.state != "cancelled"]
    known = {(row.slot_id, row.starts_at.date()) for row in airings}
    slots = select(Slot).where(Slot.first_date <= around.end.date(), Slot.last_date >= starts.start.date())
    spans += [
        (id_of(row), span)
        for row in session.exec(slots).all()
        for span in occurrences(slot_value(row), starts)
        if (row.id, span.start.date()) not in known
    ]
    return [
        OnAir(one.line, one.site, span)
        for slot_id, span in sorted(spans, key=lambda each: (each[1], each[0]))
        if span.overlaps(around)
        for one in carriages(session, slot_id, span.start.date())
    ]


def line_heard(session: Session, at: datetime, line_id: int | None, khz: int | None) -> Line:
    """The line that was on the air at an instant, by its id or its frequency.

    Raises Refused, which says what was on the air instead, or which lines there are to choose from.
    """
    near = on_air(session, Span(at - _DAY, at + _DAY))
    wanted = [one for one in near if (one.line.khz == khz if line_id is None else one.line.id == line_id)]
    then = [one for one in wanted if one.span.contains(at)]
    if len(then) > 1:
        raise Refused(
            "several-lines",
            f"{khz} kHz was on the air at {at:%Y-%m-%d %H:%M} UTC over {_listed(then)}: send one of them as line_id",
            field="khz",
            khz=khz,
            choices=tuple((one.line.id, one.site.code) for one in then),
        )
    if then:
        return then[0].line
    raise _not_on_air(at, near, wanted, line_id, khz)


def _not_on_air(
    at: datetime, near: Sequence[OnAir], wanted: Sequence[OnAir], line_id: int | None, khz: int | None
) -> Refused:
    what = f"{khz} kHz" if line_id is None else f"line {line_id}"
    field = "khz" if line_id is None else "line_id"
    when = f"{at:%Y-%m-%d %H:%M} UTC"
    if wanted:
        nearest = min(wanted, key=lambda one: min(abs(one.span.start - at), abs(one.span.end - at)))
        span, kst = nearest.span, (to_kst(nearest.span.start), to_kst(nearest.span.end))
        times = f"{span.start:%Y-%m-%d %H:%M}-{span.end:%H:%M} UTC ({kst[0]:%m-%d %H:%M}-{kst[1]:%H:%M} KST)"
        return Refused(
            "not-on-air-then",
            f"{what} was not on the air at {when}: the nearest time is {times}; is the time zone right?",
            field="heard_at",
            what=what,
            times=times,
        )
    then = sorted({one.line.khz for one in near if one.span.contains(at)})
    instead = ", ".join(f"{each} kHz" for each in then) or "nothing"
    return Refused(
        "not-ours",
        f"{what} was not on the air within a day of {when}; of ours there was {instead} at that time",
        field=field,
        what=what,
        instead=instead,
    )


def _listed(found: Sequence[OnAir]) -> str:
    return ", ".join(f"line {one.line.id} ({one.site.code})" for one in found)
