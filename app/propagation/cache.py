"""Predictions that are kept, frequency by frequency: one predicted alone is the same as among others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from app.propagation.models import Prediction
from schedules.frequencies.propagation import HourSignals, Question, Signal

KEPT = timedelta(days=180)
"""A season: the sunspot numbers of the next are others."""

MOST = 20_000
"""Rows, of about 400 bytes each. A slot asked for every band in every month of a year fills 1,200."""


def recall(session: Session, question: Question) -> dict[int, Prediction]:
    """What is there of a question, by kHz."""
    rows = session.exec(
        select(Prediction).where(
            Prediction.circuit_key == _circuit_key(question), col(Prediction.khz).in_(_whole_khz(question))
        )
    ).all()
    return {row.khz: row for row in rows}


def missing(question: Question, known: dict[int, Prediction]) -> list[int]:
    """The frequencies in kHz of which nothing is known yet."""
    return [khz for khz in _whole_khz(question) if khz not in known]


def hours_of(question: Question, known: dict[int, Prediction]) -> list[HourSignals]:
    """Hour by hour, in the question's hours, the signals that are known; nothing where none is."""
    rows = [known[khz] for khz in _whole_khz(question) if khz in known]
    if not rows:
        return []
    return [
        HourSignals(
            hour,
            rows[0].muf_khz[hour],
            tuple(Signal(float(row.khz), row.snr_db[hour], row.reliability_percent[hour]) for row in rows),
        )
        for hour in question.hours
    ]


def keep(session: Session, question: Question, hours: Sequence[HourSignals], now: datetime) -> None:
    """Store all 24 hours of a question. What another worker stored in the meantime is the same."""
    key = _circuit_key(question)
    for place, khz in enumerate(_whole_khz(question)):
        signals = [hour.signals[place] for hour in hours]
        session.merge(
            Prediction(
                circuit_key=key,
                khz=khz,
                snr_db=[one.snr_db for one in signals],
                reliability_percent=[one.reliability_percent for one in signals],
                muf_khz=[hour.muf_khz for hour in hours],
                computed_at=now,
            )
        )


def forget_old(session: Session, now: datetime, *, most: int = MOST) -> None:
    """Drop what is older than a season, and the oldest of more than so many rows."""
    session.exec(delete(Prediction).where(col(Prediction.computed_at) < now - KEPT))
    newest_first = select(Prediction.computed_at).order_by(col(Prediction.computed_at).desc())
    last = session.exec(newest_first.offset(most - 1).limit(1)).first()
    if last is not None:
        session.exec(delete(Prediction).where(col(Prediction.computed_at) < last))


def _circuit_key(question: Question) -> str:
    return replace(question, khz=(), hours=tuple(range(24))).key


def _whole_khz(question: Question) -> Iterable[int]:
    return [int(khz) for khz in question.khz]
