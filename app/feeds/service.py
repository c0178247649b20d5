"""Feeds: what may be written of them, and by whom it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session, col, select

from app.alarms.models import Alarm
from app.database import id_of
from app.errors import Conflict, Invalid
from app.feeds.confinement import check_address, check_not_ours
from app.feeds.contract import TEMPORARY, FeedAddress
from app.feeds.credentials import check_reference
from app.feeds.live import LIVE, check_live
from app.feeds.models import Feed
from app.feeds.names import DEFAULT_TEMPLATE, NameFacts, check_place, check_template, expand, typical_name
from app.feeds.options import check_options
from app.feeds.probe import Step
from app.frequencies.fitting import require_covered
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Handoff
from app.journal.service import record
from app.programmes.models import Slot
from app.records import find, referred, require_free, require_revision, require_unused, revise
from app.settings import Settings
from app.station.models import Station
from audio.errors import EspeakMissing
from audio.espeak import find_espeak
from audio.excerpt import Excerpt
from audio.lead_in import NO_LEAD_IN, LeadIn
from audio.profile import Codec, Encoding, Profile
from schedules.said import say


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFields:
    """What a person says of a feed. Instants are seconds before the start of the airing (see `Feed`)."""

    site_id: int
    name: str
    protocol: str
    address: str
    credential: str | None = None
    codec: str = "mp3"
    sample_rate: int = 48_000
    bitrate_kbps: int | None = None
    channels: int = 1
    profile: dict[str, Any] = field(default_factory=dict)
    lead_in: dict[str, Any] = field(default_factory=dict)
    part: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    name_template: str = DEFAULT_TEMPLATE
    temporary: str = TEMPORARY
    sidecar: str = ""
    may_remove: bool = False
    second_feed_id: int | None = None
    second_route: str = "in_order"
    read_back: str = "get"
    max_duration_s: int | None = None
    lead_s: int = 3600
    warn_s: int = 900
    deadline_s: int = 1800
    accept_until_s: int = 300
    enabled: bool = True


def feed(session: Session, feed_id: int) -> Feed:
    """Raises NotFound."""
    return find(session, Feed, feed_id, "feed")


def create_feed(
    session: Session, wanted: FeedFields, *, settings: Settings, now: datetime, by: int | None
) -> Feed:
    """Add a feed. Raises Invalid with the field; Conflict where its name is taken, or another one's files would be."""
    columns = _checked(session, wanted, None, settings)
    made = Feed(**columns, created_at=now, updated_at=now)
    session.add(made)
    session.flush()
    record(session, "feed.created", at=now, person_id=by, subject_id=made.id)
    return made


def update_feed(
    session: Session,
    feed_id: int,
    wanted: FeedFields,
    *,
    settings: Settings,
    expected: int | None,
    now: datetime,
    by: int | None,
) -> Feed:
    """Change a feed. Raises NotFound, StaleRevision, Invalid; Conflict where lines would lose it or a part of their airings."""
    changed = feed(session, feed_id)
    require_revision(changed, expected)
    columns = _checked(session, wanted, feed_id, settings)
    if wanted.site_id != changed.site_id:
        require_unused(
            session,
            col(LineFeed.feed_id),
            feed_id,
            lambda count: say(
                "wrong-feed-moves",
                "{count} lines of site {site_id} use feed {feed_id}: take it from them before it moves",
                count=count,
                site_id=changed.site_id,
                feed_id=feed_id,
            ),
        )
    names = revise(changed, columns)
    if "part" in names:
        _require_covered(session, feed_id)
    if names:
        changed.updated_at = now
    record(session, "feed.changed", at=now, person_id=by, subject_id=feed_id, fields=names)
    return changed


def _require_covered(session: Session, feed_id: int) -> None:
    slots = select(Slot).join(Line, col(Line.slot_id) == col(Slot.id))
    of_feed = slots.join(LineFeed, col(LineFeed.line_id) == col(Line.id)).where(LineFeed.feed_id == feed_id)
    for slot in session.exec(of_feed.distinct()):
        require_covered(session, slot)


def delete_feed(session: Session, feed_id: int, *, now: datetime, by: int | None) -> None:
    """Raises NotFound, and Conflict while lines use it or once something was handed to it."""
    gone = feed(session, feed_id)
    require_unused(
        session,
        col(LineFeed.feed_id),
        feed_id,
        lambda count: say(
            "wrong-feed-used",
            "{count} lines use feed {feed_id}: take it from them first",
            count=count,
            feed_id=feed_id,
        ),
    )
    require_unused(
        session,
        col(Feed.second_feed_id),
        feed_id,
        lambda count: say(
            "wrong-feed-second",
            "feed {feed_id} is the second route of {count} other feeds: take it from them first",
            count=count,
            feed_id=feed_id,
        ),
    )
    for column in (col(Handoff.feed_id), col(Alarm.feed_id)):
        require_unused(
            session,
            column,
            feed_id,
            lambda count: say(
                "wrong-feed-record",
                "feed {feed_id} has {count} deliveries or alarms on record, which are kept: disable it instead",
                count=count,
                feed_id=feed_id,
            ),
        )
    session.delete(gone)
    record(session, "feed.deleted", at=now, person_id=by, subject_id=feed_id)


