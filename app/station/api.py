"""`/api/v1/station`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.database import reading, writing
from app.station import service
from app.web.bodies import Answer, Body, RowId, Text, example
from app.web.dependencies import Actor, Database, Now
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["station"])


class StationIn(Body):
    """What is left out stays as it is."""

    model_config = example(name="단파 데모", evergreen_segment_id=12, approved_by_another=True)

    name: Annotated[Text | None, Field(max_length=100, description="What people call it")] = None

    evergreen_segment_id: RowId | None = None
    """What is aired when a programme and its stand-by both fail; null for the interval signal only."""
    approved_by_another: bool | None = None
    """Whether who uploaded or edited a recording may not approve it."""


class StationOut(Answer):
    model_config = example(
        name="단파 데모",
        is_demo=True,
        evergreen_segment_id=12,
        approved_by_another=False,
        created_at="2026-10-25T01:00:00Z",
    )

    name: str
    is_demo: bool
    evergreen_segment_id: int | None
    approved_by_another: bool
    created_at: datetime


@router.get("/station", summary="The station")
def read_station(database: Database, _actor: Actor) -> StationOut:
    with reading(database) as session:
        return StationOut.model_validate(service.station(session))


@router.put(
    "/station", summary="Name the station, choose what is aired when all else fails, and who approves"
)
def update_station(body: StationIn, database: Database, actor: Actor, now: Now) -> StationOut:
    with writing(database) as session:
        if body.name is not None:
            service.rename(session, body.name, now=now, by=actor.person_id)
        if "evergreen_segment_id" in body.model_fields_set:
            service.set_evergreen(session, body.evergreen_segment_id, now=now, by=actor.person_id)
        if body.approved_by_another is not None:
            service.set_approval(session, by_another=body.approved_by_another, now=now, by=actor.person_id)
        return StationOut.model_validate(service.station(session))
