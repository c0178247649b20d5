"""Which addresses a feed may have; a demo station's feeds cannot leave its folder and this machine."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import httpx

from app.errors import Invalid
from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError
from app.settings import Settings


def check_address(feed: FeedAddress) -> None:
    """Refuse an address that could never work or would give secrets away; called when a feed is written.

    Raises:
        Invalid: says what is wrong with the address.
    """
    if feed.protocol == "folder":
        if not Path(feed.address).is_absolute() or not feed.address.isprintable():
            raise _invalid("a folder feed needs an absolute path, such as /mnt/site/incoming")
    elif feed.protocol == "http_put":
        _check_url(feed)
    else:
        raise Invalid("a feed's protocol is folder or http_put", field="protocol")
    if feed.confined_to is not None:
        try:
            check_confined(feed, feed.confined_to)
        except PermanentFeedError as error:
            raise _invalid(str(error)) from None


def check_confined(feed: FeedAddress, root: Path) -> None:
    """Refuse a feed that leads out of the demo station: checked when it is written and before each sending.

    Folders must lie inside ``root`` after every symbolic link was followed; URLs must name a loopback address in
    digits, which no resolver can redirect.

    Raises:
        PermanentFeedError: code ``confined``.
    """
    if feed.protocol == "folder":
        inside = Path(feed.address).resolve().is_relative_to(root.resolve())
    else:
        address = _literal(httpx.URL(feed.address).host)
        inside = address is not None and address.is_loopback
    if not inside:
        raise PermanentFeedError(
            "confined",
            "a demo station delivers only into its own folder and to this machine: run `danpa init` in "
            "another folder for a real station",
        )


def check_not_ours(feed: FeedAddress, settings: Settings) -> None:
    """Refuse a folder in which the station keeps its own files: a fixed name could replace the database or a lock.

    It compares names only: to follow links would touch the disk, and a feed's mount may be dead.

    Raises:
        Invalid: says where our files are.
    """
    if feed.protocol != "folder":
        return
    folder = Path(os.path.normpath(feed.address))
    ours = (settings.blobs_dir, settings.incoming_dir, settings.cache_dir, settings.run_dir, settings.air_dir)
    if folder == settings.root or any(folder.is_relative_to(own) for own in ours):
        raise _invalid(
            f"the station keeps its own files in {settings.root}: give the feed a folder of its own"
        )


def _check_url(feed: FeedAddress) -> None:
    try:
        url = httpx.URL(feed.address)
    except httpx.InvalidURL as error:
        raise _invalid(f"this is not a URL: {error}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise _invalid("an HTTP feed needs a URL such as https://site.example/incoming")
    if url.port is not None and not 0 < url.port < 65_536:
        raise _invalid(f"{url.port} is not a port: write 1 to 65535")
    if url.userinfo or url.query or url.fragment:
        raise _invalid(
            "the URL may hold no user, password, query or fragment: secrets belong into the credential"
        )
    address = _literal(url.host)
    if feed.credential and url.scheme == "http" and (address is None or not address.is_private):
        raise _invalid(
            "the credential would cross the network in clear: use https, or the number of a host in a private network"
        )


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, field="address")
