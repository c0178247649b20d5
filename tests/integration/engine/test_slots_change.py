"""Airings follow their slots, also when a slot is changed after its airings were made, compiled or delivered."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from app.airings.models import Airing, Intent, RundownVersion
from app.database import id_of, writing
from app.handoffs.models import Handoff
from app.programmes.models import Slot
from schedules.time import SAMPLE_RATE
from tests.integration.engine.living import DAWN, DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def states(station: LivingStation) -> dict[str, str]:
    return {
        f"{row.starts_at:%d %H%M}": row.state
        for row in station.rows(Airing)
        if row.starts_at < DAWN + 40 * HOUR
    }


def test_a_moved_slot_takes_its_airings_along(station: LivingStation, tmp_path: Path) -> None:
    slot, _ = station.evening(tmp_path / "site")
    station.live_until(DAWN)
    assert states(station) == {"20 1500": "planned", "21 1500": "planned"}
    station.change(Slot, slot, start_minute=960, stop_minute=961)
    station.live_until(DAWN + MINUTE)
    assert states(station) == {
        "20 1500": "cancelled", "20 1600": "planned", "21 1500": "cancelled", "21 1600": "planned",
    }  # fmt: skip
    assert station.alarms() == set()
    station.live_until(OVER_AT + HOUR)
    assert states(station)["20 1600"] == "done"
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["20261120_1600_S0.mp3"]


def test_what_sites_have_already_is_called_off_with_an_alarm(station: LivingStation, tmp_path: Path) -> None:
    slot, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    station.change(Slot, slot, last_date=date(2026, 11, 19))
    station.live_until(DELIVER_AT + 2 * MINUTE)
    assert states(station) == {"20 1500": "cancelled", "21 1500": "cancelled"}
    assert station.alarms() == {("cancelled_after_delivery", feed)}
    assert not list(station.settings.armed_dir.iterdir())
    station.live_until(OVER_AT + 23 * HOUR)
    assert station.alarms() == {("cancelled_after_delivery", feed)}
    station.live_until(OVER_AT + 24 * HOUR)
    assert station.alarms() == set(), "nobody can do anything about it any more"


def test_a_change_that_is_taken_back_brings_the_airing_back(station: LivingStation, tmp_path: Path) -> None:
    slot, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    station.change(Slot, slot, last_date=date(2026, 11, 19))
    station.live_until(DELIVER_AT + 2 * MINUTE)
    assert states(station)["20 1500"] == "cancelled"
    station.change(Slot, slot, last_date=date(2026, 12, 31))
    station.live_until(DELIVER_AT + 3 * MINUTE)
    assert states(station)["20 1500"] == "armed"
    assert [path.name for path in station.settings.armed_dir.iterdir()] == ["1-2.json"]
    assert station.alarms() == set()
    station.live_until(OVER_AT)
    assert states(station)["20 1500"] == "done"
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]


def test_an_airing_brought_back_before_its_delivery_is_delivered(
    station: LivingStation, tmp_path: Path
) -> None:
    slot, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    station.change(Slot, slot, days="7")
    station.live_until(DELIVER_AT)
    assert station.handoffs(station.airing()) == [(feed, 1, "cancelled")]
    station.change(Slot, slot, days="1234567")
    station.live_until(OVER_AT)
    assert station.airing().state == "done"
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]


def test_what_a_person_called_off_stays_off(station: LivingStation, tmp_path: Path) -> None:
    slot, _ = station.evening(tmp_path / "site")
    station.live_until(DAWN)
    station.add(Intent(airing_id=id_of(station.airing()), kind="cancel", created_at=DAWN))
    station.live_until(DAWN + MINUTE)
    station.change(Slot, slot, early_off_s=3)
    station.live_until(OVER_AT)
    assert station.airing().state == "cancelled"
    assert not list((tmp_path / "site").iterdir())


def test_another_length_makes_another_version(station: LivingStation, tmp_path: Path) -> None:
    slot, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    station.change(Slot, slot, early_off_s=6)
    station.live_until(OVER_AT)
    airing = station.airing()
    assert (airing.state, airing.target_samples) == ("done", 54 * SAMPLE_RATE)
    assert station.handoffs(airing) == [(feed, 1, "superseded"), (feed, 2, "verified")]
    (file,) = (tmp_path / "site").iterdir()
    assert file.stat().st_size == 54 * 128_000 // 8
    assert {row.cause for row in station.rows(RundownVersion)} == {"first", "withdrawn"}


def test_a_slot_that_cannot_be_read_harms_no_other(station: LivingStation, tmp_path: Path) -> None:
    broken, _ = station.evening(tmp_path / "broken")
    good = station.slot(station.programme("late"), start_minute=905, stop_minute=906)
    station.feed(good, tmp_path / "good")
    station.live_until(DAWN)
    with writing(station.database) as session:
        session.execute(text("UPDATE slot SET days = 'xyz' WHERE id = :id"), {"id": broken})
        session.commit()
    station.live_until(OVER_AT + 5 * MINUTE)
    assert {row.state for row in station.rows(Airing, Airing.starts_at < OVER_AT + HOUR)} == {"done"}
    assert len(list((tmp_path / "good").iterdir())) == 1
    assert len(list((tmp_path / "broken").iterdir())) == 1, "what was planned before stays planned"


def test_an_outage_leaves_its_airings_on_the_record_as_missed(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DAWN)
    station.clock.advance(timedelta(days=4))
    station.live_until(DAWN + timedelta(days=4))
    past = station.rows(Airing, Airing.starts_at < station.clock())
    assert [row.state for row in past] == ["missed"] * 4
    assert station.rows(Handoff) == []
    assert {kind for kind, _ in station.alarms()} == {"airing_missed"}
    assert {row.starts_at - past[0].starts_at for row in past} == {timedelta(days=n) for n in range(4)}
    assert past[0].starts_at == ON_AIR_AT
