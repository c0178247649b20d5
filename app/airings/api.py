from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException

from app.air.status import read_status
from app.air.tap import tap_path
from app.airings import editing, service
from app.airings.carriage import is_bare, wishes
from app.airings.listening_in import listen_in, sent_sound
from app.airings.live_run import sent_on
from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion
from app.airings.naming import named_in
from app.airings.schemas import (
    AiringOut,
    AlternativesOut,
    ArtefactOut,
    AsRunOut,
    BreakingIn,
    EditedOut,
    EditsIn,
    InsertedOut,
    IntentOut,
    LiveOut,
    LiveOutputOut,
    ManifestOut,
    RundownOut,
    TurnOut,
)
from app.approving.sign_offs import signatures
from app.awaited.cut_off import cut_offs
from app.database import id_of, reading, writing
from app.errors import NotFound
from app.library.schemas import PeaksOut
from app.storage import Blobs
from app.web.bodies import RowId, etag
from app.web.dependencies import Actor, CurrentBlobs, CurrentSettings, Database, IfMatch, Now
from app.web.files import AudioFile
from app.web.pagination import Page, WantedPage, page_of, written
from app.web.routing import Router
from schedules.rundown import Rundown
from schedules.time import night_span

_NOT_KEPT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A stream that never ends belongs into no cache, and no proxy may collect it first."""

DryRun = Annotated[bool, Query(description="Only say what it would do")]

WantedVersion = Annotated[
    int | None, Query(ge=1, le=10**9, description="The newest that there is where left out")
]

router = Router(prefix="/api/v1", tags=["airings"])


@router.get("/airings", summary="Airings, by night or by state", response_model=Page[AiringOut])
def list_airings(
    _actor: Actor,
    database: Database,
    now: Now,
    wanted: WantedPage,
    night: Annotated[
        date | None, Query(description="A KST night, noon to noon, by its evening's date")
    ] = None,
    state: Annotated[
        str | None, Query(description="planned, compiled, rendered, armed, on_air, done ...")
    ] = None,
) -> Response:
    query = select(Airing)
    if night is not None:
        span = night_span(night)
        query = query.where(Airing.starts_at >= span.start, Airing.starts_at < span.end)
    if state is not None:
        query = query.where(Airing.state == state)
    with reading(database) as session:
        rows, after = page_of(session, query, col(Airing.id), wanted)
        return written(Page(items=_shown(session, rows, now), next=after))


@router.get("/airings/{airing_id}", summary="One airing")
def get_airing(_actor: Actor, database: Database, now: Now, airing_id: RowId) -> AiringOut:
    with reading(database) as session:
        return _shown(session, [service.get(session, airing_id)], now)[0]


def _shown(session: Session, rows: Sequence[Airing], now: datetime) -> list[AiringOut]:
    cut_off_at = cut_offs(session, rows, now)
    signed = signatures(session, [id_of(row) for row in rows])
    return [AiringOut.of(row, cut_off_at.get(id_of(row)), signed.get(id_of(row), ())) for row in rows]


@router.get("/airings/{airing_id}/rundown", summary="Its rundowns, the newest version first")
def get_rundowns(_actor: Actor, database: Database, airing_id: RowId, response: Response) -> Page[RundownOut]:
    """The `ETag` is the newest version's number: send it as `If-Match` with an edit."""
    with reading(database) as session:
        etag(response, service.get(session, airing_id).version)
        return Page(items=[RundownOut.of(row) for row in service.rundowns(session, airing_id)], next=None)


@router.get("/airings/{airing_id}/manifest", summary="What was made of its newest version")
def get_manifest(_actor: Actor, database: Database, now: Now, airing_id: RowId) -> ManifestOut:
    with reading(database) as session:
        airing = service.get(session, airing_id)
        versions = service.rundowns(session, airing_id)
        if not versions:
            raise NotFound(f"airing {airing_id} is not compiled yet")
        return ManifestOut(
            airing=_shown(session, [airing], now)[0],
            rundown_sha256=versions[0].sha256,
            level=versions[0].level,
            artefacts=[
                ArtefactOut.of(row) for row in service.artefacts(session, airing_id, versions[0].version)
            ],
        )


