"""Segments over HTTP: uploads, the library's list, and the steps of a segment's life."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.airings.outings import next_airs_at
from app.airings.whereabouts import stands_in_for, whereabouts
from app.database import reading, writing
from app.errors import NotFound
from app.library import cuts, finding, service
from app.library.alike import find_alike
from app.library.cut_schemas import ApproveIn
from app.library.description import from_form
from app.library.models import Cut, SegmentKind
from app.library.receive import Receiver
from app.library.schemas import (
    AlikeOut,
    AlikePage,
    PeaksOut,
    PlaceOut,
    RecallIn,
    RecallOut,
    SegmentDetail,
    SegmentOut,
    SegmentPatch,
)
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, CurrentBlobs, CurrentSettings, Database, IfMatch, Now
from app.web.files import AudioFile
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["library"])

LARGEST_UPLOAD = 1 << 62
"""FastAPI's own limit is lifted here: the receiver enforces the station's, which also covers bodies without a length."""

_FORM = {
    "type": "object",
    "required": ["file", "kind"],
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "The recording, as the producer has it",
        },
        "title": {"type": "string", "maxLength": 300, "description": "If left out, the file's name"},
        "kind": {"type": "string", "enum": [str(kind) for kind in SegmentKind]},
        "tags": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Repeated, or separated by commas",
        },
        "presenter": {"type": "string"},
        "series": {"type": "string", "description": "The series that it is an episode of"},
        "episode": {"type": "integer", "description": "Its number in the series"},
        "awaited_as": {"type": "string", "description": "The awaited element of a clock that it is for"},
        "awaited_on": {
            "type": "string",
            "format": "date",
            "description": "The broadcast date (KST) that it is for",
        },
        "airing_id": {
            "type": "integer",
            "description": "Instead of awaited_as and awaited_on: the airing that it is for",
        },
        "element": {
            "type": "string",
            "description": "The awaited element of that airing: its name, its label, or its number from 1",
        },
        "script": {"type": "string", "description": "What is said, as written"},
        "notes": {"type": "string"},
        "rights": {"type": "string", "description": "Whose it is, and what was agreed"},
        "pseudonym": {"type": "string", "description": "The name under which whoever speaks may be known"},
        "max_airings": {"type": "integer", "description": "After so many airings it is not chosen any more"},
        "retain_until": {
            "type": "string",
            "format": "date",
            "description": "The last day (KST) of its keeping; then its audio is deleted",
        },
        "batch": {
            "type": "string",
            "description": "A name of your own for files that are sent together: `GET /batches/{name}` tells how far they are",
        },
        "air_from": {"type": "string", "format": "date-time", "description": "`air-from` is taken as well"},
        "air_until": {"type": "string", "format": "date-time", "description": "`air-until` is taken as well"},
    },
    "examples": [
        {
            "file": "(the bytes of 아침뉴스_1122.wav)",
            "title": "아침 뉴스 11월 22일",
            "kind": "news",
            "tags": ["뉴스", "daily"],
            "air_until": "2026-11-23T15:00:00Z",
        }
    ],
}


@router.post(
    "/segments",
    status_code=202,
    summary="Upload a recording",
    response_model=SegmentDetail,
    max_body_size=LARGEST_UPLOAD,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def upload_segment(
    request: Request,
    response: Response,
    actor: Actor,
    settings: CurrentSettings,
    database: Database,
    now: Now,
) -> Any:
    """Answers at once with the segment in state `processing`; a worker measures it, and it becomes a `draft`, or is
    `rejected` with a problem document that says why.
    """
    length = request.headers.get("content-length", "")
    receiver = Receiver(
        settings, request.headers.get("content-type", ""), int(length) if length.isdigit() else None
    )
    try:
        async for chunk in request.stream():
            await run_in_threadpool(receiver.feed, chunk)
        segment = await run_in_threadpool(_accept, receiver, database, actor.person_id, now)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is there to read it
    finally:
        receiver.close()
    created(response, f"/api/v1/segments/{segment.id}", segment.revision)
    return segment


def _accept(receiver: Receiver, database: Engine, person_id: int, now: datetime) -> SegmentDetail:
    received = receiver.finish()
    description = from_form(received.fields, received.name)
    with writing(database) as session:
        segment = service.accept_upload(session, received, description, person_id=person_id, now=now)
    receiver.keep()
    with reading(database) as session:
        return SegmentDetail.of(segment, service.same_audio_as(session, segment))


@router.get("/segments/{segment_id}", summary="Read one segment")
def read_segment(
    segment_id: RowId, response: Response, database: Database, _actor: Actor, now: Now
) -> SegmentDetail:
    with reading(database) as session:
        segment = service.get(session, segment_id)
        shown = SegmentDetail.of(segment, service.same_audio_as(session, segment))
        heard = finding.heard(session, segment_id)
        shown.last_aired_at, shown.times_aired = heard.last_aired_at, heard.times_aired
        shown.next_airs_at = next_airs_at(session, segment_id, now)
    etag(response, segment.revision)
    return shown


@router.patch("/segments/{segment_id}", summary="Change what is said about a segment")
def change_segment(
    segment_id: RowId,
    body: SegmentPatch,
    response: Response,
    database: Database,
    actor: Actor,
    now: Now,
    if_match: IfMatch,
) -> SegmentOut:
    with writing(database) as session:
        segment = service.change(
            session, segment_id, body.changes(), if_match=if_match, person_id=actor.person_id, now=now
        )
    etag(response, segment.revision)
    return SegmentOut.model_validate(segment)


@router.post("/segments/{segment_id}/approve", summary="Let a draft go on the air")
def approve_segment(
    segment_id: RowId,
    response: Response,
    database: Database,
    actor: Actor,
    now: Now,
    if_match: IfMatch,
    body: ApproveIn | None = None,
) -> SegmentOut:
    """With the `cut` that was listened to, 409 `stale` answers where somebody has edited it since."""
    cut = body.cut if body else None
    return _step("approve", segment_id, response, database, actor.person_id, now, if_match, cut)


@router.post("/segments/{segment_id}/retire", summary="Take an approved segment out of use")
def retire_segment(
    segment_id: RowId, response: Response, database: Database, actor: Actor, now: Now, if_match: IfMatch
) -> SegmentOut:
    return _step("retire", segment_id, response, database, actor.person_id, now, if_match)


@router.post(
    "/segments/{segment_id}/recall", summary="Recall a segment: it must not air, not even where delivered"
)
def recall_segment(
    segment_id: RowId,
    response: Response,
    database: Database,
    actor: Actor,
    now: Now,
    if_match: IfMatch,
    body: RecallIn | None = None,
) -> RecallOut:
    """It is blocked at once; every airing that has not ended is compiled, rendered and delivered anew within minutes.

    The answer says where the segment is now; `GET /segments/{id}/whereabouts` says how it goes on.
    """
    details: dict[str, Any] = {"reason": body.reason} if body and body.reason else {}
    with writing(database) as session:
        segment = service.take_step(
            session,
            segment_id,
            "recall",
            if_match=if_match,
            person_id=actor.person_id,
            now=now,
            **details,
        )
        places = whereabouts(session, segment_id, now)
        stands_in = stands_in_for(session, segment_id)
    etag(response, segment.revision)
    return RecallOut(
        **SegmentOut.model_validate(segment).model_dump(),
        whereabouts=[PlaceOut.model_validate(place) for place in places],
        stands_in_for=stands_in,
    )


@router.get("/segments/{segment_id}/whereabouts", summary="Where a segment lies, was replaced, or has aired")
def read_whereabouts(segment_id: RowId, database: Database, _actor: Actor, now: Now) -> Page[PlaceOut]:
    """Open airings, and those of the last 30 days, site by site."""
    with reading(database) as session:
        service.get(session, segment_id)
        places = whereabouts(session, segment_id, now)
    return Page(items=[PlaceOut.model_validate(place) for place in places], next=None)


def _step(
    step: str,
    segment_id: int,
    response: Response,
    database: Engine,
    person_id: int,
    now: datetime,
    if_match: int | None,
    cut: int | None = None,
) -> SegmentOut:
    with writing(database) as session:
        segment = service.take_step(
            session, segment_id, step, if_match=if_match, person_id=person_id, now=now, cut=cut
        )
    etag(response, segment.revision)
    return SegmentOut.model_validate(segment)


WantedCut = Annotated[
    int | None, Query(ge=0, description="Which cut; 0 is the recording as it came, left out is the newest")
]


@router.head("/segments/{segment_id}/audio", include_in_schema=False)
@router.get(
    "/segments/{segment_id}/audio",
    summary="Listen to a segment",
    response_class=AudioFile,
    responses={200: {"content": {"audio/flac": {}}}, 206: {"description": "The range that was asked for"}},
)
def read_segment_audio(
    segment_id: RowId, database: Database, blobs: CurrentBlobs, _actor: Actor, cut: WantedCut = None
) -> AudioFile:
    """A master, as FLAC; a `Range` is honoured, so that a player can seek."""
    with reading(database) as session:
        sha256 = cuts.sound_of(session, service.get(session, segment_id), cut).master_sha256
    path = None if sha256 is None else blobs.path("masters", sha256, ".flac")
    if path is None or not path.exists():
        raise NotFound(f"segment {segment_id} has no audio to listen to")
    return AudioFile(path, media_type="audio/flac", headers={"ETag": f'"{sha256}"'})


@router.get("/segments/{segment_id}/alike", summary="List the segments that sound like this one")
def read_alike(segment_id: RowId, database: Database, blobs: CurrentBlobs, _actor: Actor) -> AlikePage:
    """The same recording in another encoding, trimmed, louder, through a telephone; also what was retired or recalled.

    Most shared first. Shown is what shares half of either one's sound, or a fifth and 5 seconds, or 20 seconds. A person
    judges: nothing is blocked.
    """
    found = find_alike(database, blobs, segment_id)
    items = [AlikeOut.of(each) for each in found.items]
    return AlikePage(items=items, next=None, not_compared=found.not_compared)


@router.get("/segments/{segment_id}/peaks", summary="Read a segment's waveform")
def read_segment_peaks(
    segment_id: RowId,
    database: Database,
    blobs: CurrentBlobs,
    _actor: Actor,
    points: Annotated[int, Query(ge=1, le=10_000, description="At most this many pairs")] = 1000,
    cut: WantedCut = None,
    first_sample: Annotated[int, Query(ge=0, lt=2**53, description="For a closer look: from here on")] = 0,
    end_sample: Annotated[int | None, Query(ge=0, lt=2**53, description="And as far as here")] = None,
) -> PeaksOut:
    """Lowest and highest sample of equal stretches of the master, to draw: of the whole, or of a part of it."""
    from app.library.waveform import read_waveform  # numpy stays out of the web process until somebody looks

    with reading(database) as session:
        sound = cuts.sound_of(session, service.get(session, segment_id), cut)
    sha256 = sound.peaks_sha256
    path = None if sha256 is None else blobs.path("peaks", sha256, ".peaks")
    if path is None or not path.exists():
        raise NotFound(f"segment {segment_id} has no waveform")
    joins = list(sound.joins) if isinstance(sound, Cut) else []
    return PeaksOut(**asdict(read_waveform(path, points, first_sample, end_sample)), joins=joins)
