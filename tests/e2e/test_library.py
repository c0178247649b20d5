"""The library as producers use it: searching as one types, scrolling, uploading over a bad line, and recording."""

from __future__ import annotations

import hashlib
import io
import re
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, FilePayload, Page, Route, expect
from sqlmodel import select

from app.airings.models import Edition
from app.database import reading, writing
from app.events.service import emit
from app.jobs.service import claim
from app.jobs.worker import work
from app.library.models import Segment, SegmentState
from tests.audio_files import RATE, voice
from tests.nights import FilledNight
from tests.stations import SmallStation, keyed, serving
from tests.visits import Visits, axe, overflows

LINE_BREAKS = "net::ERR_FAILED"
"""What the browser logs of a request that a test has broken."""

FULL_DISK = """() => {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value) {
    if (globalThis.isFull) throw new DOMException("no room", "QuotaExceededError");
    return put.call(this, value);
  };
}"""
"""While `isFull` is true the browser writes nothing down, as one whose disk is full."""


MICROPHONE = """() => {
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = async function (wanted) {
    if (globalThis.refusal) throw new DOMException("as a browser says it", refusal);
    const stream = await getUserMedia.call(this, wanted);
    globalThis.opened = stream.getAudioTracks()[0];
    return stream;
  };
}"""
"""Refuses with the name in `refusal`, as a browser does; else the microphone that was `opened` last can be had."""


