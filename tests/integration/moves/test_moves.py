"""Changes of lines over the API: what may be asked, what becomes of the lines, and how it is taken back."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from app.airings.models import Airing, AsRun
from app.database import reading, writing
from app.journal.models import JournalEntry
from app.moves.models import LineChange, SiteNotice
from app.moves.service import pending
from tests.integration.moves.desk import LINE, NOW, SLOT, Desk

TONIGHT = date(2026, 11, 22)
FIRST, LAST = "2026-10-25", "2027-03-27"


def is_pending(desk: Desk, day: date = TONIGHT) -> bool:
    with reading(desk.station.database) as session:
        return pending(session, 1, day)


def test_a_dry_run_shows_both_outcomes_and_writes_nothing(desk: Desk) -> None:
    answer = desk.api.post("/api/v1/lines/1/move?dry_run=true", json={"khz": 7585, "reason": "jammed"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["change"] is None
    shown = body["consequences"]
    assert shown["starts_at"] == "2026-11-22T20:00:00Z"
    assert (shown["ask_by"], shown["notice_kept"]) == ("2026-11-22T14:00:00Z", True)
    assert shown["cut_off_at"] == shown["ask_by"], "later the site wants to be asked no more"
    assert [(row["khz"], row["first_date"], row["last_date"]) for row in shown["if_agreed"]] == [
        (7490, FIRST, "2026-11-21"),
        (7585, "2026-11-22", LAST),
    ]
    assert [(row["line_id"], row["khz"]) for row in shown["if_refused"]] == [(1, 7490)]
    assert not desk.rows(LineChange)
    assert desk.lines() == [(7490, FIRST, LAST)]


def test_what_is_shown_is_what_happens(desk: Desk) -> None:
    body: dict[str, Any] = {"khz": 7585, "azimuth": 80, "reason": "jammed", "night": "2026-11-25"}
    shown = desk.api.post("/api/v1/lines/1/move?dry_run=true", json=body).json()["consequences"]["if_agreed"]
    desk.answer(desk.move(**body)["id"])
    lines = desk.api.get("/api/v1/lines").json()["items"]
    names = [name for name in shown[0] if name != "line_id"]
    by_date = sorted(lines, key=lambda row: row["first_date"])
    assert [{name: row[name] for name in names} for row in by_date] == [
        {name: row[name] for name in names} for row in shown
    ]


def test_a_draft_is_asked_of_nobody(desk: Desk) -> None:
    change = desk.move(draft=True)
    assert (change["state"], is_pending(desk), desk.rows(SiteNotice)) == ("draft", False, [])
    assert desk.answer(change["id"]).status_code == 409
    asked = desk.post("line-changes/request", change_ids=[change["id"]]).json()
    assert [one["state"] for one in asked] == ["requested"]
    assert is_pending(desk)


def test_until_the_site_agrees_the_lines_stay_as_they_are(desk: Desk) -> None:
    change = desk.move(from_date="2026-11-25")
    assert desk.lines() == [(7490, FIRST, LAST)]
    assert [is_pending(desk, date(2026, 11, day)) for day in (24, 25, 30)] == [False, True, True]
    answer = desk.answer(change["id"], name="Mr Karimov", note="at 19:55").json()
    assert (answer["state"], answer["answered_by"], answer["answered_how"]) == ("acknowledged", 1, "by phone")
    assert (answer["answered_name"], answer["answer_note"]) == ("Mr Karimov", "at 19:55")
    assert desk.lines() == [(7490, FIRST, "2026-11-24"), (7585, "2026-11-25", LAST)]
    assert not is_pending(desk, date(2026, 11, 25))


def test_the_new_line_keeps_feeds_days_and_power(desk: Desk, tmp_path: Any) -> None:
    feed = desk.add(
        "feeds",
        site_id=1,
        name="folder",
        protocol="folder",
        address=str(tmp_path),
        name_template="{date}_{time}.{ext}",
    )
    desk.api.put("/api/v1/lines/1", json={
        "slot_id": 1, "site_id": 1, "khz": 7490, "power_kw": 250, "days": "Mo-Fr", "feed_ids": [feed],
    })  # fmt: skip
    change = desk.answer(desk.move(azimuth=90)["id"]).json()
    new = desk.api.get(f"/api/v1/lines/{change['new_line_id']}").json()
    assert (new["khz"], new["power_kw"], new["azimuth"], new["feed_ids"]) == (7585, 250, 90, [feed])
    assert (new["days"], new["first_date"]) == ("12345", "2026-11-23"), "from its first day on the air"


def test_a_line_that_has_not_begun_is_changed_itself(desk: Desk) -> None:
    line = desk.add("lines", slot_id=1, site_id=1, khz=6000, first_date="2026-12-01")
    change = desk.answer(desk.move(line, from_date="2026-11-25")["id"]).json()
    assert (change["new_line_id"], change["first_date"]) == (line, "2026-12-01")
    assert (7585, "2026-12-01", LAST) in desk.lines()
    assert desk.undo(change["id"]).status_code == 200
    assert (6000, "2026-12-01", LAST) in desk.lines()


def test_one_night_of_a_weekday_line_leaves_no_line_that_is_never_on_the_air(desk: Desk) -> None:
    line = desk.add("lines", slot_id=1, site_id=1, khz=6000, days="Fr", first_date="2026-11-27", last_date="2026-12-04")  # fmt: skip
    desk.answer(desk.move(line, night="2026-12-04")["id"])
    assert [row for row in desk.lines() if row[0] != 7490] == [
        (6000, "2026-11-27", "2026-12-03"),
        (7585, "2026-12-04", "2026-12-04"),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"khz": 7490}, "khz"),
        ({"khz": 75}, "khz"),
        ({"night": "2026-11-21"}, "night"),
        ({"night": "2027-04-01"}, "night"),
        ({"night": "2026-11-25", "from_date": "2026-11-25"}, "night"),
        ({"from_date": "2026-11-01"}, "from_date"),
        ({"from_date": "2027-04-01"}, "from_date"),
        ({"site_id": 9}, "site_id"),
        ({"feed_ids": [1]}, "feed_ids"),
        ({"cut_off_at": "2026-11-22T08:00:00Z"}, "cut_off_at"),
        ({"cut_off_at": "2026-11-22T21:00:00Z"}, "cut_off_at"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = desk.post("lines/1/move", **{"khz": 7585, "reason": "jammed"} | body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert not desk.rows(LineChange)


def test_from_now_is_from_the_next_start_that_is_to_come(desk: Desk) -> None:
    desk.station.clock.at = NOW.replace(hour=20)
    assert desk.move()["starts_at"] == "2026-11-23T20:00:00Z"


def test_a_second_change_of_a_line_waits_for_the_first(desk: Desk) -> None:
    first = desk.move()["id"]
    second = desk.post("lines/1/move", khz=9400, reason="jammed")
    assert second.status_code == 409
    assert f"has not answered change {first}" in second.json()["detail"]
    assert desk.post("lines/1/end", reason="closed").status_code == 409
    edited = desk.api.put("/api/v1/lines/1", json={"slot_id": 1, "site_id": 1, "khz": 6000})
    assert edited.status_code == 409, "the site has been told of this line"
    assert desk.api.delete("/api/v1/lines/1").status_code == 409
    desk.answer(first, "refused")
    assert desk.move(khz=9400)["state"] == "requested"


def test_a_draft_whose_line_was_changed_is_not_asked_for(desk: Desk) -> None:
    draft = desk.move(draft=True)["id"]
    desk.api.put("/api/v1/lines/1", json={"slot_id": 1, "site_id": 1, "khz": 6000})
    refused = desk.post("line-changes/request", change_ids=[draft])
    assert refused.status_code == 409
    assert desk.change(draft)["state"] == "draft"


def test_of_two_people_who_answer_at_once_one_is_heard(desk: Desk) -> None:
    change = desk.move()["id"]
    gate, statuses = threading.Barrier(2), []

    def answer(what: str) -> None:
        gate.wait()
        statuses.append(desk.answer(change, what).status_code)

    threads = [threading.Thread(target=answer, args=(what,)) for what in ("acknowledged", "refused")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 409]
    changed = len(desk.lines()) == 2
    assert changed == (desk.change(change)["state"] == "acknowledged")


def test_an_answer_after_an_undo_changes_nothing(desk: Desk) -> None:
    change = desk.move()["id"]
    assert desk.undo(change).json()["undone_by"] == 1
    late = desk.answer(change)
    assert late.status_code == 409
    assert "undone since 2026-11-22 09:00 UTC" in late.json()["detail"]
    assert desk.undo(change).status_code == 409
    assert desk.lines() == [(7490, FIRST, LAST)]
    assert not is_pending(desk)


def test_an_agreement_comes_too_late_once_the_first_day_has_begun(desk: Desk) -> None:
    change = desk.move()["id"]
    desk.station.clock.at = NOW.replace(hour=20)
    late = desk.answer(change)
    assert (late.status_code, "ask anew" in late.json()["detail"]) == (409, True)
    assert desk.answer(change, "refused").status_code == 200


def test_undo_gives_back_the_lines_as_they_were(desk: Desk) -> None:
    before = desk.api.get("/api/v1/lines/1").json()
    change = desk.answer(desk.move(night="2026-11-25")["id"]).json()
    assert len(desk.lines()) == 3
    assert desk.undo(change["id"]).status_code == 200
    after = desk.api.get("/api/v1/lines/1").json()
    assert {**after, "revision": 0} == {**before, "revision": 0}
    assert desk.lines() == [(7490, FIRST, LAST)]
    assert {row.kind for row in desk.rows(SiteNotice)} == {"request", "withdrawal"}


def test_changes_that_build_on_each_other_are_undone_from_the_last(desk: Desk) -> None:
    first = desk.answer(desk.move(from_date="2026-11-25")["id"]).json()
    second = desk.answer(desk.move(first["new_line_id"], khz=9400, night="2026-12-24")["id"]).json()
    refused = desk.undo(first["id"])
    assert (refused.status_code, f"change {second['id']}" in refused.json()["detail"]) == (409, True)
    assert desk.undo(second["id"]).status_code == 200
    assert desk.undo(first["id"]).status_code == 200
    assert desk.lines() == [(7490, FIRST, LAST)]


def test_a_draft_for_a_line_that_was_taken_back_is_asked_of_nobody(desk: Desk) -> None:
    made = desk.answer(desk.move(from_date="2026-12-01")["id"]).json()
    draft = desk.move(made["new_line_id"], khz=7600, from_date="2026-12-10", draft=True)["id"]
    assert desk.undo(made["id"]).status_code == 200
    asked = desk.post("line-changes/request", change_ids=[draft])
    assert (asked.status_code, "taken back" in asked.json()["detail"]) == (409, True)
    assert desk.undo(draft).status_code == 200


def test_a_line_that_the_next_season_goes_on_from_is_not_taken_back(desk: Desk) -> None:
    made = desk.answer(desk.move(from_date="2026-12-01")["id"]).json()
    assert desk.post("seasons/B26/rollover").status_code == 200
    (draft,) = [row.id for row in desk.rows(LineChange) if row.rolled_from_id == made["new_line_id"]]
    refused = desk.undo(made["id"])
    assert (refused.status_code, f"change {draft} builds on" in refused.json()["detail"]) == (409, True)
    desk.undo(draft)
    assert desk.undo(made["id"]).status_code == 200


def test_a_line_that_somebody_changed_since_is_not_overwritten_by_an_undo(desk: Desk) -> None:
    change = desk.answer(desk.move(from_date="2026-11-25")["id"]).json()
    edit = {"slot_id": 1, "site_id": 1, "khz": 7585, "power_kw": 250, "first_date": "2026-11-25"}
    assert desk.api.put(f"/api/v1/lines/{change['new_line_id']}", json=edit).status_code == 200
    refused = desk.undo(change["id"])
    assert (refused.status_code, "was changed by somebody" in refused.json()["detail"]) == (409, True)


def test_what_was_on_the_air_is_not_undone(desk: Desk) -> None:
    change = desk.answer(desk.move()["id"]).json()
    desk.station.clock.at = NOW.replace(hour=20)
    desk.watch()
    assert desk.change(change["id"])["state"] == "in_effect"
    assert desk.undo(change["id"]).status_code == 409
    assert desk.lines() == [(7490, FIRST, "2026-11-21"), (7585, "2026-11-22", LAST)]


def test_the_record_keeps_a_line_from_being_moved_under_it(desk: Desk) -> None:
    """Its dates were edited after it was on the air: what is left of it begins with the change."""
    with writing(desk.station.database) as session:
        at = NOW - timedelta(days=10)
        session.add(
            Airing(slot_id=1, starts_at=at, stops_at=at, target_samples=1, compile_at=at, created_at=at)
        )
        session.flush()
        session.add(
            AsRun(
                airing_id=1,
                line_id=1,
                position=-1,
                source="nothing",
                starts_at=at,
                ends_at=at,
                evidence="planned",
            )
        )
    desk.api.put(
        "/api/v1/lines/1", json={"slot_id": 1, "site_id": 1, "khz": 7490, "first_date": "2026-11-22"}
    )
    refused = desk.post("lines/1/move", khz=7585, reason="jammed")
    assert (refused.status_code, "was on the air before" in refused.json()["detail"]) == (409, True)


def test_an_end_is_agreed_to_like_a_move(desk: Desk) -> None:
    answer = desk.post("lines/1/end", from_date="2027-01-01", reason="the site closes")
    change = answer.json()["change"]
    assert (change["kind"], change["khz"]) == ("end", 7490)
    assert is_pending(desk, date(2027, 1, 1))
    desk.answer(change["id"])
    assert desk.lines() == [(7490, FIRST, "2026-12-31")]
    desk.undo(change["id"])
    assert desk.lines() == [(7490, FIRST, LAST)]


def test_a_new_line_is_one_once_its_site_agrees(desk: Desk) -> None:
    wanted = {
        "slot_id": 1,
        "site_id": 2,
        "khz": 9650,
        "first_date": "2026-12-01",
        "reason": "a second frequency",
    }
    change = desk.post("line-changes", **wanted).json()["change"]
    assert (change["kind"], desk.lines()) == ("new", [(7490, FIRST, LAST)])
    desk.answer(change["id"])
    assert desk.lines() == [(7490, FIRST, LAST), (9650, "2026-12-01", LAST)]
    assert desk.undo(change["id"]).status_code == 200
    assert desk.lines() == [(7490, FIRST, LAST)]


def test_another_site_must_agree_and_the_old_one_is_told(desk: Desk, tmp_path: Any) -> None:
    feed = desk.add(
        "feeds",
        site_id=2,
        name="pao",
        protocol="folder",
        address=str(tmp_path),
        name_template="{date}_{time}.{ext}",
    )
    change = desk.move(site_id=2, feed_ids=[feed])
    assert change["site_id"] == 2
    assert [row.mail_to for row in desk.rows(SiteNotice)] == ["desk@pao.example"]
    answered = desk.answer(change["id"]).json()
    new = desk.api.get(f"/api/v1/lines/{answered['new_line_id']}").json()
    assert (new["site_id"], new["feed_ids"]) == (2, [feed])
    told = desk.rows(SiteNotice)[1]
    assert (told.kind, told.mail_to) == ("ending", "schedule@tac.example")
    assert "please do not transmit it" in told.body


def test_a_move_out_of_the_pool_is_allowed_and_noted(desk: Desk) -> None:
    pool = {"entries": [
        {"khz": 7400, "site_id": 1, "legal_status": "cleared until 2027-03-28", "note": "quiet in spring"},
        {"khz": 9650},
    ]}  # fmt: skip
    shown = desk.api.put("/api/v1/slots/1/pool", json=pool)
    assert [(row["khz"], row["site_id"]) for row in shown.json()["entries"]] == [(7400, 1), (9650, None)]
    assert desk.api.get("/api/v1/slots/1/pool").json() == shown.json()

    def notes(khz: int) -> list[str]:
        answer = desk.api.post("/api/v1/lines/1/move?dry_run=true", json={"khz": khz, "reason": "jammed"})
        return [note["text"] for note in answer.json()["consequences"]["notes"]]

    assert notes(7400) == ["in the pool: cleared until 2027-03-28"]
    assert notes(9650) == []
    assert notes(9400) == ["9400 kHz is not in the pool of slot 1: is it cleared?"]


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([{"khz": 5}], "entries.0.khz"),
        ([{"khz": 7585}, {"khz": 7585}], "entries.1.khz"),
        ([{"khz": 7585, "site_id": 9}], "entries.0.site_id"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(desk: Desk, entries: list[dict[str, int]], field: str) -> None:
    answer = desk.api.put("/api/v1/slots/1/pool", json={"entries": entries})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert desk.api.get("/api/v1/slots/1/pool").json() == {"entries": []}
    assert desk.api.get("/api/v1/slots/9/pool").status_code == 404


def test_who_asked_agreed_and_took_back_is_in_the_journal(desk: Desk) -> None:
    change = desk.move()["id"]
    desk.answer(change)
    desk.undo(change)
    done = [
        (row.action, row.person_id) for row in desk.rows(JournalEntry) if row.action.startswith("change.")
    ]
    assert done == [(f"change.{what}", 1) for what in ("drafted", "requested", "acknowledged", "undone")]


def test_changes_are_listed_by_what_is_open(desk: Desk) -> None:
    first = desk.move()["id"]
    desk.answer(first, "refused")
    second = desk.move(khz=9400)["id"]

    def ids(query: str) -> list[int]:
        return [row["id"] for row in desk.api.get(f"/api/v1/line-changes?{query}").json()["items"]]

    assert (ids("pending=true"), ids("state=refused"), ids("line_id=1")) == (
        [second],
        [first],
        [second, first],
    )
    assert desk.api.get("/api/v1/line-changes/9").status_code == 404


def test_a_move_tells_what_it_would_do_to_others(desk: Desk) -> None:
    slot = desk.add("slots", **SLOT | {"start": "2015", "stop": "2045"})
    desk.add("lines", slot_id=slot, site_id=2, khz=9400, ciraf_zones="44NE")

    def conflicts(khz: int, **body: Any) -> list[tuple[str, int]]:
        wanted = {"khz": khz, "reason": "jammed"} | body
        shown = desk.api.post("/api/v1/lines/1/move?dry_run=true", json=wanted).json()["consequences"]
        return [(each["level"], each["occurrences"]) for each in shown["conflicts"]]

    assert conflicts(9500) == []
    assert conflicts(9405, night="2026-11-25") == [("adjacent-channel", 1)]
    assert conflicts(9400, from_date="2027-03-20") == [("own-co-channel", 8)]
    assert conflicts(7490, azimuth=80) == [], "the line that it takes the place of is no conflict"


def test_a_slot_keeps_its_times_while_a_site_thinks_about_them(desk: Desk) -> None:
    change = desk.move()["id"]
    later = SLOT | {"start": "2030", "stop": "2100"}
    assert desk.api.put("/api/v1/slots/1", json=later).status_code == 409
    assert desk.api.put("/api/v1/slots/1", json=SLOT | {"early_off_s": 10}).status_code == 200
    desk.undo(change)
    assert desk.api.put("/api/v1/slots/1", json=later).status_code == 200
    draft = desk.move(draft=True)
    assert draft["starts_at"] == "2026-11-22T20:30:00Z"


def test_a_slot_with_a_line_to_be_keeps_its_dates(desk: Desk) -> None:
    wanted = {
        "slot_id": 1,
        "site_id": 2,
        "khz": 9650,
        "first_date": "2027-03-01",
        "reason": "a second frequency",
    }
    desk.post("line-changes", **wanted)
    desk.api.put("/api/v1/lines/1", json=LINE | {"last_date": "2026-12-31"})
    shorter = desk.api.put("/api/v1/slots/1", json=SLOT | {"last_date": "2026-12-31"})
    assert (shorter.status_code, "change 1" in shorter.json()["detail"]) == (409, True)
