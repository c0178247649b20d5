"""The pull feed: the site fetches from us, so a delivery puts the file where it finds it, and the log says who came.

Nothing is copied: artefacts are served from where they lie. The engine gives the shelf in ``options["shelf"]``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from app.feeds.contract import Entry, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.errors import PassingFeedError, PermanentFeedError
from app.feeds.sources import checked_chunks
from app.feeds.threads import Stop, in_own_thread

T = TypeVar("T")

HOW = "fetched by the site"


class Shelf(Protocol):
    """What a site finds at its address, and what it took."""

    def put(self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str) -> None: ...

    def take_away(self, name: str) -> None: ...

    def entries(self) -> tuple[Entry, ...]: ...

    def holds(self, name: str) -> str | None:
        """The SHA-256 of what lies under a name."""

    def fetched_at(self, name: str, sha256: str) -> datetime | None:
        """When the site had the whole of it."""


class PullFeed:
    """Files at the site's own address. What `read_back` the feed has does not matter: the log is always asked."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._given: Shelf | None = address.options.get("shelf")
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Offer the file, once its bytes are known to be right: they are not looked at again when a site fetches them."""

        def offer(stop: Stop) -> None:
            deque(stop.between(checked_chunks(source, sha256=sha256, size=size)), maxlen=0)
            self._shelf.put(source, name, sha256=sha256, size=size, media_type=media_type)

        await self._bounded(offer, self._limits.send_s)
        return Receipt(sha256=sha256, size=size, facts={"offered": size})

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Present only where the log holds the whole of it; on offer is not fetched."""

        def look(_stop: Stop) -> ReadBack:
            held = self._shelf.holds(name)
            if held != sha256:
                return ReadBack("absent" if held is None else "different", "what is on offer")
            at = self._shelf.fetched_at(name, sha256)
            if at is None:
                return ReadBack("unknown", "on offer, not yet fetched", {"size": size})
            return ReadBack("present", HOW, {"size": size, "fetched_at": at.isoformat(timespec="seconds")})

        return await self._bounded(look, self._limits.read_back_s)

    async def entries(self) -> tuple[Entry, ...]:
        """What the site sees at its address now."""
        return await self._bounded(lambda _stop: self._shelf.entries(), self._limits.read_back_s)

    async def remove(self, name: str) -> None:
        """Offer it no longer; what the site has fetched it keeps."""
        await self._bounded(lambda _stop: self._shelf.take_away(name), self._limits.read_back_s)

    async def trial(self) -> None:
        """There is no way to try: the site comes to us."""

    @property
    def _shelf(self) -> Shelf:
        if self._given is None:
            raise PermanentFeedError("bad-address", "this pull feed was opened without its shelf")
        return self._given

    async def _bounded(self, work: Callable[[Stop], T], seconds: float) -> T:
        try:
            return await in_own_thread(work, seconds)
        except TimeoutError:
            raise PassingFeedError(
                "timeout", f"our own disk did not answer within {seconds:g} seconds"
            ) from None
