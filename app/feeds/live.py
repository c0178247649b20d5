"""Feeds that take a stream: what they are called, and what a person may say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.air.endpoints.contract import LiveAddress
from app.errors import Invalid
from app.feeds.models import Feed
from audio.lead_in import LeadIn
from audio.profile import Encoding
from schedules.said import say

LIVE = frozenset({"icecast", "srt"})
"""Protocols that take sound as it is aired. All others take files, before it is."""

OF_LIVE = ("preroll_s", "lead_ms", "monitor", "listen_url", "titles")
"""Options that are not the connection's: it goes on when they change."""

IN_TRANSPORT_STREAM = frozenset({"mp3", "adts"})
"""What SRT's MPEG transport stream carries here."""

PREROLL_S = 10.0
LONGEST_PREROLL_S = 600.0


def is_live(feed: Feed) -> bool:
    """Whether a feed takes its airings live."""
    return feed.protocol in LIVE


def check_live(
    protocol: str, encoding: Encoding, lead_in: LeadIn, part: dict[str, Any], second: int | None
) -> None:
    """Refuse what only a file can have.

    Raises:
        Invalid: names the field.
    """
    if protocol not in LIVE:
        return
    if not encoding.can_be_live:
        told = "{codec} cannot be sent live: choose mp3, adts, opus or flac"
        raise Invalid(say("wrong-live-codec", told, codec=encoding.codec), field="codec")
    if protocol == "srt" and encoding.codec not in IN_TRANSPORT_STREAM:
        told = "{codec} cannot be sent over SRT: choose mp3 or adts"
        raise Invalid(say("wrong-srt-codec", told, codec=encoding.codec), field="codec")
    if lead_in.key:
        told = "a lead-in stands before a file: a live feed has its preroll"
        raise Invalid(say("wrong-live-lead-in", told), field="lead_in")
    if part:
        raise Invalid(say("wrong-live-part", "a live feed takes an airing as a whole"), field="part")
    if second is not None:
        told = "a live feed has no second route: give the line both feeds, and both are sent at once"
        raise Invalid(say("wrong-live-second", told), field="second_feed_id")


def live_address(feed: Feed, encoding: Encoding, confined_to: Path | None) -> LiveAddress:
    """Where a live feed is, as its driver needs it."""
    return LiveAddress(
        protocol=feed.protocol,
        address=feed.address,
        media_type=encoding.live_media_type or "",
        credential=feed.credential,
        options=own_options(feed),
        confined_to=confined_to,
    )


def own_options(feed: Feed) -> dict[str, Any]:
    """What only this feed's protocol needs."""
    return {name: value for name, value in feed.options.items() if name not in OF_LIVE}


def preroll_s(feed: Feed) -> float:
    """So long before its airings a live feed is connected, and hears the interval signal."""
    return float(feed.options.get("preroll_s", PREROLL_S))
