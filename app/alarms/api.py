from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from sqlmodel import col, select

from app.alarms.models import Alarm
from app.database import reading
from app.web.bodies import Answer, example
from app.web.dependencies import Actor, Database
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["alarms"])


class AlarmOut(Answer):
    """Something that needs a person: what it is about, since when, until when."""

    model_config = Answer.model_config | example(
        id=2,
        kind="deadline_near",
        airing_id=12,
        feed_id=3,
        change_id=None,
        raised_at="2026-11-22T14:15:00Z",
        cleared_at=None,
    )

    id: int
    kind: str
    airing_id: int | None
    feed_id: int | None
    change_id: int | None
    raised_at: datetime
    cleared_at: datetime | None


@router.get("/alarms", summary="Alarms, the newest first")
def list_alarms(
    _actor: Actor,
    database: Database,
    wanted: WantedPage,
    open_only: Annotated[
        bool, Query(alias="open", description="Only those whose cause is still there")
    ] = False,
) -> Page[AlarmOut]:
    query = select(Alarm)
    if open_only:
        query = query.where(col(Alarm.cleared_at).is_(None))
    with reading(database) as session:
        rows, after = page_of(session, query, col(Alarm.id), wanted, newest_first=True)
        return Page(items=[AlarmOut.model_validate(row) for row in rows], next=after)
