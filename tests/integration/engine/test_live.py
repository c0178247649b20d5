"""Airings that feeds take live, as the engine sees them: armed with their whole chain, turned, changed, watched, recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.air.armed import Armed, read_armed
from app.air.journal import Journal
from app.airings import editing, service
from app.airings.models import Airing, AsRun, Intent, RundownVersion, StandIn
from app.database import writing
from app.errors import Conflict
from app.feeds.models import Feed
from app.library.models import Segment
from app.locks import Lock
from app.programmes.models import Programme
from app.station.models import Station
from app.storage import Blobs, write_atomically
from audio.frames import Frames
from audio.profile import Encoding
from schedules.edits import Swap
from schedules.rundown import Rundown
from tests.integration.engine.living import (
    DAWN,
    DEADLINE_AT,
    ON_AIR_AT,
    OVER_AT,
    VOICES,
    LivingStation,
    ingest,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
MOUNT = "http://127.0.0.1:9/live"
FRAMES = 2500
"""A minute."""


@pytest.fixture
def evening(station: LivingStation) -> LivingStation:
    """The usual programme on one live feed, with a stand-by and an evergreen."""
    talks = [row.id for row in station.rows(Segment, Segment.kind == "talk")]
    slot = station.slot(station.programme(standby_segment_id=talks[0]))
    station.change(Station, 1, evergreen_segment_id=talks[1])
    station.feed(slot, MOUNT, protocol="icecast", options={"preroll_s": 5})
    return station


def armed(station: LivingStation) -> Armed | None:
    """What lies in the air process's folder."""
    paths = list(station.settings.armed_dir.glob("*.json"))
    assert len(paths) <= 1
    return read_armed(paths[0]) if paths else None


@contextmanager
def air(
    station: LivingStation, level: str = "programme", state: str = "on", frame: int = 100
) -> Iterator[None]:
    """An air process that says of itself what it would: it holds its lock and has taken on what is armed."""
    lock = Lock(station.settings.run_dir / "air.lock")
    assert lock.acquire()
    row = station.airing()
    output = {"feed": 1, "airing": row.id, "state": state, "level": level, "frame": frame, "why": None}
    body = {"armed": {str(row.id): row.arming}, "outputs": [output]}
    write_atomically(station.settings.run_dir / "air.json", json.dumps(body).encode())
    try:
        yield
    finally:
        lock.release()


def ask(station: LivingStation, kind: str) -> Intent:
    with writing(station.database) as session:
        airing = service.get(session, 1)
        return service.want(session, airing, kind, person_id=1, now=station.clock())


def refused(station: LivingStation) -> list[str | None]:
    return [row.refused for row in station.rows(Intent)]


def tell(station: LivingStation, kind: str, at: datetime, **detail: Any) -> None:
    """What the air process would put on its record."""
    journal = Journal(station.settings.air_dir / "journal")
    journal.reserve(8)
    journal.write(kind, 1, station.airing().armed_version, at, detail or None)
    journal.close()


def as_run(station: LivingStation) -> list[tuple[str, float, float, str]]:
    """Source, begin and end in seconds after the start, evidence."""
    rows = sorted(station.rows(AsRun), key=lambda row: row.position)
    return [
        (
            row.source,
            (row.starts_at - ON_AIR_AT).total_seconds(),
            (row.ends_at - ON_AIR_AT).total_seconds(),
            row.evidence,
        )
        for row in rows
    ]


def test_it_is_armed_with_everything_that_may_have_to_go_out(evening: LivingStation) -> None:
    evening.live_until(DEADLINE_AT)
    found = armed(evening)
    assert found is not None
    assert (found.version, found.starts_at, found.stops_at) == (1, ON_AIR_AT, OVER_AT)
    assert evening.airing().state == "armed"
    (output,) = found.outputs
    assert (output.address, output.protocol, output.preroll_s, output.options) == (MOUNT, "icecast", 5, {})
    (sound,) = found.sounds
    assert set(sound.stand_ins) == {"standby", "evergreen", "interval_signal"}
    assert sound.frames == FRAMES
    assert sound.programme is not None
    for file in (sound.programme, *sound.stand_ins.values()):
        assert file.path.stat().st_size == file.bytes
        with Frames.open(file.path, Encoding("mp3")) as frames:
            assert frames.count > 0
    assert evening.handoffs(evening.airing()) == []


def test_stand_ins_are_made_once_for_all_airings(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT + timedelta(days=1, minutes=-30))
    assert len(evening.rows(StandIn)) == 3
    assert len(evening.rows(Airing)) > 1


