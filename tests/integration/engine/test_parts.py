"""A site that splits the programme gets each part as a file by itself; together they are the programme, also in the record."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from sqlmodel import select

from app.airings.asrun import record
from app.airings.models import Airing, AsRun
from app.airings.whereabouts import whereabouts
from app.contracts.billing import parse_month
from app.contracts.models import Contract
from app.contracts.reckoning import reckon
from app.database import writing
from app.feeds.models import Feed
from app.frequencies.models import LineFeed
from tests.integration.engine.living import DAWN, DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation
from tests.integration.engine.test_profiles import RATE, heard, only_file

CUT = timedelta(seconds=30)
WAV = {"codec": "wav", "bitrate_kbps": None}


def in_two(station: LivingStation, first: Path, second: Path) -> tuple[int, int]:
    """The evening programme's two halves to one line's two feeds."""
    _, one = station.evening(
        first,
        part={"start_s": 0, "stop_s": 30},
        name_template="{date}_{time}_1.{ext}",
        sidecar="{name}.json",
        **WAV,
    )
    (feed,) = station.rows(Feed)
    second.mkdir(exist_ok=True)
    row = Feed(
        **feed.model_dump()
        | {"id": None, "name": "second part", "address": str(second), "name_template": "{date}_{time}_2.{ext}"}
        | {"part": {"start_s": 30}}
    )  # fmt: skip
    two = station.add(row)
    link(station, two)
    return one, two


def link(station: LivingStation, feed: int) -> None:
    """The one line takes its audio to this feed too."""
    (line,) = {row.line_id for row in station.rows(LineFeed)}
    with writing(station.database) as session:
        session.add(LineFeed(line_id=line, feed_id=feed))


def spans(station: LivingStation, feed: int) -> list[tuple[datetime, datetime]]:
    rows = station.rows(AsRun, AsRun.feed_id == feed)
    return sorted((row.starts_at, row.ends_at) for row in rows)


def test_two_parts_are_two_files_that_make_the_programme(station: LivingStation, tmp_path: Path) -> None:
    one, two = in_two(station, tmp_path / "site", tmp_path / "site")
    whole = station.add(
        Feed(
            **station.rows(Feed, Feed.id == one)[0].model_dump()
            | {"id": None, "name": "whole", "address": str(tmp_path / "whole"), "part": {}, "sidecar": ""}
        )
    )
    (tmp_path / "whole").mkdir()
    link(station, whole)
    station.live_until(OVER_AT)

    assert station.handoffs(station.airing()) == [(each, 1, "verified") for each in (one, two, whole)]
    parts = [heard(only_file(tmp_path / "site", f"*_{number}.wav"), 1) for number in (1, 2)]
    assert [len(part) for part in parts] == [30 * RATE, 30 * RATE]
    assert np.array_equal(np.concatenate(parts), heard(only_file(tmp_path / "whole", "*.wav"), 1))

    for number, start_s in ((1, 0), (2, 30)):
        told = json.loads(only_file(tmp_path / "site", f"*_{number}.wav.json").read_bytes())
        start = ON_AIR_AT + timedelta(seconds=start_s)
        assert datetime.fromisoformat(told["starts_at"]) == start
        assert datetime.fromisoformat(told["stops_at"]) == start + CUT
        assert told["part"]["start_s"] == start_s
        assert told["samples"] == 30 * RATE
        content = only_file(tmp_path / "site", f"*_{number}.wav").read_bytes()
        assert told["sha256"] == hashlib.sha256(content).hexdigest()

    # Each part's record ends where the next one's begins, and both together are the whole's
    assert spans(station, one)[0] == spans(station, whole)[0]
    assert spans(station, one)[-1][1] == spans(station, two)[0][0] == ON_AIR_AT + CUT
    assert spans(station, two)[-1][1] == spans(station, whole)[-1][1]
    assert {row.evidence for row in station.rows(AsRun)} == {"delivered"}


def test_a_part_that_did_not_arrive_is_missing_in_the_record_and_in_the_contract(
    station: LivingStation, tmp_path: Path
) -> None:
    one, two = in_two(station, tmp_path / "site", tmp_path / "site")
    station.change(Feed, two, address=str(tmp_path / "gone"))
    contract = station.add(
        Contract(
            site_id=1, first_date=ON_AIR_AT.date(), last_date=ON_AIR_AT.date(), booked_minutes=1,
            booked_per="period", price_minor=100, currency="USD", billing_unit="minute", created_at=DAWN,
        )
    )  # fmt: skip
    station.live_until(OVER_AT)
    assert {row.evidence for row in station.rows(AsRun, AsRun.feed_id == one)} == {"delivered"}
    (nothing,) = station.rows(AsRun, AsRun.feed_id == two)
    assert (nothing.evidence, nothing.source) == ("planned", "nothing")
    assert (nothing.starts_at, nothing.ends_at) == (ON_AIR_AT + CUT, OVER_AT)
    with station.session() as session:
        for feed in session.exec(select(Feed)):
            feed.part = {}  # by the time that somebody reckons, the site takes all of it at once
        session.flush()
        month = reckon(session, contract, parse_month("2026-11"))
    assert (month.booked.minutes, month.delivered.minutes) == (1, 0), (
        "half a programme is not a delivered minute"
    )


def test_a_recall_concerns_only_the_part_that_has_the_recording(
    station: LivingStation, tmp_path: Path
) -> None:
    one, two = in_two(station, tmp_path / "site", tmp_path / "site")
    station.live_until(DELIVER_AT)
    news = station.news_of(1)
    with station.session() as session:
        places = {place.feed_id for place in whereabouts(session, news, station.clock())}
        music = {place.feed_id for place in whereabouts(session, 3, station.clock())}
    assert places == {one}, "news comes first, and is over before the cut"
    assert music >= {two}


def test_a_part_that_is_nonsense_is_taken_for_the_whole(station: LivingStation, tmp_path: Path) -> None:
    one, _ = in_two(station, tmp_path / "site", tmp_path / "site")
    station.live_until(DELIVER_AT)
    news = station.news_of(1)
    station.change(Feed, one, part={"start_s": -1})
    with station.session() as session:
        assert {place.feed_id for place in whereabouts(session, news, station.clock())} >= {one}
        assert record(session, session.get_one(Airing, station.airing().id))
        session.flush()
        rows = session.exec(select(AsRun).where(AsRun.feed_id == one)).all()
        assert max(row.ends_at for row in rows) == OVER_AT
