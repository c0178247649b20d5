"""What our record proves of each airing over each line: the evidence behind a minute, before anybody counts it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, func, select

from app.airings.models import Airing, AsRun
from app.frequencies.models import Line
from schedules.time import Span

EVIDENCE = (
    "planned",
    "sent",
    "endpoint_accepted",
    "delivered",
    "fetched",
    "site_confirmed",
    "monitored",
    "heard",
)
"""Every kind, the weakest first."""


@dataclass(frozen=True, slots=True)
class Proved:
    """An airing over one line, and how sure we are that the site had it."""

    airing_id: int
    line_id: int
    site_id: int
    khz: int
    span: Span
    evidence: str


def proved(session: Session, span: Span, *, site_id: int | None = None) -> list[Proved]:
    """The recorded airings that start in a span, over all lines or a site's.

    An airing is as sure as the weakest row of its surest feed, feeds that take parts of it counting as one.
    """
    query = (
        select(
            AsRun.airing_id,
            AsRun.line_id,
            AsRun.feed_id,
            AsRun.evidence,
            func.json_extract(AsRun.details, "$.part").is_not(None),
            Line.site_id,
            Line.khz,
            Airing.starts_at,
            Airing.stops_at,
        )  # type: ignore[call-overload]
        .join(Airing, col(Airing.id) == col(AsRun.airing_id))
        .join(Line, col(Line.id) == col(AsRun.line_id))
        .where(
            Airing.starts_at >= span.start,
            Airing.starts_at < span.end,
            # A live feed that was lost and found again within a minute has sent its airing, as minutes are counted
            func.coalesce(func.json_extract(AsRun.details, "$.short"), 0) == 0,
        )
        .order_by(Airing.starts_at, AsRun.line_id)
        .distinct()
    )
    if site_id is not None:
        query = query.where(Line.site_id == site_id)
    places: dict[tuple[int, int], tuple[int, int, Span]] = {}
    by_feed: defaultdict[tuple[int, int], dict[int | Literal["parts"] | None, str]] = defaultdict(dict)
    for airing_id, line_id, feed_id, evidence, is_part, site, khz, starts_at, stops_at in session.exec(query):
        places[airing_id, line_id] = site, khz, Span(starts_at, stops_at)
        of_feed = by_feed[airing_id, line_id]
        whole: int | Literal["parts"] | None = "parts" if is_part else feed_id
        of_feed[whole] = min(of_feed.get(whole, evidence), evidence, key=_strength)
    return [
        Proved(*key, site, khz, airing, max(by_feed[key].values(), key=_strength))
        for key, (site, khz, airing) in places.items()
    ]


def _strength(evidence: str) -> int:
    return EVIDENCE.index(evidence)
