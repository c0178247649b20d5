"""Contracts, logs and months as the API shows and takes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import UploadFile
from pydantic import Field, StringConstraints

from app.contracts.billing import BillingUnit, BookedPer
from app.contracts.log_file import BadCell, Charset, LogMapping, Zone
from app.contracts.logs import Intake
from app.contracts.matching import TOLERANCE, Claim, Matched, Unclaimed, minutes_of
from app.contracts.reckoning import Month
from app.contracts.service import BookedHours, ContractFields
from app.programmes.times import read_days
from app.web.bodies import Answer, Body, Prose, RowId, SaidOut, Text, example
from schedules.days import days_to_eibi

_CONTRACT: dict[str, Any] = {
    "site_id": 2,
    "first_date": "2026-10-25",
    "last_date": "2027-03-27",
    "booked_minutes": 1800,
    "booked_per": "month",
    "price_minor": 12500,
    "currency": "USD",
    "billing_unit": "hour",
    "notice_days": 60,
    "note": "Invoices on the 5th, by mail",
    "hours": [{"start": "2000", "stop": "2100", "days": "1234567"}],
}
_FIGURE = {"minutes": 870, "billed_minutes": 900, "amount_minor": 187500}
_AIRING = {
    "airing_id": 412,
    "line_id": 9,
    "khz": 7585,
    "starts_at": "2026-11-22T20:00:00Z",
    "stops_at": "2026-11-22T20:30:00Z",
    "minutes": 30,
    "evidence": "delivered",
    "confirmed": 25,
    "disputed": 5,
    "log_entries": [77],
}
_UNCLAIMED = {
    "log_entry": 78,
    "khz": 7585,
    "starts_at": "2026-11-22T22:00:00Z",
    "stops_at": "2026-11-22T22:30:00Z",
    "minutes": 30,
}

Count = Annotated[int, Field(ge=0, le=10_000_000)]
Title = Annotated[Text, Field(max_length=100)]
Words = Annotated[list[Title], Field(default_factory=list, max_length=50)]


class HoursIn(Body):
    """Hours of one transmitter, in UTC."""

    model_config = Body.model_config | example(start="2000", stop="2100", days="daily")

    start: Annotated[str, Field(max_length=5, description="HHMM")]
    stop: Annotated[str, Field(max_length=5, description="HHMM; 2400 ends a day")]
    days: Annotated[str, Field(max_length=60, description="ISO digits (1 = Monday) or words: Mo-Fr")] = (
        "daily"
    )

    def iso_days(self) -> str:
        """Raises BadDays."""
        return days_to_eibi(read_days(self.days))


class ContractIn(Body):
    """What was booked. Dates are UTC days, both included."""

    model_config = Body.model_config | example(**_CONTRACT)

    site_id: RowId
    first_date: date
    last_date: date
    booked_minutes: Count
    booked_per: Annotated[BookedPer, Field(description="`period`: in all")] = "month"
    price_minor: Annotated[
        int,
        Field(
            ge=0, le=10**12, description="Of one billing unit, in the currency's smallest unit: cents, won"
        ),
    ]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217")]
    billing_unit: Annotated[
        BillingUnit, Field(description="A begun one is billed whole, airing by airing")
    ] = "minute"
    notice_days: Annotated[int | None, Field(ge=0, le=3650)] = None
    note: Prose | None = None
    hours: Annotated[
        list[HoursIn],
        Field(
            default_factory=list,
            max_length=50,
            description="Which hours were booked, one entry for each transmitter: lines are compared with them",
        ),
    ]

    def fields(self) -> ContractFields:
        hours = tuple(BookedHours(one.start, one.stop, one.iso_days()) for one in self.hours)
        return ContractFields(**self.model_dump() | {"hours": hours})


class ContractOut(Answer):
    model_config = Answer.model_config | example(
        id=3, **_CONTRACT, created_at="2026-10-25T01:00:00Z", revision=1
    )

    id: int
    site_id: int
    first_date: date
    last_date: date
    booked_minutes: int
    booked_per: BookedPer
    price_minor: int
    currency: str
    billing_unit: BillingUnit
    notice_days: int | None
    note: str | None
    hours: list[dict[str, str]]
    created_at: datetime
    revision: int


class LogIn(Body):
    """A site's log or invoice, and how to read it. A column is a title, or a number from 1 with `header_line` 0."""

    model_config = Body.model_config | example(
        file="(the bytes of november.csv)",
        date="Date",
        start="On",
        stop="Off",
        khz="Frequency",
        status="Remarks",
        aired=["OK"],
        not_aired=["OFF AIR", "TX FAULT"],
        date_format="%d.%m.%Y",
        zone="UTC",
        delimiter=";",
    )

    file: UploadFile
    date: Title
    start: Title
    stop: Annotated[Title | None, Field(description="A row needs a stop, or its minutes")] = None
    minutes: Title | None = None
    khz: Title | None = None
    status: Annotated[Title | None, Field(description="Left out, every row was on the air")] = None
    aired: Words
    not_aired: Words
    date_format: Annotated[str, Field(max_length=40, description="As strptime's")] = "%Y-%m-%d"
    zone: Zone = "UTC"
    delimiter: Annotated[str, Field(description="One character, or `tab`", pattern=r"^([,;|:\t ]|tab)$")] = (
        ","
    )
    charset: Charset = "utf-8"
    decimal_comma: bool = False
    header_line: Annotated[
        int, Field(ge=0, le=100, description="The line with the titles; 0: there is none")
    ] = 1

    def mapping(self) -> LogMapping:
        told = self.model_dump(exclude={"file"})
        lists = {"aired": tuple(self.aired), "not_aired": tuple(self.not_aired)}
        return LogMapping(**told | lists | {"delimiter": "\t" if self.delimiter == "tab" else self.delimiter})


