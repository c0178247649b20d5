"""What a site is told of a file: the manifest beside it, and the note that goes with a delivery by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.airings.carriage import Carriage, carriages, lead_in_s, part_span
from app.airings.models import Airing, Artefact
from app.feeds.models import Feed
from app.feeds.sidecar import Manifest, manifest_bytes
from app.handoffs.models import Handoff
from app.settings import Settings
from app.signing.keys import key_at_hand

KST = ZoneInfo("Asia/Seoul")


def manifest_of(session: Session, settings: Settings, handoff: Handoff) -> bytes:
    """The manifest of one handoff's file: the same bytes at every attempt."""
    artefact = session.get_one(Artefact, handoff.artefact_id)
    feed = session.get_one(Feed, handoff.feed_id)
    airing = session.get_one(Airing, handoff.airing_id)
    ours = _carriages_to(session, airing, feed)
    span = part_span(feed, airing)
    return manifest_bytes(
        Manifest(
            object_name=handoff.object_name,
            sha256=artefact.sha256,
            size=artefact.bytes,
            media_type=artefact.media_type,
            codec=feed.codec,
            samples=artefact.samples,
            sample_rate=artefact.sample_rate,
            bitrate_kbps=feed.bitrate_kbps,
            channels=feed.channels,
            lead_in_s=round(lead_in_s(feed), 6),
            airing_id=handoff.airing_id,
            slot_id=airing.slot_id,
            starts_at=span.start,
            stops_at=span.end,
            part=dict(feed.part) or None,
            site_code=ours[0].site.code if ours else "",
            frequencies_khz=tuple(carriage.line.khz for carriage in ours),
            version=handoff.version,
            made_at=artefact.rendered_at,
        ),
        key_at_hand(settings),
    )


def note_of(session: Session, handoff: Handoff) -> str:
    """A text for the site's desk, in English: what the file is, when it airs, and how to know that it is whole."""
    artefact = session.get_one(Artefact, handoff.artefact_id)
    airing = session.get_one(Airing, handoff.airing_id)
    feed = session.get_one(Feed, handoff.feed_id)
    ours = _carriages_to(session, airing, feed)
    seconds = artefact.samples / artefact.sample_rate
    lead_in, span = lead_in_s(feed), part_span(feed, airing)
    lines = [
        f"File:      {handoff.object_name}",
        f"Size:      {artefact.bytes} bytes",
        f"SHA-256:   {artefact.sha256}",
        f"Length:    {int(seconds) // 60} min {seconds % 60:06.3f} s",
        f"On air:    {_span(span.start, span.end)} UTC",
        f"           {_span(span.start.astimezone(KST), span.end.astimezone(KST))} in Seoul",
        f"Frequency: {', '.join(f'{one.line.khz} kHz' for one in ours)}",
        f"Version:   {handoff.version}. It replaces every earlier version of this programme.",
    ]
    if feed.part:
        lines.append(f"Part:      of the programme from {_span(airing.starts_at, airing.stops_at)} UTC.")
    if lead_in:
        lines.append(f"Lead-in:   {lead_in:g} s before the programme: start the file that much earlier.")
    return "\n".join(lines) + "\n"


def _carriages_to(session: Session, airing: Airing, feed: Feed) -> list[Carriage]:
    carried = carriages(session, airing.slot_id, airing.starts_at.date())
    return [one for one in carried if one.reaches(feed.id)]


def _span(start: datetime, stop: datetime) -> str:
    return f"{start:%Y-%m-%d %H:%M} to {stop:%H:%M}"
