"""What people read of programmes and of one airing, and what cannot be found."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import select

from app.airings.editing import apply_edits
from app.airings.models import Airing
from app.database import writing
from app.programmes.models import Programme, Slot
from schedules.edits import Swap
from tests.nights import AT, FilledNight, compiled
from tests.stations import SmallStation

Browser = Callable[..., httpx.Client]


def text_of(page: str) -> str:
    """What is read, without the marks."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page)))


def test_without_a_programme_the_page_teaches_what_one_is(
    demo_station: SmallStation, browser: Browser
) -> None:
    page = text_of(browser().get("/programmes").text)
    assert "아직 프로그램이 없습니다" in page
    assert "첫 프로그램 만들기" in page


def test_every_clock_that_is_offered_can_be_saved(demo_station: SmallStation, browser: Browser) -> None:
    client = browser()
    page = client.get("/programmes").text
    [token] = re.findall(r'name="csrf-token" content="([^"]+)"', page)
    offered = [json.loads(html.unescape(value)) for value in re.findall(r'<option value="(\[.*?\])">', page)]
    assert len(offered) == 4
    for number, clock in enumerate(offered):
        body = {"title": "시험", "code": f"starter-{number}", "clock": clock}
        made = client.post("/api/v1/programmes", json=body, headers={"X-CSRF-Token": token})
        assert made.status_code == 201, made.text


def test_the_list_says_when_each_airs_and_what_is_missing(night: FilledNight, browser: Browser) -> None:
    with writing(night.station.database) as session:
        session.add(Programme(title="빈 프로그램", code="bare", created_at=AT))
    page = browser().get("/programmes").text
    ours = text_of(page.split('id="programme-1"')[1].split("</li>")[0])
    bare = text_of(page.split('id="programme-3"')[1].split("</li>")[0])
    assert "00:30–01:00 KST" in text_of(page)
    assert "15:30–16:00 UTC" in text_of(page)
    assert "시계가 비어" not in ours
    assert "시계가 비어 있습니다" in bare


def test_a_page_asks_as_many_queries_of_many_programmes_as_of_one(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    asked: list[str] = []
    event.listen(night.station.database, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def queries() -> int:
        asked.clear()
        assert client.get("/programmes").status_code == 200
        return len(asked)

    few = queries()
    with writing(night.station.database) as session:
        session.add_all(
            Programme(title=f"프로그램 {number}", code=f"more-{number}", created_at=AT)
            for number in range(20)
        )
    assert queries() == few


def test_a_slot_reads_in_both_zones_with_the_days_of_each(night: FilledNight, browser: Browser) -> None:
    with writing(night.station.database) as session:
        slot = session.exec(select(Slot).where(Slot.start_minute == 930)).one()
        slot.days = "7"  # Sunday in UTC, when it is Monday in Seoul
        session.add(slot)
    card = browser().get("/programmes/1").text.split(f'id="slot-card-{slot.id}"')[1].split("<dialog")[0]
    assert "00:30–01:00 KST · 월" in text_of(card)
    assert "15:30–16:00 UTC · 일" in text_of(card)


@pytest.mark.parametrize("path", ["/programmes/99", "/airings/999"])
def test_what_is_not_there_is_not_found(night: FilledNight, browser: Browser, path: str) -> None:
    assert browser().get(path).status_code == 404


def test_an_airing_shows_its_rundown_and_who_still_takes_a_new_version(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get(f"/airings/{night.airings['1530']}").text
    read = text_of(page)
    assert "저녁 뉴스: 서울과 세계의 하루" in read
    assert "2번 판이 만들어지고" in read
    assert read.count("새 판을 받습니다") == 2
    assert page.count('data-edit=\'{"op": "swap"') == page.count('<li id="item-')
    assert "에 승인했습니다" in read
    assert 'class="raw"' not in page.split('id="items"')[1].split("</ol>")[0]


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("1000", "끝난 방송분입니다"),
        ("1430", "방송 중입니다. 앞의 3개 항목은"),
        ("1800", "본 프로그램 대신 다른 것이 편성되었습니다"),
        ("2000", "아직 편성되지 않았습니다"),
    ],
)
def test_what_cannot_be_changed_is_said_before_anybody_tries(
    night: FilledNight, browser: Browser, time: str, words: str
) -> None:
    page = browser().get(f"/airings/{night.airings[time]}").text
    [said] = re.findall(r'id="why-not">(.*?)</p>', page, re.DOTALL)
    assert words in text_of(said)
    places = {int(place) for place in re.findall(r'id="item-(\d+)"', page)}
    can_edit = {int(place) for place in re.findall(r'id="item-(\d+)-edits"', page)}
    assert can_edit == ({place for place in places if place >= 3} if time == "1430" else set())


def test_the_versions_say_what_came_and_what_went(night: FilledNight, browser: Browser) -> None:
    station, airing_id = night.station, night.airings["1530"]
    other = station.add_segment(
        title="새 증언",
        kind="testimony",
        samples=48_000 * 400,
        cue_in=0,
        cue_out=48_000 * 400,
        loudness_lufs=-20.0,
        master_sha256="9" * 64,
        approved_at=AT,
    )
    apply_edits(
        station.database,
        station.settings,
        airing_id,
        [Swap(2, other)],
        expected=1,
        person_id=station.person_id,
        now=AT,
    )
    page = text_of(browser().get(f"/airings/{airing_id}").text)
    assert "방금 고친 것을 편성하고 있습니다" in page
    compiled(night, "1530", state="armed")
    page = browser().get(f"/airings/{airing_id}").text
    newest = text_of(page.split('id="version-2"')[1].split("</li>")[0])
    assert "들어옴 새 증언" in newest.replace("+ ", "")
    assert "빠짐" in newest
    assert "사람이 정함" in text_of(page.split('id="item-2"')[1].split("</li>")[0])
    assert "김하늘 님이" in text_of(page)


def test_an_airing_of_another_programme_on_one_date_leads_to_that_one(
    night: FilledNight, browser: Browser
) -> None:
    with writing(night.station.database) as session:
        airing = session.get_one(Airing, night.airings["2000"])
        airing.instead_id = 1
        session.add(airing)
    assert 'href="/programmes/1"' in browser().get(f"/airings/{night.airings['2000']}").text
