"""A whole night in the rows of a small station, for the page: airings in every state, each with what belongs to it.

The rows are what the engine writes; rundowns come from the real compiler, and the audio is a voice of the demo.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlmodel import Session

from app.airings import asrun
from app.airings.carriage import LISTENING_RECIPE
from app.airings.compiling import run_compile
from app.airings.materialise import materialise
from app.airings.models import Airing, Artefact, RundownVersion
from app.airings.service import artefacts, of_night
from app.alarms.service import raise_alarm
from app.database import id_of, writing
from app.demo import run as demo
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.programmes.models import Programme, Slot
from app.station.models import Station
from app.storage import Blobs
from app.web.problems import problem_of
from schedules.elements import Pick, element_name
from schedules.errors import NothingToPick
from schedules.said import say
from schedules.time import night_span
from tests.stations import NOW, SmallStation, make_station

NIGHT = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 14, 40, tzinfo=UTC)
"""20 minutes to midnight in Seoul, in the middle of the night's second airing."""

VOICE = Path(demo.__file__).parent / "voices" / "news-evening.opus"
MINUTE = timedelta(minutes=1)

CLOCK: list[dict[str, object]] = [
    {"type": "interval_signal", "seconds": 12, "label": "opening"},
    {"type": "pick", "kinds": ["news"], "order": "newest", "label": "news"},
    {
        "type": "pick",
        "kinds": ["talk", "testimony"],
        "order": "least_recently_aired",
        "count": 2,
        "required": False,
    },
    {"type": "fill", "kinds": ["music"], "label": "music"},
]


@dataclass
class FilledNight:
    """The station and the ids of what was written: airings by their time in UTC (``1430``), feeds by name."""

    station: SmallStation
    airings: dict[str, int] = field(default_factory=dict)
    feeds: dict[str, int] = field(default_factory=dict)
    handoffs: dict[tuple[str, str], int] = field(default_factory=dict)


def fill_night(station: SmallStation, *, title: str = "밤의 목소리") -> FilledNight:
    """Fill the night of 22 November as it looks at ``AT``, to which the station's clock is set."""
    station.clock.at = AT
    night = FilledNight(station)
    _library(station)
    with writing(station.database) as session:
        here = session.get_one(Station, 1)
        here.interval_signal_sha256, here.interval_signal_samples = "5" * 64, 8 * 48_000
        session.add(here)
        _programmes(session, night, title)
    _passed_evening(night)
    _coming_hours(night)
    (station.settings.run_dir / "engine.json").write_text(json.dumps({"at": AT.isoformat()}))
    return night


def copy_night(station: SmallStation) -> FilledNight:
    """As `fill_night`, for a station as `make_station` makes it: copied from one that was filled once in this process."""
    filled, night = _filled_once()
    station.database.dispose()
    shutil.copytree(filled, station.settings.root, dirs_exist_ok=True)
    station.clock.at = AT
    return FilledNight(station, dict(night.airings), dict(night.feeds), dict(night.handoffs))


@cache
def _filled_once() -> tuple[Path, FilledNight]:
    folder = Path(tempfile.mkdtemp(prefix="danpa-night-"))
    atexit.register(shutil.rmtree, folder)
    station = make_station(folder, is_demo=True)
    night = fill_night(station)
    station.database.dispose()  # the last connection folds the write-ahead log into the file
    return folder, night


def _library(station: SmallStation) -> None:
    pieces = [
        ("저녁 뉴스: 서울과 세계의 하루", "news", 5.2),
        ("라디오가 건너온 길", "talk", 6.4),
        ("어머니에게 보내는 편지", "testimony", 7.1),
        ("현악 사중주 가을", "music", 4.0),
        ("거문고 산조", "music", 6.0),
    ]
    for place, (title, kind, minutes) in enumerate(pieces):
        samples = int(minutes * 60 * 48_000)
        station.add_segment(
            title=title,
            kind=kind,
            samples=samples,
            cue_in=0,
            cue_out=samples,
            loudness_lufs=-20.0,
            master_sha256=f"{place}" * 64,
            approved_at=AT - timedelta(days=place + 1),
        )


