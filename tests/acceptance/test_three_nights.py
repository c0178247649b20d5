"""Three nights of a small station: what its producers and its sites would notice.

Two programmes, four feeds of four kinds, a news item that comes late, one that is withdrawn, sites that misbehave, and an
engine that is killed with -9 over and over. Every file that arrived is decoded and held against its rundown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.hearing import Heard, hear
from tests.acceptance.whole_station import VOICES, WholeStation
from tests.receivers import Fault, Receiver

pytestmark = pytest.mark.slow

NIGHT = datetime(2026, 11, 16, 6, tzinfo=UTC)
"""15:00 in Seoul on the first afternoon: in the past, because the garbage collection goes by the files' real age."""

EVENING, MIDNIGHT = "evening", "midnight"
NIGHTS = [NIGHT + timedelta(days=number) for number in range(3)]


@dataclass
class Stage:
    """The station, its sites, and the ids that the story needs."""

    station: WholeStation
    folders: dict[str, Path]
    sites: dict[str, Receiver]
    feeds: dict[str, int]
    news: int


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    root = tmp_path_factory.mktemp("three-nights")
    station = WholeStation(root / "home", NIGHT)
    with Receiver(root / "http-1") as first, Receiver(root / "http-2", digests=False) as second:
        try:
            yield _set_up(station, root, {"PAO": first, "ERV": second})
        finally:
            station.close()


def _set_up(station: WholeStation, root: Path, sites: dict[str, Receiver]) -> Stage:
    news = station.upload(VOICES / "news-morning.opus", title="아침 소식", kind="news")
    ident = station.upload(VOICES / "ident.opus", title="국명 고지", kind="ident")
    station.upload(VOICES / "frequencies.opus", title="주파수 안내", kind="announcement")
    station.upload(VOICES / "music-strings.opus", title="현악", kind="music")
    clocks: dict[str, list[dict[str, Any]]] = {
        EVENING: [
            {"type": "interval_signal", "seconds": 9},
            {"type": "fixed", "segment_id": ident},
            {"type": "pick", "kinds": ["news"], "order": "newest"},
            {"type": "fill", "kinds": ["music"]},
        ],
        MIDNIGHT: [
            {"type": "fixed", "segment_id": ident},
            {"type": "pick", "kinds": ["announcement"], "order": "least_recently_aired"},
            {"type": "fill", "kinds": ["music"]},
        ],
    }
    spans = {EVENING: ("1500", "1503", 10), MIDNIGHT: ("2359", "0001", 0)}
    slots = {}
    for code, clock in clocks.items():
        programme = station.post("/programmes", title=f"방송 {code}", code=code, clock=clock)
        start, stop, early_off = spans[code]
        slots[code] = station.post(
            "/slots",
            programme_id=programme["id"],
            start=start,
            stop=stop,
            days="daily",
            first_date="2026-11-16",
            last_date="2026-11-18",
            early_off_s=early_off,
            compile_lead_s=4 * 3600,
        )["id"]
    folders = {code: root / f"folder-{code}" for code in ("TAC", "TIN")}
    feeds = {}
    wanted: dict[str, dict[str, Any]] = {
        "TAC": {"codec": "mp3", "sample_rate": 48_000, "bitrate_kbps": 128, "sidecar": "{name}.json"},
        "TIN": {"codec": "wav"},
        "PAO": {"codec": "flac", "read_back": "head"},
        "ERV": {"codec": "mp3", "sample_rate": 44_100, "bitrate_kbps": 64, "read_back": "get"},
    }
    for number, (code, wishes) in enumerate(wanted.items()):
        site = station.post("/sites", code=code, name=f"Site {code}")
        if code in folders:
            folders[code].mkdir()
            where = {"protocol": "folder", "address": str(folders[code])}
        else:
            where = {"protocol": "http_put", "address": sites[code].url}
        template = (
            "{date}_{time}_{site}_v{version}.{ext}" if code == "PAO" else "{date}_{time}_{site}_{khz}.{ext}"
        )
        feed = station.post(
            "/feeds", site_id=site["id"], name=code, name_template=template, **where, **wishes
        )
        feeds[code] = feed["id"]
        slot = slots[EVENING] if code in ("TAC", "PAO", "ERV") else slots[MIDNIGHT]
        station.post("/lines", slot_id=slot, site_id=site["id"], khz=7500 + 5 * number, feed_ids=[feed["id"]])
        if code == "ERV":  # carries both programmes
            station.post(
                "/lines", slot_id=slots[MIDNIGHT], site_id=site["id"], khz=5900, feed_ids=[feed["id"]]
            )
    return Stage(station, folders, sites, feeds, news)


