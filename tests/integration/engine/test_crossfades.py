"""Songs faded into one another, from the clock to the file at the site."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from sqlmodel import select

from app.airings.models import Artefact, AsRun, RundownVersion
from app.database import writing
from app.library.models import Segment
from schedules.rundown import Rundown, audio_airs_at
from schedules.time import SAMPLE_RATE
from tests.integration.engine.living import ON_AIR_AT, OVER_AT, LivingStation


def test_songs_are_faded_into_one_another_and_the_file_is_as_long_as_ever(
    station: LivingStation, tmp_path: Path
) -> None:
    with writing(station.database) as session:
        for row in session.exec(select(Segment)).all():
            row.kind, row.cue_in = "music", 0
            row.cue_out = min(row.samples or 0, 22 * SAMPLE_RATE)
    slot = station.slot(station.programme(clock=[{"type": "fill", "crossfade_s": 5}]))
    station.feed(slot, tmp_path / "site")
    station.live_until(OVER_AT + timedelta(minutes=1))
    (version,) = station.rows(RundownVersion)
    rundown = Rundown.from_json(version.body)
    assert rundown.fit is not None
    assert rundown.fit.crossfaded_samples > 0
    (artefact,) = station.rows(Artefact)
    assert artefact.samples == rundown.target_samples
    record = sorted(station.rows(AsRun), key=lambda one: one.position)
    assert [one.starts_at for one in record] == [audio_airs_at(item, ON_AIR_AT) for item in rundown.items]
    assert all(before.ends_at <= after.starts_at for before, after in pairwise(record))
