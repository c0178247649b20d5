"""What helps with each need: the one button that does it, else the way to where it is done; and whom to call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.awaited.service import AHEAD, AwaitedItem, awaited_from
from app.console.tonight import places
from app.console.tonight.attention import Need, Subject
from app.console.tonight.desks import desk_of
from app.console.tonight.views import Desk
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.handoffs.models import Handoff
from app.studio.turns import STUDIO
from schedules.snapshot import CHAIN, CLOSED


@dataclass(frozen=True, slots=True)
class Remedy:
    """``label`` is the key of its words. With ``action`` it is a button that posts there, else a link to ``href``."""

    label: str
    action: str = ""
    href: str = ""
    confirm: str = ""
    """The key of the question that is asked before."""
    probes: int | None = None
    """The feed that the button tries; what it finds is shown beside it."""


@dataclass(frozen=True, slots=True)
class Helped:
    """A need with what helps, where to see its cause, and whom to call."""

    need: Need
    remedy: Remedy | None
    cause: str | None
    desk: Desk | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is asked of the station once for all needs."""

    now: datetime
    airings: Mapping[int, Airing]
    handoffs: Mapping[tuple[int, int], Handoff]
    feeds: Mapping[int, tuple[Feed, Site]]
    sites: Mapping[int, Site]
    awaited: Sequence[AwaitedItem]


def helped(session: Session, needs: Sequence[Need], now: datetime) -> list[Helped]:
    """Each need with what helps, read in a fixed number of queries."""
    known = _known(session, needs, now)
    return [
        Helped(need, _REMEDIES.get(need.kind, _nothing)(need, known), _cause(need), _desk(need, known))
        for need in needs
    ]


def _known(session: Session, needs: Sequence[Need], now: datetime) -> _Known:
    airing_ids = {need.subject.airing_id for need in needs if need.subject}
    handoffs = session.exec(
        select(Handoff).where(col(Handoff.airing_id).in_(airing_ids)).order_by(col(Handoff.version))
    ).all()
    feeds = session.exec(select(Feed, Site).join(Site, col(Feed.site_id) == col(Site.id))).all()
    return _Known(
        now=now,
        airings={
            id_of(one): one
            for one in session.exec(select(Airing).where(col(Airing.id).in_(airing_ids))).all()
        },
        handoffs={(one.airing_id, one.feed_id): one for one in handoffs},
        feeds={id_of(feed): (feed, site) for feed, site in feeds},
        sites={
            id_of(site): site
            for site in session.exec(
                select(Site).where(col(Site.id).in_({need.site_id for need in needs}))
            ).all()
        },
        awaited=tuple(awaited_from(session, now, now + AHEAD))
        if any(need.kind == "awaited_missing" for need in needs)
        else (),
    )


def _cause(need: Need) -> str | None:
    """Where the cause is read."""
    if need.subject is None:
        return None
    airing_id, starts_at = need.subject.airing_id, need.subject.starts_at
    if need.feed_id is not None:
        return places.feed(airing_id, starts_at, need.feed_id)
    return places.card(airing_id, starts_at)


def _desk(need: Need, known: _Known) -> Desk | None:
    if need.feed_id is not None:
        found = known.feeds.get(need.feed_id)
        return desk_of(found[1]) if found else None
    site = known.sites.get(need.site_id or 0)
    return desk_of(site) if site else None


def _nothing(_need: Need, _known: _Known) -> Remedy | None:
    return None


def _open_airing(need: Need, known: _Known) -> Airing | None:
    airing = known.airings.get(need.subject.airing_id) if need.subject else None
    is_open = airing is not None and airing.state not in CLOSED and airing.stops_at > known.now
    return airing if is_open else None


def _compile(need: Need, known: _Known) -> Remedy | None:
    airing = _open_airing(need, known)
    return Remedy("action.compile", action=f"/api/v1/airings/{airing.id}/compile") if airing else None


def _back_to_programme(need: Need, known: _Known) -> Remedy | None:
    """Where somebody, or what was heard, has stepped the chain down: up again. Else a new version has to be made."""
    airing = _open_airing(need, known)
    if airing and airing.turns and airing.turns[-1]["level"] not in {CHAIN[0], STUDIO}:
        return Remedy("action.resume", action=f"/api/v1/airings/{airing.id}/resume")
    return _compile(need, known)


