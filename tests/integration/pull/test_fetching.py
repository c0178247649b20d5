"""What a site finds at its address, by real clients; what the log says of it, and what that proves."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.feeds.drivers import FeedAddress, open_feed
from app.feeds.errors import PermanentFeedError
from tests.integration.pull.deliveries import NAME, PullStation, bytes_of

SONG = bytes_of(1_500_000)
NEWER = bytes_of(1_500_000, seed=2)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def curl(peer: Callable[[str], Path], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(peer("curl")), "--silent", "--show-error", "--fail", *arguments],
        check=False,
        capture_output=True,
    )


def test_a_delivery_is_stored_until_the_site_has_fetched_it(pull: PullStation) -> None:
    handoff_id = pull.handoff(SONG)
    seen = pull.offer(handoff_id, SONG)
    assert (seen.verdict, seen.how) == ("unknown", "on offer, not yet fetched")
    pull.set_state(handoff_id, "stored")

    answer = httpx.get(pull.address + NAME)
    pull.settled(1)

    assert answer.content == SONG
    seen = pull.look(handoff_id, SONG)
    assert (seen.verdict, seen.how) == ("present", "fetched by the site")


def test_every_answer_says_which_bytes_it_is_of(pull: PullStation) -> None:
    pull.deliver(SONG)
    for method in ("GET", "HEAD"):
        answer = httpx.request(method, pull.address + NAME)
        assert answer.status_code == 200
        assert answer.headers["etag"] == f'"sha-256:{sha256(SONG)}"'
        digest = base64.b64encode(hashlib.sha256(SONG).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert answer.headers["last-modified"] == "Sun, 22 Nov 2026 09:00:00 GMT"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["content-length"] == str(len(SONG))
        assert answer.headers["content-type"] == "audio/mpeg"
        assert answer.headers["accept-ranges"] == "bytes"


def test_the_log_says_who_had_what_and_when(pull: PullStation) -> None:
    handoff_id = pull.deliver(SONG)
    httpx.get(pull.address + NAME, headers={"Range": "bytes=100-199", "User-Agent": "player/1"})
    pull.settled(1)
    (fetch,) = pull.log()
    assert (fetch.feed_id, fetch.pull_key_id, fetch.handoff_id) == (pull.feed_id, pull.key_id, handoff_id)
    assert (fetch.name, fetch.sha256, fetch.size) == (NAME, sha256(SONG), len(SONG))
    assert (fetch.method, fetch.status, fetch.user_agent) == ("GET", 206, "player/1")
    assert (fetch.first_byte, fetch.end_byte, fetch.bytes_sent) == (100, 200, 100)
    assert fetch.remote_address == "127.0.0.1"
    assert fetch.started_at == fetch.finished_at == pull.station.clock()


def test_a_head_proves_nothing(pull: PullStation) -> None:
    handoff_id = pull.deliver(SONG)
    httpx.head(pull.address + NAME)
    pull.settled(1)
    assert pull.log()[0].bytes_sent == 0
    assert pull.look(handoff_id, SONG).verdict == "unknown"


def test_parts_that_cover_it_prove_it_but_not_before(pull: PullStation) -> None:
    handoff_id = pull.deliver(SONG)
    third = len(SONG) // 3
    for count, (first, last) in enumerate(
        [(2 * third, len(SONG) - 1), (0, third), (third + 1, 2 * third)], start=1
    ):
        assert pull.look(handoff_id, SONG).verdict == "unknown"
        answer = httpx.get(pull.address + NAME, headers={"Range": f"bytes={first}-{last}"})
        assert (answer.status_code, answer.content) == (206, SONG[first : last + 1])
        pull.settled(count)
    assert pull.look(handoff_id, SONG).verdict == "present"


def test_halves_of_two_clients_are_no_whole(pull: PullStation) -> None:
    handoff_id = pull.deliver(SONG)
    _, other = pull.another_key()
    half = len(SONG) // 2
    httpx.get(pull.address + NAME, headers={"Range": f"bytes=0-{half}"})
    httpx.get(other + NAME, headers={"Range": f"bytes={half}-"})
    pull.settled(2)
    assert pull.look(handoff_id, SONG).verdict == "unknown"


def test_a_client_that_takes_nothing_is_let_go(pull: PullStation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pull.answers.STALLED_S", 0.3)
    pull.deliver(bytes_of(24_000_000))
    place = urlsplit(pull.address + NAME)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.connect((str(place.hostname), place.port or 80))
        client.sendall(f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        pull.settled(1)
    assert pull.log()[0].bytes_sent < 24_000_000


def test_curl_goes_on_where_it_was_cut(
    pull: PullStation, tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    handoff_id = pull.deliver(SONG)
    target = tmp_path / NAME
    got = curl(peer, "--range", "0-699999", "--output", str(target), pull.address + NAME)
    assert (got.returncode, target.stat().st_size) == (0, 700_000)
    got = curl(peer, "--continue-at", "-", "--output", str(target), pull.address + NAME)
    assert got.returncode == 0, got.stderr
    assert target.read_bytes() == SONG
    pull.settled(2)
    assert [fetch.status for fetch in pull.log()] == [206, 206]
    assert pull.look(handoff_id, SONG).verdict == "present"


@pytest.mark.parametrize("had", [700_000, len(SONG)])
@pytest.mark.parametrize("client", ["curl", "curl that writes errors", "wget"])
def test_a_resumed_download_never_mixes_two_versions(
    pull: PullStation, tmp_path: Path, peer: Callable[[str], Path], client: str, had: int
) -> None:
    """Neither client sends a condition with its range, and a site's script tries again: what it holds of version 1, half or
    whole, must not be taken for version 2 nor go on with it, however often it asks, and with whichever key.
    """
    pull.deliver(SONG)
    target = tmp_path / NAME
    curl(peer, "--range", f"0-{had - 1}", "--output", str(target), pull.address + NAME)
    newer = pull.deliver(NEWER, version=2)
    resume = {
        "curl": [str(peer("curl")), "--silent", "--fail", "--continue-at", "-", "--output", str(target)],
        "curl that writes errors": [
            str(peer("curl")),
            "--silent",
            "--continue-at",
            "-",
            "--output",
            str(target),
        ],
        "wget": [str(peer("wget")), "--quiet", "--tries=1", "--continue", f"--output-document={target}"],
    }[client]
    _, spare = pull.another_key()

    for address in (pull.address, pull.address, spare):
        resumed = subprocess.run([*resume, address + NAME], check=False, timeout=30)
        assert resumed.returncode != 0 or target.read_bytes() == NEWER
        assert target.read_bytes() in {SONG[:had], NEWER}

    target.unlink(missing_ok=True)  # its script gives up and begins again
    subprocess.run([*resume, pull.address + NAME], check=True, timeout=30)
    assert target.read_bytes() == NEWER
    pull.settled(2)
    assert pull.look(newer, NEWER).verdict == "present"


def test_a_condition_on_a_range_is_kept(pull: PullStation) -> None:
    pull.deliver(SONG)
    tag = f'"sha-256:{sha256(SONG)}"'
    halves = {"Range": "bytes=700000-", "If-Range": tag}
    assert httpx.get(pull.address + NAME, headers=halves).status_code == 206
    pull.deliver(NEWER, version=2)
    answer = httpx.get(pull.address + NAME, headers=halves)
    assert (answer.status_code, answer.content) == (200, NEWER)
    dated = {"Range": "bytes=700000-", "If-Range": answer.headers["last-modified"]}
    assert httpx.get(pull.address + NAME, headers=dated).status_code == 200


def test_a_client_that_has_it_is_told_so(pull: PullStation) -> None:
    """Version 2 with the bytes of version 1: the site asks, hears that it has them, and that is known of version 2."""
    pull.deliver(SONG)
    tag = httpx.get(pull.address + NAME).headers["etag"]
    pull.settled(1)
    pull.station.clock.advance(timedelta(minutes=5))
    same = pull.deliver(SONG, version=2)
    answer = httpx.get(pull.address + NAME, headers={"If-None-Match": tag})
    pull.settled(2)
    assert (answer.status_code, answer.content) == (304, b"")
    assert pull.look(same, SONG).verdict == "present"


def test_a_range_beyond_the_end_is_refused(pull: PullStation) -> None:
    pull.deliver(SONG)
    answer = httpx.get(pull.address + NAME, headers={"Range": f"bytes={len(SONG)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(SONG)}")


def test_the_list_holds_the_newest_version_of_what_is_to_come(pull: PullStation) -> None:
    pull.deliver(SONG, name="a_v1.mp3")
    pull.deliver(NEWER, version=2, name="a_v2.mp3")
    pull.deliver(SONG, hour=20, name="b_v1.mp3")
    assert pull.names() == ["a_v2.mp3", "b_v1.mp3"]
    assert httpx.get(f"{pull.address}a_v1.mp3").status_code == 404
    first = httpx.get(pull.address).json()["items"][0]
    assert first == {
        "name": "a_v2.mp3",
        "size": len(NEWER),
        "sha256": sha256(NEWER),
        "media_type": "audio/mpeg",
        "version": 2,
        "starts_at": "2026-11-22T15:00:00Z",
        "stops_at": "2026-11-22T15:30:00Z",
    }


def test_nothing_of_yesterday_is_there(pull: PullStation) -> None:
    pull.deliver(SONG)
    pull.station.clock.advance(timedelta(hours=6, minutes=29))
    assert pull.names() == [NAME]
    pull.station.clock.advance(timedelta(minutes=1))
    assert pull.names() == []
    assert httpx.get(pull.address + NAME).status_code == 404


def test_a_fixed_name_is_the_latest_delivery(pull: PullStation) -> None:
    pull.deliver(SONG, hour=15, name="tonight.mp3")
    pull.deliver(NEWER, hour=16, name="tonight.mp3")
    assert httpx.get(f"{pull.address}tonight.mp3").content == NEWER


@pytest.mark.parametrize("state", ["cancelled", "superseded", "failed", "due"])
def test_what_is_called_off_is_gone_at_once(pull: PullStation, state: str) -> None:
    handoff_id = pull.deliver(SONG)
    pull.set_state(handoff_id, state)
    assert pull.names() == []
    assert httpx.get(pull.address + NAME).status_code == 404


def test_an_older_version_comes_back_where_the_newer_one_is_called_off(pull: PullStation) -> None:
    pull.deliver(SONG, name="a_v1.mp3")
    newer = pull.deliver(NEWER, version=2, name="a_v2.mp3")
    pull.set_state(newer, "cancelled")
    assert pull.names() == ["a_v1.mp3"]


def test_the_list_as_text_checks_what_was_fetched(
    pull: PullStation, tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    pull.deliver(SONG)
    (tmp_path / NAME).write_bytes(httpx.get(pull.address + NAME).content)
    listing = httpx.get(pull.address, params={"format": "text"}).content
    checked = subprocess.run(
        [str(peer("sha256sum")), "--check", "--strict"],
        input=listing,
        cwd=tmp_path,
        check=False,
        capture_output=True,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("name", "public"),
    [(f"{NAME}.json", f"{NAME}.json"), (f"../manifests/{NAME}.json", f"manifests/{NAME}.json")],
)
def test_a_sidecar_is_served_beside_its_file(pull: PullStation, name: str, public: str) -> None:
    handoff_id = pull.deliver(SONG)
    manifest = b'{"format": "danpa-manifest/1"}\n'
    digest = sha256(manifest)
    feed = pull.feed(handoff_id)

    asyncio.run(feed.send(manifest, name, sha256=digest, size=len(manifest), media_type="application/json"))
    answer = httpx.get(pull.address + public)
    assert (answer.content, answer.headers["content-type"]) == (manifest, "application/json")
    pull.settled(1)
    seen = asyncio.run(feed.read_back(name, sha256=digest, size=len(manifest)))
    assert seen.verdict == "present"
    assert sorted(pull.names()) == sorted([NAME, public])


def test_the_driver_lists_and_takes_away_what_the_site_sees(pull: PullStation) -> None:
    handoff_id = pull.deliver(SONG)
    feed = pull.feed(handoff_id)
    entries = asyncio.run(feed.entries())
    assert entries is not None
    assert [(entry.name, entry.size) for entry in entries] == [(NAME, len(SONG))]
    assert asyncio.run(feed.trial()) is None
    asyncio.run(feed.remove(NAME))
    asyncio.run(feed.remove(NAME))
    assert pull.names() == []
    assert pull.look(handoff_id, SONG).verdict == "absent"


def test_a_damaged_artefact_is_never_offered(pull: PullStation) -> None:
    handoff_id = pull.handoff(SONG)
    pull.blob(sha256(SONG)).write_bytes(b"\0" + SONG[1:])
    with pytest.raises(PermanentFeedError) as caught:
        pull.offer(handoff_id, SONG)
    assert caught.value.code == "source-damaged"
    assert pull.names() == []


def test_an_artefact_that_was_cut_short_since_is_not_served(pull: PullStation) -> None:
    pull.deliver(SONG)
    pull.blob(sha256(SONG)).write_bytes(SONG[:-1])
    assert httpx.get(pull.address + NAME).status_code == 404


def test_a_feed_without_its_shelf_says_so() -> None:
    with pytest.raises(PermanentFeedError) as caught:
        asyncio.run(open_feed(FeedAddress("pull", "")).entries())
    assert caught.value.code == "bad-address"
