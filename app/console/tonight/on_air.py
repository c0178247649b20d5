"""What is being heard just now: which airings, and which item of each by its rundown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from app.console.tonight.views import AiringView, ItemView, OnAirView
from schedules.snapshot import CHAIN

_GOES_OUT = frozenset({"on", "connecting", "off"})


def on_air(
    airings: Sequence[AiringView], items_of: Callable[[AiringView], Sequence[ItemView]], now: datetime
) -> tuple[OnAirView, ...]:
    """The airings that are in their time, and those whose live feeds are open already. ``items_of`` reads a rundown."""
    return tuple(_heard(airing, items_of(airing), now) for airing in airings if _is_heard(airing, now))


def _is_heard(airing: AiringView, now: datetime) -> bool:
    is_open = any(feed.state in _GOES_OUT for feed in airing.live)
    return airing.is_open and airing.version > 0 and (airing.starts_at <= now or is_open)


def _heard(airing: AiringView, items: Sequence[ItemView], now: datetime) -> OnAirView:
    begun = [item for item in items if item.starts_at <= now]
    if not begun or not _by_rundown(airing):
        return OnAirView(airing, None, items[0] if items and not begun else None, is_by_file=False)
    then = items[len(begun)] if len(begun) < len(items) else None
    return OnAirView(airing, begun[-1], then, is_by_file=_is_by_file(airing))


def _by_rundown(airing: AiringView) -> bool:
    """Whether what its rundown says goes out on any feed: not where a studio, or something that stands in, does."""
    levels = {feed.level for feed in airing.live if feed.level is not None}
    return not levels or CHAIN[0] in levels


def _is_by_file(airing: AiringView) -> bool:
    """Whether its newest version is what goes out, and its audio is there to tell of it."""
    if airing.audio is None or airing.audio.version != airing.version:
        return False
    if airing.live:
        return any(feed.level == CHAIN[0] for feed in airing.live)
    return any(feed.arrived_version == airing.version for feed in airing.feeds)
