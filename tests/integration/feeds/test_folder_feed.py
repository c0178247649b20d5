"""The folder feed on real file systems: what the site's automation may and may not see."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.feeds.drivers import FeedAddress, FileFeed, Limits, ReadBack, open_feed, send_and_check
from app.feeds.errors import PassingFeedError, PermanentFeedError
from app.feeds.folder import FolderFeed, _translate
from tests.disks import mounted
from tests.integration.feeds.contract_tests import Contract, Site
from tests.integration.feeds.recordings import Audio

MP3 = "audio/mpeg"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def feed(site: Path) -> FileFeed:
    return open_feed(FeedAddress("folder", str(site)))


class TestContract(Contract):
    """A folder is always read: ``head`` and ``none`` mean nothing to it."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Site:
        folder = tmp_path / "place" / "in"
        folder.mkdir(parents=True)
        return Site(folder, FeedAddress("folder", str(folder)), head="present")


def test_a_demo_sidecar_does_not_leave_the_station_either(tmp_path: Path, audio: Audio) -> None:
    root = tmp_path / "var"
    for name in ("site", "manifests"):
        (root / name).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    feed = open_feed(FeedAddress("folder", f"{root}/site", confined_to=root))
    for name, allowed in (("../manifests/a.json", True), ("../../outside/a.json", False)):
        work = feed.send(audio.path, name, sha256=audio.sha256, size=audio.size, media_type=MP3)
        if allowed:
            asyncio.run(work)
            continue
        with pytest.raises(PermanentFeedError) as caught:
            asyncio.run(work)
        assert caught.value.code == "confined"
    assert list((tmp_path / "outside").iterdir()) == []


def test_temporaries_on_another_disk_need_a_person(small_disk: Path, site: Path, audio: Audio) -> None:
    feed = open_feed(FeedAddress("folder", str(site), temporary="../small/{name}"))
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(
            feed.send(b"x", audio.name, sha256=hashlib.sha256(b"x").hexdigest(), size=1, media_type=MP3)
        )
    assert caught.value.code == "not-writable"
    assert list(small_disk.iterdir()) == []


def deliver(feed: FileFeed, audio: Audio) -> ReadBack:
    sending = send_and_check(
        feed, audio.path, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3
    )
    return asyncio.run(sending)[1]


def look(feed: FileFeed, audio: Audio) -> ReadBack:
    return asyncio.run(feed.read_back(audio.name, sha256=audio.sha256, size=audio.size))


def test_the_file_arrives_whole_and_is_verified_by_its_hash(feed: FileFeed, site: Path, audio: Audio) -> None:
    seen = deliver(feed, audio)
    assert (seen.verdict, seen.how) == ("present", "sha256 of the file")
    assert [path.name for path in site.iterdir()] == [audio.name]
    assert (site / audio.name).read_bytes() == audio.content


def test_a_newer_version_replaces_the_older_and_a_repeat_changes_nothing(
    feed: FileFeed, site: Path, audio: Audio, newer: Audio
) -> None:
    for version in (audio, newer, newer):
        deliver(feed, version)
    assert [path.name for path in site.iterdir()] == [audio.name]
    assert (site / audio.name).read_bytes() == newer.content
    assert look(feed, audio).verdict == "different"


