"""What the demo station holds first: a pack of espeak-ng voices, a programme, two sites with a feed each."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.database import id_of, writing
from app.demo.rows import DAY_S, Route, add_feed, add_line, add_site, add_slot
from app.demo.story import Main, awaited_harvest, tell, tell_yesterday
from app.feeds.names import BESIDE
from app.library.description import Description
from app.library.ingest import run_ingest
from app.library.models import SegmentKind
from app.library.service import Original, create
from app.programmes.models import Programme
from app.settings import Settings
from app.station.models import Station
from app.storage import free_bytes, sha256_of

PACK = Path(__file__).parent / "voices"
STATION = "단파 시험 방송"
STANDBY = "evergreen-seasons.opus"
EVERGREEN = "music-strings.opus"
DRAFT = "harvest.opus"
"""What waits to be approved, and the next dawn awaits."""
PERSON = "데모 편성자"

CLOCK: list[dict[str, object]] = [
    {"type": "interval_signal", "seconds": 12, "label": "여는 신호"},
    {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired", "label": "국명 고지"},
    {"type": "pick", "kinds": ["news"], "order": "newest", "label": "뉴스"},
    {
        "type": "pick",
        "kinds": ["talk", "testimony"],
        "order": "least_recently_aired",
        "count": 2,
        "required": False,
    },
    {"type": "pick", "kinds": ["announcement"], "required": False, "label": "주파수 안내"},
    {"type": "fill", "kinds": ["music", "filler"], "label": "끝까지 음악"},
]

ROUTES = (
    Route("TAC", "Tashkent", 41.32, 69.25, 7_585, 100.0, 76, ("mp3", 48_000, 128), BESIDE),
    Route("PAO", "Paochung", 23.71, 120.30, 9_330, 250.0, 2, ("flac", 48_000, None), ""),
)

FIRST_START_IN = timedelta(minutes=30)
"""How long after the seeding the first demo airing starts: soon enough to watch, late enough to be in time."""


def seed(engine: Engine, settings: Settings, person_id: int, now: datetime) -> None:
    """Fill a new demo station. Airings of the first slot are compiled a day ahead, so there is always one to hear."""
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
        start = now + FIRST_START_IN
        slot = add_slot(session, programme, start.hour * 60 + start.minute, now, compile_lead_s=DAY_S)
        lines = {}
        for route in ROUTES:
            site = add_site(session, route, now)
            feed = add_feed(session, settings, site, route, now)
            lines[route.code] = add_line(session, slot, site, route, feed, now)
        tell(session, settings, Main(slot, lines, segments, free_bytes(settings)), person_id, now)
    tell_yesterday(engine, settings, now)


def _library(engine: Engine, settings: Settings, person_id: int, now: datetime) -> dict[str, int]:
    """Ingest the pack through the same door as everybody's recordings; returns ids by file name."""
    ids: dict[str, int] = {}
    for entry in json.loads((PACK / "pack.json").read_text(encoding="utf-8"))["segments"]:
        source = PACK / entry["file"]
        incoming = settings.incoming_dir / f"demo-{source.stem}.part"
        shutil.copyfile(source, incoming)
        original = Original(entry["file"], sha256_of(source), source.stat().st_size)
        is_draft = entry["file"] == DRAFT
        description = awaited_harvest(now) if is_draft else _described(entry)
        with writing(engine) as session:
            segment = create(session, description, original, "segment.imported", person_id=person_id, now=now)
        run_ingest(
            engine,
            settings,
            {"segment_id": segment.id, "file": incoming.name}
            | ({} if is_draft else {"approve_by": person_id}),
        )
        ids[entry["file"]] = id_of(segment)
    return ids


def _described(entry: dict[str, Any]) -> Description:
    return Description(
        title=entry["title"],
        kind=SegmentKind(entry["kind"]),
        tags=tuple(entry["tags"]),
        presenter=entry.get("presenter"),
    )


def is_seeded(session: Session) -> bool:
    """Whether the seeding came to its end: programmes come after the library, and all at once."""
    return session.exec(select(Programme.id).order_by(col(Programme.id)).limit(1)).first() is not None
