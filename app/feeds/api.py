"""`/api/v1/feeds`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import Field
from sqlalchemy import Engine
from sqlmodel import col, select

from app.air.endpoints.contract import LiveAddress
from app.airings.carriage import wishes
from app.database import reading, writing
from app.feeds import service
from app.feeds.contract import TEMPORARY, FeedAddress
from app.feeds.live import is_live, live_address
from app.feeds.models import Feed
from app.feeds.names import BESIDE, DEFAULT_TEMPLATE, place
from app.feeds.options import Options
from app.feeds.probe import Step, probe, probe_live
from app.feeds.service import FeedFields
from app.handoffs.models import FolderCheck
from app.handoffs.reaching import reach
from app.settings import Settings
from app.web.bodies import Answer, Body, RowId, Text, created, etag, example
from app.web.dependencies import Actor, CurrentSettings, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router
from audio.excerpt import WHOLE
from audio.lead_in import HIGHEST_HZ, LONGEST_PART_S, LOWEST_HZ, NO_LEAD_IN, QUIETEST_DBFS, SHORTEST_SPOKEN_S
from audio.profile import SHORTWAVE, Codec

router = Router(prefix="/api/v1", tags=["feeds"])

_FEED: dict[str, Any] = {
    "site_id": 2,
    "name": "Tashkent, studio server",
    "protocol": "http_put",
    "address": "https://files.site.example/incoming",
    "credential": "env:DANPA_FEED_TAC",
    "codec": "mp3",
    "sample_rate": 48000,
    "bitrate_kbps": 128,
    "channels": 1,
    "profile": {"lowpass_hz": None},
    "lead_in": {"tone_s": 10, "silence_s": 2},
    "name_template": DEFAULT_TEMPLATE,
    "part": {},
    "options": {},
    "temporary": TEMPORARY,
    "sidecar": BESIDE,
    "may_remove": False,
    "second_feed_id": None,
    "second_route": "in_order",
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


class LeadInIn(Body):
    """What the file has before the programme: a line-up tone, then silence. The site starts the file that much earlier."""

    model_config = example(tone_s=10, silence_s=2)

    tone_s: Annotated[float, Field(ge=0, le=LONGEST_PART_S)] = NO_LEAD_IN.tone_s
    tone_hz: Annotated[int, Field(ge=LOWEST_HZ, le=HIGHEST_HZ)] = NO_LEAD_IN.tone_hz
    tone_dbfs: Annotated[
        float,
        Field(
            ge=QUIETEST_DBFS,
            le=0,
            description="A sine of full scale is 0; at least 1 dB under the profile's ceiling",
        ),
    ] = NO_LEAD_IN.tone_dbfs
    spoken: Annotated[
        str,
        Field(
            max_length=60,
            pattern=r"^[A-Za-z0-9 .,'&-]*$",
            description="After the tone a voice says, in English: this name, the date and UTC time, the version. Empty: nothing",
        ),
    ] = NO_LEAD_IN.spoken
    spoken_s: Annotated[
        float,
        Field(ge=SHORTEST_SPOKEN_S, le=LONGEST_PART_S, description="What that has, with silence behind it"),
    ] = NO_LEAD_IN.spoken_s
    silence_s: Annotated[float, Field(ge=0, le=LONGEST_PART_S)] = NO_LEAD_IN.silence_s


class PartIn(Body):
    """Which part of each airing the feed takes, in seconds after its start. A site that splits the hour has a feed for each."""

    model_config = example(start_s=0, stop_s=1800)

    start_s: Annotated[int, Field(ge=0, lt=86_400)] = WHOLE.start_s
    stop_s: Annotated[int | None, Field(gt=0, le=86_400, description="Left out: to the end")] = WHOLE.stop_s


class FeedIn(Body):
    """A feed. `deadline_s` and `accept_until_s` count back from the airing's start, `lead_s` and `warn_s` from the deadline."""

    model_config = example(**_FEED)

    site_id: RowId
    name: Annotated[Text, Field(max_length=200)]
    protocol: Literal["folder", "http_put", "http_post", "sftp", "ftp", "s3", "pull", "icecast", "srt"]
    address: Annotated[
        str,
        Field(
            max_length=1000,
            description="An absolute folder; a URL (https, sftp, ftpes for explicit TLS, ftps for implicit, ftp; S3 as https://host/bucket/folder; Icecast as https://source@host:8443/mount; srt://host:port); empty for pull",
        ),
    ] = ""
    credential: Annotated[
        str | None,
        Field(
            max_length=500,
            description="A reference, never the secret: env:DANPA_FEED_NAME or file:/absolute/path (mode 0600). HTTP: a bearer token; SFTP: a password or a private key; FTP: a password; S3: `access key id:secret`; Icecast: the source password; SRT: the passphrase, 10 to 79 characters",
        ),
    ] = None
    codec: Codec = "mp3"
    sample_rate: int = 48_000
    bitrate_kbps: Annotated[int | None, Field(description="Left out: the codec's usual one")] = None
    channels: Annotated[Literal[1, 2], Field(description="2: dual mono, the same sound in both channels")] = 1
    profile: Annotated[ProfileIn, Field(default_factory=ProfileIn)]
    lead_in: Annotated[LeadInIn, Field(default_factory=LeadInIn)]
    part: Annotated[PartIn, Field(default_factory=PartIn, description="Left out: the whole airing")]
    options: Annotated[Options, Field(default_factory=Options, description="What only this protocol needs")]
    name_template: Annotated[
        str,
        Field(
            max_length=200,
            description="With {date}, {time}, {date_kst}, {time_kst} (formats as {date:%d%m%y}), {site}, {khz}, {programme}, {version}, {ext}; or a fixed name that every airing overwrites",
        ),
    ] = DEFAULT_TEMPLATE
    temporary: Annotated[
        str,
        Field(
            max_length=200,
            description="What a file is called while it is written: `.{name}.part`, `{name}.tmp`, `incoming/{name}`; `{name}` writes in place",
        ),
    ] = TEMPORARY
    sidecar: Annotated[
        str,
        Field(
            max_length=200,
            description="The manifest's name: `{name}.json` beside the file, `../manifests/{name}.json` elsewhere; empty for none",
        ),
    ] = ""
    may_remove: Annotated[
        bool, Field(description="Whether our own files may be taken away once their airing is over")
    ] = False
    second_feed_id: Annotated[
        RowId | None, Field(description="Another feed of the same site that gets the same airings")
    ] = None
    second_route: Annotated[
        Literal["in_order", "both"],
        Field(description="in_order: only from this feed's first trouble on; both: always"),
    ] = "in_order"
    read_back: Literal["none", "head", "get"] = "get"
    max_duration_s: Annotated[
        int | None, Field(gt=0, le=86_400, description="Of the whole file, its lead-in included")
    ] = None
    lead_s: Seconds = 3600
    warn_s: Seconds = 900
    deadline_s: Seconds = 1800
    accept_until_s: Seconds = 300
    enabled: bool = True

    def fields(self) -> FeedFields:
        return FeedFields(
            **self.model_dump()
            | {
                "profile": self.profile.model_dump(exclude_unset=True),
                "lead_in": self.lead_in.model_dump(exclude_unset=True),
                "part": self.part.model_dump(exclude_defaults=True),
                "options": self.options.given(),
            }
        )


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
    channels: int
    profile: dict[str, Any]
    lead_in: dict[str, Any]
    part: dict[str, Any]
    options: dict[str, Any]
    name_template: str
    temporary: str
    sidecar: str
    may_remove: bool
    second_feed_id: int | None
    second_route: str
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


