"""Contracts with sites: what was booked, what the site's log says, and the minutes of a month, to the minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.airings.models import Airing, AsRun
from app.contracts.models import LogEntry
from app.database import id_of, reading, writing
from app.journal.models import JournalEntry
from tests.nights import FilledNight
from tests.stations import SmallStation, keyed, serving

CONTRACT: dict[str, Any] = {
    "site_id": 1,
    "first_date": "2026-10-25",
    "last_date": "2027-03-27",
    "booked_minutes": 900,
    "booked_per": "month",
    "price_minor": 5000,
    "currency": "USD",
    "billing_unit": "quarter_hour",
    "notice_days": 60,
}
SLOT: dict[str, Any] = {
    "programme_id": 1,
    "start": "2000",
    "stop": "2030",
    "days": "daily",
    "first_date": "2026-10-26",
    "last_date": "2027-03-26",
    "early_off_s": 10,
}
COLUMNS = {"date": "Date", "start": "On", "stop": "Off", "khz": "kHz", "status": "Remarks", "aired": "OK",
           "not_aired": "OFF"}  # fmt: skip
TITLES = "Date,On,Off,kHz,Remarks\n"
CONTRACTS = "/api/v1/contracts"


@dataclass(frozen=True)
class Desk:
    """A station with a slot on two frequencies from one site and one from another, and the desk's client."""

    api: httpx.Client
    station: SmallStation

    def aired(self, day: str, line_id: int, evidence: str, *, feed_id: int | None = None) -> None:
        """An airing that is over, as the engine records it: two items over a line."""
        start = datetime.fromisoformat(f"{day}T20:00:00+00:00")
        with writing(self.station.database) as session:
            airing = session.exec(select(Airing).where(Airing.starts_at == start)).first()
            if airing is None:
                airing = Airing(
                    slot_id=1, starts_at=start, stops_at=start + timedelta(minutes=30), target_samples=85_920_000,
                    compile_at=start, state="done", created_at=start,
                )  # fmt: skip
                session.add(airing)
                session.flush()
            for position, item_evidence in enumerate(evidence.split("+")):
                at = start + position * timedelta(minutes=15)
                row = AsRun(
                    airing_id=id_of(airing), line_id=line_id, feed_id=feed_id, position=position, source="segment",
                    starts_at=at, ends_at=at + timedelta(minutes=14), evidence=item_evidence,
                )  # fmt: skip
                session.add(row)

    def import_log(self, rows: str, *, dry_run: bool = False, **columns: Any) -> httpx.Response:
        return self.api.post(
            f"{CONTRACTS}/1/logs",
            params={"dry_run": dry_run},
            files={"file": ("november.csv", (TITLES + rows).encode())},
            data=COLUMNS | columns,
        )

    def month(self, month: str = "2026-11") -> dict[str, Any]:
        answer = self.api.get(f"{CONTRACTS}/1/minutes", params={"month": month})
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def minutes(self, month: str = "2026-11") -> tuple[int, ...]:
        """Delivered, sent, confirmed and disputed."""
        shown = self.month(month)
        return tuple(shown[name]["minutes"] for name in ("delivered", "sent", "confirmed", "disputed"))

    def entries(self) -> int:
        with reading(self.station.database) as session:
            return len(session.exec(select(LogEntry.id)).all())


@pytest.fixture
def desk(api: httpx.Client, station: SmallStation) -> Desk:
    for path, body in (
        ("programmes", {"title": "아침 뉴스", "code": "news"}),
        ("slots", SLOT),
        ("sites", {"code": "TAC", "name": "Tashkent"}),
        ("sites", {"code": "PAO", "name": "Paochung"}),
        ("lines", {"slot_id": 1, "site_id": 1, "khz": 7585}),
        ("lines", {"slot_id": 1, "site_id": 1, "khz": 9330}),
        ("lines", {"slot_id": 1, "site_id": 2, "khz": 11640}),
        ("contracts", CONTRACT),
    ):
        assert api.post(f"/api/v1/{path}", json=body).status_code == 201
    return Desk(api, station)


# --- contracts -----------------------------------------------------------------------------------------------


