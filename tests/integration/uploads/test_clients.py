"""The two clients that people have, over lines that break and against servers that die."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.cut_lines import CutLine
from tests.stations import SmallStation
from tests.tus_uploads import UPLOADS, JsClient, MortalServer, eventually, mortal, noise, said, tuspy

MIB = 1 << 20
CONTENT = noise(6 * MIB)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
DESCRIBED = {"filename": "저녁 뉴스.m4a", "kind": "news", "tags": "뉴스, 저녁"}
AGAIN_MS = [100] * 100


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "저녁 뉴스.m4a"
    path.write_bytes(CONTENT)
    return path


def the_segment(api: httpx.Client) -> dict[str, object]:
    """The one segment of the station, whose file arrived bit for bit."""
    [segment] = api.get("/api/v1/segments").json()["items"]
    assert segment["original_sha256"] == SHA256
    assert (segment["title"], segment["kind"], segment["tags"]) == ("저녁 뉴스", "news", ["뉴스", "저녁"])
    assert api.get(UPLOADS).json()["items"] == []
    return dict(segment)


def has_carried(line: CutLine, size: int) -> bool:
    return line.carried >= size


def port(url: str) -> int:
    return httpx.URL(url).port or 80


def sent(happened: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(one["method"], one["status"]) for one in happened if one["event"] == "response"]


class TestTuspy:
    """With an open file, because tuspy closes none of those that it opens itself."""

    def test_it_uploads_in_checked_pieces(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path
    ) -> None:
        with recording.open("rb") as stream:
            uploader = tuspy(url, station.key).uploader(
                file_stream=stream,
                chunk_size=MIB,
                metadata=DESCRIBED | {"sha256": SHA256},
                upload_checksum=True,
            )
            uploader.upload()

        [done] = api.get(UPLOADS, params={"state": "done"}).json()["items"]
        assert done["segment_id"] == the_segment(api)["id"]

    def test_a_line_that_breaks_in_the_middle_of_a_piece(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path
    ) -> None:
        with CutLine(port(url)) as line, recording.open("rb") as stream:
            uploader = tuspy(f"http://127.0.0.1:{line.port}", station.key).uploader(
                file_stream=stream, metadata=DESCRIBED, retries=100, retry_delay=0
            )
            line.cut_after(2 * MIB)
            uploader.upload()

        assert line.carried < len(CONTENT) + 2 * MIB, "it did not begin anew"
        the_segment(api)

    def test_another_day_and_another_process_goes_on_where_it_stopped(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path
    ) -> None:
        client = tuspy(url, station.key)
        with recording.open("rb") as stream:
            uploader = client.uploader(file_stream=stream, chunk_size=MIB, metadata=DESCRIBED)
            uploader.upload(stop_at=2 * MIB)
        with recording.open("rb") as stream:
            again = client.uploader(file_stream=stream, url=uploader.url)
            assert again.offset == 2 * MIB
            again.upload()
        the_segment(api)

    def test_a_server_that_is_killed_and_comes_again(self, station: SmallStation, recording: Path) -> None:
        with mortal(station) as server, server.client() as api, recording.open("rb") as stream:
            server.start(dies=str(3 * MIB))
            revive(server)
            uploader = tuspy(server.url, station.key).uploader(
                file_stream=stream, chunk_size=MIB, metadata=DESCRIBED, retries=100, retry_delay=0
            )
            uploader.upload()
            the_segment(api)


class TestTusJsClient:
    def test_it_uploads(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        happened = tus_js.upload(url, station.key, recording, metadata=DESCRIBED)

        assert happened[-1]["event"] == "success"
        assert sent(happened) == [("POST", 201), ("PATCH", 204)]
        assert happened[-2]["segment"] == str(the_segment(api)["id"])

    def test_it_uploads_with_the_creation_and_by_post(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        options = {"uploadDataDuringCreation": True, "overridePatchMethod": True, "chunkSize": 4 * MIB}
        happened = tus_js.upload(url, station.key, recording, metadata=DESCRIBED, **options)

        assert sent(happened) == [("POST", 201), ("POST", 204)]
        the_segment(api)

    def test_a_line_that_breaks_three_times(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        with CutLine(port(url)) as line:
            line.cut_after(MIB)
            running = tus_js.start(
                f"http://127.0.0.1:{line.port}",
                station.key,
                recording,
                metadata=DESCRIBED,
                retryDelays=AGAIN_MS,
            )
            for at in (2 * MIB, 4 * MIB):
                assert eventually(partial(has_carried, line, at // 2))
                line.cut_after(at - line.carried)
            happened = said(running)

        assert happened[-1]["event"] == "success"
        assert [method for method, _ in sent(happened)].count("POST") == 1
        stood = [int(str(one["offset"])) for one in happened if one.get("method") == "HEAD"]
        assert len(stood) >= 3
        assert 0 < stood[0] < stood[-1]
        assert stood == sorted(stood)
        the_segment(api)

    def test_a_page_that_was_closed_goes_on_where_it_stopped(
        self,
        api: httpx.Client,
        url: str,
        station: SmallStation,
        recording: Path,
        tus_js: JsClient,
        tmp_path: Path,
    ) -> None:
        options = {"metadata": DESCRIBED, "store": str(tmp_path / "uploads.json"), "retryDelays": None}
        with CutLine(port(url)) as line:
            broken = f"http://127.0.0.1:{line.port}"
            line.cut_after(2 * MIB)
            before = tus_js.upload(broken, station.key, recording, **options)
            assert before[-1]["event"] == "error"
            assert eventually(lambda: not api.get(UPLOADS).json()["items"][0]["arriving"])
            happened = tus_js.upload(broken, station.key, recording, **options)
        assert sent(happened)[0] == ("HEAD", 200)
        the_segment(api)

    def test_a_server_that_is_killed_and_comes_again(
        self, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        with mortal(station) as server, server.client() as api:
            server.start(dies=str(3 * MIB))
            running = tus_js.start(
                server.url,
                station.key,
                recording,
                metadata=DESCRIBED,
                retryDelays=AGAIN_MS,
                chunkSize=MIB,
            )
            revive(server)
            happened = said(running)

            assert happened[-1]["event"] == "success"
            assert sent(happened)[:3] == [("POST", 201), ("PATCH", 204), ("PATCH", 204)]
            the_segment(api)

    def test_an_empty_file_is_refused_in_words(
        self, url: str, station: SmallStation, tmp_path: Path, tus_js: JsClient
    ) -> None:
        (tmp_path / "empty.wav").touch()
        happened = tus_js.upload(url, station.key, tmp_path / "empty.wav", metadata=DESCRIBED)
        assert happened[-1]["status"] == 422
        assert "the file is empty" in happened[-1]["body"]

    def test_a_file_that_changed_on_the_way_is_told(
        self, api: httpx.Client, url: str, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        wrong = DESCRIBED | {"sha256": hashlib.sha256(b"another").hexdigest()}
        happened = tus_js.upload(url, station.key, recording, metadata=wrong)
        assert (happened[-1]["event"], happened[-1]["status"]) == ("error", 422)
        assert api.get("/api/v1/segments").json()["items"] == []

    def test_parallel_parts_are_refused_in_words(
        self, url: str, station: SmallStation, recording: Path, tus_js: JsClient
    ) -> None:
        happened = tus_js.upload(url, station.key, recording, metadata=DESCRIBED, parallelUploads=2)
        assert happened[-1]["event"] == "error"
        assert (happened[0]["method"], happened[0]["status"]) == ("POST", 400)


def revive(server: MortalServer) -> None:
    """Start the next process when this one is dead, while the client goes on trying."""

    def wait() -> None:
        server.wait_for_death()
        server.start()

    threading.Thread(target=wait, name="reviver").start()


class TestKilledAtTheEnd:
    """Between the last byte and the segment's row, and between the row and the answer."""

    @pytest.mark.parametrize("dies", ["before-row", "after-row"])
    def test_one_segment_comes_of_it_and_its_sender_learns_it(
        self, station: SmallStation, recording: Path, dies: str, tus_js: JsClient
    ) -> None:
        with mortal(station) as server, server.client() as api:
            server.start(dies)
            running = tus_js.start(
                server.url, station.key, recording, metadata=DESCRIBED, retryDelays=AGAIN_MS
            )
            revive(server)
            happened = said(running)

            assert happened[-1]["event"] == "success"
            assert sent(happened) == [("POST", 201), ("HEAD", 200)]
            assert happened[-2]["segment"] == str(the_segment(api)["id"])
