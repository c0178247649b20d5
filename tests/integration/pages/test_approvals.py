"""The approval queue over HTTP: what is first, who may decide, what happens then, and what waits for a signature."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.approving.models import SegmentNote
from app.database import id_of, writing
from app.library.models import Segment, SegmentState
from app.programmes.models import Programme
from app.station.models import Station
from tests.nights import AT, FilledNight
from tests.stations import keyed

Browser = Callable[..., httpx.Client]
RATE = 48_000
SOUND: dict[str, Any] = {
    "samples": 60 * RATE,
    "cue_in": 0,
    "cue_out": 60 * RATE,
    "loudness_lufs": -20.0,
    "peak_dbtp": -3.0,
    "master_sha256": "a" * 64,
    "state": SegmentState.draft,
    "created_by": 1,
}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]*>", "", page, flags=re.DOTALL))


def item(page: str) -> str:
    found = re.search(r'<article class="card item".*?</article>', page, re.DOTALL)
    assert found
    return found[0]


def row(page: str, airing_id: int) -> str:
    found = re.search(rf'<li id="sign-{airing_id}">.*?</li>', page, re.DOTALL)
    assert found
    return found[0]


@pytest.fixture
def queue(night: FilledNight) -> tuple[int, int]:
    """A draft that nothing waits for, and a younger one that the programme of 18:00 UTC awaits."""
    with writing(night.station.database) as session:
        programme = session.exec(select(Programme).where(Programme.code == "letters")).one()
        letter = {"type": "awaited", "name": "letter", "required": False}
        programme.clock = [letter, *programme.clock]
    plain = night.station.add_segment(title="옛 이야기", **SOUND)
    awaited = {"awaited_as": "letter", "awaited_on": date(2026, 11, 23)}
    return plain, night.station.add_segment(title="오늘의 편지", script="어머니께", **SOUND, **awaited)


def test_what_an_airing_awaits_is_first_with_its_cut_off_and_what_happens_then(
    queue: tuple[int, int], browser: Browser
) -> None:
    page = browser().get("/approvals").text
    shown = item(page)
    assert "오늘의 편지" in shown
    assert re.search(r"내용 마감까지 \d+시간 \d+분 · 기다리는 방송: 새벽 편지", text_of(shown))
    assert "어머니께" in shown
    assert re.search(r'data-told-after="승인했습니다. 03:00 KST / 18:00 UTC ‘새벽 편지’에 나갑니다."', shown)
    assert page.index("오늘의 편지") < page.index("옛 이야기")


def test_what_is_listened_to_stays_and_what_is_settled_gives_way(
    night: FilledNight, queue: tuple[int, int], browser: Browser
) -> None:
    plain, awaited = queue
    client = browser()
    assert "옛 이야기" in item(client.get(f"/approvals?item={plain}").text)
    with keyed(str(client.base_url), night.station.key) as machine:
        assert machine.post(f"/api/v1/segments/{plain}/approve").status_code == 200
    page = client.get(f"/approvals?item={plain}").text
    assert "이미 처리되었습니다" in page
    assert f'data-path="/api/v1/segments/{awaited}/approve"' in item(page)
    for nonsense in ("x", "-1", "9" * 30):
        assert "오늘의 편지" in item(client.get(f"/approvals?item={nonsense}").text)


def test_who_made_it_has_no_button_but_a_reason(
    night: FilledNight, queue: tuple[int, int], browser: Browser
) -> None:
    with writing(night.station.database) as session:
        session.get_one(Station, 1).approved_by_another = True
    shown = item(browser().get("/approvals").text)
    assert "다른 사람이 승인합니다" in shown
    assert 'id="approve"' not in shown


def test_rundowns_wait_for_a_signature_and_say_what_must_be_settled_first(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    airing = night.airings["1530"]
    page = client.get("/approvals").text
    assert "승인을 기다리는 녹음이 없습니다" in page
    assert f"/api/v1/airings/{airing}/sign-off" in row(page, airing)
    with writing(night.station.database) as session:
        news = session.exec(select(Segment).where(Segment.kind == "news")).one()
        note = SegmentNote(segment_id=id_of(news), cut=1, text="이름", created_at=AT, created_by=1)
        session.add(note)
        session.flush()
        note_id = note.id
    waiting = row(client.get("/approvals").text, airing)
    assert "메모 남음" in waiting
    assert "sign-off" not in waiting
    with keyed(str(client.base_url), night.station.key) as machine:
        machine.post(f"/api/v1/notes/{note_id}/resolve")
        signed = machine.post(f"/api/v1/airings/{airing}/sign-off", json={"version": 1})
    assert signed.status_code == 200, signed.text
    assert f"sign-{airing}" not in client.get("/approvals").text
    night.station.clock.at = AT + timedelta(days=2)
    assert 'id="signing"' not in client.get("/approvals").text
