"""The voice pack and what a station chooses to announce: over the API, and on the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from app.announcements.pack import folder_of, read_pack
from app.announcements.receive import LARGEST_CLIP
from app.cli import cli
from app.database import reading
from app.journal.models import JournalEntry
from tests.audio_files import AudioFiles, voice, write_wav
from tests.stations import SmallStation

PACK = "/api/v1/voice-pack"
CHOICES = "/api/v1/station/announcements"
PROGRAMME = {"title": "아침 소식", "code": "morning"}


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    """A second of sound."""
    return write_wav(tmp_path / "clip.wav", voice(1.0)).read_bytes()


def states(api: httpx.Client) -> dict[str, str]:
    return {one["key"]: one["state"] for one in api.get(PACK).json()["items"]}


def danpa(station: SmallStation, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["voices", *arguments], env={"DANPA_HOME": str(station.settings.root)})


def journal(station: SmallStation) -> list[str]:
    with reading(station.database) as session:
        return list(
            session.exec(select(JournalEntry.action).where(JournalEntry.person_id == station.person_id))
        )


def test_a_clip_is_put_replaced_and_taken_away(
    api: httpx.Client, station: SmallStation, clip: bytes, tmp_path: Path
) -> None:
    put = api.put(f"{PACK}/number-7000", content=clip)
    assert put.status_code == 200
    assert put.json() == {
        "key": "number-7000", "text": "칠천", "state": "recorded", "says": "칠천", "file": "number-7000.wav",
        "bytes": len(clip),
    }  # fmt: skip
    other = AudioFiles(tmp_path).path("flac").read_bytes()
    assert api.put(f"{PACK}/number-7000", content=other).json()["file"] == "number-7000.flac"
    folder = folder_of(station.settings)
    assert sorted(path.name for path in folder.iterdir()) == ["number-7000.flac", "number-7000.txt"]
    shown = api.get(PACK).json()
    assert (shown["recorded"], shown["missing"]) == (1, len(shown["items"]) - 1)
    assert api.delete(f"{PACK}/number-7000").status_code == 204
    assert list(folder.iterdir()) == []
    assert api.delete(f"{PACK}/number-7000").status_code == 404
    assert journal(station)[-3:] == ["voice_clip.put", "voice_clip.put", "voice_clip.removed"]
    assert list(station.settings.incoming_dir.iterdir()) == []


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size >> 20):
        yield bytes(1 << 20)


@pytest.mark.parametrize(
    ("key", "content", "status", "words"),
    [
        ("number-7001", b"RIFF", 404, 'no clip is called "number-7001"'),
        ("programme-evening", b"RIFF", 404, "no clip is called"),
        ("..", b"RIFF", 404, ""),
        ("number-1", b"", 422, "The file is empty"),
        ("number-1", b"one", 422, "This is not a sound file"),
        ("number-1", b"#EXTM3U\nhttp://elsewhere/", 422, "it is a list that points to other files"),
        ("number-1", bytes(LARGEST_CLIP + 1), 413, "a clip has at most 32 MiB"),
        ("number-1", chunks(LARGEST_CLIP + (2 << 20)), 413, "a clip has at most 32 MiB"),
    ],
)
def test_what_is_no_clip_is_refused_and_leaves_nothing(
    api: httpx.Client,
    station: SmallStation,
    key: str,
    content: bytes | Iterator[bytes],
    status: int,
    words: str,
) -> None:
    answer = api.put(f"{PACK}/{key}", content=content)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert list(folder_of(station.settings).iterdir()) == []
    assert list(station.settings.incoming_dir.iterdir()) == []


def test_a_title_that_was_recorded_is_not_taken_for_the_next_one(api: httpx.Client, clip: bytes) -> None:
    programme = api.post("/api/v1/programmes", json=PROGRAMME).json()
    for key in ("station", "programme-morning"):
        assert api.put(f"{PACK}/{key}", content=clip).status_code == 200
    assert {states(api)[key] for key in ("station", "programme-morning")} == {"recorded"}
    address = f"/api/v1/programmes/{programme['id']}"
    api.put(address, json=PROGRAMME | {"title": "새벽 소식"})
    api.put(CHOICES, json={"spoken_name": "자유의 소리"})
    assert {states(api)[key] for key in ("station", "programme-morning")} == {"other_words"}


def test_the_stations_choices(api: httpx.Client, station: SmallStation) -> None:
    usual = {"spoken_name": None, "zone": "kst", "frequencies": True, "next_programme": True}
    assert api.get(CHOICES).json() == usual
    other = {"spoken_name": "자유의 소리", "zone": "pyongyang", "frequencies": False, "next_programme": False}
    assert api.put(CHOICES, json=other).json() == other
    assert api.get(CHOICES).json() == other
    assert api.put(CHOICES, json={"zone": "moscow"}).status_code == 422
    assert api.put(CHOICES, json={"spoken_name": "  "}).status_code == 422
    assert api.put(CHOICES, json={}).json() == usual
    assert journal(station)[-1] == "station.announcements_chosen"


def test_the_clock_says_which_part_of_an_announcement_there_is_not(api: httpx.Client) -> None:
    programme = api.post("/api/v1/programmes", json=PROGRAMME).json()
    address = f"/api/v1/programmes/{programme['id']}/clock"
    refused = api.put(address, json={"clock": [{"type": "spoken", "template": ["weather"]}]})
    assert refused.status_code == 422
    assert 'element 1: "template": "weather" is no part of an announcement' in refused.json()["detail"]
    taken = api.put(address, json={"clock": [{"type": "spoken"}, {"type": "fill"}]})
    assert taken.status_code == 200
    assert taken.json()["clock"][0]["template"] == ["station", "date", "time", "frequencies", "next"]


def test_the_checklist_is_for_the_person_at_the_microphone(
    api: httpx.Client, station: SmallStation, clip: bytes
) -> None:
    api.put(f"{PACK}/number-1", content=clip)
    rows = list(csv.DictReader(io.StringIO(danpa(station, "checklist", "--csv").stdout)))
    assert rows[0] == {"key": "number-10000", "text": "만", "state": "missing"}
    assert [row["text"] for row in rows if row["state"] == "have"] == ["일"]
    assert rows[-1]["key"] == "station"
    shorter = danpa(station, "checklist", "--missing").stdout
    assert "number-2 " in shorter
    assert "number-1 " not in shorter
    assert f"1 of {len(rows)} are recorded." in shorter


def test_a_check_listens_to_every_clip(api: httpx.Client, station: SmallStation, clip: bytes) -> None:
    folder = folder_of(station.settings)
    for key in ("number-1", "station"):
        api.put(f"{PACK}/{key}", content=clip)
    good = danpa(station, "check")
    assert good.exit_code == 0
    assert "ok     number-1.wav: 1.00 s of 1.00 s" in good.stdout

    write_wav(folder / "number-2.wav", voice(1.0) / 200)
    (folder / "number-3.wav").write_bytes(b"RIFF\0\0\0\0WAVE and no more")
    (folder / "number-1.mp3").write_bytes(clip)
    (folder / "notes.wav").write_bytes(clip)
    api.put(CHOICES, json={"spoken_name": "자유의 소리"})
    bad = danpa(station, "check")
    assert bad.exit_code == 1
    for words in (
        "note   number-2.wav: 1.00 s of 1.00 s",
        "very faint: record it nearer to the microphone",
        "WRONG  number-3.wav: This is not a sound file",
        'note   station.wav: says "시험 방송국", and "자유의 소리" is wanted: not used',
        "note   notes.wav: nobody hears it",
        "note   number-1.wav: nobody hears it",
    ):
        assert words in bad.stdout
    assert read_pack(station.settings).clips["number-1"].path.name == "number-1.mp3"
    assert list(station.settings.incoming_dir.iterdir()) == []
