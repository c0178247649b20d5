"""The minutes of a contract in one month: booked, delivered, confirmed, disputed, with the airings behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlmodel import Session, select

from app.contracts.billing import UNIT_MINUTES, BillingUnit, BookedPer, Days, billed_minutes, booked_minutes
from app.contracts.matching import Carried, Claim, Logged, Matched, Unclaimed, match, minutes_of
from app.contracts.models import Contract, LogEntry
from app.contracts.proved import proved
from app.contracts.service import contract, period
from app.errors import Invalid
from schedules.said import say
from schedules.time import Span

UNPROVED: dict[str, Claim] = {"planned": "nothing", "sent": "sent"}
"""Evidence that is less than a delivery. Any other is one, or more."""

AROUND = timedelta(days=1)
"""Airings and rows of the days beside a month take part in the comparison, so that nothing at its edges stands alone."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Minutes; what they are billed as, airing by airing; and the price of that in the currency's smallest unit."""

    minutes: int
    billed_minutes: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a contract. ``days`` are those that the contract covers."""

    contract: Contract
    days: Days
    booked: Figure
    delivered: Figure
    sent: Figure
    confirmed: Figure
    disputed: Figure
    airings: tuple[Matched, ...]
    unclaimed: tuple[Unclaimed, ...]


def reckon(session: Session, contract_id: int, month: Days) -> Month:
    """The month, from the record of what was aired and the site's imported logs.

    Raises:
        NotFound: there is no such contract.
        Invalid: it does not run in that month.
    """
    of = contract(session, contract_id)
    days = period(of).shared_with(month)
    if days is None:
        raise Invalid(
            say(
                "wrong-contract-month",
                "the contract runs from {first_on} to {last_on}",
                first_on=of.first_date,
                last_on=of.last_date,
            ),
            field="month",
        )
    span = days.span
    around = Span(span.start - AROUND, span.end + AROUND)
    matched, unclaimed = match(_carried(session, of.site_id, around), _logged(session, contract_id, around))
    matched = tuple(one for one in matched if span.contains(one.carried.span.start))
    unclaimed = tuple(one for one in unclaimed if span.contains(one.entry.span.start))
    booked = booked_minutes(of.booked_minutes, cast("BookedPer", of.booked_per), period(of), month)
    return Month(
        contract=of,
        days=days,
        booked=_figure(of, [booked]),
        delivered=_figure(of, _whole(matched, "delivered")),
        sent=_figure(of, _whole(matched, "sent")),
        confirmed=_figure(of, (one.confirmed for one in matched)),
        disputed=_figure(of, [*(one.disputed for one in matched), *(one.minutes for one in unclaimed)]),
        airings=matched,
        unclaimed=unclaimed,
    )


def _whole(matched: Iterable[Matched], claim: Claim) -> list[int]:
    return [minutes_of(one.carried.span.duration) for one in matched if one.carried.claim == claim]


def _figure(of: Contract, minutes: Iterable[int]) -> Figure:
    unit = cast("BillingUnit", of.billing_unit)
    each = list(minutes)
    billed = sum(billed_minutes(one, unit) for one in each)
    return Figure(sum(each), billed, billed // UNIT_MINUTES[unit] * of.price_minor)


def _carried(session: Session, site_id: int, span: Span) -> list[Carried]:
    """The recorded airings of a site's lines that start in a span."""
    return [
        Carried(one.airing_id, one.line_id, one.khz, one.span, claim_of(one.evidence))
        for one in proved(session, span, site_id=site_id)
    ]


def claim_of(evidence: str) -> Claim:
    """What a kind of evidence proves of a delivery."""
    return UNPROVED.get(evidence, "delivered")


def _logged(session: Session, contract_id: int, span: Span) -> list[Logged]:
    rows = session.exec(
        select(LogEntry).where(
            LogEntry.contract_id == contract_id,
            LogEntry.starts_at >= span.start,
            LogEntry.starts_at < span.end,
        )
    )
    return [Logged(row.id or 0, Span(row.starts_at, row.stops_at), row.khz, row.aired) for row in rows]
