"""A same-day move as listeners hear it: the announcement at the site says what is so, whatever the site has answered by then.

Asked at 21:40 for the 22:00 programme, over the API, with the engine running; the samples of the site's own file prove it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.airings.models import Airing, RundownVersion
from app.handoffs.models import Handoff
from app.programmes.models import Programme
from app.storage import Blobs
from schedules.rundown import Rundown, SegmentSource
from tests.integration.engine.test_announcements import (
    ABSENT,
    ANNOUNCING,
    RATE,
    UNNAMED,
    espeak,  # noqa: F401 - a fixture for every test
    likeness,
    named,
    spoken_in,
)
from tests.integration.engine.test_moves import (
    ASKED_AT,
    MINUTE,
    NEW,
    NIGHT,
    OLD,
    ON_AIR_AT,
    Moving,
    moving,  # noqa: F401 - a fixture
)
from tests.integration.engine.test_recall import PRESENT, decode

NAMED = {OLD: named("칠천오백 킬로헤르츠입니다"), NEW: named("칠천오백팔십오 킬로헤르츠입니다")}
Signal = NDArray[np.float32]


@pytest.fixture
def announcing(moving: Moving) -> Moving:  # noqa: F811 - the fixture
    """The same station, whose programme says its frequency."""
    moving.station.change(Programme, 1, clock=ANNOUNCING)
    return moving


def newest(night: Moving) -> tuple[str, Signal | None, Path]:
    """What the newest version of the night announces, a second of its number (None if it has none), and the file at the site."""
    (airing,) = night.station.rows(Airing, Airing.starts_at == ON_AIR_AT)
    (row,) = night.station.rows(
        RundownVersion, RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
    )
    (item,) = spoken_in(Rundown.from_json(row.body))
    assert isinstance(item.source, SegmentSource)
    blobs = Blobs(night.station.settings.blobs_dir)
    master = decode(blobs.path("masters", item.source.master_sha256, ".flac"))
    middle = len(master) - round(2.1 * RATE)
    number = None if str(item.reason.note) == UNNAMED else master[middle : middle + RATE]
    (handoff,) = night.station.rows(
        Handoff, Handoff.airing_id == airing.id, Handoff.version == airing.version
    )
    assert handoff.state == "verified", "the site has this version"
    return str(item.reason.note), number, night.folder / handoff.object_name


@pytest.mark.parametrize("answer", ["acknowledged", "refused", None])
def test_what_is_announced_is_what_the_site_has_agreed_to(announcing: Moving, answer: str | None) -> None:
    announcing.live(ASKED_AT)
    words, old, file = newest(announcing)
    assert old is not None
    assert (words, file.name) == (NAMED[OLD], f"{NIGHT:%Y%m%d}_2200_{OLD}.mp3")
    assert likeness(file, old) > PRESENT
    length = len(decode(file))

    announcing.ask()
    announcing.live(ASKED_AT + 2 * MINUTE)
    words, number, file = newest(announcing)
    assert (words, number) == (UNNAMED, None), "nobody knows yet"
    assert likeness(file, old) < ABSENT

    if answer is not None:
        announcing.reply(answer)
    announcing.live(ON_AIR_AT - MINUTE)
    khz = NEW if answer == "acknowledged" else OLD
    words, number, file = newest(announcing)
    assert file.name == f"{NIGHT:%Y%m%d}_2200_{khz}.mp3"
    assert len(decode(file)) == length, "exact, every time"
    if answer is None:
        assert (words, number) == (UNNAMED, None), "silence is no answer"
        assert likeness(file, old) < ABSENT
    else:
        assert words == NAMED[khz]
        assert number is not None
        assert likeness(file, number) > PRESENT
    if answer == "acknowledged":
        assert number is not None
        assert likeness(file, old) < likeness(file, number) - 0.3, "both numbers begin with 칠천오백"

    announcing.live(ON_AIR_AT + 2 * MINUTE)
    state = {"acknowledged": "in_effect", "refused": "refused", None: "sent"}[answer]
    with announcing.at_the_desk() as client:
        change = client.get("/api/v1/line-changes/1").json()
        lines = {one["id"]: one["khz"] for one in client.get("/api/v1/lines").json()["items"]}
        span = {
            "from": f"{ON_AIR_AT:%Y-%m-%dT%H:%M:%SZ}",
            "until": f"{ON_AIR_AT + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        }
        occurrences = client.get("/api/v1/lines/occurrences", params=span).json()["items"]
        record = client.get("/api/v1/as-run", params=span).json()["items"]
    assert change["state"] == state
    assert [one["khz"] for one in occurrences] == [khz]
    assert {lines[row["line_id"]] for row in record} == {khz}
    assert {row["evidence"] for row in record} == {"delivered"}
