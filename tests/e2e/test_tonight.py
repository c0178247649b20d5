"""A night as people go through it: what needs them, what is heard, and each airing where it lies in time."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

from playwright.sync_api import expect
from sqlmodel import Session, col, select

from app.air.tap import Tap, tap_path
from app.airings.models import Artefact, Intent, RundownVersion
from app.alarms.models import Alarm
from app.database import id_of, reading, writing
from app.feeds.models import Feed
from app.feeds.names import DEFAULT_TEMPLATE
from app.frequencies.models import Site
from app.locks import Lock
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from tests.armed_airings import material
from tests.nights import AT, FilledNight
from tests.stations import serving
from tests.visits import Visits


def test_from_an_alarm_on_a_phone_to_the_file_brought_by_hand(night: FilledNight, visit: Visits) -> None:
    """The link opens the feed's card with its cause and the site's number; two taps more and it is recorded."""
    with writing(night.station.database) as session:
        site = session.exec(select(Site).where(Site.code == "PAO")).one()
        site.desk = {"phone": "+886 5 000 0000"}
        session.add(site)
        alarm_id = id_of(session.exec(select(Alarm).where(Alarm.kind == "feed_failing")).one())
    feed = f"#airing-{night.airings['1530']}-feed-{night.feeds['PAO']}"
    with serving(night.station) as url:
        page = visit(url, night.station.key, width=360, height=740)
        page.goto(f"{url}/alarms/{alarm_id}")
        row = page.locator(feed)
        expect(row.get_by_text("인증 정보를 새로 받으세요")).to_be_in_viewport()
        expect(row.get_by_role("link", name="Paochung에 전화")).to_have_attribute("href", "tel:+88650000000")
        row.locator("summary", has_text="직접 전달").tap()
        done = row.get_by_role("button", name="직접 전달했습니다")
        done.tap()  # nothing written: the browser says so, and nothing is sent
        row.get_by_label("어떻게 전달했습니까?").fill("송신소 창구에 올림")
        done.tap()
        expect(page.locator("#told")).to_have_text("직접 전달한 것으로 적었습니다.")
        page.close()
    with reading(night.station.database) as session:
        (wish,) = session.exec(select(Intent)).all()
    assert (wish.kind, wish.handoff_id) == ("manual", night.handoffs["1530", "PAO"])
    assert (wish.details or {})["how"] == "송신소 창구에 올림"


def test_needs_have_their_button_and_a_feed_is_tried_in_place(night: FilledNight, visit: Visits) -> None:
    with writing(night.station.database) as session:
        airing_id, feed_id = night.airings["1430"], night.feeds["TAC"]
        key = f"airing:{airing_id}/feed:{feed_id}"
        feed = session.get_one(Feed, feed_id)
        feed.address = str(night.station.settings.root / "not-there")
        feed.name_template = DEFAULT_TEMPLATE
        session.add(feed)
        session.add(Alarm(kind="unheard", key=key, raised_at=AT, airing_id=airing_id, feed_id=feed_id))
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/")
        needs = page.get_by_role("region", name="What needs a person")
        unheard = needs.get_by_role("listitem").filter(has_text="nobody can listen there")
        unheard.get_by_role("button", name="Try the feed").click()
        expect(unheard.get_by_role("status")).to_contain_text("Something is wrong with the feed.")
        expect(unheard.get_by_role("status")).to_contain_text("✕")
        failing = needs.get_by_role("listitem").filter(has_text="cannot be delivered")
        failing.get_by_role("button", name="Try again").click()
        expect(page.locator("#told")).to_contain_text("Asked for.")
        with reading(night.station.database) as session:
            assert session.exec(select(Intent.kind)).all() == ["retry"]
        failing.get_by_role("link", name="See the cause").click()
        expect(page.locator(f"#airing-{night.airings['1530']}-feed-{night.feeds['PAO']}")).to_be_focused()
        page.close()


def test_the_timeline_leads_by_keys_to_an_airing_that_unfolds_and_stays_so(
    night: FilledNight, visit: Visits
) -> None:
    over = night.airings["1200"]
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/")
        bars = page.get_by_role("region", name="The night by frequency").get_by_role("link")
        assert bars.count() == 12
        on_air = bars.and_(page.get_by_label("On air")).first
        assert page.locator("#timeline-drawing a[tabindex='0']").count() == 1
        on_air.focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator(":focus")).to_have_attribute(
            "aria-label", "밤의 목소리, On air, 14:30 UTC / 23:30 KST, 7585 kHz Tashkent"
        )
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        card = page.locator(f"#airing-{over}")
        expect(card).to_be_focused()
        expect(card).to_be_in_viewport()
        card.get_by_text("As-run").click()
        expect(card.get_by_text("Verified at the site").first).to_be_visible()
        page.reload()
        expect(card.get_by_text("As-run")).to_be_visible()
        page.close()


def test_the_level_of_what_goes_out_by_file_is_seen_without_listening(
    night: FilledNight, visit: Visits, tmp_path: Path
) -> None:
    """The file is silent until the tenth minute, the one that is on the air, and then a tone with peaks of -12 dBFS."""
    visit.expected += ["401"]
    made = tmp_path / "made.flac"
    tone = f"aevalsrc=exprs='if(lt(t,599),0,{10 ** (-12 / 20):.5f}*sin(2764*t))':s=48000:d=720"
    subprocess.run([find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", tone, str(made)], check=True)
    sha256 = hashlib.sha256(made.read_bytes()).hexdigest()
    with writing(night.station.database) as session:
        artefact = _artefact_on_air(session, night)
        artefact.sha256, artefact.extension = sha256, "flac"
        session.add(artefact)
    Blobs(night.station.settings.blobs_dir).adopt(made, "artefacts", sha256, ".flac")
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        page.goto(f"{url}/")
        strip = page.get_by_role("region", name="On the air now")
        meter = strip.get_by_role("meter", name="Level, by the programme's file")
        expect(meter).to_have_text("−12 dBFS, peak −12 dBFS")
        assert meter.get_attribute("aria-valuenow") == "-12"
        peaks = re.compile(r"/peaks\?")
        page.route(peaks, lambda route: route.fulfill(status=401))  # the session has ended
        with page.expect_response(peaks):
            page.reload()
        left = strip.locator("[data-until]").first
        expect(left).not_to_have_text(left.text_content() or "")  # it has gone on after the answer
        expect(meter).to_have_text("–")
        expect(page.locator("#sign-in-again")).to_be_hidden()  # who only looks is asked for nothing
        page.close()


def _artefact_on_air(session: Session, night: FilledNight) -> Artefact:
    of_airing = select(Artefact).join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
    return session.exec(of_airing.where(RundownVersion.airing_id == night.airings["1430"])).one()


def test_what_goes_out_live_is_listened_to_with_its_level(
    night: FilledNight, visit: Visits, tmp_path: Path
) -> None:
    """The air process is played by its status file and its tap, with some seconds of noise in it."""
    airing_id, feed_id = night.airings["1430"], night.feeds["TAC"]
    with writing(night.station.database) as session:
        feed = session.get_one(Feed, feed_id)
        feed.protocol, feed.address = "icecast", "http://127.0.0.1:1/danpa"
        session.add(feed)
    settings = night.station.settings
    lock = Lock(settings.run_dir / "air.lock")
    assert lock.acquire()
    output = {
        "feed": feed_id,
        "airing": airing_id,
        "state": "on",
        "level": "programme",
        "frame": 9,
        "why": None,
    }
    (settings.run_dir / "air.json").write_text(
        json.dumps({"at": AT.isoformat(), "armed": {airing_id: 1}, "outputs": [output]})
    )
    tap = Tap(tap_path(settings, feed_id))
    tap.begin(b"")
    for frame in material(tmp_path, 1, 12.0).frames():
        tap.write(airing_id, frame, 0)
    with serving(night.station) as url:
        page = visit(url, night.station.key, language="en")
        with page.expect_response(lambda answer: answer.url.endswith("/api/v1/events")):
            page.goto(f"{url}/")
        strip = page.get_by_role("region", name="On the air now")
        expect(strip.get_by_text("어머니에게 보내는 편지")).to_be_visible()
        before = strip.locator("[data-until]").first.text_content()
        strip.locator("audio").evaluate("(audio) => audio.play()")
        meter = strip.get_by_role("meter", name="Level", exact=True)
        expect(meter).to_contain_text("dBFS, peak")
        assert -60 < int(meter.get_attribute("aria-valuenow") or "-60") <= 0
        expect(strip.locator("[data-until]").first).not_to_have_text(before or "")
        strip.locator("audio").evaluate("(audio) => audio.pause()")
        expect(meter).to_be_hidden()
        page.close()
    tap.close()
    lock.release()