def test_it_is_not_armed_before_its_chain_is_whole_and_then_anyhow(evening: LivingStation) -> None:
    """The evergreen's master has gone: people are told at the deadline, and silence is not the answer."""
    other = ingest(evening.database, evening.settings, VOICES / "news-morning.opus", "talk", now=DAWN)
    evening.change(Station, 1, evergreen_segment_id=other)
    (talk,) = evening.rows(Segment, Segment.id == other)
    Blobs(evening.settings.blobs_dir).path("masters", talk.master_sha256 or "", ".flac").unlink()
    evening.live_until(DEADLINE_AT + SECOND)
    assert armed(evening) is None
    assert ("deadline_missed", 1) in evening.alarms()
    evening.live_until(ON_AIR_AT - MINUTE)
    found = armed(evening)
    assert found is not None
    assert set(found.sounds[0].stand_ins) == {"standby", "interval_signal"}
    assert found.version == 1


def test_without_a_programme_what_stands_in_goes_on_the_air(evening: LivingStation) -> None:
    with writing(evening.database) as session:
        session.get_one(Programme, 1).clock = [{"type": "pick", "kinds": ["drama"]}]
    evening.live_until(ON_AIR_AT - MINUTE)
    found = armed(evening)
    assert found is not None
    (row,) = evening.rows(RundownVersion, RundownVersion.version == found.version)
    assert row.level == "standby"  # the compile went down the chain, as for any feed


def test_another_address_is_armed_at_once(evening: LivingStation) -> None:
    evening.live_until(DEADLINE_AT)
    first = armed(evening)
    evening.change(Feed, 1, address="http://127.0.0.1:9/other")
    evening.live_until(DEADLINE_AT + 10 * SECOND)
    second = armed(evening)
    assert first is not None
    assert second is not None
    assert second.serial == first.serial + 1
    assert second.outputs[0].address.endswith("/other")


def test_the_hand_brake_and_back(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT + 20 * SECOND)
    with air(evening):
        ask(evening, "standby")
        evening.live_until(ON_AIR_AT + 21 * SECOND)
        found = armed(evening)
        assert found is not None
        ((at, level),) = [(turn.from_sample / 48_000, turn.level) for turn in found.turns]
        assert level == "standby"
        assert 20 < at < 22
        ask(evening, "resume")
        evening.live_until(ON_AIR_AT + 22 * SECOND)
    found = armed(evening)
    assert found is not None
    assert found.turns[-1].level == "programme"
    (row,) = evening.rows(RundownVersion)
    rundown = Rundown.from_json(row.body)
    joins = {item.start_sample for item in rundown.items} | {rundown.target_samples}
    assert found.turns[-1].from_sample in joins
    assert refused(evening) == [None, None]


def test_before_it_is_on_the_air_the_stand_by_is_a_version_of_its_own(evening: LivingStation) -> None:
    evening.live_until(DEADLINE_AT)
    ask(evening, "standby")
    evening.live_until(DEADLINE_AT + MINUTE)
    found = armed(evening)
    assert found is not None
    assert (found.version, found.turns) == (2, ())


def test_there_is_nothing_to_go_back_to(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT + 20 * SECOND)
    ask(evening, "resume")
    evening.live_until(ON_AIR_AT + 21 * SECOND)
    assert refused(evening) == ["the programme is on already: there is nothing to go back to"]


def test_what_has_begun_stays_and_what_is_to_come_may_change(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT + 2 * SECOND)
    station, other = evening, 1 if evening.news_of(1) == 2 else 2
    with pytest.raises(Conflict, match="are on the air"):
        editing.apply_edits(
            station.database,
            station.settings,
            1,
            [Swap(1, other)],
            expected=1,
            person_id=1,
            now=station.clock(),
        )
    _, promised, heard_at = editing.insert(
        station.database, station.settings, 1, other, at=None, person_id=1, now=station.clock()
    )
    assert heard_at >= station.clock() + 8 * SECOND
    station.live_until(ON_AIR_AT + 4 * SECOND)
    found = armed(station)
    assert found is not None
    assert found.version == 2
    before, after = (Rundown.from_json(row.body) for row in station.rows(RundownVersion))
    assert after.to_json() == promised.to_json()
    kept = [
        item for item in after.items if ON_AIR_AT + timedelta(seconds=item.start_sample / 48_000) < heard_at
    ]
    assert kept
    assert [(item.start_sample, item.source) for item in kept] == [
        (item.start_sample, item.source) for item in before.items[: len(kept)]
    ]


