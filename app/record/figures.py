"""The figures of a report for people outside: minutes by site, programme and evidence, deadlines, and how it was heard.

What leaves the station carries no names (DESIGN, 6), and lines of today may be used tomorrow. So by the types of this
module nothing of a person can get in: sites are named by their HFCC code and programmes by the code that their files
carry, never by a title, which may name who speaks; reception reports are only counted, without places and notes; and
there is no frequency in it at all, of a line that has ended neither, because it may be used again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.contracts.billing import Days, parse_month
from app.contracts.matching import minutes_of
from app.contracts.models import Contract
from app.contracts.proved import EVIDENCE, Proved, proved
from app.contracts.reckoning import claim_of, reckon
from app.database import id_of
from app.errors import Invalid
from app.frequencies.models import Site
from app.handoffs.deadlines import Deadlines, deadlines_met
from app.programmes.models import Programme, Slot
from app.reports.models import ReceptionReport
from schedules.said import say
from schedules.time import Span

LONGEST_MONTHS = 24

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Minutes:
    """What was booked (None where that is not told), what we planned, and what became of it."""

    code: str
    booked: int | None = None
    planned: int = 0
    delivered: int = 0
    sent: int = 0
    confirmed: int = 0


@dataclass(frozen=True, slots=True)
class Reception:
    """Reception reports, counted: the overall merit from 1 to 5, what was over us, and who heard."""

    count: int
    merits: tuple[tuple[str, int], ...]
    jamming: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """A report's whole content. Months and days are those of UTC."""

    first: date
    last: date
    total: Minutes
    sites: tuple[Minutes, ...]
    programmes: tuple[Minutes, ...]
    months: tuple[Minutes, ...]
    evidence: tuple[tuple[str, int], ...]
    deadlines: Deadlines
    reception: Reception


def wanted_months(first: str, last: str | None, now: datetime) -> tuple[Days, ...]:
    """The months from ``2026-10`` to ``2026-11``, both included.

    Raises:
        Invalid: they are no months, in the wrong order, too many, or not over yet.
    """
    months = [parse_month(first)]
    until = _month(last, "until") if last else months[0]
    if until.first < months[0].first:
        told = "{last} is before {first}"
        raise Invalid(say("wrong-report-order", told, last=last or first, first=first), field="until")
    while months[-1].last < until.first and len(months) <= LONGEST_MONTHS:
        months.append(parse_month(f"{months[-1].last + _DAY:%Y-%m}"))
    if len(months) > LONGEST_MONTHS:
        told = "a report is of {most} months at most"
        raise Invalid(say("wrong-report-long", told, most=LONGEST_MONTHS), field="until")
    if months[-1].span.end > now:
        told = "{month} is not over yet, and a report never changes: make it after its last day"
        not_over = say("wrong-report-early", told, month=f"{until.first:%Y-%m}")
        raise Invalid(not_over, field="until" if last else "month")
    return tuple(months)


def _month(text: str, field: str) -> Days:
    try:
        return parse_month(text)
    except Invalid as wrong:
        raise Invalid(str(wrong), field=field) from None


def figures(session: Session, months: Sequence[Days], now: datetime) -> Figures:
    """Count some months that follow each other."""
    span = Span(months[0].span.start, months[-1].span.end)
    rows = proved(session, span)
    booked, confirmed = _by_contracts(session, months)
    sites = {id_of(site): site.code for site in session.exec(select(Site))}
    programmes = _programmes(session, span)
    booked_at, booked_in = Counter[str](), Counter({_name(month): 0 for month in months})
    for (site_id, month), minutes in booked.items():
        booked_at[sites[site_id]] += minutes
        booked_in[month] += minutes
    return Figures(
        first=months[0].first,
        last=months[-1].last,
        total=_summed("", rows, confirmed, booked_at.total()),
        sites=_grouped(rows, lambda one: sites[one.site_id], confirmed, booked_at),
        programmes=_grouped(rows, lambda one: programmes[one.airing_id], confirmed, {}),
        months=_grouped(rows, lambda one: f"{one.span.start:%Y-%m}", confirmed, booked_in),
        evidence=_by_evidence(rows),
        deadlines=sum(deadlines_met(session, span, now).values(), Deadlines()),
        reception=_reception(session, span),
    )


Confirmed = Mapping[tuple[int, int], int]
"""Minutes that a site's log confirms, by airing and line."""


def _name(month: Days) -> str:
    return f"{month.first:%Y-%m}"


def _by_contracts(
    session: Session, months: Sequence[Days]
) -> tuple[dict[tuple[int, str], int], dict[tuple[int, int], int]]:
    """Minutes booked by site and month, and confirmed by airing and line."""
    booked: defaultdict[tuple[int, str], int] = defaultdict(int)
    confirmed: dict[tuple[int, int], int] = {}
    for month in months:
        runs = select(Contract.id, Contract.site_id).where(
            Contract.first_date <= month.last, Contract.last_date >= month.first
        )
        for contract_id, site_id in session.exec(runs).all():
            reckoned = reckon(session, contract_id or 0, month)
            booked[site_id, _name(month)] += reckoned.booked.minutes
            for one in reckoned.airings:
                confirmed[one.carried.airing_id, one.carried.line_id] = one.confirmed
    return dict(booked), confirmed


def _programmes(session: Session, span: Span) -> dict[int, str]:
    """The code of each airing's programme."""
    query = (
        select(Airing.id, Programme.code)
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(Airing.starts_at >= span.start, Airing.starts_at < span.end)
    )
    return {airing_id or 0: code for airing_id, code in session.exec(query)}


def _grouped(
    rows: Iterable[Proved], key: Callable[[Proved], str], confirmed: Confirmed, booked: Mapping[str, int]
) -> tuple[Minutes, ...]:
    """The rows summed by their code, in the codes' order; what was booked and never carried is there too."""
    groups: defaultdict[str, list[Proved]] = defaultdict(list, {code: [] for code in booked})
    for one in rows:
        groups[key(one)].append(one)
    return tuple(_summed(code, group, confirmed, booked.get(code)) for code, group in sorted(groups.items()))


def _summed(code: str, rows: Sequence[Proved], confirmed: Confirmed, booked: int | None) -> Minutes:
    claims = Counter[str]()
    for one in rows:
        claims[claim_of(one.evidence)] += minutes_of(one.span.duration)
    return Minutes(
        code=code,
        booked=booked,
        planned=claims.total(),
        delivered=claims["delivered"],
        sent=claims["sent"],
        confirmed=sum(confirmed.get((one.airing_id, one.line_id), 0) for one in rows),
    )


def _by_evidence(rows: Iterable[Proved]) -> tuple[tuple[str, int], ...]:
    """Minutes by their evidence, the strongest first."""
    minutes = Counter[str]()
    for one in rows:
        minutes[one.evidence] += minutes_of(one.span.duration)
    return tuple((kind, minutes[kind]) for kind in reversed(EVIDENCE) if kind in minutes)


def _reception(session: Session, span: Span) -> Reception:
    def counted(column: Any) -> tuple[tuple[str, int], ...]:
        query = select(column, func.count()).where(
            ReceptionReport.heard_at >= span.start, ReceptionReport.heard_at < span.end
        )
        rows = session.exec(query.group_by(column).order_by(column)).all()
        return tuple((str(value), count) for value, count in rows)

    merits = counted(ReceptionReport.overall)
    return Reception(
        count=sum(count for _, count in merits),
        merits=merits,
        jamming=counted(ReceptionReport.jamming),
        sources=counted(ReceptionReport.source),
    )
