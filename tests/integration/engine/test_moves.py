"""Changes of lines with the engine running: what the site is told and gets, for every way in which it may answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col

from app.airings.models import AsRun
from app.database import reading
from app.frequencies.models import Line, Site
from app.handoffs.models import Handoff
from app.moves.models import LineChange
from app.moves.service import pending
from app.settings import Settings
from app.web.application import create_app
from tests.integration.engine.living import LivingStation
from tests.mailboxes import Mailbox, mail_server
from tests.stations import keyed, running

NIGHT = date(2026, 11, 20)
ON_AIR_AT = datetime(2026, 11, 20, 22, tzinfo=UTC)
ASKED_AT = ON_AIR_AT - timedelta(minutes=20)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OLD, NEW = 7500, 7585


@dataclass
class Moving:
    """A station with a 22:00 slot on 7500 kHz, whose site has a folder and a mailbox."""

    station: LivingStation
    mailbox: Mailbox
    folder: Path
    slot: int = field(init=False)

    def __post_init__(self) -> None:
        self.slot = self.station.slot(self.station.programme(), start_minute=1320, stop_minute=1321)
        self.station.feed(
            self.slot,
            self.folder,
            name_template="{date}_{time}_{khz}.{ext}",
            sidecar="{name}.json",
            deadline_s=1200,
            accept_until_s=300,
        )
        self.station.change(Site, 1, desk={"mail": "desk@site.example", "phone": "+998"}, desk_in_alarms=True)

    def ask(self, **body: Any) -> dict[str, Any]:
        answer = self.post("/api/v1/lines/1/move", khz=NEW, reason="jammed", **body)
        assert answer.status_code == 201, answer.text
        change: dict[str, Any] = answer.json()["change"]
        return change

    def post(self, path: str, **body: Any) -> httpx.Response:
        with self.at_the_desk() as client:
            return client.post(path, json=body)

    @contextmanager
    def at_the_desk(self) -> Iterator[httpx.Client]:
        key = (self.station.settings.root / "api-key").read_text()
        app = create_app(self.station.settings, now=self.station.clock)
        with running(app, self.station.settings) as url, keyed(url, key) as client:
            yield client

    def reply(self, answer: str) -> None:
        """As the site does: with the link of its newest mail, and nothing else."""
        link = re.findall(r"https://studio\.example(/reply/\S+)", self.mailbox.messages[-1].get_content())[0]
        app = create_app(self.station.settings, now=self.station.clock)
        with running(app, self.station.settings) as url:
            assert httpx.post(url + link, data={"answer": answer}).status_code == 200

    def live(self, at: datetime) -> None:
        self.station.live_until(at)

    def at_site(self, night: date = NIGHT) -> list[int]:
        """The frequencies in the names of the night's files, the newest last."""
        files = sorted(
            self.folder.glob(f"{night:%Y%m%d}_2200_*.mp3"), key=lambda path: path.stat().st_mtime_ns
        )
        return [int(path.stem.rsplit("_", 1)[1]) for path in files]

    def wanted_at_site(self) -> tuple[int, list[int]]:
        """The frequency in the name of the night's handoff, and those in its manifest."""
        (handoff,) = [
            row for row in self.station.rows(Handoff) if row.object_name.startswith(f"{NIGHT:%Y%m%d}")
        ]
        assert handoff.state == "verified"
        manifest = json.loads((self.folder / f"{handoff.object_name}.json").read_bytes())
        return int(handoff.object_name.rsplit("_", 1)[1].split(".")[0]), manifest["frequencies_khz"]

    def lines(self) -> list[tuple[int, date, date]]:
        rows = self.station.rows(Line)
        return sorted(((row.khz, row.first_date, row.last_date) for row in rows), key=lambda one: one[1])

    def on_record(self) -> set[int]:
        khz = {row.id: row.khz for row in self.station.rows(Line)}
        return {khz[row.line_id] for row in self.station.rows(AsRun)}

    def state(self) -> str:
        return self.station.rows(LineChange)[-1].state

    def is_pending(self, night: date = NIGHT) -> bool:
        with reading(self.station.database) as session:
            return pending(session, self.slot, night)


