"""Contracts: what may be written, and by whom it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.contracts.billing import BillingUnit, BookedPer, Days
from app.contracts.models import Contract, LogImport
from app.database import id_of
from app.errors import Conflict, Invalid
from app.frequencies.models import Site
from app.journal.service import record
from app.records import find, referred, require_revision, require_unused, revise
from schedules.days import days_from_eibi
from schedules.errors import ScheduleError
from schedules.said import say, told_by
from schedules.slots import Slot, occurrences, slot_times
from schedules.time import Span


@dataclass(frozen=True, slots=True)
class BookedHours:
    """Hours of one transmitter, in UTC: HHMM, and ISO digits of the days on which they start."""

    start: str
    stop: str
    days: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFields:
    """What a person says of a contract. ``price_minor`` is that of one billing unit."""

    site_id: int
    first_date: date
    last_date: date
    booked_minutes: int
    booked_per: BookedPer
    price_minor: int
    currency: str
    billing_unit: BillingUnit
    notice_days: int | None = None
    note: str | None = None
    hours: tuple[BookedHours, ...] = ()


def contract(session: Session, contract_id: int) -> Contract:
    """Raises NotFound."""
    return find(session, Contract, contract_id, "contract")


def period(row: Contract) -> Days:
    """The days of a contract."""
    return Days(row.first_date, row.last_date)


def booked_spans(row: Contract, within: Span) -> list[Span]:
    """The booked hours that start within a span, transmitter by transmitter; none where only minutes are booked."""
    return [span for hours in row.hours for span in occurrences(_slot(row, BookedHours(**hours)), within)]


def _slot(row: Contract | ContractFields, hours: BookedHours) -> Slot:
    """Hours as what recurs over the contract's days. Raises BadTime, EmptySlot, BadDays."""
    start, stop = slot_times(hours.start, hours.stop)
    return Slot(start, stop, days_from_eibi(hours.days), row.first_date, row.last_date)


def _columns(fields: ContractFields) -> dict[str, Any]:
    return asdict(fields) | {"hours": [asdict(hours) for hours in fields.hours]}


def create_contract(session: Session, fields: ContractFields, *, now: datetime, by: int | None) -> Contract:
    """Raises Invalid, and Conflict where another contract of the site covers a day of the period."""
    _check(session, fields, None)
    made = Contract(**_columns(fields), created_at=now)
    session.add(made)
    session.flush()
    record(session, "contract.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_contract(
    session: Session,
    contract_id: int,
    fields: ContractFields,
    *,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Contract:
    """Raises NotFound, StaleRevision, Invalid, and Conflict as above or where logs of another site were imported."""
    changed = contract(session, contract_id)
    require_revision(changed, expected)
    _check(session, fields, contract_id)
    if fields.site_id != changed.site_id:
        _require_no_logs(session, contract_id)
    names = revise(changed, _columns(fields))
    record(session, "contract.changed", at=now, person_id=by, subject_id=contract_id, fields=names)
    return changed


def delete_contract(session: Session, contract_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict while it has imported logs."""
    gone = contract(session, contract_id)
    _require_no_logs(session, contract_id)
    session.delete(gone)
    record(session, "contract.deleted", at=now, person_id=by, subject_id=contract_id)


def _require_no_logs(session: Session, contract_id: int) -> None:
    require_unused(
        session,
        col(LogImport.contract_id),
        contract_id,
        lambda count: say(
            "wrong-contract-logs",
            "contract {contract_id} has {count} imported logs of its site: take them back first",
            count=count,
            contract_id=contract_id,
        ),
    )


def _check(session: Session, fields: ContractFields, contract_id: int | None) -> None:
    site = referred(session, Site, fields.site_id, "site", "site_id")
    if fields.last_date < fields.first_date:
        raise Invalid(
            say(
                "wrong-contract-dates",
                "the last date {last_on} is before the first date {first_on}",
                last_on=fields.last_date,
                first_on=fields.first_date,
            ),
            field="last_date",
        )
    for position, hours in enumerate(fields.hours):
        try:
            _slot(fields, hours)
        except ScheduleError as wrong:
            raise Invalid(told_by(wrong), field=f"hours.{position}") from None
    other = session.exec(
        select(Contract).where(
            Contract.site_id == fields.site_id,
            Contract.id != contract_id,
            Contract.first_date <= fields.last_date,
            Contract.last_date >= fields.first_date,
        )
    ).first()
    if other is not None:
        raise Conflict(
            say(
                "wrong-contract-overlap",
                "contract {contract_id} with {site} runs from {first_on} to {last_on}: minutes of the same day would count twice; end it before",
                contract_id=id_of(other),
                site=site.code,
                first_on=other.first_date,
                last_on=other.last_date,
            )
        )
