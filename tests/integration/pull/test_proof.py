"""What a log proves: parts that were taken for certain, and the word of a client that downloads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.database import writing
from app.pull.models import Fetch
from tests.integration.pull.deliveries import NAME, PullStation, bytes_of
from tests.stations import NOW

SONG = bytes_of(1000)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of the log, of an object of 1,000 bytes."""

    first: int
    end: int
    sent: int
    ended: str | None = "whole"
    status: int = 206
    address: str = "10.0.0.1"
    overlaps: bool = False
    """It began before the one before had ended."""


WHOLE = Told(0, 1000, 1000, status=200)
BROKEN = Told(0, 1000, 800, "reset", status=200)
UNREAD = Told(0, 1000, 1000, "reset", status=200)
REST = Told(500, 1000, 500)
HAS_ALL = Told(1000, 1000, 0, status=416)


@pytest.mark.parametrize(
    ("log", "is_fetched"),
    [
        pytest.param([WHOLE], True, id="whole"),
        pytest.param([UNREAD], False, id="reset"),
        pytest.param([Told(0, 1000, 1000, None, status=200)], False, id="not known"),
        pytest.param([BROKEN, REST], True, id="it goes on where it was cut"),
        pytest.param([BROKEN, Told(900, 1000, 100)], False, id="from where it cannot be"),
        pytest.param([BROKEN, Told(500, 1000, 500, "reset")], False, id="cut again"),
        pytest.param([BROKEN, Told(500, 1000, 400, "reset"), Told(700, 1000, 300)], True, id="cut twice"),
        pytest.param([UNREAD, Told(500, 1000, 500, address="10.0.0.2")], False, id="another client"),
        pytest.param([UNREAD, Told(500, 1000, 500, overlaps=True)], False, id="at the same time"),
        pytest.param([UNREAD, HAS_ALL], True, id="it had it all"),
        pytest.param([BROKEN, HAS_ALL], False, id="it cannot have it all"),
        pytest.param([HAS_ALL], False, id="it had nothing of ours"),
        pytest.param([Told(0, 1000, 1000, "proxy", status=200), HAS_ALL], True, id="by a proxy"),
        pytest.param(
            [Told(0, 1000, 1000, "proxy", status=200), REST], True, id="by a proxy that lost its client"
        ),
        pytest.param([Told(0, 1000, 800, "reset"), REST], False, id="a player that jumps"),
        pytest.param([Told(0, 500, 500, "reset"), REST], False, id="segments"),
        pytest.param([Told(0, 500, 400), UNREAD, REST], False, id="a loader of segments is not believed"),
        pytest.param([Told(0, 500, 500), REST], True, id="parts that cover it"),
        pytest.param([Told(0, 499, 499), REST], False, id="a hole"),
    ],
)
def test_the_log_proves(pull: PullStation, log: list[Told], *, is_fetched: bool) -> None:
    handoff_id = pull.deliver(SONG)
    digest = hashlib.sha256(SONG).hexdigest()
    with writing(pull.station.database) as session:
        for number, told in enumerate(log):
            at = NOW + timedelta(minutes=10 * number)
            session.add(
                Fetch(
                    feed_id=pull.feed_id,
                    pull_key_id=pull.key_id,
                    handoff_id=handoff_id,
                    name=NAME,
                    sha256=digest,
                    size=len(SONG),
                    method="GET",
                    status=told.status,
                    first_byte=told.first,
                    end_byte=told.end,
                    bytes_sent=told.sent,
                    ended=told.ended,
                    started_at=at - timedelta(minutes=8 if told.overlaps else 0),
                    finished_at=at + timedelta(minutes=5),
                    remote_address=told.address,
                    user_agent="",
                )
            )
    assert (pull.look(handoff_id, SONG).verdict == "present") == is_fetched
