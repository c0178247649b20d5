"""What is wrong with a season: conflicts among our lines and with everybody else's, and what each line shows by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

from sqlmodel import Session, col, select

from app.contracts.billing import BookedPer, Days, booked_minutes
from app.contracts.models import Contract
from app.contracts.service import booked_spans, period
from app.database import id_of
from app.frequencies.models import Site
from app.schedule.background import background_lines
from app.schedule.own import own_lines
from schedules.frequencies.conflicts import Conflict, background_conflicts, own_conflicts
from schedules.frequencies.findings import (
    Finding,
    Kind,
    booking_findings,
    change_findings,
    line_findings,
)
from schedules.frequencies.levels import Severity
from schedules.frequencies.line import Line
from schedules.frequencies.occurrences import occurrences
from schedules.said import say
from schedules.season import Season
from schedules.time import Span


@dataclass(frozen=True, slots=True)
class Check:
    """Each in order of importance. ``others`` is how many lines of other people were looked at."""

    own: tuple[Conflict, ...]
    background: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    others: int

    @property
    def worst(self) -> Severity | None:
        found = [one.level.severity for one in (*self.own, *self.background)]
        return max([*found, *(one.severity for one in self.findings)], default=None)


def check(session: Session, season: Season, since: datetime | None = None) -> Check:
    """Everything from an instant on; None for the whole season."""
    start = season.start if since is None else min(max(since, season.start), season.end)
    span = Span(start, season.end)
    lines = own_lines(session, season)
    others = background_lines(session, season)
    retune_s = dict(
        session.exec(select(Site.code, Site.retune_s).where(col(Site.retune_s).is_not(None))).all()
    )
    findings = [
        *line_findings(lines, season),
        *change_findings(lines, season),
        *_bookings(session, lines, season),
    ]
    return Check(
        own=own_conflicts(lines, span, cast("dict[str, int]", retune_s)),
        background=background_conflicts(lines, others, span),
        findings=tuple(sorted(findings, key=lambda one: -one.severity)),
        others=len(others),
    )


def _bookings(session: Session, lines: Sequence[Line], season: Season) -> Iterator[Finding]:
    """Where our lines at a site use less, or more, than its contracts have booked: by the hour, month, or period."""
    sites = {site.id: site.code for site in session.exec(select(Site))}
    for contract in session.exec(select(Contract).order_by(col(Contract.id))):
        days = period(contract).shared_with(Days(season.start.date(), season.end.date()))
        if days is None:
            continue
        there = [line for line in lines if line.site == sites[contract.site_id]]
        if contract.hours:  # they say more than their sum
            shared = days.span.intersection(season.span)
            if shared is not None:
                yield from booking_findings(_starting(there, days), booked_spans(contract, shared), shared)
            continue
        for span in _reckoned(contract, days):
            booked = booked_minutes(
                contract.booked_minutes, cast("BookedPer", contract.booked_per), period(contract), span
            )
            found = occurrences(_starting(there, span), span.span, season)
            used = int((found.stop - found.start).sum())
            if used != booked:
                yield _booking(contract, sites[contract.site_id], span, booked, used)


def _starting(lines: Sequence[Line], days: Days) -> list[Line]:
    """What of lines starts on these days: what is past midnight belongs to the day, and the contract, before."""
    return [
        replace(line, first_date=max(line.first_date, days.first), last_date=min(line.last_date, days.last))
        for line in lines
        if line.first_date <= days.last and days.first <= line.last_date
    ]


def _booking(contract: Contract, site: str, days: Days, booked: int, used: int) -> Finding:
    message = say(
        "found-contract",
        "contract {contract_id} with {site} has {booked} minutes booked from {first_on} to {last_on}, and our lines "
        "there use {used}",
        contract_id=id_of(contract),
        site=site,
        booked=booked,
        first_on=days.first,
        last_on=days.last,
        used=used,
    )
    return Finding(Kind.BOOKED_UNUSED if used < booked else Kind.AIRED_UNBOOKED, message, span=days.span)


def _reckoned(contract: Contract, days: Days) -> Iterator[Days]:
    """The days over which a contract and the season can be compared: those that the season has whole."""
    if contract.booked_per == "month":
        return _months(days)
    return iter([days] if days == period(contract) else [])


def _months(days: Days) -> Iterator[Days]:
    """The calendar months that lie wholly within, in order: of others nobody knows how much is booked for their part."""
    first = days.first.replace(day=1)
    while first <= days.last:
        following = (first + timedelta(days=32)).replace(day=1)
        month = Days(first, following - timedelta(days=1))
        if days.first <= month.first and month.last <= days.last:
            yield month
        first = date(following.year, following.month, 1)
