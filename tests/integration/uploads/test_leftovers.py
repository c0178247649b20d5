"""What becomes of uploads that nobody continues, and of those over which a process died."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from app.backup.fsck import check
from app.backup.garbage import collect_garbage
from app.database import id_of, reading
from app.events.models import Event
from app.jobs.models import Job
from app.jobs.worker import work
from app.library.ingest import run_ingest
from app.uploads import service
from app.uploads.leftovers import see_to_uploads
from app.uploads.models import Upload
from tests.integration.library.stations import write_tone
from tests.stations import SmallStation
from tests.tus_uploads import (
    TUS,
    UPLOADS,
    begin,
    bring,
    eventually,
    mortal,
    noise,
    open_piece,
    stands_at,
)

MIB = 1 << 20
CONTENT = noise(300_000)
DAY = timedelta(hours=24)


def files(station: SmallStation) -> list[Path]:
    return sorted(station.settings.incoming_dir.iterdir())


def look_after(station: SmallStation) -> None:
    """The engine's sweep."""
    see_to_uploads(station.database, station.settings, station.clock())


def jobs(station: SmallStation, kind: str) -> list[Job]:
    with reading(station.database) as session:
        return list(session.exec(select(Job).where(Job.kind == kind)))


def test_without_progress_for_a_day_an_upload_is_given_up(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, 300_000)
    station.clock.advance(DAY - timedelta(seconds=1))
    assert bring(api, upload, CONTENT[:1000], 0).headers["upload-expires"] == "Tue, 24 Nov 2026 08:59:59 GMT"
    station.clock.advance(DAY - timedelta(seconds=1))
    look_after(station)
    assert stands_at(api, upload) == 1000

    station.clock.advance(timedelta(seconds=1))

    assert api.head(upload, headers=TUS).status_code == 410, "before the engine has come by"
    look_after(station)
    assert bring(api, upload, CONTENT[1000:], 1000).status_code == 410
    assert files(station) == []
    assert api.get(upload).json()["state"] == "expired"
    assert api.get(UPLOADS).json()["items"] == []
    with reading(station.database) as session:
        assert [event.state for event in session.exec(select(Event)).all()] == ["open", "expired"]

    station.clock.advance(DAY)
    look_after(station)
    assert api.head(upload, headers=TUS).status_code == 404


def test_a_finished_upload_is_remembered_for_a_day(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, len(CONTENT))
    bring(api, upload, CONTENT, 0)
    station.clock.advance(DAY - timedelta(seconds=1))
    look_after(station)
    assert api.head(upload, headers=TUS).headers["danpa-segment"] == "1"

    station.clock.advance(timedelta(seconds=1))
    look_after(station)

    assert api.head(upload, headers=TUS).status_code == 404
    assert api.get("/api/v1/segments/1").status_code == 200
    assert len(files(station)) == 1, "its ingest has not come yet"


def test_the_garbage_collection_leaves_uploads_to_their_own_end(
    api: httpx.Client, station: SmallStation
) -> None:
    upload = begin(api, 300_000)
    bring(api, upload, CONTENT[:1000], 0)
    [file] = files(station)
    long_ago = station.clock().timestamp() - 10 * DAY.total_seconds()
    os.utime(file, (long_ago, long_ago))

    collect_garbage(station.database, station.settings, station.clock())
    assert file.exists()

    api.delete(upload, headers=TUS)
    file.write_bytes(b"of nobody")
    os.utime(file, (long_ago, long_ago))
    collect_garbage(station.database, station.settings, station.clock())
    assert not file.exists()


@pytest.mark.parametrize("loss", ["all", "some"])
def test_an_upload_whose_file_was_lost_begins_again(
    api: httpx.Client, station: SmallStation, loss: str
) -> None:
    """A backup holds no halves of recordings: after a restore their rows are there and their files are not."""
    upload = begin(api, 300_000)
    bring(api, upload, CONTENT[:1000], 0)
    [file] = files(station)
    if loss == "all":
        file.unlink()
    else:
        os.truncate(file, 999)
    found = check(station.database, station.settings, station.clock())
    assert [finding.what for finding in found if "acknowledged are gone" in finding.what]

    assert bring(api, upload, CONTENT[1000:], 1000).status_code == 410

    look_after(station)
    if loss == "all":
        assert api.get(upload).json()["state"] == "expired"


