"""The rows that carry the demo's programmes: slots, sites, and a feed and a line of each site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app.database import id_of
from app.feeds.models import Feed
from app.feeds.names import DEFAULT_TEMPLATE
from app.frequencies.models import Line, LineFeed, Site
from app.programmes.models import Programme, Slot
from app.settings import Settings

DAY_S = 24 * 3600
MINUTES = 10


@dataclass(frozen=True, slots=True)
class Route:
    """A site, the frequency from there, and how it wants the audio: codec, sample rate, kbit/s, and the manifest's name."""

    code: str
    name: str
    latitude: float
    longitude: float
    khz: int
    power_kw: float
    azimuth: int
    encoding: tuple[str, int, int | None]
    sidecar: str
    lead_s: int = DAY_S


def add_slot(
    session: Session, programme: Programme, start_minute: int, now: datetime, *, compile_lead_s: int
) -> Slot:
    """Ten minutes every day, since a week ago: so that there is a yesterday."""
    week_ago = (now - timedelta(days=7)).date()
    slot = Slot(
        programme_id=id_of(programme),
        start_minute=start_minute,
        stop_minute=(start_minute + MINUTES - 1) % 1440 + 1,
        days="1234567",
        first_date=week_ago,
        last_date=date(week_ago.year + 1, 12, 31),
        early_off_s=15,
        compile_lead_s=compile_lead_s,
        created_at=now,
    )
    session.add(slot)
    session.flush()
    return slot


def add_site(session: Session, route: Route, now: datetime) -> Site:
    """With a control room that can be called: no such number exists."""
    site = Site(
        code=route.code,
        name=route.name,
        latitude=route.latitude,
        longitude=route.longitude,
        retune_s=60,
        notice_h=24,
        desk={"name": f"{route.name} control room", "phone": "+1 555 0100", "language": "English", "hours": "24 h"},
        created_at=now,
    )  # fmt: skip
    session.add(site)
    session.flush()
    return site


def add_feed(session: Session, settings: Settings, site: Site, route: Route, now: datetime) -> Feed:
    folder = settings.root / f"site-{site.name.lower()}"
    folder.mkdir(exist_ok=True)
    codec, sample_rate, bitrate_kbps = route.encoding
    feed = Feed(
        site_id=id_of(site),
        name=f"{site.name} folder",
        protocol="folder",
        address=str(folder),
        codec=codec,
        sample_rate=sample_rate,
        bitrate_kbps=bitrate_kbps,
        name_template=DEFAULT_TEMPLATE,
        sidecar=route.sidecar,
        lead_s=route.lead_s,
        warn_s=300,
        deadline_s=300,
        accept_until_s=60,
        created_at=now,
        updated_at=now,
    )
    session.add(feed)
    session.flush()
    return feed


def add_line(session: Session, slot: Slot, site: Site, route: Route, feed: Feed, now: datetime) -> Line:
    line = Line(
        slot_id=id_of(slot),
        site_id=id_of(site),
        khz=route.khz,
        power_kw=route.power_kw,
        azimuth=route.azimuth,
        ciraf_zones="44NE",
        days=slot.days,
        first_date=slot.first_date,
        last_date=slot.last_date,
        created_at=now,
    )
    session.add(line)
    session.flush()
    session.add(LineFeed(line_id=id_of(line), feed_id=id_of(feed)))
    return line