def test_a_contract_is_written_read_changed_and_deleted(desk: Desk) -> None:
    read = desk.api.get(f"{CONTRACTS}/1")
    assert read.json().items() >= CONTRACT.items()
    assert read.headers["etag"] == '"1"'
    changed = desk.api.put(
        f"{CONTRACTS}/1", json=CONTRACT | {"price_minor": 5500}, headers={"If-Match": '"1"'}
    )
    assert (changed.json()["price_minor"], changed.headers["etag"]) == (5500, '"2"')
    stale = desk.api.put(f"{CONTRACTS}/1", json=CONTRACT, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert [one["id"] for one in desk.api.get(CONTRACTS, params={"site_id": 1}).json()["items"]] == [1]
    assert desk.api.get(CONTRACTS, params={"site_id": 2}).json()["items"] == []
    assert desk.api.delete(f"{CONTRACTS}/1").status_code == 204
    assert desk.api.get(f"{CONTRACTS}/1").status_code == 404
    with reading(desk.station.database) as session:
        actions = session.exec(
            select(JournalEntry.action).where(JournalEntry.action.startswith("contract."))
        ).all()
    assert actions == ["contract.created", "contract.changed", "contract.deleted"]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"site_id": 7}, 422, "there is no site 7"),
        ({"last_date": "2026-10-24"}, 422, "is before the first date"),
        ({"currency": "usd"}, 422, "currency: "),
        ({"price_minor": -1}, 422, "price_minor: "),
        ({"price_minor": 12.5}, 422, "price_minor: "),
        ({"billing_unit": "day"}, 422, "billing_unit: "),
        (
            {"first_date": "2027-03-27", "last_date": "2027-10-30"},
            409,
            "contract 1 with TAC runs from 2026-10-25",
        ),
    ],
)
def test_a_contract_that_cannot_be(desk: Desk, change: dict[str, Any], status: int, words: str) -> None:
    answer = desk.api.post(CONTRACTS, json=CONTRACT | change)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_the_next_contract_begins_the_day_after(desk: Desk) -> None:
    following = CONTRACT | {"first_date": "2027-03-28", "last_date": "2027-10-30"}
    assert desk.api.post(CONTRACTS, json=following).status_code == 201
    assert desk.api.post(CONTRACTS, json=CONTRACT | {"site_id": 2}).status_code == 201


# --- months --------------------------------------------------------------------------------------------------


def test_a_month_counts_what_our_record_proves_for_each_transmitter(desk: Desk) -> None:
    desk.aired("2026-11-20", 1, "delivered+delivered", feed_id=None)
    desk.aired("2026-11-20", 2, "planned")
    desk.aired("2026-11-20", 3, "delivered")  # another site's
    desk.aired("2026-11-21", 1, "sent+sent")
    desk.aired("2026-11-21", 2, "fetched+site_confirmed")
    desk.aired("2026-12-01", 1, "delivered")  # another month's
    month = desk.month()
    assert month["booked"] == {"minutes": 900, "billed_minutes": 900, "amount_minor": 300_000}
    assert month["delivered"] == {"minutes": 60, "billed_minutes": 60, "amount_minor": 20_000}
    assert desk.minutes() == (60, 30, 0, 0)
    assert desk.minutes("2026-12") == (30, 0, 0, 0)
    assert [
        (one["line_id"], one["starts_at"], one["minutes"], one["evidence"]) for one in month["airings"]
    ] == [
        (1, "2026-11-20T20:00:00Z", 30, "delivered"),
        (2, "2026-11-20T20:00:00Z", 30, "nothing"),
        (1, "2026-11-21T20:00:00Z", 30, "sent"),
        (2, "2026-11-21T20:00:00Z", 30, "delivered"),
    ]


def test_an_airing_is_as_sure_as_its_weakest_item(desk: Desk) -> None:
    desk.aired("2026-11-20", 1, "delivered+sent")
    assert desk.minutes() == (0, 30, 0, 0)


