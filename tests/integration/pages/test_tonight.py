"""What people read on the first page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import select

from app.air.status import NOBODY
from app.airings.models import Intent, RundownVersion
from app.alarms.models import Alarm
from app.alarms.notify import _MEANINGS
from app.console.tonight.night import night_and_running
from app.database import reading, writing
from app.feeds.models import Feed
from app.frequencies.models import Line, Site
from app.library.models import SegmentState
from app.locks import Lock
from app.programmes.models import Programme, Slot
from app.storage import Blobs
from app.studio.address import studio_address
from tests.nights import AT, NIGHT, FilledNight, compiled, fill_night, handed_over
from tests.stations import SmallStation

Browser = Callable[..., httpx.Client]


def text_of(page: str) -> str:
    """What is read, without the marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def entry(page: str, airing_id: int) -> str:
    """One airing's part of the page."""
    found = re.search(rf'<article id="airing-{airing_id}".*?</article>', page, re.DOTALL)
    assert found
    return found[0]


def test_an_evening_shows_every_airing_with_its_state(night: FilledNight, browser: Browser) -> None:
    page = browser().get("/").text
    states = {
        "1000": "결방",
        "1200": "끝남",
        "1430": "방송 중",
        "1530": "준비 끝",
        "1800": "편성됨",
        "2000": "예정",
    }
    for time, word in states.items():
        assert word in text_of(entry(page, night.airings[time]))


