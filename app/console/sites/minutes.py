"""A site's contracts with the minutes of a month, and prices as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from sqlmodel import Session, col, select

from app.console.messages import Language
from app.contracts.billing import Days, parse_month
from app.contracts.models import Contract
from app.contracts.reckoning import Month, reckon
from app.contracts.service import period
from app.database import id_of
from app.errors import Invalid


@dataclass(frozen=True, slots=True)
class ContractMonth:
    """A contract, and its month where it runs in it."""

    contract: Contract
    month: Month | None


def contracts_of(session: Session, site_id: int, month: Days) -> list[ContractMonth]:
    """The contracts of a site, the newest first. Few run in the same month, and only those are reckoned."""
    rows = session.exec(
        select(Contract).where(Contract.site_id == site_id).order_by(col(Contract.first_date).desc())
    )
    return [ContractMonth(row, month_of(session, row, month)) for row in rows]


def month_of(session: Session, contract: Contract, month: Days) -> Month | None:
    runs = period(contract).shared_with(month) is not None
    return reckon(session, id_of(contract), month) if runs else None


def shown_month(asked: str, now: datetime) -> Days:
    """The month of the address; the current one for anything else that stands there."""
    try:
        return parse_month(asked)
    except Invalid:
        return parse_month(f"{now.astimezone(UTC):%Y-%m}")


def beside(month: Days, step: int) -> str:
    """The month before (-1) or after (1) this one, as its address has it."""
    number = month.first.year * 12 + month.first.month - 1 + step
    return f"{date(number // 12, number % 12 + 1, 1):%Y-%m}"


def price(amount_minor: int, currency: str, language: Language) -> str:
    """An amount in a currency's smallest unit as people write it."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=language)