def test_the_log_confirms_disputes_and_claims(desk: Desk) -> None:
    for day in (20, 21, 22):
        desk.aired(f"2026-11-{day}", 1, "delivered")
        desk.aired(f"2026-11-{day}", 2, "delivered" if day < 22 else "planned")
    taken = desk.import_log(
        "2026-11-20,20:00,20:30,7585,OK\n"  # as it should be
        "2026-11-20,20:02,20:32,9330,OK\n"  # a wrong clock
        "2026-11-21,20:00,20:19,7585,OK\n"  # 11 minutes short
        "2026-11-21,20:00,20:30,9330,OFF\n"  # not on the air at all
        "2026-11-22,20:00,20:30,9330,OK\n"  # on the air with nothing of ours
        "2026-11-23,20:00,20:30,7585,OK\n"  # nobody's
    )
    assert taken.status_code == 200, taken.text
    month = desk.month()
    assert month["delivered"]["minutes"] == 150
    assert month["confirmed"] == {"minutes": 79, "billed_minutes": 90, "amount_minor": 30_000}
    assert month["disputed"] == {"minutes": 101, "billed_minutes": 105, "amount_minor": 35_000}
    assert [(one["confirmed"], one["disputed"], len(one["log_entries"])) for one in month["airings"]] == [
        (30, 0, 1),
        (30, 0, 1),
        (19, 11, 1),
        (0, 30, 1),
        (0, 0, 0),  # the log is silent
        (0, 30, 1),
    ]
    assert [(one["starts_at"], one["minutes"]) for one in month["unclaimed"]] == [
        ("2026-11-23T20:00:00Z", 30)
    ]
    assert month["tolerance_minutes"] == 5


def test_a_row_at_the_edge_of_a_month_belongs_to_its_airing(desk: Desk) -> None:
    """An airing of the first minutes of December, which the site began to log in November."""
    with writing(desk.station.database) as session:
        start = datetime(2026, 12, 1, tzinfo=UTC)
        airing = Airing(
            slot_id=1, starts_at=start, stops_at=start + timedelta(minutes=30), target_samples=0, compile_at=start,
            state="done", created_at=start,
        )  # fmt: skip
        session.add(airing)
        session.flush()
        session.add(
            AsRun(
                airing_id=id_of(airing), line_id=1, position=0, source="segment", starts_at=start,
                ends_at=airing.stops_at, evidence="delivered",
            )
        )  # fmt: skip
    assert desk.import_log("2026-11-30,23:58,00:28,7585,OK\n").status_code == 200
    assert desk.minutes("2026-11") == (0, 0, 0, 0)
    assert desk.minutes("2026-12") == (30, 0, 30, 0)


@pytest.mark.parametrize(
    ("month", "words"),
    [("2026-9", "write 2026-11"), ("2026-09", "the contract runs from 2026-10-25 to 2027-03-27")],
)
def test_a_month_that_cannot_be_told(desk: Desk, month: str, words: str) -> None:
    answer = desk.api.get(f"{CONTRACTS}/1/minutes", params={"month": month})
    assert (answer.status_code, words in answer.json()["detail"]) == (422, True)


# --- logs ----------------------------------------------------------------------------------------------------

TWO_ROWS = "2026-11-20,20:00,20:30,7585,OK\n2026-11-21,20:00,20:30,7585,OK\n"


def bad_cell(line: int, column: str, code: str, reason: str, **values: str) -> dict[str, Any]:
    said = {"code": code, "text": reason, "values": values}
    return {"line": line, "column": column, "reason": reason, "said": said}


def test_a_dry_run_tells_everything_and_takes_nothing(desk: Desk) -> None:
    answer = desk.import_log(
        TWO_ROWS + "2026-10-24,20:00,20:30,7585,OK\n2026-11-22,20:00,25:30,7585,OK\nTotal,,,,\n", dry_run=True
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": True,
        "import_id": None,
        "rows": 3,
        "new": 2,
        "known": 0,
        "outside": 1,
        "first_at": "2026-11-20T20:00:00Z",
        "last_at": "2026-11-21T20:30:00Z",
        "problems": [
            bad_cell(
                5,
                "Off",
                "unread-log-time",
                '"25:30" is not a time: 2000, 20:00 and 20:00:30 are',
                text="25:30",
            ),
            bad_cell(
                6,
                "Date",
                "unread-log-date",
                '"Total" is not a date of the form %Y-%m-%d',
                text="Total",
                form="%Y-%m-%d",
            ),
        ],
    }
    assert desk.entries() == 0
    assert desk.api.get(f"{CONTRACTS}/1/logs").json()["items"] == []


def test_trying_first_is_what_happens_unless_told_otherwise(desk: Desk) -> None:
    answer = desk.api.post(
        f"{CONTRACTS}/1/logs", files={"file": ("x.csv", (TITLES + TWO_ROWS).encode())}, data=COLUMNS
    )
    assert (answer.json()["dry_run"], answer.json()["new"], desk.entries()) == (True, 2, 0)