def test_times_are_in_both_zones_and_the_readers_own_comes_first(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    korean = text_of(entry(client.get("/").text, night.airings["1530"]))
    english = text_of(entry(client.get("/?lang=en").text, night.airings["1530"]))
    assert "00:30 KST (15:30 UTC)" in korean
    assert "15:30 UTC (00:30 KST)" in english


def test_an_early_morning_airing_belongs_to_the_night_before(night: FilledNight, browser: Browser) -> None:
    client = browser()
    assert (
        f'id="airing-{night.airings["2000"]}"' in client.get("/?night=2026-11-22").text
    )  # 05:00 KST on the 23rd
    assert f'id="airing-{night.airings["2000"]}"' not in client.get("/?night=2026-11-23").text


@pytest.mark.parametrize(
    "night_asked", ["yesterday", "0001-01-01", "9999-12-31", "2026-11-31", "2026-11-22x"]
)
def test_a_night_that_is_none_is_tonight(night: FilledNight, browser: Browser, night_asked: str) -> None:
    answer = browser().get("/", params={"night": night_asked})
    assert answer.status_code == 200
    assert "11월 22일 (일) 밤" in text_of(answer.text)


def test_a_new_station_is_shown_where_to_begin(demo_station: SmallStation, browser: Browser) -> None:
    page = browser().get("/").text
    assert 'href="/station/start"' in page
    assert "이 밤에는 방송이 없습니다" not in page


def test_what_is_on_the_air_tells_the_item_what_comes_next_and_how_long(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get("/?lang=en").text
    strip = page.split('id="on-air"')[1].split("</section>")[0]
    words = text_of(strip)
    assert "7585 kHz Tashkent" in words
    assert "Now 어머니에게 보내는 편지 2 min left" in words
    assert "Programme 20 min left" in words
    assert "Next, at 14:42:31 UTC (23:42:31 KST): 라디오가 건너온 길" in words
    another_night = text_of(browser().get("/?lang=en&night=2026-11-24").text.split('id="on-air"')[1])
    assert "Programme 20 min left" in another_night
    night.station.clock.advance(timedelta(minutes=25))
    assert 'id="on-air"' not in browser().get("/").text


def test_the_timeline_has_every_airing_on_each_of_its_frequencies(
    night: FilledNight, browser: Browser
) -> None:
    page = browser().get("/?lang=en").text
    bars = re.findall(r'<a id="bar-[^>]*aria-label="([^"]*)"', page)
    assert len(bars) == 12  # six airings on two frequencies
    assert bars[4] == "밤의 목소리, On air, 14:30 UTC / 23:30 KST, 9330 kHz Paochung"
    assert bars[6] == "밤의 목소리, Armed, At risk, 15:30 UTC / 00:30 KST, 9330 kHz Paochung"


def test_what_is_over_is_a_line_until_somebody_unfolds_it(night: FilledNight, browser: Browser) -> None:
    client, airing = browser(), night.airings["1200"]
    assert "<details" not in entry(client.get("/").text, airing)
    page = client.get(f"/?open={airing}&open=nonsense").text
    assert f'id="airing-{airing}-as-run"' in entry(page, airing)
    assert "<details" in entry(page, night.airings["1530"])


def test_a_programme_that_takes_live_input_says_how_a_studio_connects(
    night: FilledNight, browser: Browser
) -> None:
    with writing(night.station.database) as session:
        programme = session.exec(select(Programme).where(Programme.code == "letters")).one()
        programme.live_input = True
        feed = session.get_one(Feed, night.feeds["TAC"])
        feed.protocol, feed.address = "icecast", "http://127.0.0.1:1/m"
        session.add_all([programme, feed])
    shown = entry(browser().get("/").text, night.airings["2000"])
    assert "스튜디오 연결 방법" in shown
    assert "DANPA_STUDIO_PORT" in shown
    lock = Lock(night.station.settings.run_dir / "studio.lock")
    assert lock.acquire()
    (night.station.settings.run_dir / "studio.json").write_text('{"host": "127.0.0.1", "port": 8010}')
    settings = night.station.settings.model_copy(update={"studio_port": 8010})
    assert studio_address(settings) == "127.0.0.1:8010"
    lock.release()
    assert studio_address(settings) is None


def test_a_night_without_airings_says_so(night: FilledNight, browser: Browser) -> None:
    assert "이 밤에는 방송이 없습니다" in browser().get("/?night=2026-12-24").text


def test_the_head_names_the_station_and_that_it_is_a_demo(night: FilledNight, browser: Browser) -> None:
    page = text_of(browser().get("/").text)
    assert "시험 방송국" in page
    assert f"시험용 방송국입니다. 피드는 {night.station.settings.root}" in page


def test_what_needs_a_person_is_said_in_words_with_what_to_do(night: FilledNight, browser: Browser) -> None:
    needs = browser().get("/?lang=en").text.split('class="needs')[1].split("</section>")[0]
    words = text_of(needs)
    assert "밤의 목소리 cannot be delivered to the feed Paochung http_put." in words
    assert "The site does not accept our credential: ask for a new one." in words
    assert "Instead of 새벽 편지 this goes out: Interval signal." in words
    assert "밤의 목소리 was not delivered anywhere." in words


def need(page: str, kind: str) -> str:
    """One need's part of the page."""
    found = re.search(rf'<li id="need-{kind}-.*?</li>', page, re.DOTALL)
    assert found
    return found[0]


def test_each_need_has_the_one_button_that_helps_its_cause_and_its_chapter(
    night: FilledNight, browser: Browser
) -> None:
    airings, handoff = night.airings, night.handoffs["1530", "PAO"]
    page = browser().get("/").text
    failing = need(page, "feed_failing")
    assert f'data-action="/api/v1/handoffs/{handoff}/retry"' in failing
    feed = night.feeds["PAO"]
    assert f"&amp;open={airings['1530']}#airing-{airings['1530']}-feed-{feed}" in failing
    assert 'href="/guide/needs#feed_failing"' in failing
    below = need(page, "below_programme")
    assert f'data-action="/api/v1/airings/{airings["1800"]}/compile"' in below
    assert 'href="/record?night=2026-11-22"' in need(page, "airing_missed")


def test_what_the_site_takes_no_more_is_brought_by_hand_after_a_call(
    night: FilledNight, browser: Browser
) -> None:
    """From the alarm's link: cause, phone number and form are on the page that it leads to."""
    with writing(night.station.database) as session:
        site = session.exec(select(Site).where(Site.code == "PAO")).one()
        site.desk = {"name": "Control room", "phone": "+886 5 000 0000", "hours": "24 h"}
        session.add(site)
        alarm = session.exec(select(Alarm).where(Alarm.kind == "feed_failing")).one()
        alarm_id = alarm.id
    night.station.clock.advance(timedelta(minutes=46))  # the site takes nothing within 5 minutes of the air
    (night.station.settings.run_dir / "engine.json").write_text(
        json.dumps({"at": night.station.clock().isoformat()})
    )
    answer = browser().get(f"/alarms/{alarm_id}")
    feed = f"airing-{night.airings['1530']}-feed-{night.feeds['PAO']}"
    assert answer.url.fragment == feed
    asked = need(answer.text, "feed_failing")
    assert f"#{feed}-by-hand" in asked
    assert 'href="tel:+88650000000"' in asked
    card = entry(answer.text, night.airings["1530"])
    assert 'href="tel:+88650000000"' in card
    assert f'data-send="POST /api/v1/handoffs/{night.handoffs["1530", "PAO"]}/manual"' in card
    assert f"/api/v1/handoffs/{night.handoffs['1530', 'PAO']}/note" in card
    assert browser().get("/alarms/999").status_code == 404


def test_every_kind_of_need_is_helped_or_leads_to_the_guide(night: FilledNight, browser: Browser) -> None:
    with writing(night.station.database) as session:
        for number, kind in enumerate(_MEANINGS):
            session.add(
                Alarm(
                    kind=kind,
                    key=f"any:{number}",
                    raised_at=AT,
                    airing_id=night.airings["1530"],
                    feed_id=night.feeds["PAO"],
                )
            )
    page = browser().get("/").text
    buttonless = [kind for kind in _MEANINGS if "main" not in need(page, _shown_as(kind))]
    assert buttonless == [
        "withdrawn_after_delivery",
        "cancelled_after_delivery",
        "moved_after_delivery",
        "test",
    ]  # only a call helps, and is not known here
    assert all("/guide/needs#" in need(page, _shown_as(kind)) for kind in _MEANINGS)


def _shown_as(kind: str) -> str:
    return "no_feed" if kind == "audio_missing" else kind


def test_every_kind_of_alarm_has_its_own_words(night: FilledNight, browser: Browser) -> None:
    kinds = [
        "deadline_near",
        "deadline_missed",
        "withdrawn_after_delivery",
        "disk_low",
        "airing_missed",
        "feed_failing",
    ]
    with writing(night.station.database) as session:
        for kind in kinds:
            airing_id, feed_id = (
                (None, None) if kind == "disk_low" else (night.airings["2000"], night.feeds["TAC"])
            )
            session.add(
                Alarm(kind=kind, key=f"another:{kind}", raised_at=AT, airing_id=airing_id, feed_id=feed_id)
            )
        session.add(Alarm(kind="of_tomorrow", key="new", raised_at=AT))
    page = browser().get("/?lang=en").text
    assert page.count("An alarm was raised") == 1
    assert "An alarm was raised: of_tomorrow" in page


def test_a_failed_handoff_without_an_alarm_needs_a_person_too(night: FilledNight, browser: Browser) -> None:
    compiled(night, "2000")
    handed_over(night, "2000", "TAC", "failed", error="folder-missing: the feed's folder is not there")
    assert "Tashkent folder 피드로 새벽 편지 방송분을 보내지 못했습니다." in text_of(browser().get("/").text)


def test_a_refused_recording_needs_its_producer(night: FilledNight, browser: Browser) -> None:
    problem = {"detail": "the file is empty: record it again"}
    night.station.add_segment(title="빈 녹음", state=SegmentState.rejected, problem=problem)
    page = text_of(browser().get("/").text)
    assert "올린 음원 빈 녹음을(를) 쓸 수 없습니다." in page
    assert "the file is empty: record it again" in page


def test_old_alarms_do_not_hide_the_new_ones(night: FilledNight, browser: Browser) -> None:
    night.station.clock.advance(timedelta(days=2))
    (night.station.settings.run_dir / "engine.json").write_text(
        json.dumps({"at": night.station.clock().isoformat()})
    )
    assert "지금 손볼 것이 없습니다." in browser().get("/").text


@pytest.mark.parametrize(
    "status", [None, "{", '{"at": "2026-11-22T14:38:59+00:00"}', '{"at": "2026-11-22T14:39:59"}']
)
def test_an_engine_that_is_not_there_is_said_loudly(
    night: FilledNight, browser: Browser, status: str | None
) -> None:
    file = night.station.settings.run_dir / "engine.json"
    if status is None:
        file.unlink()
    else:
        file.write_text(status)
    page = browser().get("/").text
    assert re.search(r'<li id="need-engine_lost" class="urgent">(?s:.*?)엔진이 멈춰 있습니다', page)
    told = page.split('id="needs-told"')[1].split("</p>")[0]
    assert "사람이 할 일" in told
    assert 'role="alert"' not in page.split('id="needs"')[1].split("</section>")[0]


def test_a_handoff_shows_versions_deadline_and_error(night: FilledNight, browser: Browser) -> None:
    shown = text_of(entry(browser().get("/").text, night.airings["1530"]))
    assert "보낼 것 1판 · 송신소에 있는 것 1판" in shown
    assert "보낼 것 1판 · 송신소에 아직 없음" in shown
    assert "마감 00:00 KST (15:00 UTC) 20분 남음" in shown
    assert "unauthorised: PUT was answered with 401" in shown
    assert "20261122_1530_PAO.mp3" in shown


def test_what_was_only_sent_is_not_said_to_lie_at_the_site(night: FilledNight, browser: Browser) -> None:
    shown = text_of(entry(browser().get("/").text, night.airings["1430"]))
    assert "보낸 것 1판" in shown  # its feed cannot be read back


def test_a_compile_that_is_late_is_not_announced_for_the_past(night: FilledNight, browser: Browser) -> None:
    client = browser()
    assert "23:00 KST (14:00 UTC)부터 편성을 기다리고 있습니다" in text_of(
        entry(client.get("/").text, night.airings["2000"])
    )
    night.station.clock.advance(-timedelta(hours=1))
    assert "늦어도" in text_of(entry(client.get("/").text, night.airings["2000"]))


def test_a_new_version_that_has_not_arrived_is_told_from_the_one_at_the_site(
    night: FilledNight, browser: Browser
) -> None:
    compiled(night, "1530")
    handed_over(night, "1530", "TAC", "due")
    shown = text_of(entry(browser().get("/").text, night.airings["1530"]))
    assert "보낼 것 2판 · 송신소에 있는 것 1판" in shown


def test_what_was_rendered_plays_and_can_be_sought_in(night: FilledNight, browser: Browser) -> None:
    client = browser()
    source = re.search(r'<audio [^>]*src="([^"]+)"', entry(client.get("/").text, night.airings["1430"]))
    assert source
    answer = client.get(source[1], headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"OggS")


def test_what_is_not_rendered_has_no_player(night: FilledNight, browser: Browser) -> None:
    assert "<audio" not in entry(browser().get("/").text, night.airings["2000"])


def test_the_rundown_is_one_tap_away_with_titles_times_and_reasons(
    night: FilledNight, browser: Browser
) -> None:
    client, airing = browser(), night.airings["1530"]
    assert f'href="/airings/{airing}"' in entry(client.get("/").text, airing)
    shown = text_of(client.get(f"/airings/{airing}").text)
    assert "저녁 뉴스: 서울과 세계의 하루" in shown
    assert "가장 새것" in shown
    assert "2026-11-21 23:40 KST (14:40 UTC)에 승인했습니다" in shown
    assert "approved 2026" not in shown
    english = text_of(client.get(f"/airings/{airing}?lang=en").text)
    assert "approved 2026-11-21 14:40 UTC (23:40 KST)" in english


def test_a_rundown_that_cannot_be_read_leaves_the_night_to_be_seen(
    night: FilledNight, browser: Browser
) -> None:
    with writing(night.station.database) as session:
        of_airing = select(RundownVersion).where(RundownVersion.airing_id == night.airings["1430"])
        for row in session.exec(of_airing):
            row.body = "{"
            session.add(row)
    page = browser().get("/")
    assert page.status_code == 200
    assert 'id="on-air-' in page.text
    assert "어머니에게 보내는 편지" not in page.text


def test_a_fall_down_the_chain_tells_why(night: FilledNight, browser: Browser) -> None:
    shown = text_of(entry(browser().get("/").text, night.airings["1800"]))
    assert "본 프로그램이 아닌 까닭" in shown
    assert "2번째 요소 (고르기: 뉴스): 자료실에 승인된 것이 없습니다 (뉴스). 하나를 승인하세요" in shown
    assert "approve" not in shown


def test_the_record_tells_its_evidence_and_what_it_does_not_prove(
    night: FilledNight, browser: Browser
) -> None:
    airing = night.airings["1200"]
    shown = text_of(entry(browser().get(f"/?open={airing}").text, airing))
    assert "송신소 도착 확인" in shown
    assert "전파로 나갔다는 증거는 아닙니다" in shown


def test_the_record_stays_readable_when_its_line_has_moved_to_another_slot(
    night: FilledNight, browser: Browser
) -> None:
    with writing(night.station.database) as session:
        slots = session.exec(select(Slot)).all()
        for line in session.exec(select(Line)).all():
            line.slot_id = next(slot.id for slot in slots if slot.id and slot.id != line.slot_id)
            session.add(line)
    answer = browser().get("/", params={"open": night.airings["1200"]})
    assert answer.status_code == 200
    assert "송신소 도착 확인" in text_of(entry(answer.text, night.airings["1200"]))


def test_only_what_can_still_be_changed_has_buttons(night: FilledNight, browser: Browser) -> None:
    page = browser().get("/").text
    for over in ("1000", "1200"):
        assert "data-action" not in entry(page, night.airings[over])
    coming = entry(page, night.airings["1530"])
    for wish in ("compile", "standby", "cancel"):
        assert f"/api/v1/airings/{night.airings['1530']}/{wish}" in coming
    assert f"/api/v1/handoffs/{night.handoffs['1530', 'PAO']}/retry" in coming
    assert f"/api/v1/handoffs/{night.handoffs['1530', 'TAC']}/retry" not in coming
    assert re.search(r'data-confirm="밤의 목소리 \(00:30 KST / 15:30 UTC\) 방송을 취소할까요\?', coming)


def test_a_button_works_with_the_pages_token_and_the_wish_is_shown(
    night: FilledNight, browser: Browser
) -> None:
    client = browser()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/").text)
    assert token
    path = f"/api/v1/airings/{night.airings['2000']}/compile"
    assert client.post(path).status_code == 403
    assert client.post(path, headers={"X-CSRF-Token": token[1]}).status_code == 202
    with reading(night.station.database) as session:
        assert session.exec(select(Intent.kind)).all() == ["compile"]
    assert "요청함: 다시 편성" in text_of(entry(client.get("/").text, night.airings["2000"]))


def test_other_peoples_text_stays_text(demo_station: SmallStation, browser: Browser) -> None:
    night = fill_night(demo_station, title='<script>alert(1)</script>\u202egnp.exe" onclick="x')
    page = browser().get("/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\ufffdgnp.exe" in page
    assert "\u202e" not in page
    assert ' onclick="x' not in page
    assert f'id="airing-{night.airings["2000"]}"' in page


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(night: FilledNight, browser: Browser) -> None:
    page = browser().get("/").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    scripts = re.findall(r"<script[^>]*>", page)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in addresses)


def test_a_full_night_takes_no_more_queries_than_a_small_one(night: FilledNight) -> None:
    def queries(of: FilledNight) -> int:
        seen: list[str] = []

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(of.station.database, "before_cursor_execute", count)
        with reading(of.station.database) as session:
            night_and_running(session, Blobs(of.station.settings.blobs_dir), NIGHT, AT, NOBODY, None)
        event.remove(of.station.database, "before_cursor_execute", count)
        return len(seen)

    before = queries(night)
    for time in ("1430", "1530", "1800", "2000"):
        compiled(night, time)
        for site in ("TAC", "PAO"):
            handed_over(night, time, site, "verified")
    assert queries(night) == before
