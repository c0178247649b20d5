"""What makes the demo's pages tell something: more people and programmes, a draft that waits, a season around us, a yesterday.

Every name, station and event here is invented, and says so where it could be taken for a real one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.advice.jammers import JammerFields, create_jammer
from app.airings.compiling import run_compile
from app.airings.materialise import shapes
from app.airings.models import Airing, AsRun, RundownVersion
from app.approving.notes import add_note
from app.contracts.service import ContractFields, create_contract
from app.database import id_of, writing
from app.demo.rows import Route, add_feed, add_line, add_site, add_slot
from app.frequencies.models import Line, LineFeed
from app.library.description import Description
from app.library.models import SegmentKind
from app.moves.drafting import MoveFields, draft_move, store
from app.moves.pools import PoolFields, set_pool
from app.people.service import change_person, create_person
from app.programmes.models import Slot
from app.programmes.service import ProgrammeFields, create_programme
from app.reports.service import Jamming, ReportFields, Source, take_report
from app.schedule.background import read_others, replace_background
from app.settings import Settings
from schedules.hhmm import format_hhmm
from schedules.rundown import Rundown, SegmentSource
from schedules.season import season_at
from schedules.time import Span, samples_to_timedelta, to_kst

DAY = timedelta(days=1)
AWAITED = "오늘의 농사"
DAWN_UTC = 20 * 60
"""05:00 in Korea."""
EVENING_UTC = 13 * 60
"""22:00 in Korea."""
PALAU = Route("HBN", "Palau", 7.46, 134.47, 9_835, 100.0, 345, ("mp3", 48_000, 128), "", lead_s=3600)
YESTERDAY = "지어낸 어제입니다: 시험용 기록"

OPENING: dict[str, object] = {"type": "interval_signal", "seconds": 10, "label": "여는 신호"}
IDENT: dict[str, object] = {
    "type": "pick",
    "kinds": ["ident"],
    "order": "least_recently_aired",
    "label": "국명 고지",
}
MUSIC: dict[str, object] = {"type": "fill", "kinds": ["music", "filler"], "label": "끝까지 음악"}
LETTER: dict[str, object] = {
    "type": "pick",
    "kinds": ["testimony", "talk"],
    "order": "least_recently_aired",
    "required": False,
    "label": "편지",
}

NEIGHBOURS = """\
kHz:75;Time(UTC):93;Days:59;ITU:49;Station:201;Lng:49;Target:62;Remarks:135;P:35;Start:60;Stop:60;
{khz};{start}-{stop};;XXX;Invented Radio A;E;KOR;;1;;
7580;1000-1400;;XXX;Invented Radio B;K;KRE;;1;;
7590;{start}-{stop};;XXX;Invented Radio C;M;CHN;;1;;
9325;1200-1700;;XXX;Invented Radio D;K;KOR;;1;;
9335;{start}-{stop};;XXX;Invented Radio E;J;J;;1;;
9835;1900-2100;;XXX;Invented Radio F;R;FE;;1;;
9410;0900-1500;;XXX;Invented Radio G;K;KRE;;1;;
6250;0000-2400;;XXX;Invented Radio H;K;KRE;;1;;
11640;1300-1600;;XXX;Invented Radio I;E;SEA;;1;;
5905;2000-2200;;XXX;Invented Radio J;K;KRE;;1;;
"""
"""Ten lines as EiBi writes them. No such stations exist."""


@dataclass(frozen=True, slots=True)
class Main:
    """The programme that everything is told around: its slot, and its lines by their site's code."""

    slot: Slot
    lines: Mapping[str, Line]
    segments: Mapping[str, int]
    room_bytes: int


def awaited_harvest(now: datetime) -> Description:
    """What a draft is described as, so that it is what the next dawn awaits."""
    dawn = now.replace(hour=20, minute=0, second=0, microsecond=0)
    on = to_kst(dawn if dawn > now else dawn + DAY).date()
    return Description(
        title="오늘의 농사: 서리가 내리기 전에",
        kind=SegmentKind.talk,
        tags=("농사",),
        presenter="문다온",
        awaited_as=AWAITED,
        awaited_on=on,
    )


