"""What a feed is to be given of an airing: under which name, and from when on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.airings.carriage import Carriage, carriages, instants, part_span, wishes
from app.airings.models import Airing, Artefact, RundownVersion
from app.airings.programme import programme_of
from app.database import id_of
from app.feeds.models import Feed
from app.feeds.names import NameFacts, expand, is_fixed
from app.handoffs.models import Handoff
from schedules.snapshot import CLOSED


def terms(session: Session, airing_id: int, feed_id: int, version: int) -> dict[str, Any]:
    """The columns of a handoff that follow from what its feed wants now: artefact, name and instants."""
    airing = session.get_one(Airing, airing_id)
    feed = session.get_one(Feed, feed_id)
    artefact, cause = session.exec(
        select(Artefact, RundownVersion.cause)
        .join(RundownVersion, col(RundownVersion.id) == col(Artefact.rundown_id))
        .where(
            RundownVersion.airing_id == airing_id,
            RundownVersion.version == version,
            Artefact.recipe == wishes(feed).recipe,
        )
    ).one()
    rests = cause == "resting"
    carried = carriages(session, airing.slot_id, airing.starts_at.date())
    name = object_name(session, airing, feed, carried, version=version, extension=artefact.extension)
    when = instants(airing, feed)
    free_at = _free_from(session, airing, feed_id, name, when.deadline_at)
    # What keeps an earlier programme from staying under a fixed name is brought as soon as that one is over
    deliver_at = airing.created_at if rests and is_fixed(feed.name_template) else when.deliver_at
    return {
        "artefact_id": id_of(artefact),
        "object_name": name,
        "frequencies": frequencies_told(feed, carried),
        "deliver_at": max(deliver_at, free_at or deliver_at),
        "deadline_at": when.deadline_at,
        "accept_until": when.accept_until,
    }


def object_name(
    session: Session, airing: Airing, feed: Feed, carried: Sequence[Carriage], *, version: int, extension: str
) -> str:
    """The file's name at the site. ``carried``: the airing's carriages; the first that has the feed names site and kHz.

    Raises:
        InvalidTemplate: the feed's template makes no usable name.
        ValueError: no line gives this airing to the feed.
    """
    ours = [one for one in carried if one.reaches(feed.id)]
    if not ours:
        raise ValueError(f"no line gives airing {airing.id} to feed {feed.id}")
    facts = NameFacts(
        starts_at=part_span(feed, airing).start,
        site_code=ours[0].site.code,
        khz=ours[0].line.khz,
        programme_code=programme_of(session, airing).code,
        version=version,
        extension=extension,
    )
    return expand(feed.name_template, facts)


def frequencies_told(feed: Feed, carried: Sequence[Carriage]) -> list[int] | None:
    """The frequencies in kHz that the manifest for a feed names; None where the feed takes no manifest."""
    return [one.line.khz for one in carried if one.reaches(feed.id)] if feed.sidecar else None


def _free_from(
    session: Session, airing: Airing, feed_id: int, name: str, deadline_at: datetime
) -> datetime | None:
    """From when on a name that another airing has before us may be given to this one; None where none has.

    Only fixed names are shared. The site would air ours in the other one's place, so we wait for its end; where slots
    follow so close upon each other that ours would then be late, for its beginning.
    """
    before = session.exec(
        select(Airing.starts_at, Airing.stops_at)
        .join(Handoff, col(Handoff.airing_id) == col(Airing.id))
        .where(
            Handoff.feed_id == feed_id,
            Handoff.object_name == name,
            Airing.starts_at < airing.starts_at,
            col(Airing.state).not_in(CLOSED),
        )
        .order_by(col(Airing.starts_at).desc())
    ).first()
    if before is None:
        return None
    starts_at, stops_at = before
    return stops_at if stops_at <= deadline_at else starts_at
