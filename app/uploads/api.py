"""Uploads that survive the network: tus 1.0.0 over HTTP.

The protocol's calls need ``Tus-Resumable: 1.0.0``; the two that read JSON do not. A form in one piece (`POST /segments`) is
as good where the line is.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request, Response
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.database import reading
from app.uploads import service
from app.uploads.announced import announced
from app.uploads.exchanges import end, first_piece, next_piece, tell_offset
from app.uploads.models import Upload, UploadState
from app.uploads.protocol import (
    PIECE,
    TusRoute,
    capabilities,
    has_piece,
    headers_of,
    read_checksum,
    read_length,
    require_version,
)
from app.uploads.receiving import Desk
from app.uploads.schemas import UploadOut, location_of
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["uploads"], route_class=TusRoute)

LARGEST_PIECE = 1 << 62
"""FastAPI's own limit is lifted here: an upload's announced length is the limit of each piece."""
_BYTES = {"content": {PIECE: {"schema": {"type": "string", "format": "binary"}}}}
_HEADERS = {
    "Upload-Offset": {"description": "Bytes that are on the disk for good", "schema": {"type": "integer"}},
    "Upload-Expires": {
        "description": "Given up then, if no byte comes before",
        "schema": {"type": "string"},
    },
    "Danpa-Segment": {
        "description": "The segment that it has become, once all is there",
        "schema": {"type": "integer"},
    },
}


async def _desk(request: Request) -> Desk:
    state = request.app.state
    return Desk(state.settings, state.database, state.receptions, state.now)


CurrentDesk = Annotated[Desk, Depends(_desk)]
Name = Annotated[str, Path(description="The last part of `Location`")]


@router.options("/uploads", status_code=204, summary="What this server can of tus", include_in_schema=False)
@router.options("/uploads/{name}", status_code=204, include_in_schema=False)
def describe_uploads(settings: CurrentSettings, _actor: Actor) -> Response:
    return Response(status_code=204, headers=capabilities(settings))


@router.post(
    "/uploads",
    status_code=201,
    summary="Begin a resumable upload (tus)",
    max_body_size=LARGEST_PIECE,
    response_class=Response,
    responses={201: {"headers": {"Location": {"schema": {"type": "string"}}, **_HEADERS}}},
    openapi_extra={
        "requestBody": _BYTES,
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": required,
                "schema": {"type": "string"},
                "example": shown,
            }
            for name, required, shown in (
                ("Tus-Resumable", True, "1.0.0"),
                ("Upload-Length", True, "28800044"),
                ("Upload-Metadata", True, "filename 7Kad7Ja4Lm00YQ==,kind dGVzdGltb255"),
                ("Upload-Checksum", False, "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
            )
        ],
    },
)
async def begin_upload(request: Request, desk: CurrentDesk, actor: Actor, now: Now) -> Response:
    """`Upload-Metadata` holds the fields of the form of `POST /segments`, each as Base64, the file's name as `filename`, and,
    if the sender knows it, `sha256` of the whole file. The body may be the first piece already.
    """
    require_version(request)
    wanted = announced(read_length(request), request.headers.get("upload-metadata", ""), desk.settings)
    brings, checksum = has_piece(request), read_checksum(request)
    upload = await run_in_threadpool(
        service.begin, desk.database, desk.settings, wanted, person_id=actor.person_id, now=now
    )
    if brings:
        try:
            upload = await first_piece(request, desk, upload, checksum)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
    return Response(status_code=201, headers=headers_of(upload) | {"Location": location_of(upload)})


@router.get("/uploads", summary="List your uploads, oldest first")
def list_uploads(
    database: Database,
    desk: CurrentDesk,
    actor: Actor,
    page: WantedPage,
    state: UploadState = UploadState.open,
) -> Page[UploadOut]:
    """Those under way, with how far each is; those that are over for a day, by their `state`."""
    query = select(Upload).where(Upload.person_id == actor.person_id, Upload.state == state)
    with reading(database) as session:
        uploads, cursor = page_of(session, query, col(Upload.id), page)
    return Page(
        items=[UploadOut.of(upload, desk.receptions.offset(upload.name)) for upload in uploads], next=cursor
    )


@router.get("/uploads/{name}", summary="Read one of your uploads")
def read_upload(name: Name, database: Database, desk: CurrentDesk, actor: Actor) -> UploadOut:
    """Also for a day after it is over: who lost the last answer finds the segment here."""
    with reading(database) as session:
        upload = service.look_up(session, name, person_id=actor.person_id)
    return UploadOut.of(upload, desk.receptions.offset(name))


@router.head("/uploads/{name}", include_in_schema=False)
async def read_upload_offset(
    request: Request, name: Name, desk: CurrentDesk, actor: Actor, now: Now
) -> Response:
    require_version(request)
    return await tell_offset(desk, name, actor.person_id, now)


@router.patch(
    "/uploads/{name}",
    status_code=204,
    summary="Bring the next bytes of an upload (tus)",
    max_body_size=LARGEST_PIECE,
    response_class=Response,
    responses={
        204: {"headers": _HEADERS},
        409: {"description": "`Upload-Offset` is not where the upload stands: ask with HEAD"},
        410: {"description": "It was given up, ended, or failed"},
        423: {"description": "Another request is bringing bytes at this moment"},
        460: {"description": "The bytes are not what `Upload-Checksum` says, and were thrown away"},
    },
    openapi_extra={
        "requestBody": {"required": True, **_BYTES},
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": required,
                "schema": {"type": "string"},
                "example": shown,
            }
            for name, required, shown in (
                ("Tus-Resumable", True, "1.0.0"),
                ("Upload-Offset", True, "16777216"),
                ("Upload-Checksum", False, "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
            )
        ],
    },
)
async def continue_upload(
    request: Request, name: Name, desk: CurrentDesk, actor: Actor, now: Now
) -> Response:
    """`HEAD` tells where to go on. The last piece makes the segment, as the form does; its id is in `Danpa-Segment`."""
    require_version(request)
    return await next_piece(request, desk, name, actor.person_id, now)


@router.delete("/uploads/{name}", status_code=204, summary="End an upload (tus)", response_class=Response)
async def end_upload(request: Request, name: Name, desk: CurrentDesk, actor: Actor, now: Now) -> Response:
    """What arrived is removed. A segment that it has become stays."""
    require_version(request)
    return await end(desk, name, actor.person_id, now)


@router.post("/uploads/{name}", include_in_schema=False, max_body_size=LARGEST_PIECE)
async def override_upload_method(
    request: Request, name: Name, desk: CurrentDesk, actor: Actor, now: Now
) -> Response:
    """For clients and proxies that know neither PATCH nor DELETE.

    Honoured in POST only: as part of a GET it would get past the checks that unsafe requests of a page must pass.
    """
    require_version(request)
    method = request.headers.get("x-http-method-override", "").upper()
    if method == "PATCH":
        return await next_piece(request, desk, name, actor.person_id, now)
    if method == "DELETE":
        return await end(desk, name, actor.person_id, now)
    if method == "HEAD":
        return await tell_offset(desk, name, actor.person_id, now)
    raise HTTPException(405, headers={"Allow": "GET, HEAD, PATCH, DELETE, OPTIONS"})
