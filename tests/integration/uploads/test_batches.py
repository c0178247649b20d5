"""Fifty files at once: with progress for each and for all, over events and on the command line, over a line that breaks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.jobs.service import claim
from app.jobs.worker import work
from app.uploads.sending import PATIENCE_S, NotSent, Sender, Sending
from tests.cut_lines import CutLine
from tests.integration.library.stations import write_tone
from tests.stations import SmallStation

FILES = 50
BATCH = "11월 22일 증언"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Fifty recordings, all different; two of them are none."""
    made = tmp_path / "증언"
    made.mkdir()
    for number in range(FILES):
        path = made / f"{number:02d} 증언.wav"
        if number in (7, 31):
            path.write_bytes(b"no sound at all " * 100)
        else:
            write_tone(path, 0.4, hertz=200 + 10 * number)
    return made


@pytest.fixture
def worker(station: SmallStation) -> Iterator[None]:
    """A worker that ingests what comes."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            job = claim(station.database, "worker-1", ("ingest",))
            if job is not None:
                work(station.database, station.settings, job, station.clock)
            else:
                stop.wait(0.05)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


class Listening:
    """What the event stream says of batches while something goes on."""

    def __init__(self, api: httpx.Client) -> None:
        self.told: list[list[dict[str, Any]]] = []
        self._api = api
        self._thread = threading.Thread(target=self._listen)

    def _listen(self) -> None:
        with self._api.stream("GET", "/api/v1/events", timeout=60) as answer:
            is_ours = False
            for line in answer.iter_lines():
                if is_ours and line.startswith("data: "):
                    self.told.append(json.loads(line.removeprefix("data: ")))
                    if self.told[-1] == []:  # nothing is on its way any more
                        return
                is_ours = line == "event: batches"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def upload(url: str, station: SmallStation, folder: Path) -> Any:
    arguments = ["upload", str(folder), "--kind", "testimony", "--url", url, "--batch", BATCH]
    return CliRunner().invoke(cli, arguments, env={"DANPA_KEY": station.key, "COLUMNS": "200"})


def test_fifty_files_over_a_line_that_breaks(
    api: httpx.Client, url: str, station: SmallStation, folder: Path, worker: None
) -> None:
    size = sum(path.stat().st_size for path in folder.iterdir())
    with Listening(api) as events, CutLine(int(url.rsplit(":", 1)[1])) as line:
        line.cut_after(size // 2)
        done = upload(f"http://127.0.0.1:{line.port}", station, folder)
    assert done.exit_code == 1, "two were no recordings"
    assert f"all {FILES} files" in done.output
    assert "07 증언.wav: #" in done.output

    batch = api.get(f"/api/v1/batches/{BATCH}").json()
    assert [file["name"] for file in batch["files"]] == sorted(path.name for path in folder.iterdir())
    states = [file["state"] for file in batch["files"]]
    assert (states.count("draft"), states.count("rejected")) == (FILES - 2, 2)
    assert (batch["settled"], batch["refused"], batch["fraction"]) == (FILES, 2, 1.0)
    assert (batch["bytes"], batch["brought_bytes"]) == (size, size)
    assert "not" in next(file["error"] for file in batch["files"] if file["state"] == "rejected")

    told = [batches[0] for batches in events.told if batches]
    assert {len(one["files"]) for one in told[-3:]} == {FILES}
    fractions = [one["fraction"] for one in told]
    assert len(set(fractions)) > 3, "it was told while it went on"
    assert any(file["state"] == "uploading" for file in told[0]["files"])
    assert len(api.get("/api/v1/segments", params={"limit": 200}).json()["items"]) == FILES


def test_what_was_broken_off_goes_on_and_nothing_comes_twice(
    api: httpx.Client, url: str, station: SmallStation, tmp_path: Path, worker: None
) -> None:
    big = tmp_path / "긴 증언.wav"
    write_tone(big, 120.0)
    said = {"kind": "testimony", "batch": BATCH}
    headers = {"Authorization": f"Bearer {station.key}"}

    class Gone(Exception):
        pass

    def switched_off(sending: Sending) -> None:
        if sending.brought > 9 << 20:
            raise Gone

    with httpx.Client(base_url=url, headers=headers) as client:
        sender = Sender(client)
        with pytest.raises(Gone):
            sender.bring(sender.announce(big, said), switched_off)
        again = sender.announce(big, said)
        assert again.brought >= 8 << 20, "the first piece is there"
        segment = sender.bring(again, lambda _: None)
    assert len(api.get("/api/v1/batches/" + BATCH).json()["files"]) == 1
    assert api.get(f"/api/v1/segments/{segment}").json()["original_bytes"] == big.stat().st_size


def test_a_station_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as client:
        sender = Sender(client, sleep=lambda _: None)
        with pytest.raises(NotSent, match="does not answer"):
            sender.announce(write_tone(tmp_path / "a.wav"), {"kind": "talk"})


@pytest.mark.parametrize("answers_503", [True, False])
def test_a_line_that_takes_no_byte_is_asked_with_pauses_and_given_up(
    tmp_path: Path,
    answers_503: bool,  # noqa: FBT001 - a table's column
) -> None:
    """A proxy that refuses pieces, while the station itself answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(200, headers={"upload-offset": "0"})
        if answers_503:
            return httpx.Response(503)
        raise httpx.RemoteProtocolError("cut")

    slept: list[float] = []
    recording = write_tone(tmp_path / "a.wav")
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://station") as client:
        sender = Sender(client, sleep=slept.append)
        sending = Sending(recording, recording.stat().st_size, "0" * 64, {}, "http://station/u/1")
        with pytest.raises(NotSent, match="no byte of it arrives"):
            sender.bring(sending, lambda _: None)
    assert sum(slept) >= PATIENCE_S
    assert min(slept) > 0


def test_somebody_else_s_batch_is_nobody_s(
    api: httpx.Client, url: str, station: SmallStation, folder: Path
) -> None:
    data = {"kind": "talk", "batch": BATCH}
    first = min(folder.iterdir())
    assert api.post("/api/v1/segments", data=data, files={"file": first.read_bytes()}).status_code == 202
    assert api.get(f"/api/v1/batches/{BATCH}").status_code == 200
    headers = {"Authorization": f"Bearer {station.another_key('박바다')}"}
    assert api.get(f"/api/v1/batches/{BATCH}", headers=headers).status_code == 404


def test_a_batch_may_be_named_as_people_name_things(api: httpx.Client, folder: Path) -> None:
    name = "11월/2차 ?"
    first = min(folder.iterdir())
    sent = api.post(
        "/api/v1/segments", data={"kind": "talk", "batch": name}, files={"file": first.read_bytes()}
    )
    assert sent.status_code == 202
    assert len(api.get(f"/api/v1/batches/{quote(name, safe='')}").json()["files"]) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["nowhere.wav", "--kind", "talk"], "is not there"), ([".", "--kind", "talk"], "your key")],
)
def test_a_wrong_command_says_what_is_wrong(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"")
    monkeypatch.delenv("DANPA_KEY", raising=False)
    result = CliRunner().invoke(cli, ["upload", *arguments])
    assert result.exit_code != 0
    assert told in str(result.exception)