@pytest.fixture
def moving(station: LivingStation, tmp_path: Path) -> Iterator[Moving]:
    with mail_server() as (mailbox, port):
        station.settings = Settings(
            home=station.settings.home,
            disk_reserve_bytes=0,
            port=0,
            public_url="https://studio.example",
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="plain",
        )
        yield Moving(station, mailbox, tmp_path / "site")


LINE = (OLD, date(2026, 11, 1), date(2026, 12, 31))


def test_a_same_day_move_that_the_site_agrees_to_reaches_it_in_time(moving: Moving) -> None:
    moving.live(ASKED_AT)
    assert moving.at_site() == [OLD]
    moving.ask()
    assert moving.state() == "requested"
    moving.live(ASKED_AT + MINUTE)
    assert (moving.state(), moving.lines(), moving.is_pending()) == ("sent", [LINE], True)
    text = moving.mailbox.messages[0].get_content().replace("\r\n", "\n")
    assert re.search(rf"^ *{OLD} 2200 2201 +S0 .* 011126 311226$", text, re.MULTILINE)
    assert re.search(rf"^ *{OLD} 2200 2201 +S0 .* 011126 191126$", text, re.MULTILINE)
    assert re.search(rf"^ *{NEW} 2200 2201 +S0 .* 201126 311226$", text, re.MULTILINE)
    assert "evening" not in text, "no titles leave"
    moving.reply("acknowledged")
    assert (moving.state(), moving.is_pending()) == ("acknowledged", False)
    assert moving.lines() == [(OLD, date(2026, 11, 1), date(2026, 11, 19)), (NEW, NIGHT, date(2026, 12, 31))]
    moving.live(ASKED_AT + 3 * MINUTE)
    assert moving.wanted_at_site() == (NEW, [NEW])
    moving.live(ON_AIR_AT)
    assert moving.state() == "in_effect"
    moving.live(ON_AIR_AT + DAY + 2 * MINUTE)
    assert moving.on_record() == {NEW}
    assert moving.at_site(NIGHT + DAY) == [NEW]
    assert moving.station.alarms() == set()


def test_a_refusal_leaves_everything_as_it_was_and_people_are_told(moving: Moving) -> None:
    moving.live(ASKED_AT)
    moving.ask()
    moving.live(ASKED_AT + MINUTE)
    moving.reply("refused")
    moving.live(ASKED_AT + 2 * MINUTE)
    assert moving.station.alarms() == {("change_refused", None)}
    assert (moving.state(), moving.lines(), moving.is_pending()) == ("refused", [LINE], False)
    moving.live(ON_AIR_AT + 2 * MINUTE)
    assert (moving.at_site(), moving.on_record()) == ([OLD], {OLD})
    moving.live(ON_AIR_AT + DAY)
    assert moving.station.alarms() == set(), "nobody can mend it any more"


def test_silence_leaves_everything_as_it_was_until_somebody_has_asked(moving: Moving) -> None:
    moving.live(ASKED_AT)
    cut_off = datetime.fromisoformat(moving.ask()["cut_off_at"])
    assert cut_off == ON_AIR_AT - 7 * MINUTE, "the last moment at which the file can still get another name"
    moving.live(cut_off - MINUTE)
    assert moving.station.alarms() == set()
    moving.live(cut_off)
    assert moving.station.alarms() == {("change_unanswered", None)}
    moving.live(ON_AIR_AT + DAY + 2 * MINUTE)
    assert (moving.state(), moving.lines(), moving.on_record()) == ("sent", [LINE], {OLD})
    assert (moving.at_site(), moving.at_site(NIGHT + DAY)) == ([OLD], [OLD])
    assert moving.is_pending(NIGHT + 2 * DAY), "what the site does is not known"
    late = moving.post("/api/v1/line-changes/1/answer", answer="acknowledged", how="by phone")
    assert late.status_code == 409
    assert moving.post("/api/v1/line-changes/1/undo").status_code == 200
    moving.live(ON_AIR_AT + DAY + 3 * MINUTE)
    assert (moving.station.alarms(), moving.is_pending(NIGHT + 2 * DAY)) == (set(), False)