def tell(session: Session, settings: Settings, main: Main, by: int, now: datetime) -> None:
    """Everything beside the main programme, in the caller's transaction."""
    people = _people(session, by, now)
    _programmes(session, settings, main, people["문다온"], by, now)
    add_note(
        session,
        main.segments["harvest.opus"],
        "숨소리가 큽니다. 빼 주세요.",
        cut=None,
        at_sample=12 * 48_000,
        person_id=people["서윤슬"],
        now=now,
    )
    _frequencies(session, main, by, now)
    _heard(session, main, by, now)


def _people(session: Session, by: int, now: datetime) -> dict[str, int]:
    made = {name: id_of(create_person(session, name, now=now, by=by)) for name in ("서윤슬", "문다온")}
    change_person(session, made["서윤슬"], {"approves": True}, now=now, by=by)
    return made


def _programmes(session: Session, settings: Settings, main: Main, owner: int, by: int, now: datetime) -> None:
    """One at dawn, which awaits something, and one of music in the evening, both from a third site."""
    awaited: dict[str, object] = {
        "type": "awaited",
        "name": AWAITED,
        "label": AWAITED,
        "required": False,
        "owner_id": owner,
        "due": "0400",
    }
    standby = main.segments["evergreen-seasons.opus"]
    site = add_site(session, PALAU, now)
    feed = add_feed(session, settings, site, PALAU, now)
    for title, code, clock, minute in (
        ("새벽 편지", "dawn-letter", [OPENING, IDENT, awaited, LETTER, MUSIC], DAWN_UTC),
        ("음악이 있는 밤", "night-music", [OPENING, IDENT, LETTER, MUSIC], EVENING_UTC),
    ):
        fields = ProgrammeFields(title=title, code=code, standby_segment_id=standby)
        programme = create_programme(session, fields, clock, now=now, by=by)
        slot = add_slot(session, programme, minute, now, compile_lead_s=2 * 3600)
        add_line(session, slot, site, PALAU, feed, now)


def _frequencies(session: Session, main: Main, by: int, now: datetime) -> None:
    tashkent, paochung = main.lines["TAC"], main.lines["PAO"]
    season = season_at(now)
    cleared = f"{season.end:%Y-%m-%d}까지 허가"
    pool = [
        PoolFields(khz=tashkent.khz, site_id=tashkent.site_id, legal_status=cleared, note="지금 쓰는 주파수"),
        PoolFields(khz=7_425, site_id=tashkent.site_id, legal_status=cleared),
        PoolFields(khz=9_410, site_id=paochung.site_id, legal_status=cleared, note="겨울 초저녁에 잘 들림"),
    ]
    set_pool(session, id_of(main.slot), pool, now=now, by=by)
    week_ago = (now - 7 * DAY).date()
    for jammer in (
        JammerFields(khz=7_585, site="지어낸 방해 송신소 1", since=week_ago, note="밤새 잡음"),
        JammerFields(khz=6_250, site="지어낸 방해 송신소 2", since=week_ago),
    ):
        create_jammer(session, jammer, now=now, by=by)
    content = NEIGHBOURS.format(
        khz=paochung.khz,
        start=format_hhmm(main.slot.start_minute),
        stop=format_hhmm(main.slot.stop_minute),
    )
    others = read_others(content.encode(), season, "eibi", None)
    replace_background(session, season, others, "invented.csv", now=now, by=by)
    contract = ContractFields(
        site_id=tashkent.site_id,
        first_date=season.start.date(),
        last_date=season.end.date(),
        booked_minutes=310,
        booked_per="month",
        price_minor=95,
        currency="USD",
        billing_unit="minute",
        notice_days=14,
        note="지어낸 계약입니다.",
    )
    create_contract(session, contract, now=now, by=by)
    move = MoveFields(
        khz=7_425, from_date=(now + 3 * DAY).date(), reason="7585 kHz에 밤새 잡음이 있어 풀로 옮기려 합니다."
    )
    draft = draft_move(session, id_of(tashkent), move, room_bytes=main.room_bytes, now=now, by=by)
    store(session, draft, now=now, by=by)


