"""Seasons, and the plan for the next one."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.moves.models import LineChange
from app.moves.seasons import _dates_in
from app.programmes.times import SlotTimes
from schedules.days import EVERY_DAY
from schedules.season import season
from schedules.slots import Slot, check_season_changes, occurrences
from tests.integration.moves.desk import Desk


def roll(desk: Desk, code: str = "B26", **query: Any) -> dict[str, Any]:
    answer = desk.api.post(f"/api/v1/seasons/{code}/rollover", params=query)
    assert answer.status_code == 200, answer.text
    rolled: dict[str, Any] = answer.json()
    return rolled


def test_seasons_tell_their_dates_and_lines(desk: Desk) -> None:
    desk.move(from_date="2027-01-01")
    items = desk.api.get("/api/v1/seasons").json()["items"]
    assert [(row["code"], row["lines"], row["drafted"], row["asked"]) for row in items] == [
        ("B26", 1, 0, 1),
        ("A27", 0, 0, 0),
    ]
    assert (items[0]["starts_at"], items[0]["ends_at"]) == ("2026-10-25T01:00:00Z", "2027-03-28T01:00:00Z")


def test_a_dry_run_says_what_a_rollover_would_make(desk: Desk) -> None:
    rolled = roll(desk, dry_run="true")
    assert (rolled["old"], rolled["new"], "UTC times" in rolled["note"]) == ("B26", "A27", True)
    for made in (*rolled["slots"], *rolled["lines"]):
        assert (made["outcome"], made["made_id"]) == ("made", None)
        assert (made["first_date"], made["last_date"]) == ("2027-03-28", "2027-10-30")
    assert len(desk.api.get("/api/v1/slots").json()["items"]) == 1
    assert not desk.rows(LineChange)


def test_a_rollover_keeps_utc_and_makes_drafts(desk: Desk) -> None:
    desk.api.put(
        "/api/v1/slots/1/pool", json={"entries": [{"khz": 7400, "legal_status": "cleared until 2027-03-28"}]}
    )
    rolled = roll(desk)
    slot = rolled["slots"][0]["made_id"]
    shown = desk.api.get(f"/api/v1/slots/{slot}").json()
    assert (shown["utc"]["start"], shown["kst"]["start"]) == ("2000", "0500")
    assert (shown["utc"]["first_date"], shown["utc"]["last_date"]) == ("2027-03-28", "2027-10-30")
    draft = desk.change(rolled["lines"][0]["made_id"])
    assert (draft["kind"], draft["state"], draft["slot_id"]) == ("new", "draft", slot)
    assert (draft["khz"], draft["power_kw"], draft["rolled_from_id"]) == (7490, 100, 1)
    assert desk.lines() == [(7490, "2026-10-25", "2027-03-27")], "no site has agreed yet"
    (entry,) = desk.api.get(f"/api/v1/slots/{slot}/pool").json()["entries"]
    assert (entry["legal_status"], entry["note"]) == ("", "in B26: cleared until 2027-03-28")


def test_a_second_rollover_makes_only_what_is_missing(desk: Desk) -> None:
    first = roll(desk)
    again = roll(desk)
    assert {row["outcome"] for row in (*again["slots"], *again["lines"])} == {"there"}
    draft = first["lines"][0]["made_id"]
    edit = {
        "slot_id": first["slots"][0]["made_id"],
        "site_id": 1,
        "khz": 9400,
        "reason": "quiet",
        "draft": True,
    }
    edited = desk.api.put(f"/api/v1/line-changes/{draft}", json=edit, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.json()["khz"], edited.json()["state"]) == (200, 9400, "draft")
    assert (
        desk.api.put(f"/api/v1/line-changes/{draft}", json=edit, headers={"If-Match": '"1"'}).status_code
        == 412
    )
    assert roll(desk)["lines"][0]["outcome"] == "there", "the draft was only worked on"
    late = desk.add("lines", slot_id=1, site_id=2, khz=9650)
    rolled = {row["old_id"]: row["outcome"] for row in roll(desk)["lines"]}
    assert rolled == {1: "there", late: "made"}


def test_a_draft_that_was_agreed_to_is_a_line_of_the_new_season(desk: Desk) -> None:
    draft = roll(desk)["lines"][0]["made_id"]
    desk.post("line-changes/request", change_ids=[draft])
    desk.answer(draft)
    assert desk.lines()[-1] == (7490, "2027-03-28", "2027-10-30")
    assert roll(desk)["lines"][0]["outcome"] == "there"
    assert [row["lines"] for row in desk.api.get("/api/v1/seasons").json()["items"]] == [1, 1]


def test_of_a_line_that_was_moved_its_last_frequency_goes_on(desk: Desk) -> None:
    desk.answer(desk.move(from_date="2027-01-01")["id"])
    rolled = roll(desk)["lines"]
    assert [(row["outcome"], row["why"][:19]) for row in rolled] == [
        ("left_out", "it ended on 2026-12"),
        ("made", ""),
    ]


def test_what_goes_on_by_itself_is_left_alone(desk: Desk) -> None:
    slot = desk.add(
        "slots", programme_id=1, start="0900", stop="0930", days="daily",
        first_date="2026-10-25", last_date="2027-06-30",
    )  # fmt: skip
    desk.add("lines", slot_id=slot, site_id=1, khz=9400, last_date="2027-03-27")
    desk.add("lines", slot_id=slot, site_id=1, khz=9500)
    rolled = roll(desk)
    assert [row["outcome"] for row in rolled["slots"]] == ["made", "there"]
    assert [row["outcome"] for row in rolled["lines"]] == ["made", "made", "there"]
    draft = desk.change(rolled["lines"][1]["made_id"])
    assert (draft["slot_id"], draft["last_date"]) == (slot, "2027-06-30"), "no longer than its slot"


def test_seasons_that_are_none_or_over_are_refused(desk: Desk) -> None:
    assert desk.api.post("/api/v1/seasons/C26/rollover").status_code == 422
    assert desk.api.post("/api/v1/seasons/B24/rollover").status_code == 422


@given(
    st.sampled_from(["A26", "B26", "A27", "B31"]),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
def test_rolled_over_dates_fill_the_season_and_cross_neither_change(code: str, start: int, stop: int) -> None:
    within = season(code)
    first, last = _dates_in(within, SlotTimes(start, stop, EVERY_DAY, date.min, date.max))
    if start == stop:
        return
    slot = Slot(start, stop, EVERY_DAY, first, last)
    check_season_changes(slot, within.span)
    days = list(occurrences(slot, within.span))
    assert len(days) == (last - first).days + 1
    every = Slot(start, stop, EVERY_DAY, date(2026, 1, 1), date(2033, 1, 1))
    whole = [each for each in occurrences(every, within.span) if each.end <= within.end]
    assert days == whole
