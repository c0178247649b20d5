"""Reports for people outside: frozen, and without anybody's name, any title or any frequency."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from sqlmodel import select

from app.airings.models import AsRun
from app.backup.backup import backup
from app.backup.fsck import check
from app.backup.restore import restore
from app.database import reading, writing
from app.feeds.models import Feed
from app.frequencies.models import Site
from app.library.models import Segment
from app.programmes.models import Programme
from app.record.figures import figures, wanted_months
from app.reports.models import ReceptionReport
from app.settings import Settings
from tests.nights import AT, FilledNight, fill_night
from tests.stations import SmallStation, keyed, serving

Browser = Callable[..., httpx.Client]

REPORTS = "/api/v1/record/reports"
AFTER = datetime(2026, 12, 5, 9, tzinfo=UTC)
NAMES = ["김하늘", "이순실", "박영수", "최정희", "윤태호", "한가람", "강나루", "임꺽정"]
CONTRACT: dict[str, Any] = {
    "site_id": 1, "first_date": "2026-11-01", "last_date": "2026-12-31", "booked_minutes": 900,
    "price_minor": 12500, "currency": "USD", "billing_unit": "hour", "note": "임꺽정",
}  # fmt: skip
LOG = "Date,On,Off,kHz\n2026-11-22,12:00,12:25,7585\n"


@pytest.fixture
def full_of_names(demo_station: SmallStation) -> FilledNight:
    """That night, at a station whose every text names somebody; November is over."""
    night = fill_night(demo_station, title="이순실의 밤")
    with writing(demo_station.database) as session:
        site, feed = session.get_one(Site, 1), session.get_one(Feed, night.feeds["TAC"])
        site.name, site.contacts, site.operator, site.desk = (
            "박영수 송신소",
            "최정희",
            "최정희",
            {"name": "최정희"},
        )
        feed.name = "최정희 서버"
        for segment in session.exec(select(Segment)):
            segment.title, segment.presenter = f"윤태호 증언 {segment.id}", "윤태호"
            session.add(segment)
        for programme in session.exec(select(Programme)):
            programme.title = f"한가람 {programme.title}"
            session.add(programme)
        report = ReceptionReport(
            heard_at=AT, line_id=1, khz=7585, sinpo="34433", overall=3, jamming="noise", source="listener",
            place="강나루", note="강나루가 들음", taken_by=demo_station.person_id, created_at=AT,
        )  # fmt: skip
        session.add_all([site, feed, report])
    demo_station.clock.at = AFTER
    return night


@pytest.fixture
def api(full_of_names: FilledNight) -> Iterator[httpx.Client]:
    station = full_of_names.station
    with serving(station) as url, keyed(url, station.key) as client:
        assert client.post("/api/v1/contracts", json=CONTRACT).status_code == 201
        columns = {"date": "Date", "start": "On", "stop": "Off", "khz": "kHz"}
        sent = client.post(
            "/api/v1/contracts/1/logs?dry_run=false", files={"file": ("임꺽정.csv", LOG)}, data=columns
        )
        assert sent.json()["new"] == 1
        yield client


def test_it_holds_the_months_figures_and_nobodys_name_no_title_and_no_frequency(api: httpx.Client) -> None:
    for language in ("ko", "en"):
        made = api.post(REPORTS, json={"month": "2026-11", "language": language})
        assert made.status_code == 201, made.text
        text = api.get(made.headers["Location"]).text
        assert [name for name in NAMES if name in text] == []
        assert not re.search(r"7585|9330|kHz", text)
        assert "night-voice" in text
        assert "TAC" in text
        rows = dict(re.findall(r'<th scope="row">([\w-]+)</th><td class="number">(.*?)</td></tr>', text))
        cells = rows["TAC"].split('</td><td class="number">')
        # Booked; planned: 10:00 and 12:00, half an hour each; delivered: 12:00; sent; of which the log has 25 minutes
        assert cells == ["900", "60", "30", "0", "25"]
    assert api.get(REPORTS).json()["items"][0]["made_by"] == "김하늘"


def test_a_report_never_changes_whatever_the_record_becomes(
    api: httpx.Client, full_of_names: FilledNight
) -> None:
    station = full_of_names.station
    made = api.post(REPORTS, json={"month": "2026-11"}).json()
    path = f"{REPORTS}/{made['sha256']}"
    first = api.get(path).content
    assert hashlib.sha256(first).hexdigest() == made["sha256"]
    with writing(station.database) as session:
        for row in session.exec(select(AsRun)):
            row.evidence = "planned"
            session.add(row)
    api.delete("/api/v1/reports/1")
    assert api.get(path).content == first
    station.clock.at = AFTER.replace(hour=10)
    again = api.post(REPORTS, json={"month": "2026-11"}).json()
    assert again["sha256"] != made["sha256"]
    assert api.get(path).content == first
    assert [one["sha256"] for one in api.get(REPORTS).json()["items"]] == [again["sha256"], made["sha256"]]


def test_a_report_that_the_disk_has_damaged_is_not_given_out(
    api: httpx.Client, full_of_names: FilledNight
) -> None:
    sha256 = api.post(REPORTS, json={"month": "2026-11"}).json()["sha256"]
    (file,) = full_of_names.station.settings.blobs_dir.glob("reports/*/*")
    file.write_bytes(file.read_bytes().replace(b"900", b"999"))
    answer = api.get(f"{REPORTS}/{sha256}")
    assert (answer.status_code, "backup" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"month": "2026-12"}, "month"),
        ({"month": "2026-11", "until": "2026-12"}, "until"),
        ({"month": "2026-11", "until": "2026-10"}, "until"),
        ({"month": "2020-01", "until": "2026-11"}, "until"),
        ({"month": "November"}, "month"),
    ],
)
def test_months_that_are_not_over_or_are_none_are_refused(
    demo_station: SmallStation, asked: dict[str, str], field: str
) -> None:
    demo_station.clock.at = AFTER
    with serving(demo_station) as url, keyed(url, demo_station.key) as client:
        answer = client.post(REPORTS, json=asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
        assert client.get(REPORTS).json()["items"] == []


def test_several_months_add_up_to_their_months(api: httpx.Client, full_of_names: FilledNight) -> None:
    with reading(full_of_names.station.database) as session:
        months = wanted_months("2026-09", "2026-11", AFTER)
        told = figures(session, months, AFTER)
    assert [(one.code, one.booked, one.delivered) for one in told.months] == [
        ("2026-09", 0, 0), ("2026-10", 0, 0), ("2026-11", 900, 60),
    ]  # fmt: skip
    assert told.total.delivered == sum(one.delivered for one in told.sites) == 60
    assert sum(minutes for _, minutes in told.evidence) == told.total.planned


def test_a_backup_has_the_reports_and_fsck_knows_them(
    api: httpx.Client, full_of_names: FilledNight, tmp_path: Path
) -> None:
    station = full_of_names.station
    made = api.post(REPORTS, json={"month": "2026-11"}).json()["sha256"]
    name = f"reports/{made[:2]}/{made}.html"
    found = [one.what for one in check(station.database, station.settings, AFTER)]
    assert [what for what in found if made in what] == []
    backup(station.settings, tmp_path / "backup", now=AFTER, console=Console(file=io.StringIO()))
    restored = Settings(home=tmp_path / "restored")
    restore(restored, tmp_path / "backup", now=AFTER, console=Console(file=io.StringIO()))
    assert (restored.blobs_dir / name).read_bytes() == (station.settings.blobs_dir / name).read_bytes()


def test_the_page_previews_it_lists_who_made_which_and_says_what_is_wrong(
    api: httpx.Client, full_of_names: FilledNight, browser: Browser
) -> None:
    made = api.post(REPORTS, json={"month": "2026-11"}).json()["sha256"]
    client = browser()
    page = client.get("/record/report").text  # the last whole month by itself
    assert 'value="2026-11"' in page
    assert "김하늘" in page
    assert page.count('<svg viewBox="0 0 680') == 3
    assert "이미 끝난 달을 고르세요" in client.get("/record/report?month=2026-12").text
    document = client.get(f"/record/reports/{made}")
    assert document.content == api.get(f"{REPORTS}/{made}").content
    assert "script" not in document.text
    assert document.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get(f"/record/reports/{'0' * 64}").status_code == 404
    assert "SHA-256" not in browser(signed_in=False).get("/record/report").text
