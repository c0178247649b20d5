"""The folder as the site sees it: looked into before the deadline, told when it is wrong, freed of what is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.airings.models import RundownVersion
from app.handoffs.models import FolderCheck
from app.programmes.models import Programme
from tests.integration.engine.living import ACCEPT_UNTIL, DEADLINE_AT, ON_AIR_AT, OVER_AT, LivingStation
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_deliveries import MINUTE

WARN_AT = DEADLINE_AT - 15 * MINUTE
NAME = "20261120_1500_S0.mp3"


def findings(station: LivingStation) -> list[tuple[str, str]]:
    (check,) = station.rows(FolderCheck)
    return [(one["kind"], one["name"]) for one in check.findings]


def test_a_folder_that_is_right_is_looked_into_at_the_warning_and_at_the_deadline(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site")
    (tmp_path / "site" / "notes.txt").write_text("theirs")
    station.live_until(WARN_AT - MINUTE)
    assert not station.rows(FolderCheck)
    station.live_until(DEADLINE_AT + MINUTE)
    (check,) = station.rows(FolderCheck)
    assert (check.listed, check.findings, check.error, check.checked_at) == (2, [], None, DEADLINE_AT)
    assert station.alarms() == set()


def test_a_file_that_somebody_shortened_is_found_before_the_deadline_and_sent_again(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(WARN_AT - MINUTE)
    whole = (tmp_path / "site" / NAME).read_bytes()
    (tmp_path / "site" / NAME).write_bytes(whole[:1000])
    station.live_until(WARN_AT)
    assert findings(station) == [("altered", NAME)]
    assert ("folder_wrong", feed) in station.alarms()
    station.live_until(ACCEPT_UNTIL)
    assert (tmp_path / "site" / NAME).read_bytes() == whole
    assert station.alarms() == set()


def test_a_strange_file_under_one_of_our_names_is_told_until_it_is_gone(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site")
    strange = tmp_path / "site" / "20261121_1500_S0.mp3"
    strange.write_bytes(b"not ours")
    station.live_until(WARN_AT + MINUTE)
    assert findings(station) == [("foreign", strange.name)]
    strange.unlink()
    station.live_until(WARN_AT + 6 * MINUTE)
    assert station.alarms() == set()
    assert ("folder_wrong", feed) not in station.alarms()


def test_a_fixed_name_that_holds_yesterdays_programme_is_stale(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site", name_template="tonight.mp3")
    station.live_until(OVER_AT - MINUTE / 2)
    assert station.alarms() == set()
    (tmp_path / "site" / ".tonight.mp3.part").mkdir()  # nothing new can be written from now on
    station.live_until(OVER_AT + timedelta(hours=24) - 6 * MINUTE)
    checks = station.rows(FolderCheck)
    assert [one["kind"] for one in checks[-1].findings] == ["stale"]
    assert ("folder_wrong", feed) in station.alarms()


def test_our_own_files_are_taken_away_once_they_are_over_and_nobody_elses(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site", may_remove=True, sidecar="{name}.json")
    (tmp_path / "site" / "20261101_1500_S0.mp3").write_bytes(b"theirs, under one of our names")
    station.live_until(OVER_AT)
    assert (tmp_path / "site" / NAME).exists()
    station.live_until(ON_AIR_AT + timedelta(hours=24))
    names = {path.name for path in (tmp_path / "site").iterdir()}
    assert names == {"20261101_1500_S0.mp3", "20261121_1500_S0.mp3", "20261121_1500_S0.mp3.json"}


def test_where_it_is_not_allowed_everything_stays(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(ON_AIR_AT + timedelta(hours=24))
    assert {path.name for path in (tmp_path / "site").iterdir()} == {NAME, "20261121_1500_S0.mp3"}


def test_an_older_version_under_another_name_does_not_stay_beside_the_newer(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site", may_remove=True, name_template="{date}_{time}_v{version}.{ext}")
    station.live_until(WARN_AT - MINUTE)
    station.recall(station.news_of(1))
    station.live_until(ACCEPT_UNTIL)
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["20261120_1500_v2.mp3"]


def test_a_site_that_cannot_be_listed_says_so(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(WARN_AT - MINUTE)
    (tmp_path / "site").rename(tmp_path / "elsewhere")
    station.live_until(WARN_AT)
    (check,) = station.rows(FolderCheck)
    assert (check.error or "").startswith("folder-missing")
    with at_the_desk(station) as client:
        (seen,) = client.get(f"/api/v1/feeds/{feed}/folder").json()["items"]
    assert seen["listed"] is None
    assert seen["error"] == check.error


def test_a_fixed_name_is_left_with_the_stand_by_until_the_next_programme_is_made(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site", name_template="tonight.mp3")
    station.change(Programme, 1, standby_segment_id=4)
    station.live_until(OVER_AT - MINUTE / 2)
    tonight = (tmp_path / "site" / "tonight.mp3").read_bytes()
    station.live_until(OVER_AT + MINUTE)
    resting = (tmp_path / "site" / "tonight.mp3").read_bytes()
    assert resting != tonight, "nobody can air last night's programme any more"
    tomorrow = station.airing(ON_AIR_AT + timedelta(hours=24))
    assert station.handoffs(tomorrow) == [(feed, 1, "verified")]
    assert station.alarms() == set()
    station.live_until(WARN_AT + timedelta(hours=24))
    assert station.handoffs(tomorrow) == [(feed, 1, "superseded"), (feed, 2, "verified")]
    assert [(row.level, row.cause) for row in station.rows(RundownVersion, RundownVersion.airing_id == tomorrow.id)] == [
        ("standby", "resting"), ("programme", "first"),
    ]  # fmt: skip
    assert (tmp_path / "site" / "tonight.mp3").read_bytes() != resting
    assert station.alarms() == set()


def test_dated_names_need_nothing_of_that(station: LivingStation, tmp_path: Path) -> None:
    station.evening(tmp_path / "site")
    station.live_until(OVER_AT + timedelta(hours=1))
    assert {row.cause for row in station.rows(RundownVersion)} == {"first"}
