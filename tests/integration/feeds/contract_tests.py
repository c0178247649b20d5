"""What every feed into a folder obeys, whatever it speaks: the same words for the same rule.

A driver's module gives a fixture ``site`` and says `class TestContract(Contract)`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.feeds.contract import Entry
from app.feeds.drivers import FeedAddress, FileFeed, Limits, ReadBack, Receipt, open_feed, send_and_check
from app.feeds.errors import FeedError, PermanentFeedError
from app.feeds.trials import TRIAL_NAME
from tests.integration.feeds.recordings import Audio, make_audio

T = TypeVar("T")
MP3 = "audio/mpeg"
EVERY_CHARACTER = "AZaz09_.-x" * 11 + ".mp3"


@dataclass(frozen=True)
class Site:
    """A site whose files the test can see. ``folder`` is where they lie, ``address`` how a feed gets there."""

    folder: Path
    address: FeedAddress
    head: str = "unknown"
    """The verdict of a read-back by ``head`` on the right bytes."""
    shows_bytes: bool = True
    """Whether a name that is not UTF-8 can be listed."""

    def feed(self, limits: Limits | None = None, **changes: Any) -> FileFeed:
        return open_feed(replace(self.address, **changes), limits or Limits())

    def at(self, place: str) -> FileFeed:
        """A feed to a folder beside the usual one."""
        return self.feed(address=f"{self.address.address.rstrip('/')}/../{place}")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def new_folder(self, name: str) -> Path:
        """A folder in the feed's, or relative to it, that the site lets us write into."""
        made = self.folder / name
        made.mkdir()
        made.chmod(0o777)
        return made


def run(work: Coroutine[Any, Any, T]) -> T:
    """Failures of tasks that nobody waits for are failures of the test."""

    async def watched() -> T:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        try:
            return await work
        finally:
            await asyncio.sleep(0)
            assert complaints == []

    return asyncio.run(watched())


def send(feed: FileFeed, audio: Audio, name: str | None = None) -> Receipt:
    return run(
        feed.send(audio.path, name or audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)
    )


def look(feed: FileFeed, audio: Audio, name: str | None = None) -> ReadBack:
    return run(feed.read_back(name or audio.name, sha256=audio.sha256, size=audio.size))


def deliver(feed: FileFeed, audio: Audio, name: str | None = None) -> ReadBack:
    """Send and read back."""
    sending = send_and_check(
        feed, audio.path, name or audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3
    )
    return run(sending)[1]


def refused(work: Coroutine[Any, Any, Any], audio: Audio | None = None) -> FeedError:
    """The error of a call that must fail; it may name neither objects nor servers."""
    with pytest.raises(FeedError) as caught:
        run(work)
    for secret in ("127.0.0.1", "correct horse", *([audio.name] if audio else [])):
        assert secret not in str(caught.value)
    return caught.value


def sending(feed: FileFeed, audio: Audio, name: str | None = None) -> Coroutine[Any, Any, Receipt]:
    return feed.send(audio.path, name or audio.name, sha256=audio.sha256, size=audio.size, media_type=MP3)


