"""Addresses of what the night's page shows, so that every link opens the card that it leads to."""

from __future__ import annotations

from datetime import date, datetime

from schedules.time import night_of


def card(airing_id: int, starts_at: datetime, part: str = "") -> str:
    """An airing's card, unfolded; ``part`` is what of it is looked for, such as ``feed-3``."""
    place = f"airing-{airing_id}" + (f"-{part}" if part else "")
    return f"{of_night(night_of(starts_at))}&open={airing_id}#{place}"


def feed(airing_id: int, starts_at: datetime, feed_id: int) -> str:
    return card(airing_id, starts_at, f"feed-{feed_id}")


def by_hand(airing_id: int, starts_at: datetime, feed_id: int) -> str:
    """The form in which somebody records that they brought the file; its folded part opens by itself."""
    return card(airing_id, starts_at, f"feed-{feed_id}-by-hand")


def of_night(night: date) -> str:
    return f"/?night={night}"
