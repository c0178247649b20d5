"""What the station says of an airing is true of it: made for it, made anew when it changes, and never anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.airings.models import Airing, RundownVersion
from app.database import writing
from app.frequencies.models import Line
from app.frequencies.service import LineFields, update_line
from app.library.models import Segment
from app.storage import Blobs
from schedules.rundown import Item, Rundown, SegmentSource
from tests.integration.engine.living import CLOCK, DAWN, DELIVER_AT, OVER_AT, LivingStation
from tests.integration.engine.test_deliveries import MINUTE
from tests.integration.engine.test_recall import decode

RATE = 48_000
SPOKEN: dict[str, Any] = {"type": "spoken", "template": ["station", "frequencies"], "label": "frequencies"}
ANNOUNCING = [CLOCK[0], SPOKEN, *CLOCK[1:]]
NAMED = "주파수는 칠천오백 킬로헤르츠입니다"


@pytest.fixture(autouse=True)
def _voice(peer: Callable[[str], Path]) -> None:
    peer("espeak-ng")


def announcing(station: LivingStation, site: Path, clock: list[dict[str, Any]] = ANNOUNCING, **slot: Any) -> int:
    """The evening's programme, which announces itself, with one feed; gives its line."""
    station.feed(station.slot(station.programme(clock=clock), **slot), site)
    return 1


def move(station: LivingStation, line_id: int, khz: int) -> None:
    """A line's frequency is changed as the API changes it."""
    (row,) = station.rows(Line, Line.id == line_id)
    fields = LineFields(slot_id=row.slot_id, site_id=row.site_id, khz=khz, feed_ids=(line_id,))
    with writing(station.database) as session:
        update_line(session, line_id, fields, room_bytes=1 << 40, expected=None, now=station.clock(), by=1)


def version(station: LivingStation, number: int = 0, airing_id: int = 1) -> RundownVersion:
    rows = station.rows(RundownVersion, RundownVersion.airing_id == airing_id)
    return max(rows, key=lambda row: row.version) if not number else next(
        row for row in rows if row.version == number
    )


def items(station: LivingStation, number: int = 0, airing_id: int = 1) -> tuple[Item, ...]:
    return Rundown.from_json(version(station, number, airing_id).body).items


def said(station: LivingStation, number: int = 0, airing_id: int = 1) -> list[str]:
    """The words of what a version announces."""
    return [one.reason.note for one in items(station, number, airing_id) if one.reason.rule == "spoken"]


def sound_of(station: LivingStation, number: int = 0) -> NDArray[np.float32]:
    """What a version announces, as the master has it."""
    (item,) = [one for one in items(station, number) if one.reason.rule == "spoken"]
    assert isinstance(item.source, SegmentSource)
    return decode(Blobs(station.settings.blobs_dir).path("masters", item.source.master_sha256, ".flac"))


def likeness(file: Path, recording: NDArray[np.float32]) -> float:
    """The normalised correlation of all of a recording with the place of a file where it fits best."""
    sound = decode(file)
    size = 1 << (len(sound) + len(recording)).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(recording, size)), size)[: len(sound)]
    energy = np.cumsum(np.concatenate([[0.0], sound.astype(np.float64) ** 2, np.zeros(len(recording))]))
    local = np.sqrt(np.maximum(energy[len(recording) :][: len(sound)] - energy[: len(sound)], 1e-3))
    return float((np.abs(both) / (local * np.linalg.norm(recording))).max())


def delivered(site: Path) -> Path:
    (file,) = site.glob("*.mp3")
    return file


@pytest.mark.parametrize("moved_at", [DELIVER_AT - MINUTE, DELIVER_AT + MINUTE])
def test_a_move_is_heard_in_the_file_before_and_after_it_was_delivered(
    station: LivingStation, tmp_path: Path, moved_at: datetime
) -> None:
    site = tmp_path / "site"
    line = announcing(station, site)
    station.live_until(moved_at)
    assert NAMED in said(station)[0]
    old = sound_of(station)
    move(station, line, 11560)
    station.live_until(moved_at + 2 * MINUTE)
    assert version(station).cause == "reworded"
    assert "만 천오백육십 킬로헤르츠입니다" in said(station)[0]
    new = sound_of(station)
    if moved_at > DELIVER_AT:
        print(likeness(delivered(site), new), likeness(delivered(site), old))
    station.live_until(OVER_AT)
    print(likeness(delivered(site), new), likeness(delivered(site), old), len(decode(delivered(site))), station.airing().target_samples)
    print([(i.start_sample, i.samples, i.reason.rule) for i in items(station, 1)])
    print([(i.start_sample, i.samples, i.reason.rule) for i in items(station, 2)])
    print(station.alarms(), station.airing())
