"""Who may take over which airing, and what is then wanted of the sound: all that is asked of the database beforehand."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.airings.carriage import Wishes, carriages, wishes
from app.airings.models import Airing
from app.airings.programme import PROGRAMME_ID
from app.airings.stand_ins import live_feeds
from app.database import id_of, reading
from app.errors import DiskReserve, NotSignedIn
from app.feeds.live import preroll_s
from app.feeds.models import Feed
from app.people.service import Actor, actor_of_key
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.storage import require_space
from app.studio.protocol import Refused, Request
from audio.encode import LIVE_CODECS
from audio.live import DEMUXERS
from schedules.snapshot import CLOSED

MOUNTS = "/studio/"
ANYBODY = "source"
"""The name under which every source client comes unless it was told another one: the key says who it is."""

SHORTEST = timedelta(seconds=10)
"""What is left of an airing must be at least so long: nobody would hear a studio that comes later."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Somebody may take over an airing: everything that is needed to do it without asking again."""

    airing_id: int
    title: str
    starts_at: datetime
    stops_at: datetime
    person_id: int
    person: str
    demuxer: str
    at_once: bool
    lead_s: float
    """So much earlier than on the clock the earliest of its feeds is sent everything."""
    wanted: tuple[Wishes, ...]
    """Each of the airing's live sounds."""


def permit(database: Engine, settings: Settings, request: Request, now: datetime) -> Permit:
    """Let a studio in.

    Raises:
        Refused: with the status and the words for it.
    """
    with reading(database) as session:
        actor = _who(session, request)
        demuxer = DEMUXERS.get(request.media_type)
        if demuxer is None:
            raise Refused(415, f"send one of {', '.join(sorted(DEMUXERS))}")
        airing, programme = _airing(session, request.path, now)
        if not programme.live_input:
            raise Refused(403, "this programme takes no live input")
        feeds = live_feeds(carriages(session, airing.slot_id, airing.starts_at.date()))
        _require_on_air(airing, feeds, now)
        found = tuple({wishes(feed).recipe: wishes(feed) for feed in feeds}.values())
        for one in found:
            if one.encoding.codec not in LIVE_CODECS:
                raise Refused(
                    403, f"a feed of this airing takes {one.encoding.codec}, which is not encoded live"
                )
        try:
            require_space(settings)
        except DiskReserve:
            raise Refused(507, "the station's disk is full") from None
        return Permit(
            airing_id=id_of(airing),
            title=programme.title,
            starts_at=airing.starts_at,
            stops_at=airing.stops_at,
            person_id=actor.person_id,
            person=actor.name,
            demuxer=demuxer,
            at_once=request.query.get("now") == "1",
            lead_s=max((float(feed.options.get("lead_ms", 0.0)) / 1000 for feed in feeds), default=0.0),
            wanted=found,
        )


def _who(session: Session, request: Request) -> Actor:
    try:
        actor = actor_of_key(session, request.password or "")
    except NotSignedIn:
        raise Refused(401, "wrong key") from None
    names = {ANYBODY, "", unicodedata.normalize("NFC", actor.name)}
    if unicodedata.normalize("NFC", request.user or "") not in names:
        raise Refused(401, "this key is somebody else's")
    return actor


def _airing(session: Session, path: str, now: datetime) -> tuple[Airing, Programme]:
    """The airing of a mount: by its number, or the one of a programme that is on the air, or opens next."""
    name = path.removeprefix(MOUNTS)
    query = (
        select(Airing, Programme)
        .join(Slot, col(Airing.slot_id) == col(Slot.id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .order_by(col(Airing.starts_at))
    )
    if path.startswith(MOUNTS) and name:
        by_code = query.where(Programme.code == name, Airing.stops_at > now, col(Airing.state).not_in(CLOSED))
        found = session.exec(by_code).first()
        if found is None and name.isdecimal() and len(name) < 19:
            found = session.exec(query.where(Airing.id == int(name))).first()
        if found is not None:
            return found[0], found[1]
    raise Refused(404, f"there is no such mount: use {MOUNTS} and an airing's number or its programme's code")


def _require_on_air(airing: Airing, feeds: list[Feed], now: datetime) -> None:
    if not feeds:
        raise Refused(403, "no feed takes this airing live")
    if airing.state in CLOSED or now >= airing.stops_at - SHORTEST:
        raise Refused(403, "this airing is over")
    opens_at = airing.starts_at - timedelta(seconds=max(preroll_s(feed) for feed in feeds))
    if now < opens_at:
        raise Refused(403, f"this airing is not on the air before {opens_at:%H:%M:%S} UTC")