def recording(name: str, seed: int, seconds: float = 15.0) -> FilePayload:
    """A WAV file; no two seeds make the same bytes."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, RATE, 0, "NONE", ""))
        written.writeframes((voice(seconds, seed) * 32767).astype("<i2").tobytes())
    return {"name": name, "mimeType": "audio/wav", "buffer": file.getvalue()}


def ingest(station: SmallStation) -> None:
    """What the workers would do."""
    while (job := claim(station.database, "worker-1", ("ingest",))) is not None:
        work(station.database, station.settings, job, station.clock)


def segments(station: SmallStation) -> list[Segment]:
    with reading(station.database) as session:
        return list(session.exec(select(Segment).order_by(Segment.id)))  # type: ignore[arg-type]


def announce(station: SmallStation, segment_id: int) -> None:
    """Tell everybody who looks that a segment has changed."""
    with writing(station.database) as session:
        emit(session, "segment", segment_id, "approved", at=station.clock())


def fill(station: SmallStation, count: int) -> list[int]:
    return [station.add_segment(title=f"이야기 {number}", kind="talk") for number in range(1, count + 1)]


def open_library(visit: Visits, url: str, station: SmallStation, **how: Any) -> Page:
    page = visit(url, station.key, **how)
    page.goto(f"{url}/library")
    return page


def leave(page: Page) -> None:
    """Before the server goes: what the page is just asking for would fail."""
    page.goto("about:blank")


def send_chosen(page: Page, kind: str = "news") -> None:
    dialog = page.get_by_role("dialog", name="올리기 전에")
    dialog.get_by_label("종류").select_option(kind)
    dialog.get_by_role("button", name="보내기").click()


def test_it_finds_by_initial_consonants_as_one_types_and_the_address_holds_the_search(
    demo_station: SmallStation, visit: Visits
) -> None:
    fill(demo_station, 3)
    demo_station.add_segment(title="아침 뉴스", kind="news", presenter="김하늘", tags=["날씨"])
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station)
        page.get_by_label("찾기").press_sequentially("ㄴㅅ")
        expect(page.get_by_role("status").filter(has_text="찾은 음원")).to_have_text("찾은 음원 1개")
        expect(page.get_by_role("link", name="아침 뉴스")).to_be_visible()
        assert page.url == f"{url}/library?q=%E3%84%B4%E3%85%85"
        page.reload()
        expect(page.get_by_label("찾기")).to_have_value("ㄴㅅ")
        expect(page.locator(".stretch li")).to_have_count(1)
        page.locator("#filter").get_by_label("종류").select_option("drama")
        expect(page.get_by_text("이 조건에 맞는 음원이 없습니다")).to_be_visible()
        page.get_by_role("link", name="조건 모두 풀기").click()
        expect(page.locator(".stretch li")).to_have_count(4)
        leave(page)


def test_what_was_scrolled_to_stays_when_the_list_is_renewed(
    demo_station: SmallStation, visit: Visits
) -> None:
    ids = fill(demo_station, 420)
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station)
        oldest = page.locator(f"#segment-{ids[0]}")
        for _ in range(40):
            page.mouse.wheel(0, 3000)
            if oldest.count():
                break
            page.wait_for_timeout(50)
        expect(oldest).to_be_visible()
        assert page.locator(".stretch li").count() < 300  # what is far away is not in the page
        oldest.scroll_into_view_if_needed()
        at = page.evaluate("scrollY")
        # One comes in above, one where it was scrolled to changes: both are seen, and nothing moves or comes twice
        new = demo_station.add_segment(title="방금 온 것")
        with writing(demo_station.database) as session:
            session.get_one(Segment, ids[0]).title = "고쳐진 제목"
        announce(demo_station, new)
        expect(oldest).to_contain_text("고쳐진 제목")
        expect(page.get_by_text("찾은 음원 421개")).to_be_attached()
        assert page.evaluate("scrollY") == pytest.approx(at, abs=100)
        page.keyboard.press("Home")
        expect(page.locator("#filter")).to_be_in_viewport()
        expect(page.get_by_role("link", name="방금 온 것")).to_be_visible()
        page.mouse.wheel(0, 3000)
        for number in (382, 381, 380):  # the seam of the first two stretches
            expect(page.get_by_role("link", name=f"이야기 {number}", exact=True)).to_have_count(1)
        leave(page)


def test_files_arrive_byte_for_byte_though_the_line_breaks_and_the_page_is_reloaded(
    demo_station: SmallStation, visit: Visits
) -> None:
    visit.expected.append(LINE_BREAKS)
    files = [recording(f"증언 {number}.wav", number) for number in (1, 2, 3)]

    def break_after_the_first_piece(route: Route) -> None:
        request = route.request
        if request.method == "PATCH" and request.headers["upload-offset"] != "0":
            route.abort()
        else:
            route.continue_()

    with serving(demo_station) as url, keyed(url, demo_station.key) as api:
        page = open_library(visit, url, demo_station)
        expect(page.get_by_role("heading", name="자료실이 비어 있습니다")).to_be_visible()
        page.route("**/api/v1/uploads/*", break_after_the_first_piece)
        page.locator("#upload-files").set_input_files(files)
        page.get_by_role("dialog").get_by_label("함께 올리는 이름").fill("11월 증언")
        send_chosen(page, "testimony")
        expect(page.locator("#outbox-items li", has_text="연결 끊김")).to_have_count(2)
        begun = {one["id"]: one["offset"] for one in api.get("/api/v1/uploads").json()["items"]}
        assert len(begun) == 2
        assert all(0 < offset < len(files[0]["buffer"]) for offset in begun.values())

        page.reload()
        expect(page.locator("#outbox-items li")).to_have_count(3)
        page.unroute("**/api/v1/uploads/*")
        for button in page.get_by_role("button", name="지금 다시").all():
            button.click()
        expect(page.locator("#outbox-items li", has_text="처리 중")).to_have_count(3)
        arrived = {one.original_name: one for one in segments(demo_station)}
        for file in files:
            segment = arrived[file["name"]]
            assert segment.original_sha256 == hashlib.sha256(file["buffer"]).hexdigest()
        kept = {path.read_bytes() for path in demo_station.settings.incoming_dir.iterdir()}
        assert kept == {file["buffer"] for file in files}
        done = {one["id"] for one in api.get("/api/v1/uploads?state=done").json()["items"]}
        assert set(begun) < done  # they went on, and did not begin anew
        assert len(done) == 3

        ingest(demo_station)
        expect(page.locator("#outbox-items li", has_text="자료실에 들어옴")).to_have_count(3)
        page.get_by_role("link", name="11월 증언").first.click()
        expect(page.get_by_text("3개 중 3개 끝남")).to_be_visible()
        page.goto(f"{url}/library")
        page.get_by_role("button", name="끝난 것 치우기").click()
        expect(page.locator("#outbox")).to_be_hidden()
        leave(page)


def test_what_cannot_be_used_is_said_in_words_beside_its_file(
    demo_station: SmallStation, visit: Visits
) -> None:
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station)
        page.locator("#upload-files").set_input_files(
            [
                FilePayload(name="빈 것.wav", mimeType="audio/wav", buffer=b""),
                FilePayload(name="글.wav", mimeType="audio/wav", buffer=b"no sound at all" * 100),
            ]
        )
        expect(page.locator("#upload-chosen li").first).to_contain_text("빈 파일입니다")
        send_chosen(page)
        expect(page.locator("#outbox-items li")).to_contain_text("처리 중")
        ingest(demo_station)
        expect(page.locator("#outbox-items li")).to_contain_text("읽을 수 있는 소리 파일이 아닙니다")
        assert [one.state for one in segments(demo_station)] == [SegmentState.rejected]

        page.evaluate(FULL_DISK)
        page.evaluate("isFull = true")  # nothing can be kept: all of it is sent all the same
        both = [recording(name, 5, 3.0) for name in ("같은 것.wav", "다른 이름.wav")]
        page.locator("#upload-files").set_input_files(both)
        send_chosen(page)
        expect(page.get_by_role("status").filter(has_text="이 창을 닫지 마세요")).to_be_visible()
        expect(page.locator("#outbox-items li", has_text="처리 중")).to_have_count(2)
        ingest(demo_station)
        expect(page.locator("#outbox-items li").last).to_contain_text("같은 소리가 이미 자료실에 있습니다")
        leave(page)


def test_an_upload_for_an_airing_says_so_and_arrives_as_what_is_awaited(
    night: FilledNight, visit: Visits
) -> None:
    station = night.station
    letter = {"type": "awaited", "name": "letter", "label": "고향 편지"}
    with writing(station.database) as session:
        session.add(
            Edition(
                airing_id=night.airings["2000"],
                base_version=0,
                kept=0,
                clock=[letter],
                edited_at=station.clock(),
            )
        )
    with serving(station) as url:
        page = visit(url, station.key)
        page.goto(f"{url}/library?for={night.airings['2000']}&element=letter")
        expect(page.locator("#for")).to_contain_text("새벽 편지")
        expect(page.locator("#for")).to_contain_text("고향 편지")
        page.get_by_label("찾기").fill("ㄴ")  # a search forgets nothing of it
        page.wait_for_url("**element=letter**q=**")
        page.locator("#upload-files").set_input_files([recording("편지.wav", 8, 3.0)])
        send_chosen(page, "testimony")
        expect(page.locator("#outbox-items li")).to_contain_text("처리 중")
        assert (segments(station)[-1].awaited_as, str(segments(station)[-1].awaited_on)) == (
            "letter",
            "2026-11-23",
        )
        page.goto(f"{url}/library?for=99&element=letter")
        expect(page.locator("#for")).to_contain_text("기다리지 않습니다")
        leave(page)


def test_a_recording_survives_a_reload_and_is_sent_afterwards(
    demo_station: SmallStation, visit: Visits
) -> None:
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station)
        page.get_by_role("button", name="녹음하기").first.click()
        recorder = page.get_by_role("dialog", name="녹음")
        recorder.get_by_role("button", name="녹음 시작").click()
        expect(recorder.locator("#recorder-length")).to_have_text(re.compile(r"0:0[2-9]\.\d"))
        asked = list[str]()

        def go(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.once("dialog", go)
        page.reload()  # in the middle: nobody has pressed "stop"
        assert asked == ["beforeunload"]

        unsent = page.locator("#unsent li")
        expect(unsent).to_contain_text("아직 보내지 않았습니다")
        expect(unsent).to_contain_text(re.compile("0:0[2-9] 길이"))
        unsent.get_by_role("button", name="보내기").click()
        send_chosen(page, "talk")
        expect(page.locator("#outbox-items li")).to_contain_text("처리 중")
        ingest(demo_station)
        expect(page.locator("#outbox-items li")).to_contain_text("자료실에 들어옴")
        expect(unsent).to_have_count(0)
        [made] = segments(demo_station)
        assert made.samples is not None
        assert 1.4 < made.samples / RATE < 10
        assert made.original_name is not None
        assert made.original_name.startswith("녹음 ")
        page.reload()
        play = page.get_by_role("button", name=f"듣기: {made.title}")
        play.click()
        expect(play).to_have_attribute("aria-pressed", "true")
        expect(play).to_have_attribute("aria-pressed", "false")  # it has ended
        expect(unsent).to_have_count(0)
        leave(page)


def test_what_is_recorded_may_be_paused_heard_and_discarded(
    demo_station: SmallStation, visit: Visits
) -> None:
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station, language="en", width=360)
        page.evaluate(FULL_DISK)
        page.get_by_role("button", name="Record").first.click()
        recorder = page.get_by_role("dialog", name="Recording")
        recorder.get_by_role("button", name="Record").click()
        expect(recorder.locator("#recorder-length")).to_have_text(re.compile(r"0:0[1-9]\.\d"))
        recorder.get_by_role("button", name="Pause").click()
        expect(recorder).to_contain_text("Paused")
        recorder.get_by_role("button", name="Go on recording").click()
        page.keyboard.press("Escape")  # ends no recording
        page.evaluate("isFull = true")
        told = recorder.get_by_role("alert")
        expect(told).to_contain_text("is not saved yet")
        recorded = recorder.locator("#recorder-length").text_content()
        recorder.get_by_role("button", name="Go on recording").click()
        expect(told).to_contain_text("is not saved yet")
        recorder.get_by_role("button", name="Stop").click()
        page.get_by_role("dialog", name="is lost if you stop now").get_by_role(
            "button", name="Go back"
        ).click()
        page.evaluate("isFull = false")
        recorder.get_by_role("button", name="Go on recording").click()
        expect(told).to_be_hidden()
        expect(recorder.locator("#recorder-length")).not_to_have_text(recorded or "")
        recorder.get_by_role("button", name="Stop").click()
        recorder.get_by_role("button", name="Listen").click()
        expect(recorder.get_by_role("button", name="Listen")).to_have_attribute("aria-pressed", "true")
        expect(recorder.get_by_role("button", name="Listen")).to_have_attribute("aria-pressed", "false")
        recorder.get_by_role("button", name="Discard").click()
        page.get_by_role("dialog").get_by_role("button", name="Discard").last.click()
        expect(recorder).to_be_hidden()
        expect(page.locator("#outbox")).to_be_hidden()

        page.get_by_role("button", name="Record").first.click()
        recorder.get_by_role("button", name="Record").click()
        expect(recorder.locator("#recorder-length")).to_have_text(re.compile(r"0:0(0\.[5-9]|[1-9])"))
        for _ in range(2):
            page.keyboard.press("Escape")
        expect(recorder).to_be_hidden()  # Chrome lets nobody keep a dialog open a second time
        expect(page.locator("#unsent li")).to_contain_text("has not been sent yet")
        leave(page)


def test_a_microphone_that_is_refused_missing_or_lost_is_said_and_costs_nothing(
    demo_station: SmallStation, visit: Visits
) -> None:
    with serving(demo_station) as url:
        page = open_library(visit, url, demo_station)
        page.evaluate(MICROPHONE)
        recorder = page.get_by_role("dialog", name="녹음")
        told = recorder.get_by_role("alert")
        for error, words in (
            ("NotAllowedError", "마이크를 쓰도록 허락되지 않았습니다"),
            ("NotFoundError", "마이크가 없습니다"),
            ("NotReadableError", "마이크를 열 수 없습니다"),
        ):
            page.evaluate("name => refusal = name", error)
            page.get_by_role("button", name="녹음하기").first.click()
            expect(told).to_contain_text(words)
            expect(recorder.get_by_role("button", name="녹음 시작")).to_be_hidden()
            page.keyboard.press("Escape")
        page.evaluate("refusal = undefined")
        page.get_by_role("button", name="녹음하기").first.click()
        recorder.get_by_role("button", name="녹음 시작").click()
        expect(recorder.locator("#recorder-length")).to_have_text(re.compile(r"0:0[1-9]\.\d"))
        page.evaluate("opened.dispatchEvent(new Event('ended'))")  # as when it is unplugged
        expect(told).to_contain_text("마이크가 빠졌습니다")
        recorder.get_by_role("button", name="보내기").click()
        send_chosen(page, "talk")
        expect(page.locator("#outbox-items li")).to_contain_text("처리 중")
        leave(page)


def test_of_two_windows_one_sends_a_file_and_the_other_goes_on_when_it_is_closed(
    demo_station: SmallStation, visit: Visits
) -> None:
    visit.expected.append(LINE_BREAKS)
    file = recording("두 창.wav", 7)
    with serving(demo_station) as url:
        first = open_library(visit, url, demo_station)
        first.route(
            "**/api/v1/uploads/*",
            lambda route: route.abort() if route.request.method == "PATCH" else route.continue_(),
        )
        first.locator("#upload-files").set_input_files([file])
        send_chosen(first)
        expect(first.locator("#outbox-items li")).to_contain_text("연결 끊김")
        first.get_by_role("button", name="녹음하기").first.click()
        first.get_by_role("dialog", name="녹음").get_by_role("button", name="녹음 시작").click()
        expect(first.locator("#recorder-length")).to_have_text(re.compile(r"0:0[1-9]\.\d"))

        second = first.context.new_page()
        second.goto(f"{url}/library")
        expect(second.locator("#outbox-items li")).to_contain_text("차례 기다림")
        expect(second.locator("#unsent li")).to_have_count(0)  # it is still being recorded
        assert segments(demo_station) == []
        first.close()
        expect(second.locator("#outbox-items li")).to_contain_text("처리 중")
        [segment] = segments(demo_station)
        assert segment.original_sha256 == hashlib.sha256(file["buffer"]).hexdigest()
        second.reload()
        expect(second.locator("#unsent li")).to_contain_text("아직 보내지 않았습니다")
        leave(second)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_well_made_in_both_languages_at_every_width(
    night: FilledNight, visit: Visits, node_peer: Callable[[str], Path], theme: str
) -> None:
    night.station.add_segment(title="가" * 200, presenter="나" * 60, tags=["다" * 50], state="recalled")
    with serving(night.station) as url:
        page = visit(url, night.station.key, theme=theme)  # type: ignore[arg-type]
        for language, width in (("ko", 360), ("en", 1200)):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{url}/library?lang={language}&created_from=2026-11-30&created_to=2026-01-01&tag=x")
            assert not overflows(page)
            assert axe(page, node_peer) == []
            page.goto(f"{url}/library")
            assert not overflows(page)
            assert axe(page, node_peer) == []
            page.locator("#upload-files").set_input_files([recording("a.wav", 1, 1.0)])
            assert axe(page, node_peer) == []
            page.keyboard.press("Escape")
            page.locator("[data-record]").first.click()
            expect(page.locator("[data-do=record]").first).to_be_visible()
            assert not overflows(page)
            assert axe(page, node_peer) == []
        leave(page)
