"""The content cut-off: by what each step takes here, once enough of them were measured."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.airings.models import Airing
from app.awaited.cut_off import ASSUMED, FEWEST_MEASURED, cut_off_of, measure
from app.database import reading
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.library.models import Cut, Segment
from tests.integration.engine.living import DAWN, DEADLINE_AT, OVER_AT, LivingStation

SECOND = timedelta(seconds=1)


def cut_off(station: LivingStation, airing: Airing) -> timedelta:
    """How long before the deadline it is."""
    with reading(station.database) as session:
        steps = measure(session, station.clock())
        return DEADLINE_AT - cut_off_of(session, airing, steps)


def test_it_is_assumed_until_enough_was_measured(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(OVER_AT + timedelta(minutes=1))
    airing = station.airing()
    steps = (ASSUMED.ingest, ASSUMED.approval, ASSUMED.compiling, ASSUMED.rendering, ASSUMED.upload)
    assumed = timedelta(seconds=sum(step.seconds for step in steps))
    assert cut_off(station, airing) == assumed

    (handoff,) = station.rows(Handoff, Handoff.feed_id == feed, Handoff.state == "verified")
    for number in range(10, 10 + FEWEST_MEASURED):
        at = DAWN + number * SECOND
        for kind, seconds in (("ingest", 4), ("compile", 1), ("render", 20)):
            station.add(
                Job(
                    kind=kind,
                    key=f"{kind}-{number}",
                    state="done",
                    tries=1,
                    urgent=True,
                    created_at=at,
                    finished_at=at + seconds * SECOND,
                )
            )
        station.add(
            Attempt(
                handoff_id=handoff.id or 0,
                number=number,
                started_at=at,
                finished_at=at + 50 * SECOND,
                outcome="verified",
            )
        )
    station.add(Job(kind="ingest", key="queue", state="done", tries=1, created_at=DAWN, finished_at=OVER_AT))
    with reading(station.database) as session:
        found = measure(session, station.clock())
    assert (found.ingest.seconds, found.ingest.measured) == (4, FEWEST_MEASURED), (
        "a library's queue is not theirs"
    )
    assert dict(found.uploads)[feed].seconds == 50
    expected = 4 + ASSUMED.approval.seconds + found.compiling.seconds + found.rendering.seconds + 50
    assert cut_off(station, airing) == timedelta(seconds=expected)


def test_approvals_of_what_is_awaited_count_and_those_of_the_next_morning_do_not(
    station: LivingStation, tmp_path: Path
) -> None:
    station.evening(tmp_path / "site")
    station.live_until(DAWN + SECOND)
    (segment, *_) = station.rows(Segment)
    station.change(Segment, segment.id or 0, awaited_as="letter")
    for number, waited in enumerate([60, 120, 180, 240, 300, 9 * 3600], 10):
        at = DAWN - timedelta(hours=number)
        station.add(
            Cut(
                segment_id=segment.id or 0,
                number=number,
                edits_sha256=str(number),
                made_at=at,
                approved_at=at + waited * SECOND,
            )
        )
    station.change(Cut, 1, made_at=DAWN - timedelta(days=60))
    with reading(station.database) as session:
        assert (measure(session, DAWN).approval.seconds, measure(session, DAWN).approval.measured) == (300, 5)
