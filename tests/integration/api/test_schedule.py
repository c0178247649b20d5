"""Schedule files in and out, other people's lines, conflicts, occurrences and the chart: over the API and the command line."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from app.cli import cli
from app.database import reading
from app.frequencies.models import Line as LineRow
from app.journal.models import JournalEntry
from app.schedule.models import BackgroundLine
from schedules.frequencies import hfcc
from schedules.frequencies.line import Line
from tests.hfcc_lookalikes import lookalike
from tests.stations import SmallStation

EIBI = Path(__file__).parents[2] / "data" / "eibi" / "sked-a26.csv"
SUMMER = (date(2026, 3, 29), date(2026, 10, 24))
LABELS = {
    "LANGUAGE": "Korean",
    "ADM": "CHN",
    "BRC": "HBN",
    "FMO": "RTI",
    "MOD": "D",
    "REQ#": "1234",
    "ANT": "146",
}


def text_of(**changes: Any) -> str:
    """One record of ours in HFCC's columns."""
    usual: dict[str, Any] = {
        "key": "", "khz": 7590, "start_minute": 780, "stop_minute": 840, "days": frozenset(range(1, 8)), "site": "TSH",
        "first_date": SUMMER[0], "last_date": SUMMER[1], "zones": frozenset({"44NE", "43SE"}), "power_kw": 300, "azimuth": 2,
    }  # fmt: skip
    return hfcc.record_of(Line(**usual | changes), LABELS).text


@pytest.fixture
def desk(api: httpx.Client) -> httpx.Client:
    """A station with one slot at 1300 UTC through the summer, and two sites."""
    slot = {"programme_id": 1, "start": "1300", "stop": "1400", "days": "daily"}
    for path, body in (
        ("programmes", {"title": "밤", "code": "night", "clock": [{"type": "fill"}]}),
        ("slots", slot | {"first_date": str(SUMMER[0]), "last_date": str(SUMMER[1])}),
        ("sites", {"code": "TSH", "name": "Tanshui", "country": "TWN", "retune_s": 600}),
        ("sites", {"code": "YAM", "name": "Yamata", "country": "J"}),
    ):
        assert api.post(f"/api/v1/{path}", json=body).status_code == 201
    return api


def imported(
    desk: httpx.Client, content: str | bytes, *, dry_run: bool = False, **form: str
) -> dict[str, Any]:
    answer = desk.post(
        f"/api/v1/lines/import?dry_run={str(dry_run).lower()}",
        files={"file": ("a26.txt", content if isinstance(content, bytes) else content.encode())},
        data={"season": "A26", **form},
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def exported(desk: httpx.Client, form: str = "hfcc") -> str:
    answer = desk.get("/api/v1/lines/export", params={"season": "A26", "format": form})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.content.decode("iso-8859-1" if form == "hfcc" else "utf-8")


def actions(told: dict[str, Any]) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(one["line_number"], one["action"], tuple(one["what"])) for one in told["lines"]]


def test_a_trial_says_what_would_be_done_and_does_nothing(desk: httpx.Client) -> None:
    told = imported(desk, text_of(), dry_run=True)
    assert actions(told) == [(1, "added", ())]
    assert told["lines"][0]["line_id"] is None
    assert desk.get("/api/v1/lines").json()["items"] == []


def test_a_line_that_came_from_a_file_goes_out_as_it_came(desk: httpx.Client) -> None:
    lines = [text_of(), text_of(khz=5995, site="YAM", days=frozenset({1, 2, 3, 4, 5}), azimuth=None)]
    told = imported(desk, "\r\n".join([*hfcc.HEADER, *lines, ""]))
    assert [one["action"] for one in told["lines"]] == ["added", "added"]
    assert exported(desk).split("\r\n") == [*hfcc.HEADER, *lines, ""]
    again = imported(desk, exported(desk))
    assert {one["action"] for one in again["lines"]} == {"unchanged"}
    assert (again["problems"], again["absent"]) == ([], [])