def test_a_log_with_a_bad_line_is_not_half_imported(desk: Desk) -> None:
    answer = desk.import_log(TWO_ROWS + "x,20:00,20:30,7585,OK\n2026-11-23,20:00,20:30,7585,weak\n")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:danpa:problem:unreadable-log"
    assert problem["detail"] == (
        'line 4, column Date: "x" is not a date of the form %Y-%m-%d; line 5, column Remarks: "weak" is neither among the '
        "words for aired nor among those for not aired. Nothing was imported"
    )
    assert desk.entries() == 0


def test_the_same_file_twice_changes_nothing(desk: Desk) -> None:
    first = desk.import_log(TWO_ROWS).json()
    again = desk.import_log(TWO_ROWS).json()
    assert (first["import_id"], first["new"], first["known"]) == (1, 2, 0)
    assert (again["import_id"], again["new"], again["known"]) == (None, 0, 2)
    longer = desk.import_log(TWO_ROWS + TWO_ROWS.replace("-2", "-1")).json()
    assert (longer["new"], longer["known"]) == (2, 2)
    assert desk.entries() == 4
    listed = desk.api.get(f"{CONTRACTS}/1/logs").json()["items"]
    assert [(one["file_name"], one["rows"], one["imported_by"]) for one in listed] == [
        ("november.csv", 2, desk.station.person_id),
        ("november.csv", 2, desk.station.person_id),
    ]


def test_what_is_charged_twice_in_one_file_is_kept_twice_and_disputed(desk: Desk) -> None:
    desk.aired("2026-11-20", 1, "delivered")
    row = "2026-11-20,20:00,20:30,7585,OK\n"
    assert desk.import_log(row + row).json()["new"] == 2
    assert desk.import_log(row + row + row).json()["new"] == 1
    assert desk.minutes() == (30, 0, 30, 60)


def test_a_file_read_wrongly_is_taken_back_before_it_is_read_again(desk: Desk) -> None:
    desk.aired("2026-11-20", 1, "delivered")
    rows = "2026-11-21,05:00,05:30,7585,OK\n"
    desk.import_log(rows)
    assert desk.minutes() == (30, 0, 0, 30)
    refused = desk.import_log(rows, zone="KST")
    assert (refused.status_code, "take that one back first" in refused.json()["detail"]) == (409, True)
    assert desk.api.delete(f"{CONTRACTS}/1").status_code == 409
    moved = desk.api.put(f"{CONTRACTS}/1", json=CONTRACT | {"site_id": 2})
    assert (moved.status_code, "take them back first" in moved.json()["detail"]) == (409, True)
    assert desk.api.delete(f"{CONTRACTS}/1/logs/7").status_code == 404
    assert desk.api.delete(f"{CONTRACTS}/1/logs/1").status_code == 204
    assert desk.entries() == 0
    assert desk.import_log(rows, zone="KST").status_code == 200
    assert desk.minutes() == (30, 0, 30, 0)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"colour": "red"}, "colour: is not known here"),
        ({"stop": ""}, "a row needs a stop or its minutes"),
        ({"delimiter": "::"}, "delimiter: "),
        ({"date_format": "%d"}, "does not tell year, month and day"),
        ({"charset": "zlib"}, "charset: "),
    ],
)
def test_a_mapping_that_makes_no_sense(desk: Desk, columns: dict[str, Any], words: str) -> None:
    answer = desk.import_log(TWO_ROWS, **columns)
    assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text


# --- a whole night -------------------------------------------------------------------------------------------


@pytest.fixture
def tonight(night: FilledNight) -> Iterator[Desk]:
    with serving(night.station) as url, keyed(url, night.station.key) as api:
        assert api.post(CONTRACTS, json=CONTRACT).status_code == 201
        yield Desk(api, night.station)


def test_a_night_that_the_engine_recorded_is_counted_and_confirmed(tonight: Desk) -> None:
    evidence = {one["starts_at"]: one["evidence"] for one in tonight.month()["airings"]}
    assert evidence == {"2026-11-22T10:00:00Z": "nothing", "2026-11-22T12:00:00Z": "delivered"}
    assert (
        tonight.import_log("2026-11-22,1000,1030,7585,OFF\n2026-11-22,1200,1230,7585,OK\n").status_code == 200
    )
    assert tonight.minutes() == (30, 0, 30, 0)
