"""The rules of the clock see what really aired: nights follow each other, and what one aired the next one rests."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from app.airings.models import Airing, RundownVersion
from app.library.models import Segment
from schedules.rundown import Rundown, SegmentSource
from tests.integration.engine.living import ON_AIR_AT, LivingStation

DAY = timedelta(days=1)


def heard(station: LivingStation, slot_id: int) -> list[list[int]]:
    """For every airing of a slot that is over, in order, the segments that were in it."""
    airings = station.rows(Airing, Airing.slot_id == slot_id, Airing.state == "done")
    nights = []
    for airing in sorted(airings, key=lambda one: one.starts_at):
        (row,) = station.rows(
            RundownVersion, RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
        )
        items = Rundown.from_json(row.body).items
        nights.append([one.source.segment_id for one in items if isinstance(one.source, SegmentSource)])
    return nights


def test_what_aired_last_night_rests_tonight(station: LivingStation, tmp_path: Path) -> None:
    news = {"type": "pick", "kinds": ["news"], "rests": [{"of": "item", "days": 1.5}]}
    slot = station.slot(station.programme(clock=[news, {"type": "interval_signal", "seconds": 5}]))
    station.feed(slot, tmp_path / "site")
    station.live_until(ON_AIR_AT + 2 * DAY + DAY / 24)
    first, second, third = heard(station, slot)
    assert first != second
    assert first == third


def test_an_episode_is_used_up_by_its_first_airing_and_not_by_its_repeat(
    station: LivingStation, tmp_path: Path
) -> None:
    for number, episode in ((4, 1), (5, 2)):  # the two talks
        station.change(Segment, number, series="먼 길", episode=episode)
    serial = [{"type": "next_episode", "series": "먼 길"}, {"type": "interval_signal", "seconds": 5}]
    evening = station.slot(station.programme("evening", clock=serial))
    repeat = [{"type": "repeat", "programme": "evening"}, {"type": "interval_signal", "seconds": 5}]
    morning = station.slot(station.programme("morning", clock=repeat), start_minute=960, stop_minute=961)
    station.feed(evening, tmp_path / "evening")
    station.feed(morning, tmp_path / "morning")
    station.live_until(ON_AIR_AT + DAY + DAY / 12)
    assert heard(station, evening) == [[4], [5]]
    assert heard(station, morning) == [[4], [5]]


def test_an_awaited_item_airs_on_its_korean_date_and_its_substitute_on_others(
    station: LivingStation, tmp_path: Path
) -> None:
    # 15:00 UTC on the 20th is midnight of the 21st in Korea
    station.change(Segment, 4, awaited_as="편지", awaited_on=date(2026, 11, 21))
    letter = {"type": "awaited", "name": "편지", "substitute_id": 5}
    slot = station.slot(station.programme(clock=[letter, {"type": "interval_signal", "seconds": 5}]))
    station.feed(slot, tmp_path / "site")
    station.live_until(ON_AIR_AT + DAY + DAY / 24)
    assert heard(station, slot) == [[4], [5]]