def test_the_site_never_sees_a_half_file(feed: FileFeed, site: Path, audio: Audio, newer: Audio) -> None:
    """A reader that opens the name again and again while versions alternate always finds one whole version."""
    deliver(feed, audio)
    whole, seen, stop = {audio.content, newer.content}, set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add((site / audio.name).read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for version in (newer, audio) * 5:
        deliver(feed, version)
    stop.set()
    reader.join()
    assert seen <= whole
    assert seen


def test_what_a_crash_left_behind_is_overwritten(feed: FileFeed, site: Path, audio: Audio) -> None:
    (site / f".{audio.name}.part").write_bytes(b"half of an older version")
    assert look(feed, audio).verdict == "absent"
    assert deliver(feed, audio).verdict == "present"
    assert [path.name for path in site.iterdir()] == [audio.name]


def test_a_planted_link_is_not_followed(feed: FileFeed, site: Path, tmp_path: Path, audio: Audio) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (site / f".{audio.name}.part").symlink_to(victim)
    (site / audio.name).symlink_to(victim)
    assert look(feed, audio).verdict == "different"
    assert deliver(feed, audio).verdict == "present"
    assert victim.read_text() == "untouched"


def test_what_the_site_changed_is_noticed(feed: FileFeed, site: Path, audio: Audio) -> None:
    deliver(feed, audio)
    target = site / audio.name
    target.write_bytes(b"\0" + audio.content[1:])
    assert look(feed, audio).verdict == "different"
    target.write_bytes(audio.content[:-1])
    assert look(feed, audio).verdict == "different"
    target.unlink()
    assert look(feed, audio).verdict == "absent"
    target.mkdir()
    assert look(feed, audio).verdict == "different"


def test_a_missing_folder_is_not_made_and_needs_a_person(tmp_path: Path, audio: Audio) -> None:
    feed = open_feed(FeedAddress("folder", str(tmp_path / "unmounted")))
    for act in (deliver, look):
        with pytest.raises(PermanentFeedError) as caught:
            act(feed, audio)
        assert caught.value.code == "folder-missing"
    assert not (tmp_path / "unmounted").exists()


def test_a_name_that_is_taken_by_a_folder_needs_a_person(feed: FileFeed, site: Path, audio: Audio) -> None:
    (site / audio.name).mkdir()
    with pytest.raises(PermanentFeedError) as caught:
        deliver(feed, audio)
    assert caught.value.code == "not-writable"
    assert [path.name for path in site.iterdir()] == [audio.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_refuses_us_needs_a_person(feed: FileFeed, site: Path, audio: Audio) -> None:
    site.chmod(0o500)
    with pytest.raises(PermanentFeedError) as caught:
        deliver(feed, audio)
    assert caught.value.code == "not-writable"


def test_a_damaged_artefact_never_reaches_the_site(feed: FileFeed, site: Path, audio: Audio) -> None:
    sha256, size = audio.sha256, audio.size
    for damaged in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0"):
        audio.path.write_bytes(damaged)
        with pytest.raises(PermanentFeedError) as caught:
            asyncio.run(feed.send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3))
        assert caught.value.code == "source-damaged"
    audio.path.unlink()
    with pytest.raises(PermanentFeedError, match="render it again"):
        asyncio.run(feed.send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3))
    assert list(site.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    with mounted(tmp_path / "small", "1m") as folder:
        yield folder


def test_a_full_disk_keeps_the_older_version_and_is_tried_again(small_disk: Path, audio: Audio) -> None:
    (small_disk / audio.name).write_bytes(b"the version before")
    feed = open_feed(FeedAddress("folder", str(small_disk)))
    with pytest.raises(PassingFeedError) as caught:
        deliver(feed, audio)
    assert caught.value.code == "disk-full"
    assert [path.name for path in small_disk.iterdir()] == [audio.name]
    assert (small_disk / audio.name).read_bytes() == b"the version before"


class SlowDisk(FolderFeed):
    """Blocks, as a dead network mount does, until it is let go."""

    def __init__(self, site: Path, limits: Limits) -> None:
        super().__init__(FeedAddress("folder", str(site)), limits)
        self.let_go = threading.Event()

    def _folder(self) -> Path:
        self.let_go.wait()
        return super()._folder()


def test_a_hanging_mount_holds_up_nobody_and_cannot_write_later(
    site: Path, feed: FileFeed, audio: Audio, newer: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.feeds.threads.GRACE_S", 0.05)
    hanging = SlowDisk(site, Limits(send_s=0.05))

    async def night() -> list[BaseException | Any]:
        async def send(to: FileFeed, what: Audio, name: str) -> Any:
            return await to.send(what.path, name, sha256=what.sha256, size=what.size, media_type=MP3)

        many = [send(hanging, audio, f"{number}.mp3") for number in range(40)]
        return await asyncio.gather(*many, send(feed, newer, "other.mp3"), return_exceptions=True)

    *dead, alive = asyncio.run(night())
    assert {getattr(error, "code", error) for error in dead} == {"timeout"}
    assert not isinstance(alive, BaseException)
    # The old attempt still hangs in its mount: the next one must not run beside it.
    with pytest.raises(PassingFeedError) as caught:
        asyncio.run(feed.send(newer.path, "0.mp3", sha256=newer.sha256, size=newer.size, media_type=MP3))
    assert caught.value.code == "busy"
    # Nor may looks at it pile up, one more hanging thread with each attempt.
    with pytest.raises(PassingFeedError) as caught:
        asyncio.run(hanging.read_back("0.mp3", sha256=newer.sha256, size=newer.size))
    assert caught.value.code == "busy"
    hanging.let_go.set()
    while any(thread.name == "feed" for thread in threading.enumerate()):
        time.sleep(0.01)
    assert [path.name for path in site.iterdir()] == ["other.mp3"]  # nothing woke up and wrote


def test_a_cancelled_copy_stops_and_leaves_nothing(
    feed: FileFeed, site: Path, tmp_path: Path, audio: Audio
) -> None:
    pipe = tmp_path / "slow-source"
    os.mkfifo(pipe)

    async def cancel_midway() -> None:
        send = feed.send(pipe, audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)
        task = asyncio.create_task(send)
        with await asyncio.to_thread(pipe.open, "wb", buffering=0) as source:
            await asyncio.to_thread(source.write, audio.content[:600_000])
            while not (site / f".{audio.name}.part").stat().st_size:  # noqa: ASYNC110 - another thread writes it
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.sleep(0)
            with contextlib.suppress(BrokenPipeError):  # the copy has stopped reading
                await asyncio.to_thread(source.write, audio.content[600_000:1_200_000])
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_midway())
    assert list(site.iterdir()) == []


def test_a_demo_feed_is_confined_when_it_sends(tmp_path: Path, audio: Audio) -> None:
    root, outside = tmp_path / "var", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "site").symlink_to(outside)  # made after the feed was checked
    feed = open_feed(FeedAddress("folder", f"{root}/site", confined_to=root))
    with pytest.raises(PermanentFeedError) as caught:
        deliver(feed, audio)
    assert caught.value.code == "confined"
    assert list(outside.iterdir()) == []


def test_a_sidecar_of_bytes_goes_the_same_way(feed: FileFeed, site: Path) -> None:
    body = b'{"format": "danpa-manifest/1"}\n'
    sending = send_and_check(
        feed,
        body,
        "a.mp3.json",
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
        media_type="application/json",
    )
    assert asyncio.run(sending)[1].verdict == "present"
    assert (site / "a.mp3.json").read_bytes() == body


@pytest.mark.parametrize(
    ("number", "code", "permanent"),
    [
        (errno.EDQUOT, "disk-full", False),
        (errno.EFBIG, "too-large", True),
        (errno.EACCES, "not-writable", True),
        (errno.EROFS, "not-writable", True),
        (errno.ESTALE, "storage-error", False),  # the mount went away and may come back
        (errno.EIO, "storage-error", False),
    ],
)
def test_what_a_mount_may_answer(*, number: int, code: str, permanent: bool) -> None:
    error = _translate(OSError(number, os.strerror(number)))
    assert (error.code, error.permanent) == (code, permanent)