def test_three_nights(stage: Stage) -> None:
    station = stage.station
    # Night one: the sites misbehave in every way that the engine must outlive.
    stage.sites["PAO"].fail(Fault("error", status=503, retry_after="7"), times=2)
    stage.sites["PAO"].fail(Fault("lose"))
    stage.sites["ERV"].fail(Fault("cut"))
    stage.sites["ERV"].fail(Fault("corrupt"))
    station.survive_until(NIGHTS[0] + timedelta(hours=20), deaths=[2, 3, 5, 4, 2, 7])
    # Night two: the evening's programme is delivered, then late news comes and makes version 2.
    before_air = NIGHTS[1] + timedelta(hours=8)
    station.survive_until(before_air, deaths=[3, 2, 4, 6])
    late = station.upload(VOICES / "news-evening.opus", title="속보", kind="news")
    evening = _airing(stage, NIGHTS[1].date().isoformat(), "15:00")
    assert evening["version"] == 1
    assert {handoff["state"] for handoff in _handoffs(stage, evening)} == {"verified"}
    station.post(f"/airings/{evening['id']}/compile")
    station.survive_until(NIGHTS[1] + timedelta(hours=20), deaths=[2, 4, 3, 5])
    # Night three: an item that is already at the sites is withdrawn while they still take files.
    station.survive_until(NIGHTS[2] + timedelta(hours=8), deaths=[4, 2, 3])
    station.post(f"/segments/{late}/recall")
    station.survive_until(NIGHTS[2] + timedelta(hours=20), deaths=[2, 3, 6])

    airings = station.items("/airings")
    assert [airing["state"] for airing in airings] == ["done"] * 6
    assert {airing["readiness"] for airing in airings} == {"ok"}
    evenings = [airing for airing in airings if airing["starts_at"].endswith("15:00:00Z")]
    assert [airing["version"] for airing in evenings] == [1, 2, 2]
    assert [_news_of(stage, airing) for airing in evenings] == [stage.news, late, stage.news]
    assert not station.items("/alarms", open=True)
    assert station.incarnations > 40


def test_the_sites_hold_one_final_object_per_version_and_nothing_else(stage: Stage) -> None:
    wanted: dict[str, dict[str, str]] = {code: {} for code in stage.feeds}
    for airing in stage.station.items("/airings"):
        for handoff in _handoffs(stage, airing):
            code = next(code for code, feed in stage.feeds.items() if feed == handoff["feed_id"])
            if handoff["state"] == "superseded":
                continue
            assert handoff["state"] == "verified", handoff
            assert not handoff["was_late"]
            wanted[code][handoff["object_name"]] = _sha256_of(stage, airing, handoff)
    for code, folder in stage.folders.items():
        there = {path.name: _sha256(path) for path in folder.iterdir() if path.suffix != ".json"}
        assert there == wanted[code]
    for code, site in stage.sites.items():
        finals = site.finals()
        # A dated name with its version leaves the older version beside the newer; nothing else may be there.
        assert {name: finals[name] for name in wanted[code]} == wanted[code]
        assert all("_v1." in name for name in set(finals) - set(wanted[code]))
    assert {path.name for path in stage.folders["TAC"].glob("*.json")} == {
        f"{name}.json" for name in wanted["TAC"]
    }


def test_no_older_version_ever_replaced_a_newer_one(stage: Stage) -> None:
    site = stage.sites["ERV"]
    for name in site.finals():
        hashes = [put.sha256 for put in site.puts if put.name == name and put.complete]
        changes = [one for one, before in zip(hashes, [None, *hashes], strict=False) if one != before]
        assert len(changes) == len(set(changes)), f"{name} went back to an older version"


def test_every_delivered_file_is_what_its_rundown_says(stage: Stage) -> None:
    checked = 0
    for airing in stage.station.items("/airings"):
        rundown = stage.station.items(f"/airings/{airing['id']}/rundown")[0]["rundown"]
        assert rundown["target_samples"] == airing["target_samples"]
        for handoff in _handoffs(stage, airing):
            if handoff["state"] != "verified":
                continue
            path = _path_at_site(stage, handoff)
            _check_sound(hear(path), rundown, _silences(stage, rundown), path)
            checked += 1
    assert checked == 3 * 5  # evening: TAC, PAO, ERV; midnight: TIN, ERV; three nights


