"""The chart of a season's week or of a night: our lines, what they conflict with, and everybody else's behind them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from app.schedule.background import background_lines
from app.schedule.own import own_lines
from schedules.frequencies.bands import BANDS
from schedules.frequencies.chart import AROUND_KHZ, ENGLISH, KOREAN, chart
from schedules.frequencies.conflicts import background_conflicts, own_conflicts
from schedules.frequencies.levels import Severity
from schedules.season import Season, season_at
from schedules.time import Span

Language = Literal["ko", "en"]
_WEEK = timedelta(days=7)


def season_chart(session: Session, season: Season, now: datetime, language: Language, *, whole: bool) -> str:
    """A week of a season: this one where it is the season's, else its first whole one."""
    monday = _monday(now if season.span.contains(now) else season.start + _WEEK)
    return span_chart(session, Span(monday, monday + _WEEK), language, whole=whole)


def span_chart(session: Session, span: Span, language: Language, *, whole: bool) -> str:
    """Any span. Where a season changes in it, the background is that of its beginning."""
    season = season_at(span.start)
    ours, others = own_lines(session), background_lines(session, season)
    found = [*own_conflicts(ours, span), *background_conflicts(ours, others, span)]
    told: dict[str, str] = {}
    for one in found:
        if one.level.severity >= Severity.WARNING:
            told.setdefault(one.line.key, str(one))
    return chart(
        ours,
        others,
        span,
        conflicts=told,
        bands=BANDS,
        around_khz=None if whole else AROUND_KHZ,
        words=KOREAN if language == "ko" else ENGLISH,
    )


def _monday(at: datetime) -> datetime:
    return (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
