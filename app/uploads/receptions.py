"""Which uploads are being received at this moment, by this web process; used on the event loop only.

Of one upload one request at a time brings bytes. A second one is refused while bytes of the first still come. But most often
the first is dead: its line broke, and we have not read all that had come before; or a phone changed its network, and left
a connection that looks open for ever. So who comes next waits: a moment for the broken one, and some seconds for the
silent one, which is then ended. Only one that lives is a reason to refuse.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from app.uploads.errors import Locked, Stopping, TusError
from app.uploads.partial import RunningHash

SILENT_S = 5.0
"""A connection that brought nothing for as long is taken over."""
ALIVE_S = 1.0
"""One that still brings bytes so long after somebody else has come is alive."""
LOOK_S = 0.1
PATIENCE_S = 60.0
"""A request that brings nothing for as long is ended even if nobody else comes."""
HASHES = 1000
"""Running hashes that are kept between requests; of others the file is read once more at the end."""


@dataclass
class Reception:
    """One request that brings bytes."""

    offset: int = 0
    """Where it stands, with what is not yet told."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Around the reading of the body, and nothing else: what came is kept whatever ends it."""
    over: anyio.Event = field(default_factory=anyio.Event)
    ended_by: TusError | None = None
    _heard_at: float = field(default_factory=time.monotonic)

    def heard(self) -> None:
        """Bytes came."""
        self._heard_at = time.monotonic()
        self.scope.deadline = anyio.current_time() + PATIENCE_S

    def end(self, why: TusError) -> None:
        """Read no more."""
        self.ended_by = why
        self.scope.cancel()

    @property
    def silent_s(self) -> float:
        """Since when nothing came."""
        return time.monotonic() - self._heard_at


class Receptions:
    """By the uploads' names, which never come again as numbers do."""

    def __init__(self) -> None:
        self._running: dict[str, Reception] = {}
        self._hashes: OrderedDict[str, RunningHash] = OrderedDict()
        self._is_stopping = False

    @asynccontextmanager
    async def receiving(self, name: str) -> AsyncIterator[Reception]:
        """Be the one that brings bytes.

        Raises:
            Locked: another request is.
            Stopping: the service is being stopped.
        """
        await self.settle(name)
        if self._is_stopping:
            raise _stopping()
        if name in self._running:
            raise Locked(
                "another request is bringing bytes of this upload at this moment: wait until it has ended, "
                f"or has been silent for {SILENT_S:.0f} seconds"
            )
        reception = self._running[name] = Reception()
        try:
            yield reception
        finally:
            del self._running[name]
            reception.over.set()

    def stop(self) -> None:
        """The service stops: all that came goes to the disk now. A request that were cut later would lose it."""
        self._is_stopping = True
        for running in self._running.values():
            running.end(_stopping())

    async def settle(self, name: str, *, force: bool = False) -> None:
        """Wait until what an earlier request brought is on the disk, unless it lives; ``force`` ends that one too."""
        asked_at = time.monotonic()
        while (running := self._running.get(name)) is not None:
            if force or running.silent_s >= SILENT_S:
                running.end(Locked("another request has taken this upload over"))
                await running.over.wait()
            elif time.monotonic() - asked_at >= ALIVE_S > running.silent_s:
                return
            else:
                with anyio.move_on_after(LOOK_S):
                    await running.over.wait()

    def offset(self, name: str) -> int | None:
        """How far the running request is; None where there is none."""
        running = self._running.get(name)
        return None if running is None else running.offset

    def hash_of(self, name: str) -> RunningHash:
        """The hash of what has come, as far as this process has seen it."""
        return self._hashes.get(name) or RunningHash()

    def keep_hash(self, name: str, running: RunningHash) -> None:
        """For the upload's next request."""
        self._hashes[name] = running
        self._hashes.move_to_end(name)
        if len(self._hashes) > HASHES:
            self._hashes.popitem(last=False)

    def forget_hash(self, name: str) -> None:
        """The upload is over."""
        self._hashes.pop(name, None)


def _stopping() -> Stopping:
    return Stopping("the service is being stopped; what came is kept: go on in a moment")
