"""What every live endpoint can do. The ticker calls `write`, which never waits; connecting and closing are tasks of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """Where live sound goes, and in what form: plain values, as they stand in an armed file."""

    protocol: str
    """``icecast`` or ``srt``."""
    address: str
    media_type: str
    """Of what is written: ``audio/mpeg``, ``application/ogg``, ``audio/aac``."""
    credential: str | None = None
    """A reference (``app.feeds.credentials``), never the secret: it is looked up at each connecting."""
    options: Mapping[str, Any] = field(default_factory=lambda: NO_OPTIONS)
    """What only this protocol needs (``app.feeds.options``)."""
    confined_to: Path | None = None
    """The root of a demo station, which reaches nothing but this machine."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How far the bytes have come since this connection was made, in bytes. Both only grow."""

    written: int
    """Given to `write`."""
    accepted: int
    """Known to have left this machine and to have been acknowledged by the other one."""


class LiveEndpoint(Protocol):
    """One connection to one endpoint. When it is lost, another one is made: none is used twice."""

    block_bytes: int
    """What goes on from there at once: so many bytes are collected first."""

    async def connect(self) -> None:
        """Reach the endpoint and be let in.

        Raises:
            FeedError: why not, in the codes of ``app.feeds.errors``: ``unauthorised``, ``mount-in-use``, ``unreachable``,
                ``timeout``, ``tls`` ... ; permanent where a person must act.
        """

    def write(self, data: bytes) -> None:
        """Send, or keep what cannot be sent just now. Never waits, never holds more than its bound.

        Raises:
            ConnectionError: the connection is lost, or its bound is reached: the peer has stopped taking anything.
        """

    def taken(self) -> Taken:
        """How far the bytes have come."""

    async def tell(self, title: str) -> None:
        """Say what is on the air, for listeners' players, where the protocol has a way to; else nothing happens.

        Raises:
            FeedError: the endpoint did not take it. The sound does not depend on it.
        """

    async def close(self) -> None:
        """End in order: what was written goes out first, for a moment at most. Never raises; cancelled, it aborts."""

    def abort(self) -> None:
        """Let go at once, so that the other side learns of it. May be called at any time and again."""
