"""Producers edit what was compiled: the rest is fitted around it, what came before stays, and nobody's work is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from app.airings import editing
from app.airings.models import Edition, Intent, RundownVersion
from app.errors import Conflict, StaleRevision
from app.web.application import create_app
from schedules.edits import Edit, Insert, Lock, Move, Remove, Swap, Trim
from schedules.errors import BadEdit, DoesNotFit
from schedules.rundown import Item, Rundown, SegmentSource
from schedules.time import SAMPLE_RATE
from tests.integration.engine.living import DELIVER_AT, OVER_AT, LivingStation
from tests.stations import keyed, running

MINUTE = timedelta(minutes=1)


def segments(rundown: Rundown) -> list[int | None]:
    """What is heard: segment ids, None for the interval signal."""
    return [
        source.segment_id if isinstance(source := item.source, SegmentSource) else None
        for item in rundown.items
    ]


def newest(station: LivingStation) -> Rundown:
    airing = station.airing()
    (row,) = station.rows(RundownVersion, RundownVersion.version == airing.version)
    return Rundown.from_json(row.body)


def sound(item: Item) -> tuple[object, ...]:
    return item.source, item.start_sample, item.samples, item.first_sample, item.fade_out_samples


@pytest.fixture
def compiled(station: LivingStation, tmp_path: Path) -> LivingStation:
    """An evening whose first version lies at the site."""
    station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    assert station.airing().version == 1
    return station


def test_a_swap_makes_the_next_version_and_keeps_all_before_it(
    compiled: LivingStation, tmp_path: Path
) -> None:
    station, first = compiled, newest(compiled)
    other = 1 if station.news_of(1) == 2 else 2
    _, promised = editing.apply_edits(
        station.database, station.settings, 1, [Swap(1, other)], expected=1, person_id=1, now=station.clock()
    )
    station.live_until(OVER_AT)
    second = newest(station)
    assert second.to_json() == promised.to_json(), "what the engine makes is what the producer was shown"
    assert segments(second)[1] == other
    assert sound(second.items[0]) == sound(first.items[0])
    assert station.airing().state == "done"
    assert [state for _, _, state in station.handoffs(station.airing())] == ["superseded", "verified"]
    assert len(list((tmp_path / "site").iterdir())) == 1


def test_two_producers_at_once_cannot_lose_each_others_work(compiled: LivingStation) -> None:
    station = compiled
    editing.apply_edits(
        station.database, station.settings, 1, [Lock(1)], expected=1, person_id=1, now=station.clock()
    )
    with pytest.raises(StaleRevision, match="was edited a moment ago, and is being compiled"):
        editing.apply_edits(
            station.database, station.settings, 1, [Remove(1)], expected=1, person_id=1, now=station.clock()
        )
    station.live_until(station.clock() + MINUTE)
    assert station.airing().version == 2
    with pytest.raises(StaleRevision, match="is at version 2 now, not 1"):
        editing.apply_edits(
            station.database, station.settings, 1, [Remove(1)], expected=1, person_id=1, now=station.clock()
        )


def test_what_is_locked_stays_when_a_newer_one_comes(compiled: LivingStation) -> None:
    station = compiled
    news = station.news_of(1)
    editing.apply_edits(
        station.database, station.settings, 1, [Lock(1)], expected=1, person_id=1, now=station.clock()
    )
    station.live_until(station.clock() + MINUTE)
    with station.session() as session:
        session.add(Intent(airing_id=1, kind="compile", person_id=1, created_at=station.clock()))
        session.commit()
    station.live_until(station.clock() + MINUTE)
    assert station.airing().version == 3
    assert segments(newest(station))[1] == news


def test_what_does_not_fit_is_refused_with_a_way_out_and_nothing_is_stored(compiled: LivingStation) -> None:
    station = compiled
    with pytest.raises(DoesNotFit, match=r"too long for the 1:00 of the slot") as refusal:
        editing.apply_edits(
            station.database,
            station.settings,
            1,
            [Insert(1, 3)] * 4,
            expected=1,
            person_id=1,
            now=station.clock(),
        )
    assert refusal.value.relaxations
    assert refusal.value.nearest is not None
    refusal.value.nearest.check()
    assert station.rows(Edition) == []
    assert station.airing().version == 1


def test_trimmed_removed_and_moved(compiled: LivingStation) -> None:
    station, first = compiled, newest(compiled)
    news = first.items[1]
    cut = round(SAMPLE_RATE / 2)
    wanted: list[Edit] = [Trim(1, trim_in_s=0.5, trim_out_s=0.5), Move(1, 0)]
    _, rundown = editing.apply_edits(
        station.database, station.settings, 1, wanted, expected=1, person_id=1, now=station.clock()
    )
    assert segments(rundown)[0] == segments(first)[1]
    assert rundown.items[0].first_sample == news.first_sample + cut
    assert rundown.items[0].samples == news.samples - 2 * cut
    station.live_until(station.clock() + MINUTE)
    gone = segments(newest(station))[0]
    _, rundown = editing.apply_edits(
        station.database, station.settings, 1, [Remove(0)], expected=2, person_id=1, now=station.clock()
    )
    assert gone not in segments(rundown)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Swap(9, 1), "there is no item 9"),
        (Insert(9, 1), "there is no place 9"),
        (Lock(0), "item 0 is interval signal"),
        (Move(1, 9), "there is no place 9"),
    ],
)
def test_an_edit_of_what_is_not_there_says_so(compiled: LivingStation, edit: Swap, words: str) -> None:
    with pytest.raises(BadEdit, match=words):
        editing.apply_edits(
            compiled.database, compiled.settings, 1, [edit], expected=1, person_id=1, now=compiled.clock()
        )


def test_edits_are_forgotten_when_asked(compiled: LivingStation) -> None:
    station, first = compiled, newest(compiled)
    with pytest.raises(Conflict, match="was not edited"):
        editing.drop_edits(station.database, 1, person_id=1, now=station.clock())
    editing.apply_edits(
        station.database, station.settings, 1, [Remove(1)], expected=1, person_id=1, now=station.clock()
    )
    station.live_until(station.clock() + MINUTE)
    assert segments(newest(station)) != segments(first)
    editing.drop_edits(station.database, 1, person_id=1, now=station.clock())
    station.live_until(station.clock() + MINUTE)
    assert newest(station).to_json() == first.to_json()


def test_over_http_an_alternative_is_listed_and_taken(compiled: LivingStation) -> None:
    station = compiled
    key = (station.settings.root / "api-key").read_text()
    app = create_app(station.settings, now=station.clock)
    with running(app, station.settings) as url, keyed(url, key) as client:
        listed = client.get("/api/v1/airings/1/alternatives").json()["rundowns"]
        assert len(listed) >= 2
        assert len({json.dumps(one["items"]) for one in listed}) == len(listed)
        assert client.post("/api/v1/airings/1/edits", json={"alternative": 1}).status_code == 428
        etag = client.get("/api/v1/airings/1/rundown").headers["ETag"]
        taken = client.post("/api/v1/airings/1/edits", json={"alternative": 1}, headers={"If-Match": etag})
        assert taken.status_code == 202
        sources = [item["source"] for item in listed[1]["items"]]
        assert [item["source"] for item in taken.json()["rundown"]["items"]] == sources
        station.live_until(station.clock() + MINUTE)
        stale = client.post(
            "/api/v1/airings/1/edits",
            json={"edits": [{"op": "lock", "position": 1}]},
            headers={"If-Match": etag},
        )
        assert stale.status_code == 412
    assert [item["source"] for item in json.loads(newest(station).to_json())["items"]] == sources
