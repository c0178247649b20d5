"""The minutes of a contract in one month: booked, delivered, confirmed, disputed, with the airings behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast

from sqlmodel import Session, col, func, select

from app.airings.models import Airing, AsRun
from app.contracts.billing import UNIT_MINUTES, BillingUnit, BookedPer, Days, billed_minutes, booked_minutes
from app.contracts.matching import Carried, Claim, Logged, Matched, Unclaimed, match, minutes_of
from app.contracts.models import Contract, LogEntry
from app.contracts.service import contract, period
from app.errors import Invalid
from app.frequencies.models import Line
from schedules.time import Span

UNPROVED: dict[str, Claim] = {"planned": "nothing", "sent": "sent"}
"""Evidence that is less than a delivery. Any other is one, or more."""

STRENGTH: tuple[Claim, ...] = ("nothing", "sent", "delivered")

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
        raise Invalid(f"the contract runs from {of.first_date} to {of.last_date}", field="month")
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
    """The recorded airings of a site's lines that start in a span. An airing is as sure as the weakest row of its surest feed, feeds that take parts of it counting as one."""
    rows = session.exec(
        select(
            AsRun.airing_id,
            AsRun.line_id,
            AsRun.feed_id,
            AsRun.evidence,
            func.json_extract(AsRun.details, "$.part").is_not(None),
            Line.khz,
            Airing.starts_at,
            Airing.stops_at,
        )  # type: ignore[call-overload]
        .join(Airing, col(Airing.id) == col(AsRun.airing_id))
        .join(Line, col(Line.id) == col(AsRun.line_id))
        .where(
            Line.site_id == site_id,
            Airing.starts_at >= span.start,
            Airing.starts_at < span.end,
            # A live feed that was lost and found again within a minute has sent its airing, as minutes are counted
            func.coalesce(func.json_extract(AsRun.details, "$.short"), 0) == 0,
        )
        .order_by(Airing.starts_at, AsRun.line_id)
        .distinct()
    ).all()
    spans: dict[tuple[int, int], tuple[int, Span]] = {}
    claims: defaultdict[tuple[int, int], dict[int | Literal["parts"] | None, Claim]] = defaultdict(dict)
    for airing_id, line_id, feed_id, evidence, is_part, khz, starts_at, stops_at in rows:
        spans[airing_id, line_id] = khz, Span(starts_at, stops_at)
        of_feed = claims[airing_id, line_id]
        claim = UNPROVED.get(evidence, "delivered")
        whole: int | Literal["parts"] | None = "parts" if is_part else feed_id
        of_feed[whole] = min(of_feed.get(whole, claim), claim, key=STRENGTH.index)
    return [
        Carried(*key, khz, airing, max(claims[key].values(), key=STRENGTH.index))
        for key, (khz, airing) in spans.items()
    ]


def _logged(session: Session, contract_id: int, span: Span) -> list[Logged]:
    rows = session.exec(
        select(LogEntry).where(
            LogEntry.contract_id == contract_id,
            LogEntry.starts_at >= span.start,
            LogEntry.starts_at < span.end,
        )
    )
    return [Logged(row.id or 0, Span(row.starts_at, row.stops_at), row.khz, row.aired) for row in rows]
