"""What the engine does when a studio is ready, and when it is gone: the airing's turns are written anew."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from app.airings.models import Airing, Edition, Intent, RundownVersion
from app.airings.on_air import position
from app.airings.programme import programme_of
from app.airings.requests import clock_of
from app.studio.turns import NoPlace, Takeover, Turn, give_back, hard_samples, take_over
from schedules.errors import ScheduleError
from schedules.rundown import Rundown
from schedules.time import Span


def carry_out(session: Session, airing_id: int, intent_id: int, now: datetime, known_at: datetime) -> None:
    """Carry out a studio's intent, or refuse it. ``known_at``: from when on the air process can do what is said now."""
    airing, intent = session.get_one(Airing, airing_id), session.get_one(Intent, intent_id)
    details, earliest = intent.details or {}, position(airing, known_at)
    rundown = _rundown(session, airing)
    # Without a programme nothing can be cut short: a studio comes in as soon as it may
    soonest = max(earliest, int(details.get("zero_sample", 0)), 0)
    joins = [item.start_sample for item in rundown.items] if rundown else [soonest]
    turns: list[Turn] = airing.turns
    try:
        if intent.kind == "studio_over":
            turns = give_back(
                turns, details["takeover"], joins, last=details["last_sample"], earliest=earliest, end=airing.target_samples
            )  # fmt: skip
        else:
            takeover = Takeover(
                details["takeover"], details["zero_sample"], details["files"], at_once=details["at_once"]
            )
            hard = _hard(session, airing, rundown) if rundown else []
            turns = take_over(turns, takeover, joins, hard, earliest=earliest, end=airing.target_samples)
    except NoPlace as why:
        intent.refused = str(why)
    airing.turns, intent.carried_out_at = turns, now
    session.add(airing)
    session.add(intent)


def _rundown(session: Session, airing: Airing) -> Rundown | None:
    """What the air process has; None before there is anything."""
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == airing.armed_version
        )
    ).one_or_none()
    return Rundown.from_json(body) if body is not None else None


def _hard(session: Session, airing: Airing, rundown: Rundown) -> list[int]:
    """Its hard times. Of a clock that cannot be read any more, none: the studio then gives back by itself."""
    programme = programme_of(session, airing)
    try:
        clock = clock_of(programme, session.get(Edition, airing.id))
    except ScheduleError:
        return []
    return hard_samples(clock, rundown, Span(airing.starts_at, airing.stops_at))
