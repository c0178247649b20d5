"""Which addresses a feed may have; a demo station's feeds cannot leave its folder and this machine."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

import httpx

from app.errors import Invalid
from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError
from app.settings import Settings
from schedules.said import Said, say

SCHEMES: Mapping[str, tuple[str, ...]] = {
    "http_put": ("https", "http"),
    "http_post": ("https", "http"),
    "s3": ("https", "http"),
    "sftp": ("sftp",),
    "ftp": ("ftpes", "ftps", "ftp"),
    "icecast": ("https", "http"),
    "srt": ("srt",),
}
"""How the URL of a protocol may begin: ``ftpes`` turns to TLS by command, ``ftps`` from the first byte, ``ftp`` never."""

_WITH_USER = frozenset({"sftp", "ftp"})
_MAY_HAVE_USER = frozenset({"icecast"})
_IN_CLEAR = frozenset({"http", "ftp"})


def check_address(feed: FeedAddress) -> None:
    """Refuse an address that could never work or would give secrets away; called when a feed is written.

    Raises:
        Invalid: says what is wrong with the address.
    """
    if feed.protocol == "folder":
        if not Path(feed.address).is_absolute() or not feed.address.isprintable():
            raise _invalid(
                say("address-path", "a folder feed needs an absolute path, such as /mnt/site/incoming")
            )
    elif feed.protocol == "pull":
        if feed.address or feed.credential:
            raise _invalid(
                say(
                    "address-pull",
                    "a pull feed has neither address nor credential: the site fetches with a key of ours",
                )
            )
    elif feed.protocol in SCHEMES:
        _check_url(feed)
    else:
        told = "a feed's protocol is one of {protocols:, }"
        raise Invalid(say("address-protocol", told, protocols=("folder", *SCHEMES, "pull")), field="protocol")
    if feed.confined_to is not None:
        try:
            check_confined(feed, feed.confined_to)
        except PermanentFeedError as error:
            raise _invalid(say("address-confined", "{why}", why=str(error))) from None


def check_confined(feed: FeedAddress, root: Path) -> None:
    """Refuse a feed that leads out of the demo station: checked when it is written and before each sending.

    Folders must lie inside ``root`` after every symbolic link was followed; URLs must name a loopback address in
    digits, which no resolver can redirect.

    Raises:
        PermanentFeedError: code ``confined``.
    """
    if (
        feed.protocol == "pull"
    ):  # what a site fetches is served by ourselves, and listens where the settings say
        return
    if feed.protocol == "folder":
        inside = Path(feed.address).resolve().is_relative_to(root.resolve())
    else:
        others = (feed.options.get(name) for name in ("read_address", "listen_url"))
        urls = [feed.address, *filter(None, others)]
        inside = all(_is_loopback(httpx.URL(url).host) for url in urls)
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
        told = "the station keeps its own files in {folder}: give the feed a folder of its own"
        raise _invalid(say("address-ours", told, folder=str(settings.root)))


def _check_url(feed: FeedAddress) -> None:
    schemes = SCHEMES[feed.protocol]
    url = _parsed(feed.address)
    if url.scheme not in schemes or not url.host:
        told = "a feed of protocol {protocol} needs a URL that begins with {beginnings: or }"
        beginnings = tuple(f"{scheme}://" for scheme in schemes)
        raise _invalid(say("address-beginning", told, protocol=feed.protocol, beginnings=beginnings))
    if url.port is not None and not 0 < url.port < 65_536:
        raise _invalid(say("address-port", "{port} is not a port: write 1 to 65535", port=url.port))
    if url.query or url.fragment or b":" in url.userinfo:
        told = "the URL may hold no password, query or fragment: secrets belong into the credential"
        raise _invalid(say("address-secrets", told))
    if feed.protocol not in _MAY_HAVE_USER and bool(url.userinfo) != (feed.protocol in _WITH_USER):
        if url.userinfo:
            raise _invalid(say("address-no-user", "the URL may hold no user: the credential says who we are"))
        example = f"{schemes[0]}://station@host/folder"
        raise _invalid(say("address-user", "the URL must name the user: {example}", example=example))
    if feed.protocol == "srt" and (url.port is None or url.path.strip("/")):
        raise _invalid(say("address-srt", "an SRT address is srt://host:port, and nothing else"))
    if feed.protocol == "icecast" and not url.path.strip("/"):
        raise _invalid(say("address-mount", "the URL must name the mount: https://host:8443/mount"))
    if feed.protocol == "s3" and not url.path.strip("/"):
        told = "the URL must name the bucket: https://host/bucket or https://host/bucket/folder"
        raise _invalid(say("address-bucket", told))
    _check_clear_text(feed, url)


def _check_clear_text(feed: FeedAddress, url: httpx.URL) -> None:
    """A secret may cross a private network in clear; FTP without TLS only where somebody has said so."""
    if url.scheme not in _IN_CLEAR:
        return
    if feed.protocol == "ftp":
        if feed.options.get("accept_plaintext") is not True:
            raise _invalid(
                say(
                    "address-ftp",
                    "ftp:// shows the password and the programme to everybody on the way, and lets them change it: "
                    "use ftpes:// or ftps://, or set the option accept_plaintext to true",
                )
            )
        return
    address = _literal(url.host)
    if feed.credential and (address is None or not address.is_private):
        raise _invalid(
            say(
                "address-in-clear",
                "the credential would cross the network in clear: use https, or the number of a host in a private network",
            )
        )


def _parsed(address: str) -> httpx.URL:
    try:
        return httpx.URL(address)
    except httpx.InvalidURL as error:
        raise _invalid(say("address-url", "this is not a URL: {why}", why=str(error))) from None


def _is_loopback(host: str) -> bool:
    address = _literal(host)
    return address is not None and address.is_loopback


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _invalid(told: Said) -> Invalid:
    return Invalid(told, field="address")
