"""Where a file lies in a feed's folder, and where it lies while it is written."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

import httpx

from app.feeds.confinement import check_confined
from app.feeds.contract import FeedAddress
from app.feeds.errors import PermanentFeedError

HOME = "/~"


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """The folder of a URL such as ``sftp://station@host:2022/incoming``.

    ``/incoming`` begins at the server's root (what the site lets us see of it), ``/~/incoming`` where the login leads.
    """

    scheme: str
    host: str
    port: int | None
    user: str = field(repr=False)
    folder: str
    """Absolute, or relative to where the login leads; empty is that place itself."""

    def path(self, name: str) -> str:
        """The path of a name, which may be relative (``../manifests/tonight.json``)."""
        joined = posixpath.normpath(posixpath.join(self.folder, name))
        return "/" + joined.lstrip("/") if joined.startswith("/") else joined


def remote_folder(address: FeedAddress) -> RemoteFolder:
    """The parts of a feed's URL, once it is known that we may go there.

    Raises:
        PermanentFeedError: code ``bad-address`` or ``confined``.
    """
    try:
        url = httpx.URL(address.address)
    except httpx.InvalidURL:
        raise PermanentFeedError("bad-address", "the feed's address is not a usable URL") from None
    if address.confined_to is not None:
        check_confined(address, address.confined_to)
    host, path = url.raw_host.decode("ascii"), url.path
    is_home = path == HOME or path.startswith(HOME + "/")
    folder = path.removeprefix(HOME).strip("/") if is_home else "/" + path.strip("/")
    if not host or not url.username or not (url.username + path).isprintable():
        raise PermanentFeedError(
            "bad-address", "the feed's address lacks its host or user, or holds control characters"
        )
    return RemoteFolder(url.scheme, host, url.port, url.username, folder)


def temporary_name(template: str, name: str) -> str:
    """What ``name`` is called while it is written, told from the feed's folder.

    A template without a folder lies beside the final name, wherever that is, so that the rename stays in one folder;
    one with a folder (``incoming/{name}``) is the same place for every file of the feed.
    """
    folder, last = posixpath.split(name)
    temporary = template.replace("{name}", last)
    return temporary if "/" in temporary else posixpath.join(folder, temporary)