def test_of_a_line_that_was_changed_since_the_other_columns_stay(desk: httpx.Client) -> None:
    imported(desk, text_of())
    line = desk.get("/api/v1/lines/1").json()
    wanted = {
        name: line[name] for name in ("slot_id", "site_id", "ciraf_zones", "days", "first_date", "power_kw")
    }
    changed = desk.put(
        "/api/v1/lines/1", json=wanted | {"khz": 7595, "last_date": "2026-09-30", "azimuth": 2}
    )
    assert changed.status_code == 200
    assert exported(desk).split("\r\n")[-2] == text_of(khz=7595, last_date=date(2026, 9, 30))


def test_a_newer_file_changes_what_is_other_and_names_what_it_lacks(
    desk: httpx.Client, station: SmallStation
) -> None:
    imported(desk, "\n".join([text_of(), text_of(khz=5995, site="YAM")]))
    with reading(station.database) as session:
        before = len(session.exec(select(JournalEntry)).all())
    told = imported(desk, text_of(power_kw=100, last_date=date(2026, 9, 26)))
    assert actions(told) == [(1, "changed", ("last_date", "power_kw"))]
    assert told["absent"] == [2]
    lines = desk.get("/api/v1/lines").json()["items"]
    assert [(one["power_kw"], one["last_date"]) for one in lines] == [
        (100, "2026-09-26"),
        (300, str(SUMMER[1])),
    ]
    with reading(station.database) as session:
        entries = session.exec(select(JournalEntry)).all()[before:]
    assert [entry.action for entry in entries] == ["line.changed", "lines.imported"]


BAD = [
    (" 7590 2460 1400 44NE", "columns 7-10 (STRT)", "is not a time"),
    (text_of(site="XYZ"), "line 2", "there is no site XYZ: add it first"),
    (text_of(start_minute=600, stop_minute=660), "line 2", "no slot is from 1000-1100 UTC"),
    (text_of(khz=759.5), "line 2", "our lines are on whole kHz"),
    (text_of(first_date=date(2026, 4, 1), last_date=date(2026, 4, 1), days=frozenset({1})), "line 2", "never be on the air"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "where", "why"), BAD)
def test_what_is_good_is_taken_and_the_rest_is_told(
    desk: httpx.Client, bad: str, where: str, why: str
) -> None:
    told = imported(desk, "\r\n".join([text_of(), bad, text_of(khz=5995, site="YAM")]))
    assert [line for line, action, _ in actions(told) if action == "added"] == [1, 3]
    problems = [one["text"] for one in told["problems"]]
    assert any(where in text and why in text for text in problems), problems
    assert len(desk.get("/api/v1/lines").json()["items"]) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not one line"),
        (b"\x00\x01binary", "is no text"),
        (b"this is a letter\nto the station", "not one line of the file can be read as HFCC: line 1"),
        ("뉴스;;;;;;;;;;;\n".encode(), "not one line of the file can be read as EIBI: line 1"),
    ],
)
def test_a_file_that_is_none_is_refused(desk: httpx.Client, content: bytes, words: str) -> None:
    answer = desk.post("/api/v1/lines/import", files={"file": ("x", content)}, data={"season": "A26"})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_line_on_days_that_its_slot_does_not_have_is_told(desk: httpx.Client) -> None:
    slot = {"programme_id": 1, "start": "1300", "stop": "1400", "days": "daily"}
    later = slot | {"first_date": "2026-05-01", "last_date": str(SUMMER[1])}
    assert desk.put("/api/v1/slots/1", json=later).status_code == 200
    (problem,) = imported(desk, text_of(last_date=date(2026, 4, 30)))["problems"]
    assert "no slot from 1300-1400 UTC has daily between 2026-03-29 and 2026-04-30" in problem["text"]


