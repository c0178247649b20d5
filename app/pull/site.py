"""`/pull/<key>/`: where a site fetches. It has no other login, so every wrong address is answered alike."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import Query, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine

from app.database import id_of, reading
from app.errors import Conflict, DanpaError, NotFound
from app.processes import Clock
from app.pull import fetches, offers, service
from app.pull.answers import CountedAnswer
from app.pull.endings import Ending
from app.pull.models import Fetch, PullKey
from app.pull.offers import Offered
from app.pull.ranges import Part, part_of
from app.storage import Blobs
from app.web.dependencies import CurrentBlobs, Database, Now
from app.web.problems import problem_response
from app.web.routing import Router
from app.web.security import FailedSignIns

log = structlog.get_logger("danpa.pull")

router = Router(prefix="/pull", include_in_schema=False)  # for sites; docs/api.md describes it

PRIVATE = {"Cache-Control": "private, no-store"}
LONGEST_USER_AGENT = 200

Form = Annotated[Literal["json", "text"], Query(alias="format")]


@router.api_route("/{token}/", methods=["GET", "HEAD"])
def list_offers(request: Request, database: Database, now: Now, token: str, form: Form = "json") -> Response:
    """What is there now. As text it is what ``sha256sum --check`` reads, with the rest in comments."""
    try:
        key = _let_in(request, database, token)
    except DanpaError as error:
        return _refusal(error)
    with reading(database) as session:
        seen = list(offers.visible(session, key.feed_id, now).values())
    if form == "text":
        return PlainTextResponse("".join(map(_lines, seen)), headers=PRIVATE)
    body = json.dumps({"items": [_facts(one) for one in seen]}, indent=2) + "\n"
    return Response(body, media_type="application/json", headers=PRIVATE)


@router.api_route("/{token}/{name:path}", methods=["GET", "HEAD"])
def fetch_offer(
    request: Request, database: Database, blobs: CurrentBlobs, now: Now, token: str, name: str
) -> Response:
    """One file, or a part of it. The answer is on record before its first byte, and what went out after its last."""
    try:
        key = _let_in(request, database, token)
        offered = _offered(database, key.feed_id, name, now)
        source = offered.content if offered.content is not None else _artefact(offered, blobs)
    except DanpaError as error:
        return _refusal(error)
    with reading(database) as session:
        mixes = fetches.has_given_another(session, key.feed_id, name, offered.sha256)
    part = part_of(request.headers, tag=_tag(offered), size=offered.size, may_continue=not mixes)
    if part.status == HTTPStatus.CONFLICT:
        return _refusal(
            Conflict("what you have of this name is of another file: fetch it from the first byte")
        )
    fetch_id = fetches.begin(database, _record(request, key, offered, part, now))
    clock: Clock = request.app.state.now
    return CountedAnswer(
        part,
        source,
        headers=_headers(offered, part),
        media_type=offered.media_type,
        finish=partial(_finish, database, fetch_id, clock, _is_proxied(request)),
    )


def _let_in(request: Request, database: Engine, token: str) -> PullKey:
    """The key of an address. Raises NotFound, and TooManyAttempts where too many wrong ones came from there."""
    with reading(database) as session:
        key = service.key_of_token(session, token)
    if key is None:
        attempts: FailedSignIns = request.app.state.failed_sign_ins
        attempts.failed(_client(request))
        log.warning("unknown pull key", address=_client(request))
        raise _nothing()
    return key


def _offered(database: Engine, feed_id: int, name: str, now: datetime) -> Offered:
    with reading(database) as session:
        offered = offers.visible(session, feed_id, now).get(name)
    if offered is None:
        raise _nothing()
    return offered


def _artefact(offered: Offered, blobs: Blobs) -> Path:
    path = offered.path(blobs)
    if not path.is_file() or path.stat().st_size != offered.size:
        log.error("an artefact on offer is missing or cut short", handoff=offered.handoff_id)
        raise _nothing()
    return path


def _record(request: Request, key: PullKey, offered: Offered, part: Part, now: datetime) -> Fetch:
    return Fetch(
        feed_id=key.feed_id,
        pull_key_id=id_of(key),
        handoff_id=offered.handoff_id,
        name=offered.name,
        sha256=offered.sha256,
        size=offered.size,
        method=request.method,
        status=int(part.status),
        first_byte=part.first,
        end_byte=part.end,
        started_at=now,
        remote_address=_client(request),
        user_agent=request.headers.get("user-agent", "")[:LONGEST_USER_AGENT],
    )


def _is_proxied(request: Request) -> bool:
    return any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))


def _finish(
    database: Engine,
    fetch_id: int,
    clock: Clock,
    is_proxied: bool,  # noqa: FBT001 - partial() gives it
    bytes_sent: int,
    ending: Ending,
) -> None:
    if is_proxied and bytes_sent and ending == "whole":
        ending = "proxy"
    fetches.finish(database, fetch_id, bytes_sent=bytes_sent, ended=ending, now=clock())


def _headers(offered: Offered, part: Part) -> Mapping[str, str]:
    digest = base64.b64encode(bytes.fromhex(offered.sha256)).decode("ascii")
    headers = PRIVATE | {
        "Accept-Ranges": "bytes",
        "ETag": _tag(offered),
        "Last-Modified": format_datetime(offered.offered_at.astimezone(UTC), usegmt=True),
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
    }
    if part.end > part.first:
        headers["Connection"] = "close"  # how the client closes it is what shows that it took all
        headers["X-Accel-Buffering"] = "no"  # a proxy should not be far ahead of its client
    if part.status == HTTPStatus.PARTIAL_CONTENT:
        headers["Content-Range"] = f"bytes {part.first}-{part.end - 1}/{offered.size}"
    if part.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        headers["Content-Range"] = f"bytes */{offered.size}"
    if part.status != HTTPStatus.NOT_MODIFIED:
        headers["Content-Length"] = str(part.end - part.first)
    return headers


def _facts(one: Offered) -> dict[str, str | int]:
    return {
        "name": one.name,
        "size": one.size,
        "sha256": one.sha256,
        "media_type": one.media_type,
        "version": one.version,
        "starts_at": _instant(one.starts_at),
        "stops_at": _instant(one.stops_at),
    }


def _lines(one: Offered) -> str:
    about = (
        f"# {_instant(one.starts_at)} to {_instant(one.stops_at)}, version {one.version}, {one.size} bytes"
    )
    return f"{about}\n{one.sha256}  {one.name}\n"


def _tag(offered: Offered) -> str:
    return f'"sha-256:{offered.sha256}"'


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _nothing() -> NotFound:
    return NotFound("there is nothing at this address")


def _refusal(error: DanpaError) -> Response:
    response = problem_response(error)
    response.headers.update(PRIVATE)
    return response
