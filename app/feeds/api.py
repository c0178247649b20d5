"""`/api/v1/feeds`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlmodel import col, select

from app.database import reading, writing
from app.feeds import service
from app.feeds.models import Feed
from app.feeds.names import DEFAULT_TEMPLATE
from app.feeds.service import FeedFields
from app.web.bodies import Answer, Body, RowId, Text, created, etag, example
from app.web.dependencies import Actor, CurrentSettings, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from audio.profile import SHORTWAVE, Codec

router = APIRouter(prefix="/api/v1", tags=["feeds"])

_FEED: dict[str, Any] = {
    "site_id": 2,
    "name": "Tashkent, studio server",
    "protocol": "http_put",
    "address": "https://files.site.example/incoming",
    "credential": "env:DANPA_FEED_TAC",
    "codec": "mp3",
    "sample_rate": 48000,
    "bitrate_kbps": 128,
    "profile": {"lowpass_hz": None},
    "name_template": DEFAULT_TEMPLATE,
    "sidecar": "beside",
    "read_back": "head",
    "max_duration_s": None,
    "lead_s": 3600,
    "warn_s": 900,
    "deadline_s": 1800,
    "accept_until_s": 300,
    "enabled": True,
}
Seconds = Annotated[int, Field(ge=0, le=7 * 86_400)]


class ProfileIn(Body):
    """What the site wants otherwise than the shortwave profile has it; null leaves a step out."""

    model_config = example(lowpass_hz=None)

    highpass_hz: int | None = SHORTWAVE.highpass_hz
    lowpass_hz: int | None = SHORTWAVE.lowpass_hz
    compress: bool = SHORTWAVE.compress
    target_lufs: float | None = SHORTWAVE.target_lufs
    ceiling_dbtp: float = SHORTWAVE.ceiling_dbtp


class FeedIn(Body):
    """A feed. `deadline_s` and `accept_until_s` count back from the airing's start, `lead_s` and `warn_s` from the deadline."""

    model_config = example(**_FEED)

    site_id: RowId
    name: Annotated[Text, Field(max_length=200)]
    protocol: Literal["folder", "http_put"]
    address: Annotated[
        Text, Field(max_length=1000, description="An absolute folder, or a URL under which names are put")
    ]
    credential: Annotated[
        str | None,
        Field(
            max_length=500,
            description="A reference, never the secret: env:DANPA_FEED_NAME or file:/absolute/path (mode 0600)",
        ),
    ] = None
    codec: Codec = "mp3"
    sample_rate: int = 48_000
    bitrate_kbps: Annotated[int | None, Field(description="Left out: the codec's usual one")] = None
    profile: Annotated[ProfileIn, Field(default_factory=ProfileIn)]
    name_template: Annotated[str, Field(max_length=200)] = DEFAULT_TEMPLATE
    sidecar: Literal["none", "beside"] = "none"
    read_back: Literal["none", "head", "get"] = "get"
    max_duration_s: Annotated[int | None, Field(gt=0, le=86_400)] = None
    lead_s: Seconds = 3600
    warn_s: Seconds = 900
    deadline_s: Seconds = 1800
    accept_until_s: Seconds = 300
    enabled: bool = True

    def fields(self) -> FeedFields:
        return FeedFields(**self.model_dump() | {"profile": self.profile.model_dump(exclude_unset=True)})


class FeedOut(Answer):
    model_config = example(
        id=5, **_FEED, created_at="2026-10-25T01:00:00Z", updated_at="2026-10-25T01:00:00Z", revision=1
    )

    id: int
    site_id: int
    name: str
    protocol: str
    address: str
    credential: str | None
    codec: str
    sample_rate: int
    bitrate_kbps: int | None
    profile: dict[str, Any]
    name_template: str
    sidecar: str
    read_back: str
    max_duration_s: int | None
    lead_s: int
    warn_s: int
    deadline_s: int
    accept_until_s: int
    enabled: bool
    created_at: datetime
    updated_at: datetime
    revision: int


@router.get("/feeds", summary="The sites' endpoints that take our audio")
def list_feeds(
    database: Database, _actor: Actor, wanted: WantedPage, site_id: RowId | None = None
) -> Page[FeedOut]:
    query = select(Feed)
    if site_id is not None:
        query = query.where(Feed.site_id == site_id)
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(Feed.id), wanted)
        return Page(items=[FeedOut.model_validate(row) for row in rows], next=cursor)


@router.post("/feeds", status_code=201, summary="Add a feed")
def create_feed(
    body: FeedIn, database: Database, settings: CurrentSettings, actor: Actor, now: Now, response: Response
) -> FeedOut:
    with writing(database) as session:
        row = service.create_feed(session, body.fields(), settings=settings, now=now, by=actor.person_id)
    created(response, f"/api/v1/feeds/{row.id}", row.revision)
    return FeedOut.model_validate(row)


@router.get("/feeds/{feed_id}", summary="One feed")
def read_feed(feed_id: RowId, database: Database, _actor: Actor, response: Response) -> FeedOut:
    with reading(database) as session:
        row = service.feed(session, feed_id)
    etag(response, row.revision)
    return FeedOut.model_validate(row)


@router.put("/feeds/{feed_id}", summary="Change a feed")
def update_feed(
    feed_id: RowId,
    body: FeedIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> FeedOut:
    with writing(database) as session:
        row = service.update_feed(
            session,
            feed_id,
            body.fields(),
            settings=settings,
            expected=expected,
            now=now,
            by=actor.person_id,
        )
    etag(response, row.revision)
    return FeedOut.model_validate(row)


@router.delete("/feeds/{feed_id}", status_code=204, summary="Delete a feed that was never used")
def delete_feed(feed_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_feed(session, feed_id, now=now, by=actor.person_id)