def test_slots_of_equal_times_are_told_apart_by_the_person(desk: httpx.Client) -> None:
    slot = desk.get("/api/v1/slots/1").json()
    twin = {"programme_id": 1, "start": "1300", "stop": "1400", "days": "daily", **{
        name: slot["utc"][name] for name in ("first_date", "last_date")
    }}  # fmt: skip
    assert desk.post("/api/v1/slots", json=twin).status_code == 201
    (problem,) = imported(desk, text_of())["problems"]
    assert "slots 1 and 2 are from 1300-1400 UTC: say which one is meant" in problem["text"]
    assert imported(desk, text_of(), slot_id="2")["lines"][0]["slot_id"] == 2


def test_of_everybodys_file_only_our_lines_are_taken(desk: httpx.Client) -> None:
    others = lookalike(200)
    told = imported(desk, others + "\r\n" + text_of(), whose="hbn")
    assert [one["action"] for one in told["lines"]] == ["added"]
    assert told["passed_over"] >= 190


def test_eibi_goes_out_and_comes_back(desk: httpx.Client) -> None:
    imported(desk, text_of())
    csv = exported(desk, "eibi")
    assert csv.splitlines()[1].startswith("7590;1300-1400;;CLA;")
    assert imported(desk, csv, dry_run=True)["problems"][0]["text"].endswith(
        "there is no site TWN: add it first"
    )


def test_a_row_of_eibi_stands_as_it_stood_until_its_line_is_from_another_site(desk: httpx.Client) -> None:
    row = "7590;1300-1400;;KOR;Station;K;KRE;/tsh;6;2903;2410[0726]"
    imported(desk, row, format="eibi")
    assert exported(desk, "eibi").splitlines()[1] == row
    line = desk.get("/api/v1/lines/1").json()
    body = {name: line[name] for name in ("slot_id", "khz", "days", "first_date", "last_date")}
    assert desk.put("/api/v1/lines/1", json=body | {"site_id": 2}).status_code == 200
    assert exported(desk, "eibi").splitlines()[1].split(";")[7] == "/J"


# --- everybody else -------------------------------------------------------------------------------------------


def put(desk: httpx.Client, content: bytes, **form: str) -> httpx.Response:
    return desk.put("/api/v1/seasons/A26/background", files={"file": ("sked-a26.csv", content)}, data=form)


def test_a_real_season_lies_behind_our_lines_and_its_next_version_takes_its_place(
    desk: httpx.Client, station: SmallStation
) -> None:
    imported(desk, "\n".join([text_of(), text_of(khz=5995, site="YAM")]))
    first = put(desk, EIBI.read_bytes())
    assert first.status_code == 200
    told = first.json()
    assert (told["lines"], told["unread"], told["format"]) == (7768, 3, "eibi")
    assert told["left_out"] == {
        "inactive": 71, "never": 158, "not-shortwave": 993, "other-season": 359, "uncertain": 98,
    }  # fmt: skip
    assert len(desk.get("/api/v1/lines").json()["items"]) == 2, "they are not among ours"

    content = EIBI.read_bytes().replace(b"6015;", b"6018;").replace(b"5985;1100-1200", b"5985;1100-1230")
    assert put(desk, content).status_code == 200
    diff = desk.get("/api/v1/seasons/A26/background/diff").json()
    assert {(one["old"]["khz"], one["new"]["khz"]) for one in diff["moved"]} == {(6015.0, 6018.0)}
    put(desk, content)
    with reading(station.database) as session:
        assert len(set(session.exec(select(BackgroundLine.background_id)).all())) == 2, (
            "the one before that is gone"
        )

    found = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()
    assert found["others"] == 7768
    assert {(one["level"], one["line"]["khz"], one["other"]["who"]) for one in found["background"]} >= {
        ("adjacent-channel", 5995.0, "China National Radio 1"), ("near-channel", 7590.0, "CNR1 Jammer/Firedrake"),
    }  # fmt: skip
    assert found["background"][0]["first_at"].startswith("2026-03-29T13:00")
    assert [one["kind"] for one in found["findings"]] == ["out-of-band"]
    assert [one["said"]["code"] for one in found["findings"]] == ["out-of-band"]

    assert desk.delete("/api/v1/seasons/A26/background").status_code == 204
    assert desk.get("/api/v1/seasons/A26/background").status_code == 404


