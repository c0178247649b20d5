"""The seasons that pages of frequencies offer: those near now and those in which something is different."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.moves.seasons import Plan, seasons
from app.schedule.models import Background
from schedules.season import Season, season_at

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class SeasonChoices:
    """``others`` are like the one before them, year after year: lines that have no end yet reach far into the future."""

    near: tuple[Plan, ...]
    others: tuple[Plan, ...]


def season_choices(session: Session, shown: Season, now: datetime) -> SeasonChoices:
    """The season before this one, this one, the next two, what is shown, and those that differ or have a background."""
    current = season_at(now)
    following = season_at(current.end)
    near = {shown, season_at(current.start - _MOMENT), current, following, season_at(following.end)}
    codes = {one.code for one in near} | set(session.exec(select(col(Background.season)).distinct()))
    plans = seasons(session, now)
    return SeasonChoices(
        tuple(plan for plan in plans if plan.differs or plan.season.code in codes),
        tuple(plan for plan in plans if not plan.differs and plan.season.code not in codes),
    )
