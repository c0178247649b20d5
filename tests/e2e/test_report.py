"""The form for reception reports in a real browser the size of a phone, without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.database import reading
from app.reports.models import ReceptionReport
from tests.nights import FilledNight
from tests.stations import serving
from tools.screenshot import Browser, session_of


@pytest.fixture
def phone(night: FilledNight, peer: Callable[[str], Path]) -> Iterator[tuple[Browser, str]]:
    with Browser(str(peer("chromium"))) as browser, serving(night.station) as url:
        browser.resize(360, script=False)
        browser.sign_in(url, session_of(url, night.station.key))
        yield browser, url
        browser.open("about:blank")


def test_a_report_is_typed_on_a_phone_corrected_and_written_down(
    night: FilledNight, phone: tuple[Browser, str]
) -> None:
    browser, url = phone
    fits = "document.documentElement.scrollWidth <= 360"
    for language in ("en", "ko"):
        browser.open(f"{url}/report?lang={language}")
        assert browser.run(fits) is True
    browser.run("document.querySelector('#date').value = '2026-11-22'")
    browser.run("document.querySelector('#time').value = '12:05'")
    browser.run("document.querySelector('[name=overall][value=\"2\"]').checked = true")
    browser.run("document.querySelector('#khz').focus()")
    browser.type("7585")
    browser.press("Enter")
    browser.wait_for("document.querySelector('#wrong')?.textContent.includes('시간대가 맞습니까')")
    assert browser.run(fits) is True

    browser.run("document.querySelector('#zone').value = 'UTC'")
    browser.run("document.querySelector('#khz').focus()")
    browser.press("Enter")
    browser.wait_for("document.querySelector('.saved')?.textContent.includes('적어 두었습니다: 7585 kHz')")
    with reading(night.station.database) as session:
        (report,) = session.exec(select(ReceptionReport)).all()
    assert (report.heard_at.isoformat(), report.overall) == ("2026-11-22T12:05:00+00:00", 2)