@router.head("/airings/{airing_id}/audio", include_in_schema=False)
@router.get(
    "/airings/{airing_id}/audio",
    summary="Listen to it: what the sites were given",
    response_class=AudioFile,
    responses={200: {"content": {"audio/mpeg": {}}}, 206: {"description": "The range that was asked for"}},
)
def get_airing_audio(
    _actor: Actor,
    database: Database,
    blobs: CurrentBlobs,
    airing_id: RowId,
    version: WantedVersion = None,
) -> AudioFile:
    with reading(database) as session:
        artefact, path = _audio(session, blobs, airing_id, version)
    return AudioFile(path, media_type=artefact.media_type, headers={"ETag": f'"{artefact.sha256}"'})


@router.get("/airings/{airing_id}/peaks", summary="Its waveform: of what the sites were given")
def get_airing_peaks(
    _actor: Actor,
    database: Database,
    settings: CurrentSettings,
    blobs: CurrentBlobs,
    airing_id: RowId,
    version: WantedVersion = None,
    points: Annotated[int, Query(ge=1, le=10_000, description="At most this many pairs")] = 1000,
    first_sample: Annotated[int, Query(ge=0, lt=2**53, description="For a closer look: from here on")] = 0,
    end_sample: Annotated[int | None, Query(ge=0, lt=2**53, description="And as far as here")] = None,
) -> PeaksOut:
    """Of the same file as its audio, at 48 kHz; `joins` are where its items begin.

    Drawn when somebody first asks, which takes some seconds for an hour of programme.
    """
    from app.airings.waveform import read_airing_waveform  # numpy stays out until somebody looks

    with reading(database) as session:
        artefact, path = _audio(session, blobs, airing_id, version)
        rundown = Rundown.from_json(session.get_one(RundownVersion, artefact.rundown_id).body)
    drawn = read_airing_waveform(settings, artefact, path, points, first_sample, end_sample)
    starts = [item.start_sample for item in rundown.items] if is_bare(artefact.recipe) else []
    return PeaksOut(**asdict(drawn), joins=starts)


def _audio(session: Session, blobs: Blobs, airing_id: int, version: int | None) -> tuple[Artefact, Path]:
    """What is heard of an airing, and where it lies. Raises NotFound."""
    artefact = service.audible(session, service.get(session, airing_id), version)
    path = blobs.path("artefacts", artefact.sha256, f".{artefact.extension}") if artefact else None
    if artefact is None or path is None or not path.exists():
        raise NotFound(
            f"there is no audio of airing {airing_id}: it is not rendered yet, or was cleared away"
        )
    return artefact, path


@router.get("/airings/{airing_id}/live", summary="What goes out live just now, feed by feed")
def get_airing_live(
    _actor: Actor, database: Database, settings: CurrentSettings, airing_id: RowId
) -> LiveOut:
    with reading(database) as session:
        airing = service.get(session, airing_id)
    air = read_status(settings)
    return LiveOut(
        taken_on=airing.armed_as is not None and air.armed.get(airing_id) == airing.arming,
        outputs=[LiveOutputOut.model_validate(one) for one in air.outputs if one.airing_id == airing_id],
        turns=[TurnOut.of(turn) for turn in airing.turns],
    )


