"""The FTP feed: ``ftpes://``, ``ftps://``, and ``ftp://`` where somebody has accepted what it costs.

Options: ``certificate_sha256`` pins a certificate, for sites that signed their own; ``accept_plaintext`` must be true for
``ftp://``, on which the password, the commands and the programme can be read and changed by everybody on the way.

FTP says little. A stream that breaks off and one that ends look alike to the server, so nothing takes its final name
before the server has confirmed it and told its size. Routers forget the control connection of a long upload, and the
confirmation never comes: then a second connection asks for the size and finishes the work, or every attempt would fail
at the same place. Each call runs blocking, in a thread of its own (`app.feeds.threads`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from app.feeds.busy import alone
from app.feeds.contract import Entry, Facts, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.errors import PassingFeedError
from app.feeds.ftp_folder import FtpFolder
from app.feeds.ftp_session import FtpClient, ftp_client, ftp_login, translate
from app.feeds.remote_paths import remote_folder, temporary_name
from app.feeds.sources import checked_chunks
from app.feeds.threads import Stop, in_own_thread
from app.feeds.trials import try_out

T = TypeVar("T")

Work = Callable[["_Visit"], T]


class FtpFeed:
    """Files in a folder of the site's FTP server, each call with connections of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Write, ask for the size, rename. A failed attempt takes its temporary file away if it still can."""
        del media_type  # FTP has none

        def work(visit: _Visit) -> Facts:
            with alone(self._address.address, name):
                chunks = visit.stop.between(checked_chunks(source, sha256=sha256, size=size))
                return _Upload(visit, name, sha256, size).store(chunks)

        return Receipt(sha256=sha256, size=size, facts=await self._bounded(work, self._limits.send_s))

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """By ``head`` a hash where the server states one, else its size, which can only contradict; by ``get`` every byte."""
        if self._address.read_back == "none":
            return ReadBack("unknown", "not asked")

        def work(visit: _Visit) -> ReadBack:
            with visit.folder() as folder:
                if self._address.read_back == "head":
                    return folder.ask(name, sha256=sha256, size=size)
                return folder.read(name, sha256=sha256, size=size, stop=visit.stop)

        return await self._bounded(work, self._limits.read_back_s)

    async def entries(self) -> tuple[Entry, ...] | None:
        """The folder's files; bytes of a name that are not UTF-8 are shown as hex digits.

        Servers without MLSD are asked for the size of each name, tell no times, and often do not list hidden files.
        """

        def work(visit: _Visit) -> tuple[Entry, ...] | None:
            with visit.folder() as folder:
                return folder.entries(visit.stop)

        return await self._bounded(work, self._limits.read_back_s)

    async def remove(self, name: str) -> None:
        def work(visit: _Visit) -> None:
            with alone(self._address.address, name), visit.folder() as folder:
                folder.remove(name)

        await self._bounded(work, self._limits.read_back_s)

    async def trial(self) -> Facts:
        return await try_out(self)

    async def _bounded(self, work: Work[T], seconds: float) -> T:
        visits: list[_Visit] = []

        def run(stop: Stop) -> T:
            visits.append(_Visit(self._address, self._limits, stop))
            return work(visits[0])

        try:
            return await in_own_thread(run, seconds)
        except TimeoutError:
            _wake(visits)
            raise PassingFeedError("timeout", f"the site did not finish within {seconds:g} seconds") from None
        except asyncio.CancelledError:
            _wake(visits)
            raise


def _wake(visits: list[_Visit]) -> None:
    """A thread that still waits for the site would keep the next attempt out until its own patience ends."""
    for visit in visits:
        visit.cut()


class _Visit:
    """What one call does at the site, over one connection or, where that is lost, a second one."""

    def __init__(self, address: FeedAddress, limits: Limits, stop: Stop) -> None:
        self.address = address
        self.stop = stop
        self._limits = limits
        self._client: FtpClient | None = None

    @contextmanager
    def folder(self) -> Iterator[FtpFolder]:
        """The feed's folder, open for questions.

        Raises:
            FeedError: what went wrong, inside too. A missing reply is `TimeoutError` or `OSError` inside.
        """
        at = remote_folder(self.address)
        self._client = ftp_client(self.address, at, self._limits)
        try:
            with ftp_login(self._client, self.address, at):
                self.stop.check()
                yield FtpFolder(self._client, at)
        except ftplib.all_errors as error:
            raise translate(error) from None  # the server's words hold names

    def cut(self) -> None:
        if self._client is not None:
            self._client.cut()


class _Unconfirmed(Exception):
    """All bytes are sent, and the server has not said that it has them."""


class _Upload:
    """One file on its way to its name."""

    def __init__(self, visit: _Visit, name: str, sha256: str, size: int) -> None:
        self._visit = visit
        self._name = name
        self._part = temporary_name(visit.address.temporary, name)
        self._sha256 = sha256
        self._size = size
        self._is_ours = self._part != name
        """Whether what lies under the temporary name is ours to take away: in place, an older version until we write."""

    def store(self, chunks: Generator[bytes, None, None]) -> Facts:
        try:
            with self._visit.folder() as folder, self._tidy(folder):
                self._write(folder, chunks)
                return self._finish(folder, "reply")
        except _Unconfirmed:
            self._visit.stop.check()
        with self._visit.folder() as folder, self._tidy(folder):
            if folder.size(self._part) is None:
                raise PassingFeedError(
                    "timeout", "the site never confirmed the upload, and does not tell its size"
                )
            return self._finish(folder, "size, asked on a second connection")

    def _write(self, folder: FtpFolder, chunks: Generator[bytes, None, None]) -> None:
        if self._part != self._name:
            with contextlib.suppress(ftplib.error_perm):  # what a crash left
                folder.delete(self._part)
        with contextlib.closing(chunks), folder.writing(self._part) as connection:
            self._is_ours = True
            for chunk in chunks:
                connection.sendall(chunk)
        try:
            folder.confirm()
        except (OSError, EOFError):
            raise _Unconfirmed from None

    def _finish(self, folder: FtpFolder, confirmed: str) -> Facts:
        stored = folder.size(self._part)
        if stored not in {None, self._size}:
            raise PassingFeedError(
                "lost-after-upload", f"the site confirmed {self._size} bytes and says that it has {stored}"
            )
        if folder.stated_sha256(self._part) not in {None, self._sha256}:
            raise PassingFeedError("lost-after-upload", "the site confirmed the file and states another hash")
        self._visit.stop.check()
        switched = "in place" if self._part == self._name else folder.rename(self._part, self._name)
        return {"switched": switched, "confirmed": confirmed, "transport": folder.transport}

    @contextmanager
    def _tidy(self, folder: FtpFolder) -> Iterator[None]:
        """After an error nothing of ours stays under the temporary name."""
        try:
            yield
        except _Unconfirmed:
            raise
        except BaseException:
            if self._is_ours:
                folder.take_away(self._part)
            raise
