"""The HTTP feed against a real server that can go wrong in every way that sites do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.feeds.drivers import FeedAddress, FileFeed, Limits, ReadBack, Receipt, open_feed, send_and_check
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.over_http import tls_context
from tests.integration.feeds.recordings import Audio, make_audio
from tests.receivers import Fault, Receiver, certificate, server_tls
from tests.ssh_sites import open_place

MP3 = "audio/mpeg"
_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
IMPATIENT = Limits(connect_s=5, quiet_s=0.3, send_s=20, read_back_s=20)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "site") as receiver:
        yield receiver


def feed_of(site: Receiver, read_back: str = "get", limits: Limits | None = None) -> FileFeed:
    return open_feed(FeedAddress("http_put", f"{site.url}/", read_back=read_back), limits or Limits())


def deliver(feed: FileFeed, audio: Audio) -> tuple[Receipt, ReadBack]:
    return asyncio.run(
        send_and_check(feed, audio.path, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)
    )


def look(feed: FileFeed, audio: Audio) -> ReadBack:
    return asyncio.run(feed.read_back(audio.name, sha256=audio.sha256, size=audio.size))


def refused(feed: FileFeed, audio: Audio) -> FeedError:
    with pytest.raises(FeedError) as caught:
        deliver(feed, audio)
    assert audio.name not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


@pytest.fixture(scope="module")
def webdav(peer: Callable[[str], Path]) -> Iterator[tuple[Path, int]]:
    """A real WebDAV server, the folder that it serves, and its port."""
    with open_place() as folder:
        command = [str(peer("rclone")), "serve", "webdav", "--addr", "127.0.0.1:0", "--config", "/dev/null"]
        command += ["--dir-cache-time", "0s", str(folder)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            port = next(int(found[1]) for line in server.stderr if (found := _LISTENS.search(line)))
            yield folder, port
            server.terminate()


@pytest.fixture
def shelf(webdav: tuple[Path, int]) -> Iterator[tuple[Path, FileFeed]]:
    """Its folder ``in``, and a feed to it."""
    root, port = webdav
    for name in ("in", "manifests"):
        (root / name).mkdir()
    yield root / "in", open_feed(FeedAddress("http_put", f"http://127.0.0.1:{port}/in"))
    for name in ("in", "manifests"):
        shutil.rmtree(root / name)


def test_a_real_store_takes_replaces_and_removes(
    shelf: tuple[Path, FileFeed], audio: Audio, newer: Audio
) -> None:
    folder, feed = shelf
    for version in (audio, newer):
        assert deliver(feed, version)[1].verdict == "present"
    assert [path.name for path in folder.iterdir()] == [audio.name]
    assert asyncio.run(feed.entries()) is None
    for _ in range(2):
        asyncio.run(feed.remove(audio.name))
    assert list(folder.iterdir()) == []
    assert look(feed, newer).verdict == "absent"


def test_a_sidecar_may_lie_elsewhere(shelf: tuple[Path, FileFeed]) -> None:
    folder, feed = shelf
    name, body = "../manifests/to night.json", b"{}"
    sha256 = hashlib.sha256(body).hexdigest()
    work = send_and_check(feed, body, name, sha256=sha256, size=2, media_type="application/json")
    assert asyncio.run(work)[1].verdict == "present"
    assert (folder / name).read_bytes() == body
    asyncio.run(feed.remove(name))
    assert list((folder / "../manifests").iterdir()) == []


def test_a_trial_leaves_nothing(shelf: tuple[Path, FileFeed]) -> None:
    folder, feed = shelf
    facts = asyncio.run(feed.trial())
    assert facts is not None
    assert facts["read_back"] == "present"
    assert list(folder.iterdir()) == []


def test_a_server_that_might_keep_it_is_not_tried_out(site: Receiver) -> None:
    assert asyncio.run(feed_of(site).trial()) is None
    assert site.puts == []


def test_a_server_that_removes_nothing_says_so(site: Receiver, audio: Audio) -> None:
    deliver(feed_of(site), audio)
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(feed_of(site).remove(audio.name))
    assert caught.value.code == "refused"


def test_the_object_arrives_with_its_hash_in_the_header_and_is_read_back(
    site: Receiver, audio: Audio
) -> None:
    receipt, seen = deliver(feed_of(site), audio)
    assert receipt.facts["status"] == 201
    assert (seen.verdict, seen.how) == ("present", "GET")
    assert site.finals() == {audio.name: audio.sha256}
    (put,) = site.puts
    digest = f"sha-256=:{base64.b64encode(bytes.fromhex(audio.sha256)).decode()}:"
    assert put.headers["content-digest"] == put.headers["repr-digest"] == digest
    assert put.headers["content-length"] == str(audio.size)
    assert put.headers["content-type"] == MP3
    assert "transfer-encoding" not in put.headers
    assert "python" not in put.headers["user-agent"]


@pytest.mark.parametrize(
    ("read_back", "digests", "readable", "verdict", "how"),
    [
        ("get", True, True, "present", "GET"),
        ("head", True, True, "present", "HEAD repr-digest"),
        ("head", False, True, "unknown", "HEAD length"),
        ("none", True, True, "unknown", "not asked"),
        ("get", True, False, "unknown", "GET"),  # we may upload, not read
        ("head", True, False, "unknown", "HEAD"),
    ],
)
def test_verified_only_where_the_site_really_tells(
    tmp_path: Path,
    audio: Audio,
    *,
    read_back: str,
    digests: bool,
    readable: bool,
    verdict: str,
    how: str,
) -> None:
    with Receiver(tmp_path / "site", digests=digests, readable=readable) as site:
        _, seen = deliver(feed_of(site, read_back), audio)
    assert (seen.verdict, seen.how) == (verdict, how)


def test_before_anything_was_sent_the_object_is_absent(site: Receiver, audio: Audio) -> None:
    assert look(feed_of(site), audio).verdict == "absent"
    assert look(feed_of(site, "head"), audio).verdict == "absent"


def test_versions_follow_each_other(site: Receiver, audio: Audio, newer: Audio) -> None:
    feed = feed_of(site)
    for version in (audio, newer, newer):
        deliver(feed, version)
    assert site.versions(audio.name) == [audio.sha256, newer.sha256]
    assert site.finals() == {audio.name: newer.sha256}
    assert look(feed, audio).verdict == "different"


@pytest.mark.parametrize("kind", ["lose", "corrupt"])
def test_an_object_that_the_site_took_and_lost_is_noticed_and_sent_again(
    site: Receiver, audio: Audio, kind: Any
) -> None:
    site.fail(Fault(kind))
    error = refused(feed_of(site), audio)
    assert (error.code, error.permanent) == ("lost-after-upload", False)
    deliver(feed_of(site), audio)
    assert site.finals() == {audio.name: audio.sha256}


def test_corruption_is_noticed_by_head_too(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("corrupt"))
    assert refused(feed_of(site, "head"), audio).code == "lost-after-upload"


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (500, "server-error", False),
        (507, "disk-full", False),
        (401, "unauthorised", True),
        (413, "too-large", True),
        (302, "redirected", True),
    ],
)
def test_refusals_are_told_apart(
    site: Receiver,
    audio: Audio,
    *,
    status: int,
    code: str,
    permanent: bool,
) -> None:
    site.fail(Fault("error", status=status))
    error = refused(feed_of(site), audio)
    assert (error.code, error.permanent) == (code, permanent)
    assert site.finals() == {}


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorised"), (413, "too-large")])
def test_a_refusal_is_heard_though_the_site_hangs_up_on_the_body(
    site: Receiver, tmp_path: Path, status: int, code: str
) -> None:
    """Many servers answer and close before they have read a large body: that must not look like a bad line."""
    hour = make_audio(tmp_path, size=30_000_000)
    site.fail(Fault("error", status=status, early=True))
    assert refused(feed_of(site), hour).code == code


def test_a_busy_site_says_when_to_come_back(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("error", status=503, retry_after="7"), times=2)
    assert [refused(feed_of(site), audio).retry_after_s for _ in range(2)] == [7.0, 7.0]
    assert deliver(feed_of(site), audio)[1].verdict == "present"


def test_a_failing_read_back_says_nothing_about_the_object(site: Receiver, audio: Audio) -> None:
    deliver(feed_of(site), audio)
    site.fail(Fault("error", method="GET", status=500))
    with pytest.raises(PassingFeedError) as caught:
        look(feed_of(site), audio)
    assert caught.value.code == "server-error"
    assert look(feed_of(site), audio).verdict == "present"


def test_a_site_that_never_answers_is_given_up_and_asked_again(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("hang"))
    error = refused(feed_of(site, limits=IMPATIENT), audio)
    assert (error.code, error.permanent) == ("timeout", False)
    assert deliver(feed_of(site), audio)[1].verdict == "present"


def test_an_attempt_as_a_whole_is_bounded(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("hang"))
    assert refused(feed_of(site, limits=Limits(send_s=0.3)), audio).code == "timeout"


def test_a_slow_answer_is_waited_for(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("delay", delay_s=0.2))
    assert deliver(feed_of(site), audio)[1].verdict == "present"


def test_a_connection_cut_in_the_middle_leaves_the_older_version(
    site: Receiver, audio: Audio, newer: Audio
) -> None:
    deliver(feed_of(site), audio)
    site.fail(Fault("cut"))
    error = refused(feed_of(site), newer)
    assert (error.code, error.permanent) == ("connection-lost", False)
    assert site.finals() == {audio.name: audio.sha256}
    assert not site.puts[-1].complete


def test_a_site_that_is_down_or_unknown_passes(site: Receiver, audio: Audio) -> None:
    site.stop()
    assert refused(feed_of(site), audio).code == "unreachable"
    unknown = open_feed(FeedAddress("http_put", "http://no-such-host.invalid/in"))
    error = refused(unknown, audio)
    assert (error.code, error.permanent) == ("host-unknown", False)


def test_a_damaged_artefact_never_becomes_an_object(site: Receiver, audio: Audio) -> None:
    sha256, size = audio.sha256, audio.size
    for damaged in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0"):
        audio.path.write_bytes(damaged)
        with pytest.raises(PermanentFeedError) as caught:
            asyncio.run(feed_of(site).send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3))
        assert caught.value.code == "source-damaged"
    assert site.finals() == {}


def test_the_credential_travels_as_a_bearer_token_and_nowhere_else(
    tmp_path: Path, audio: Audio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("DANPA_FEED_SITE", "t0ken")
    with Receiver(tmp_path / "site", token="t0ken") as site:
        signed = open_feed(FeedAddress("http_put", site.url, credential="env:DANPA_FEED_SITE"))
        assert deliver(signed, audio)[1].verdict == "present"
        assert refused(feed_of(site), audio).code == "unauthorised"
        monkeypatch.delenv("DANPA_FEED_SITE")
        assert refused(signed, audio).code == "credential"
    assert "t0ken" not in caplog.text
    assert audio.name not in caplog.text  # names and addresses are not for logs


def test_proxies_of_the_environment_are_not_used(
    site: Receiver, audio: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert deliver(feed_of(site), audio)[1].verdict == "present"


def test_a_demo_feed_is_confined_when_it_sends(tmp_path: Path, audio: Audio) -> None:
    feed = open_feed(FeedAddress("http_put", "http://localhost:9/", confined_to=tmp_path))
    assert refused(feed, audio).code == "confined"


def test_a_cancelled_upload_stores_nothing(site: Receiver, audio: Audio) -> None:
    site.fail(Fault("hang"))

    async def cancel() -> None:
        send = feed_of(site).send(
            audio.path, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3
        )
        task = asyncio.create_task(send)
        while not site.puts:  # noqa: ASYNC110 - another thread fills it
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert site.finals() == {}


def test_https_needs_a_certificate_that_is_trusted(
    tmp_path: Path, audio: Audio, peer: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path, peer("openssl"))
    tls_context.cache_clear()
    with Receiver(tmp_path / "site", tls=server_tls(cert, key)) as site:
        error = refused(feed_of(site), audio)
        assert (error.code, error.permanent) == ("tls", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        tls_context.cache_clear()
        assert deliver(feed_of(site), audio)[1].verdict == "present"
    tls_context.cache_clear()


def test_tls_to_a_plain_server_needs_a_person(site: Receiver, audio: Audio) -> None:
    feed = open_feed(FeedAddress("http_put", site.url.replace("http://", "https://")))
    assert refused(feed, audio).code == "tls"
