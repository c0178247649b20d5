from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.air.growing import digest_of
from app.airings.carriage import carriages, is_bare
from app.airings.live_run import Sent
from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion, StandIn
from app.airings.programme import PROGRAMME_ID
from app.airings.stand_ins import live_feeds
from app.database import id_of
from app.errors import Conflict, NotFound
from app.feeds.live import preroll_s
from app.feeds.models import Feed
from app.handoffs.models import Handoff
from app.journal.service import record
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.storage import Blobs
from app.studio.files import sent_frames
from schedules.said import say
from schedules.snapshot import CLOSED
from schedules.time import night_span


class NoSuchAiring(NotFound):
    """There is no airing with this id."""

    code = "no-such-airing"


def get(session: Session, airing_id: int) -> Airing:
    """One airing.

    Raises:
        NoSuchAiring: there is none with this id.
    """
    airing = session.get(Airing, airing_id)
    if airing is None:
        raise NoSuchAiring(f"there is no airing {airing_id}")
    return airing


def of_night(session: Session, night: date) -> Sequence[tuple[Airing, Slot, Programme]]:
    """The airings of a KST night, in order of their start."""
    span = night_span(night)
    return session.exec(
        _with_programmes().where(Airing.starts_at >= span.start, Airing.starts_at < span.end)
    ).all()


def with_programme(session: Session, airing_id: int) -> tuple[Airing, Slot, Programme]:
    """One airing, as `of_night` lists them.

    Raises:
        NoSuchAiring: there is none with this id.
    """
    found = session.exec(_with_programmes().where(Airing.id == airing_id)).first()
    if found is None:
        raise NoSuchAiring(f"there is no airing {airing_id}")
    return found


def running(session: Session, now: datetime, ahead: timedelta) -> Sequence[tuple[Airing, Slot, Programme]]:
    """The airings that are in their time, of whichever night, and those that begin so soon; in order of their start."""
    return session.exec(
        _with_programmes().where(Airing.starts_at <= now + ahead, Airing.stops_at > now)
    ).all()


def _with_programmes() -> Select[Airing, Slot, Programme]:
    return (
        select(Airing, Slot, Programme)
        .join(Slot, col(Airing.slot_id) == col(Slot.id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .order_by(col(Airing.starts_at), col(Airing.id))
    )


def rundowns(session: Session, airing_id: int) -> Sequence[RundownVersion]:
    """Every version of an airing's rundown, the newest first."""
    return session.exec(
        select(RundownVersion)
        .where(RundownVersion.airing_id == airing_id)
        .order_by(col(RundownVersion.version).desc())
    ).all()


def artefacts(session: Session, airing_id: int, version: int) -> Sequence[Artefact]:
    """What was rendered of one version."""
    return session.exec(
        select(Artefact)
        .join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
        .where(RundownVersion.airing_id == airing_id, RundownVersion.version == version)
        .order_by(col(Artefact.id))
    ).all()


def audible(session: Session, airing: Airing, version: int | None = None) -> Artefact | None:
    """What a producer should hear: of this version, or of the newest that is rendered, what a feed was given, or anything.

    The programme itself, without what some sites want before it, wherever there is that.
    """
    given = (
        select(Artefact)
        .join(Handoff, col(Handoff.artefact_id) == col(Artefact.id))
        .where(Handoff.airing_id == airing.id, Handoff.version == (version or airing.version))
        .order_by(col(Artefact.media_type) != "audio/mpeg", col(Artefact.id))
    )
    for found in session.exec(given):
        if is_bare(found.recipe):
            return found
    for each in [version] if version else range(airing.version, 0, -1):
        rendered = artefacts(session, id_of(airing), each)
        if rendered:
            return min(rendered, key=lambda one: not is_bare(one.recipe))
    return None


def live_feed(session: Session, airing: Airing, feed_id: int | None, now: datetime | None = None) -> Feed:
    """The live feed of an airing that is meant; ``now``: it must be on the air.

    Raises:
        NotFound: it has none, or not this one.
        Conflict: it is not on the air.
    """
    feeds = live_feeds(carriages(session, airing.slot_id, airing.starts_at.date()))
    found = next((one for one in feeds if feed_id in {None, one.id}), None)
    if found is None:
        raise NotFound(
            f"airing {airing.id} goes out live on no feed"
            if feed_id is None
            else f"airing {airing.id} does not go out live on feed {feed_id}"
        )
    if now is not None:
        opens_at = airing.starts_at - timedelta(seconds=preroll_s(found))
        if not opens_at <= now < airing.stops_at or airing.state in CLOSED:
            raise Conflict(
                say(
                    "wrong-not-on-air",
                    "airing {airing_id} is not on the air: it goes out from {opens_at:%Y-%m-%d %H:%M:%S} UTC on",
                    airing_id=id_of(airing),
                    opens_at=opens_at,
                )
            )
    return found


def sent_artefacts(
    session: Session, settings: Settings, airing: Airing, sent: Sequence[Sent]
) -> dict[str, Path]:
    """Where what was sent lies, by the first twelve digits of its SHA-256; what is gone is left out."""
    blobs, wanted = Blobs(settings.blobs_dir), {one.sha256 for one in sent}
    rows = session.exec(
        select(Artefact.sha256, Artefact.extension)
        .join(RundownVersion, col(RundownVersion.id) == col(Artefact.rundown_id))
        .where(RundownVersion.airing_id == airing.id)
    ).all()
    stand_ins = session.exec(select(StandIn.sha256, StandIn.extension)).all()
    paths = {
        sha256[:12]: blobs.path("artefacts", sha256, f".{extension}")
        for sha256, extension in (*rows, *stand_ins)
    }
    paths |= {digest_of(path)[:12]: path for path in sent_frames(settings, id_of(airing))}
    return {key: path for key, path in paths.items() if key in wanted and path.exists()}


def as_run(session: Session, airing_id: int) -> Sequence[AsRun]:
    """What went out in an airing, by line and place."""
    return session.exec(
        select(AsRun)
        .where(AsRun.airing_id == airing_id)
        .order_by(col(AsRun.line_id), col(AsRun.feed_id), col(AsRun.position))
    ).all()


def want(
    session: Session,
    airing: Airing,
    kind: str,
    *,
    person_id: int,
    now: datetime,
    handoff_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> Intent:
    """Write down what a person wants of an airing; the engine carries it out within seconds.

    Raises:
        Conflict: the airing is over.
    """
    if airing.state in CLOSED or airing.stops_at <= now:
        raise Conflict(
            say(
                "wrong-airing-over",
                "airing {airing_id} is over: nothing about it can be changed any more",
                airing_id=id_of(airing),
            )
        )
    intent = Intent(
        airing_id=id_of(airing),
        kind=kind,
        person_id=person_id,
        created_at=now,
        handoff_id=handoff_id,
        details=details,
    )
    session.add(intent)
    session.flush()
    record(session, f"airing.{kind}", at=now, person_id=person_id, subject_id=airing.id, handoff=handoff_id)
    return intent
