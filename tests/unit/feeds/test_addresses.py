from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Invalid
from app.feeds.confinement import check_address, check_confined, check_not_ours
from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError
from app.settings import Settings


@pytest.mark.parametrize(
    ("protocol", "address", "credential"),
    [
        ("folder", "/mnt/tashkent/incoming", None),
        ("http_put", "https://site.example/incoming", "env:DANPA_FEED_SITE"),
        ("http_put", "http://10.8.0.2:8080/in", "env:DANPA_FEED_SITE"),  # inside a VPN
        ("http_put", "http://127.0.0.1:8080", "env:DANPA_FEED_SITE"),
        ("http_put", "http://[::1]:8080/in", None),
        ("http_put", "http://site.example/in", None),
        ("http_post", "https://site.example/upload", "env:DANPA_FEED_SITE"),
        ("sftp", "sftp://station@site.example:2222/incoming", "env:DANPA_FEED_SITE"),
        ("ftp", "ftpes://station@site.example/in", "env:DANPA_FEED_SITE"),
        ("ftp", "ftps://station@site.example/", None),
        ("s3", "https://s3.site.example/bucket/night", "env:DANPA_FEED_SITE"),
        ("pull", "", None),
    ],
)
def test_addresses_that_work(protocol: str, address: str, credential: str | None) -> None:
    check_address(FeedAddress(protocol, address, credential))


@pytest.mark.parametrize(
    ("protocol", "address", "credential", "reason", "field"),
    [
        ("gopher", "gopher://site.example/", None, "one of folder, http_put", "protocol"),
        ("folder", "incoming", None, "absolute path", "address"),
        ("folder", "/mnt/a\nb", None, "absolute path", "address"),
        ("http_put", "/mnt/tashkent", None, "needs a URL", "address"),
        ("http_put", "file:///etc/passwd", None, "needs a URL", "address"),
        ("http_put", "https://", None, "needs a URL", "address"),
        ("http_put", "https://site.example:port/", None, "not a URL", "address"),
        ("http_put", "https://site.example:99999/", None, "not a port", "address"),
        ("http_put", "https://user:secret@site.example/", None, "no password", "address"),
        ("http_put", "https://site.example/?token=secret", None, "query", "address"),
        ("http_put", "http://site.example/", "env:DANPA_FEED_SITE", "in clear", "address"),
        ("http_put", "http://93.184.216.34/", "env:DANPA_FEED_SITE", "in clear", "address"),
        ("http_put", "https://user@site.example/", None, "may hold no user", "address"),
        ("sftp", "sftp://site.example/in", None, "must name the user", "address"),
        ("sftp", "sftp://station:secret@site.example/in", None, "no password", "address"),
        ("sftp", "https://station@site.example/in", None, "begins with sftp://", "address"),
        ("ftp", "ftp://station@site.example/in", "env:DANPA_FEED_SITE", "everybody on the way", "address"),
        ("ftp", "ftp://station@10.0.0.1/in", None, "everybody on the way", "address"),
        ("s3", "https://s3.site.example/", None, "name the bucket", "address"),
        ("s3", "http://s3.site.example/bucket", "env:DANPA_FEED_SITE", "in clear", "address"),
        ("pull", "https://site.example/", None, "neither address nor credential", "address"),
    ],
)
def test_addresses_that_are_refused(
    protocol: str, address: str, credential: str | None, reason: str, field: str
) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        check_address(FeedAddress(protocol, address, credential))
    assert caught.value.field == field
    assert "secret" not in str(caught.value).replace("secrets", "")


def test_a_demo_station_reaches_its_own_folder_and_its_own_machine_only(tmp_path: Path) -> None:
    root, outside = tmp_path / "var", tmp_path / "outside"
    (root / "site").mkdir(parents=True)
    outside.mkdir()
    (root / "link").symlink_to(outside)
    allowed = [
        FeedAddress("folder", f"{root}/site"),
        FeedAddress("http_put", "http://127.0.0.1:1/in"),
        FeedAddress("http_put", "http://[::1]/"),
    ]
    refused = [
        FeedAddress("folder", str(outside)),
        FeedAddress("folder", f"{root}/../outside"),
        FeedAddress("folder", f"{root}/link"),
        FeedAddress("folder", f"{root}/link/deeper"),
        FeedAddress("folder", f"{root}-elsewhere"),
        FeedAddress("http_put", "http://localhost/"),  # a resolver may say anything
        FeedAddress("http_put", "http://10.0.0.1/"),
        FeedAddress("http_put", "http://0.0.0.0/"),
        FeedAddress("http_put", "http://127.0.0.1.site.example/"),
    ]
    for feed in allowed:
        check_confined(feed, root)
    for feed in refused:
        with pytest.raises(PermanentFeedError) as caught:
            check_confined(feed, root)
        assert caught.value.code == "confined"
    with pytest.raises(Invalid, match="demo station"):
        check_address(FeedAddress("folder", str(outside), confined_to=root))


def test_no_feed_writes_among_the_stations_own_files(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    root = settings.root
    for folder in (
        root,
        settings.run_dir,
        settings.armed_dir,
        settings.blobs_dir / "masters",
        root / "site" / "..",
    ):
        with pytest.raises(Invalid, match="its own files") as caught:
            check_not_ours(FeedAddress("folder", str(folder)), settings)
        assert caught.value.field == "address"
    for folder in (root / "site-tashkent", root.parent, root / "runs"):
        check_not_ours(FeedAddress("folder", str(folder)), settings)
    check_not_ours(FeedAddress("http_put", "http://127.0.0.1:9/"), settings)


def test_plain_ftp_is_taken_once_somebody_has_accepted_what_it_costs() -> None:
    check_address(FeedAddress("ftp", "ftp://station@site.example/in", options={"accept_plaintext": True}))
