"""What the demo station holds: a pack of espeak-ng voices, a programme, two sites with a feed each."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.database import id_of, writing
from app.feeds.models import Feed
from app.feeds.names import BESIDE, DEFAULT_TEMPLATE
from app.frequencies.models import Line, LineFeed, Site
from app.library.description import Description
from app.library.ingest import run_ingest
from app.library.models import SegmentKind
from app.library.service import Original, create
from app.programmes.models import Programme, Slot
from app.settings import Settings
from app.station.models import Station
from app.storage import sha256_of

PACK = Path(__file__).parent / "voices"
STATION = "단파 시험 방송"
STANDBY = "evergreen-seasons.opus"
EVERGREEN = "music-strings.opus"
PERSON = "데모 편성자"

CLOCK: list[dict[str, object]] = [
    {"type": "interval_signal", "seconds": 12, "label": "opening"},
    {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired", "label": "station ident"},
    {"type": "pick", "kinds": ["news"], "order": "newest", "label": "news"},
    {
        "type": "pick",
        "kinds": ["talk", "testimony"],
        "order": "least_recently_aired",
        "count": 2,
        "required": False,
    },
    {"type": "pick", "kinds": ["announcement"], "required": False, "label": "frequencies"},
    {"type": "fill", "kinds": ["music", "filler"], "label": "music to the end"},
]

DAY = timedelta(days=1)
FIRST_START_IN = timedelta(minutes=30)
"""How long after the seeding the first demo airing starts: soon enough to watch, late enough to be in time."""


def seed(engine: Engine, settings: Settings, person_id: int, now: datetime) -> None:
    """Fill a new demo station. Airings of every slot are compiled a day ahead, so there is always one to hear."""
    segments = _library(engine, settings, person_id, now)
    with writing(engine) as session:
        programme = Programme(
            title="밤의 목소리",
            code="night-voice",
            clock=CLOCK,
            created_at=now,
            standby_segment_id=segments[STANDBY],
        )
        station = session.get_one(Station, 1)
        station.evergreen_segment_id = segments[EVERGREEN]
        session.add_all([programme, station])
        session.flush()
        lines = [
            ("TAC", "Tashkent", 41.32, 69.25, 7_585, 100.0, ("mp3", 48_000, 128), BESIDE),
            ("PAO", "Paochung", 23.71, 120.30, 9_330, 250.0, ("flac", 48_000, None), ""),
        ]
        slot = _slot(session, programme, now)
        for code, name, latitude, longitude, khz, power, encoding, sidecar in lines:
            site = Site(code=code, name=name, latitude=latitude, longitude=longitude, created_at=now)
            session.add(site)
            session.flush()
            feed = _feed(session, settings, site, encoding, sidecar, now)
            line = Line(
                slot_id=id_of(slot),
                site_id=id_of(site),
                khz=khz,
                power_kw=power,
                ciraf_zones="44NE",
                days=slot.days,
                first_date=slot.first_date,
                last_date=slot.last_date,
                created_at=now,
            )
            session.add(line)
            session.flush()
            session.add(LineFeed(line_id=id_of(line), feed_id=id_of(feed)))


def _slot(session: Session, programme: Programme, now: datetime) -> Slot:
    start = (now + FIRST_START_IN).replace(second=0, microsecond=0)
    minute = start.hour * 60 + start.minute
    slot = Slot(
        programme_id=id_of(programme),
        start_minute=minute,
        stop_minute=(minute + 10 - 1) % 1440 + 1,
        days="1234567",
        first_date=start.date(),
        last_date=date(start.year + 5, 12, 31),
        early_off_s=15,
        compile_lead_s=int(DAY.total_seconds()),
        created_at=now,
    )
    session.add(slot)
    session.flush()
    return slot


def _feed(
    session: Session,
    settings: Settings,
    site: Site,
    encoding: tuple[str, int, int | None],
    sidecar: str,
    now: datetime,
) -> Feed:
    folder = settings.root / f"site-{site.name.lower()}"
    folder.mkdir(exist_ok=True)
    codec, sample_rate, bitrate_kbps = encoding
    feed = Feed(
        site_id=id_of(site),
        name=f"{site.name} folder",
        protocol="folder",
        address=str(folder),
        codec=codec,
        sample_rate=sample_rate,
        bitrate_kbps=bitrate_kbps,
        name_template=DEFAULT_TEMPLATE,
        sidecar=sidecar,
        lead_s=int(DAY.total_seconds()),
        warn_s=300,
        deadline_s=300,
        accept_until_s=60,
        created_at=now,
        updated_at=now,
    )
    session.add(feed)
    session.flush()
    return feed


def _library(engine: Engine, settings: Settings, person_id: int, now: datetime) -> dict[str, int]:
    """Ingest the pack through the same door as everybody's recordings; returns ids by file name."""
    ids: dict[str, int] = {}
    for entry in json.loads((PACK / "pack.json").read_text(encoding="utf-8"))["segments"]:
        source = PACK / entry["file"]
        incoming = settings.incoming_dir / f"demo-{source.stem}.part"
        shutil.copyfile(source, incoming)
        original = Original(entry["file"], sha256_of(source), source.stat().st_size)
        description = Description(
            title=entry["title"],
            kind=SegmentKind(entry["kind"]),
            tags=tuple(entry["tags"]),
            presenter=entry.get("presenter"),
        )
        with writing(engine) as session:
            segment = create(session, description, original, "segment.imported", person_id=person_id, now=now)
        run_ingest(
            engine,
            settings,
            {"segment_id": segment.id, "file": incoming.name, "approve_by": person_id},
        )
        ids[entry["file"]] = id_of(segment)
    return ids


def is_seeded(session: Session) -> bool:
    """Whether the seeding came to its end: it writes the programme last."""
    return session.exec(select(Programme.id).order_by(col(Programme.id)).limit(1)).first() is not None
