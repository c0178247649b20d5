"""The engine reminds beside its plan, over restarts, and waits for no mail server."""

from __future__ import annotations

import asyncio
import socket
from datetime import date, datetime, timedelta
from pathlib import Path

from app.approving.models import Reminder
from app.awaited.service import awaited_from
from app.engine.process import Engine
from app.library.models import Cut, Segment, SegmentState
from app.people.models import Person
from tests.integration.engine.living import DAWN, ON_AIR_AT, LivingStation
from tests.mailboxes import mail_server

MINUTE = timedelta(minutes=1)
TALK = 4


def awaiting(station: LivingStation, folder: Path, smtp_port: int) -> datetime:
    """A talk waits to be approved for the evening, and the first person approves. Returns the content cut-off."""
    station.settings = station.settings.model_copy(
        update={"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "plain"}
    )
    station.change(Person, 1, email="ha@example.org", approves=True)
    awaited_on = date(2026, 11, 21)
    state = {"state": SegmentState.draft, "approved_cut": None, "approved_at": None}
    station.change(Segment, TALK, awaited_as="편지", awaited_on=awaited_on, **state)
    clock = [{"type": "awaited", "name": "편지", "required": False}, {"type": "fill", "kinds": ["music"]}]
    station.feed(station.slot(station.programme(clock=clock)), folder)
    station.live_until(DAWN)
    with station.session() as session:
        item = next(awaited_from(session, DAWN))
    assert item.state == "in_review"
    return item.cut_off_at


def test_each_step_is_told_once_whatever_engine_looks(station: LivingStation, tmp_path: Path) -> None:
    with mail_server() as (mailbox, port):
        cut_off_at = awaiting(station, tmp_path / "site", port)
        [made_at] = [one.made_at for one in station.rows(Cut, Cut.segment_id == TALK)]
        half_at = made_at + (cut_off_at - made_at) / 2
        told = []
        # Every `live_until` is an engine of its own
        for at in (DAWN + MINUTE, half_at - MINUTE, half_at, half_at + MINUTE, cut_off_at - 10 * MINUTE):
            station.live_until(at)
            told.append(len(mailbox.messages))
        station.live_until(ON_AIR_AT + 2 * MINUTE)
    assert told == [1, 1, 2, 2, 3]
    assert len(mailbox.messages) == 3
    assert [one.step for one in station.rows(Reminder)] == ["arrived", "half", "last"]
    assert station.airing().state == "done"


def test_a_mail_server_that_says_nothing_holds_no_tick_up(station: LivingStation, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        awaiting(station, tmp_path / "site", 9)  # nobody listens there: the first telling fails
        port = silent.getsockname()[1]
        settings = station.settings.model_copy(update={"smtp_port": port})
        station.clock.at = DAWN + MINUTE

        async def ticks() -> tuple[bool, int]:
            engine = Engine(settings, station.database, station.clock)
            await engine.tick()
            connection = await asyncio.to_thread(silent.accept)
            await engine.tick()
            is_telling = not engine.telling["reminders"].done()
            connection[0].close()
            await asyncio.wait([engine.telling["reminders"]])
            await engine.close()
            return is_telling, len(engine.deliveries)

        assert asyncio.run(ticks()) == (True, 0)
    [row] = station.rows(Reminder)
    assert (row.attempts, row.sent_at) == (2, None)
