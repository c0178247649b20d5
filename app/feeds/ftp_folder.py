"""The feed's folder through an FTP login: what is there, and the few things that may be done to it."""

from __future__ import annotations

import contextlib
import ftplib
import hashlib
import posixpath
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property

from app.feeds.contract import Entry, ReadBack
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.ftp_session import FAREWELL_S, NO_COMMAND, FtpClient, reply_code, translate
from app.feeds.remote_paths import RemoteFolder
from app.feeds.threads import GRACE_S, Stop

SIZE = "FTP SIZE"
READ = "FTP RETR, sha256"
LONGEST_LISTING = 16 << 20
"""Bytes: a hundred thousand files."""
_HASH = re.compile(r"\b[0-9a-fA-F]{64}\b")
_NOT_THERE = {450, 550, 553}


class FtpFolder:
    """Names are the feed's; paths on the wire are bytes in the guise of latin-1."""

    def __init__(self, client: FtpClient, at: RemoteFolder) -> None:
        self._client = client
        self._at = at

    @property
    def transport(self) -> str:
        """``TLSv1.3``, or ``in clear``."""
        return self._client.transport

    @cached_property
    def _features(self) -> dict[str, str]:
        """What the server says that it can do beyond the old standard: command to its parameters, in capitals."""
        try:
            lines = self._client.sendcmd("FEAT").splitlines()[1:-1]
        except ftplib.error_perm:
            return {}
        words = (line.strip().upper().partition(" ") for line in lines)
        return {command: parameters for command, _, parameters in words}

    @cached_property
    def _start(self) -> str:
        """Where the login leads: relative folders begin there, even once we went elsewhere."""
        return self._client.pwd()

    def _path(self, name: str) -> str:
        path = self._at.path(name).encode().decode("latin-1")
        return path if path.startswith("/") else posixpath.normpath(posixpath.join(self._start, path))

    @contextmanager
    def writing(self, name: str) -> Iterator[socket.socket]:
        """A data connection into a file, made or emptied."""
        path = self._path(name)
        try:
            with self._client.data(f"STOR {path}") as connection:
                yield connection
        except ftplib.error_perm as error:
            raise self._refused(error, path) from None
        except OSError:
            self._client.hurry(FAREWELL_S)
            self._client.settle()  # the server may say why it hung up: a full disk, say
            raise

    def confirm(self) -> None:
        """Hear that the server has it all."""
        self._client.settle()

    def delete(self, name: str) -> None:
        self._client.delete(self._path(name))

    def take_away(self, name: str) -> None:
        """After a failure: a short try, whatever state the connection is in."""
        with contextlib.suppress(*ftplib.all_errors):
            self._client.hurry(GRACE_S / 2)
            with contextlib.suppress(ftplib.Error):
                self._client.settle()
            self.delete(name)

    def size(self, name: str) -> int | None:
        """None where it is not there, no file, or not told."""
        with contextlib.suppress(ftplib.error_perm):
            return self._size(self._path(name))
        return None

    def _size(self, path: str) -> int | None:
        answer = self._client.sendcmd(f"SIZE {path}")[4:].strip()
        return int(answer) if answer.isascii() and answer.isdecimal() else None

    def stated_sha256(self, name: str) -> str | None:
        """The server's own hash of a file, where it can say one."""
        path = self._path(name)
        try:
            if "SHA-256" in self._features.get("HASH", ""):
                self._client.sendcmd("OPTS HASH SHA-256")
                answer = self._client.sendcmd(f"HASH {path}")
            elif "XSHA256" in self._features:
                answer = self._client.sendcmd(f"XSHA256 {path}")
            else:
                return None
        except ftplib.error_perm:
            return None
        found = _HASH.search(answer[4:].removesuffix(path))
        return found[0].lower() if found else None

    def rename(self, part: str, name: str) -> str:
        """In one step, where the server lets a name be replaced; says how it was done."""
        old, new = self._path(part), self._path(name)
        try:
            self._client.rename(old, new)
        except ftplib.error_perm as error:
            if self._is_folder(new) or self.size(name) is None:
                raise self._refused(error, new) from None
        else:
            return "rename"
        self._client.delete(new)
        self._client.rename(old, new)
        return "removed the older, then renamed"

    def remove(self, name: str) -> None:
        """Raises FeedError where it is still there, or nobody can say."""
        try:
            self.delete(name)
        except ftplib.error_perm as error:
            if reply_code(error) not in _NOT_THERE or self._exists(self._path(name)):
                raise

    def ask(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """What the server says of a file."""
        if (missing := self._missing(name)) is not None:
            return missing
        if found := self.stated_sha256(name):
            return ReadBack("present" if found == sha256 else "different", "FTP hash", {"sha256": found})
        stated = self.size(name)
        if stated is None:
            return ReadBack("unknown", SIZE)
        return ReadBack("unknown" if stated == size else "different", SIZE, {"size": stated})

    def read(self, name: str, *, sha256: str, size: int, stop: Stop) -> ReadBack:
        """Read a file, at most one byte more than it should have, and hash it."""
        if (missing := self._missing(name)) is not None:
            return missing
        digest, seen = hashlib.sha256(), 0
        try:
            with contextlib.closing(self._client.received(f"RETR {self._path(name)}")) as contents:
                for content in contents:
                    stop.check()
                    digest.update(content)
                    seen += len(content)
                    if seen > size:
                        return ReadBack("different", READ, {"size_at_least": seen})
        except ftplib.error_perm:
            return ReadBack("unknown", READ, {"refused": "reading"})
        if seen < size:
            self.confirm()  # or say that it broke off
        found = digest.hexdigest()
        return ReadBack("present" if found == sha256 else "different", READ, {"size": seen, "sha256": found})

    def entries(self, stop: Stop) -> tuple[Entry, ...] | None:
        """By MLSD, else by the size of each name; None where the server can say neither."""
        try:
            self._client.cwd(self._path("."))
        except ftplib.error_perm as error:
            raise self._refused(error, self._path("x")) from None
        if "MLST" in self._features or "MLSD" in self._features:
            return tuple(filter(None, map(_entry, self._lines("MLSD"))))
        return self._sizes(stop)

    def _sizes(self, stop: Stop) -> tuple[Entry, ...] | None:
        try:
            names = self._lines("NLST")
        except ftplib.error_perm as error:
            if reply_code(error) in NO_COMMAND:
                return None
            names = []  # "550 No files found"
        found = []
        for name in map(posixpath.basename, names):
            stop.check()
            try:
                size = self._size(posixpath.join(self._path("."), name))  # a name of its own may be "~"
            except ftplib.error_perm as error:
                if reply_code(error) in NO_COMMAND:
                    return None
                continue  # a folder, or gone
            found.append(Entry(_readable(name), size or 0))
        return tuple(found)

    def _lines(self, command: str) -> list[str]:
        listing = bytearray()
        with contextlib.closing(self._client.received(command)) as contents:
            for content in contents:
                listing += content
                if len(listing) > LONGEST_LISTING:
                    raise PassingFeedError("server-error", "the site's list of files does not end")
        self.confirm()
        lines = listing.decode("latin-1").split("\n")
        return [line.rstrip("\r") for line in lines if line.rstrip("\r")]

    def _missing(self, name: str) -> ReadBack | None:
        """The verdict where there is no such file; None where there is one, or we cannot tell."""
        path = self._path(name)
        try:
            self._size(path)
        except ftplib.error_perm as error:
            if reply_code(error) not in _NOT_THERE:
                return None
            if self._is_folder(path):
                return ReadBack("different", SIZE, {"found": "not a file"})
            if not self._is_folder(posixpath.dirname(path)):
                raise _no_folder() from None
            return ReadBack("absent", SIZE)
        return None

    def _exists(self, path: str) -> bool:
        """True as well where the server cannot tell."""
        if self._is_folder(path):
            return True
        try:
            self._size(path)
        except ftplib.error_perm as error:
            return reply_code(error) not in _NOT_THERE
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            self._client.cwd(path)
        except ftplib.error_perm:
            return False
        return True

    def _refused(self, error: ftplib.error_perm, path: str) -> FeedError:
        """Servers have one code for a missing folder and for a missing right: whether it is there tells them apart."""
        if reply_code(error) in _NOT_THERE:
            if not self._is_folder(posixpath.dirname(path)):
                return _no_folder()
            if self._is_folder(path):
                return PermanentFeedError("not-writable", "a folder at the site has the name of our file")
        return translate(error)


def _no_folder() -> PermanentFeedError:
    return PermanentFeedError(
        "folder-missing", "the feed's folder, or that of its temporary files, is not there: check the address"
    )


def _entry(line: str) -> Entry | None:
    """A line of MLSD (RFC 3659, 7.2): facts, a space, the name. None for what is no file."""
    told, _, name = line.partition(" ")
    facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in told.split(";"))}
    size = facts.get("size", "")
    if facts.get("type", "").lower() != "file" or not size.isdecimal():
        return None
    return Entry(_readable(name), int(size), _instant(facts.get("modify", "")))


def _instant(text: str) -> datetime | None:
    """A time of RFC 3659, which is UTC."""
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _readable(name: str) -> str:
    return name.encode("latin-1").decode("utf-8", "backslashreplace")
