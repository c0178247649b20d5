"""The form for reception reports: on a phone, without JavaScript, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlmodel import select

from app.database import reading, writing
from app.frequencies.models import Line
from app.reports.models import ReceptionReport
from tests.nights import FilledNight

Browser = Callable[..., httpx.Client]

HEARD = {"date": "2026-11-22", "time": "21:05", "zone": "KST", "khz": "7585", "overall": "4"}
"""Within the night's airing from 12:00 to 12:30 UTC, over Tashkent."""


def reports(night: FilledNight) -> list[ReceptionReport]:
    with reading(night.station.database) as session:
        return list(session.exec(select(ReceptionReport)))


def sent(client: httpx.Client, **changes: str) -> httpx.Response:
    page = client.get("/report").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token
    return client.post("/report", data={"csrf": token[1]} | HEARD | changes)


def test_a_report_is_written_down_and_the_next_one_begins_with_its_frequency(
    night: FilledNight, browser: Browser
) -> None:
    answer = sent(
        browser(), sinpo="45444", jamming="noise", source="listener", place="연변", note="끝에 약해짐"
    )
    assert answer.status_code == 200
    assert "적어 두었습니다: 7585 kHz" in answer.text
    assert 'name="khz" type="text" value="7585"' in answer.text
    (report,) = reports(night)
    assert (report.heard_at.isoformat(), report.sinpo, report.overall) == (
        "2026-11-22T12:05:00+00:00",
        "45444",
        4,
    )
    assert (report.jamming, report.source, report.place, report.note) == (
        "noise",
        "listener",
        "연변",
        "끝에 약해짐",
    )


def test_a_listener_may_be_told_in_utc_and_in_english(night: FilledNight, browser: Browser) -> None:
    client = browser()
    page = client.get("/report?lang=en").text
    assert "Write no names" in page
    assert "<option selected>UTC</option>" in page
    answer = sent(client, zone="UTC", time="12:05", latitude="42,94", longitude="129.51")
    assert "Written down: 7585 kHz" in answer.text
    (report,) = reports(night)
    assert (report.latitude, report.longitude) == (42.9, 129.5)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"time": "23:59"}, 422, "아직 오지 않은 시각입니다"),
        ({"time": "12:05", "zone": "KST"}, 422, "가장 가까운 방송은 2026-11-22 10:00-10:30 UTC (11-22 19:00-19:30 KST)입니다"),
        ({"khz": "6000"}, 422, "우리 방송이 아닙니다"),
        ({"khz": "칠천"}, 422, "숫자로 적으세요: 칠천"),
        ({"khz": "nan"}, 422, "숫자로 적으세요: nan"),
        ({"khz": ""}, 422, "주파수를 적으세요"),
        ({"date": "어제"}, 422, "날짜와 시각을 적으세요"),
        ({"date": "0001-01-01"}, 422, "너무 오래전 날짜"),
        ({"date": "0001-01-01", "time": "01:00"}, 422, "날짜와 시각을 적으세요"),
        ({"overall": ""}, 422, "얼마나 잘 들렸는지"),
        ({"sinpo": "99999", "overall": ""}, 422, "99999: SINPO가 아닙니다"),
        ({"sinpo": "11111"}, 422, "하나만 적으세요"),
        ({"latitude": "42.9"}, 422, "둘 다 적거나"),
        ({"jamming": "bubbles"}, 422, "받을 수 없는 보고입니다"),
        ({"place": "연변\x07"}, 422, "받을 수 없는 보고입니다"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    night: FilledNight, browser: Browser, changes: dict[str, str], status: int, words: str
) -> None:
    answer = sent(browser(), **{"note": "남은 글"} | changes)
    assert answer.status_code == status
    assert words in answer.text
    assert ">남은 글</textarea>" in answer.text
    assert reports(night) == []


def test_pressing_the_button_twice_writes_one_report(night: FilledNight, browser: Browser) -> None:
    client = browser()
    sent(client)
    again = sent(client)
    assert again.status_code == 409
    assert "같은 보고가 이미 있습니다" in again.text
    assert len(reports(night)) == 1


def test_of_two_sites_on_one_frequency_the_page_asks_which(night: FilledNight, browser: Browser) -> None:
    with writing(night.station.database) as session:
        for line in session.exec(select(Line)):
            line.khz = 7585
            session.add(line)
    client = browser()
    asked = sent(client)
    choices = re.findall(r'name="line_id" value="(\d+)" required> (\w+)', asked.text)
    assert [site for _, site in choices] == ["TAC", "PAO"]
    assert sent(client, line_id=choices[1][0]).status_code == 200
    assert [one.line_id for one in reports(night)] == [int(choices[1][0])]


def test_a_form_that_another_site_sent_writes_nothing(night: FilledNight, browser: Browser) -> None:
    client = browser()
    assert client.post("/report", data=HEARD).status_code == 403
    assert sent(client, csrf="0" * 64).status_code == 403
    client.headers["Sec-Fetch-Site"] = "cross-site"
    assert sent(client).status_code == 403
    assert reports(night) == []


def test_what_was_typed_outlives_the_session(night: FilledNight, browser: Browser) -> None:
    client = browser()
    typed = HEARD | {"note": "남은 글", "csrf": "0" * 64}
    old = client.post("/report", data=typed)
    assert old.status_code == 403
    assert ">남은 글</textarea>" in old.text
    assert 'type="password"' not in old.text

    client.cookies.clear()
    over = client.post("/report", data=typed)
    assert over.status_code == 401
    assert ">남은 글</textarea>" in over.text
    assert "7585" not in re.sub(
        'name="khz"[^>]*', "", over.text
    )  # whose frequencies those are is told nobody
    wrong = client.post("/report", data=typed | {"key": "danpa_wrong"})
    assert wrong.status_code == 401
    assert ">남은 글</textarea>" in wrong.text
    assert "danpa_wrong" not in wrong.text
    assert reports(night) == []

    unclear = client.post("/report", data=typed | {"key": night.station.key, "overall": ""})
    assert unclear.status_code == 422
    token = re.search(r'name="csrf" value="([^"]+)"', unclear.text)
    assert token
    assert "적어 두었습니다: 7585 kHz" in client.post("/report", data=typed | {"csrf": token[1]}).text
    client.cookies.clear()
    again = client.post("/report", data=typed | {"key": night.station.key, "time": "21:06"})
    assert "적어 두었습니다: 7585 kHz" in again.text
    assert [report.note for report in reports(night)] == ["남은 글", "남은 글"]


def test_a_stranger_gets_the_sign_in_form_and_then_the_page_they_asked_for(
    night: FilledNight, browser: Browser
) -> None:
    client = browser(signed_in=False)
    assert "report.title" not in client.get("/report").text
    assert client.post("/report", data=HEARD).status_code == 401
    signed_in = client.post("/sign-in", data={"key": night.station.key, "then": "/report"})
    assert str(signed_in.url).endswith("/report")
    elsewhere = client.post("/sign-in", data={"key": night.station.key, "then": "//evil.example"})
    assert elsewhere.url.path == "/"
    assert reports(night) == []


def test_nothing_is_inline_and_other_peoples_text_stays_text(night: FilledNight, browser: Browser) -> None:
    evil = '"><script>alert(1)</script>'
    page = sent(browser(), overall="", note=evil, place=evil, khz=evil[:4]).text
    assert "<script" not in page
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
