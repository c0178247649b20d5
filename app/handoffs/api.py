from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import FileResponse, PlainTextResponse, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.airings import service as airings
from app.airings.models import Artefact
from app.airings.schemas import IntentOut
from app.database import reading, writing
from app.errors import Conflict, Invalid, NotFound
from app.feeds.models import Feed
from app.handoffs.manifests import manifest_of, note_of
from app.handoffs.models import Attempt, Handoff
from app.handoffs.reaching import has_arrived
from app.storage import Blobs
from app.web.bodies import Answer, Body, RowId, Text, example
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.files import AudioFile
from app.web.pagination import Page, WantedPage, page_of, written
from app.web.routing import Router
from schedules.said import say

router = Router(prefix="/api/v1", tags=["handoffs"])


class HandoffOut(Answer):
    """One version on its way to one feed. ``verified_version`` is what lies safely there now."""

    model_config = Answer.model_config | example(
        id=4,
        airing_id=12,
        feed_id=3,
        version=2,
        object_name="20261122_1500_TAC_7585.mp3",
        state="verified",
        was_late=False,
        deadline_at="2026-11-22T14:30:00Z",
        accept_until="2026-11-22T14:55:00Z",
        next_attempt_at="2026-11-22T13:30:00Z",
        attempts=1,
        verified_at="2026-11-22T13:30:02Z",
        rechecked_at=None,
        error=None,
        held=False,
        manual=None,
        wanted_version=2,
        verified_version=2,
    )

    id: int
    airing_id: int
    feed_id: int
    version: int
    object_name: str
    state: str
    was_late: bool
    deadline_at: datetime
    accept_until: datetime
    next_attempt_at: datetime
    attempts: int
    verified_at: datetime | None
    rechecked_at: datetime | None
    error: str | None
    held: bool
    """Nothing is sent until somebody says so."""
    manual: dict[str, Any] | None
    """A delivery by hand: by whom (`by`, a person), when (`at`) and `how`."""
    wanted_version: int
    verified_version: int | None


class ByHandIn(Body):
    """Who brought it is the one who records it."""

    model_config = example(
        how="by phone upload to the desk, confirmed by its engineer", at="2026-11-22T14:10:00Z"
    )

    how: Annotated[Text, Field(max_length=500)]
    at: Annotated[AwareDatetime | None, Field(description="Left out: now")] = None


class AttemptOut(Answer):
    """One try, with what the site answered."""

    model_config = Answer.model_config | example(
        number=1,
        started_at="2026-11-22T13:30:00Z",
        finished_at="2026-11-22T13:30:02Z",
        outcome="verified",
        detail=None,
        receipt={"verdict": "present", "how": "sha256 of the file", "observed": {}},
    )

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    detail: str | None
    receipt: dict[str, Any] | None


@router.get("/handoffs", summary="Handoffs, by airing or by state", response_model=Page[HandoffOut])
def list_handoffs(
    _actor: Actor,
    database: Database,
    wanted: WantedPage,
    airing_id: Annotated[RowId | None, Query(description="Of one airing")] = None,
    state: Annotated[str | None, Query(description="due, sending, stored, verified, failed ...")] = None,
) -> Response:
    query = select(Handoff)
    if airing_id is not None:
        query = query.where(Handoff.airing_id == airing_id)
    if state is not None:
        query = query.where(Handoff.state == state)
    with reading(database) as session:
        rows, after = page_of(session, query, col(Handoff.id), wanted)
        return written(Page(items=_out(session, rows), next=after))


@router.get("/handoffs/{handoff_id}", summary="One handoff")
def get_handoff(_actor: Actor, database: Database, handoff_id: RowId) -> HandoffOut:
    with reading(database) as session:
        return _out(session, [_get(session, handoff_id)])[0]


@router.get("/handoffs/{handoff_id}/attempts", summary="Its attempts, with their receipts")
def list_attempts(_actor: Actor, database: Database, handoff_id: RowId) -> Page[AttemptOut]:
    with reading(database) as session:
        _get(session, handoff_id)
        rows = session.exec(
            select(Attempt).where(Attempt.handoff_id == handoff_id).order_by(col(Attempt.number))
        ).all()
        return Page(items=[AttemptOut.model_validate(row) for row in rows], next=None)


@router.post("/handoffs/{handoff_id}/retry", status_code=202, summary="Try a failed one again")
def retry_handoff(actor: Actor, database: Database, now: Now, handoff_id: RowId) -> IntentOut:
    with writing(database) as session:
        handoff = _get(session, handoff_id)
        if handoff.state != "failed":
            raise Conflict(
                say(
                    "wrong-not-failed",
                    "handoff {handoff_id} is {state}: only a failed one can be tried again",
                    handoff_id=handoff_id,
                    state=handoff.state,
                )
            )
        airing = airings.get(session, handoff.airing_id)
        wish = airings.want(
            session, airing, "retry", person_id=actor.person_id, now=now, handoff_id=handoff_id
        )
        return IntentOut.of(wish)


@router.post(
    "/handoffs/{handoff_id}/send", status_code=202, summary="Send it now, and let go of what was held"
)
def send_handoff(actor: Actor, database: Database, now: Now, handoff_id: RowId) -> IntentOut:
    return _ask("send", database, handoff_id, actor.person_id, now)


