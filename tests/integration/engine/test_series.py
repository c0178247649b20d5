"""Episodes, numbers of airings and days of keeping: what a night uses up, and what it does not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from app.airings.models import Airing, RundownVersion
from app.backup.garbage import YOUNG, collect_garbage
from app.database import writing
from app.feeds.models import Feed
from app.library.models import Cut, Segment
from app.library.service import edit, take_step
from app.storage import Blobs
from schedules.rundown import Rundown, SegmentSource
from tests.integration.engine.living import DAWN, DEADLINE_AT, DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation
from tests.integration.engine.test_awaited import MUSIC, deliver, letter, versions
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_recall import ABSENT, PRESENT, decode, likeness

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
EPISODE = {"type": "next_episode", "series": "먼 길"}
RATE = 48_000


def episodes(station: LivingStation, folder: Path, count: int = 3) -> list[int]:
    """Approved episodes of a series, from the first on."""
    made = []
    for number in range(1, count + 1):
        made.append(deliver(station, letter(folder, begin=10 * number), name=f"tale {number}"))
        station.change(Segment, made[-1], awaited_as=None, awaited_on=None, series="먼 길", episode=number)
    return made


def aired(station: LivingStation, night: int) -> set[int]:
    """The segments of the newest version of the airing so many nights later."""
    airing = station.airing(ON_AIR_AT + night * DAY)
    (row,) = station.rows(
        RundownVersion, RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
    )
    items = Rundown.from_json(row.body).items
    return {item.source.segment_id for item in items if isinstance(item.source, SegmentSource)}


def test_only_a_first_airing_uses_an_episode_up(station: LivingStation, tmp_path: Path) -> None:
    """The first night fails at its site, the second airs; a preview, a repeat and a mended recording use up nothing."""
    slot = station.slot(station.programme(clock=[EPISODE, MUSIC]))
    feed = station.feed(slot, tmp_path / "site")
    first, second, third = episodes(station, tmp_path / "tales")
    station.change(Feed, feed, address=str(tmp_path / "nowhere"))
    station.live_until(OVER_AT + MINUTE)
    assert station.airing().state == "missed"
    again = station.slot(
        station.programme("again", clock=[{"type": "repeat", "programme": "evening"}, MUSIC]),
        start_minute=960,
        stop_minute=961,
    )
    station.feed(again, tmp_path / "again")
    with at_the_desk(station) as client:
        preview = client.post("/api/v1/programmes/1/preview", json={"date": "2026-11-21"})
        assert preview.status_code == 200, preview.text
    station.change(Feed, feed, address=str(tmp_path / "site"))
    station.live_until(OVER_AT + DAY + timedelta(hours=2))
    assert first in aired(station, 1), "a failed night has used up nothing"
    repeat = station.airing(ON_AIR_AT + DAY + timedelta(hours=1))
    assert repeat.state == "done"

    mended = deliver(station, letter(tmp_path / "tales", begin=60), name="mended")
    station.change(Segment, mended, awaited_as=None, awaited_on=None, series="먼 길", episode=1)
    station.live_until(OVER_AT + 2 * DAY)
    assert aired(station, 2) & {first, second, third, mended} == {second}


def test_a_recalled_episode_is_not_used_up_and_its_new_recording_is_its_turn(
    station: LivingStation, tmp_path: Path
) -> None:
    station.feed(station.slot(station.programme(clock=[EPISODE, MUSIC])), tmp_path / "site")
    first, second, _ = episodes(station, tmp_path / "tales")
    station.live_until(DELIVER_AT)
    assert first in aired(station, 0)
    station.recall(first)
    station.live_until(DELIVER_AT + MINUTE)
    assert second in aired(station, 0)
    fresh = deliver(station, letter(tmp_path / "tales", begin=60), name="fresh")
    station.change(Segment, fresh, awaited_as=None, awaited_on=None, series="먼 길", episode=1)
    station.live_until(OVER_AT + DAY)
    assert fresh in aired(station, 1)


def test_what_may_air_once_airs_once(station: LivingStation, tmp_path: Path) -> None:
    clock = [{"type": "pick", "kinds": ["testimony"], "required": False}, MUSIC]
    station.feed(station.slot(station.programme(clock=clock)), tmp_path / "site")
    once = deliver(station, letter(tmp_path / "tales"), name="once")
    station.change(Segment, once, awaited_as=None, awaited_on=None, max_airings=1)
    station.live_until(OVER_AT + DAY)
    assert once in aired(station, 0)
    assert once not in aired(station, 1)


def test_a_word_that_is_cut_out_of_tonight_s_programme_is_not_in_the_file(
    station: LivingStation, tmp_path: Path
) -> None:
    """Until somebody approves the cut, what was approved before goes to the site."""
    clock = [{"type": "pick", "kinds": ["testimony"]}, MUSIC]
    station.feed(station.slot(station.programme(clock=clock)), tmp_path / "site")
    recording = letter(tmp_path / "tales", seconds=30)
    talk = deliver(station, recording, name="talk")
    station.change(Segment, talk, awaited_as=None, awaited_on=None)
    station.live_until(DELIVER_AT)
    (file,) = (tmp_path / "site").glob("*.mp3")
    word = decode(recording)[8 * RATE : 22 * RATE]
    assert likeness(file, word) > PRESENT

    with writing(station.database) as session:
        removed = {"removed": [[8 * RATE, 22 * RATE]]}
        edit(session, talk, removed, if_match=None, person_id=1, now=station.clock())
    station.live_until(DELIVER_AT + MINUTE)
    assert versions(station) == [(1, "programme", "first")], "a draft changes nothing"
    with writing(station.database) as session:
        take_step(session, talk, "approve", if_match=None, person_id=1, now=station.clock())
    station.live_until(DEADLINE_AT)
    assert versions(station)[1:] == [(2, "programme", "renewed")]
    assert likeness(file, word) < ABSENT
    assert likeness(file, decode(recording)[23 * RATE :]) > PRESENT, "what comes after it is there"
    (body,) = [row.body for row in station.rows(RundownVersion, RundownVersion.version == 2)]
    sources = [item.source for item in Rundown.from_json(body).items]
    assert [one.cut for one in sources if isinstance(one, SegmentSource) and one.segment_id == talk] == [2]
    assert {state for _, version, state in station.handoffs(station.airing()) if version == 2} == {"verified"}


def test_when_its_days_are_over_a_recording_is_gone_from_the_air_and_from_the_disk(
    station: LivingStation, tmp_path: Path
) -> None:
    clock = [{"type": "pick", "kinds": ["testimony"], "required": False}, MUSIC]
    station.feed(station.slot(station.programme(clock=clock)), tmp_path / "site")
    talk = deliver(station, letter(tmp_path / "tales"), name="talk")
    station.change(
        Segment, talk, awaited_as=None, awaited_on=None, retain_until=date(2026, 11, 20), script="말"
    )
    station.live_until(DELIVER_AT)
    assert talk not in aired(station, 0), "the airing begins as the last day ends"
    (before,) = station.rows(Segment, Segment.id == talk)
    path = Blobs(station.settings.blobs_dir).path("masters", before.master_sha256 or "", ".flac")
    assert path.exists()
    station.live_until(OVER_AT)
    (after,) = station.rows(Segment, Segment.id == talk)
    assert (after.state, after.master_sha256, after.script) == ("retired", None, None)
    assert {cut.master_sha256 for cut in station.rows(Cut, Cut.segment_id == talk)} == {None}
    collect_garbage(station.database, station.settings, station.clock() + 30 * 365 * YOUNG)
    assert not path.exists()
    assert station.rows(Airing)
    assert station.clock() > DAWN


def test_a_repeat_has_the_cut_that_is_approved_by_then(station: LivingStation, tmp_path: Path) -> None:
    clock = [{"type": "pick", "kinds": ["testimony"]}, MUSIC]
    station.feed(station.slot(station.programme(clock=clock)), tmp_path / "site")
    again = [{"type": "repeat", "programme": "evening"}, MUSIC]
    slot = station.slot(
        station.programme("again", clock=again), start_minute=960, stop_minute=961, compile_lead_s=600
    )
    station.feed(slot, tmp_path / "again", lead_s=0, deadline_s=60, accept_until_s=30, warn_s=10)
    talk = deliver(station, letter(tmp_path / "tales", seconds=30), name="talk")
    station.change(Segment, talk, awaited_as=None, awaited_on=None)
    station.live_until(OVER_AT)
    with writing(station.database) as session:
        removed = {"removed": [[8 * RATE, 22 * RATE]]}
        edit(session, talk, removed, if_match=None, person_id=1, now=station.clock())
    station.live_until(OVER_AT + MINUTE)
    with writing(station.database) as session:
        take_step(session, talk, "approve", if_match=None, person_id=1, now=station.clock())
    station.live_until(OVER_AT + timedelta(hours=1))
    repeat = station.airing(ON_AIR_AT + timedelta(hours=1))
    (row,) = station.rows(RundownVersion, RundownVersion.airing_id == repeat.id)
    sources = [item.source for item in Rundown.from_json(row.body).items]
    assert next((one.segment_id, one.cut) for one in sources if isinstance(one, SegmentSource)) == (talk, 2)