def test_our_own_lines_in_everybodys_file_are_no_background(desk: httpx.Client) -> None:
    imported(desk, text_of())
    told = put(
        desk, f"{text_of()}\r\n{text_of(khz=9000, site='YAM')}\r\n{lookalike(50)}".encode(), leave_out="HBN"
    ).json()
    assert told["left_out"] == {"ours": 2}
    assert desk.get("/api/v1/lines/conflicts", params={"season": "A26"}).json()["own"] == []


def test_the_next_season_is_planned_with_what_this_ones_file_says_of_it(desk: httpx.Client) -> None:
    """A summer file lists what is on the air every winter, and what is on the air always."""
    answer = desk.put(
        "/api/v1/seasons/B26/background",
        files={"file": ("sked-a26.csv", EIBI.read_bytes())},
        data={"file_season": "A26"},
    )
    told = answer.json()
    assert (answer.status_code, told["season"]) == (200, "B26")
    assert told["left_out"]["of-its-season"] > 2000
    rows = [line.split(";") for line in EIBI.read_text("iso-8859-1").splitlines()[1:]]
    lasting = [row for row in rows if row[8] in {"1", "4"} and 2000 <= float(row[0]) <= 30000]
    assert 0.9 * len(lasting) < told["lines"] <= 1.1 * len(lasting)
    hfcc_file = desk.put(
        "/api/v1/seasons/B26/background",
        files={"file": ("a26.txt", text_of().encode())},
        data={"file_season": "A26"},
    )
    assert (hfcc_file.status_code, hfcc_file.json()["errors"][0]["field"]) == (422, "file_season")


def test_a_file_without_a_line_of_the_season_replaces_nothing(desk: httpx.Client) -> None:
    assert put(desk, EIBI.read_bytes()).status_code == 200
    refused = put(desk, b"100;0000-2400;;D;X;;;;1;;\n")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")
    assert desk.get("/api/v1/seasons/A26/background").json()["lines"] == 7768


# --- conflicts, occurrences, chart ---------------------------------------------------------------------------


def test_conflicts_among_our_own_lines_are_told_the_worst_first(desk: httpx.Client) -> None:
    imported(desk, "\n".join([text_of(), text_of(khz=7590, site="YAM"), text_of(khz=7595, site="YAM")]))
    own = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()["own"]
    assert [one["level"] for one in own] == ["own-co-channel", "adjacent-channel", "adjacent-channel"]
    for number in (1, 2):
        line = desk.get(f"/api/v1/lines/{number}").json()
        body = {
            name: line[name]
            for name in (
                "slot_id",
                "site_id",
                "khz",
                "ciraf_zones",
                "days",
                "first_date",
                "last_date",
                "power_kw",
            )
        }
        assert desk.put(f"/api/v1/lines/{number}", json=body | {"synchronised": "A"}).status_code == 200
    own = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()["own"]
    assert {one["level"] for one in own} == {"adjacent-channel"}


def test_minutes_that_are_booked_and_not_used_are_found(desk: httpx.Client) -> None:
    imported(desk, text_of())
    contract = {
        "site_id": 1, "first_date": str(SUMMER[0]), "last_date": "2026-10-25", "booked_minutes": 1900, "booked_per": "month",
        "price_minor": 100, "currency": "USD",
    }  # fmt: skip
    assert desk.post("/api/v1/contracts", json=contract).status_code == 201
    findings = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()["findings"]
    months = [one["text"] for one in findings if one["kind"] == "booked-unused"]
    assert len(months) == 6, "April to September"
    assert "1900 minutes booked from 2026-04-01 to 2026-04-30, and our lines there use 1800" in months[0]


