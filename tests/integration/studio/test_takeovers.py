"""An evening with studios: at a join and back at a hard time, at once and gone by a kill, and with the studio process killed.

The whole of it takes a minute; every frame that the site got is told.
"""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlmodel import col, select

from app.airings import asrun
from app.airings.models import AsRun
from app.database import reading, writing
from app.engine.housekeeping import keep_house
from app.jobs.models import Job
from app.library.ingest import run_ingest
from app.library.models import Segment
from app.storage import Blobs
from audio.ffmpeg import find_ffmpeg
from audio.pcm import RATE
from tests.armed_airings import material, noise, soon, wait_until
from tests.captures import Capture
from tests.heard_frames import FRAME_BYTES, Heard, by_name, heard, longest_pause_s
from tests.live_sinks import RawSink
from tests.studios import FEED, HARD_S, StudioStation, sleep_until, studio_station

pytestmark = pytest.mark.slow

SECONDS = 62
CUSHION_S = 1.5
FIRST_JOIN = 6
FRAMES_A_SECOND = 1000 / 24


@dataclass
class Evening:
    station: StudioStation
    capture: Capture
    pieces: list[Heard]
    sent: list[NDArray[np.int16]]
    """What each of the three studios sent."""
    killed_at: datetime
    process_killed_at: datetime
    rows: list[AsRun] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    def studio(self, number: int) -> Heard:
        return next(one for one in self.pieces if one.of == f"studio {number}")

    def after(self, number: int) -> Heard:
        return self.pieces[self.pieces.index(self.studio(number)) + 1]

    def before(self, number: int) -> Heard:
        return self.pieces[self.pieces.index(self.studio(number)) - 1]


def _recorded(folder: Path, seed: int) -> tuple[Path, NDArray[np.int16]]:
    sound = noise(seed, 40.0)
    path = folder / f"studio-{seed}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path, sound


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("studio")
    programme = material(folder, 900, SECONDS)
    recorded = [_recorded(folder, seed) for seed in (901, 902, 903)]
    with RawSink() as sink, studio_station(folder / "home") as station:
        station.start()
        station.wait_until_up()
        station.plan(programme, soon(3.0), f"http://127.0.0.1:{sink.port}/live")
        begins = station.starts_at

        def at(second: float) -> None:
            sleep_until(begins + timedelta(seconds=second))

        at(0.5)
        first = station.connect(recorded[0][0])
        assert first.wait(30) is not None  # it is sent away at the hard time
        assert datetime.now(UTC) > begins + timedelta(seconds=HARD_S)
        at(HARD_S + 2)
        second = station.connect(recorded[1][0], "/studio/evening?now=1")
        at(28)
        second.kill()
        killed_at = datetime.now(UTC)
        at(32)
        station.connect(recorded[2][0], "/studio/1?now=1")
        at(42)
        assert station.studio is not None
        station.studio.kill()
        station.studio.wait()
        process_killed_at = datetime.now(UTC)
        station.start_studio()
        wait_until(lambda: len(station.intents("studio_over")) == 2, "the killed takeover was found")
        capture = sink.wait_for("/live", ended=True, patience_s=60)
        known = by_name(station.chain, programme=programme) | {
            f"studio {number}": station.sent_by_studio(number) for number in (1, 2, 3)
        }
        story = Evening(
            station,
            capture,
            heard(capture.data, known),
            [sound for _, sound in recorded],
            killed_at,
            process_killed_at,
        )
        _put_on_record(story)
        yield story


def _put_on_record(story: Evening) -> None:
    database, settings = story.station.database, story.station.settings
    story.station.stop()
    keep_house(database, settings, datetime.now(UTC))
    wait_until(lambda: not list(settings.studio_dir.glob("*.json")), "every recording was handed over")
    with writing(database) as session:
        airing = story.station.airing()
        assert asrun.record(session, airing)
    with reading(database) as session:
        story.rows = list(session.exec(select(AsRun).order_by(col(AsRun.position))).all())
        jobs = list(session.exec(select(Job).where(Job.kind == "ingest").order_by(col(Job.id))).all())
    for job in jobs:
        run_ingest(database, settings, job.payload)
    with reading(database) as session:
        story.segments = list(session.exec(select(Segment).order_by(col(Segment.id))).all())


def test_a_takeover_begins_at_a_join_and_the_programme_is_back_at_its_hard_time_to_the_frame(
    evening: Evening,
) -> None:
    join, back = round(FIRST_JOIN * FRAMES_A_SECOND), round(HARD_S * FRAMES_A_SECOND)
    assert evening.before(1) == Heard("programme", 0, join)
    assert evening.studio(1).count == back - join
    assert evening.after(1).of == "programme"
    assert evening.after(1).first == back