def _check_sound(
    heard: Heard, rundown: dict[str, Any], silences: list[tuple[float, float]], path: Path
) -> None:
    if path.suffix == ".mp3":
        frames = rundown["target_samples"] * heard.rate // 48_000 // 1152
        assert heard.samples == frames * 1152, path.name
        if heard.rate == 48_000:
            assert heard.samples == rundown["target_samples"]
            assert path.stat().st_size == frames * 384
    else:
        assert heard.samples == rundown["target_samples"], path.name
    assert heard.loudness_lufs == pytest.approx(-20.0, abs=0.5), path.name
    assert heard.peak_dbtp <= -3.0, path.name
    for start, end in heard.silences_s:
        assert any(at - 0.1 <= start and end <= to + 0.1 for at, to in silences), (path.name, start, end)


def _silences(stage: Stage, rundown: dict[str, Any]) -> list[tuple[float, float]]:
    """Where the rundown is silent, in seconds: between its items, and where a recording itself was found to pause."""
    edges = [(item["start_sample"], item["start_sample"] + item["samples"]) for item in rundown["items"]]
    starts = [0, *(end for _, end in edges)]
    ends = [*(start for start, _ in edges), rundown["target_samples"]]
    found = list(zip(starts, ends, strict=True))
    for item in rundown["items"]:
        segment_id = item["source"].get("segment_id")
        if segment_id is not None:
            offset = item["start_sample"] - item["first_sample"]
            pauses = stage.station.get(f"/segments/{segment_id}")["silences"]
            found += [(start + offset, end + offset) for start, end in pauses]
    return [(start / 48_000, end / 48_000) for start, end in found]


def test_as_run_says_what_went_out_and_how_we_know(stage: Stage) -> None:
    for airing in stage.station.items("/airings"):
        rows = stage.station.items(f"/airings/{airing['id']}/as-run")
        assert {row["evidence"] for row in rows} == {"delivered"}
        rundown = stage.station.items(f"/airings/{airing['id']}/rundown")[0]["rundown"]
        for feed_id in {row["feed_id"] for row in rows}:
            ours = [row for row in rows if row["feed_id"] == feed_id]
            assert [row["segment_id"] for row in ours] == [
                item["source"].get("segment_id") for item in rundown["items"]
            ]
            assert {row["version"] for row in ours} == {airing["version"]}


def test_every_attempt_is_on_the_record(stage: Stage) -> None:
    outcomes = []
    for handoff in stage.station.items("/handoffs"):
        attempts = stage.station.items(f"/handoffs/{handoff['id']}/attempts")
        assert [attempt["number"] for attempt in attempts] == list(range(1, handoff["attempts"] + 1))
        assert "sending" not in [attempt["outcome"] for attempt in attempts[:-1]]
        outcomes += [attempt["outcome"] for attempt in attempts]
    assert {"verified", "passing", "interrupted"} <= set(outcomes)


def _airing(stage: Stage, night: str, at: str) -> Any:
    return next(one for one in stage.station.items("/airings", night=night) if f"T{at}:" in one["starts_at"])


def _handoffs(stage: Stage, airing: Any) -> list[Any]:
    return stage.station.items("/handoffs", airing_id=airing["id"])


def _news_of(stage: Stage, airing: Any) -> int:
    rundown = stage.station.items(f"/airings/{airing['id']}/rundown")[0]["rundown"]
    return next(int(item["source"]["segment_id"]) for item in rundown["items"] if item["element"] == 2)


def _sha256_of(stage: Stage, airing: Any, handoff: Any) -> str:
    artefacts = stage.station.get(f"/airings/{airing['id']}/manifest")["artefacts"]
    extension = handoff["object_name"].rpartition(".")[2]
    return next(
        str(one["sha256"])
        for one in artefacts
        if one["extension"] == extension and _suits(stage, one, handoff)
    )


def _suits(stage: Stage, artefact: Any, handoff: Any) -> bool:
    rate = 44_100 if handoff["feed_id"] == stage.feeds["ERV"] else 48_000
    return bool(artefact["sample_rate"] == rate)


def _path_at_site(stage: Stage, handoff: Any) -> Path:
    code = next(code for code, feed in stage.feeds.items() if feed == handoff["feed_id"])
    folder = stage.folders[code] if code in stage.folders else stage.sites[code].folder
    return folder / str(handoff["object_name"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
