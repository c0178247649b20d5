"""The SFTP feed: a temporary name, a rename in one step, and a read-back by hash.

Options: ``host_key``, required: the server's public key as in ``known_hosts``, without the host; one a line.

Bytes travel in blocks of which many are under way at once: over a line of 300 ms a block at a time would be 400 kB/s.
A block counts when the server has confirmed it. The temporary file is made anew, exclusively: what an earlier attempt,
cut off and perhaps still being ended by the server, writes late goes to a file that has no name any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import posixpath
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Coroutine, Generator, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncssh

from app.feeds.contract import Entry, Facts, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.errors import PassingFeedError, PermanentFeedError
from app.feeds.remote_paths import RemoteFolder, remote_folder, temporary_name
from app.feeds.sources import checked_chunks
from app.feeds.ssh_session import GRACE_S, SftpSession, sftp_session
from app.feeds.trials import try_out

T = TypeVar("T")

BLOCK = 1 << 17
"""Measured against 32, 64 and 256 KiB: as fast as the largest, and half the wait for the first answer on a slow line."""
IN_FLIGHT = 4 << 20
"""Bytes that are under way at most: 13 MB/s at 300 ms, and all the memory that a transfer takes."""
MOST_REQUESTS = 128

STAT = "SFTP stat"
READ = "SFTP read, sha256"
_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


class SftpFeed:
    """Files in a folder of the site's SSH server, each call with a connection of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Write, flush, rename. A failed attempt takes its temporary file away if it still can."""
        del media_type  # SFTP has none
        async with self._site(self._limits.send_s) as site:
            upload = _Upload(site, name, self._address.temporary, size)
            facts = await upload.store(checked_chunks(source, sha256=sha256, size=size))
        return Receipt(sha256=sha256, size=size, facts=facts | {"server": site.session.server})

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """By ``head`` the size that the server states, which can only contradict; by ``get`` every byte."""
        if self._address.read_back == "none":
            return ReadBack("unknown", "not asked")
        async with self._site(self._limits.read_back_s) as site:
            return await site.look(name, sha256=sha256, size=size, may_read=self._address.read_back == "get")

    async def entries(self) -> tuple[Entry, ...]:
        """The folder's files; bytes of a name that are not UTF-8 are shown as hex digits."""
        async with self._site(self._limits.read_back_s) as site:
            return await site.entries()

    async def remove(self, name: str) -> None:
        async with self._site(self._limits.read_back_s) as site:
            with contextlib.suppress(*_MISSING):
                await site.answer(site.client.remove(site.path(name)))

    async def trial(self) -> Facts:
        return await try_out(self)

    @asynccontextmanager
    async def _site(self, seconds: float) -> AsyncIterator[_Site]:
        at = remote_folder(self._address)
        try:
            async with (
                asyncio.timeout(seconds),
                sftp_session(self._address, at, self._limits) as session,
            ):
                yield _Site(session, at, self._limits.quiet_s)
        except TimeoutError:
            raise PassingFeedError("timeout", f"the site did not finish within {seconds:g} seconds") from None


