"""What the engine makes of what the monitor has heard: alarm, step down, way back, and evidence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from app.air.models import AirRecord
from app.airings.models import Airing, AsRun, Intent
from app.database import id_of
from app.monitor.models import Listening
from tests.integration.engine.living import ON_AIR_AT, OVER_AT, LivingStation


def second(seconds: float) -> Any:
    return ON_AIR_AT + timedelta(seconds=seconds)


def hear(station: LivingStation, feed: int, seconds: float, finding: str, **fields: Any) -> None:
    """As the monitor puts it on record."""
    airing = id_of(station.airing())
    station.add(Listening(airing_id=airing, feed_id=feed, at=second(seconds), finding=finding, **fields))


def live_evening(station: LivingStation) -> int:
    slot = station.slot(station.programme())
    # Nobody is there: what is heard is told by the test
    return station.feed(slot, "http://127.0.0.1:9/live", protocol="icecast")


def turns(station: LivingStation) -> list[str]:
    return [turn["level"] for turn in station.airing().turns]


def test_wrong_sound_is_told_steps_down_and_people_go_back(station: LivingStation) -> None:
    feed = live_evening(station)
    station.live_until(second(10))
    hear(station, feed, 8, "wrong", level="programme")
    station.live_until(second(12))
    assert ("wrong_on_air", feed) not in station.alarms()  # once is not believed
    hear(station, feed, 12, "wrong", level="programme", confirmed=True)
    station.live_until(second(13))
    assert ("wrong_on_air", feed) in station.alarms()
    assert turns(station) == ["standby"]
    assert station.airing().turns[0]["because"] == "heard_wrong"
    assert station.airing().readiness == "failed"

    hear(station, feed, 20, "ok", level="standby", delay_s=0.5)
    station.live_until(second(21))
    assert ("wrong_on_air", feed) not in station.alarms()
    assert turns(station) == ["standby"]  # it does not climb up by itself

    station.add(Intent(airing_id=id_of(station.airing()), kind="resume", created_at=second(21)))
    station.live_until(second(22))
    assert turns(station) == ["standby", "programme"]


def test_a_mount_that_nobody_can_hear_is_told(station: LivingStation) -> None:
    feed = live_evening(station)
    station.live_until(second(10))
    hear(station, feed, 10, "unreachable", level="programme", confirmed=True)
    station.live_until(second(11))
    assert ("unheard", feed) in station.alarms()
    assert turns(station) == []


def test_items_that_were_heard_are_monitored(station: LivingStation) -> None:
    feed = live_evening(station)
    station.live_until(second(1))
    airing = station.airing()
    frames = airing.target_samples // 1152
    told = {"f": feed, "l": "programme", "s": "0" * 12, "n": [0, frames], "k": 0, "lag": 0, "why": "over"}
    station.add(
        AirRecord(
            sequence=0, at=OVER_AT, kind="sent", airing_id=id_of(airing), version=airing.version,
            detail=json.dumps(told),
        )
    )  # fmt: skip
    hear(station, feed, 5, "ok", level="programme", delay_s=1.0)  # the interval signal of 9 s
    hear(station, feed, 40, "silent", level="programme")
    station.live_until(OVER_AT + timedelta(seconds=40))
    rows = sorted(station.rows(AsRun, AsRun.airing_id == airing.id), key=lambda row: row.position)
    assert station.rows(Airing, Airing.id == airing.id)[0].state == "done"
    assert rows[0].evidence == "monitored"
    assert rows[0].details["delay_s"] == 1.0
    assert {row.evidence for row in rows[1:]} == {"endpoint_accepted"}