def test_a_recall_makes_a_new_version_of_what_is_to_come_and_none_of_what_is_heard(
    evening: LivingStation,
) -> None:
    evening.live_until(ON_AIR_AT + 2 * SECOND)
    music = evening.rows(Segment, Segment.kind == "music")[0]
    news = evening.news_of(1)
    evening.recall(news)  # it begins within the eight seconds that a change takes
    evening.live_until(ON_AIR_AT + 5 * SECOND)
    assert evening.airing().version == 1
    assert music.id is not None
    evening.recall(music.id)
    evening.live_until(ON_AIR_AT + 6 * SECOND)
    found = armed(evening)
    assert found is not None
    assert found.version >= 2
    (row,) = evening.rows(RundownVersion, RundownVersion.version == found.version)
    rundown = Rundown.from_json(row.body)
    assert music.id not in rundown.segment_ids()


def test_nothing_on_the_air_is_an_alarm_and_the_airing_is_missed(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT + 10 * SECOND)
    assert ("off_air", 1) in evening.alarms()
    assert evening.airing().readiness == "failed"
    evening.live_until(OVER_AT + MINUTE)
    assert evening.airing().state == "missed"
    assert as_run(evening) == [("nothing", 0.0, 60.0, "planned")]


def test_something_else_than_the_programme_is_an_alarm_unless_it_was_asked_for(
    evening: LivingStation,
) -> None:
    evening.live_until(ON_AIR_AT + SECOND)
    with air(evening, level="interval_signal"):
        evening.live_until(ON_AIR_AT + 10 * SECOND)
        assert ("stand_in_on_air", 1) in evening.alarms()
        ask(evening, "standby")
        evening.live_until(ON_AIR_AT + 12 * SECOND)
        assert ("stand_in_on_air", 1) not in evening.alarms()


def test_the_record_says_item_by_item_what_went_out_and_what_was_missed(evening: LivingStation) -> None:
    evening.live_until(ON_AIR_AT)
    sha = "0" * 12
    with air(evening):
        evening.live_until(OVER_AT - SECOND)
    tell(evening, "sent", ON_AIR_AT, f=1, l="interval_signal", n=[-200, 0], k=10, s=sha, lag=0)
    killed = {"why": "the process was killed"}
    tell(evening, "sent", OVER_AT, f=1, l="programme", n=[0, 1000], k=0, s=sha, lag=0, **killed)
    tell(evening, "sent", OVER_AT, f=1, l="programme", n=[1100, 2500], k=1100, s=sha, lag=0, why="over")
    evening.live_until(OVER_AT + SECOND)
    assert evening.airing().state in {"armed", "on_air"}  # its last words are waited for
    tell(evening, "ended", OVER_AT + SECOND)
    evening.live_until(OVER_AT + 10 * SECOND)
    assert evening.airing().state == "done"
    rows = as_run(evening)
    assert [row for row in rows if row[0] == "nothing"] == [("nothing", 24.0, 26.4, "planned")]
    assert rows[0][0] == "interval_signal"  # the programme's own
    assert rows[0][1] == 0.048
    assert rows[-1][2] == pytest.approx(60.0, abs=0.1)
    assert {row[3] for row in rows if row[0] != "nothing"} == {"endpoint_accepted"}
    after = [row for row in rows if row[1] >= 26.4]
    assert after[0][1] == 26.4  # joined in the middle of an item


def test_bytes_that_nobody_acknowledged_were_only_sent(evening: LivingStation) -> None:
    evening.live_until(OVER_AT - SECOND)
    tell(
        evening, "sent", OVER_AT, f=1, l="programme", n=[0, 2500], k=0, s="0" * 12, lag=160_000, why="stopped"
    )
    tell(evening, "ended", OVER_AT + SECOND)
    evening.live_until(OVER_AT + 10 * SECOND)
    evidence = [row[3] for row in as_run(evening)]
    assert evidence[0] == "endpoint_accepted"
    assert evidence[-1] == "sent"


def test_an_air_process_that_stands_still_is_as_good_as_none(evening: LivingStation) -> None:
    """It holds its lock, and what it said last was that all is well."""
    evening.live_until(ON_AIR_AT + SECOND)
    with air(evening):
        path = evening.settings.run_dir / "air.json"
        body = json.loads(path.read_bytes())
        write_atomically(path, json.dumps(body | {"at": ON_AIR_AT.isoformat()}).encode())
        evening.live_until(ON_AIR_AT + 10 * SECOND)
        assert ("off_air", 1) not in evening.alarms()
        evening.live_until(ON_AIR_AT + 30 * SECOND)
        assert ("off_air", 1) in evening.alarms()
