"""A segment's page over HTTP: what may be done with it, by whom, and what its scripts are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.database import writing
from app.library.cuts import take_edits
from app.library.models import Segment, SegmentState
from app.station.models import Station
from tests.nights import FilledNight
from tests.stations import SmallStation, keyed

Browser = Callable[..., httpx.Client]
RATE = 48_000
SOUND: dict[str, Any] = {
    "samples": 60 * RATE,
    "cue_in": 0,
    "cue_out": 60 * RATE,
    "loudness_lufs": -20.0,
    "peak_dbtp": -3.0,
    "master_sha256": "a" * 64,
}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]*>", "", page, flags=re.DOTALL))


def for_scripts(page: str) -> dict[str, Any]:
    found = re.search(r'id="segment">(.*?)</script>', page, re.DOTALL)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def buttons(page: str) -> set[str]:
    return {text_of(found).strip() for found in re.findall(r"<button.*?</button>", page, re.DOTALL)}


@pytest.fixture
def draft(demo_station: SmallStation) -> int:
    return demo_station.add_segment(
        title="편지 <1>", state=SegmentState.draft, created_by=demo_station.person_id, **SOUND
    )


def test_a_draft_may_be_approved_as_the_cut_that_is_shown(draft: int, browser: Browser) -> None:
    client = browser()
    page = client.get(f"/library/{draft}").text
    assert "편지 &lt;1&gt;" in page
    assert "◑ 승인 대기" in text_of(page)
    assert {"편집본 1 승인", "돌려보내기"} <= buttons(page)
    assert "&#34;cut&#34;: 1" in page
    told = for_scripts(page)
    assert (told["cut"], told["editable"], told["samples"]) == (1, True, 60 * RATE)
    assert client.get("/library/999").status_code == 404
    assert client.get("/library/upload").status_code == 404


def test_who_made_it_is_told_before_that_somebody_else_approves_it(
    demo_station: SmallStation, draft: int, browser: Browser
) -> None:
    with writing(demo_station.database) as session:
        session.get_one(Station, 1).approved_by_another = True
    page = browser().get(f"/library/{draft}").text
    assert "편집본 1 승인" not in buttons(page)
    assert "다른 사람이 승인합니다" in text_of(page)


def test_a_cut_that_is_not_made_yet_cannot_be_approved(
    demo_station: SmallStation, draft: int, browser: Browser
) -> None:
    with writing(demo_station.database) as session:
        segment = session.get_one(Segment, draft)
        edits = {"removed": [[RATE, 2 * RATE]]}
        take_edits(session, segment, edits, person_id=demo_station.person_id, now=demo_station.clock())
        session.add(segment)
    page = browser().get(f"/library/{draft}").text
    assert not [name for name in buttons(page) if "승인" in name]
    assert "잘라냄 1곳" in text_of(page)
    assert "이 편집으로 돌아가기" in buttons(page)
    assert [cut["state"] for cut in for_scripts(page)["cuts"]] == ["making", "ready"]


def test_what_was_sent_back_says_why_and_may_be_asked_for_again(
    demo_station: SmallStation, draft: int, browser: Browser
) -> None:
    client = browser()
    url = str(client.base_url)
    with keyed(url, demo_station.key) as machine:
        machine.post(f"/api/v1/segments/{draft}/reject", json={"reason": "2분 10초의 <이름>"})
    page = client.get(f"/library/{draft}").text
    assert "2분 10초의 &lt;이름&gt;" in page
    assert "다시 승인 요청" in buttons(page)


def test_a_recall_names_what_it_is_taken_out_of(night: FilledNight, browser: Browser) -> None:
    client = browser()
    with keyed(str(client.base_url), night.station.key) as machine:
        items = machine.get("/api/v1/segments").json()["items"]
        planned = next(one for one in items if one["kind"] == "news")
    page = client.get(f"/library/{planned['id']}").text
    dialog = re.search(r'<dialog id="recall".*?</dialog>', page, re.DOTALL)
    assert dialog
    assert "다음 방송에서 빠집니다" in dialog[0]
    assert "밤의 목소리" in dialog[0]
    with keyed(str(client.base_url), night.station.key) as machine:
        machine.post(f"/api/v1/segments/{planned['id']}/recall")
    page = client.get(f"/library/{planned['id']}").text
    assert "회수한 녹음입니다" in text_of(page)
    assert "지금 어디에 있는지" in text_of(page)
    assert not for_scripts(page)["editable"]