def _programmes(session: Session, night: FilledNight, title: str) -> None:
    main = Programme(title=title, code="night-voice", clock=CLOCK, created_at=AT)
    letters = Programme(title="새벽 편지", code="letters", clock=CLOCK, created_at=AT)
    tashkent = Site(code="TAC", name="Tashkent", created_at=AT)
    paochung = Site(code="PAO", name="Paochung", created_at=AT)
    session.add_all([main, letters, tashkent, paochung])
    session.flush()
    feeds = [
        _feed(session, night, site, protocol)
        for site, protocol in ((tashkent, "folder"), (paochung, "http_put"))
    ]
    for start, length, programme in (
        (600, 30, main),
        (720, 30, main),
        (870, 30, main),
        (930, 30, main),
        (1080, 20, letters),
        (1200, 60, letters),
    ):
        slot = Slot(
            programme_id=id_of(programme),
            start_minute=start,
            stop_minute=start + length,
            days="1234567",
            first_date=NIGHT,
            last_date=NIGHT,
            early_off_s=15,
            created_at=NOW - timedelta(days=1),
        )
        session.add(slot)
        session.flush()
        for site, khz, power, feed in (
            (tashkent, 7_585, 100.0, feeds[0]),
            (paochung, 9_330, 250.0, feeds[1]),
        ):
            line = Line(
                slot_id=id_of(slot),
                site_id=id_of(site),
                khz=khz,
                power_kw=power,
                days="1234567",
                first_date=NIGHT,
                last_date=NIGHT,
                created_at=AT,
            )
            session.add(line)
            session.flush()
            session.add(LineFeed(line_id=id_of(line), feed_id=id_of(feed)))
    materialise(session, night_span(NIGHT).start, night_span(NIGHT).end)
    for airing, _, _ in of_night(session, NIGHT):
        night.airings[f"{airing.starts_at:%H%M}"] = id_of(airing)


def _feed(session: Session, night: FilledNight, site: Site, protocol: str) -> Feed:
    feed = Feed(
        site_id=id_of(site),
        name=f"{site.name} {protocol}",
        protocol=protocol,
        address="/nowhere",
        name_template="{utc_date}.mp3",
        created_at=AT,
        updated_at=AT,
    )
    session.add(feed)
    session.flush()
    night.feeds[site.code] = id_of(feed)
    return feed


def _passed_evening(night: FilledNight) -> None:
    station = night.station
    compiled(night, "1200", state="armed")
    for site in ("TAC", "PAO"):
        handed_over(night, "1200", site, "verified")
    compiled(night, "1430", state="on_air")
    handed_over(night, "1430", "TAC", "verified")
    handed_over(night, "1430", "PAO", "stored")
    with writing(station.database) as session:
        for time in ("1000", "1200"):
            airing = session.get_one(Airing, night.airings[time])
            is_delivered = asrun.record(session, airing)
            airing.state, airing.readiness = ("done", "ok") if is_delivered else ("missed", "failed")
            session.add(airing)
        raise_alarm(
            session,
            "airing_missed",
            f"airing:{night.airings['1000']}",
            now=AT - timedelta(hours=4),
            airing_id=night.airings["1000"],
        )


def _coming_hours(night: FilledNight) -> None:
    compiled(night, "1530", state="armed", readiness="at_risk")
    handed_over(night, "1530", "TAC", "verified")
    handed_over(
        night,
        "1530",
        "PAO",
        "failed",
        error="unauthorised: PUT was answered with 401: our credential is not accepted",
    )
    compiled(night, "1800", level="interval_signal", state="compiled", readiness="at_risk")
    with writing(night.station.database) as session:
        session.add(_compile_job(night.airings["1800"]))
        airing_id, feed_id = night.airings["1530"], night.feeds["PAO"]
        raise_alarm(
            session,
            "feed_failing",
            f"airing:{airing_id}/feed:{feed_id}",
            now=AT - 9 * MINUTE,
            airing_id=airing_id,
            feed_id=feed_id,
        )
        raise_alarm(
            session,
            "audio_missing",
            f"airing:{night.airings['1800']}",
            now=AT - 5 * MINUTE,
            airing_id=night.airings["1800"],
        )


