"""Where files lie on a server, and what they are called while they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError
from app.feeds.remote_paths import RemoteFolder, remote_folder, temporary_name


def folder_of(url: str) -> RemoteFolder:
    return remote_folder(FeedAddress("sftp", url))


@pytest.mark.parametrize(
    ("url", "name", "path"),
    [
        ("sftp://a@host/in", "x.mp3", "/in/x.mp3"),
        ("sftp://a@host/in/", "x.mp3", "/in/x.mp3"),
        ("sftp://a@host", "x.mp3", "/x.mp3"),
        ("sftp://a@host/", ".", "/"),
        ("sftp://a@host//in", "x.mp3", "/in/x.mp3"),
        ("sftp://a@host/in/today", "../manifests/x.json", "/in/manifests/x.json"),
        ("sftp://a@host/in", "../../../x.mp3", "/x.mp3"),
        ("sftp://a@host/~", "x.mp3", "x.mp3"),
        ("sftp://a@host/~/in", "x.mp3", "in/x.mp3"),
        ("sftp://a@host/~/in", "../x.mp3", "x.mp3"),
        ("sftp://a@host/~/in", ".", "in"),
        ("sftp://a@host/~other", "x.mp3", "/~other/x.mp3"),
        ("sftp://a@host/with%20space/%ED%95%9C", "x.mp3", "/with space/한/x.mp3"),
        ("sftp://a@host/50%25", "x.mp3", "/50%/x.mp3"),
    ],
)
def test_a_name_lies_in_the_folder_of_the_url(url: str, name: str, path: str) -> None:
    assert folder_of(url).path(name) == path


def test_the_parts_of_an_address() -> None:
    at = folder_of("sftp://st%40tion@[::1]:2022/in")
    assert (at.scheme, at.user, at.host, at.port) == ("sftp", "st@tion", "::1", 2022)
    assert folder_of("sftp://a@방송.example/in").host.startswith("xn--")
    assert "st@tion" not in repr(at)


@pytest.mark.parametrize(
    "url", ["sftp://host/in", "sftp:///in", "sftp://a@host/a%0Ab", "sftp://a%00@host/", "sftp://a@[::1/"]
)
def test_an_address_that_cannot_work_needs_a_person(url: str) -> None:
    with pytest.raises(PermanentFeedError) as caught:
        folder_of(url)
    assert caught.value.code == "bad-address"


def test_a_demo_station_goes_nowhere_else(tmp_path: Path) -> None:
    for host, allowed in (
        ("127.0.0.1", True),
        ("[::1]", True),
        ("localhost", False),
        ("site.example", False),
    ):
        address = FeedAddress("sftp", f"sftp://a@{host}/in", confined_to=tmp_path)
        if allowed:
            remote_folder(address)
            continue
        with pytest.raises(PermanentFeedError) as caught:
            remote_folder(address)
        assert caught.value.code == "confined"


@pytest.mark.parametrize(
    ("template", "name", "temporary"),
    [
        (".{name}.part", "a.mp3", ".a.mp3.part"),
        ("{name}.tmp", "../manifests/a.json", "../manifests/a.json.tmp"),
        ("incoming/{name}", "a.mp3", "incoming/a.mp3"),
        ("incoming/{name}", "../manifests/a.json", "incoming/a.json"),
        ("../incoming/{name}", "a.mp3", "../incoming/a.mp3"),
        ("{name}", "../manifests/a.json", "../manifests/a.json"),
    ],
)
def test_a_temporary_file_lies_beside_its_name_or_in_the_one_folder_for_them(
    template: str, name: str, temporary: str
) -> None:
    assert temporary_name(template, name) == temporary
