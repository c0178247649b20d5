"""What the page shows of a night: plain values, ready for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RundownView:
    """The newest version. ``passed`` tells why the steps above its level were not taken, in problem documents."""

    level: str
    cause: str
    compiled_at: datetime
    passed: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class LineView:
    khz: int
    power_kw: float | None
    site_code: str
    site_name: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom to call at a site."""

    site: str
    phone: str
    name: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try; ``how`` tells what its read-back looked at."""

    version: int
    number: int
    started_at: datetime
    outcome: str
    detail: str | None
    how: str | None


@dataclass(frozen=True, slots=True)
class FeedView:
    """How one feed stands. ``state`` is ``waiting`` before its first handoff, ``nothing`` where there was none
    by the end; ``arrived_version`` was taken by the site, and where ``arrival_proven`` it was seen there.
    """

    feed_id: int
    name: str
    site_name: str
    state: str
    handoff_id: int | None
    wanted_version: int
    arrived_version: int | None
    arrival_proven: bool
    deliver_at: datetime
    deadline_at: datetime
    was_late: bool
    verified_at: datetime | None
    rechecked_at: datetime | None
    next_attempt_at: datetime | None
    error: str | None
    object_name: str | None
    attempts: tuple[AttemptView, ...]
    may_retry: bool
    may_send: bool
    """It waits: a person may send it now, or hold it."""
    held: bool
    by_hand: str | None
    """How a person brought it."""
    desk: Desk | None

    @property
    def has_arrived(self) -> bool:
        return self.arrived_version is not None and self.arrived_version >= self.wanted_version


@dataclass(frozen=True, slots=True)
class LiveFeedView:
    """A feed that takes the airing live. ``state``: ``waiting``, ``armed``, ``connecting``, ``on``, ``off`` or ``over``."""

    feed_id: int
    name: str
    site_name: str
    state: str
    level: str | None
    """The step of the chain that goes out there just now."""
    why: str | None
    opens_at: datetime
    deadline_at: datetime
    desk: Desk | None


@dataclass(frozen=True, slots=True)
class AsRunItem:
    starts_at: datetime
    title: str | None
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class AsRunView:
    """What went out over one line by way of one feed."""

    khz: int
    site_name: str
    feed_name: str | None
    items: tuple[AsRunItem, ...]


@dataclass(frozen=True, slots=True)
class WishView:
    """What somebody asked for: still waiting for the engine, or refused by it."""

    kind: str
    asked_at: datetime
    refused: str | None


@dataclass(frozen=True, slots=True)
class AudioView:
    """What the player plays."""

    version: int
    loudness_lufs: float | None
    peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class StudioView:
    """A studio that is heard, or will be."""

    starts_at: datetime
    ends_at: datetime
    person: str | None


@dataclass(frozen=True, slots=True)
class StudioWayView:
    """How a studio comes onto an airing: ``address`` is where it connects, None where the station has no way in."""

    address: str | None
    mounts: tuple[str, ...]
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """What an airing has to meet next; ``kind`` is the key of its words."""

    kind: str
    at: datetime
    feed: str | None = None


@dataclass(frozen=True, slots=True)
class AiringView:
    id: int
    title: str
    starts_at: datetime
    stops_at: datetime
    target_samples: int
    compile_at: datetime
    state: str
    readiness: str
    version: int
    is_open: bool
    """Whether anything about it can still be changed."""
    lines: tuple[LineView, ...]
    feeds: tuple[FeedView, ...]
    live: tuple[LiveFeedView, ...]
    rundown: RundownView | None
    audio: AudioView | None
    as_run: tuple[AsRunView, ...]
    wishes: tuple[WishView, ...]
    studio: StudioView | None
    studio_way: StudioWayView | None
    """None where it takes no live input."""
    braked: bool
    """Something else than the programme goes out live, because somebody said so."""
    is_live: bool
    """It is on the air live just now: the hand brake works at once."""
    cut_off_at: datetime | None
    """Until when a recording must be here; None once it has begun or is closed."""
    signed_by: tuple[str, ...]
    """Who has signed the newest version."""
    signed_version: int | None
    """The newest version that somebody has signed."""

    @property
    def in_trouble(self) -> bool:
        """Whether somebody should look at it while something can be done."""
        return self.is_open and (self.readiness != "ok" or any(feed.state == "failed" for feed in self.feeds))


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a rundown, and when it is heard; ``title`` is None for the interval signal."""

    starts_at: datetime
    ends_at: datetime
    title: str | None


@dataclass(frozen=True, slots=True)
class OnAirView:
    """An airing that is being heard, and what of it by its rundown; no item where something else goes out."""

    airing: AiringView
    item: ItemView | None
    then: ItemView | None
    is_by_file: bool
    """What its file sounds like at this moment tells what goes out."""
