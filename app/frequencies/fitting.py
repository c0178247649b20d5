"""Whether the audio of a slot, as one file, is something that a feed and this disk can take."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.airings.carriage import lead_in_s, wishes
from app.errors import Conflict, Invalid
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed
from app.programmes.models import Slot
from audio.profile import Encoding
from schedules.time import DAY_MINUTES

LOSSLESS_BITS = {"wav": 16.0, "flac": 9.0}
"""Per sample. FLAC's is measured: processed speech comes to something over half."""


def require_fit(slot: Slot, feed: Feed, room_bytes: int, field: str) -> None:
    """Refuse a feed that no airing of the slot could ever reach, with what its file has before the programme.

    ``room_bytes`` is what the disk has beside its reserve: a render that fills the disk would take the whole night with
    it, the other airings too. What grows slowly is the business of ``disk_low``, not of this.

    Raises:
        Invalid: names the field.
    """
    start_s, stop_s = _require_part(slot, feed, field)
    seconds = stop_s - start_s + lead_in_s(feed)
    if feed.max_duration_s is not None and seconds > feed.max_duration_s:
        raise Invalid(
            f"feed {feed.id} takes at most {feed.max_duration_s} s, and its file of an airing of slot {slot.id} lasts {seconds:g} s",
            field=field,
        )
    encoding = wishes(feed).encoding
    needed = file_bytes(encoding, seconds)
    if needed > room_bytes:
        raise Invalid(
            f"an airing of slot {slot.id} lasts {seconds / 3600:.1f} h, as {encoding.codec} for feed {feed.id} a file of "
            f"{needed >> 20} MiB, and the disk has {max(0, room_bytes) >> 20} MiB beside its reserve: shorten the "
            "slot, let the feed take MP3, or make room",
            field=field,
        )


def _require_part(slot: Slot, feed: Feed, field: str) -> tuple[float, float]:
    """From when to when in an airing the feed's part is, in seconds."""
    excerpt = wishes(feed).excerpt
    try:
        return excerpt.span_s(duration_s(slot))
    except ValueError:
        raise Invalid(
            f"feed {feed.id} takes what is on the air {excerpt.start_s} s after the start, and an airing of slot "
            f"{slot.id} lasts {duration_s(slot)} s",
            field=field,
        ) from None


def require_no_gaps(slot: Slot, feeds: Sequence[Feed]) -> None:
    """Refuse feeds that take parts of the slot's airings and, together, leave some of it to nobody.

    Raises:
        Invalid: names the first gap.
    """
    duration = duration_s(slot)
    at = 0.0
    for start_s, stop_s in sorted(wishes(feed).excerpt.span_s(duration) for feed in feeds):
        if start_s > at:
            break
        at = max(at, stop_s)
    else:
        start_s = duration
    if feeds and at < duration:
        raise Invalid(
            f"the feeds take parts of an airing of slot {slot.id} and leave what is on the air {at:g} s to {start_s:g} s after "
            "its start to nobody: add the feed of that part",
            field="feed_ids",
        )


def require_covered(session: Session, slot: Slot) -> None:
    """Refuse a slot of another length, or feeds of other parts, where a line's feeds then do not fit its airings.

    Raises:
        Conflict: names the first line.
    """
    feeds: dict[int, list[Feed]] = {}
    for line_id, feed in session.exec(
        select(LineFeed.line_id, Feed)
        .join(Feed, col(Feed.id) == col(LineFeed.feed_id))
        .join(Line, col(Line.id) == col(LineFeed.line_id))
        .where(Line.slot_id == slot.id)
        .order_by(col(LineFeed.line_id), col(Feed.id))
    ):
        feeds.setdefault(line_id, []).append(feed)
    for line_id, each in feeds.items():
        try:
            for feed in each:
                _require_part(slot, feed, "part")
            require_no_gaps(slot, each)
        except Invalid as wrong:
            raise Conflict(f"line {line_id}: {wrong}, or change the line first") from None


def duration_s(slot: Slot) -> int:
    """How long the audio of one airing is, in seconds."""
    minutes = (slot.stop_minute - slot.start_minute) % DAY_MINUTES or DAY_MINUTES
    return minutes * 60 - slot.early_off_s


def file_bytes(encoding: Encoding, seconds: float) -> int:
    """About how large a file of this length is. Of two equal channels FLAC keeps one."""
    if encoding.bitrate_kbps is not None:
        return int(encoding.bitrate_kbps * 125 * seconds)
    channels = encoding.channels if encoding.codec == "wav" else 1
    return int(LOSSLESS_BITS[encoding.codec] / 8 * channels * encoding.sample_rate * seconds)