class _Site:
    """The feed's folder through an open session. Paths are bytes here: no server promises UTF-8."""

    def __init__(self, session: SftpSession, at: RemoteFolder, quiet_s: float) -> None:
        self.session = session
        self.client = session.client
        self._at = at
        self._quiet_s = quiet_s

    def path(self, name: str) -> bytes:
        return self._at.path(name).encode()

    async def answer(self, request: Awaitable[T]) -> T:
        """The server's answer; TimeoutError when it is silent for too long."""
        async with asyncio.timeout(self._quiet_s):
            return await request

    async def in_order(
        self, requests: Iterable[Coroutine[Any, Any, T]], block: int
    ) -> AsyncGenerator[T, None]:
        """The answers, while as many requests as are good for the line are under way."""
        most = min(IN_FLIGHT // block, MOST_REQUESTS)
        under_way: deque[asyncio.Task[T]] = deque()
        try:
            for request in requests:
                under_way.append(asyncio.ensure_future(request))
                if len(under_way) == most:
                    yield await self.answer(under_way.popleft())
            while under_way:
                yield await self.answer(under_way.popleft())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def look(self, name: str, *, sha256: str, size: int, may_read: bool) -> ReadBack:
        path = self.path(name)
        try:
            attributes = await self.answer(self.client.lstat(path))
        except _MISSING:
            await self.answer(self.client.stat(posixpath.dirname(path) or b"."))  # or there is no such folder
            return ReadBack("absent", STAT)
        if not _may_be_file(attributes):
            return ReadBack("different", STAT, {"found": "not a file"})
        if attributes.size is not None and attributes.size != size:
            return ReadBack("different", STAT, {"size": attributes.size})
        if not may_read:
            return ReadBack("unknown", STAT, {} if attributes.size is None else {"size": attributes.size})
        try:
            file = await self.answer(self.client.open(path, "rb", block_size=0))
        except asyncssh.SFTPPermissionDenied:
            return ReadBack("unknown", READ, {"refused": "reading"})
        seen, found = await self._hash(file, size)
        is_same = (seen, found) == (size, sha256)
        return ReadBack("present" if is_same else "different", READ, {"size": seen, "sha256": found})

    async def _hash(self, file: asyncssh.SFTPClientFile, size: int) -> tuple[int, str]:
        """Bytes and hash of a file, read to one byte more than it should have: the server's word for its size is
        not proof that it ends there.
        """
        block = min(self.client.limits.max_read_len or BLOCK, BLOCK)
        end = size + 1
        digest, seen = hashlib.sha256(), 0
        reads = (_read(file, offset, min(block, end - offset)) for offset in range(0, end, block))
        async with aclosing(self.in_order(reads, block)) as blocks:
            async for content in blocks:
                digest.update(content)
                seen += len(content)
        await self.answer(file.close())
        return seen, digest.hexdigest()

    async def entries(self) -> tuple[Entry, ...]:
        names = await self.answer(self.client.readdir(self.path(".")))
        return tuple(_entry(name) for name in names if _may_be_file(name.attrs) and not _is_dots(name))

    async def has_room_for(self, size: int, path: bytes) -> bool:
        """True as well where the server does not tell."""
        with contextlib.suppress(asyncssh.SFTPError):
            disk = await self.answer(self.client.statvfs(posixpath.dirname(path) or b"."))
            return disk.bavail * disk.frsize >= size
        return True


class _Upload:
    """One file on its way to its name."""

    def __init__(self, site: _Site, name: str, template: str, size: int) -> None:
        self._site = site
        self._client = site.client
        self._size = size
        self._target = site.path(name)
        self._part = site.path(temporary_name(template, name))
        self._is_ours = False
        """Whether what lies under the temporary name is ours to take away."""

    async def store(self, chunks: Generator[bytes, None, None]) -> Facts:
        try:
            flushed = await self._write(chunks)
            switched = "in place" if self._part == self._target else await self._rename()
            self._is_ours = False
        except asyncssh.SFTPFailure:  # all that an SFTP server of version 3 can say of a full disk
            if await self._site.has_room_for(self._size, self._part):
                raise
            raise PassingFeedError(
                "disk-full", "the disk of the site's server is full: ask the site to make room"
            ) from None
        finally:
            chunks.close()
            await self._take_away()
        return {"switched": switched, "flushed": flushed}

    async def _write(self, chunks: Generator[bytes, None, None]) -> str:
        site, block = self._site, min(self._client.limits.max_write_len or BLOCK, BLOCK)
        file = await self._open()
        writes = (file.write(content, offset) for offset, content in _blocks(chunks, block))
        async with aclosing(site.in_order(writes, block)) as confirmed:
            async for _ in confirmed:
                pass
        flushed = "fsync"
        try:
            await site.answer(file.fsync())
        except asyncssh.SFTPOpUnsupported:
            flushed = "unknown"
        await site.answer(file.close())
        stored = (await site.answer(self._client.stat(self._part))).size
        if stored not in {None, self._size}:
            raise PassingFeedError(
                "lost-after-upload", f"the site confirmed {self._size} bytes and says that it has {stored}"
            )
        return flushed

    async def _open(self) -> asyncssh.SFTPClientFile:
        if self._part == self._target:
            file = await self._site.answer(self._client.open(self._part, "wb", block_size=0))
            self._is_ours = True
            return file
        with contextlib.suppress(asyncssh.SFTPError):  # what a crash left; opening says what else is wrong
            await self._site.answer(self._client.remove(self._part))
        self._is_ours = True
        return await self._site.answer(self._client.open(self._part, "xb", block_size=0))

    async def _rename(self) -> str:
        site, client = self._site, self._client
        with contextlib.suppress(*_MISSING):
            if (await site.answer(client.lstat(self._target))).type == asyncssh.FILEXFER_TYPE_DIRECTORY:
                raise PermanentFeedError("not-writable", "a folder at the site has the name of our file")
        with contextlib.suppress(asyncssh.SFTPOpUnsupported):
            await site.answer(client.posix_rename(self._part, self._target))
            return "rename"
        with contextlib.suppress(asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            await site.answer(
                client.rename(self._part, self._target)
            )  # nothing is there, or it is overwritten
            return "rename"
        await site.answer(client.remove(self._target))
        await site.answer(client.rename(self._part, self._target))
        return "removed the older, then renamed"

    async def _take_away(self) -> None:
        if not self._is_ours:
            return
        with contextlib.suppress(asyncssh.Error, OSError):
            async with asyncio.timeout(GRACE_S):
                await self._client.remove(self._part)


def _blocks(chunks: Iterable[bytes], block: int) -> Generator[tuple[int, bytes], None, None]:
    """Offset and content of each block."""
    offset = 0
    for chunk in chunks:
        for start in range(0, len(chunk), block):
            content = chunk[start : start + block]
            yield offset, content
            offset += len(content)


async def _read(file: asyncssh.SFTPClientFile, offset: int, length: int) -> bytes:
    """So many bytes, fewer only at the end: servers may give less than they were asked for."""
    content = bytearray()
    while len(content) < length:
        more = await file.read(length - len(content), offset + len(content))
        if not more:
            break
        content += cast("bytes", more)
    return bytes(content)


def _may_be_file(attributes: asyncssh.SFTPAttrs) -> bool:
    """A regular file, or something that the server does not tell apart."""
    return attributes.type in {asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN}


def _is_dots(name: asyncssh.SFTPName) -> bool:
    return name.filename in {b".", b".."}


def _entry(found: asyncssh.SFTPName) -> Entry:
    name, attributes = cast("bytes", found.filename), found.attrs
    modified_at = datetime.fromtimestamp(attributes.mtime, UTC) if attributes.mtime is not None else None
    return Entry(name.decode("utf-8", "backslashreplace"), attributes.size or 0, modified_at)