def _heard(session: Session, main: Main, by: int, now: datetime) -> None:
    """Reports of the last days, as listeners and a far receiver might write them."""
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        minutes=main.slot.start_minute + 3
    )
    told: tuple[tuple[int, str, str, Jamming, Source, str], ...] = (
        (1, "TAC", "32322", "noise", "listener", "지어낸 보고: 잡음이 심해 말이 끊깁니다."),
        (2, "TAC", "33333", "noise", "remote_sdr", "지어낸 보고: 원격 수신기"),
        (1, "PAO", "44444", "none", "remote_sdr", "지어낸 보고: 또렷합니다."),
        (3, "PAO", "44343", "none", "listener", "지어낸 보고"),
    )
    for days, code, sinpo, jamming, source, note in told:
        fields = ReportFields(
            heard_at=_past(tonight, now) - (days - 1) * DAY,
            line_id=id_of(main.lines[code]),
            sinpo=sinpo,
            jamming=jamming,
            source=source,
            note=note,
        )
        take_report(session, fields, now=now, by=by)


def _past(instant: datetime, now: datetime) -> datetime:
    while instant > now:
        instant -= DAY
    return instant


def tell_yesterday(engine: Engine, settings: Settings, now: datetime) -> None:
    """Yesterday's airing of the main slot: a rundown by the real compiler, and a record that says it is invented.

    Its evidence is `planned`: nothing was sent, and no page of a demo claims that it was. A demo that was broken off
    before this is a whole one without a yesterday.
    """
    with writing(engine) as session:
        slot = session.exec(select(Slot).order_by(col(Slot.id)).limit(1)).one()
        shape = next(iter(shapes(slot, Span(now - DAY, now))), None)
        if shape is None:
            return
        airing = Airing(
            slot_id=id_of(slot),
            starts_at=shape.starts_at,
            stops_at=shape.stops_at,
            target_samples=shape.target_samples,
            compile_at=shape.compile_at,
            state="done",
            created_at=shape.compile_at,
        )
        session.add(airing)
        session.flush()
        airing_id = id_of(airing)
    payload = {"airing_id": airing_id, "level": "programme"}
    result = run_compile(engine, settings, payload, clock=lambda: shape.compile_at)
    with writing(engine) as session:
        airing = session.get_one(Airing, airing_id)
        airing.version = 1
        session.add(
            RundownVersion(
                airing_id=airing_id,
                version=1,
                level=result["level"],
                cause="first",
                body=result["body"],
                sha256=result["sha256"],
                compiled_at=shape.compile_at,
            )
        )
        lines = session.exec(select(Line.id).where(Line.slot_id == airing.slot_id)).all()
        feeds = session.exec(select(LineFeed).where(col(LineFeed.line_id).in_(lines))).all()
        rundown = Rundown.from_json(result["body"])
        session.add_all(row for feed in feeds for row in _aired(airing, feed, rundown))


def _aired(airing: Airing, by: LineFeed, rundown: Rundown) -> list[AsRun]:
    """The record of one line, item by item."""
    return [
        AsRun(
            airing_id=id_of(airing),
            line_id=by.line_id,
            feed_id=by.feed_id,
            version=1,
            position=item.position,
            segment_id=item.source.segment_id if isinstance(item.source, SegmentSource) else None,
            source="segment" if isinstance(item.source, SegmentSource) else "interval_signal",
            starts_at=airing.starts_at + samples_to_timedelta(item.start_sample),
            ends_at=airing.starts_at + samples_to_timedelta(ends),
            evidence="planned",
            details={"by_hand": {"how": YESTERDAY, "at": f"{airing.stops_at:%Y-%m-%d}"}},
        )
        for item, ends in rundown.turns()
    ]