_STEP: dict[str, Any] = {
    "name": "list",
    "ok": True,
    "detail": "12 files are there",
    "facts": {"files": 12},
    "took_ms": 140,
}


class StepOut(Answer):
    model_config = example(**_STEP)

    name: str
    """``names``, ``credential``, ``list``, ``write``; of a live feed ``connect``."""
    ok: bool | None
    """Null: it was left out, and ``detail`` says why."""
    detail: str
    facts: dict[str, str | int]
    took_ms: int


class ProbeOut(Answer):
    """What would happen to the next programme, and what happened to a trial."""

    model_config = example(
        ok=True,
        object_name="20261122_1500_TAC_7585.mp3",
        temporary_name=".20261122_1500_TAC_7585.mp3.part",
        manifest_name="20261122_1500_TAC_7585.mp3.json",
        steps=[_STEP],
    )

    ok: bool
    object_name: Annotated[str | None, Field(description="Null for a live feed, as the two below")]
    temporary_name: str | None
    manifest_name: str | None
    steps: list[StepOut]


@router.post("/feeds/{feed_id}/probe", summary="Try a feed step by step, leaving nothing there")
async def probe_feed(
    feed_id: RowId, database: Database, settings: CurrentSettings, actor: Actor, now: Now
) -> ProbeOut:
    """The journal keeps how it ended, and no automation can take the trial file for a programme."""
    live = await asyncio.to_thread(_to_probe_live, database, settings, feed_id)
    if live is not None:
        steps, names = await probe_live(live), dict.fromkeys(_NAMES)
    else:
        address, name, sidecar = await asyncio.to_thread(_to_probe, database, settings, feed_id, now)
        told = (name, place(address.temporary, name), place(sidecar, name) if sidecar else None)
        steps, names = await probe(address), dict(zip(_NAMES, told, strict=True))
    await asyncio.to_thread(_note_probe, database, feed_id, steps, actor.person_id, now)
    return ProbeOut(
        ok=all(step.ok is not False for step in steps),
        steps=[StepOut.model_validate(step) for step in steps],
        **names,
    )


