"""The S3 feed against a real store, a wire to it that breaks, and stores that lie."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.feeds.drivers import FeedAddress, FileFeed, Limits, ReadBack, Receipt, open_feed, send_and_check
from app.feeds.errors import FeedError, PermanentFeedError
from app.feeds.s3 import S3Feed
from tests.integration.feeds.recordings import Audio, make_audio
from tests.receivers import certificate
from tests.s3_sites import LOGIN, SECRET, Canned, CannedStore, S3Site, Wire

MP3 = "audio/mpeg"
CREDENTIAL = "env:DANPA_FEED_STORE"
IMPATIENT = Limits(connect_s=2, quiet_s=0.3, send_s=20, read_back_s=20)


@pytest.fixture(autouse=True)
def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_STORE", LOGIN)


@pytest.fixture
def site(tmp_path: Path, peer: Callable[[str], Path]) -> Iterator[S3Site]:
    with S3Site(tmp_path / "store", peer("rclone")) as site:
        yield site


def feed_at(address: str, read_back: str = "get", limits: Limits | None = None) -> FileFeed:
    return open_feed(FeedAddress("s3", address, CREDENTIAL, read_back), limits or Limits())


def deliver(feed: FileFeed, audio: Audio, name: str | None = None) -> tuple[Receipt, ReadBack]:
    return asyncio.run(
        send_and_check(
            feed, audio.path, name or audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3
        )
    )


def look(feed: FileFeed, audio: Audio) -> ReadBack:
    return asyncio.run(feed.read_back(audio.name, sha256=audio.sha256, size=audio.size))


def refused(feed: FileFeed, audio: Audio) -> FeedError:
    with pytest.raises(FeedError) as caught:
        deliver(feed, audio)
    words = f"{caught.value} {caught.value.__cause__}"
    assert audio.name not in words
    assert SECRET not in words
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


def test_the_object_arrives_and_is_read_back(site: S3Site, audio: Audio) -> None:
    receipt, seen = deliver(feed_at(site.address), audio)
    assert receipt.facts["status"] == 200
    assert (seen.verdict, seen.how) == ("present", "GET")
    assert site.finals() == {audio.name: audio.sha256}


def test_a_large_object_arrives_in_one_request(site: S3Site, tmp_path: Path) -> None:
    hour = make_audio(tmp_path, size=57_600_000)
    _, seen = deliver(feed_at(site.address), hour)
    assert seen.verdict == "present"
    assert site.finals() == {hour.name: hour.sha256}


def test_an_empty_and_a_tiny_object_arrive_too(site: S3Site, tmp_path: Path) -> None:
    for size in (0, 1, 1 << 18, (1 << 18) + 1):
        small = make_audio(tmp_path, seed=size, size=size)
        assert deliver(feed_at(site.address), small)[1].verdict == "present"
        assert site.finals() == {small.name: small.sha256}


def test_before_anything_was_sent_the_object_is_absent(site: S3Site, audio: Audio) -> None:
    assert look(feed_at(site.address), audio).verdict == "absent"
    assert look(feed_at(site.address, "head"), audio).verdict == "absent"


def test_versions_follow_each_other(site: S3Site, audio: Audio, newer: Audio) -> None:
    feed = feed_at(site.address)
    for version in (audio, newer, newer):
        deliver(feed, version)
    assert site.finals() == {audio.name: newer.sha256}
    assert look(feed, audio).verdict == "different"


def test_a_stores_word_is_no_proof_where_it_only_repeats_ours(site: S3Site, audio: Audio) -> None:
    """rclone states the checksum that we claimed, whatever it holds: HEAD leaves the handoff stored."""
    feed = feed_at(site.address, "head")
    _, seen = deliver(feed, audio)
    assert (seen.verdict, seen.how) == ("unknown", "HEAD length")
    (site.folder / audio.name).write_bytes(audio.content[:-1])
    assert look(feed, audio).verdict == "different"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"x-amz-checksum-type": "FULL_OBJECT"}, "present"),
        ({"x-amz-checksum-type": "COMPOSITE"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_checksum_of_the_whole_object_is_proof(audio: Audio, headers: dict[str, str], verdict: str) -> None:
    stated = base64.b64encode(bytes.fromhex(audio.sha256)).decode()
    head = Canned(headers={**headers, "x-amz-checksum-sha256": stated}, body=audio.content)
    with CannedStore(PUT=Canned(), HEAD=head) as store:
        _, seen = deliver(feed_at(store.address, "head"), audio)
        (_, _, put), (_, _, asked) = store.asked
    assert seen.verdict == verdict
    assert put["x-amz-content-sha256"] == audio.sha256  # signed, so that an honest store takes nothing else
    assert put["content-length"] == str(audio.size)
    assert "transfer-encoding" not in put
    assert asked["x-amz-checksum-mode"] == "ENABLED"


def test_a_checksum_of_other_bytes_is_noticed(audio: Audio) -> None:
    stated = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    headers = {"x-amz-checksum-type": "FULL_OBJECT", "x-amz-checksum-sha256": stated}
    with CannedStore(PUT=Canned(), HEAD=Canned(headers=headers, body=audio.content)) as store:
        assert refused(feed_at(store.address, "head"), audio).code == "lost-after-upload"


@pytest.mark.parametrize("read_back", ["head", "get"])
def test_a_store_that_lies_about_the_size_is_not_believed(audio: Audio, read_back: str) -> None:
    short = audio.content[:-1]
    with CannedStore(PUT=Canned(), HEAD=Canned(body=short), GET=Canned(body=short)) as store:
        assert refused(feed_at(store.address, read_back), audio).code == "lost-after-upload"
    full_of_air = Canned(body=short, length=audio.size)
    with CannedStore(PUT=Canned(), GET=full_of_air) as store:
        assert refused(feed_at(store.address), audio).code == "connection-lost"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_transfer_cut_anywhere_leaves_what_was_there(
    site: S3Site, audio: Audio, newer: Audio, *, replaced: bool
) -> None:
    """At every 64 KiB; the next attempt arrives."""
    before = {}
    if replaced:
        deliver(feed_at(site.address), audio)
        before = {audio.name: audio.sha256}
    with Wire(site.port) as wire:
        feed = feed_at(site.address.replace(str(site.port), str(wire.port)))
        for cut_after in range(1 << 16, newer.size, 1 << 16):
            wire.cut_after = cut_after
            error = refused(feed, newer)
            assert (error.code, error.permanent) == ("connection-lost", False)
            assert site.finals() == before
        wire.cut_after = None
        assert deliver(feed, newer)[1].verdict == "present"
    assert site.finals() == {newer.name: newer.sha256}


def test_a_store_killed_in_mid_transfer_passes(site: S3Site, tmp_path: Path) -> None:
    hour = make_audio(tmp_path, size=57_600_000)
    timer = threading.Timer(0.05, site.stop)
    timer.start()
    error = refused(feed_at(site.address), hour)
    timer.join()
    assert (error.code in {"connection-lost", "unreachable"}, error.permanent) == (True, False)


def test_a_damaged_artefact_never_becomes_an_object(site: S3Site, tmp_path: Path) -> None:
    audio = make_audio(tmp_path, size=12_000_000)
    sha256, size = audio.sha256, audio.size
    for damaged in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0"):
        audio.path.write_bytes(damaged)
        with pytest.raises(PermanentFeedError) as caught:
            asyncio.run(
                feed_at(site.address).send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3)
            )
        assert caught.value.code == "source-damaged"
    assert site.finals() == {}


@pytest.mark.parametrize("login", [f"danpakey:{SECRET}x", f"nobody:{SECRET}"])
def test_a_wrong_key_needs_a_person(
    site: S3Site, audio: Audio, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("DANPA_FEED_STORE", login)
    error = refused(feed_at(site.address), audio)
    assert (error.code, error.permanent) == ("unauthorised", True)
    with pytest.raises(FeedError) as caught:
        look(feed_at(site.address), audio)
    assert caught.value.code == "unauthorised"


def test_no_key_at_all_is_said_at_once(site: S3Site, audio: Audio) -> None:
    error = refused(open_feed(FeedAddress("s3", site.address)), audio)
    assert (error.code, error.permanent) == ("credential", True)


def test_a_missing_bucket_needs_a_person(site: S3Site, audio: Audio) -> None:
    feed = feed_at(site.address.replace("/station/", "/nowhere/"))
    assert refused(feed, audio).code == "folder-missing"
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(feed.entries())
    assert caught.value.code == "folder-missing"


@pytest.mark.parametrize(
    ("status", "code", "ours", "permanent"),
    [
        (403, "AccessDenied", "unauthorised", True),
        (403, "RequestTimeTooSkewed", "unauthorised", True),
        (400, "EntityTooLarge", "too-large", True),
        (400, "RequestTimeout", "timeout", False),
        (301, "PermanentRedirect", "bad-address", True),
        (503, "SlowDown", "busy", False),
        (507, "", "disk-full", False),
        (500, "", "server-error", False),
    ],
)
def test_refusals_are_told_apart(audio: Audio, status: int, code: str, ours: str, *, permanent: bool) -> None:
    body = f"<Error><Code>{code}</Code><Key>{audio.name}</Key></Error>".encode() if code else b""
    with CannedStore(PUT=Canned(status, body, {"Retry-After": "7"})) as store:
        error = refused(feed_at(store.address), audio)
    assert (error.code, error.permanent) == (ours, permanent)
    assert error.retry_after_s == (7.0 if status >= 500 else None)


def test_what_we_may_not_read_is_unknown(audio: Audio) -> None:
    denied = Canned(403, b"<Error><Code>AccessDenied</Code></Error>")
    with CannedStore(PUT=Canned(), GET=denied, HEAD=denied) as store:
        assert deliver(feed_at(store.address), audio)[1].verdict == "unknown"
        assert deliver(feed_at(store.address, "head"), audio)[1].verdict == "unknown"
        assert deliver(feed_at(store.address, "none"), audio)[1].how == "not asked"


def test_a_store_that_never_answers_is_given_up_and_holds_nothing_else(site: S3Site, audio: Audio) -> None:
    with CannedStore(PUT=Canned(silent=True)) as store:
        slow, quick = feed_at(store.address, limits=IMPATIENT), feed_at(site.address)

        async def both() -> None:
            hanging = asyncio.create_task(
                slow.send(audio.path, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)
            )
            await quick.send(audio.path, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)
            with pytest.raises(FeedError) as caught:
                await hanging
            assert (caught.value.code, caught.value.permanent) == ("timeout", False)

        asyncio.run(both())
    assert site.finals() == {audio.name: audio.sha256}


def test_an_attempt_as_a_whole_is_bounded(audio: Audio) -> None:
    with CannedStore(PUT=Canned(silent=True)) as store:
        assert refused(feed_at(store.address, limits=Limits(send_s=0.3)), audio).code == "timeout"


def test_a_store_that_is_down_passes(site: S3Site, audio: Audio) -> None:
    site.stop()
    error = refused(feed_at(site.address), audio)
    assert (error.code, error.permanent) == ("unreachable", False)


def test_a_cancelled_upload_stores_nothing(site: S3Site, tmp_path: Path) -> None:
    hour = make_audio(tmp_path, size=57_600_000)

    async def cancel() -> None:
        task = asyncio.create_task(
            feed_at(site.address).send(
                hour.path, hour.name, sha256=hour.sha256, size=hour.size, media_type=MP3
            )
        )
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert site.finals() == {}


def test_the_folder_is_listed_page_by_page_without_what_is_not_ours_to_see(site: S3Site) -> None:
    names = {f"{number:04}.mp3" for number in range(2000)} | {"a b+c%41.mp3", "단파 방송.wav", "&<>'\".mp3"}
    for name in names:
        (site.folder / name).write_bytes(b"12345")
    (site.folder / "old").mkdir()
    (site.folder / "old" / "inside.mp3").write_bytes(b"1")
    (site.folder.parent / "beside.mp3").write_bytes(b"1")
    found = asyncio.run(feed_at(site.address).entries())
    assert found is not None
    assert {entry.name for entry in found} == names
    assert len(found) == len(names)
    assert {entry.size for entry in found} == {5}
    assert all(entry.modified_at is not None and entry.modified_at.tzinfo is not None for entry in found)


def test_names_that_are_no_text_do_no_harm(site: S3Site, audio: Audio) -> None:
    for foreign in (b"\xb4\xba\xbd\xba.mp3", b"new\nline.mp3"):
        (site.folder / os.fsdecode(foreign)).write_bytes(b"1")
    deliver(feed_at(site.address), audio)
    found = asyncio.run(feed_at(site.address).entries())
    assert found is not None
    assert {audio.name, "new␊line.mp3"} <= {entry.name for entry in found}  # so rclone spells it
    for entry in found:
        entry.name.encode()  # ready for a database


def test_an_empty_folder_is_empty(site: S3Site) -> None:
    assert asyncio.run(feed_at(site.address).entries()) == ()
    assert asyncio.run(feed_at(f"{site.address}/never/used").entries()) == ()


def test_a_file_is_taken_away_once_and_again(site: S3Site, audio: Audio) -> None:
    feed = feed_at(site.address)
    deliver(feed, audio)
    asyncio.run(feed.remove(audio.name))
    asyncio.run(feed.remove(audio.name))
    assert site.finals() == {}


def test_a_trial_leaves_nothing_and_says_what_it_saw(site: S3Site) -> None:
    feed = feed_at(site.address)
    facts = asyncio.run(feed.trial())
    assert facts is not None
    assert (facts["read_back"], facts["read_back_how"]) == ("present", "GET")
    assert site.finals() == {}


def test_a_trial_meets_what_an_upload_would(site: S3Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_STORE", "nobody:wrong")
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(feed_at(site.address).trial())
    assert caught.value.code == "unauthorised"


def test_a_sidecar_may_lie_elsewhere_in_the_bucket(site: S3Site) -> None:
    body = b"{}"
    sha256 = hashlib.sha256(body).hexdigest()
    feed = feed_at(site.address)
    _, seen = asyncio.run(
        send_and_check(
            feed, body, "../manifests/x.json", sha256=sha256, size=2, media_type="application/json"
        )
    )
    assert seen.verdict == "present"
    assert (site.folder.parent / "manifests" / "x.json").read_bytes() == body
    assert site.finals() == {}


def test_every_allowed_character_of_a_name_arrives(site: S3Site, audio: Audio) -> None:
    name = "AZaz09_-.~ (+&'!)한국.mp3"
    _, seen = deliver(feed_at(site.address), audio, name)
    assert seen.verdict == "present"
    assert site.finals() == {name: audio.sha256}


def test_a_store_that_names_the_bucket_in_its_host_is_asked_there() -> None:
    feed = open_feed(
        FeedAddress("s3", "https://s3.example/station/in", CREDENTIAL, options={"path_style": False})
    )
    assert isinstance(feed, S3Feed)
    assert str(feed._bucket().url_of("a.mp3")) == "https://station.s3.example/in/a.mp3"


def test_neither_names_nor_secrets_are_logged(
    site: S3Site, audio: Audio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    feed = feed_at(site.address)
    deliver(feed, audio)
    asyncio.run(feed.entries())
    for secret in (SECRET, audio.name, site.address):
        assert secret not in caplog.text


def test_the_environment_of_other_tools_has_no_say(
    site: S3Site, audio: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of somebody else")
    assert deliver(feed_at(site.address), audio)[1].verdict == "present"


def test_a_demo_feed_is_confined_when_it_sends(tmp_path: Path, audio: Audio) -> None:
    away = FeedAddress("s3", "http://localhost:9/station/in", CREDENTIAL, confined_to=tmp_path)
    assert refused(open_feed(away), audio).code == "confined"


def test_a_certificate_must_be_trusted(tmp_path: Path, audio: Audio, peer: Callable[[str], Path]) -> None:
    cert, key = certificate(tmp_path, peer("openssl"))
    with S3Site(tmp_path / "store", peer("rclone"), "--cert", str(cert), "--key", str(key)) as site:
        error = refused(feed_at(site.address.replace("http://", "https://")), audio)
    assert (error.code, error.permanent) == ("tls", True)