def test_not_a_frame_is_missing_and_nothing_else_was_heard(evening: Evening) -> None:
    kinds = ["interval_signal", "programme"]
    for number in (1, 2, 3):
        kinds += [f"studio {number}", "programme"]
    assert [one.of for one in evening.pieces] == kinds
    on_air = [one.count for one in evening.pieces if one.of != "interval_signal"]
    assert sum(on_air) == SECONDS * RATE // 1152
    assert longest_pause_s(evening.capture) < 1.0


def test_a_studio_that_cannot_wait_is_heard_at_once(evening: Evening) -> None:
    starts = evening.before(2).end / FRAMES_A_SECOND
    assert HARD_S + 2 < starts < HARD_S + 2 + 8  # the next join is at 60


@pytest.mark.parametrize("number", [2, 3])
def test_after_a_loss_the_programme_goes_on_where_it_would_be(evening: Evening, number: int) -> None:
    assert evening.after(number).of == "programme"
    assert evening.after(number).first == evening.before(number).end + evening.studio(number).count


def test_a_loss_is_heard_about_a_cushion_later_and_no_frame_of_the_studio_is_wasted(evening: Evening) -> None:
    begins = evening.station.starts_at
    for number, at in ((2, evening.killed_at), (3, evening.process_killed_at)):
        back = begins + timedelta(seconds=evening.after(number).first / FRAMES_A_SECOND)
        assert timedelta(seconds=0.2) < back - at < timedelta(seconds=CUSHION_S + 2)


def test_what_is_heard_is_what_the_studio_sent(evening: Evening) -> None:
    for number in (1, 2, 3):
        place = (
            sum(one.count for one in evening.pieces[: evening.pieces.index(evening.studio(number))])
            * FRAME_BYTES
        )
        data = evening.capture.data[place : place + evening.studio(number).count * FRAME_BYTES]
        assert _likeness(_decoded(data), evening.sent[number - 1]) > 0.8
        assert _likeness(_decoded(data), evening.sent[number % 3]) < 0.2


def test_each_takeover_is_a_draft_cut_to_what_was_heard(evening: Evening) -> None:
    assert [one.state for one in evening.segments] == ["draft"] * 3
    assert all(
        one.kind == "talk" and one.title.startswith("저녁 ") and one.created_by == 1
        for one in evening.segments
    )
    for number, segment in enumerate(evening.segments, 1):
        assert segment.cue_in is not None
        assert segment.cue_out is not None
        assert segment.master_sha256 is not None
        on_air = evening.studio(number).count * 1152
        assert abs(segment.cue_out - segment.cue_in - on_air) < RATE / 2
        master = Blobs(evening.station.settings.blobs_dir).path("masters", segment.master_sha256, ".flac")
        cut = _decoded(master.read_bytes(), "flac")[segment.cue_in : segment.cue_out]
        assert _likeness(cut, evening.sent[number - 1]) > 0.9


def test_as_run_says_which_minutes_were_the_studios_and_how_we_know(evening: Evening) -> None:
    rows = [row for row in evening.rows if row.source == "studio"]
    assert [row.details["takeover"] for row in rows] == ["1-1", "1-2", "1-3"]
    assert all(row.feed_id == FEED and row.evidence == "endpoint_accepted" for row in rows)
    begins = evening.station.starts_at
    assert rows[0].starts_at == begins + timedelta(seconds=FIRST_JOIN)
    assert rows[0].ends_at == begins + timedelta(seconds=HARD_S)
    assert "nothing" not in {row.source for row in evening.rows}


def _decoded(data: bytes, demuxer: str = "mp3") -> NDArray[np.float64]:
    pcm = subprocess.run(
        [find_ffmpeg(), "-v", "quiet", "-f", demuxer, "-i", "pipe:0", "-f", "s16le", "-ar", "48000", "-ac", "1", "pipe:1"],
        input=data, capture_output=True, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)


def _likeness(part: NDArray[np.float64], whole: NDArray[np.int16]) -> float:
    """The correlation of a part's middle with the place in the whole where it fits best."""
    middle = part[len(part) // 2 - RATE // 2 : len(part) // 2 + RATE // 2]
    size = 1 << (len(whole) + len(middle)).bit_length()
    spectrum = np.fft.rfft(whole.astype(np.float64), size) * np.conj(np.fft.rfft(middle, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(whole) - len(middle)]))
    found = whole[at : at + len(middle)].astype(np.float64)
    return float(np.dot(found, middle) / np.sqrt(np.dot(found, found) * np.dot(middle, middle)))