@router.get(
    "/airings/{airing_id}/listen",
    summary="Listen in: what a live feed is given just now, some seconds late",
    response_class=StreamingResponse,
    responses={200: {"content": {"audio/mpeg": {}}}},
)
def listen_to_airing(
    request: Request,
    _actor: Actor,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    airing_id: RowId,
    feed_id: Annotated[int | None, Query(description="Which live feed; the first where left out")] = None,
) -> StreamingResponse:
    """It goes on until the airing is over on that feed; a connection to the site that is lost is waited for."""
    with reading(database) as session:
        feed = service.live_feed(session, service.get(session, airing_id), feed_id, now)
    encoding, stopping = wishes(feed).encoding, request.app.state.stopping
    sound = listen_in(tap_path(settings, id_of(feed)), airing_id, encoding, stopping.is_set)
    return StreamingResponse(sound, media_type=encoding.live_media_type, headers=_NOT_KEPT)


@router.get(
    "/airings/{airing_id}/sent",
    summary="The audio that a live feed was given, as it was given",
    response_class=StreamingResponse,
    responses={200: {"content": {"audio/mpeg": {}}}},
)
def get_airing_sent(
    _actor: Actor,
    database: Database,
    settings: CurrentSettings,
    airing_id: RowId,
    feed_id: Annotated[int | None, Query(description="Which live feed; the first where left out")] = None,
) -> StreamingResponse:
    """Frame by frame out of the air's own record, with stand-ins where they went out; what was missed is not there.

    It can be had for as long as the artefacts are kept: `DANPA_KEEP_ARTEFACTS_DAYS`, 90 days if not set otherwise.
    """
    with reading(database) as session:
        airing = service.get(session, airing_id)
        feed = service.live_feed(session, airing, feed_id)
        sent = sent_on(session, airing, id_of(feed))
        artefacts = service.sent_artefacts(session, settings, airing, sent)
    if not sent or len(artefacts) < len({one.sha256 for one in sent}):
        raise NotFound(
            f"there is no audio of what airing {airing_id} sent: nothing went out, or it was cleared away"
        )
    encoding = wishes(feed).encoding
    return StreamingResponse(sent_sound(sent, artefacts, encoding), media_type=encoding.live_media_type)


@router.get("/airings/{airing_id}/as-run", summary="What went out in it, and how we know")
def get_airing_as_run(_actor: Actor, database: Database, airing_id: RowId) -> Page[AsRunOut]:
    with reading(database) as session:
        service.get(session, airing_id)
        return Page(items=[AsRunOut.of(row) for row in service.as_run(session, airing_id)], next=None)


@router.get("/as-run", summary="What went out, by night", response_model=Page[AsRunOut])
def list_as_run(
    _actor: Actor,
    database: Database,
    wanted: WantedPage,
    night: Annotated[
        date | None, Query(description="A KST night, noon to noon, by its evening's date")
    ] = None,
) -> Response:
    query = select(AsRun)
    if night is not None:
        span = night_span(night)
        query = query.where(AsRun.starts_at >= span.start, AsRun.starts_at < span.end)
    with reading(database) as session:
        rows, after = page_of(session, query, col(AsRun.id), wanted)
    return written(Page(items=[AsRunOut.of(row) for row in rows], next=after))


@router.get(
    "/airings/{airing_id}/alternatives", summary="Up to five programmes that could air, the best first"
)
def get_alternatives(
    _actor: Actor,
    database: Database,
    settings: CurrentSettings,
    airing_id: RowId,
    count: Annotated[int, Query(ge=1, le=5)] = 5,
) -> AlternativesOut:
    """Compiled from today's library; nothing is stored. Post the number of one to `/edits` to take it.

    The search for all of them together is a short one: of each `fit.proved` says whether there is no better one, else
    `fit.gap_samples` and its notes say what a better one could have. Of a long programme there may be fewer than asked for.
    """
    found = editing.alternatives(database, settings, airing_id, count)
    with reading(database) as session:
        segments = named_in(session, found)
    return AlternativesOut(rundowns=[json.loads(rundown.to_json()) for rundown in found], segments=segments)


