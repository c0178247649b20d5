"""Which lines carry an airing, and what each of their feeds wants and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, cast

import structlog
from sqlmodel import Session, col, select

from app.airings.models import Airing
from app.database import id_of
from app.feeds.live import is_live
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.processes import is_news
from audio.excerpt import WHOLE, Excerpt
from audio.lead_in import NO_LEAD_IN, LeadIn
from audio.pcm import RATE
from audio.profile import Codec, Encoding, Profile
from schedules.time import Span

log = structlog.get_logger()

PREPARATION = timedelta(minutes=15)
"""Compile and render are finished well within this; it is added to the earliest delivery."""

GRID_SAMPLES = Encoding("mp3").grid_samples
"""Every rundown lies on the frame grid of the usual MP3, so that all of a slot's feeds share one rundown."""


class Wishes(NamedTuple):
    """What a feed wants of the sound: its form, its processing, what comes before it, and which part of it."""

    encoding: Encoding
    profile: Profile = Profile()
    lead_in: LeadIn = NO_LEAD_IN
    excerpt: Excerpt = WHOLE

    @property
    def recipe(self) -> str:
        """The key under which feeds with equal wishes share one artefact."""
        return "/".join(part.key for part in self if part.key)


LISTENING_RECIPE = Wishes(Encoding("mp3"))
"""What is rendered for the producers' ears, and to be armed, where no feed takes the programme as it is."""


@dataclass(frozen=True, slots=True)
class Carriage:
    """A line that is on the air that day, its site, and the enabled feeds that take its audio."""

    line: Line
    site: Site
    feeds: tuple[Feed, ...]
    seconds: tuple[Feed, ...] = ()
    """The second routes of those feeds, where they are not among them."""

    def reaches(self, feed_id: int | None) -> bool:
        """Whether this line's audio goes to a feed, by whichever route."""
        return any(one.id == feed_id for one in (*self.feeds, *self.seconds))


@dataclass(frozen=True, slots=True)
class Instants:
    """A feed's instants for one airing."""

    deliver_at: datetime
    warn_at: datetime
    deadline_at: datetime
    accept_until: datetime


def is_on_air(line: Line, day: date) -> bool:
    """Whether a line is on the air on a UTC start day: the one place that knows."""
    return line.first_date <= day <= line.last_date and str(day.isoweekday()) in line.days


def carriages(session: Session, slot_id: int, day: date) -> list[Carriage]:
    """The lines of a slot that are on the air on a UTC start day, in the order in which they were made."""
    return carriages_of(session, [(slot_id, day)])[slot_id, day]


def carriages_of(
    session: Session, starts: Iterable[tuple[int, date]]
) -> dict[tuple[int, date], list[Carriage]]:
    """As `carriages`, of many slots and days by the same three queries."""
    wanted = list(dict.fromkeys(starts))
    of_slots: dict[int, list[tuple[Line, Site]]] = {}
    for line, site in session.exec(
        select(Line, Site)
        .join(Site, col(Line.site_id) == col(Site.id))
        .where(col(Line.slot_id).in_({slot_id for slot_id, _ in wanted}))
        .order_by(col(Line.id))
    ).all():
        of_slots.setdefault(line.slot_id, []).append((line, site))
    on_air = {
        (slot_id, day): [(line, site) for line, site in of_slots.get(slot_id, ()) if is_on_air(line, day)]
        for slot_id, day in wanted
    }
    feeds: dict[int, list[Feed]] = {}
    ids = {line.id for lines in on_air.values() for line, _ in lines}
    for line_id, feed in session.exec(
        select(LineFeed.line_id, Feed)
        .join(Feed, col(LineFeed.feed_id) == col(Feed.id))
        .where(col(LineFeed.line_id).in_(ids), col(Feed.enabled))
        .order_by(col(Feed.id))
    ).all():
        feeds.setdefault(line_id, []).append(feed)
    seconds = _second_routes(session, [feed for each in feeds.values() for feed in each])
    return {
        start: [_carriage(line, site, tuple(feeds.get(id_of(line), ())), seconds) for line, site in lines]
        for start, lines in on_air.items()
    }


