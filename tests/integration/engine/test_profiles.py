"""What sites want of the sound reaches them: dual mono, MP2, and a lead-in before the programme."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from app.air.armed import read_armed
from app.airings.models import Artefact, AsRun
from app.feeds.models import Feed
from app.handoffs.models import Handoff
from tests.integration.engine.living import DELIVER_AT, ON_AIR_AT, OVER_AT, LivingStation
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_deliveries import MINUTE
from tests.integration.engine.test_routes import second

RATE = 48_000
Signal = NDArray[np.float64]

DUAL_MP2 = {"codec": "mp2", "channels": 2, "bitrate_kbps": 256}
LEAD_IN = {"tone_s": 2, "tone_hz": 800, "tone_dbfs": -18, "silence_s": 1}
BEFORE = 144_000
"""Three seconds are whole frames."""


def heard(path: Path, channels: int) -> Signal:
    """What a player makes of a file, shape (samples, channels)."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "f32le", "pipe:1"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(raw, dtype="<f4").astype(np.float64).reshape(-1, channels)


def only_file(folder: Path, pattern: str) -> Path:
    [path] = folder.glob(pattern)
    return path


def test_a_dual_mono_mp2_with_a_lead_in_arrives_and_decodes_to_what_it_should(
    station: LivingStation, tmp_path: Path
) -> None:
    slot, first = station.evening(tmp_path / "mp2", sidecar="{name}.json", lead_in=LEAD_IN, **DUAL_MP2)
    bare = station.feed(slot, tmp_path / "wav", codec="wav", bitrate_kbps=None)
    station.live_until(OVER_AT)

    both = heard(only_file(tmp_path / "mp2", "*.mp2"), 2)
    programme = heard(only_file(tmp_path / "wav", "*.wav"), 1)[:, 0]
    assert len(both) == BEFORE + len(programme) == BEFORE + 60 * RATE
    assert np.abs(both[:, 0] - both[:, 1]).max() < 0.01
    # The tone
    second_of_tone = both[RATE // 2 : RATE // 2 + RATE, 0]
    assert np.abs(np.fft.rfft(second_of_tone)).argmax() == 800, "Hz"
    assert abs(20 * np.log10(np.sqrt(2) * second_of_tone.std()) + 18) < 0.1
    assert np.abs(both[2 * RATE + 1152 : BEFORE - 1152]).max() < 0.0005, "silence"
    # The programme, at its sample
    around = [
        float(np.dot(programme[RATE : 9 * RATE], both[BEFORE + RATE + at : BEFORE + 9 * RATE + at, 0]))
        for at in range(-20, 21)
    ]
    assert int(np.argmax(around)) == 20

    told = json.loads(only_file(tmp_path / "mp2", "*.json").read_bytes())
    assert (told["codec"], told["channels"], told["media_type"]) == ("mp2", 2, "audio/mpeg")
    assert (told["lead_in_s"], told["samples"], told["duration_s"]) == (3.0, BEFORE + 60 * RATE, 63.0)
    assert told["starts_at"] == "2026-11-20T15:00:00Z", "the programme's"
    aired = {
        feed: [(row.starts_at, row.ends_at) for row in station.rows(AsRun, AsRun.feed_id == feed)]
        for feed in (first, bare)
    }
    assert aired[first] == aired[bare]


SPOKEN = {"tone_s": 2, "spoken": "Radio Danpa", "spoken_s": 13, "silence_s": 3}


def test_whose_and_for_when_it_is_is_said_before_the_programme(
    station: LivingStation, tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    """After the tone, in a place of fixed length, so that the site knows when the programme begins."""
    peer("espeak-ng")
    slot, _ = station.evening(tmp_path / "site", codec="wav", bitrate_kbps=None, lead_in=SPOKEN)
    station.feed(slot, tmp_path / "bare", codec="wav", bitrate_kbps=None)
    station.live_until(OVER_AT)
    sound = heard(only_file(tmp_path / "site", "*.wav"), 1)[:, 0]
    before = 18 * RATE
    assert np.array_equal(sound[before:], heard(only_file(tmp_path / "bare", "*.wav"), 1)[:, 0])
    words = sound[2 * RATE : 15 * RATE]
    spoken = np.flatnonzero(np.abs(words) > 0.01)
    assert spoken[0] < RATE / 2, "it begins after the tone"
    assert 5 * RATE < spoken[-1] < 13 * RATE, "name, date, time and version"
    assert -24 < 20 * np.log10(words[: spoken[-1]].std()) < -16, "as loud as a programme"
    assert not sound[15 * RATE + 1 : before].any()


def test_a_site_gets_its_programme_also_where_nothing_can_be_said(
    station: LivingStation, tmp_path: Path
) -> None:
    mute = LivingStation(station.settings.model_copy(update={"espeak": tmp_path / "no-espeak"}))
    mute.evening(tmp_path / "site", codec="wav", bitrate_kbps=None, lead_in=SPOKEN)
    mute.live_until(OVER_AT)
    sound = heard(only_file(tmp_path / "site", "*.wav"), 1)[:, 0]
    assert len(sound) == (18 + 60) * RATE
    assert not sound[2 * RATE + 1 : 18 * RATE].any(), "its place stays silent"
    mute.database.dispose()


def test_feeds_with_the_same_wishes_share_a_file_and_others_do_not(
    station: LivingStation, tmp_path: Path
) -> None:
    slot, _ = station.evening(tmp_path / "one", lead_in=LEAD_IN)
    station.feed(slot, tmp_path / "two", lead_in={**LEAD_IN, "tone_dbfs": -18.0})
    station.feed(slot, tmp_path / "longer", lead_in={**LEAD_IN, "silence_s": 4})
    station.feed(slot, tmp_path / "bare")
    station.feed(slot, tmp_path / "dual", channels=2)
    station.live_until(DELIVER_AT + MINUTE)
    names = ("one", "two", "longer", "bare", "dual")
    one, two, longer, bare, dual = (only_file(tmp_path / name, "*.mp3").read_bytes() for name in names)
    assert one == two
    assert len({one, longer, bare, dual}) == len(station.rows(Artefact)) == 4
    assert len(one) == len(bare) + 125 * 384
    assert one[137 * 384 :] == bare[12 * 384 :], "the same frames, but where they begin"


def test_a_feed_that_asks_for_a_lead_in_after_delivery_gets_its_file_anew(
    station: LivingStation, tmp_path: Path
) -> None:
    _, feed = station.evening(tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    before = only_file(tmp_path / "site", "*.mp3").stat().st_size
    station.change(Feed, feed, lead_in={"silence_s": 3}, updated_at=DELIVER_AT + MINUTE)
    station.live_until(DELIVER_AT + 3 * MINUTE)
    assert only_file(tmp_path / "site", "*.mp3").stat().st_size == before + 125 * 384
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]


def test_the_longest_that_a_site_takes_is_of_the_whole_file(station: LivingStation, tmp_path: Path) -> None:
    slot, feed = station.evening(tmp_path / "site", lead_in=LEAD_IN, max_duration_s=62)
    station.feed(slot, tmp_path / "other", lead_in=LEAD_IN, max_duration_s=63)
    station.live_until(DELIVER_AT + MINUTE)
    assert not list((tmp_path / "site").iterdir())
    assert list((tmp_path / "other").iterdir())
    [refused] = station.rows(Handoff, Handoff.feed_id == feed)
    assert refused.error is not None
    assert "lasts 63 s" in refused.error


def test_the_note_for_a_delivery_by_hand_says_when_to_start(station: LivingStation) -> None:
    station.evening("http://site.invalid/in", lead_in={"tone_s": 1})
    station.live_until(DELIVER_AT + MINUTE)
    with at_the_desk(station) as client:
        note = client.get("/api/v1/handoffs/1/note").text
        manifest = json.loads(client.get("/api/v1/handoffs/1/manifest").content)
    assert manifest["lead_in_s"] == 1.008, "whole frames"
    assert "Length:    1 min 01.008 s" in note
    assert "Lead-in:   1.008 s before the programme" in note
    assert "2026-11-20 15:00 to 15:01 UTC" in note


def test_ears_and_the_air_get_the_programme_itself(station: LivingStation, tmp_path: Path) -> None:
    _, feed = station.evening(tmp_path / "site", lead_in=LEAD_IN)
    station.live_until(ON_AIR_AT - MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    with at_the_desk(station) as client:
        listened = client.get(f"/api/v1/airings/{station.airing().id}/audio").content
    sent = only_file(tmp_path / "site", "*.mp3").read_bytes()
    assert len(sent) == len(listened) + 125 * 384
    armed = read_armed(only_file(station.settings.armed_dir, "*.json"))
    assert [one.sha256 for one in armed.files] == [hashlib.sha256(listened).hexdigest()]


def test_a_second_route_has_wishes_of_its_own(station: LivingStation, tmp_path: Path) -> None:
    _, first = station.evening(tmp_path / "site")
    other = second(station, first, tmp_path / "other", mode="both", codec="mp2", lead_in={"silence_s": 3})
    station.live_until(DELIVER_AT + MINUTE)
    assert station.handoffs(station.airing()) == [(first, 1, "verified"), (other, 1, "verified")]
    assert len(heard(only_file(tmp_path / "other", "*.mp2"), 1)) == 63 * RATE
