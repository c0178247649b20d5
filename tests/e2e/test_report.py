"""The form for reception reports in a real browser the size of a phone, without scripts."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlmodel import select

from app.database import reading
from app.reports.models import ReceptionReport
from tests.nights import FilledNight
from tests.stations import serving
from tests.visits import Visits, overflows


def test_a_report_is_typed_on_a_phone_corrected_and_written_down(night: FilledNight, visit: Visits) -> None:
    visit.expected.append("422")
    with serving(night.station) as url:
        page = visit(url, night.station.key, width=360, scripts=False)
        for language in ("en", "ko"):
            page.goto(f"{url}/report?lang={language}")
            assert not overflows(page)
        page.locator("#date").fill("2026-11-22")
        page.locator("#time").fill("12:05")
        page.locator("[name=overall][value='2']").check()
        page.locator("#khz").fill("7585")
        page.keyboard.press("Enter")
        expect(page.locator("#wrong")).to_contain_text("시간대가 맞습니까")
        assert not overflows(page)

        page.locator("#zone").select_option("UTC")
        page.locator("#khz").press("Enter")
        expect(page.locator(".saved")).to_contain_text("적어 두었습니다: 7585 kHz")
    with reading(night.station.database) as session:
        (report,) = session.exec(select(ReceptionReport)).all()
    assert (report.heard_at.isoformat(), report.overall) == ("2026-11-22T12:05:00+00:00", 2)
