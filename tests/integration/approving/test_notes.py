"""Notes where something is heard, and where that is after an edit."""

from __future__ import annotations

from typing import Any

import pytest

from app.events.models import Event
from tests.integration.approving.newsroom import RATE, Newsroom


def note(newsroom: Newsroom, segment_id: int, **body: Any) -> dict[str, Any]:
    answer = newsroom.approver.post(f"/api/v1/segments/{segment_id}/notes", json={"text": "이름"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def places(newsroom: Newsroom, segment_id: int) -> list[float | None]:
    """Where each note stands in the newest cut, in seconds."""
    notes = newsroom.editor.get(f"/api/v1/segments/{segment_id}/notes").json()["items"]
    return [one["at_newest_s"] for one in notes]


def test_a_note_is_read_until_somebody_says_that_it_is_done(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    made = note(newsroom, letter, at_s=12.5)
    assert (made["cut"], made["at_sample"], made["author"]) == (1, 12.5 * RATE, "이강")
    note(newsroom, letter)
    assert newsroom.queue()[0]["open_notes"] == 2
    done = newsroom.editor.post(f"/api/v1/notes/{made['id']}/resolve").json()
    assert done["resolved_by"] == newsroom.editor_id
    again = newsroom.approver.post(f"/api/v1/notes/{made['id']}/resolve").json()
    assert again == done
    assert newsroom.queue()[0]["open_notes"] == 1
    assert newsroom.editor.post("/api/v1/notes/99/resolve").status_code == 404
    told = [one for one in newsroom.rows(Event, Event.subject == "segment") if one.subject_id == letter]
    assert len(told) == 3


def test_a_note_moves_with_what_it_is_about(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    for at_s in (5, 20, 25, 50, 100):
        note(newsroom, letter, at_s=at_s)
    note(newsroom, letter)
    newsroom.edit(letter, removed=[[20 * RATE, 30 * RATE]])
    assert places(newsroom, letter) == [5, None, None, 40, 90, None]
    note(newsroom, letter, at_s=40)  # what was at 50 s
    newsroom.edit(letter, first_sample=4 * RATE, removed=[[6 * RATE, 7 * RATE]])
    assert places(newsroom, letter) == [1, 15, 20, 45, 95, None, 45]
    newsroom.edit(letter)
    assert places(newsroom, letter) == [5, 20, 25, 50, 100, None, 50]


def test_the_silence_before_a_recording_is_part_of_what_is_played(newsroom: Newsroom) -> None:
    letter = newsroom.letter(cue_in=2 * RATE)
    note(newsroom, letter, at_s=10)
    note(newsroom, letter, at_s=1)
    newsroom.edit(letter, gain_db=2)
    assert places(newsroom, letter) == [10, 1], "a louder cut plays the same file"
    newsroom.edit(letter, removed=[[50 * RATE, 60 * RATE]])
    assert places(newsroom, letter) == [8, None]
    note(newsroom, letter, cut=0, at_s=70)
    assert places(newsroom, letter) == [8, None, 58]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"at_s": 100.01}, "behind the end of cut 1 of segment 4, which is at 1:40"),
        ({"at_sample": 2**52}, "give a place within it"),
        ({"at_s": -1}, "at_s"),
        ({"at_s": 1, "at_sample": 48000}, "not both"),
        ({"text": " \n "}, "empty"),
        ({"text": ""}, "text"),
    ],
)
def test_a_note_that_is_none_is_refused(newsroom: Newsroom, body: dict[str, Any], words: str) -> None:
    letter = newsroom.letter()
    answer = newsroom.approver.post(f"/api/v1/segments/{letter}/notes", json={"text": "이름"} | body)
    assert answer.status_code == 422
    assert words in answer.text
    assert newsroom.editor.get(f"/api/v1/segments/{letter}/notes").json()["items"] == []


def test_a_place_of_what_is_not_there_is_refused(newsroom: Newsroom) -> None:
    letter = newsroom.letter()
    path = f"/api/v1/segments/{letter}/notes"
    newsroom.editor.put(f"/api/v1/segments/{letter}/edits", json={"removed": [[RATE, 2 * RATE]]})
    making = newsroom.approver.post(path, json={"text": "이름", "at_s": 3})
    assert (making.status_code, making.json()["type"]) == (409, "urn:danpa:problem:still-cutting")
    assert newsroom.approver.post(path, json={"text": "이름", "cut": 1, "at_s": 3}).status_code == 201
    assert newsroom.approver.post(path, json={"text": "이름", "cut": 9, "at_s": 3}).status_code == 404
    assert newsroom.approver.post("/api/v1/segments/99/notes", json={"text": "이름"}).status_code == 404
    assert places(newsroom, letter) == [2], "known from the edits, before it is made"
