"""What happens between two steps: attempts that end after their airing, versions that overtake, actions that fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.airings.models import Airing, Intent
from app.alarms.models import Alarm, Notification
from app.database import id_of, writing
from app.engine.actions import Actions
from app.engine.process import Engine
from app.handoffs.delivery import Parcel, Result, begin, conclude
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.jobs.service import forget_finished
from app.settings import Settings
from schedules import actions as due
from tests.integration.engine.living import DEADLINE_AT, DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation

MINUTE = timedelta(minutes=1)
VERIFIED = Result("verified", receipt={"verdict": "present", "how": "test", "observed": {}})
REFUSED = Result("permanent", "refused: no")


def begun(station: LivingStation, *, again: bool = False) -> Parcel:
    """An attempt that is on the record while its bytes are still moving."""
    (handoff,) = station.rows(Handoff)
    parcel = begin(station.database, station.settings, id_of(handoff), station.clock, again=again)
    assert parcel is not None
    return parcel


def concluded(station: LivingStation, parcel: Parcel, result: Result) -> Handoff:
    conclude(station.database, station.settings, parcel, result, station.clock())
    (handoff,) = station.rows(Handoff, Handoff.id == parcel.handoff_id)
    (row,) = station.rows(Attempt, Attempt.id == parcel.attempt_id)
    assert row.outcome == result.outcome, "the ledger says what happened, whatever became of the handoff"
    return handoff


def act(station: LivingStation, *actions: due.Action) -> None:
    carry_out = Actions(
        station.database, station.settings, lambda _handoff, *, again: None, lambda _airing, _feed: None
    )
    for action in actions:
        carry_out.execute(action, station.clock())


def test_called_off_while_the_bytes_are_moving(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    parcel = begun(station)
    airing = id_of(station.airing())
    wish = station.add(Intent(airing_id=airing, kind="cancel", created_at=station.clock()))
    act(station, due.Cancel(airing, wish))
    assert concluded(station, parcel, VERIFIED).state == "cancelled"
    assert station.alarms() == {("cancelled_after_delivery", feed)}, "the site has it now and would air it"


def test_called_off_and_killed_before_it_was_disarmed(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    armed = station.settings.armed_dir / "1-1.json"
    assert armed.exists()
    (station.settings.armed_dir / "999-1.json").write_text("of a database that was restored since")
    airing = id_of(station.airing())
    wish = station.add(Intent(airing_id=airing, kind="cancel", created_at=station.clock()))
    act(station, due.Cancel(airing, wish))  # it was committed, and then came the kill -9
    asyncio.run(_one_tick(station))
    assert not list(station.settings.armed_dir.iterdir()), "the air process would play it"


async def _one_tick(station: LivingStation) -> None:
    engine = Engine(station.settings, station.database, station.clock)
    await engine.tick()
    await engine.close()


def test_a_rundown_is_taken_once(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    (job,) = station.rows(Job, Job.kind == "compile")
    act(station, due.TakeRundown(id_of(station.airing()), id_of(job)))
    assert station.airing().version == 1


def test_old_jobs_are_forgotten(station: LivingStation) -> None:
    old, young, at_work = DELIVER_AT - timedelta(days=91), DELIVER_AT - timedelta(days=89), None
    for key, ended in (("old", old), ("young", young), ("at work", at_work)):
        state = "done" if ended else "running"
        station.add(Job(kind="compile", key=key, state=state, created_at=old, finished_at=ended))
    with writing(station.database) as session:
        forget_finished(session, DELIVER_AT)
    assert [job.key for job in station.rows(Job)] == ["young", "at work"]


@pytest.mark.parametrize("result", [VERIFIED, REFUSED])
def test_over_while_the_bytes_are_moving(station: LivingStation, tmp_path: Path, result: Result) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    parcel = begun(station)
    station.clock.at = OVER_AT
    act(station, due.Close(id_of(station.airing())))
    assert station.airing().state == "missed"
    assert concluded(station, parcel, result).state == "failed"
    assert station.alarms() == {("airing_missed", None)}, "no alarm is raised that nothing would clear"


def test_a_version_that_is_overtaken_while_it_is_sent(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    (first,) = station.rows(Handoff)
    parcel = begun(station)
    station.recall(station.news_of(1))
    asyncio.run(_tick_with(station, parcel.handoff_id))
    assert station.handoffs(station.airing()) == [(feed, 1, "sending"), (feed, 2, "due")]
    assert concluded(station, parcel, VERIFIED).state == "verified"
    assert begin(station.database, station.settings, id_of(first), station.clock) is None, (
        "it has a successor"
    )
    station.live_until(OVER_AT)
    assert station.handoffs(station.airing()) == [(feed, 1, "superseded"), (feed, 2, "verified")]


async def _tick_with(station: LivingStation, handoff_id: int) -> None:
    """Tick until nothing is left to do, while a delivery of that handoff is under way."""
    engine = Engine(station.settings, station.database, station.clock)
    engine.deliveries[handoff_id] = asyncio.ensure_future(asyncio.sleep(3600))
    station.clock.at = DELIVER_AT
    for _ in range(10):
        await engine.tick()
        await station._work()
    await engine.close()


def test_begin_refuses_what_is_over(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    (handoff,) = station.rows(Handoff)
    for state in ("stored", "failed", "superseded", "cancelled", "manual"):
        station.change(Handoff, id_of(handoff), state=state)
        assert begin(station.database, station.settings, id_of(handoff), station.clock) is None
    assert station.rows(Attempt) == []


def test_a_second_look_that_a_crash_cut_off_is_made_again(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DEADLINE_AT - MINUTE)
    station.clock.at = DEADLINE_AT
    begun(station, again=True)  # and the engine dies here
    station.live_until(DEADLINE_AT + MINUTE)
    assert [row.outcome for row in station.rows(Attempt)] == ["verified", "interrupted", "verified"]
    assert station.rows(Handoff)[0].rechecked_at == DEADLINE_AT
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]


def test_an_action_that_fails_neither_floods_nor_stops_the_night(
    station: LivingStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.evening(tmp_path / "site")
    station.settings.armed_dir.rmdir()
    station.settings.armed_dir.write_text("in the way")
    tried: Counter[str] = Counter()
    carry_out = Engine._carry_out

    def counting(self: Engine, actions: tuple[due.Action, ...], now: datetime) -> None:
        tried.update(type(action).__name__ for action in actions)
        carry_out(self, actions, now)

    monkeypatch.setattr(Engine, "_carry_out", counting)
    station.clock.at = DELIVER_AT - 5 * MINUTE
    station.live_until(DELIVER_AT - MINUTE)
    ticks_until_then = tried["Arm"]

    async def one_tick() -> None:
        engine = Engine(station.settings, station.database, station.clock)
        rest = await engine.tick()
        assert [type(action) for action in rest.actions] == [due.Arm]
        await engine.close()

    asyncio.run(one_tick())
    assert tried["Arm"] - ticks_until_then <= 2, "tried again at the next sweep, not fifty times in this one"
    station.clock.at = DELIVER_AT
    station.live_until(DELIVER_AT + MINUTE / 2)
    assert [state for _, _, state in station.handoffs(station.airing())] == ["verified"]
    station.settings.armed_dir.unlink()
    station.settings.armed_dir.mkdir()
    station.live_until(OVER_AT)
    assert station.airing().state == "done"


def test_an_alarm_is_told_once_over_each_channel(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening("http://127.0.0.1:9/", lead_s=120, warn_s=60)
    loud = LivingStation(
        Settings(home=station.settings.root, disk_reserve_bytes=0, alarm_webhook_url="http://127.0.0.1:9/"),
        station.clock,
    )
    loud.live_until(ON_AIR_AT)
    alarms = [(row.kind, row.feed_id) for row in loud.rows(Alarm)]
    kinds = {row.id: row.kind for row in loud.rows(Alarm)}
    assert sorted(alarms) == [("deadline_missed", feed), ("deadline_near", feed), ("feed_failing", feed)]
    told = Counter((kinds[row.alarm_id], row.step) for row in loud.rows(Notification))
    again = {("deadline_near", 1), ("deadline_near", 2), ("deadline_missed", 1), ("deadline_missed", 2)}
    assert told == Counter({(kind, 0) for kind, _ in alarms} | again), "once, and again as time runs out"
    loud.live_until(OVER_AT)
    (missed,) = loud.rows(Alarm, Alarm.kind == "airing_missed")
    due = [row.alarm_id for row in loud.rows(Notification) if row.next_attempt_at is not None]
    assert due == [missed.id], "what was cleared is told no more"
    loud.database.dispose()


def test_a_stale_parcel_cannot_bring_a_lost_airing_back(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT - MINUTE)
    parcel = begun(station)
    second = begin(station.database, station.settings, parcel.handoff_id, station.clock)
    assert second is not None
    assert (parcel.number, second.number) == (1, 2)
    assert replace(second, number=1, attempt_id=parcel.attempt_id) == parcel, (
        "the same name and the same bytes"
    )
    assert concluded(station, second, VERIFIED).state == "verified"
    station.live_until(OVER_AT)
    assert {row.state for row in station.rows(Airing, Airing.starts_at < OVER_AT)} == {"done"}
