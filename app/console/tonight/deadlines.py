"""What an airing has to meet next, for its countdown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.console.tonight.views import AiringView, DeadlineView


def nearest(airing: AiringView, now: datetime) -> DeadlineView | None:
    """The next of an airing's instants that has not been met; None for one that is closed."""
    if not airing.is_open:
        return None
    coming = [one for one in _all(airing) if one.at > now]
    return min(coming, key=lambda one: one.at, default=None)


def _all(airing: AiringView) -> Iterator[DeadlineView]:
    if not airing.version:
        yield DeadlineView("compile", airing.compile_at)
    if airing.cut_off_at is not None:
        yield DeadlineView("cut_off", airing.cut_off_at)
    for feed in airing.feeds:
        if not feed.has_arrived:
            yield DeadlineView("deliver", feed.deadline_at, feed.name)
    yield DeadlineView("begin", airing.starts_at)
    yield DeadlineView("end", airing.stops_at)