def _compile_job(airing_id: int) -> Job:
    """What the compiler said of the steps that it could not take."""
    why = say(
        "nothing-for-it",
        "{stage}: {why}, or make the element optional",
        stage=element_name(1, Pick(("news",))),
        why=say(
            "none-in-library",
            "the library has no approved {wanted}: approve one",
            wanted=say("kinds", "{kinds: or }", kinds=("news",)),
        ),
    )
    result = {"passed": [{"level": "programme", "problem": problem_of(NothingToPick(why))}]}
    return Job(kind="compile", key=f"compile:{airing_id}:1", state="done", result=result, created_at=AT)


def compiled(
    night: FilledNight, time: str, *, level: str = "programme", state: str = "rendered", readiness: str = "ok"
) -> None:
    """Compile the next version of an airing, and render it where it is the programme."""
    station, airing_id = night.station, night.airings[time]
    result = run_compile(station.database, station.settings, {"airing_id": airing_id, "level": level})
    with writing(station.database) as session:
        airing = session.get_one(Airing, airing_id)
        airing.version, airing.state, airing.readiness = airing.version + 1, state, readiness
        row = RundownVersion(
            airing_id=airing_id,
            version=airing.version,
            level=result["level"],
            cause="first",
            body=result["body"],
            sha256=result["sha256"],
            compiled_at=airing.starts_at - timedelta(hours=6),
        )
        session.add_all([airing, row])
        session.flush()
        if level == "programme":
            session.add(_artefact(station, row))


def _artefact(station: SmallStation, rundown: RundownVersion) -> Artefact:
    copy = station.settings.incoming_dir / VOICE.name
    shutil.copyfile(VOICE, copy)
    sha256 = hashlib.sha256(copy.read_bytes()).hexdigest()
    Blobs(station.settings.blobs_dir).adopt(copy, "artefacts", sha256, ".opus")
    return Artefact(
        rundown_id=id_of(rundown),
        recipe=LISTENING_RECIPE.recipe,  # the file is smaller than that: what it is made of is not looked at
        sha256=sha256,
        extension="opus",
        media_type="audio/ogg",
        bytes=VOICE.stat().st_size,
        samples=85_680_000,
        sample_rate=48_000,
        loudness_lufs=-20.1,
        peak_dbtp=-3.4,
        rendered_at=AT,
    )


def handed_over(night: FilledNight, time: str, site: str, state: str, *, error: str | None = None) -> None:
    """The handoff of an airing's newest version to a site, after one attempt."""
    with writing(night.station.database) as session:
        airing = session.get_one(Airing, night.airings[time])
        deadline = airing.starts_at - 30 * MINUTE
        sent_at = deadline - 55 * MINUTE
        artefact_id = _artefact_id(session, airing)
        handoff = Handoff(
            airing_id=id_of(airing),
            feed_id=night.feeds[site],
            version=airing.version,
            artefact_id=artefact_id,
            object_name=f"{airing.starts_at:%Y%m%d_%H%M}_{site}.mp3",
            state=state,
            deliver_at=sent_at,
            deadline_at=deadline,
            accept_until=airing.starts_at - 5 * MINUTE,
            next_attempt_at=sent_at,
            attempts=1,
            verified_at=sent_at + MINUTE if state == "verified" else None,
            error=error,
            created_at=sent_at,
        )
        session.add(handoff)
        session.flush()
        receipt = {"verdict": "present", "how": "sha256 of the file", "observed": {}} if not error else None
        outcome = "permanent" if error else state
        session.add(
            Attempt(
                handoff_id=id_of(handoff),
                number=1,
                started_at=sent_at,
                finished_at=sent_at + MINUTE,
                outcome=outcome,
                detail=error,
                receipt=receipt,
            )
        )
        night.handoffs[time, site] = id_of(handoff)


def _artefact_id(session: Session, airing: Airing) -> int:
    return id_of(artefacts(session, id_of(airing), airing.version)[0])