class Contract:
    """One function for each rule."""

    def test_the_file_arrives_whole_and_is_verified_by_its_hash(self, site: Site, audio: Audio) -> None:
        seen = deliver(site.feed(), audio)
        assert (seen.verdict, seen.facts["sha256"]) == ("present", audio.sha256)
        assert site.names() == [audio.name]
        assert (site.folder / audio.name).read_bytes() == audio.content

    def test_before_anything_was_sent_it_is_absent(self, site: Site, audio: Audio) -> None:
        for read_back in ("get", "head"):
            assert look(site.feed(read_back=read_back), audio).verdict == "absent"

    def test_a_newer_version_replaces_the_older_and_a_repeat_changes_nothing(
        self, site: Site, audio: Audio, newer: Audio
    ) -> None:
        for version in (audio, newer, newer):
            deliver(site.feed(), version)
        assert site.names() == [audio.name]
        assert (site.folder / audio.name).read_bytes() == newer.content
        assert look(site.feed(), audio).verdict == "different"

    def test_an_empty_and_a_tiny_file_arrive_too(self, site: Site, tmp_path: Path) -> None:
        for size in (0, 1, 1 << 17, (1 << 17) + 1):
            small = make_audio(tmp_path, seed=size, size=size)
            assert deliver(site.feed(), small).verdict == "present"
            assert (site.folder / small.name).read_bytes() == small.content

    def test_a_sidecar_of_bytes_goes_the_same_way(self, site: Site) -> None:
        body = b'{"format": "danpa-manifest/1"}\n'
        sha256 = hashlib.sha256(body).hexdigest()
        work = send_and_check(
            site.feed(), body, "a.mp3.json", sha256=sha256, size=len(body), media_type="application/json"
        )
        assert run(work)[1].verdict == "present"
        assert (site.folder / "a.mp3.json").read_bytes() == body

    def test_every_character_that_a_name_may_have(self, site: Site, audio: Audio) -> None:
        assert deliver(site.feed(), audio, EVERY_CHARACTER).verdict == "present"
        assert site.names() == [EVERY_CHARACTER]

    @pytest.mark.parametrize("left", [b"", b"half of an older version"])
    def test_what_a_crash_left_behind_is_overwritten(self, site: Site, audio: Audio, left: bytes) -> None:
        (site.folder / f".{audio.name}.part").write_bytes(left)
        assert look(site.feed(), audio).verdict == "absent"
        assert deliver(site.feed(), audio).verdict == "present"
        assert site.names() == [audio.name]

    @pytest.mark.parametrize(
        "temporary", ["{name}.tmp", "_{name}", "incoming/{name}", "../incoming/{name}.x"]
    )
    def test_the_temporary_name_is_what_the_site_wants(
        self, site: Site, audio: Audio, newer: Audio, temporary: str
    ) -> None:
        folder = site.folder / os.path.dirname(temporary)  # noqa: PTH120 - a template is no path
        if folder != site.folder:
            site.new_folder(os.path.dirname(temporary))  # noqa: PTH120
        feed = site.feed(temporary=temporary)
        for version in (audio, newer):
            assert send(feed, version).facts["switched"] == "rename"
            assert look(feed, version).verdict == "present"
        assert [path for path in folder.iterdir() if path.is_file()] in ([site.folder / audio.name], [])

    def test_in_place_only_where_the_site_wants_it_and_the_receipt_says_so(
        self, site: Site, audio: Audio, newer: Audio
    ) -> None:
        feed = site.feed(temporary="{name}")
        for version in (audio, newer):
            assert send(feed, version).facts["switched"] == "in place"
            assert look(feed, version).verdict == "present"
        assert site.names() == [audio.name]

    def test_without_the_folder_for_temporaries_a_person_is_needed(self, site: Site, audio: Audio) -> None:
        error = refused(sending(site.feed(temporary="incoming/{name}"), audio), audio)
        assert (error.code, error.permanent) == ("folder-missing", True)
        assert site.names() == []

    def test_a_sidecar_may_lie_elsewhere(self, site: Site, audio: Audio) -> None:
        elsewhere = site.new_folder("../manifests")
        name = "../manifests/tonight.json"
        assert deliver(site.feed(), audio, name).verdict == "present"
        assert [path.name for path in elsewhere.iterdir()] == ["tonight.json"]
        run(site.feed().remove(name))
        assert list(elsewhere.iterdir()) == []
        assert site.names() == []

    def test_a_folder_for_sidecars_is_not_made(self, site: Site, audio: Audio) -> None:
        error = refused(sending(site.feed(), audio, "../manifests/tonight.json"), audio)
        assert (error.code, error.permanent) == ("folder-missing", True)
        assert not (site.folder / "../manifests").exists()

    def test_a_missing_folder_is_not_made_and_needs_a_person(self, site: Site, audio: Audio) -> None:
        feed = site.at("gone")
        calls = [sending(feed, audio), feed.read_back(audio.name, sha256=audio.sha256, size=audio.size)]
        for call in (*calls, feed.entries()):
            error = refused(call, audio)
            assert (error.code, error.permanent) == ("folder-missing", True)
        assert not (site.folder.parent / "gone").exists()

    def test_a_name_that_is_taken_by_a_folder_needs_a_person(self, site: Site, audio: Audio) -> None:
        (site.folder / audio.name).mkdir()
        error = refused(sending(site.feed(), audio), audio)
        assert (error.code, error.permanent) == ("not-writable", True)
        assert site.names() == [audio.name]
        assert look(site.feed(), audio).verdict == "different"

    def test_a_damaged_artefact_never_reaches_the_site(self, site: Site, audio: Audio, newer: Audio) -> None:
        send(site.feed(), newer)
        sha256, size = audio.sha256, audio.size
        for damaged in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0", b""):
            audio.path.write_bytes(damaged)
            work = site.feed().send(audio.path, audio.name, sha256=sha256, size=size, media_type=MP3)
            with pytest.raises(PermanentFeedError) as caught:
                run(work)
            assert caught.value.code == "source-damaged"
        assert site.names() == [newer.name]
        assert (site.folder / newer.name).read_bytes() == newer.content

    def test_what_the_site_changed_is_noticed(self, site: Site, audio: Audio) -> None:
        send(site.feed(), audio)
        target = site.folder / audio.name
        for changed in (b"\0" + audio.content[1:], audio.content[:-1], audio.content + b"\0", b""):
            target.unlink()  # it may be another user's
            target.write_bytes(changed)
            target.chmod(0o644)
            assert look(site.feed(), audio).verdict == "different"
        target.unlink()
        assert look(site.feed(), audio).verdict == "absent"

    def test_a_size_alone_verifies_nothing_but_may_contradict(
        self, site: Site, audio: Audio, newer: Audio, tmp_path: Path
    ) -> None:
        feed = site.feed(read_back="head")
        send(feed, audio)
        assert look(feed, audio).verdict == site.head
        if site.head == "unknown":
            assert look(feed, newer).verdict == "unknown"  # as large, and we cannot know
        assert look(feed, make_audio(tmp_path, seed=3, size=7)).verdict == "different"

    def test_who_may_not_ask_knows_nothing(self, site: Site, audio: Audio) -> None:
        assert look(site.feed(read_back="none"), audio).verdict in {
            "unknown",
            "absent",
        }  # a folder is always read

    def test_the_folder_is_listed_with_sizes_and_times_but_no_folders(self, site: Site, audio: Audio) -> None:
        assert run(site.feed().entries()) == ()
        send(site.feed(), audio)
        site.new_folder("archive")
        (listed,) = entries_of(site)
        assert (listed.name, listed.size) == (audio.name, audio.size)
        if listed.modified_at is not None:
            written = (site.folder / audio.name).stat().st_mtime
            assert abs(listed.modified_at.timestamp() - written) < 2
            assert listed.modified_at.tzinfo is not None

    def test_foreign_names_are_listed_as_they_are(self, site: Site) -> None:
        names = ["뉴스 5시.mp3", "with  two spaces .mp3", "-rf", "a;b=c.mp3", "'quoted\".mp3", "%41.mp3", "~"]
        for name in names:
            (site.folder / name).write_bytes(b"12345")
        assert {entry.name: entry.size for entry in entries_of(site)} == dict.fromkeys(names, 5)

    def test_names_that_are_no_text_do_no_harm(self, site: Site, audio: Audio) -> None:
        for foreign in (b"\xb4\xba\xbd\xba.mp3", b"new\nline.mp3"):
            (site.folder / os.fsdecode(foreign)).write_bytes(b"1")
        send(site.feed(), audio)
        listed = {entry.name for entry in entries_of(site)}
        assert audio.name in listed
        for name in listed:
            name.encode()  # ready for a database
        if site.shows_bytes:
            assert listed == {audio.name, "\\xb4\\xba\\xbd\\xba.mp3", "new\nline.mp3"}

    def test_two_thousand_files_are_listed(self, site: Site) -> None:
        for number in range(2000):
            (site.folder / f"20261122_{number:04}_TAC_7500.mp3").touch()
        assert len(entries_of(site)) == 2000

    def test_removing_takes_one_file_and_may_be_repeated(self, site: Site, audio: Audio) -> None:
        for name in (audio.name, "other.mp3"):
            send(site.feed(), audio, name)
        for _ in range(2):
            run(site.feed().remove(audio.name))
        assert site.names() == ["other.mp3"]

    def test_a_trial_leaves_nothing(self, site: Site, audio: Audio) -> None:
        send(site.feed(), audio)
        facts = run(site.feed().trial())
        assert facts is not None
        assert facts["read_back"] == "present"
        assert site.names() == [audio.name]
        assert not (site.folder / TRIAL_NAME).exists()

    def test_a_trial_meets_what_an_upload_would(self, site: Site) -> None:
        assert refused(site.at("gone").trial()).code == "folder-missing"

    def test_a_cancelled_sending_stores_nothing(
        self, site: Site, tmp_path: Path, newer: Audio, audio: Audio
    ) -> None:
        """At many moments: before the login, in the middle, at the end."""
        send(site.feed(), audio)
        large = make_audio(tmp_path, seed=9, size=8_000_000)

        async def cancel(after_s: float) -> None:
            task = asyncio.create_task(sending(site.feed(), large))
            await asyncio.sleep(after_s)
            if task.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await task

        for milliseconds in (0, 5, 20, 40, 60, 80, 100, 130):
            run(cancel(milliseconds / 1000))
            assert (site.folder / audio.name).read_bytes() in (audio.content, large.content)
        assert deliver(site.feed(), newer).verdict == "present"
        assert site.names() == [audio.name]


def entries_of(site: Site) -> tuple[Entry, ...]:
    entries = run(site.feed().entries())
    assert entries is not None
    return entries
