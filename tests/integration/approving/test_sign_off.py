"""The signature under a whole rundown."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.airings.models import Airing
from app.library.models import Segment
from tests.integration.approving.newsroom import Newsroom


def sign(newsroom: Newsroom, version: int, by: httpx.Client | None = None) -> httpx.Response:
    path = f"/api/v1/airings/{newsroom.airings[0]}/sign-off"
    return (by or newsroom.approver).post(path, json={"version": version})


def shown(newsroom: Newsroom) -> dict[str, Any]:
    found: dict[str, Any] = newsroom.editor.get(f"/api/v1/airings/{newsroom.airings[0]}").json()
    listed = newsroom.editor.get("/api/v1/airings").json()["items"]
    assert next(one for one in listed if one["id"] == found["id"]) == found
    return found


@pytest.fixture
def news(newsroom: Newsroom) -> int:
    """The first item of the compiled rundown."""
    newsroom.compiled(newsroom.airings[0])
    [row] = newsroom.rows(Segment, Segment.kind == "news")
    assert row.id is not None
    return row.id


def test_a_signature_is_of_one_version_and_of_one_person(newsroom: Newsroom, news: int) -> None:
    assert not shown(newsroom)["is_signed"]
    first = sign(newsroom, 1)
    assert (first.status_code, first.json()["by"]) == (200, "이강")
    newsroom.station.clock.at = newsroom.station.clock.at.replace(minute=30)
    assert sign(newsroom, 1).json() == first.json(), "a repeat changes nothing"
    sign(newsroom, 1, newsroom.editor)
    airing = shown(newsroom)
    assert [(one["version"], one["by"]) for one in airing["signed_off"]] == [(1, "이강"), (1, "김하늘")]
    assert airing["is_signed"]
    newsroom.compiled(newsroom.airings[0])
    airing = shown(newsroom)
    assert len(airing["signed_off"]) == 2
    assert not airing["is_signed"], "nobody has seen the newer one"
    assert sign(newsroom, 1).json()["type"] == "urn:danpa:problem:stale"
    assert sign(newsroom, 3).json()["type"] == "urn:danpa:problem:stale"
    assert sign(newsroom, 2).status_code == 200
    assert shown(newsroom)["is_signed"]


def test_nothing_is_signed_while_a_note_is_open(newsroom: Newsroom, news: int) -> None:
    other = newsroom.recording(title="다른 방송")
    for segment_id in (news, other):
        newsroom.approver.post(f"/api/v1/segments/{segment_id}/notes", json={"text": "이름", "at_s": 3})
    refused = sign(newsroom, 1)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:danpa:problem:not-settled")
    assert f"segment {news} has 1 open note" in refused.json()["detail"]
    assert f"segment {other}" not in refused.json()["detail"]
    assert shown(newsroom)["signed_off"] == []
    newsroom.editor.post("/api/v1/notes/1/resolve")
    assert sign(newsroom, 1).status_code == 200


def test_nothing_is_signed_while_an_edit_of_it_waits(newsroom: Newsroom, news: int) -> None:
    newsroom.edit(news, gain_db=3)
    refused = sign(newsroom, 1)
    assert f"cut 2 of segment {news} waits to be approved" in refused.json()["detail"]
    newsroom.approver.post(f"/api/v1/segments/{news}/approve")
    assert sign(newsroom, 1).status_code == 200


def test_there_must_be_something_to_sign(newsroom: Newsroom) -> None:
    assert "not compiled" in sign(newsroom, 1).json()["detail"]
    newsroom.compiled(newsroom.airings[0])
    newsroom.change(Airing, newsroom.airings[0], state="cancelled")
    assert "is cancelled" in sign(newsroom, 1).json()["detail"]
    assert newsroom.editor.post("/api/v1/airings/99/sign-off", json={"version": 1}).status_code == 404
    assert sign(newsroom, 0).status_code == 422
