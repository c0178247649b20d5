"""The record of a night, on a page to print and as files to keep."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import httpx
import pytest

from app.console.record import page as module
from tests.nights import NIGHT, FilledNight
from tests.stations import SmallStation, keyed, serving

Browser = Callable[..., httpx.Client]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_page_tells_each_item_with_its_evidence_and_each_delivery_with_its_hash(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get(f"/record?night={NIGHT}").text
    assert "송신소 도착 확인" in page
    assert "전파로 나갔다는 증거는 아닙니다" in page
    assert page.count('class="hash"') >= 4


def test_a_stranger_sees_nothing_of_it(night: FilledNight, browser: Browser) -> None:
    page = browser(signed_in=False).get(f"/record?night={NIGHT}").text
    assert "SHA-256" not in page


def test_a_night_without_airings_says_so(night: FilledNight, browser: Browser) -> None:
    assert browser().get("/record?night=2020-01-01&lang=en").text.count("Nothing is on the record.") == 2


def test_the_files_hold_what_the_page_shows(night: FilledNight, demo_station: SmallStation) -> None:
    with serving(demo_station) as url, keyed(url, demo_station.key) as client:
        as_run = client.get("/api/v1/as-run.csv", params={"from": str(NIGHT)})
        handoffs = client.get("/api/v1/handoffs.csv", params={"from": str(NIGHT), "until": str(NIGHT)})
        assert as_run.headers["Content-Type"].startswith("text/csv")
        assert f'filename="as-run-{NIGHT}-{NIGHT}.csv"' in as_run.headers["Content-Disposition"]
        items = client.get("/api/v1/as-run", params={"night": str(NIGHT)}).json()["items"]
        assert len(rows_of(as_run.text)) == len(items) > 0
        assert {row["evidence"] for row in rows_of(as_run.text)} == {item["evidence"] for item in items}
        listed = client.get("/api/v1/handoffs").json()["items"]
        assert {int(row["handoff_id"]) for row in rows_of(handoffs.text)} == {row["id"] for row in listed}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"from": "soon"},
        {"from": "2026-11-22", "until": "2026-11-21"},
        {"from": "2026-11-22", "until": "2029-01-01"},
    ],
)
def test_spans_that_make_no_sense_are_refused(demo_station: SmallStation, asked: dict[str, str]) -> None:
    with serving(demo_station) as url, keyed(url, demo_station.key) as client:
        assert client.get("/api/v1/as-run.csv", params=asked).status_code == 422


NARROWED: dict[str, set[str]] = {
    "": {"TAC", "PAO"},
    "&site=1": {"TAC"},
    "&site=1&evidence=planned": {"TAC"},
    "&evidence=fetched": set(),
    "&programme=2": set(),
    "&site=one&programme=-1&evidence=rumour": {"TAC", "PAO"},
    "&until=2026-11-30": {"TAC", "PAO"},
    "&until=1999-01-01": {"TAC", "PAO"},
}


def test_the_record_is_narrowed_by_what_is_asked_and_by_nothing_that_cannot_be_read(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    found = {}
    for asked in NARROWED:
        as_run = client.get(f"/record?night={NIGHT}{asked}").text.split('<h2 id="rows">')[1]
        found[asked] = {site for site in ("TAC", "PAO") if f"<td>{site}</td>" in as_run}
    assert found == NARROWED


def test_several_nights_are_told_with_their_dates_and_their_files(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get("/record?night=2026-11-21&until=2026-11-23&lang=en").text
    assert "Record of the nights from Sat 21 November to Mon 23 November" in page
    assert "/api/v1/as-run.csv?from=2026-11-21&amp;until=2026-11-23" in page
    assert "Sun 22 November <b>12:00:00</b> UTC" in page


@pytest.mark.parametrize(
    ("asked", "shown", "links"),
    [
        ("", "Rows 1 to 4 of {count}", {"next", "all"}),
        ("&rows=2", "Rows 5 to 8 of {count}", {"prev", "next", "all"}),
        ("&rows=999999999", "of {count}", {"prev", "all"}),
        ("&rows=-3", "Rows 1 to 4 of {count}", {"next", "all"}),
        ("&rows=many&deliveries=", "Rows 1 to 4 of {count}", {"next", "all"}),
        ("&rows=all", "", set()),
    ],
)
def test_a_long_record_has_pages_and_can_be_had_whole(
    night: FilledNight,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    shown: str,
    links: set[str],
) -> None:
    client = browser()
    whole = as_run_of(client, "")
    count = whole.count("<tr>") - 1
    assert count > 8
    monkeypatch.setattr(module, "ROWS", 4)
    part = as_run_of(client, asked)
    assert shown.format(count=count) in part
    marks = {"prev": 'rel="prev"', "next": 'rel="next"', "all": "rows=all"}
    found = {name for name, mark in marks.items() if mark in part}
    assert found == links
    rows = part.split("<tbody>")[1].split("</tbody>")[0]
    assert rows in whole
    assert rows.count("<tr>") == {"": count, "of {count}": (count - 1) % 4 + 1}.get(shown, 4)


def test_a_record_that_is_too_long_even_to_print_says_where_the_rest_is(
    night: FilledNight, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    part = as_run_of(browser(), "&rows=all")
    assert part.count("<tr>") == 1 + 5
    assert "Rows 1 to 5 of" in part
    assert "The CSV file has all of them" in part
    assert "rel=" not in part


def as_run_of(client: httpx.Client, asked: str) -> str:
    """The part of the page with what went out."""
    return (
        client.get(f"/record?night={NIGHT}&lang=en{asked}")
        .text.split('<h2 id="rows">')[1]
        .split('<h2 id="deliveries">')[0]
    )
