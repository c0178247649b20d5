"""`/api/v1/awaited`: what is awaited, from whom, since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from app.awaited.cut_off import measure
from app.awaited.schemas import AwaitedOut, StepsOut, TakenOut
from app.awaited.service import AHEAD, awaited_from
from app.database import reading
from app.web.dependencies import Actor, Database, Now
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["airings"])


@router.get("/awaited", summary="What the coming airings await, the soonest first")
def list_awaited(
    database: Database,
    _actor: Actor,
    now: Now,
    hours: Annotated[int, Query(ge=1, le=7 * 24, description="How far ahead")] = int(
        AHEAD.total_seconds() // 3600
    ),
) -> Page[AwaitedOut]:
    with reading(database) as session:
        found = list(awaited_from(session, now, now + timedelta(hours=hours)))
    return Page(items=[AwaitedOut.model_validate(one) for one in found], next=None)


@router.get("/awaited/steps", summary="How long each step takes here from a recording to its upload")
def read_steps(database: Database, _actor: Actor, now: Now) -> StepsOut:
    """By these the content cut-off of an airing is reckoned."""
    with reading(database) as session:
        steps = measure(session, now)
    uploads = {feed_id: TakenOut.model_validate(taken) for feed_id, taken in steps.uploads}
    names = ("ingest", "approval", "compiling", "rendering", "upload")
    return StepsOut(
        **{name: TakenOut.model_validate(getattr(steps, name)) for name in names}, uploads=uploads
    )
