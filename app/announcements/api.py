"""`/api/v1/station/announcements` and `/api/v1/voice-pack`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.announcements import service
from app.announcements.receive import ClipReceiver
from app.announcements.sayings import has_voice
from app.announcements.schemas import AnnouncedIn, AnnouncedOut, ClipOut, VoicePackOut
from app.database import reading, writing
from app.station.service import station
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["announcements"])

Key = Annotated[str, Path(max_length=60, examples=["number-7000"])]


@router.get("/station/announcements", summary="What announcements say of the station")
def read_announced(database: Database, _actor: Actor) -> AnnouncedOut:
    with reading(database) as session:
        return AnnouncedOut.of(station(session))


@router.put("/station/announcements", summary="Choose what announcements say of the station")
def choose_announced(body: AnnouncedIn, database: Database, actor: Actor, now: Now) -> AnnouncedOut:
    """Airings whose announcements say otherwise get a new version by themselves."""
    with writing(database) as session:
        return AnnouncedOut.of(service.choose(session, body.choices(), now=now, by=actor.person_id))


@router.get("/voice-pack", summary="What is recorded for announcements, and what is still to record")
def read_voice_pack(database: Database, settings: CurrentSettings, _actor: Actor) -> VoicePackOut:
    with reading(database) as session:
        pack = service.look_through(session, settings)
    return VoicePackOut.of(pack, synthetic_voice=has_voice(settings))


@router.put(
    "/voice-pack/{key}",
    summary="Put a recorded clip into the voice pack",
    response_model=ClipOut,
    max_body_size=1 << 62,  # the receiver's own limit has better words
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The sound file itself, in any format that recordings may have; at most a minute",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_clip(
    key: Key, request: Request, actor: Actor, database: Database, settings: CurrentSettings, now: Now
) -> Any:
    """It takes the place of the clip that was there; announcements that it is part of are made anew.

    `danpa voices check` decodes every clip and measures its level.
    """
    await run_in_threadpool(_require_wanted, database, key)
    length = request.headers.get("content-length", "")
    receiver = ClipReceiver(settings, int(length) if length.isdigit() else None)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(receiver.feed, chunk)
        received = await run_in_threadpool(receiver.finish)
        clip = await run_in_threadpool(
            lambda: service.put_clip(database, settings, key, received, now=now, by=actor.person_id)
        )
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is there to read it
    finally:
        receiver.close()
    return ClipOut.of(clip)


def _require_wanted(database: Engine, key: str) -> None:
    """Before anything is received."""
    with reading(database) as session:
        service.require_wanted(session, key)


@router.delete("/voice-pack/{key}", status_code=204, summary="Take a clip out of the voice pack")
def delete_clip(key: Key, database: Database, settings: CurrentSettings, actor: Actor, now: Now) -> None:
    service.remove_clip(database, settings, key, now=now, by=actor.person_id)
