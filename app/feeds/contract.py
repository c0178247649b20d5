"""What every file feed can do, and the values that pass between it and the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Facts = dict[str, str | int]
"""What was observed, ready for a JSON column."""

Verdict = Literal["present", "absent", "different", "unknown"]


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed is and how to reach it. ``confined_to`` is the root that a demo station's folders may not leave."""

    protocol: str
    """``folder`` or ``http_put``."""
    address: str
    """An absolute folder, or the URL under which names are put."""
    credential: str | None = None
    """A reference (``app.feeds.credentials``), never the secret."""
    read_back: str = "get"
    """``none``, ``head`` or ``get``; a folder is always read back."""
    confined_to: Path | None = None


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


class FileFeed(Protocol):
    """An endpoint that takes whole files. Both calls may be repeated at will and may be cancelled."""

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Put an object under a name, replacing what is there.

        Raises:
            FeedError: nothing usable arrived, or we cannot know whether it did.
        """

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Compare what the endpoint holds with what it should hold.

        Raises:
            FeedError: the endpoint cannot be asked now; says nothing about the object.
        """
