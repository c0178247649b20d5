"""A studio that takes over, as the engine sees it: what is armed then, what comes after it, and what is on the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.air.armed import Armed, read_armed
from app.air.growing import digest_of
from app.air.journal import Journal
from app.airings import service
from app.airings.models import AsRun, Intent, RundownVersion
from app.alarms.models import Alarm
from app.database import writing
from app.library.models import Segment
from app.locks import Lock
from app.storage import write_atomically
from app.studio.files import frames_path
from schedules.rundown import Rundown
from schedules.time import SAMPLE_RATE
from tests.integration.engine.living import ON_AIR_AT, OVER_AT, LivingStation

SECOND = timedelta(seconds=1)
CLOCK: list[dict[str, Any]] = [
    {"type": "interval_signal", "seconds": 9},
    {"type": "pick", "kinds": ["news"], "order": "newest"},
    {"type": "fill", "kinds": ["music"]},
    {"type": "interval_signal", "seconds": 9, "at": "+0:00:45"},
    {"type": "fill", "kinds": ["music"]},
]
HARD = 45 * SAMPLE_RATE
FILES = {"mp3-48000-128/h100_l4500_c1_t-20_p-3": "/frames"}


@pytest.fixture
def evening(station: LivingStation) -> LivingStation:
    """On the air for five seconds, on one live feed."""
    talks = [row.id for row in station.rows(Segment, Segment.kind == "talk")]
    slot = station.slot(station.programme(standby_segment_id=talks[0], live_input=True, clock=CLOCK))
    station.feed(slot, "http://127.0.0.1:9/live", protocol="icecast", options={"preroll_s": 5})
    station.live_until(ON_AIR_AT - 10 * SECOND)
    with air(station):
        station.live_until(ON_AIR_AT + 5 * SECOND)
    return station


def armed(station: LivingStation) -> Armed:
    (path,) = station.settings.armed_dir.glob("*.json")
    return read_armed(path)


@contextmanager
def air(station: LivingStation, level: str = "programme") -> Iterator[None]:
    """An air process that has taken on what is armed and sends one step of it."""
    lock = Lock(station.settings.run_dir / "air.lock")
    assert lock.acquire()
    row = station.airing()
    output = {"feed": 1, "airing": row.id, "state": "on", "level": level, "frame": 100, "why": None}
    body = {"armed": {str(row.id): row.arming}, "outputs": [output]}
    write_atomically(station.settings.run_dir / "air.json", json.dumps(body).encode())
    try:
        yield
    finally:
        lock.release()


def ask(station: LivingStation, kind: str, **details: Any) -> Intent:
    with writing(station.database) as session:
        airing = service.get(session, 1)
        found = service.want(session, airing, kind, person_id=1, now=station.clock(), details=details or None)
    with air(station):
        station.live_until(station.clock() + SECOND)
    return next(row for row in station.rows(Intent) if row.id == found.id)


def take_over(station: LivingStation, **details: Any) -> Intent:
    usual = {"takeover": "1-1", "zero_sample": 0, "files": FILES, "at_once": False}
    return ask(station, "studio", **usual | details)


def joins(station: LivingStation) -> list[int]:
    (row,) = station.rows(RundownVersion)
    return [item.start_sample for item in Rundown.from_json(row.body).items]


def turns(station: LivingStation) -> list[tuple[int, str]]:
    return [(turn.from_sample, turn.level) for turn in armed(station).turns]


def test_a_studio_that_is_ready_is_armed_from_the_next_join_to_the_next_hard_time(
    evening: LivingStation,
) -> None:
    assert HARD in joins(evening)
    assert take_over(evening).refused is None
    join = min(one for one in joins(evening) if one > 6 * SAMPLE_RATE)
    assert turns(evening) == [(join, "studio"), (HARD, "programme")]
    studio = armed(evening).studio
    assert studio is not None
    assert {recipe: str(path) for recipe, path in studio.files.items()} == FILES
    assert evening.airing().arming > 1


def test_a_studio_that_cannot_wait_comes_in_at_once(evening: LivingStation) -> None:
    take_over(evening, at_once=True, zero_sample=20 * SAMPLE_RATE)
    assert turns(evening) == [(20 * SAMPLE_RATE, "studio"), (HARD, "programme")]


def test_when_it_is_gone_the_programme_goes_on(evening: LivingStation) -> None:
    take_over(evening)
    join = turns(evening)[0][0]
    evening.live_until(ON_AIR_AT + 15 * SECOND)
    last = join + 2 * SAMPLE_RATE
    ask(evening, "studio_over", takeover="1-1", last_sample=last, why="it came too late")
    assert turns(evening) == [(join, "studio"), (last, "programme")]


def test_the_hand_brake_goes_before_a_studio_and_only_a_person_lets_it_go(evening: LivingStation) -> None:
    ask(evening, "standby")
    refused = take_over(evening)
    assert refused.refused is not None
    assert "stand-by" in refused.refused
    assert [level for _, level in turns(evening)] == ["standby"]


def test_a_person_may_end_a_takeover_at_a_join_or_by_the_hand_brake(evening: LivingStation) -> None:
    take_over(evening)
    join = turns(evening)[0][0]
    evening.live_until(ON_AIR_AT + 12 * SECOND)
    assert ask(evening, "resume").refused is None
    assert turns(evening)[0] == (join, "studio")
    assert turns(evening)[1][1] == "programme"
    assert turns(evening)[1][0] in joins(evening)
    ask(evening, "standby")
    assert turns(evening)[-1][1] == "standby"


def test_a_studio_that_finds_no_place_is_told_so(evening: LivingStation) -> None:
    assert take_over(evening, zero_sample=59 * SAMPLE_RATE).refused is not None
    assert turns(evening) == []


def test_a_studio_is_no_stand_in_and_alarms_nobody(evening: LivingStation) -> None:
    take_over(evening)
    with air(evening, "studio"):
        evening.live_until(ON_AIR_AT + 30 * SECOND)
    assert "stand_in_on_air" not in {row.kind for row in evening.rows(Alarm)}


def test_as_run_names_the_takeover(evening: LivingStation) -> None:
    take_over(evening)
    join = turns(evening)[0][0]
    frame = join // 1152
    path = frames_path(evening.settings, "1-1", "r")
    journal = Journal(evening.settings.air_dir / "journal")
    journal.reserve(8)
    for level, sha256, begin, end in (
        ("programme", "0" * 12, 0, frame), ("studio", digest_of(path)[:12], frame, 1875), ("programme", "0" * 12, 1875, 2500)
    ):  # fmt: skip
        detail = {"f": 1, "l": level, "n": [begin, end], "k": begin, "s": sha256, "lag": 0}
        journal.write("sent", 1, 1, OVER_AT, detail)
    journal.write("ended", 1, 1, OVER_AT, None)
    journal.close()
    evening.live_until(OVER_AT + 60 * SECOND)
    (row,) = [row for row in evening.rows(AsRun) if row.source == "studio"]
    assert (row.starts_at, row.ends_at) == (ON_AIR_AT + join / SAMPLE_RATE * SECOND, ON_AIR_AT + 45 * SECOND)
    assert (row.evidence, row.details["takeover"]) == ("endpoint_accepted", "1-1")
    assert evening.airing().state == "done"