_NAMES = ("object_name", "temporary_name", "manifest_name")


def _note_probe(database: Engine, feed_id: int, steps: Sequence[Step], by: int, now: datetime) -> None:
    with writing(database) as session:
        service.note_probe(session, feed_id, steps, now=now, by=by)


def _to_probe_live(database: Engine, settings: Settings, feed_id: int) -> LiveAddress | None:
    """None where the feed takes files."""
    with reading(database) as session:
        row = service.feed(session, feed_id)
        if not is_live(row):
            return None
        return live_address(row, wishes(row).encoding, service.confinement(session, settings))


def _to_probe(
    database: Engine, settings: Settings, feed_id: int, now: datetime
) -> tuple[FeedAddress, str, str]:
    with reading(database) as session:
        row = service.feed(session, feed_id)
        name = service.name_now(session, row, now)
        return reach(session, database, settings, row, lambda: now), name, row.sidecar


class FindingOut(Answer):
    model_config = example(kind="altered", name="20261122_1500_TAC_7585.mp3", expected=975000, found=12)

    kind: str
    """``missing``, ``altered``, ``oversized``, ``stale``, ``foreign``."""
    name: str
    expected: int | None
    found: int | None


class FolderOut(Answer):
    """The feed's folder as it was seen before one airing."""

    model_config = example(
        airing_id=12,
        checked_at="2026-11-22T14:15:00Z",
        listed=14,
        findings=[],
        removed=1,
        error=None,
    )

    airing_id: int
    checked_at: datetime
    listed: int | None
    findings: list[FindingOut]
    removed: int
    error: str | None


@router.get("/feeds/{feed_id}/folder", summary="The feed's folder as it was seen, the newest look first")
def list_looks(feed_id: RowId, database: Database, _actor: Actor) -> Page[FolderOut]:
    with reading(database) as session:
        service.feed(session, feed_id)
        rows = session.exec(
            select(FolderCheck)
            .where(FolderCheck.feed_id == feed_id)
            .order_by(col(FolderCheck.checked_at).desc())
            .limit(50)
        ).all()
        return Page(items=[FolderOut.model_validate(row) for row in rows], next=None)