@router.post("/handoffs/{handoff_id}/hold", status_code=202, summary="Send nothing until somebody says so")
def hold_handoff(actor: Actor, database: Database, now: Now, handoff_id: RowId) -> IntentOut:
    """Its newer versions are held too. Deadlines and their alarms go on."""
    return _ask("hold", database, handoff_id, actor.person_id, now)


@router.post(
    "/handoffs/{handoff_id}/manual", status_code=202, summary="Record that somebody brought the file by hand"
)
def record_by_hand(
    body: ByHandIn, actor: Actor, database: Database, now: Now, handoff_id: RowId
) -> IntentOut:
    """The state becomes `manual`: the station's word, not the site's."""
    at = body.at or now
    if at > now:
        raise Invalid(
            say("wrong-by-hand-later", "a delivery by hand is recorded once it was made"), field="at"
        )
    details = {"at": at.isoformat(), "how": body.how}
    return _ask("manual", database, handoff_id, actor.person_id, now, details)


@router.get(
    "/handoffs/{handoff_id}/file",
    summary="The very file for the site, under its name there",
    response_class=FileResponse,
    responses={200: {"content": {"audio/mpeg": {}}, "description": "The file; its hash is in Repr-Digest"}},
)
@router.head("/handoffs/{handoff_id}/file", include_in_schema=False)
def get_handoff_file(
    _actor: Actor, database: Database, settings: CurrentSettings, handoff_id: RowId
) -> AudioFile:
    with reading(database) as session:
        handoff = _get(session, handoff_id)
        artefact = session.get_one(Artefact, handoff.artefact_id)
    path = Blobs(settings.blobs_dir).path("artefacts", artefact.sha256, f".{artefact.extension}")
    if not path.is_file():
        raise NotFound(f"the audio of handoff {handoff_id} is not kept any more")
    digest = base64.b64encode(bytes.fromhex(artefact.sha256)).decode("ascii")
    headers = {"Repr-Digest": f"sha-256=:{digest}:", "Cache-Control": "private, no-store"}
    return AudioFile(path, media_type=artefact.media_type, filename=handoff.object_name, headers=headers)


@router.get(
    "/handoffs/{handoff_id}/manifest",
    summary="The manifest of that file, as a site gets it",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}, "description": "See docs/formats.md"}},
)
def get_handoff_manifest(
    _actor: Actor, database: Database, settings: CurrentSettings, handoff_id: RowId
) -> Response:
    with reading(database) as session:
        return Response(
            manifest_of(session, settings, _get(session, handoff_id)), media_type="application/json"
        )


@router.get(
    "/handoffs/{handoff_id}/note",
    summary="A text to send along with a file that goes by hand",
    response_class=PlainTextResponse,
)
def get_handoff_note(_actor: Actor, database: Database, handoff_id: RowId) -> PlainTextResponse:
    with reading(database) as session:
        return PlainTextResponse(note_of(session, _get(session, handoff_id)))


def _ask(
    kind: str,
    database: Engine,
    handoff_id: int,
    person_id: int,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> IntentOut:
    """Write down a wish, unless it can be seen from here that nothing will come of it."""
    with writing(database) as session:
        handoff = _get(session, handoff_id)
        if handoff.state in _SETTLED or (kind != "manual" and handoff.state == "stored"):
            raise Conflict(
                say(
                    "wrong-handoff-settled",
                    "handoff {handoff_id} is {state}: it cannot be changed any more",
                    handoff_id=handoff_id,
                    state=handoff.state,
                )
            )
        airing = airings.get(session, handoff.airing_id)
        wish = airings.want(
            session, airing, kind, person_id=person_id, now=now, handoff_id=handoff_id, details=details
        )
        return IntentOut.of(wish)


_SETTLED = ("verified", "superseded", "cancelled", "manual")


def _get(session: Session, handoff_id: int) -> Handoff:
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(f"there is no handoff {handoff_id}")
    return handoff


def _out(session: Session, handoffs: Sequence[Handoff]) -> list[HandoffOut]:
    """With what is wanted at each one's feed and what lies there, asked for all of them together."""
    protocols = dict(session.exec(select(Feed.id, Feed.protocol)).all())
    versions: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for airing_id, feed_id, version, state in session.exec(
        select(Handoff.airing_id, Handoff.feed_id, Handoff.version, Handoff.state).where(
            col(Handoff.airing_id).in_({handoff.airing_id for handoff in handoffs})
        )
    ):
        arrived = has_arrived(state, protocols[feed_id])
        versions.setdefault((airing_id, feed_id), []).append((version, arrived))
    shown = []
    for handoff in handoffs:
        known = versions[handoff.airing_id, handoff.feed_id]
        fields = {name: getattr(handoff, name) for name in HandoffOut.model_fields if name not in _RECKONED}
        wanted = max(version for version, _ in known)
        safe = max((version for version, arrived in known if arrived), default=None)
        shown.append(HandoffOut(**fields, wanted_version=wanted, verified_version=safe))
    return shown


_RECKONED = {"wanted_version", "verified_version"}
