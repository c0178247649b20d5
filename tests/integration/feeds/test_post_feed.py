"""The HTTP POST feed against an upload page as sites write them: Starlette's form parser under a real server."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.feeds.drivers import FeedAddress, FileFeed, Limits, ReadBack, Receipt, open_feed, send_and_check
from app.feeds.errors import FeedError, PermanentFeedError
from tests.integration.feeds.recordings import Audio, make_audio
from tests.s3_sites import Canned, CannedStore, Wire

MP3 = "audio/mpeg"


@dataclass
class UploadPage:
    """Takes a form at ``/upload`` and shows what it took under ``/files/<name>``."""

    folder: Path
    file_field: str = "file"
    status: int = 201
    token: str | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    async def take(self, request: Request) -> Response:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        try:
            async with request.form() as form:
                upload = form[self.file_field]
                assert isinstance(upload, UploadFile)
                content = await upload.read()
                self.forms.append({name: value for name, value in form.items() if isinstance(value, str)})
        except (ClientDisconnect, KeyError):
            return Response(status_code=400)
        self.headers.append(dict(request.headers))
        if self.status < 300:
            (self.folder / str(upload.filename)).write_bytes(content)
        return Response(status_code=self.status)

    async def show(self, request: Request) -> Response:
        path = self.folder / request.path_params["name"]
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    def finals(self) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.iterdir()}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[UploadPage]:
    folder = tmp_path / "site"
    folder.mkdir()
    page = UploadPage(folder)
    app = Starlette(
        routes=[
            Route("/upload", page.take, methods=["POST"]),
            Route("/files/{name}", page.show, methods=["GET", "HEAD"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    page.port = server.servers[0].sockets[0].getsockname()[1]
    yield page
    server.should_exit = True
    thread.join()


def feed_at(url: str, read_back: str = "get", limits: Limits | None = None, **options: Any) -> FileFeed:
    return open_feed(
        FeedAddress("http_post", f"{url}/upload", read_back=read_back, options=options), limits or Limits()
    )


def readable(page: UploadPage, read_back: str = "get", **options: Any) -> FileFeed:
    return feed_at(page.url, read_back, read_address=f"{page.url}/files/", **options)


def deliver(feed: FileFeed, audio: Audio, name: str | None = None) -> tuple[Receipt, ReadBack]:
    return asyncio.run(
        send_and_check(
            feed, audio.path, name or audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3
        )
    )


def refused(feed: FileFeed, audio: Audio) -> FeedError:
    with pytest.raises(FeedError) as caught:
        deliver(feed, audio)
    assert audio.name not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


def test_the_file_arrives_in_the_form_and_is_read_back(page: UploadPage, audio: Audio) -> None:
    receipt, seen = deliver(readable(page), audio)
    assert receipt.facts == {"status": 201}
    assert (seen.verdict, seen.how) == ("present", "GET")
    assert page.finals() == {audio.name: audio.sha256}
    assert page.forms == [{}]
    assert "transfer-encoding" not in page.headers[0]
    assert int(page.headers[0]["content-length"]) > audio.size


def test_the_form_may_have_other_fields(page: UploadPage, audio: Audio) -> None:
    page.file_field = "audio[]"
    feed = readable(page, field="audio[]", form={"station": "단파", "note": 'a "b"\r\nc'})
    deliver(feed, audio)
    assert page.forms == [{"station": "단파", "note": 'a "b"\r\nc'}]
    assert page.finals() == {audio.name: audio.sha256}


@pytest.mark.parametrize("name", ["AZaz09_-.mp3", 'a "b" %41;c.mp3', "단파.mp3"])
def test_names_arrive_as_a_browser_would_send_them(page: UploadPage, audio: Audio, name: str) -> None:
    deliver(feed_at(page.url), audio, name)
    assert page.finals() == {name.replace('"', "%22"): audio.sha256}


def test_without_an_address_to_read_it_stays_unproved(page: UploadPage, audio: Audio) -> None:
    _, seen = deliver(feed_at(page.url), audio)
    assert (seen.verdict, seen.how) == ("unknown", "not asked")
    _, seen = deliver(readable(page, "none"), audio)
    assert (seen.verdict, seen.how) == ("unknown", "not asked")


def test_a_length_is_no_proof_and_a_contradiction_is_one(page: UploadPage, audio: Audio) -> None:
    feed = readable(page, "head")
    assert deliver(feed, audio)[1].verdict == "unknown"
    (page.folder / audio.name).write_bytes(audio.content[:-1])
    seen = asyncio.run(feed.read_back(audio.name, sha256=audio.sha256, size=audio.size))
    assert seen.verdict == "different"


def test_a_file_that_the_page_lost_is_noticed(page: UploadPage, audio: Audio) -> None:
    with CannedStore(POST=Canned(200)) as store:
        feed = feed_at(store.address, read_address=f"{page.url}/files")
        assert refused(feed, audio).code == "lost-after-upload"


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (500, "server-error", False),
        (507, "disk-full", False),
        (401, "unauthorised", True),
        (413, "too-large", True),
        (303, "redirected", True),
        (422, "refused", True),
    ],
)
def test_refusals_are_told_apart(
    page: UploadPage, audio: Audio, status: int, code: str, *, permanent: bool
) -> None:
    page.status = status
    error = refused(feed_at(page.url), audio)
    assert (error.code, error.permanent) == (code, permanent)
    assert page.finals() == {}


def test_an_upload_cut_anywhere_leaves_nothing(page: UploadPage, audio: Audio) -> None:
    with Wire(page.port) as wire:
        feed = feed_at(f"http://127.0.0.1:{wire.port}")
        for cut_after in range(1 << 16, audio.size, 1 << 16):
            wire.cut_after = cut_after
            error = refused(feed, audio)
            assert (error.code, error.permanent) == ("connection-lost", False)
        assert page.finals() == {}
        wire.cut_after = None
        deliver(feed, audio)
    assert page.finals() == {audio.name: audio.sha256}


def test_a_damaged_artefact_never_becomes_a_file(page: UploadPage, audio: Audio) -> None:
    sha256, size = audio.sha256, audio.size
    for damaged in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0"):
        audio.path.write_bytes(damaged)
        with pytest.raises(PermanentFeedError) as caught:
            asyncio.run(
                feed_at(page.url).send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3)
            )
        assert caught.value.code == "source-damaged"
    assert page.finals() == {}


def test_a_page_that_never_answers_is_given_up(audio: Audio) -> None:
    with CannedStore(POST=Canned(silent=True)) as store:
        impatient = feed_at(store.address, limits=Limits(quiet_s=0.3))
        assert refused(impatient, audio).code == "timeout"
        assert refused(feed_at(store.address, limits=Limits(send_s=0.3)), audio).code == "timeout"


def test_a_cancelled_upload_leaves_nothing(page: UploadPage, tmp_path: Path) -> None:
    hour = make_audio(tmp_path, size=57_600_000)

    async def cancel() -> None:
        task = asyncio.create_task(
            feed_at(page.url).send(hour.path, hour.name, sha256=hour.sha256, size=hour.size, media_type=MP3)
        )
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert page.finals() == {}


def test_the_credential_travels_as_a_bearer_token(
    page: UploadPage, audio: Audio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    page.token = "t0ken"
    monkeypatch.setenv("DANPA_FEED_SITE", "t0ken")
    signed = open_feed(FeedAddress("http_post", f"{page.url}/upload", credential="env:DANPA_FEED_SITE"))
    deliver(signed, audio)
    assert refused(feed_at(page.url), audio).code == "unauthorised"
    assert "t0ken" not in caplog.text
    assert audio.name not in caplog.text


def test_a_form_has_no_folders_and_lists_and_removes_nothing(page: UploadPage, audio: Audio) -> None:
    feed = feed_at(page.url)
    with pytest.raises(PermanentFeedError) as caught:
        deliver(feed, audio, f"../manifests/{audio.name}")
    assert caught.value.code == "refused"
    assert asyncio.run(feed.entries()) is None
    assert asyncio.run(feed.trial()) is None
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(feed.remove(audio.name))
    assert caught.value.code == "refused"


def test_a_demo_feed_is_confined_when_it_sends(page: UploadPage, tmp_path: Path, audio: Audio) -> None:
    away = FeedAddress(
        "http_post",
        f"{page.url}/upload",
        options={"read_address": "http://localhost:9/files"},
        confined_to=tmp_path,
    )
    assert refused(open_feed(away), audio).code == "confined"
    assert page.finals() == {}