PROBED = "feed.probed"
"""The journal's word for a probe."""


def note_probe(
    session: Session, feed_id: int, steps: Sequence[Step], *, now: datetime, by: int | None
) -> None:
    """Write down how a probe ended: the code of what was wrong, never what the site said."""
    wrong = next((step.detail.partition(":")[0] for step in steps if step.ok is False), None)
    record(session, PROBED, at=now, person_id=by, subject_id=feed_id, ok=wrong is None, code=wrong)


def encoding_of(wanted: FeedFields) -> Encoding:
    """The form in which the feed wants its audio. Raises Invalid."""
    try:
        return Encoding(cast("Codec", wanted.codec), wanted.sample_rate, wanted.bitrate_kbps, wanted.channels)
    except ValueError as wrong:
        raise Invalid(str(wrong), field="codec") from None


def profile_of(wanted: FeedFields) -> Profile:
    """The shortwave profile with the feed's deviations. Raises Invalid."""
    try:
        return Profile(**wanted.profile)
    except (TypeError, ValueError) as wrong:
        raise Invalid(str(wrong), field="profile") from None


def lead_in_of(wanted: FeedFields, profile: Profile) -> LeadIn:
    """What the feed wants before the programme. Raises Invalid."""
    try:
        lead_in = LeadIn(**wanted.lead_in)
        lead_in.require_room(profile)
    except (TypeError, ValueError) as wrong:
        raise Invalid(str(wrong), field="lead_in") from None
    return lead_in


def part_of(wanted: FeedFields | Feed, lead_in: LeadIn | None = None) -> Excerpt:
    """Which part of an airing the feed takes. Raises Invalid."""
    try:
        excerpt = Excerpt(**wanted.part)
    except (TypeError, ValueError) as wrong:
        raise Invalid(str(wrong), field="part") from None
    if excerpt.start_s and lead_in not in {None, NO_LEAD_IN}:
        told = "a lead-in comes before the programme: a part that begins later has none"
        raise Invalid(say("wrong-part-lead-in", told), field="lead_in")
    return excerpt


def name_now(session: Session, feed: Feed, now: datetime) -> str:
    """What an airing that began now would be called at the feed's site."""
    site = session.get_one(Site, feed.site_id)
    line = session.exec(
        select(Line).join(LineFeed, col(LineFeed.line_id) == col(Line.id)).where(LineFeed.feed_id == feed.id)
    ).first()
    facts = NameFacts(
        starts_at=now,
        site_code=site.code,
        khz=line.khz if line else 0,
        programme_code="programme",
        version=1,
        extension=Encoding(cast("Codec", feed.codec)).extension,
    )
    return expand(feed.name_template, facts)


def address_of(feed: FeedFields | Feed, *, confined_to: Path | None) -> FeedAddress:
    """What a driver needs to know of a feed."""
    return FeedAddress(
        protocol=feed.protocol,
        address=feed.address,
        credential=feed.credential,
        read_back=feed.read_back,
        temporary=feed.temporary,
        options=feed.options,
        confined_to=confined_to,
    )


def _checked(session: Session, wanted: FeedFields, feed_id: int | None, settings: Settings) -> dict[str, Any]:
    """A feed's columns, once each part was asked whether it can work."""
    site = referred(session, Site, wanted.site_id, "site", "site_id")
    require_free(
        session,
        col(Feed.name),
        wanted.name,
        feed_id,
        say("wrong-feed-name", 'there is already a feed called "{name}"', name=wanted.name),
    )
    check_reference(wanted.credential)
    address = address_of(wanted, confined_to=confinement(session, settings))
    check_address(address)
    check_options(wanted.protocol, wanted.options)
    check_not_ours(address, settings)
    check_template(wanted.name_template)
    check_place(wanted.temporary, "temporary")
    if wanted.sidecar:
        check_place(wanted.sidecar, "sidecar")
        if wanted.sidecar in {"{name}", wanted.temporary}:
            told = "the manifest needs a name of its own, such as {example}"
            raise Invalid(say("wrong-manifest", told, example="{name}.json"), field="sidecar")
    _check_second_route(session, wanted, feed_id)
    encoding = encoding_of(wanted)
    lead_in = lead_in_of(wanted, profile_of(wanted))
    part_of(wanted, lead_in)
    check_live(wanted.protocol, encoding, lead_in, wanted.part, wanted.second_feed_id)
    if lead_in.spoken:
        _require_voice(settings)
    _check_instants(wanted)
    if wanted.enabled and wanted.protocol in LIVE:
        _check_mounts_apart(session, wanted, feed_id)
    elif wanted.enabled:
        _check_names_apart(session, wanted, feed_id, _place(wanted, site, encoding.extension))
    return asdict(wanted) | {"bitrate_kbps": encoding.bitrate_kbps}


