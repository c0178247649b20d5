"""`/api/v1/events`: what changed, as server-sent events. Each names a thing; the page asks for the thing itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from app.database import reading
from app.events import service
from app.events.models import Event
from app.jobs.progress import in_progress
from app.settings import Settings
from app.uploads.batches import under_way
from app.uploads.batches_api import BatchOut
from app.web.dependencies import Actor, Database, is_still_signed_in
from app.web.routing import Router

POLL_S = 0.5
HEARTBEAT_POLLS = 30
"""Every 15 seconds: a comment, which keeps proxies from closing a quiet stream, and a look at who is listening."""

router = Router(prefix="/api/v1", tags=["events"])


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


@router.get(
    "/events",
    summary="What changes, as it changes (server-sent events)",
    response_class=EventStream,
    responses={
        200: {"content": {"text/event-stream": {"example": 'id: 7\ndata: {"subject": "airing", ...}\n\n'}}}
    },
)
async def stream_events(
    request: Request,
    database: Database,
    actor: Actor,
    after: Annotated[
        int | None, Query(ge=0, description="Begin after this id; else with what comes next")
    ] = None,
    last_event_id: Annotated[
        int | None, Header(ge=0, description="What a browser sends when it reconnects")
    ] = None,
) -> EventStream:
    """Each event is `{"subject": "airing", "subject_id": 12, "state": "rendered", "at": "..."}` under its id.

    Between them `progress` events, without ids, list what the workers are at: `[{"kind": "render", "subject": "airing",
    "subject_id": 12, "fraction": 0.4}]`, and `[]` when they are done; and `batches` events, likewise, tell how far your own files
    are that were sent together, as `GET /batches/{name}` does.
    """
    newest = await run_in_threadpool(_newest_id, database)
    wanted = newest if last_event_id is None and after is None else max(last_event_id or 0, after or 0)
    events = _events(request, database, actor.person_id, min(wanted, newest))
    return EventStream(events, headers={"X-Accel-Buffering": "no"})


async def _events(request: Request, database: Engine, person_id: int, last_id: int) -> AsyncIterator[str]:
    """Ends when the server stops or the client's key or session does; Starlette cancels it when the client goes."""
    stopping: threading.Event = request.app.state.stopping
    settings: Settings = request.app.state.settings
    polls, told, sent = 0, "", "[]"
    yield "retry: 2000\n\n"
    while not stopping.is_set():
        events = await run_in_threadpool(_since, database, last_id)
        for event in events:
            yield _written(event)
            last_id = event.id or last_id
        running = json.dumps([asdict(one) for one in in_progress(settings, request.app.state.now())])
        if running != (told or "[]"):
            # Without an id: who reconnects asks for what happened, not for how far things were
            yield f"event: progress\ndata: {running}\n\n"
            told = running
        batches = await run_in_threadpool(_batches, request, database, person_id)
        if batches != sent:
            yield f"event: batches\ndata: {batches}\n\n"
            sent = batches
        polls += 1
        if (
            polls % HEARTBEAT_POLLS == 0
        ):  # however busy the night is: a stream may not outlive its key by being busy
            if not await run_in_threadpool(is_still_signed_in, request):
                return
            yield ": still here\n\n"
        await asyncio.sleep(POLL_S)


def _batches(request: Request, database: Engine, person_id: int) -> str:
    """The listener's own files that are on their way, as `GET /batches/{name}` has them."""
    with reading(database) as session:
        found = under_way(session, person_id, request.app.state.receptions.offset)
    return json.dumps([BatchOut.of(batch).model_dump() for batch in found], ensure_ascii=False)


def _newest_id(database: Engine) -> int:
    with reading(database) as session:
        return service.newest_id(session)


def _since(database: Engine, last_id: int) -> Sequence[Event]:
    with reading(database) as session:
        return service.since(session, last_id)


def _written(event: Event) -> str:
    content = {
        "subject": event.subject,
        "subject_id": event.subject_id,
        "state": event.state,
        "at": event.at.isoformat(),
    }
    return f"id: {event.id}\ndata: {json.dumps(content)}\n\n"
