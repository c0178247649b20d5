"""What waits for somebody's ear, and in which order."""

from __future__ import annotations

from datetime import timedelta

from app.database import id_of
from app.library.models import Cut, Segment, SegmentState
from app.station.models import Station
from tests.integration.approving.newsroom import CUT_OFF_AT, LETTER_ON, RATE, STARTS_AT, Newsroom
from tests.stations import NOW


def test_what_is_needed_soonest_is_heard_first(newsroom: Newsroom) -> None:
    young = newsroom.recording(title="어제 것")
    newsroom.station.clock.advance(-timedelta(days=3))
    old = newsroom.recording(title="묵은 것")
    newsroom.station.clock.advance(timedelta(days=3))
    tomorrow = newsroom.letter(awaited_on=LETTER_ON + timedelta(days=1))
    [news] = [id_of(one) for one in newsroom.rows(Segment, Segment.kind == "news")]
    newsroom.compiled(newsroom.airings[0])
    newsroom.edit(news, gain_db=3)
    tonight = newsroom.letter()
    newsroom.letter(awaited_on=LETTER_ON - timedelta(days=9), title="지난 편지")
    newsroom.recording(state=SegmentState.approved)
    newsroom.recording(state=SegmentState.rejected)
    ids = [one["segment_id"] for one in newsroom.queue()]
    assert ids[:4] == [tonight, tomorrow, news, old]
    assert young in ids[4:]
    assert len(ids) == 6
    assert [one["segment_id"] for one in newsroom.queue(limit=2)] == [tonight, tomorrow]
    assert newsroom.approver.get("/api/v1/approvals", params={"limit": 2}).json()["waiting"] == 6


def test_it_says_for_which_airing_until_when(newsroom: Newsroom) -> None:
    newsroom.letter()
    [letter] = newsroom.queue()
    [wanted] = letter["wanted_by"]
    assert wanted["airing_id"] == newsroom.airings[0]
    assert (wanted["programme"], wanted["how"], wanted["late"]) == ("밤의 목소리", "awaited", False)
    assert wanted["starts_at"] == STARTS_AT.isoformat().replace("+00:00", "Z")
    assert wanted["seconds_left"] == (CUT_OFF_AT - NOW).total_seconds()
    newsroom.station.clock.at = CUT_OFF_AT + timedelta(minutes=1)
    [wanted] = newsroom.queue()[0]["wanted_by"]
    assert (wanted["late"], wanted["seconds_left"]) == (True, 0)
    newsroom.station.clock.at = STARTS_AT + timedelta(minutes=1)
    assert newsroom.queue()[0]["wanted_by"] == []


def test_an_edit_of_what_was_approved_says_that_the_older_cut_airs(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    assert newsroom.approver.post(f"/api/v1/segments/{letter}/approve").status_code == 200
    assert newsroom.queue() == []
    newsroom.compiled(newsroom.airings[0])
    newsroom.edit(letter, removed=[[RATE, 2 * RATE]])
    [waiting] = newsroom.queue()
    assert (waiting["cut"], waiting["approved_cut"], waiting["edited_only"]) == (2, 1, True)
    assert [(one["airing_id"], one["how"]) for one in waiting["wanted_by"]] == [
        (newsroom.airings[0], "airs_older_cut")
    ]


def test_it_says_what_to_listen_for(newsroom: Newsroom) -> None:
    letter = newsroom.letter(
        silences=[[10 * RATE, 15 * RATE]],
        clipped_samples=7,
        damaged=True,
        loudness_lufs=-48.0,
        script="안녕하십니까.",
        pseudonym="하늘",
    )
    [waiting] = newsroom.queue()
    assert set(waiting["warnings"]) == {"damaged", "clipped", "long_silence", "faint"}
    assert (waiting["longest_silence_s"], waiting["has_script"], waiting["has_notes"]) == (5.0, True, False)
    assert (waiting["pseudonym"], waiting["duration_s"], waiting["made_by_name"]) == ("하늘", 100.0, "김하늘")
    newsroom.edit(letter, removed=[[11 * RATE, 15 * RATE]])
    [waiting] = newsroom.queue()
    assert waiting["longest_silence_s"] == 1.0, "what was cut out is not heard"
    assert "long_silence" not in waiting["warnings"]


def test_where_somebody_else_approves_the_maker_is_told_that_they_may_not(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    assert newsroom.queue(newsroom.editor)[0]["may_i"]
    newsroom.change(Station, 1, approved_by_another=True)
    [own], [others] = newsroom.queue(newsroom.editor), newsroom.queue(newsroom.approver)
    assert not own["may_i"]
    assert "somebody else" in own["why_not"]
    assert (others["may_i"], others["why_not"]) == (True, None)
    newsroom.edit(letter, newsroom.approver, gain_db=1)
    assert not newsroom.queue(newsroom.approver)[0]["may_i"]


def test_what_was_edited_while_somebody_listened_is_not_approved(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    path = f"/api/v1/segments/{letter}"
    [waiting] = newsroom.queue()
    newsroom.edit(letter, gain_db=3)
    stale = newsroom.approver.post(f"{path}/approve", json={"cut": waiting["cut"]})
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:danpa:problem:stale")
    held = newsroom.approver.post(f"{path}/approve", headers={"If-Match": f'"{waiting["revision"]}"'})
    assert held.status_code == 412
    assert newsroom.rows(Segment, Segment.id == letter)[0].state == "draft"
    [waiting] = newsroom.queue()
    assert newsroom.approver.post(f"{path}/approve", json={"cut": waiting["cut"]}).json()["approved_cut"] == 2
    again = newsroom.approver.post(f"{path}/approve", json={"cut": 2})
    assert again.json()["type"] == "urn:danpa:problem:wrong-state"
    assert [one.approved_by for one in newsroom.rows(Cut, Cut.segment_id == letter)] == [None, 2]


def test_a_rejected_draft_waits_for_nobody(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    rejected = newsroom.approver.post(f"/api/v1/segments/{letter}/reject", json={"reason": "이름"})
    assert rejected.json()["state"] == "rejected"
    assert newsroom.queue() == []
    newsroom.edit(letter, gain_db=-1)
    assert [one["segment_id"] for one in newsroom.queue()] == [letter]