def _wrong_on_air(need: Need, known: _Known) -> Remedy | None:
    """As long as it is the programme that goes out wrong: the stand-by. Afterwards: back."""
    airing = _open_airing(need, known)
    if airing is None:
        return None
    if airing.turns and airing.turns[-1]["level"] not in {CHAIN[0], STUDIO}:
        return _back_to_programme(need, known)
    return Remedy("action.brake", action=f"/api/v1/airings/{airing.id}/standby", confirm="confirm.brake")


def _deliver(need: Need, known: _Known) -> Remedy | None:
    """Try again, or send at once, as long as the site takes it; after that by hand."""
    airing = _open_airing(need, known)
    if airing is None or need.feed_id is None:
        return None
    handoff = known.handoffs.get((id_of(airing), need.feed_id))
    if handoff is None:
        return _compile(need, known) if airing.version == 0 else _probe(need, known)
    if handoff.accept_until > known.now:
        if handoff.state == "failed":
            return Remedy("action.retry", action=f"/api/v1/handoffs/{handoff.id}/retry")
        if handoff.state == "due":
            return Remedy("action.send", action=f"/api/v1/handoffs/{handoff.id}/send")
    return Remedy("need.by_hand", href=places.by_hand(id_of(airing), airing.starts_at, need.feed_id))


def _by_hand(need: Need, known: _Known) -> Remedy | None:
    airing = _open_airing(need, known)
    if airing and need.feed_id is not None and (id_of(airing), need.feed_id) in known.handoffs:
        return Remedy("need.by_hand", href=places.by_hand(id_of(airing), airing.starts_at, need.feed_id))
    return _deliver(need, known)


def _probe(need: Need, _known: _Known) -> Remedy | None:
    if need.feed_id is None:
        return None
    return Remedy("need.probe", probes=need.feed_id)


def _feed(need: Need, _known: _Known) -> Remedy | None:
    return Remedy("need.feed", href=f"/feeds/{need.feed_id}") if need.feed_id else None


def _lines(need: Need, known: _Known) -> Remedy | None:
    airing = _open_airing(need, known)
    return Remedy("need.lines", href=f"/frequencies/slots/{airing.slot_id}") if airing else None


def _change(need: Need, _known: _Known) -> Remedy | None:
    return Remedy("need.move", href=f"/frequencies/changes#change-{need.change_id}")


def _upload(need: Need, known: _Known) -> Remedy | None:
    """What waits to be approved goes there; what has not come is uploaded."""
    subject: Subject | None = need.subject
    missing = [
        item
        for item in known.awaited
        if subject and item.airing_id == subject.airing_id and not (item.state == "approved" and item.used)
    ]
    if any(item.state in {"in_review", "processing"} for item in missing):
        return Remedy("need.approve", href="/approvals")
    if missing:
        item = missing[0]
        return Remedy("awaited.upload", href=f"/library?for={item.airing_id}&element={item.element}")
    return _compile(need, known)


def _record(need: Need, _known: _Known) -> Remedy | None:
    return Remedy("record.title", href=f"/record?night={need.subject.night}") if need.subject else None


def _segment(need: Need, _known: _Known) -> Remedy | None:
    return Remedy("need.segment", href=f"/library/{need.segment_id}") if need.segment_id else None


def _library(_need: Need, _known: _Known) -> Remedy | None:
    """Where recordings that nobody needs any more are."""
    return Remedy("nav.library", href="/library")


_REMEDIES: Mapping[str, Callable[[Need, _Known], Remedy | None]] = {
    "audio_missing": _compile,
    "below_programme": _compile,
    "announcement_missing": _compile,
    "no_feed": _lines,
    "folder_wrong": _feed,
    "off_air": _probe,
    "unheard": _probe,
    "stand_in_on_air": _back_to_programme,
    "wrong_on_air": _wrong_on_air,
    "feed_failing": _deliver,
    "handoff_failed": _deliver,
    "deadline_near": _deliver,
    "deadline_missed": _by_hand,
    "render_failing": _feed,
    "awaited_missing": _upload,
    "airing_missed": _record,
    "change_refused": _change,
    "change_unanswered": _change,
    "notice_failing": _change,
    "recording_refused": _segment,
    "disk_low": _library,
}
"""Where there is none, as for an engine that is gone or a file that must not air, people have to walk or call."""
