"""What every file feed can do, and the values that pass between it and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

Facts = dict[str, str | int]
"""What was observed, ready for a JSON column."""

Verdict = Literal["present", "absent", "different", "unknown"]


NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

TEMPORARY = ".{name}.part"
"""The usual name of a file that is still being written."""


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed is, how to reach it, and how its site wants names handled."""

    protocol: str
    """One of `app.feeds.drivers.PROTOCOLS`."""
    address: str
    """An absolute folder, or a URL. SFTP and FTP addresses may name a user, never a password."""
    credential: str | None = None
    """A reference (``app.feeds.credentials``), never the secret."""
    read_back: str = "get"
    """``none``, ``head`` (what the endpoint says of the object) or ``get`` (its bytes); a folder is always read."""
    temporary: str = TEMPORARY
    """What a file is called while it is written, with ``{name}``: ``.{name}.part``, ``{name}.tmp``, ``incoming/{name}``.
    ``{name}`` itself writes in place. Protocols that switch names by themselves (HTTP, S3) do not need it."""
    options: Mapping[str, Any] = field(default_factory=lambda: NO_OPTIONS)
    """What only this protocol needs, as its driver's module says."""
    confined_to: Path | None = None
    """The root that a demo station's folders may not leave."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which an attempt is given up (a passing error), so that a dead site never holds a task for ever."""

    connect_s: float = 10.0
    quiet_s: float = 60.0
    """No byte goes or comes for this long."""
    send_s: float = 1800.0
    read_back_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The endpoint took the bytes. That is all it says: only a read-back verifies."""

    sha256: str
    size: int
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the endpoint holds under a name, and how we know.

    ``unknown`` means that the endpoint cannot or may not tell: a handoff then stays ``stored``, never ``verified``.
    """

    verdict: Verdict
    how: str
    """``sha256 of the file``, ``GET``, ``HEAD repr-digest``, ``HEAD length``, ``not asked``..."""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the folder of a feed, as the site sees it. ``modified_at`` is the site's own clock, aware UTC."""

    name: str
    size: int
    modified_at: datetime | None = None


class FileFeed(Protocol):
    """An endpoint that takes whole files. Every call may be repeated at will and may be cancelled.

    A name is a file in the feed's folder; one with slashes is relative to it (``../manifests/tonight.json``).
    """

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Put an object under a name, replacing what is there; a reader never sees half of it.

        Raises:
            FeedError: nothing usable arrived, or we cannot know whether it did.
        """

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Compare what the endpoint holds with what it should hold.

        Raises:
            FeedError: the endpoint cannot be asked now; says nothing about the object.
        """

    async def entries(self) -> tuple[Entry, ...] | None:
        """The files in the feed's folder, without folders and whatever else is there; None where the protocol cannot tell.

        Raises:
            FeedError: it cannot be asked now. Code ``folder-missing`` where there is no such place.
        """

    async def remove(self, name: str) -> None:
        """Take a file away; one that is not there is no error.

        Raises:
            FeedError: it is still there, or we cannot know. Code ``refused`` where the protocol cannot.
        """

    async def trial(self) -> Facts | None:
        """Write, rename and take away a few bytes under a name that no automation takes for a programme.

        Gives what was seen on the way; None where the protocol has no way to take them away again and nothing was tried.

        Raises:
            FeedError: what an upload would meet.
        """