@router.post(
    "/airings/{airing_id}/edits",
    status_code=202,
    summary="Edit its rundown: swap, insert, remove, move, lock, trim",
)
def edit_airing(
    actor: Actor,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    airing_id: RowId,
    body: EditsIn,
    expected: IfMatch,
    dry_run: DryRun = False,
) -> EditedOut:
    """`If-Match` is the version that was looked at. The rest is fitted around the edits, and all before them stays as it is.

    The search is a short one, here and when the engine compiles it: `fit.proved` says whether there is no better programme.
    """
    if expected is None:
        raise HTTPException(428, "send If-Match with the version of the rundown that you looked at")
    if body.alternative is not None:
        intent, rundown = editing.take_alternative(
            database,
            settings,
            airing_id,
            body.alternative,
            expected=expected,
            person_id=actor.person_id,
            now=now,
            dry_run=dry_run,
        )
    else:
        intent, rundown = editing.apply_edits(
            database,
            settings,
            airing_id,
            [one.edit() for one in body.edits],
            expected=expected,
            person_id=actor.person_id,
            now=now,
            dry_run=dry_run,
        )
    return EditedOut(**_edited(database, intent, rundown))


@router.post("/airings/{airing_id}/insert", status_code=202, summary="Put a recording in, also on the air")
def insert(
    actor: Actor,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    airing_id: RowId,
    body: BreakingIn,
    dry_run: DryRun = False,
) -> InsertedOut:
    """At the next join that can still be changed; what follows is fitted anew, so that the airing ends exactly.

    On the air that is the first item that begins eight seconds from now or later. Before the beginning it is the first item.
    """
    intent, rundown, heard_at = editing.insert(
        database,
        settings,
        airing_id,
        body.segment_id,
        at=body.at,
        person_id=actor.person_id,
        now=now,
        dry_run=dry_run,
    )
    return InsertedOut(**_edited(database, intent, rundown), heard_at=heard_at)


def _edited(database: Database, intent: Intent | None, rundown: Rundown) -> dict[str, Any]:
    with reading(database) as session:
        segments = named_in(session, [rundown])
    return {
        "intent": IntentOut.of(intent) if intent else None,
        "rundown": json.loads(rundown.to_json()),
        "segments": segments,
    }


@router.delete("/airings/{airing_id}/edits", status_code=202, summary="Forget all edits and compile it again")
def drop_edits(actor: Actor, database: Database, now: Now, airing_id: RowId) -> IntentOut:
    return IntentOut.of(editing.drop_edits(database, airing_id, person_id=actor.person_id, now=now))


@router.post("/airings/{airing_id}/compile", status_code=202, summary="Compile it again from today's library")
def compile_airing(actor: Actor, database: Database, now: Now, airing_id: RowId) -> IntentOut:
    return _want(actor, database, now, airing_id, "compile")


@router.post(
    "/airings/{airing_id}/standby",
    status_code=202,
    summary="Air the stand-by instead, at once where it is live",
)
def standby_airing(actor: Actor, database: Database, now: Now, airing_id: RowId) -> IntentOut:
    """Of what is on the air live this is the hand brake: the stand-by is heard within two seconds, until `/resume`."""
    return _want(actor, database, now, airing_id, "standby")


@router.post(
    "/airings/{airing_id}/resume", status_code=202, summary="Back to the programme, at its next join"
)
def resume_airing(actor: Actor, database: Database, now: Now, airing_id: RowId) -> IntentOut:
    """After `/standby` of an airing that is on the air live."""
    return _want(actor, database, now, airing_id, "resume")


@router.post("/airings/{airing_id}/cancel", status_code=202, summary="Call it off")
def cancel_airing(actor: Actor, database: Database, now: Now, airing_id: RowId) -> IntentOut:
    return _want(actor, database, now, airing_id, "cancel")


def _want(actor: Actor, database: Database, now: Now, airing_id: int, kind: str) -> IntentOut:
    with writing(database) as session:
        airing = service.get(session, airing_id)
        return IntentOut.of(service.want(session, airing, kind, person_id=actor.person_id, now=now))
