"""The protocol's calls: where an upload stands, its next piece, its end."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.database import id_of, reading
from app.errors import DanpaError
from app.uploads import service
from app.uploads.errors import WrongContentType, WrongOffset
from app.uploads.models import Upload, UploadState
from app.uploads.partial import Checksum
from app.uploads.protocol import PIECE, has_piece, headers_of, read_checksum, read_offset
from app.uploads.receiving import Desk, more_than_announced, receive_body
from app.uploads.receptions import Reception


async def tell_offset(desk: Desk, name: str, person_id: int, now: datetime) -> Response:
    """HEAD: where to go on.

    A connection that is dead is waited for first, so that what is told stays true; one that lives is not disturbed by a
    question. An upload that is all there and not yet a segment (the process died in between) becomes one now: its
    sender will not come again.
    """
    await run_in_threadpool(
        _find, desk, name, person_id, now
    )  # before anything of somebody else's is touched
    await desk.receptions.settle(name)
    upload = await run_in_threadpool(_find, desk, name, person_id, now)
    is_whole = upload.state == UploadState.open and upload.received == upload.length
    if is_whole and desk.receptions.offset(name) is None:
        async with desk.receptions.receiving(name):
            upload = await _completed(desk, upload)
    headers = headers_of(upload) | {"Upload-Length": str(upload.length)}
    if upload.announced:
        headers["Upload-Metadata"] = upload.announced
    return Response(status_code=200, headers=headers)


async def next_piece(request: Request, desk: Desk, name: str, person_id: int, now: datetime) -> Response:
    """PATCH."""
    offset, checksum = read_offset(request), read_checksum(request)
    if not has_piece(request):
        raise WrongContentType(f"send the bytes as Content-Type: {PIECE}")
    await run_in_threadpool(_find, desk, name, person_id, now)  # only its owner learns that it is locked
    async with desk.receptions.receiving(name) as reception:
        upload = await run_in_threadpool(_find, desk, name, person_id, now)
        if offset != upload.received:
            raise WrongOffset(
                f"the upload stands at {upload.received}, and this piece begins at {offset}: go on from there"
            )
        try:
            upload = await _take(request, desk, upload, reception, checksum)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
    return Response(status_code=204, headers=headers_of(upload))


async def first_piece(request: Request, desk: Desk, upload: Upload, checksum: Checksum | None) -> Upload:
    """What came together with the announcement.

    An upload whose first piece fails is ended: its sender does not know its address, and begins again in any case.

    Raises:
        ClientDisconnect, DanpaError: as `receive_body`.
    """
    try:
        async with desk.receptions.receiving(upload.name) as reception:
            return await _take(request, desk, upload, reception, checksum)
    except (DanpaError, ClientDisconnect):
        desk.receptions.forget_hash(upload.name)
        await run_in_threadpool(service.end, desk.database, desk.settings, upload, desk.clock())
        raise


async def end(desk: Desk, name: str, person_id: int, now: datetime) -> Response:
    """DELETE."""
    await run_in_threadpool(_find, desk, name, person_id, now)
    await desk.receptions.settle(name, force=True)
    upload = await run_in_threadpool(_find, desk, name, person_id, now)
    await run_in_threadpool(service.end, desk.database, desk.settings, upload, now)
    desk.receptions.forget_hash(name)
    return Response(status_code=204)


async def _take(
    request: Request, desk: Desk, upload: Upload, reception: Reception, checksum: Checksum | None
) -> Upload:
    announced = request.headers.get("content-length", "")
    left = upload.length - upload.received
    if announced.isdigit() and int(announced) > left:
        raise more_than_announced(upload)
    if left:
        await receive_body(request, desk, upload, reception, checksum)
    return await _completed(desk, upload)


async def _completed(desk: Desk, upload: Upload) -> Upload:
    """The upload as it is now: with its segment, if every byte is there."""
    known = desk.receptions.hash_of(upload.name)
    now = desk.clock()
    upload = await run_in_threadpool(
        service.complete, desk.database, desk.settings, id_of(upload), known, now
    )
    if upload.state != UploadState.open:
        desk.receptions.forget_hash(upload.name)
    return upload


def _find(desk: Desk, name: str, person_id: int, now: datetime) -> Upload:
    with reading(desk.database) as session:
        return service.find_own(session, name, person_id=person_id, now=now)
