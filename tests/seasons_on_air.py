"""A frequency manager's season in the rows of a small station: lines, other stations around them, and a pool to move to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlmodel import Session

from app.database import id_of, writing
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.moves.models import PoolEntry
from app.programmes.models import Programme, Slot
from app.schedule.background import read_others, replace_background
from schedules.frequencies import hfcc
from schedules.frequencies.line import Line as LineValue
from schedules.season import season
from tests.hfcc_lookalikes import header
from tests.stations import SmallStation

B26 = season("B26")
FIRST, LAST = date(2026, 10, 25), date(2027, 3, 27)
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
JAMMED, FREE, TAKEN = 7_490, 7_585, 9_650
"""What the line is on and somebody else too; what of its pool nobody is on; and what of it somebody is."""


@dataclass(frozen=True, slots=True)
class OnAirSeason:
    """The jammed line, one at dawn and one beside it from another site."""

    station: SmallStation
    slot: int
    jammed: int
    dawn: int
    parallel: int


def on_air_season(station: SmallStation) -> OnAirSeason:
    """Slot 20:00 to 20:30 UTC on two frequencies and another one at 22:00, in B26; it is the afternoon of 22 November."""
    station.clock.at = AT
    with writing(station.database) as session:
        tashkent = Site(code="TAC", name="Tashkent", latitude=41.3, longitude=69.2, notice_h=6, created_at=AT)
        tashkent.notice_mail = "schedule@tac.example"
        paochung = Site(code="PAO", name="Paochung", latitude=23.7, longitude=120.3, created_at=AT)
        evening = Programme(title="저녁 증언", code="evening", created_at=AT)
        dawn = Programme(title="새벽 편지", code="dawn", created_at=AT)
        session.add_all([tashkent, paochung, evening, dawn])
        session.flush()
        slot, early = _slot(session, evening, 1200), _slot(session, dawn, 1320)
        made = OnAirSeason(
            station,
            slot,
            jammed=_line(session, slot, tashkent, JAMMED),
            dawn=_line(session, early, tashkent, 6_015),
            parallel=_line(session, slot, paochung, 9_330),
        )
        session.add(PoolEntry(slot_id=slot, khz=FREE, legal_status="cleared until 2027-03-28"))
        session.add(PoolEntry(slot_id=slot, khz=TAKEN))
        others = read_others(others_file().encode("latin-1"), B26, "hfcc", None)
        replace_background(session, B26, others, "b26all.txt", now=AT, by=station.person_id)
    return made


def others_file() -> str:
    """Everybody else's season: one on our frequency, one on one of the pool's, one far away."""
    return "\r\n".join(
        [*header("B26"), _record("CRI", JAMMED), _record("VOX", TAKEN), _record("FAR", 15_100)]
    )


def record(khz: int, site: str = "TAC", who: str = "HBN", start: int = 1200, stop: int = 1230) -> str:
    """One record in HFCC's columns, for our zone and the whole season."""
    line = LineValue(
        key="",
        khz=khz,
        start_minute=start,
        stop_minute=stop,
        days=frozenset(range(1, 8)),
        first_date=FIRST,
        last_date=LAST,
        site=site,
        zones=frozenset({"44NE"}),
        power_kw=100,
    )
    return hfcc.record_of(line, {"BRC": who, "LANGUAGE": "Korean"}).text


def _record(who: str, khz: int) -> str:
    return record(khz, "KAS", who, 1140, 1260)


def _slot(session: Session, programme: Programme, start: int) -> int:
    slot = Slot(
        programme_id=id_of(programme),
        start_minute=start,
        stop_minute=start + 30,
        days="1234567",
        first_date=FIRST,
        last_date=LAST,
        created_at=AT,
    )
    session.add(slot)
    session.flush()
    return id_of(slot)


def _line(session: Session, slot_id: int, site: Site, khz: int) -> int:
    line = Line(
        slot_id=slot_id,
        site_id=id_of(site),
        khz=khz,
        power_kw=100,
        ciraf_zones="44NE",
        days="1234567",
        first_date=FIRST,
        last_date=LAST,
        created_at=AT,
    )
    feed = Feed(
        site_id=id_of(site),
        name=f"{site.name} {khz}",
        protocol="folder",
        address="/nowhere",
        name_template="{utc_date}_{khz}.mp3",
        created_at=AT,
        updated_at=AT,
    )
    session.add_all([line, feed])
    session.flush()
    session.add(LineFeed(line_id=id_of(line), feed_id=id_of(feed)))
    return id_of(line)