def test_no_segment_is_made_of_a_file_that_was_cut_short(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, len(CONTENT))
    bring(api, upload, CONTENT[:-1], 0)
    with reading(station.database) as session:
        uploaded = session.exec(select(Upload)).one()
    service.advance(
        station.database, id_of(uploaded), len(CONTENT), station.clock()
    )  # though a byte is missing

    assert api.head(upload, headers=TUS).status_code == 410
    assert api.get("/api/v1/segments").json()["items"] == []


def test_what_lies_beyond_the_told_offset_is_cut_off(api: httpx.Client, station: SmallStation) -> None:
    upload = begin(api, 300_000)
    bring(api, upload, CONTENT[:1000], 0)
    [file] = files(station)
    with file.open("ab") as stream:
        stream.write(b"what a process wrote before it was killed")

    assert stands_at(api, upload) == 1000
    bring(api, upload, CONTENT[1000:], 1000)

    assert file.read_bytes() == CONTENT
    assert api.get(upload).json()["state"] == "done"


def test_a_killed_server_told_nothing_that_is_not_on_the_disk(station: SmallStation) -> None:
    content = noise(10 * MIB)
    with mortal(station) as server, server.client() as api:
        server.start(told_bytes=4 * MIB)
        upload = begin(api, 16 * MIB)
        with open_piece(server.url, station.key, upload, 0, 16 * MIB) as connection:
            connection.sendall(content)
            assert eventually(lambda: api.get(upload).json()["offset"] == 10 * MIB)
            assert server.process is not None
            server.process.send_signal(signal.SIGKILL)
            server.wait_for_death()
        server.start()

        stood = stands_at(api, upload)

        assert 4 * MIB <= stood <= 10 * MIB
        [file] = files(station)
        assert file.read_bytes()[:stood] == content[:stood]
        whole = content + noise(6 * MIB, seed=9)
        assert "danpa-segment" in bring(api, upload, whole[stood:], stood).headers
        assert file.read_bytes() == whole


def test_a_server_that_is_stopped_keeps_what_came_and_waits_for_nobody(station: SmallStation) -> None:
    with mortal(station) as server, server.client() as api:
        server.start()
        upload = begin(api, 300_000)
        with open_piece(server.url, station.key, upload, 0, 300_000) as connection:
            connection.sendall(CONTENT[:1000])
            assert eventually(lambda: api.get(upload).json()["offset"] == 1000)
            assert server.process is not None
            server.process.terminate()
            assert connection.recv(100).startswith(b"HTTP/1.1 503")
            server.process.wait()
        server.start()
        assert stands_at(api, upload) == 1000


def test_an_upload_over_whose_last_byte_the_server_died_is_finished_by_a_worker(
    station: SmallStation, tmp_path: Path
) -> None:
    recording = write_tone(tmp_path / "tone.wav").read_bytes()
    with mortal(station) as server, server.client() as api:
        server.start("before-row")
        upload = begin(api, len(recording))
        with pytest.raises(httpx.TransportError):
            bring(api, upload, recording, 0)
        server.wait_for_death()
        with reading(station.database) as session:
            station.clock.at = session.exec(select(Upload.progressed_at)).one()
        look_after(station)
        assert jobs(station, "finish_upload") == [], "the web process may still be at it"
        station.clock.advance(timedelta(minutes=1))

        look_after(station)
        look_after(station)
        [job] = jobs(station, "finish_upload")
        work(station.database, station.settings, job, station.clock)

        server.start()
        assert api.head(upload, headers=TUS).headers["danpa-segment"] == "1"
    [ingest] = jobs(station, "ingest")
    run_ingest(station.database, station.settings, ingest.payload)
    assert files(station) == []
    look_after(station)
    assert len(jobs(station, "finish_upload")) == 1
