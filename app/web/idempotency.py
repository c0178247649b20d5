"""Idempotency-Key: a creating call that is repeated gets the answer of the first one.

Pure ASGI, so that a request's body streams through untouched (2 GB of audio are not read twice, nor kept).

Only success is remembered, if it is JSON of ordinary size: a refusal changed nothing, so a repeat is simply tried
again. A key belongs to a person and to one method and path. The answer is stored before its first byte is sent; a crash
between the endpoint's commit and that moment is the one gap in which a repeat creates twice.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database import writing
from app.errors import Conflict, DanpaError, Invalid
from app.people.models import IdempotentRequest
from app.web.bodies import etag_of
from app.web.dependencies import authenticate
from app.web.problems import problem_response

KEPT = timedelta(days=7)
LARGEST_ANSWER = 1 << 20
NEVER_STORED = re.compile(r"/api/v1/(session|keys|feeds/[^/]*/pull-keys)/?")
"""Paths whose answers hold secrets, which are shown once and stored nowhere."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first call answered."""

    status: int
    body: bytes
    location: str | None


class Ledger:
    """The stored requests, and which of them this process is answering right now.

    A row without an answer that is not among those was left by a process that died, so it may be tried again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: set[int] = set()
        self._lock = threading.Lock()

    def claim(self, person_id: int, key: str, target: str, now: datetime) -> int | Answer:
        """The id of the claimed request, or the answer it already got.

        Raises:
            Conflict: the first call is still being answered.
            Invalid: the key was used for another call.
        """
        with self._lock:
            with writing(self._engine) as session:
                session.exec(delete(IdempotentRequest).where(col(IdempotentRequest.created_at) < now - KEPT))
                row = self._find(session, person_id, key, target)
                if row is None:
                    row = IdempotentRequest(person_id=person_id, key=key, target=target, created_at=now)
                    session.add(row)
            if row.status is not None:
                return Answer(row.status, (row.body or "").encode(), row.location)
            assert row.id is not None  # for mypy: stored rows have ids
            self._running.add(row.id)
            return row.id

    def _find(self, session: Session, person_id: int, key: str, target: str) -> IdempotentRequest | None:
        row = session.exec(
            select(IdempotentRequest).where(
                IdempotentRequest.person_id == person_id, IdempotentRequest.key == key
            )
        ).first()
        if row is not None and row.target != target:
            raise Invalid(
                f"this Idempotency-Key was used for {row.target}: make a new one for each thing that you create",
                field="Idempotency-Key",
            )
        if row is not None and row.status is None and row.id in self._running:
            raise Conflict(
                "the first call with this Idempotency-Key is still being answered: ask again shortly"
            )
        return row

    def settle(self, claimed: int, answer: Answer | None) -> None:
        """Remember the answer of a claimed request; None frees its key."""
        with self._lock:
            with writing(self._engine) as session:
                row = session.get_one(IdempotentRequest, claimed)
                if answer is None:
                    session.delete(row)
                else:
                    row.status, row.body, row.location = answer.status, answer.body.decode(), answer.location
            self._running.discard(claimed)


class Idempotency:
    """The middleware: applies to POST with an Idempotency-Key from somebody who is signed in."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or NEVER_STORED.fullmatch(scope["path"]):
            return await self._app(scope, receive, send)
        key = Headers(scope=scope).get("idempotency-key")
        if key is None:
            return await self._app(scope, receive, send)
        try:
            claimed = await run_in_threadpool(self._claim, Request(scope), key)
        except DanpaError as error:
            return await problem_response(error)(scope, receive, send)
        if isinstance(claimed, Answer):
            return await _replayed(claimed)(scope, receive, send)
        recorder = _Recorder(send, self._ledger, claimed)
        try:
            return await self._app(scope, receive, recorder)
        finally:
            await recorder.settle(None)

    def _claim(self, request: Request, key: str) -> int | Answer:
        if not _KEY.fullmatch(key):
            raise Invalid("an Idempotency-Key is 1 to 200 visible ASCII characters", field="Idempotency-Key")
        actor = authenticate(request)
        target = f"{request.method} {request.url.path}"
        return self._ledger.claim(actor.person_id, key, target, request.app.state.now())


class _Recorder:
    """Passes an answer on, and settles the claim before the client can see its end, so that a repeat finds it settled."""

    def __init__(self, send: Send, ledger: Ledger, claimed: int) -> None:
        self._send = send
        self._ledger = ledger
        self._claimed = claimed
        self._settled = False
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_kept(message):
            self._start = message  # held back until it is known whether the answer is one to keep
            return
        if self._start is None:
            await self.settle(None)
            await self._send(message)
            return
        self._body += message.get("body", b"")
        more = message.get("more_body", False)
        if more and len(self._body) <= LARGEST_ANSWER:
            return
        start, self._start = self._start, None
        await self.settle(_answer(start, bytes(self._body)))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": more})

    async def settle(self, answer: Answer | None) -> None:
        """Only the first time: a freed key may belong to another call by then."""
        if not self._settled:
            self._settled = True
            await run_in_threadpool(self._ledger.settle, self._claimed, answer)


def _answer(start: Message, body: bytes) -> Answer | None:
    if len(body) > LARGEST_ANSWER:
        return None
    return Answer(start["status"], body, Headers(raw=start["headers"]).get("location"))


def _is_kept(start: Message) -> bool:
    media_type = Headers(raw=start["headers"]).get("content-type", "")
    return 200 <= start["status"] < 300 and media_type.startswith("application/json")


def _replayed(answer: Answer) -> Response:
    headers = {"Idempotency-Replayed": "true"}
    if answer.location is not None:
        headers["Location"] = answer.location
    body = json.loads(answer.body)
    if isinstance(body, dict) and "revision" in body:  # it had it as its ETag too
        headers["ETag"] = etag_of(body["revision"])
    return Response(answer.body, answer.status, headers, "application/json")
