"""`/record`: what went out, night by night with its evidence; the minutes of contracts; and reports for people outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, select

from app.console.nights import shown_night
from app.console.record.document import shown as shown_figures
from app.console.record.reports_api import Sha256, get_frozen_report, names_of
from app.console.shell import SignedInPage
from app.console.sites.health import this_month
from app.console.sites.minutes import ContractMonth, beside, month_of, price, shown_month
from app.contracts.billing import Days
from app.contracts.models import Contract
from app.contracts.proved import EVIDENCE
from app.database import reading
from app.errors import Invalid
from app.frequencies.models import Site
from app.programmes.models import Programme
from app.record.figures import figures, wanted_months
from app.record.frozen import frozen_reports
from app.record.rows import WantedRows, as_run_rows, count_as_run, count_handoffs, handoff_rows
from app.web.dependencies import CurrentBlobs, Database
from app.web.routing import Router
from schedules.time import Span, night_span

router = Router(include_in_schema=False)

MOST_NIGHTS = 62
ROWS, MOST_ROWS = 100, 5000
"""Of a table, and of one that is asked for whole, to be printed: what is more is for the CSV files."""

KINDS = ("booked", "delivered", "sent", "confirmed", "disputed")


@router.get("/record", response_class=HTMLResponse)
@router.head("/record", response_class=HTMLResponse)
def show_record(
    page: SignedInPage,
    database: Database,
    night: str = "",
    until: str = "",
    site: str = "",
    programme: str = "",
    evidence: str = "",
    page_of_rows: Annotated[str, Query(alias="rows")] = "",
    page_of_handoffs: Annotated[str, Query(alias="deliveries")] = "",
) -> Response:
    """``night`` and ``until`` are dates, ``rows`` and ``deliveries`` the pages of the two tables or ``all`` of them.

    The rest narrows what is shown; what cannot be read asks for nothing.
    """
    shown = shown_night(night, page.now)
    last = _last(until, shown.night)
    span = Span(shown.span.start, night_span(last).end)
    wanted = WantedRows(_id(site), _id(programme), evidence if evidence in EVIDENCE else None)
    with reading(database) as session:
        rows = _part(page_of_rows, count_as_run(session, span, wanted))
        handoffs = _part(page_of_handoffs, count_handoffs(session, span, wanted))
        return page.answer(
            session,
            "record/record.html",
            section="record",
            shown=shown,
            last=last,
            span=span,
            wanted=wanted,
            rows=list(as_run_rows(session, span, rows.of(wanted))),
            rows_shown=rows,
            handoffs=list(handoff_rows(session, span, handoffs.of(wanted))),
            handoffs_shown=handoffs,
            sites=session.exec(select(Site.id, Site.name).order_by(col(Site.name))).all(),
            programmes=session.exec(
                select(Programme.id, Programme.title).order_by(col(Programme.title))
            ).all(),
            EVIDENCE=EVIDENCE,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Which of a table's rows are shown: those from ``first`` on, counted from 0."""

    first: int
    most: int
    count: int
    has_pages: bool = True
    """Else it was asked for whole."""

    @property
    def end(self) -> int:
        return min(self.first + self.most, self.count)

    @property
    def number(self) -> int:
        """Of the page, from 1."""
        return self.first // self.most + 1

    @property
    def is_whole(self) -> bool:
        return self.first == 0 and self.end == self.count

    def of(self, wanted: WantedRows) -> WantedRows:
        return replace(wanted, skipped=self.first, most=self.most)


def _part(asked: str, count: int) -> Part:
    """The page of a table that is asked for; the last one for one that is behind it."""
    if asked == "all":
        return Part(0, MOST_ROWS, count, has_pages=False)
    number = min(max(_id(asked) or 1, 1), max(-(-count // ROWS), 1))
    return Part((number - 1) * ROWS, ROWS, count)


def _last(asked: str, first: date) -> date:
    """The last night of the range, within reason; the first one for anything that is none."""
    try:
        last = date.fromisoformat(asked)
    except ValueError:
        return first
    return min(max(last, first), first + timedelta(days=MOST_NIGHTS))


def _id(asked: str) -> int | None:
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None


@router.get("/record/minutes", response_class=HTMLResponse)
@router.head("/record/minutes", response_class=HTMLResponse)
def show_minutes(page: SignedInPage, database: Database, month: str = "") -> Response:
    """``month`` is 2026-11; anything else is this one."""
    days = shown_month(month, page.now)
    with reading(database) as session:
        return page.answer(
            session,
            "record/minutes.html",
            section="record",
            month=days.first,
            beside=(beside(days, -1), beside(days, 1)),
            contracts=_contracts(session, days),
            price=price,
            KINDS=KINDS,
        )


def _contracts(session: Session, month: Days) -> list[tuple[Site, ContractMonth]]:
    """Those that run in the month, by site."""
    rows = session.exec(
        select(Site, Contract)
        .join(Contract, col(Contract.site_id) == col(Site.id))
        .where(Contract.first_date <= month.last, Contract.last_date >= month.first)
        .order_by(col(Site.name), col(Contract.first_date))
    ).all()
    return [(site, ContractMonth(contract, month_of(session, contract, month))) for site, contract in rows]


@router.get("/record/report", response_class=HTMLResponse)
@router.head("/record/report", response_class=HTMLResponse)
def show_reports(page: SignedInPage, database: Database, month: str = "", until: str = "") -> Response:
    """The reports that were made, and what one of these months would say; the last whole month if none is named."""
    newest = beside(this_month(page.now), -1)
    first = month or newest
    values: dict[str, Any] = {"wrong": None, "figures": None}
    with reading(database) as session:
        try:
            months = wanted_months(first, until or None, page.now)
            values |= shown_figures(figures(session, months, page.now), page.words)
        except Invalid as wrong:
            values["wrong"] = str(wrong)
        return page.answer(
            session,
            "record/reports.html",
            section="record",
            newest=newest,
            asked_first=first,
            asked_last=until,
            reports=list(frozen_reports(session)),
            names=names_of(session),
            **values,
        )


@router.get("/record/reports/{sha256}", response_class=HTMLResponse)
def show_frozen_report(
    page: SignedInPage, sha256: Sha256, database: Database, blobs: CurrentBlobs
) -> Response:
    """The document itself, with nothing around it."""
    return get_frozen_report(sha256, database, blobs, page.actor)