def _carriage(line: Line, site: Site, own: tuple[Feed, ...], seconds: Mapping[int | None, Feed]) -> Carriage:
    others = dict.fromkeys(feed.second_feed_id for feed in own)
    routes = [seconds[each] for each in others if each in seconds and each not in [one.id for one in own]]
    return Carriage(line, site, own, tuple(routes))


def _second_routes(session: Session, feeds: Sequence[Feed]) -> dict[int | None, Feed]:
    wanted = {feed.second_feed_id for feed in feeds if feed.second_feed_id is not None}
    found = (
        session.exec(select(Feed).where(col(Feed.id).in_(wanted), col(Feed.enabled))).all() if wanted else ()
    )
    return {feed.id: feed for feed in found}


TAKES_UNTIL = timedelta(seconds=15)
"""Before its end: a new version of what is on the air would hardly be heard any more."""


def instants(airing: Airing, feed: Feed) -> Instants:
    """When this feed wants this airing."""
    deadline_at = airing.starts_at - timedelta(seconds=feed.deadline_s)
    return Instants(
        deliver_at=deadline_at - timedelta(seconds=feed.lead_s),
        warn_at=deadline_at - timedelta(seconds=feed.warn_s),
        deadline_at=deadline_at,
        accept_until=airing.stops_at - TAKES_UNTIL
        if is_live(feed)
        else airing.starts_at - timedelta(seconds=feed.accept_until_s),
    )


def wishes(feed: Feed) -> Wishes:
    """What a feed asks for."""
    encoding = Encoding(cast("Codec", feed.codec), feed.sample_rate, feed.bitrate_kbps, feed.channels)
    return Wishes(encoding, Profile(**feed.profile), LeadIn(**feed.lead_in), Excerpt(**feed.part))


def lead_in_s(feed: Feed) -> float:
    """How long after the beginning of this feed's files the programme begins, in seconds."""
    wanted = wishes(feed)
    return wanted.lead_in.samples(wanted.encoding) / RATE


def part_samples(feed: Feed, airing: Airing) -> tuple[int, int]:
    """Which samples of an airing this feed takes, as [start, end) at 48 kHz; none where the airing is over before.

    All of them where the feed's row holds nonsense: whatever it takes is part of them.
    """
    try:
        wanted = wishes(feed)
    except (ValueError, TypeError):
        return 0, airing.target_samples
    if wanted.excerpt.start_s * RATE >= airing.target_samples:
        return airing.target_samples, airing.target_samples
    return wanted.excerpt.span(airing.target_samples, wanted.encoding)


def part_span(feed: Feed, airing: Airing) -> Span:
    """From when to when what this feed takes of an airing is on the air, without the early-off where it is the end.

    All of it where the feed's row holds nonsense.
    """
    try:
        excerpt = Excerpt(**feed.part)
    except (ValueError, TypeError):
        excerpt = WHOLE
    stop = airing.stops_at
    if excerpt.stop_s is not None:
        stop = min(stop, airing.starts_at + timedelta(seconds=excerpt.stop_s))
    return Span(min(airing.starts_at + timedelta(seconds=excerpt.start_s), stop), stop)


def is_bare(recipe_key: str) -> bool:
    """Whether what is rendered is the programme itself, what ears and the air want: not a part, and nothing before it."""
    return recipe_key.count("/") < 2


def to_render(wanted: Iterable[str | None]) -> frozenset[str]:
    """The recipes that an airing needs: those of its feeds, among them or beside them one of the bare programme."""
    recipes = frozenset(each for each in wanted if each)
    return recipes if any(map(is_bare, recipes)) else recipes | {LISTENING_RECIPE.recipe}


def readable_recipe(feed: Feed) -> str | None:
    """What a feed asks for; None where its row holds nonsense, so that it harms no other feed of the airing."""
    try:
        return wishes(feed).recipe
    except (ValueError, TypeError) as error:
        if is_news(f"feed {feed.id}"):
            log.warning("a feed's encoding or profile cannot be read", feed=feed.id, why=str(error))
        return None
