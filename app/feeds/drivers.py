"""From an address to the driver that reaches it, and the one way to deliver: send, then look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from app.feeds.contract import FeedAddress, FileFeed, Limits, ReadBack, Receipt
from app.feeds.errors import PassingFeedError, PermanentFeedError, once_taken
from app.feeds.folder import FolderFeed
from app.feeds.ftp import FtpFeed
from app.feeds.http_post import HttpPostFeed
from app.feeds.http_put import HttpPutFeed
from app.feeds.pull import PullFeed
from app.feeds.s3 import S3Feed
from app.feeds.sftp import SftpFeed

__all__ = [
    "PROTOCOLS",
    "FeedAddress",
    "FileFeed",
    "Limits",
    "ReadBack",
    "Receipt",
    "open_feed",
    "send_and_check",
]

DEFAULT_LIMITS = Limits()

Driver = Callable[[FeedAddress, Limits], FileFeed]

PROTOCOLS: Mapping[str, Driver] = {
    "folder": FolderFeed,
    "http_put": HttpPutFeed,
    "http_post": HttpPostFeed,
    "sftp": SftpFeed,
    "ftp": FtpFeed,
    "s3": S3Feed,
    "pull": PullFeed,
}
"""Every protocol, and the driver that speaks it."""

LISTED = frozenset({"folder", "sftp", "ftp", "s3"})
"""Protocols whose folder can be seen as the site sees it."""


def open_feed(address: FeedAddress, limits: Limits = DEFAULT_LIMITS) -> FileFeed:
    """The driver for a feed; nothing is opened before it is used.

    Raises:
        PermanentFeedError: code ``bad-address`` for a protocol that there is no driver for.
    """
    driver = PROTOCOLS.get(address.protocol)
    if driver is None:
        raise PermanentFeedError("bad-address", f"there is no driver for the protocol {address.protocol}")
    return driver(address, limits)


async def send_and_check(
    feed: FileFeed, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
) -> tuple[Receipt, ReadBack]:
    """Send one object and read it back: the verdict is ``present`` (verified) or ``unknown`` (stored).

    Raises:
        FeedError: the sending failed, the endpoint cannot be asked, or (``lost-after-upload``, passing) it took the
            object and does not have it, or has something else.
    """
    receipt = await feed.send(source, name, sha256=sha256, size=size, media_type=media_type)
    with once_taken():
        seen = await feed.read_back(name, sha256=sha256, size=size)
        if seen.verdict == "absent":
            raise PassingFeedError(
                "lost-after-upload", f"the site took the file and has lost it ({seen.how})"
            )
        if seen.verdict == "different":
            raise PassingFeedError(
                "lost-after-upload", f"the site took the file and holds something else ({seen.how})"
            )
    return receipt, seen
