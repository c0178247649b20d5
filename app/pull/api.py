"""`/api/v1/feeds/{id}/pull-keys` and `/fetches`: what people do about a site that fetches."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field
from sqlmodel import col, select

from app.database import reading, writing
from app.feeds.service import feed
from app.pull import service
from app.pull.models import Fetch, PullKey
from app.web.bodies import Answer, Body, RowId, Text, example
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["feeds"])

_KEY: dict[str, Any] = {
    "id": 2,
    "feed_id": 5,
    "label": "Tashkent, studio server",
    "created_at": "2026-10-25T01:00:00Z",
    "created_by": 1,
    "revoked_at": None,
}


class PullKeyIn(Body):
    model_config = example(label="Tashkent, studio server")

    label: Annotated[Text, Field(max_length=100, description="Who gets it, so that you know which to revoke")]


class PullKeyOut(Answer):
    model_config = example(**_KEY)

    id: int
    feed_id: int
    label: str
    created_at: datetime
    created_by: int | None
    revoked_at: datetime | None


class NewPullKeyOut(PullKeyOut):
    model_config = example(**_KEY, address="https://studio.example/pull/pull_.../")

    address: Annotated[
        str, Field(description="What the site fetches from. Shown this once; only a hash of it is kept")
    ]


class FetchOut(Answer):
    """One answer to the site. Of `[first_byte, end_byte)` the connection took `bytes_sent`; the site has them for certain only
    where it `ended` `whole`. Else: `proxy` took it, it closed `early`, it was `reset`, the site was `silent`, or we `cut` it.
    """

    model_config = Answer.model_config | example(
        id=71,
        feed_id=5,
        pull_key_id=2,
        handoff_id=4,
        name="20261122_1500_TAC_7585.mp3",
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        size=57600000,
        method="GET",
        status=206,
        first_byte=1048576,
        end_byte=57600000,
        bytes_sent=56551424,
        ended="whole",
        started_at="2026-11-22T13:40:00Z",
        finished_at="2026-11-22T13:40:21Z",
        remote_address="203.0.113.7",
        user_agent="curl/8.9.1",
    )

    id: int
    feed_id: int
    pull_key_id: int
    handoff_id: int
    name: str
    sha256: str
    size: int
    method: str
    status: int
    first_byte: int
    end_byte: int
    bytes_sent: int
    ended: str | None
    started_at: datetime
    finished_at: datetime | None
    remote_address: str
    user_agent: str


@router.get("/feeds/{feed_id}/pull-keys", summary="The keys with which a site fetches, without their secrets")
def list_pull_keys(feed_id: RowId, database: Database, _actor: Actor, wanted: WantedPage) -> Page[PullKeyOut]:
    with reading(database) as session:
        feed(session, feed_id)
        query = select(PullKey).where(PullKey.feed_id == feed_id)
        rows, cursor = page_of(session, query, col(PullKey.id), wanted)
        return Page(items=[PullKeyOut.model_validate(row) for row in rows], next=cursor)


@router.post(
    "/feeds/{feed_id}/pull-keys", status_code=201, summary="Make a site's address; it is shown this once"
)
def create_pull_key(
    feed_id: RowId,
    body: PullKeyIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    response: Response,
) -> NewPullKeyOut:
    """Several may live side by side: make the new one, wait until the site uses it, revoke the old one."""
    with writing(database) as session:
        key, token = service.create_key(session, feed_id, body.label, now=now, by=actor.person_id)
    response.headers["Location"] = f"/api/v1/feeds/{feed_id}/pull-keys"
    address = f"{settings.page_url()}/pull/{token}/"
    return NewPullKeyOut(**PullKeyOut.model_validate(key).model_dump(), address=address)


@router.delete(
    "/feeds/{feed_id}/pull-keys/{key_id}", status_code=204, summary="Revoke a site's address at once"
)
def revoke_pull_key(feed_id: RowId, key_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.revoke_key(session, feed_id, key_id, now=now, by=actor.person_id)


@router.get("/feeds/{feed_id}/fetches", summary="What a site fetched, newest first")
def list_fetches(
    feed_id: RowId,
    database: Database,
    _actor: Actor,
    wanted: WantedPage,
    handoff_id: Annotated[RowId | None, Query(description="Of one handoff")] = None,
) -> Page[FetchOut]:
    with reading(database) as session:
        feed(session, feed_id)
        query = select(Fetch).where(Fetch.feed_id == feed_id)
        if handoff_id is not None:
            query = query.where(Fetch.handoff_id == handoff_id)
        rows, cursor = page_of(session, query, col(Fetch.id), wanted, newest_first=True)
        return Page(items=[FetchOut.model_validate(row) for row in rows], next=cursor)