class BadCellOut(Answer):
    line: int
    column: str
    reason: str
    said: SaidOut

    @classmethod
    def of(cls, bad: BadCell) -> Self:
        said = SaidOut(**bad.reason.written())
        return cls(line=bad.line, column=bad.column, reason=bad.reason.text, said=said)


class IntakeOut(Answer):
    """What was taken, or would be: rows known before and rows outside of the contract's days are not taken."""

    model_config = Answer.model_config | example(
        dry_run=True,
        import_id=None,
        rows=60,
        new=58,
        known=0,
        outside=1,
        first_at="2026-11-01T20:00:00Z",
        last_at="2026-11-30T20:30:00Z",
        problems=[
            {
                "line": 14,
                "column": "On",
                "reason": '"2460" is not a time: 2000, 20:00 and 20:00:30 are',
                "said": {
                    "code": "unread-log-time",
                    "text": '"2460" is not a time: 2000, 20:00 and 20:00:30 are',
                    "values": {"text": "2460"},
                },
            }
        ],
    )

    dry_run: bool
    import_id: int | None
    rows: int
    new: int
    known: int
    outside: int
    first_at: datetime | None
    last_at: datetime | None
    problems: list[BadCellOut]

    @classmethod
    def of(cls, intake: Intake, *, dry_run: bool) -> Self:
        return cls(
            dry_run=dry_run,
            import_id=intake.import_id,
            rows=intake.rows,
            new=intake.new,
            known=intake.known,
            outside=intake.outside,
            first_at=intake.first_at,
            last_at=intake.last_at,
            problems=[BadCellOut.of(bad) for bad in intake.problems],
        )


class LogImportOut(Answer):
    model_config = Answer.model_config | example(
        id=5,
        contract_id=3,
        file_name="november.csv",
        file_sha256="cf57b08f3b650519e2c1a50a1475848fc4cce82c2863adfee33dbe71be10a9fe",
        mapping={"date": "Date", "start": "On", "stop": "Off"},
        rows=58,
        imported_at="2026-12-05T09:00:00Z",
        imported_by=1,
    )

    id: int
    contract_id: int
    file_name: str
    file_sha256: str
    mapping: dict[str, Any]
    rows: int
    imported_at: datetime
    imported_by: int | None


class FigureOut(Answer):
    model_config = Answer.model_config | example(**_FIGURE)

    minutes: int
    billed_minutes: Annotated[int, Field(description="With begun billing units whole, airing by airing")]
    amount_minor: int


class CountedAiring(Answer):
    """An airing over a line of the site. `evidence` is ours; `confirmed` and `disputed` follow from the site's log."""

    model_config = Answer.model_config | example(**_AIRING)

    airing_id: int
    line_id: int
    khz: int
    starts_at: datetime
    stops_at: datetime
    minutes: int
    evidence: Claim
    confirmed: int
    disputed: int
    log_entries: list[int]

    @classmethod
    def of(cls, one: Matched) -> Self:
        carried = one.carried
        return cls(
            airing_id=carried.airing_id,
            line_id=carried.line_id,
            khz=carried.khz,
            starts_at=carried.span.start,
            stops_at=carried.span.end,
            minutes=minutes_of(carried.span.duration),
            evidence=carried.claim,
            confirmed=one.confirmed,
            disputed=one.disputed,
            log_entries=list(one.entry_ids),
        )


class UnclaimedOut(Answer):
    """A row of the site's log with minutes that are no airing's."""

    model_config = Answer.model_config | example(**_UNCLAIMED)

    log_entry: int
    khz: int | None
    starts_at: datetime
    stops_at: datetime
    minutes: int

    @classmethod
    def of(cls, one: Unclaimed) -> Self:
        span = one.entry.span
        return cls(
            log_entry=one.entry.entry_id,
            khz=one.entry.khz,
            starts_at=span.start,
            stops_at=span.end,
            minutes=one.minutes,
        )


class MonthOut(Answer):
    """One month of UTC days. Disputed minutes are those of airings and those that are no airing's."""

    model_config = Answer.model_config | example(
        contract_id=3,
        month="2026-11",
        currency="USD",
        tolerance_minutes=5,
        booked=_FIGURE,
        delivered=_FIGURE,
        sent={"minutes": 0, "billed_minutes": 0, "amount_minor": 0},
        confirmed=_FIGURE,
        disputed={"minutes": 35, "billed_minutes": 120, "amount_minor": 25000},
        airings=[_AIRING],
        unclaimed=[_UNCLAIMED],
    )

    contract_id: int
    month: str
    currency: str
    tolerance_minutes: int = minutes_of(TOLERANCE)
    booked: FigureOut
    delivered: FigureOut
    sent: Annotated[FigureOut, Field(description="Taken by the site, never proved to lie there")]
    confirmed: FigureOut
    disputed: FigureOut
    airings: list[CountedAiring]
    unclaimed: list[UnclaimedOut]

    @classmethod
    def of(cls, month: Month) -> Self:
        return cls(
            contract_id=month.contract.id or 0,
            month=f"{month.days.first:%Y-%m}",
            currency=month.contract.currency,
            booked=FigureOut.model_validate(month.booked),
            delivered=FigureOut.model_validate(month.delivered),
            sent=FigureOut.model_validate(month.sent),
            confirmed=FigureOut.model_validate(month.confirmed),
            disputed=FigureOut.model_validate(month.disputed),
            airings=[CountedAiring.of(one) for one in month.airings],
            unclaimed=[UnclaimedOut.of(one) for one in month.unclaimed],
        )
