"""Where a live feed is heard, and what its options may say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import Invalid
from app.feeds.confinement import check_confined
from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError
from app.feeds.live import own_options
from app.feeds.models import Feed
from app.feeds.options import check_options
from app.monitor.mount import Unheard, listen_url, new_client, take
from tests.relays import Looping, relay

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def feed(address: str = "http://host:8010/live", protocol: str = "icecast", **options: Any) -> Feed:
    return Feed(
        site_id=1, name="f", protocol=protocol, address=address, options=options, name_template="-",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://host:8010/live", "http://host:8010/live"),
        ("http://korea@host:8010/live", "http://host:8010/live"),
        ("http://host/live", "http://host:8000/live"),  # as its source takes it
        ("https://host/a%20b.mp3", "https://host:443/a%20b.mp3"),
        ("http://[::1]:8010/live", "http://[::1]:8010/live"),
    ],
)
def test_a_mount_is_heard_at_its_own_address_without_the_user(address: str, url: str) -> None:
    assert listen_url(feed(address)) == url


def test_elsewhere_or_not_at_all_where_the_feed_says_so() -> None:
    assert listen_url(feed(listen_url="https://relay/x")) == "https://relay/x"
    assert listen_url(feed(monitor=False, listen_url="https://relay/x")) is None
    assert listen_url(feed("srt://host:9000", "srt")) is None
    assert listen_url(feed("srt://host:9000", "srt", listen_url="https://relay/x")) == "https://relay/x"


def test_the_connection_does_not_change_with_who_listens() -> None:
    """A feed on the air whose `listen_url` is written goes on without a gap."""
    assert own_options(feed(listen_url="https://relay/x", monitor=True, method="put")) == {"method": "put"}


@pytest.mark.parametrize("protocol", ["icecast", "srt"])
def test_both_protocols_take_them(protocol: str) -> None:
    check_options(protocol, {"listen_url": "http://127.0.0.1:8000/x", "monitor": False})


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://host/x", "http://me:secret@host/x", "host/x", "http:///x", "http://a b/x"],
)
def test_only_plain_web_addresses(url: str) -> None:
    with pytest.raises(Invalid, match="listen_url"):
        check_options("icecast", {"listen_url": url})


def test_files_have_no_listener() -> None:
    with pytest.raises(Invalid, match="no option listen_url"):
        check_options("http_put", {"listen_url": "http://host/x"})


def test_a_demo_listens_to_its_own_machine_only(tmp_path: Path) -> None:
    here = {"listen_url": "http://127.0.0.1:8000/x"}
    check_confined(FeedAddress("icecast", "http://127.0.0.1:8000/x", options=here), tmp_path)
    away = {"listen_url": "http://example.org/x"}
    with pytest.raises(PermanentFeedError):
        check_confined(FeedAddress("icecast", "http://127.0.0.1:8000/x", options=away), tmp_path)


def test_a_burst_shortens_a_listen_and_what_is_not_there_says_why() -> None:
    frames = [bytes([number]) * 384 for number in range(100)]
    with new_client(confined=True) as client, relay({"/x": Looping(frames)}) as site:
        clip = take(client, site.url("/x"), 16_000 / 4)
        assert clip.media_type == "audio/mpeg"
        assert 24_000 <= len(clip.body) <= 100_000
        with pytest.raises(Unheard, match="404"):
            take(client, site.url("/y"), None)
        port = site.port
        with pytest.raises(Unheard, match="ConnectError"):
            take(client, f"http://127.0.0.2:{port}/x", None)