def test_hours_that_are_booked_and_not_used_are_found_to_the_minute(desk: httpx.Client) -> None:
    imported(desk, text_of(days=frozenset({1, 2, 3, 4, 5})))
    contract = {
        "site_id": 1, "first_date": str(SUMMER[0]), "last_date": "2026-10-24", "booked_minutes": 0, "price_minor": 100,
        "currency": "USD", "hours": [{"start": "1300", "stop": "1430", "days": "Mo-Sa"}],
    }  # fmt: skip
    assert desk.post("/api/v1/contracts", json=contract).status_code == 201
    findings = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()["findings"]
    unused = [
        (one["starts_at"][:16], one["ends_at"][11:16], one["times"])
        for one in findings
        if one["kind"] == "booked-unused"
    ]
    assert unused == [("2026-03-30T14:00", "14:30", 150), ("2026-04-04T13:00", "14:30", 30)]
    wrong = contract | {"site_id": 2, "hours": [{"start": "1300", "stop": "1300"}]}
    refused = desk.post("/api/v1/contracts", json=wrong)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "hours.0")


def test_what_is_past_midnight_is_of_the_month_and_the_contract_in_which_it_started(
    desk: httpx.Client,
) -> None:
    slot = {"programme_id": 1, "start": "2330", "stop": "0030", "days": "daily"}
    dates = {"first_date": str(SUMMER[0]), "last_date": "2026-10-23"}
    assert desk.post("/api/v1/slots", json=slot | dates).status_code == 201
    imported(desk, text_of(start_minute=1410, stop_minute=30, last_date=date(2026, 10, 23)))
    hours = [{"start": "2330", "stop": "0030", "days": "daily"}]
    for first, last, booked in (
        ("2026-03-29", "2026-06-30", {"hours": hours}),
        ("2026-07-01", "2026-08-31", {"hours": hours}),
        ("2026-09-01", "2026-09-30", {"booked_minutes": 1800}),
    ):
        contract = {
            "site_id": 1,
            "first_date": first,
            "last_date": last,
            "booked_minutes": 0,
            "price_minor": 1,
        }
        answer = desk.post("/api/v1/contracts", json=contract | {"currency": "USD"} | booked)
        assert answer.status_code == 201, answer.text
    findings = desk.get("/api/v1/lines/conflicts", params={"season": "A26", "whole": True}).json()["findings"]
    assert [one["text"] for one in findings if "book" in one["kind"]] == []


def test_occurrences_are_told_in_order_and_bounded(desk: httpx.Client) -> None:
    imported(desk, text_of(days=frozenset({1, 7})))
    span = {"from": "2026-03-28T00:00:00Z", "until": "2026-04-06T13:30:00Z"}
    items = desk.get("/api/v1/lines/occurrences", params=span).json()["items"]
    assert [one["starts_at"] for one in items] == [
        "2026-03-29T13:00:00Z", "2026-03-30T13:00:00Z", "2026-04-05T13:00:00Z", "2026-04-06T13:00:00Z",
    ]  # fmt: skip
    for wrong in (
        {"until": "2028-01-01T00:00:00Z"},
        {"until": "2026-03-01T00:00:00Z"},
        {"from": "2026-03-28T00:00:00"},
    ):
        assert desk.get("/api/v1/lines/occurrences", params=span | wrong).status_code == 422