def _require_voice(settings: Settings) -> None:
    try:
        find_espeak(settings.espeak)
    except EspeakMissing as missing:
        raise Invalid(f"nothing can be spoken: {missing}", field="lead_in") from None


def _check_second_route(session: Session, wanted: FeedFields, feed_id: int | None) -> None:
    """The second route is one more feed of the same site, takes the same part, and has no second route itself."""
    for first in session.exec(select(Feed).where(Feed.second_feed_id == feed_id)) if feed_id else ():
        if part_of(first) != part_of(wanted):
            told = (
                "feed {first_id} has feed {feed_id} for its second route, which takes the same part of an airing: take it "
                "away first"
            )
            raise Conflict(say("wrong-route-part-of", told, first_id=id_of(first), feed_id=feed_id or 0))
    if wanted.second_feed_id is not None:
        second = referred(session, Feed, wanted.second_feed_id, "feed", "second_feed_id")
        if second.id == feed_id or second.site_id != wanted.site_id:
            told = "the second route is another feed of the same site"
            raise Invalid(say("wrong-route-site", told), field="second_feed_id")
        if part_of(second) != part_of(wanted):
            told = "the second route takes the same part of an airing"
            raise Invalid(say("wrong-route-part", told), field="second_feed_id")
        if second.second_feed_id is not None:
            told = "feed {feed_id} has a second route itself: two are the most"
            raise Invalid(say("wrong-third-route", told, feed_id=id_of(second)), field="second_feed_id")
        if feed_id is not None:
            require_unused(
                session,
                col(Feed.second_feed_id),
                feed_id,
                lambda count: say(
                    "wrong-feed-second-of-second",
                    "feed {feed_id} is the second route of {count} other feeds: it can have none itself",
                    count=count,
                    feed_id=feed_id,
                ),
            )


def confinement(session: Session, settings: Settings) -> Path | None:
    """The folder that this station's feeds may not leave: a demo's own; None for a real station."""
    station = session.get(Station, 1)
    return settings.root if station is not None and station.is_demo else None


def _check_names_apart(
    session: Session, wanted: FeedFields, feed_id: int | None, place: tuple[str, str]
) -> None:
    """Two feeds that put the same airing under one name would overwrite each other's file until the deadline."""
    others = select(Feed, Site).join(Site, col(Site.id) == col(Feed.site_id))
    for other, site in session.exec(others.where(Feed.protocol == wanted.protocol, col(Feed.enabled))):
        extension = Encoding(cast("Codec", other.codec)).extension
        if other.id != feed_id and _place(other, site, extension) == place:
            told = (
                'feed {feed_id} ("{name}") puts its files under the same names into the same place: '
                "give one of them another name template or a folder of its own"
            )
            raise Conflict(say("wrong-same-names", told, feed_id=id_of(other), name=other.name))


def _check_mounts_apart(session: Session, wanted: FeedFields, feed_id: int | None) -> None:
    """Two feeds on one mount would throw each other out."""
    others = select(Feed).where(
        Feed.protocol == wanted.protocol, Feed.address == wanted.address, col(Feed.enabled)
    )
    for other in session.exec(others):
        if other.id != feed_id:
            told = 'feed {feed_id} ("{name}") sends to the same place: give one of them another'
            raise Conflict(say("wrong-same-mount", told, feed_id=id_of(other), name=other.name))


def _place(feed: FeedFields | Feed, site: Site, extension: str) -> tuple[str, str]:
    """Where a feed puts an airing, and under which name."""
    start_s = part_of(feed).start_s
    name = typical_name(feed.name_template, site_code=site.code, extension=extension, start_s=start_s)
    return feed.address.rstrip("/"), name


def _check_instants(wanted: FeedFields) -> None:
    if wanted.accept_until_s > wanted.deadline_s:
        told = (
            "the site would stop taking replacements {given} s before the start, earlier than the "
            "deadline ({most} s before): accept_until_s is at most deadline_s"
        )
        said = say("wrong-accept-until", told, given=wanted.accept_until_s, most=wanted.deadline_s)
        raise Invalid(said, field="accept_until_s")
    if wanted.warn_s > wanted.lead_s:
        told = (
            "people would be warned {given} s before the deadline, but delivery begins only {most} s "
            "before it: warn_s is at most lead_s"
        )
        raise Invalid(say("wrong-warn", told, given=wanted.warn_s, most=wanted.lead_s), field="warn_s")
