"""One request's bytes on their way into an upload's file, with what is on the disk written down as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from app.database import id_of
from app.errors import TooLarge
from app.library.receive import SPACE_CHECK
from app.settings import Settings
from app.storage import require_space
from app.uploads.errors import TooSlow
from app.uploads.models import Upload
from app.uploads.partial import Checksum, PartialFile
from app.uploads.receptions import PATIENCE_S, Reception, Receptions
from app.uploads.service import advance, file_of

TOLD_BYTES = 16 << 20
TOLD_S = 10.0
"""Of a long piece the offset is synced and written down after so many bytes or seconds: what a power cut can cost. Each 64 MiB
was not faster (tests/bench/uploads.py).
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What receiving needs of the application."""

    settings: Settings
    database: Engine
    receptions: Receptions
    clock: Callable[[], datetime]


class Incoming:
    """The bytes of one request. Not for the event loop."""

    def __init__(self, desk: Desk, upload: Upload, checksum: Checksum | None) -> None:
        """Raises Gone or Locked, as `PartialFile`."""
        self._desk = desk
        self._upload = upload
        self._told = self._checked_at = upload.received
        self._told_at = time.monotonic()
        known = desk.receptions.hash_of(upload.name)
        self.file = PartialFile(file_of(desk.settings, upload), upload.received, known, checksum)

    def feed(self, chunk: bytes) -> int:
        """Take the next bytes; how far the upload is with them.

        Raises:
            TooLarge: there are more than were announced.
            DiskReserve: the disk fills up.
            Gone: the upload was ended meanwhile.
        """
        if self.file.offset + len(chunk) > self._upload.length:
            raise more_than_announced(self._upload)
        self.file.write(chunk)
        if self.file.offset - self._checked_at >= SPACE_CHECK:
            require_space(self._desk.settings)
            self._checked_at = self.file.offset
        if self.file.may_be_told and (
            self.file.offset - self._told >= TOLD_BYTES or time.monotonic() - self._told_at >= TOLD_S
        ):
            self._tell()
        return self.file.offset

    def finish(self, *, is_whole: bool) -> int:
        """The request has ended, or broke off: the offset that its sender may rely on.

        Raises:
            ChecksumMismatch: what came is not what was announced.
            Gone: the upload was ended meanwhile.
        """
        try:
            if is_whole:
                self.file.verify()
            elif not self.file.may_be_told:
                self.file.discard()
            self._tell()
        finally:
            self._desk.receptions.keep_hash(self._upload.name, self.file.hash)
        return self._told

    def _tell(self) -> None:
        synced = self.file.sync()
        if synced != self._told:
            advance(self._desk.database, id_of(self._upload), synced, self._desk.clock())
        self._told, self._told_at = synced, time.monotonic()


def more_than_announced(upload: Upload) -> TooLarge:
    """The refusal of bytes beyond the end."""
    return TooLarge(f"the upload was announced with {upload.length:,} bytes, and more are coming")


async def receive_body(
    request: Request, desk: Desk, upload: Upload, reception: Reception, checksum: Checksum | None
) -> int:
    """Take a request's body in. Whatever ends it, what came is kept (except a piece with a checksum, of which only
    the whole can be compared).

    Raises:
        ClientDisconnect: the connection broke.
        Locked, TooSlow, Stopping: another request took over, nothing came any more, the service stops.
        DanpaError: as `Incoming`.
    """
    incoming = await run_in_threadpool(Incoming, desk, upload, checksum)
    with incoming.file:
        is_whole = False
        try:
            await _read(request, incoming, reception)
            is_whole = True
        finally:
            reception.offset = await run_in_threadpool(incoming.finish, is_whole=is_whole)
    return reception.offset


async def _read(request: Request, incoming: Incoming, reception: Reception) -> None:
    reception.offset = incoming.file.offset
    reception.heard()
    with reception.scope:
        async for chunk in request.stream():
            if not chunk:
                continue
            reception.heard()
            reception.offset = await run_in_threadpool(incoming.feed, chunk)
    if reception.scope.cancelled_caught:
        raise reception.ended_by or TooSlow(
            f"nothing came for {PATIENCE_S:.0f} seconds; what came before is kept"
        )