@pytest.mark.parametrize(
    "view", [{"season": "A26"}, {"night": "2026-05-01"}, {"season": "A26", "whole": "true"}]
)
def test_the_chart_is_an_svg_without_script_or_anything_from_elsewhere(
    desk: httpx.Client, view: dict[str, str]
) -> None:
    imported(desk, text_of())
    put(desk, EIBI.read_bytes())
    answer = desk.get("/api/v1/lines/chart.svg", params=view | {"lang": "en"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ET.fromstring(answer.content)  # noqa: S314 - what we drew ourselves
    assert root.tag.endswith("svg")
    assert "7590 TSH" in answer.text
    for never in ("<script", "http://", "https://", "style="):
        assert never not in answer.text.replace("http://www.w3.org/2000/svg", "")


# --- files and what is there already --------------------------------------------------------------------------


def long_slot(desk: httpx.Client) -> None:
    """The slot goes on for two years, through three changes of season."""
    slot = desk.get("/api/v1/slots/1").json()
    body = {"programme_id": 1, "start": "1300", "stop": "1400", "days": "daily"}
    dates = {"first_date": "2026-01-01", "last_date": "2027-12-31"}
    put_slot = desk.put(f"/api/v1/slots/{slot['id']}", json=body | dates)
    assert put_slot.status_code == 200, put_slot.text


def change(desk: httpx.Client, line_id: int = 1, **changes: Any) -> None:
    line = desk.get(f"/api/v1/lines/{line_id}").json()
    names = (
        *(
            "slot_id",
            "site_id",
            "khz",
            "power_kw",
            "azimuth",
            "ciraf_zones",
            "days",
            "first_date",
            "last_date",
        ),
        *("transmitter", "synchronised"),
    )
    body = {name: line[name] for name in names}
    assert desk.put(f"/api/v1/lines/{line_id}", json=body | changes).status_code == 200


def test_an_import_leaves_what_its_format_cannot_say(desk: httpx.Client) -> None:
    imported(desk, text_of())
    change(desk, transmitter="T3", synchronised="A", ciraf_zones="44NE")
    imported(desk, text_of(power_kw=100))
    line = desk.get("/api/v1/lines/1").json()
    assert (line["transmitter"], line["synchronised"], line["power_kw"]) == ("T3", "A", 100)
    row = "7590;1300-1400;;CLA;S;K;KRE;/TSH;6;2903;2409"
    told = imported(desk, row, format="eibi")
    assert actions(told) == [(1, "changed", ("last_date",))]
    line = desk.get("/api/v1/lines/1").json()
    assert (line["transmitter"], line["synchronised"], line["power_kw"], line["azimuth"]) == (
        "T3",
        "A",
        100,
        2,
    )
    assert exported(desk).split("\r\n")[-2] == text_of(
        power_kw=100, last_date=date(2026, 9, 24), zones=frozenset({"44NE", "43SE"})
    )


def test_a_line_to_the_day_of_the_change_ends_before_the_next_season(desk: httpx.Client) -> None:
    long_slot(desk)
    text = text_of(last_date=date(2026, 10, 25))
    imported(desk, text)
    assert desk.get("/api/v1/lines/1").json()["last_date"] == "2026-10-24", "at 13:00 UTC it is winter"
    assert exported(desk).split("\r\n")[-2] == text, "as it stood"
    winter = desk.get("/api/v1/lines/export", params={"season": "B26"}).text
    assert winter.splitlines() == list(hfcc.HEADER)


def test_a_file_of_one_season_takes_nothing_from_another(desk: httpx.Client) -> None:
    long_slot(desk)
    imported(desk, text_of())
    change(desk, first_date="2026-02-01", last_date="2027-02-28")
    again = imported(desk, exported(desk))
    assert actions(again) == [(4, "unchanged", ())]
    (problem,) = imported(desk, text_of(last_date=date(2026, 9, 24)))["problems"]
    assert "line 1 is in another season too, from 2026-02-01 to 2027-02-28" in problem["text"]
    line = desk.get("/api/v1/lines/1").json()
    assert (line["first_date"], line["last_date"]) == ("2026-02-01", "2027-02-28")


@pytest.mark.parametrize(
    "dates",
    [
        (date(2025, 10, 26), date(2026, 3, 29)),
        (date(2026, 10, 25), date(2027, 3, 28)),
        (date(2027, 3, 28), date(2027, 10, 30)),
    ],
)
def test_lines_of_another_season_are_passed_over(desk: httpx.Client, dates: tuple[date, date]) -> None:
    long_slot(desk)
    other = text_of(khz=5995, first_date=dates[0], last_date=dates[1])
    told = imported(desk, f"{text_of()}\n{other}")
    assert (actions(told), told["passed_over"]) == ([(1, "added", ())], 1)
    assert put(desk, other.encode()).status_code == 422, "no line of the season"
    assert put(desk, f"{text_of()}\n{other}".encode()).json()["left_out"] == {"other-season": 1}


def test_what_a_file_says_twice_is_taken_once(desk: httpx.Client) -> None:
    told = imported(desk, f"{text_of()}\n{text_of()}")
    assert actions(told) == [(1, "added", ())]
    assert "line 2: says what line 1 says: taken once" in [one["text"] for one in told["notes"]]


def test_lines_of_other_days_keep_their_places_whatever_the_order_of_the_file(desk: httpx.Client) -> None:
    lines = [text_of(days=frozenset({1, 2, 3})), text_of(days=frozenset({6, 7}), power_kw=100)]
    imported(desk, "\n".join(lines))
    again = imported(desk, "\n".join(reversed(lines)))
    assert [(one["action"], one["line_id"]) for one in again["lines"]] == [("unchanged", 2), ("unchanged", 1)]


def test_who_took_the_schedule_is_on_record(
    desk: httpx.Client, station: SmallStation, tmp_path: Path
) -> None:
    imported(desk, text_of())
    exported(desk)
    assert danpa(station, "export", str(tmp_path / "out.csv"), "--season", "A26")[0] == 0
    with reading(station.database) as session:
        entries = session.exec(select(JournalEntry).where(JournalEntry.action == "lines.exported")).all()
    assert [entry.details for entry in entries] == [
        {"season": "A26", "format": "hfcc"},
        {"season": "A26", "format": "eibi"},
    ]
    assert entries[0].person_id is not None


def test_a_whole_season_in_hfccs_columns_is_taken_and_a_flood_is_not(desk: httpx.Client) -> None:
    season_file = lookalike(9000).encode()
    assert len(season_file) > 1 << 20
    assert put(desk, season_file).status_code == 200
    assert put(desk, b"x\n" * 60_000).json()["errors"][0]["message"].startswith("the file has 60000 lines")
    assert put(desk, b"x" * (5 << 20)).status_code == 413
    ours = "\n".join(text_of(khz=5000 + number) for number in range(1001)).encode()
    answer = desk.post("/api/v1/lines/import", files={"file": ("x", ours)}, data={"season": "A26"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "whose")


@pytest.mark.parametrize("night", ["0001-01-01", "9999-12-30", "9999-12-31"])
def test_a_night_at_the_end_of_time_is_refused_or_empty(desk: httpx.Client, night: str) -> None:
    assert desk.get("/api/v1/lines/chart.svg", params={"night": night}).status_code in {200, 422}


# --- the command line ----------------------------------------------------------------------------------------


def danpa(station: SmallStation, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["schedule", *arguments], env={"DANPA_HOME": str(station.settings.root)})
    return result.exit_code, " ".join(result.output.split())


def test_the_command_line_does_the_same(desk: httpx.Client, station: SmallStation, tmp_path: Path) -> None:
    file = tmp_path / "ours.txt"
    file.write_text(f"{text_of()}\n 7590 2460 bad\n")
    status, told = danpa(station, "import", str(file), "--season", "A26")
    assert status == 1, "a line could not be taken"
    assert 'line 2, columns 7-10 (STRT): "2460" is not a time' in told
    assert "Nothing was changed: say --yes to do it." in told
    assert danpa(station, "import", str(file), "--season", "A26", "--yes")[1].endswith("Done.")
    with reading(station.database) as session:
        assert [row.khz for row in session.exec(select(LineRow))] == [7590]
    assert danpa(station, "import", str(EIBI), "--season", "A26", "--background", "--yes")[0] == 0
    status, told = danpa(station, "check", "--season", "A26", "--whole")
    assert status == 0, "nothing that cannot be aired"
    assert "1 findings, 0 conflicts among our lines, 1 with others (7768 of their lines)" in told
    target = tmp_path / "out.txt"
    assert danpa(station, "export", str(target), "--season", "A26")[0] == 0
    assert target.read_bytes().decode().split("\r\n")[-2] == text_of()
    status, told = danpa(station, "export", str(target), "--season", "A26")
    assert (status, "is there already" in told) == (1, True), "nothing is overwritten"
    assert danpa(station, "chart", str(tmp_path / "a26.svg"), "--season", "A26")[0] == 0
    assert "7590 TSH" in (tmp_path / "a26.svg").read_text()