def test_one_night_is_a_hole_in_the_old_line_and_its_undo_closes_it(moving: Moving) -> None:
    moving.live(ASKED_AT - 10 * MINUTE)
    moving.ask(night=str(NIGHT))
    moving.live(ASKED_AT)
    moving.reply("acknowledged")
    assert moving.lines() == [
        (OLD, date(2026, 11, 1), date(2026, 11, 19)),
        (NEW, NIGHT, NIGHT),
        (OLD, date(2026, 11, 21), date(2026, 12, 31)),
    ]
    moving.live(ASKED_AT + MINUTE)
    assert moving.wanted_at_site() == (NEW, [NEW])
    assert moving.post("/api/v1/line-changes/1/undo").status_code == 200
    assert moving.lines() == [LINE]
    assert moving.is_pending(), "until the site has been told"
    moving.live(ASKED_AT + 3 * MINUTE)
    assert moving.wanted_at_site() == (OLD, [OLD])
    assert not moving.is_pending()
    assert "takes this change back" in moving.mailbox.messages[-1].get_content()
    moving.live(ON_AIR_AT + DAY + 2 * MINUTE)
    assert moving.on_record() == {OLD}


def test_after_one_night_the_old_frequency_is_on_the_air_again(moving: Moving) -> None:
    moving.live(ASKED_AT)
    moving.ask(night=str(NIGHT))
    moving.live(ASKED_AT + MINUTE)
    moving.reply("acknowledged")
    moving.live(ON_AIR_AT + 2 * MINUTE)
    assert moving.on_record() == {NEW}
    late = moving.post("/api/v1/line-changes/1/undo")
    assert (late.status_code, "has been on the air" in late.json()["detail"]) == (409, True)
    moving.live(ON_AIR_AT + DAY + 2 * MINUTE)
    assert moving.on_record() == {OLD, NEW}
    assert (moving.at_site()[-1], moving.at_site(NIGHT + DAY)) == (NEW, [OLD])


def test_a_manifest_follows_a_move_also_where_the_name_does_not(
    station: LivingStation, tmp_path: Path
) -> None:
    slot = station.slot(station.programme(), start_minute=1320, stop_minute=1321)
    station.feed(slot, tmp_path / "site", sidecar="{name}.json")
    station.live_until(ASKED_AT)
    manifest = tmp_path / "site" / "20261120_2200_S0.mp3.json"
    assert json.loads(manifest.read_bytes())["frequencies_khz"] == [OLD]
    station.change(Line, 1, khz=NEW)
    station.live_until(ASKED_AT + MINUTE)
    assert json.loads(manifest.read_bytes())["frequencies_khz"] == [NEW]
    assert [row.state for row in station.rows(Handoff, col(Handoff.airing_id) == 1)] == ["verified"]


def test_a_night_that_was_called_off_can_still_be_undone(moving: Moving) -> None:
    moving.live(ASKED_AT)
    moving.ask()
    assert (
        moving.post("/api/v1/line-changes/1/answer", answer="acknowledged", how="by phone").status_code == 200
    )
    with moving.at_the_desk() as client:
        (airing,) = client.get(f"/api/v1/airings?night={NIGHT}").json()["items"][-1:]
        assert client.post(f"/api/v1/airings/{airing['id']}/cancel").status_code == 202
    moving.live(ON_AIR_AT + 2 * MINUTE)
    assert moving.on_record() == set()
    assert moving.post("/api/v1/line-changes/1/undo").status_code == 200
    assert moving.lines() == [LINE]


def test_a_site_that_has_the_file_of_a_line_that_has_left_it_is_to_be_called(
    moving: Moving, tmp_path: Path
) -> None:
    moving.live(ASKED_AT)
    assert moving.at_site() == [OLD]
    site = moving.post("/api/v1/sites", code="PAO", name="Paochung").json()["id"]
    feed = moving.post(
        "/api/v1/feeds", site_id=site, name="pao", protocol="folder", address=str(tmp_path / "pao"),
        name_template="{date}_{time}.{ext}", deadline_s=600, accept_until_s=300,
    ).json()["id"]  # fmt: skip
    moving.ask(site_id=site, feed_ids=[feed])
    moving.live(ASKED_AT + MINUTE)
    assert moving.station.alarms() == set()
    moving.post("/api/v1/line-changes/1/answer", answer="acknowledged", how="by phone")
    moving.live(ASKED_AT + 2 * MINUTE)
    assert ("moved_after_delivery", 1) in moving.station.alarms()
    moving.post("/api/v1/line-changes/1/undo")
    moving.live(ASKED_AT + 3 * MINUTE)
    assert ("moved_after_delivery", 1) not in moving.station.alarms()
